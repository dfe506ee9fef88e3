//! Thresholds at a quantile of everything seen, with mergers that lose nothing.

mod params;
#[cfg(feature = "serde")]
mod saved;
mod sketch;
mod threshold;

pub use params::QuantileThresholdParams;
pub use sketch::QuantileSketch;
pub use threshold::QuantileThreshold;

use super::check;
