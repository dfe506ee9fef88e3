//! Values computed by other programs or by hand, never by this crate.
#![cfg(feature = "full")]

#[path = "../support/rows.rs"]
mod rows;

mod breaker_theory;
mod calibrate;
mod change;
mod compare;
mod drift;
mod exchange;
mod extreme;
mod forest;
mod metrics;
mod saved;
mod service_level;
mod survival;
mod trend;
mod validate;
