//! When a change of a benchmark is reported.

use super::PerformanceHistory;
use crate::compare::Direction;
use crate::error::{Error, Result};

/// When a change of a benchmark is reported. Every field has a setter of the same name.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct PerformanceHistoryParams {
    /// Which way the benchmark gets worse. Default [`Direction::HigherIsWorse`], as of times.
    pub direction: Direction,
    /// Relative change that matters, above 0 and at most 10: 0.1 for times 10 % longer. A change is
    /// reported when its interval reaches this, and its estimate 60 % of it: of changes of just this
    /// size, half are measured smaller. Default 0.1.
    pub effect: f64,
    /// Level of the rank tests that a change must pass, with all of its runs and without the one that
    /// speaks most for it; in (0, 0.5). It is lowered, to a tenth at most, where the effect that
    /// matters is less than 2.2 deviations of the noise. Default 0.015.
    pub alpha: f64,
    /// Seconds within which runs share their conditions and count as one, at least 0; only for runs
    /// [with a time](PerformanceHistory::observe_at). Default 64,800, 18 hours: of
    /// runs every few hours a slow day is two groups at most, and nightly runs each count.
    pub same_conditions: f64,
    /// Most runs (or groups of runs under the same conditions) that are remembered, from 20 to
    /// 10,000. Default 100.
    pub remembered: usize,
}

impl Default for PerformanceHistoryParams {
    fn default() -> Self {
        Self {
            direction: Direction::default(),
            effect: 0.1,
            alpha: 0.015,
            same_conditions: 64_800.0,
            remembered: 100,
        }
    }
}

impl PerformanceHistoryParams {
    /// Sets which way the benchmark gets worse.
    #[must_use]
    pub fn direction(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    /// Sets the relative change that matters.
    #[must_use]
    pub fn effect(self, effect: f64) -> Self {
        Self { effect, ..self }
    }

    /// Sets the level of the tests.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// Sets the seconds within which runs count as one.
    #[must_use]
    pub fn same_conditions(self, same_conditions: f64) -> Self {
        Self { same_conditions, ..self }
    }

    /// Sets how many runs are remembered.
    #[must_use]
    pub fn remembered(self, remembered: usize) -> Self {
        Self { remembered, ..self }
    }

    /// A history without runs.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn start(self) -> Result<PerformanceHistory> {
        self.check()?;
        Ok(PerformanceHistory::new(self))
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        if !(self.effect > 0.0 && self.effect <= 10.0) {
            return refuse("effect", self.effect, "above 0 and at most 10");
        }
        if !(self.alpha > 0.0 && self.alpha < 0.5) {
            return refuse("alpha", self.alpha, "between 0 and 0.5, both excluded");
        }
        if !(0.0..=1e9).contains(&self.same_conditions) {
            return refuse("same_conditions", self.same_conditions, "from 0 to 1e9 seconds");
        }
        if !(20..=10_000).contains(&self.remembered) {
            return refuse("remembered", self.remembered as f64, "from 20 to 10,000 runs");
        }
        Ok(())
    }
}
