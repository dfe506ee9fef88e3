//! Simulators and loaders.
