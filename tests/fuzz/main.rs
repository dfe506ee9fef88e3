//! Hostile model files: good ones with bytes, numbers and whole parts altered at random, given to
//! each reader. None may panic, hang, or ask for memory out of proportion; what is read must be a
//! model that predicts and can be written again.
//!
//! Each test tries a few thousand files. For as long as you like, with other files every time:
//!
//! ```text
//! FOREWARN_FUZZ_SECONDS=600 cargo test --release --test fuzz -- --nocapture
//! ```
#![cfg(feature = "full")]

#[path = "../support/counting.rs"]
mod counting;
#[cfg(feature = "serde")]
#[path = "../support/envelope.rs"]
mod envelope;
#[path = "../support/rows.rs"]
mod rows;

mod ensembles;
mod fuzzer;
#[cfg(feature = "serde")]
mod models;
