//! Settings of a quantile threshold.

use super::{QuantileSketch, QuantileThreshold};
use crate::error::{Error, Result};
use crate::threshold::Sides;

/// Settings of a [`QuantileThreshold`]. Every field has a setter of the same name.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct QuantileThresholdParams {
    /// Alarms an observation, when nothing is wrong: from 1e-9 to 0.25. Default 1e-3.
    pub rate: f64,
    /// The relative error of the threshold, from 1e-4 to 0.3. Default 0.01.
    pub accuracy: f64,
    /// Buckets of either sign, eight bytes each; from 16 to 65,536. Default 512.
    pub buckets: usize,
    /// Observations before the first alarm, from 1 to 2³². Default 2,000.
    pub warm_up: u64,
    /// The sides that are watched. Default the upper one.
    pub sides: Sides,
}

impl Default for QuantileThresholdParams {
    fn default() -> Self {
        Self { rate: 1e-3, accuracy: 0.01, buckets: 512, warm_up: 2_000, sides: Sides::Upper }
    }
}

impl QuantileThresholdParams {
    /// Sets the alarms an observation.
    #[must_use]
    pub fn rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    /// Sets the relative error of the threshold.
    #[must_use]
    pub fn accuracy(self, accuracy: f64) -> Self {
        Self { accuracy, ..self }
    }

    /// Sets the buckets of either sign.
    #[must_use]
    pub fn buckets(self, buckets: usize) -> Self {
        Self { buckets, ..self }
    }

    /// Sets how many observations come before the first alarm.
    #[must_use]
    pub fn warm_up(self, warm_up: u64) -> Self {
        Self { warm_up, ..self }
    }

    /// Sets which sides are watched.
    #[must_use]
    pub fn sides(self, sides: Sides) -> Self {
        Self { sides, ..self }
    }

    /// A threshold that has seen nothing yet. All that it will ever allocate is allocated here.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside the range that is stated at its field.
    pub fn start(&self) -> Result<QuantileThreshold> {
        Ok(QuantileThreshold::of(*self, self.checked_sketch()?))
    }

    /// An empty sketch, if all settings are in range.
    pub(super) fn checked_sketch(&self) -> Result<QuantileSketch> {
        if !(1e-9..=0.25).contains(&self.rate) {
            let allowed = "from 1e-9 to 0.25";
            return Err(Error::OutOfRange { name: "rate", value: self.rate, allowed });
        }
        if !(1..=1 << 32).contains(&self.warm_up) {
            let (value, allowed) = (self.warm_up as f64, "from 1 to 2^32");
            return Err(Error::OutOfRange { name: "warm_up", value, allowed });
        }
        QuantileSketch::new(self.accuracy, self.buckets)
    }
}
