#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod alert;
pub mod boost;
pub mod breaker;
pub mod calibrate;
pub mod compare;
pub mod decide;
pub mod engine;
pub mod error;
pub mod forest;
pub mod metrics;
pub mod prelude;
pub mod progress;
#[cfg(feature = "rules")]
pub mod rules;
pub mod threshold;
pub mod traits;
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
