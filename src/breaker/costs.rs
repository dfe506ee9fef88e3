//! What calls are worth.

use super::outcome::Outcome;
use crate::error::{Error, Result};
use std::time::Duration;

/// What calls cost, in units of one good call.
///
/// A call that is let through is worth `1 − held·(latency − objective)⁺` when it succeeds and
/// `−(failed + held·(latency − objective)⁺)` when it fails, where `⁺` means "or 0"; one that is
/// rejected is worth 0. A call is worth trying while its probability of failure is below
/// `1 / (1 + cost of a failure)`: 83 % for failures that cost 0.2, 51 % for those that cost 0.95.
///
/// ```
/// use forewarn::breaker::{CallCosts, Outcome};
/// use std::time::Duration;
///
/// let costs = CallCosts::default();
/// assert_eq!(costs.utility(Outcome::Success, Duration::from_millis(100)), 1.0);
/// assert_eq!(costs.utility(Outcome::Failure, Duration::from_secs(1)), -0.95);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct CallCosts {
    /// A failed attempt, beside the good call that is lost; from 0 to 1,000,000. Default 0.2.
    pub failed: f64,
    /// Each second beyond the objective that a call keeps its caller waiting; from 0 to 1,000,000.
    /// Default 1.
    pub held_second: f64,
    /// The latency up to which nobody minds; at most 10⁹ seconds. Default 0.25 s.
    pub objective: Duration,
}

/// One good call, in the whole numbers that utilities are summed in.
pub(super) const GOOD_CALL: i64 = 1 << 20;

/// No single call counts for more than this many units either way: sums of them never overflow.
const MOST: f64 = (1_i64 << 52) as f64;

impl Default for CallCosts {
    fn default() -> Self {
        Self { failed: 0.2, held_second: 1.0, objective: Duration::from_millis(250) }
    }
}

impl CallCosts {
    /// Sets [`failed`](Self::failed).
    #[must_use]
    pub fn failed(self, failed: f64) -> Self {
        Self { failed, ..self }
    }

    /// Sets [`held_second`](Self::held_second).
    #[must_use]
    pub fn held_second(self, held_second: f64) -> Self {
        Self { held_second, ..self }
    }

    /// Sets [`objective`](Self::objective).
    #[must_use]
    pub fn objective(self, objective: Duration) -> Self {
        Self { objective, ..self }
    }

    /// What a call that was let through is worth; 0 for one that is ignored.
    #[must_use]
    #[inline]
    pub fn utility(&self, outcome: Outcome, latency: Duration) -> f64 {
        let held = if latency <= self.objective {
            0.0
        } else {
            self.held_second * latency.saturating_sub(self.objective).as_secs_f64()
        };
        match outcome {
            Outcome::Success => 1.0 - held,
            Outcome::Failure => -(self.failed + held),
            Outcome::Ignored => 0.0,
        }
    }

    /// [`utility`](Self::utility) in millionths (2⁻²⁰) of a call, so that sums do not depend on
    /// their order.
    pub(super) fn units(&self, outcome: Outcome, latency: Duration) -> i64 {
        let units = self.utility(outcome, latency) * GOOD_CALL as f64;
        units.clamp(-MOST, MOST).round() as i64
    }

    /// Whether the costs are in their ranges.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for one that is not.
    pub fn check(&self) -> Result<()> {
        for (name, value) in
            [("costs.failed", self.failed), ("costs.held_second", self.held_second)]
        {
            if !(0.0..=1e6).contains(&value) {
                return Err(Error::OutOfRange { name, value, allowed: "from 0 to 1,000,000" });
            }
        }
        super::settings::duration("costs.objective", self.objective, Duration::ZERO)
    }
}
