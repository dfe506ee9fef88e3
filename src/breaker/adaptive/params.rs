//! The few settings of the adaptive breaker.

use super::AdaptiveBreaker;
use crate::breaker::CallCosts;
use crate::error::{Error, Result};
use std::time::Duration;

/// What an [`AdaptiveBreaker`] must be told. Every field has a setter of the same name.
///
/// ```
/// use forewarn::breaker::{AdaptiveParams, CallCosts};
///
/// let params = AdaptiveParams::default().costs(CallCosts::default().failed(1.0));
/// assert!(params.start().is_ok());
/// assert!(params.costs(CallCosts::default().failed(-1.0)).start().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct AdaptiveParams {
    /// What calls are worth.
    pub costs: CallCosts,
    /// The unit of its inner times, from 1 ms to 10⁶ s: what changes within it counts as the same
    /// moment. Default 1 s, which suits services that restart within seconds to minutes.
    pub pace: Duration,
    /// Share of the time to the next probe that is taken off at random, from 0 to 1, so that the
    /// callers of one server do not probe in step. Default 0.1.
    pub jitter: f64,
    /// Decides the jitter: give each caller its own. Default 0.
    pub seed: u64,
}

impl Default for AdaptiveParams {
    fn default() -> Self {
        Self { costs: CallCosts::default(), pace: Duration::from_secs(1), jitter: 0.1, seed: 0 }
    }
}

impl AdaptiveParams {
    /// Sets what calls are worth.
    #[must_use]
    pub fn costs(self, costs: CallCosts) -> Self {
        Self { costs, ..self }
    }

    /// Sets the unit of the inner times.
    #[must_use]
    pub fn pace(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }

    /// Sets the share of the time to the next probe that is random.
    #[must_use]
    pub fn jitter(self, jitter: f64) -> Self {
        Self { jitter, ..self }
    }

    /// Sets the seed of the jitter.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// A breaker without history.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn start(&self) -> Result<AdaptiveBreaker> {
        self.check()?;
        Ok(AdaptiveBreaker::with(*self))
    }

    pub(super) fn check(&self) -> Result<()> {
        self.costs.check()?;
        let pace = self.pace.as_secs_f64();
        if !(1e-3..=1e6).contains(&pace) {
            let allowed = "from 0.001 to 1,000,000 s";
            return Err(Error::OutOfRange { name: "pace", value: pace, allowed });
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            let allowed = "from 0 to 1";
            return Err(Error::OutOfRange { name: "jitter", value: self.jitter, allowed });
        }
        Ok(())
    }
}
