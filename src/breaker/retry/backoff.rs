//! How long to wait before trying again.

use crate::breaker::settings::duration;
use crate::error::{Error, Result};
use crate::rng::Stream;
use std::time::Duration;

/// The shortest first wait.
const SHORTEST: Duration = Duration::from_micros(1);

/// How waits are spread, so that callers that failed together do not come back together.
///
/// M. Brooker, *Exponential Backoff and Jitter* (AWS Architecture Blog, 2015), compares them: without
/// jitter, callers collide again and again; with any of these, the work is about halved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Jitter {
    /// Not at all: for tests, and where there is one caller.
    None,
    /// Uniform from half the wait to all of it: nobody comes back at once.
    Equal,
    /// Uniform from nothing to the wait. The default.
    #[default]
    Full,
    /// Uniform from the first wait to three times the last one.
    Decorrelated,
}

/// Settings of a [`Backoff`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct BackoffParams {
    /// The first wait, before jitter; from 1 µs to 10⁹ s. Default 100 ms.
    pub first: Duration,
    /// By what each wait is longer than the one before, from 1 to 1,000. Default 2.
    pub factor: f64,
    /// The longest wait, at least `first`. Default 30 s.
    pub cap: Duration,
    /// How waits are spread. Default [`Jitter::Full`].
    pub jitter: Jitter,
    /// How often to try again at most. Default 3.
    pub retries: u32,
}

impl Default for BackoffParams {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            factor: 2.0,
            cap: Duration::from_secs(30),
            jitter: Jitter::Full,
            retries: 3,
        }
    }
}

impl BackoffParams {
    /// Sets [`first`](Self::first).
    #[must_use]
    pub fn first(self, first: Duration) -> Self {
        Self { first, ..self }
    }

    /// Sets [`factor`](Self::factor).
    #[must_use]
    pub fn factor(self, factor: f64) -> Self {
        Self { factor, ..self }
    }

    /// Sets [`cap`](Self::cap).
    #[must_use]
    pub fn cap(self, cap: Duration) -> Self {
        Self { cap, ..self }
    }

    /// Sets [`jitter`](Self::jitter).
    #[must_use]
    pub fn jitter(self, jitter: Jitter) -> Self {
        Self { jitter, ..self }
    }

    /// Sets [`retries`](Self::retries).
    #[must_use]
    pub fn retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// The waits of one call; another seed for each, such as a request's number.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn start(self, seed: u64) -> Result<Backoff> {
        duration("first", self.first, SHORTEST)?;
        duration("cap", self.cap, SHORTEST)?;
        if !(1.0..=1e3).contains(&self.factor) {
            let allowed = "from 1 to 1,000";
            return Err(Error::OutOfRange { name: "factor", value: self.factor, allowed });
        }
        if self.cap < self.first {
            let value = self.cap.as_secs_f64();
            return Err(Error::OutOfRange { name: "cap", value, allowed: "at least first" });
        }
        let stream = Stream::new(seed, 0);
        Ok(Backoff { params: self, left: self.retries, wait: self.first.as_secs_f64(), stream })
    }
}

/// The waits of one call: [`BackoffParams::start`].
///
/// ```
/// use forewarn::breaker::{BackoffParams, Jitter};
/// use std::time::Duration;
///
/// let params = BackoffParams::default().jitter(Jitter::None);
/// let waits: Vec<_> = params.start(1)?.collect();
/// assert_eq!(waits, [100, 200, 400].map(Duration::from_millis));
///
/// // A rejected call says when to come back: earlier would be in vain.
/// let mut backoff = params.start(1)?;
/// let at_least = Some(Duration::from_secs(3));
/// assert_eq!(backoff.after(at_least), at_least);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Backoff {
    params: BackoffParams,
    left: u32,
    /// Seconds: the next wait before jitter; of decorrelated ones the last wait.
    wait: f64,
    stream: Stream,
}

impl Backoff {
    /// The next wait, but no shorter than a rejected call's
    /// [`retry_after`](crate::breaker::Rejected::retry_after); `None` when it is time to give up.
    pub fn after(&mut self, at_least: Option<Duration>) -> Option<Duration> {
        let wait = self.next()?;
        Some(at_least.map_or(wait, |at_least| wait.max(at_least)))
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let (first, cap) = (self.params.first.as_secs_f64(), self.params.cap.as_secs_f64());
        let longest = self.wait;
        let wait = match self.params.jitter {
            Jitter::None => longest,
            Jitter::Equal => longest * (1.0 - 0.5 * self.stream.unit()),
            Jitter::Full => longest * self.stream.unit(),
            Jitter::Decorrelated => (first + (3.0 * longest - first) * self.stream.unit()).min(cap),
        };
        self.wait = match self.params.jitter {
            Jitter::Decorrelated => wait,
            _ => (longest * self.params.factor).min(cap),
        };
        Some(Duration::from_secs_f64(wait))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Backoff {}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(jitter: Jitter, seed: u64) -> Vec<f64> {
        let params = BackoffParams::default().jitter(jitter).retries(20);
        params.start(seed).unwrap().map(|wait| wait.as_secs_f64()).collect()
    }

    #[test]
    fn waits_stay_within_what_the_jitter_allows() {
        let plain = seconds(Jitter::None, 0);
        assert_eq!(plain[19], 30.0);
        for seed in 0..200 {
            for (wait, longest) in seconds(Jitter::Full, seed).iter().zip(&plain) {
                assert!((0.0..=*longest).contains(wait));
            }
            for (wait, longest) in seconds(Jitter::Equal, seed).iter().zip(&plain) {
                assert!((longest / 2.0..=*longest).contains(wait));
            }
            let mut last = 0.1_f64;
            for wait in seconds(Jitter::Decorrelated, seed) {
                assert!((0.1..=(3.0 * last).min(30.0)).contains(&wait), "{wait} after {last}");
                last = wait;
            }
        }
    }

    #[test]
    fn the_mean_of_full_jitter_is_half_the_wait() {
        let waits: f64 = (0..20_000).map(|seed| seconds(Jitter::Full, seed)[2]).sum();
        // Standard error 0.4/√12/√20,000 = 0.0008.
        approx::assert_abs_diff_eq!(waits / 20_000.0, 0.2, epsilon = 0.004);
        assert_eq!(seconds(Jitter::Full, 7), seconds(Jitter::Full, 7));
        assert_ne!(seconds(Jitter::Full, 7), seconds(Jitter::Full, 8));
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let message = |params: BackoffParams| params.start(0).unwrap_err().to_string();
        let params = BackoffParams::default();
        assert_eq!(message(params.factor(0.5)), "factor is 0.5: it must be from 1 to 1,000");
        assert_eq!(
            message(params.cap(Duration::from_millis(50))),
            "cap is 0.05: it must be at least first"
        );
        assert!(message(params.first(Duration::ZERO)).starts_with("first is 0: it must be"));
        assert!(message(params.cap(Duration::MAX)).starts_with("cap is"));
        assert!(message(params.factor(f64::NAN)).starts_with("factor is NaN"));
        assert_eq!(params.retries(0).start(0).unwrap().next(), None);
    }
}
