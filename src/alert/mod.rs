//! From scores to few alerts that matter.
