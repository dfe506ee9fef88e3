//! What the settings make of a single call.

use super::time::{Nanos, nanos};
use super::window::Bad;
use crate::breaker::costs::GOOD_CALL;
use crate::breaker::{BreakerSettings, Outcome, Trip};
use std::time::Duration;

impl BreakerSettings {
    /// The threshold past which calls in flight are counted, if they are.
    pub(super) fn tracked(&self) -> Option<Nanos> {
        let slow = self.slow_call.filter(|slow| slow.in_flight)?;
        Some(nanos(slow.threshold))
    }

    /// Up to which latency a success is a good call, whatever else; `MAX` where latency does not
    /// matter.
    pub(in crate::breaker) fn good_latency(&self) -> Duration {
        let slow = self.slow_call.map_or(Duration::MAX, |slow| slow.threshold);
        match self.trip {
            Trip::Utility { costs, .. } => slow.min(costs.objective),
            _ => slow,
        }
    }

    /// What is bad about a call that was not ignored; `None` if nothing is.
    ///
    /// A success beyond the objective is handled here as well, though it may be worth something
    /// still: batches of good calls are of calls that are worth exactly one.
    pub(super) fn judge(&self, outcome: Outcome, latency: Duration) -> Option<Bad> {
        if outcome == Outcome::Success && latency <= self.good_latency() {
            return None;
        }
        let utility = match self.trip {
            Trip::Utility { costs, .. } => costs.units(outcome, latency),
            _ => -1,
        };
        let slow = self.slow_call.is_some_and(|slow| latency > slow.threshold);
        Some(Bad { failed: outcome == Outcome::Failure, slow, utility })
    }

    /// What is left to say of a call that was counted as overdue when it ends: nothing, but with
    /// [`Trip::Utility`] the difference between what it was worth and what was known to be lost.
    pub(super) fn rest(&self, outcome: Outcome, latency: Duration) -> Option<Bad> {
        let Trip::Utility { costs, .. } = self.trip else { return None };
        let utility = costs.units(outcome, latency) - self.overdue().utility;
        Some(Bad { failed: outcome == Outcome::Failure, slow: true, utility })
    }

    /// A call that is overdue: what is lost by then, which is known before it ends.
    pub(super) fn overdue(&self) -> Bad {
        let utility = match (self.trip, self.slow_call) {
            (Trip::Utility { costs, .. }, Some(slow)) => {
                let held = slow.threshold.saturating_sub(costs.objective);
                costs.units(Outcome::Success, held + costs.objective) - GOOD_CALL
            }
            _ => -1,
        };
        Bad { failed: false, slow: true, utility }
    }
}
