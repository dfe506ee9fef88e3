//! How a stream is watched for changes.

use super::ChangeDetector;
use crate::error::{Error, Result};

/// What looks for the change.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DetectionMethod {
    /// The likelihood ratio of a change of any size at any time: `FOCuS` (Romano, Eckley, Fearnhead &
    /// Rigaill, "Fast online changepoint detection via functional pruning CUSUM statistics", JMLR
    /// 2023), with nothing known of the level before and after. Statistics are bounded, and computed
    /// only where the bound does not say enough. The best of the three where the size of a change is
    /// not known beforehand.
    Focus,
    /// CUSUM, also known as Page–Hinkley's test where the level is learned, as it is here: two sums
    /// of what is beyond `shift / 2` (Page 1954). The quickest for a change of that size.
    Cusum {
        /// The size of change to be found first, in long-run spreads of the noise: from 0.1 to 10.
        shift: f64,
    },
    /// Bayesian online change points (Adams & `MacKay` 2007) for a level in Gaussian noise, over at
    /// most 64 run lengths. It alarms once a change is more likely than none.
    Bayesian {
        /// How far the level goes in a change, as a standard deviation in long-run spreads of the
        /// noise: from 0.1 to 100.
        reach: f64,
    },
}

/// Settings of a [`ChangeDetector`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct ChangeDetectorParams {
    /// What looks for the change. Default: [`DetectionMethod::Focus`].
    pub method: DetectionMethod,
    /// Observations from one false alarm to the next, on average, while nothing changes: from 100 to
    /// 1e9. Default: 50,000.
    pub run_length: f64,
    /// Observations before the first alarm, from 16 to 10,000. Default: 100.
    pub warm_up: usize,
}

impl Default for ChangeDetectorParams {
    fn default() -> Self {
        Self { method: DetectionMethod::Focus, run_length: 50_000.0, warm_up: 100 }
    }
}

impl ChangeDetectorParams {
    /// Sets [`method`](Self::method).
    #[must_use]
    pub fn method(self, method: DetectionMethod) -> Self {
        Self { method, ..self }
    }

    /// Sets [`run_length`](Self::run_length).
    #[must_use]
    pub fn run_length(self, run_length: f64) -> Self {
        Self { run_length, ..self }
    }

    /// Sets [`warm_up`](Self::warm_up).
    #[must_use]
    pub fn warm_up(self, warm_up: usize) -> Self {
        Self { warm_up, ..self }
    }

    /// A detector with these settings that has seen nothing yet.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn start(self) -> Result<ChangeDetector> {
        self.check()?;
        Ok(ChangeDetector::new(self))
    }

    pub(super) fn check(&self) -> Result<()> {
        let out = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        match self.method {
            DetectionMethod::Cusum { shift } if !(0.1..=10.0).contains(&shift) => {
                return out("shift", shift, "from 0.1 to 10 spreads");
            }
            DetectionMethod::Bayesian { reach } if !(0.1..=100.0).contains(&reach) => {
                return out("reach", reach, "from 0.1 to 100 spreads");
            }
            _ => {}
        }
        if !(100.0..=1e9).contains(&self.run_length) {
            return out("run_length", self.run_length, "from 100 to 1e9 observations");
        }
        if !(16..=10_000).contains(&self.warm_up) {
            return out("warm_up", self.warm_up as f64, "from 16 to 10,000 observations");
        }
        Ok(())
    }
}
