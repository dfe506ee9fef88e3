//! How many calls may be tried again.

use crate::breaker::settings::duration;
use crate::error::{Error, Result};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Parts of the window; the oldest is forgotten as a whole.
const PARTS: usize = 10;
/// A window shorter than that would have parts of no length.
const SHORTEST: Duration = Duration::from_millis(1);

/// Settings of a [`RetryBudget`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct RetryBudgetParams {
    /// Retries allowed for each call, from 0 to 1,000. Default 0.2: at worst, the dependency gets
    /// six fifths of the calls.
    pub share: f64,
    /// Retries allowed each second beside the share, for services that are called seldom; from 0 to
    /// 1,000,000. Default 1.
    pub minimum_per_second: f64,
    /// How long calls and retries are remembered, from 1 ms to 10⁹ s. Default 10 s.
    pub window: Duration,
}

impl Default for RetryBudgetParams {
    fn default() -> Self {
        Self { share: 0.2, minimum_per_second: 1.0, window: Duration::from_secs(10) }
    }
}

impl RetryBudgetParams {
    /// Sets [`share`](Self::share).
    #[must_use]
    pub fn share(self, share: f64) -> Self {
        Self { share, ..self }
    }

    /// Sets [`minimum_per_second`](Self::minimum_per_second).
    #[must_use]
    pub fn minimum_per_second(self, minimum_per_second: f64) -> Self {
        Self { minimum_per_second, ..self }
    }

    /// Sets [`window`](Self::window).
    #[must_use]
    pub fn window(self, window: Duration) -> Self {
        Self { window, ..self }
    }

    /// A budget with these settings.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn build(self) -> Result<RetryBudget> {
        let within = |name, value: f64, most: f64, allowed| {
            if (0.0..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::OutOfRange { name, value, allowed })
        };
        within("share", self.share, 1e3, "from 0 to 1,000")?;
        let minimum = self.minimum_per_second;
        within("minimum_per_second", minimum, 1e6, "from 0 to 1,000,000")?;
        duration("window", self.window, SHORTEST)?;
        let counts = Counts { calls: [0; PARTS], retries: [0; PARTS], part: 0 };
        Ok(RetryBudget { params: self, counts: Mutex::new(counts) })
    }
}

/// Lets a share of calls be tried again, and no more: retries of everything that fails are what
/// turns a slow dependency into one that is down.
///
/// One budget serves all threads that call one dependency. Times are since any start, by the clock
/// that the caller's breaker has; one that goes back counts as the latest. Each step takes constant
/// time.
///
/// ```
/// use forewarn::breaker::RetryBudgetParams;
/// use std::time::Duration;
///
/// let budget = RetryBudgetParams::default().share(0.1).minimum_per_second(0.0).build()?;
/// let now = Duration::from_secs(1);
/// (0..100).for_each(|_| budget.call(now));
/// let allowed = (0..100).filter(|_| budget.try_retry(now)).count();
/// assert_eq!(allowed, 10);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug)]
pub struct RetryBudget {
    params: RetryBudgetParams,
    counts: Mutex<Counts>,
}

#[derive(Debug, Clone, Copy)]
struct Counts {
    calls: [u64; PARTS],
    retries: [u64; PARTS],
    /// The latest part of time that anything was counted in.
    part: u128,
}

impl RetryBudget {
    /// The settings.
    #[must_use]
    pub fn params(&self) -> &RetryBudgetParams {
        &self.params
    }

    /// Counts a first attempt.
    pub fn call(&self, now: Duration) {
        self.at(now, |counts, place| counts.calls[place] = counts.calls[place].saturating_add(1));
    }

    /// Whether one more retry is allowed; if so it is counted.
    pub fn try_retry(&self, now: Duration) -> bool {
        self.at(now, |counts, place| {
            let allowed = Self::allowed(&self.params, counts);
            let used: u64 = counts.retries.iter().sum();
            let granted = (used as f64) + 1.0 <= allowed;
            if granted {
                counts.retries[place] += 1;
            }
            granted
        })
    }

    /// Retries that are left now, rounded down.
    #[must_use]
    pub fn left(&self, now: Duration) -> u64 {
        self.at(now, |counts, _| {
            let used: u64 = counts.retries.iter().sum();
            (Self::allowed(&self.params, counts) - used as f64).max(0.0) as u64
        })
    }

    /// Retries allowed in the window.
    fn allowed(params: &RetryBudgetParams, counts: &Counts) -> f64 {
        let calls = counts.calls.iter().fold(0_u64, |sum, &calls| sum.saturating_add(calls));
        params.share * calls as f64 + params.minimum_per_second * params.window.as_secs_f64()
    }

    /// Brings the counts up to a time and does something in its part.
    fn at<R>(&self, now: Duration, change: impl FnOnce(&mut Counts, usize) -> R) -> R {
        // Counts are whole between any two statements: a panic elsewhere leaves them good.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let length = (self.params.window / PARTS as u32).as_nanos();
        let part = (now.as_nanos() / length).max(counts.part);
        let passed = part - counts.part;
        for step in 1..=passed.min(PARTS as u128) {
            let place = ((counts.part + step) % PARTS as u128) as usize;
            (counts.calls[place], counts.retries[place]) = (0, 0);
        }
        counts.part = part;
        change(&mut counts, (part % PARTS as u128) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list of everything that ever happened.
        #[test]
        fn counts_are_those_of_the_window(
            steps in prop::collection::vec((0_u64..3_000, any::<bool>()), 1..200),
            share in 0.0..2.0,
            minimum in 0.0..3.0,
        ) {
            let params = RetryBudgetParams::default().share(share).minimum_per_second(minimum);
            let budget = params.build().unwrap();
            let (mut now, mut calls, mut retries) = (0, Vec::new(), Vec::new());
            for (wait, is_call) in steps {
                now += wait;
                // Parts of a second: the last ten count.
                let recent = |times: &[u64]| {
                    times.iter().filter(|&&time| time / 1_000 + 10 > now / 1_000).count() as f64
                };
                let time = Duration::from_millis(now);
                if is_call {
                    budget.call(time);
                    calls.push(now);
                } else {
                    let granted = recent(&retries) + 1.0 <= share * recent(&calls) + 10.0 * minimum;
                    prop_assert_eq!(budget.try_retry(time), granted);
                    if granted {
                        retries.push(now);
                    }
                }
            }
        }
    }

    #[test]
    fn a_clock_that_goes_back_forgets_nothing() {
        let budget = RetryBudgetParams::default().share(1.0).minimum_per_second(0.0).build();
        let budget = budget.unwrap();
        budget.call(Duration::from_secs(100));
        assert!(budget.try_retry(Duration::from_secs(1)));
        assert!(!budget.try_retry(Duration::from_secs(100)));
        assert_eq!(budget.left(Duration::MAX), 0);
        budget.call(Duration::MAX);
        assert_eq!(budget.left(Duration::MAX), 1);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let message = |params: RetryBudgetParams| params.build().unwrap_err().to_string();
        let params = RetryBudgetParams::default();
        assert_eq!(message(params.share(-0.1)), "share is -0.1: it must be from 0 to 1,000");
        assert!(message(params.minimum_per_second(f64::NAN)).starts_with("minimum_per_second is"));
        assert!(message(params.window(Duration::ZERO)).starts_with("window is 0: it must be"));
    }
}
