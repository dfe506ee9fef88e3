//! Letting traffic back, a share at a time.

use super::time::{Nanos, nanos};
use crate::breaker::Ramp;

/// A ramp under way.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Ramping {
    /// The share of the calls that is let through, above 0 and below 1.
    pub(super) share: f64,
    /// When the step began.
    step_since: Nanos,
    /// Calls that went well in it.
    good: u32,
    /// Whether a step has gone well since the ramp began or was cut.
    grown: bool,
}

impl Ramping {
    pub(super) fn new(share: f64, now: Nanos) -> Self {
        Self { share, step_since: now, good: 0, grown: false }
    }

    /// A call went well.
    pub(super) fn good(&mut self) {
        self.good = self.good.saturating_add(1);
    }

    /// Goes on to the next step if this one is done; whether all traffic is back.
    pub(super) fn step(&mut self, rules: &Ramp, safe: f64, now: Nanos) -> bool {
        if now < self.step_end(rules) || self.good < rules.step_calls {
            return false;
        }
        let grown = (self.share * rules.growth).min(safe);
        // From the safe level on, and where it is so near that growing gains nothing.
        let share = if grown > self.share { grown } else { self.share + rules.increase };
        *self = Self { share: share.min(1.0), step_since: now, good: 0, grown: true };
        share >= 1.0
    }

    /// Calls went wrong: the share to go on with, or `None` if that is none.
    pub(super) fn cut(&self, rules: &Ramp) -> Option<f64> {
        let share = (self.share * rules.decrease).max(rules.first_share.min(self.share));
        (self.grown && share < self.share).then_some(share)
    }

    pub(super) fn step_end(&self, rules: &Ramp) -> Nanos {
        self.step_since.saturating_add(nanos(rules.step_time))
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_sound(&self) -> bool {
        self.share > 0.0 && self.share < 1.0
    }
}
