//! The share still alive, or still watched, by time.

use crate::error::{Error, Result};
use crate::lifetime::Lifetime;

/// The Kaplan–Meier estimate of how long things live: a step function that starts at 1.
///
/// At each time at which `d` of the `n` lives still watched fail, it is multiplied by `1 − d / n`
/// (Kaplan and Meier 1958, "Nonparametric estimation from incomplete observations", JASA 53). Lives
/// that are censored at a time are still watched at it. After the last time it stays where it is.
///
/// ```
/// use forewarn::Lifetime::{Alive, Failed};
/// use forewarn::metrics::survival::KaplanMeier;
///
/// let curve = KaplanMeier::new(&[Failed(1.0), Alive(2.0), Failed(3.0), Alive(4.0)])?;
/// assert_eq!(curve.survival(0.5), 1.0);
/// assert_eq!(curve.survival(1.0), 0.75);
/// assert_eq!(curve.survival(3.5), 0.375);
/// assert_eq!(curve.median(), Some(3.0));
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct KaplanMeier {
    /// Where it steps down; ascending.
    times: Vec<f64>,
    /// From each of those times on; never rising.
    shares: Vec<f64>,
}

impl KaplanMeier {
    /// Of lives that are exact or censored on the right. O(n log n).
    ///
    /// # Errors
    /// [`Error::Empty`] without lifetimes, [`Error::Lifetime`] for one that is impossible or
    /// censored otherwise.
    pub fn new(lifetimes: &[Lifetime]) -> Result<Self> {
        Ok(Self::estimate(Lifetime::right_censored(lifetimes)?, false))
    }

    /// How long lives are watched before they are censored: failures change places with
    /// censorings. What inverse probability weights are made of. O(n log n).
    ///
    /// Where lives fail and are censored at one time, the failures come first, and are not
    /// watched any more when the others are censored.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_censoring(lifetimes: &[Lifetime]) -> Result<Self> {
        Ok(Self::estimate(Lifetime::right_censored(lifetimes)?, true))
    }

    fn estimate(mut lives: Vec<(f64, bool)>, censoring: bool) -> Self {
        lives.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut watched = lives.len();
        let (mut times, mut shares) = (Vec::new(), Vec::new());
        let mut share = 1.0;
        for alike in lives.chunk_by(|a, b| a.0 == b.0) {
            let failed = alike.iter().filter(|life| life.1).count();
            let (ended, at_risk) = if censoring {
                (alike.len() - failed, watched - failed)
            } else {
                (failed, watched)
            };
            if ended > 0 {
                share *= (at_risk - ended) as f64 / at_risk as f64;
                times.push(alike[0].0);
                shares.push(share);
            }
            watched -= alike.len();
        }
        Self { times, shares }
    }

    /// The times at which the curve steps down, ascending.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The share still alive after `time`. O(log n).
    #[must_use]
    pub fn survival(&self, time: f64) -> f64 {
        self.after_steps(self.times.partition_point(|&step| step <= time))
    }

    /// The share still alive just before `time`, which a step at it has not lowered yet. O(log n).
    #[must_use]
    pub fn survival_before(&self, time: f64) -> f64 {
        self.after_steps(self.times.partition_point(|&step| step < time))
    }

    /// The first time at which no more than half are alive, if it was seen.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        self.times.get(self.shares.partition_point(|&share| share > 0.5)).copied()
    }

    fn after_steps(&self, steps: usize) -> f64 {
        if steps == 0 { 1.0 } else { self.shares[steps - 1] }
    }

    /// What a row weighs that ended at `time` and was watched until then, of all that would end then.
    pub(crate) fn inverse_before(&self, time: f64) -> Result<f64> {
        inverse(self.survival_before(time), time)
    }

    /// As [`inverse_before`](Self::inverse_before), of being watched after `time`.
    pub(crate) fn inverse_after(&self, time: f64) -> Result<f64> {
        inverse(self.survival(time), time)
    }
}

fn inverse(share: f64, time: f64) -> Result<f64> {
    if share > 0.0 {
        return Ok(1.0 / share);
    }
    let reason = format!("every life is censored by time {time}: nothing can be said about it");
    Err(Error::Incompatible { reason })
}
