//! What must hold for any input, against the most obvious version of each computation.
#![cfg(feature = "full")]

#[path = "../support/pumps.rs"]
mod pumps;
#[path = "../support/recorder.rs"]
mod recorder;
#[path = "../support/rows.rs"]
mod rows;

#[cfg(feature = "serde")]
#[cfg(feature = "serde")]
mod alerts;
mod attribution;
mod breaker;
mod breaker_adaptive;
mod breaker_optimise;
mod calibrate;
mod change;
mod compare;
mod conformal;
mod decide;
mod drift;
mod engine;
mod exhaustion;
mod extreme;
mod features;
mod forecast;
mod forest;
#[cfg(feature = "serde")]
mod forest_oracle;
#[cfg(feature = "serde")]
mod literal;
mod metrics;
mod monitor;
#[cfg(feature = "serde")]
mod oracle;
mod quantile;
mod survival;
#[cfg(feature = "serde")]
mod tuner;
mod validate;
