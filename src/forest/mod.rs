//! Isolation forests.
mod params;
pub use params::*;
