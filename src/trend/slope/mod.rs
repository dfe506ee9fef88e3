//! Robust slopes: of a series at once, and of a stream's last observations.

mod line;
mod medians;
mod ordered;
mod rolling;
#[cfg(feature = "serde")]
mod saved;
mod select;
#[cfg(test)]
mod tests;

pub use line::{TrendLine, repeated_medians, theil_sen};
pub use rolling::{RollingTrend, RollingTrendParams};
