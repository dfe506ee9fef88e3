#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod boost;
pub mod error;
pub mod forest;
pub mod metrics;
pub mod prelude;
pub mod progress;
#[cfg(feature = "rules")]
pub mod rules;
pub mod traits;

mod columnar;
mod interop;
mod parallel;
mod prefetch;
mod rng;

pub use error::{Error, Result};
pub use ndarray;
