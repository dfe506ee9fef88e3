//! What a metric usually is at each time of a day and of a week.

mod band;
mod clock;
mod params;
pub(in crate::threshold) mod profile;
#[cfg(feature = "serde")]
mod saved;
pub(in crate::threshold) mod step;

pub use band::SeasonalBand;
pub use params::SeasonalBandParams;
