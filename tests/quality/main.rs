//! How good the results are, on data whose truth is known: floors that must not be undercut.
#![cfg(feature = "full")]

#[path = "../support/fleets.rs"]
mod fleets;
#[path = "../support/pumps.rs"]
mod pumps;
#[path = "../support/recorder.rs"]
mod recorder;
#[path = "../support/rows.rs"]
mod rows;

mod alerts;
mod attribution;
mod breaker_adaptive;
mod breaker_optimise;
mod calibration;
mod change;
mod compare;
mod engine;
mod exhaustion;
mod forecast;
mod monitor;
mod server_machines;
mod streaming_forest;
mod tuner;
mod verdicts;
