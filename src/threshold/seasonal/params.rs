//! Settings of a seasonal band.

use super::SeasonalBand;
use crate::error::{Error, Result};

/// Settings of a [`SeasonalBand`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct SeasonalBandParams {
    /// The probability that a value of a healthy metric leaves the band, on both sides together.
    /// Above 0, at most 0.5. Default: 0.001.
    pub rate: f64,
    /// How far a time of day moves to what it was this time; the first times it is an average.
    /// From 0.01, which remembers months, to 1, which is only yesterday. Default: 0.2.
    pub weight: f64,
    /// Days before the first alarm, from 1 to 365. Default: 3.
    pub warm_up_days: u32,
}

impl Default for SeasonalBandParams {
    fn default() -> Self {
        Self { rate: 0.001, weight: 0.2, warm_up_days: 3 }
    }
}

impl SeasonalBandParams {
    /// Sets [`rate`](Self::rate).
    #[must_use]
    pub fn rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    /// Sets [`weight`](Self::weight).
    #[must_use]
    pub fn weight(self, weight: f64) -> Self {
        Self { weight, ..self }
    }

    /// Sets [`warm_up_days`](Self::warm_up_days).
    #[must_use]
    pub fn warm_up_days(self, warm_up_days: u32) -> Self {
        Self { warm_up_days, ..self }
    }

    /// A band with these settings: [`SeasonalBand::new`].
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn build(self) -> Result<SeasonalBand> {
        SeasonalBand::new(self)
    }

    pub(super) fn check(&self) -> Result<()> {
        let out = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        if !(self.rate > 0.0 && self.rate <= 0.5) {
            return out("rate", self.rate, "above 0 and at most 0.5");
        }
        if !(0.01..=1.0).contains(&self.weight) {
            return out("weight", self.weight, "from 0.01 to 1");
        }
        if !(1..=365).contains(&self.warm_up_days) {
            let days = f64::from(self.warm_up_days);
            return out("warm_up_days", days, "from 1 to 365 days");
        }
        Ok(())
    }
}
