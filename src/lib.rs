#![cfg_attr(feature = "full", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "full"), doc = "Parts of forewarn: see the documentation of the whole.")]
// What modules share is there whole, whichever of them are.
#![cfg_attr(not(feature = "full"), allow(dead_code, unused_imports, unused_macros))]
#![deny(unsafe_code)]

#[cfg(feature = "alert")]
pub mod alert;
#[cfg(feature = "boost")]
pub mod boost;
#[cfg(feature = "breaker")]
pub mod breaker;
pub mod calibrate;
#[cfg(feature = "compare")]
pub mod compare;
pub mod decide;
#[cfg(feature = "engine")]
pub mod engine;
pub mod error;
#[cfg(feature = "forest")]
pub mod forest;
pub mod metrics;
pub mod prelude;
pub mod progress;
#[cfg(feature = "rules")]
pub mod rules;
#[cfg(feature = "threshold")]
pub mod threshold;
pub mod traits;
#[cfg(feature = "trend")]
pub mod trend;
pub mod validate;

mod columnar;
#[cfg(feature = "serde")]
mod envelope;
mod groups;
mod huge_pages;
mod interop;
mod lifetime;
mod parallel;
mod pava;
mod prefetch;
mod rng;

pub use error::{Error, Result};
#[cfg(feature = "smartcore")]
pub use interop::smartcore::{FromNumbers, SmartcoreEstimator};
#[cfg(feature = "tower")]
pub use interop::tower::{BreakerFuture, BreakerLayer, BreakerService, ResultClassifier};
pub use lifetime::Lifetime;
pub use ndarray;
