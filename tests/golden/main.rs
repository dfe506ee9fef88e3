//! Values computed by other programs or by hand, never by this crate.

mod metrics;
