//! Bad input is refused with the value and the allowed range; models keep the promises of their
//! traits.
#![cfg(feature = "full")]

#[cfg(feature = "serde")]
#[path = "../support/envelope.rs"]
mod envelope;
#[path = "../support/pumps.rs"]
mod pumps;
#[path = "../support/rows.rs"]
mod rows;

#[cfg(feature = "serde")]
mod alerts;
mod autotraits;
mod boost_groups;
mod boost_input;
mod boost_order;
mod boost_several;
mod boost_training;
#[cfg(feature = "serde")]
mod boosted;
mod breaker;
mod breaker_adaptive;
mod breaker_optimise;
mod calibrate;
mod change;
mod compare;
mod conformal;
mod drift;
#[cfg(feature = "serde")]
mod edited_files;
mod engine;
mod exchange;
mod exhaustion;
mod extreme;
mod features;
#[cfg(feature = "serde")]
mod files;
mod forecast;
mod forest_data;
mod forest_input;
#[cfg(feature = "serde")]
mod forests;
mod metrics;
mod monitor;
#[cfg(feature = "serde")]
mod scorer;
mod seasonal;
mod streaming_forest;
mod survival;
mod training;
mod tuner;
mod validate;
