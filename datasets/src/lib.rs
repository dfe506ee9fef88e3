//! Data for forewarn's tests, examples and benchmarks: simulators, a CSV loader, and three small
//! files that the simulators made.
//!
//! | for | see |
//! |---|---|
//! | machines with wear, sensors, faults and failures | [`fleet`] |
//! | rows with exactly one sensor at fault | [`fleet::SingleFaultParams`] |
//! | service metrics with seasons, spikes and level shifts | [`service`] |
//! | metrics with incidents and harmless glitches, for verdicts | [`glitches`] |
//! | a version beside the one before, and benchmarks over time | [`canary`] |
//! | a call log of a dependency with outages | [`calls`] |
//! | resources that fill up, or only look like it | [`exhaustion`] |
//! | raw anomalies of many services in a storm of incidents | [`storm`] |
//! | reading `.csv` and `.csv.gz` | [`Table`], [`Dataset`] |
//! | the committed files, and real data beside the project | [`path`], [`data_or_skip!`] |
//!
//! Simulators take a seed and give the same bits for ever, on every platform: the generator is
//! xoshiro256++, every distribution is written out from `+ − × ÷ √` alone, and tests pin the
//! values.
#![forbid(unsafe_code)]

pub mod calls;
pub mod canary;
pub mod committed;
pub mod error;
pub mod exhaustion;
pub mod fleet;
pub mod glitches;
pub mod service;
pub mod storm;
pub mod table;

mod dataset;
mod exact;
mod files;
mod random;
mod time;

pub use dataset::Dataset;
pub use error::{Error, Result};
pub use files::{data_file, forewarn_data, path};
pub use table::{Kind, ReadOptions, Table};
