//! How the next call will probably go.

use super::super::CallCosts;
use statrs::function::erf::erf;

/// Median latency of an error that comes fast, in seconds.
const FAST_ERROR: f64 = 0.02;

/// The law of one call at one moment.
///
/// ```text
/// L          = latency · e^(spread · N)
/// failure    with probability `failing`: after the timeout if `hanging`, else after some 20 ms
/// failure    after the timeout, if L reaches it
/// success    after L otherwise
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Law {
    /// Probability that the call fails for other reasons than being slow.
    pub failing: f64,
    /// Whether such a call hangs until the timeout.
    pub hanging: bool,
    /// Median latency of an answer, in seconds.
    pub latency: f64,
    /// Standard deviation of the latency's logarithm.
    pub spread: f64,
}

/// What a request brings along, whatever is decided about it: the same for every policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Luck {
    /// Uniform in `[0, 1)`: decides failure.
    pub(super) failure: f64,
    /// Standard normal: decides latency.
    pub(super) latency: f64,
}

impl Law {
    /// Whether the call succeeds, and its latency in seconds.
    pub(super) fn call(&self, luck: Luck, timeout: f64) -> (bool, f64) {
        if luck.failure < self.failing {
            let fast = FAST_ERROR * (0.3 * luck.latency).exp();
            return (false, if self.hanging { timeout } else { fast.min(timeout) });
        }
        let latency = self.latency * (self.spread * luck.latency).exp();
        (latency < timeout, latency.min(timeout))
    }

    /// What letting one call through is worth on average, against turning it away: the value of a
    /// good call is 1.
    ///
    /// ```text
    /// success  1 − held_second · (L − objective)⁺
    /// failure  −failed − held_second · (L − objective)⁺
    /// ```
    #[must_use]
    pub fn utility(&self, costs: &CallCosts, timeout: f64) -> f64 {
        let objective = costs.objective.as_secs_f64();
        let held = |latency: f64| costs.held_second * (latency - objective).max(0.0);
        let failure = -costs.failed - held(if self.hanging { timeout } else { FAST_ERROR });
        let late = -costs.failed - held(timeout);
        let answer = self.below(timeout)
            - costs.held_second * self.excess(objective.min(timeout), timeout)
            + (1.0 - self.below(timeout)) * late;
        (1.0 - self.failing) * answer + self.failing * failure
    }

    /// P(L < limit).
    fn below(&self, limit: f64) -> f64 {
        normal((limit / self.latency).ln() / self.spread)
    }

    /// E[(L − low) · 1(low < L < high)], by the partial expectation of the lognormal law.
    fn excess(&self, low: f64, high: f64) -> f64 {
        let mean = self.latency * (0.5 * self.spread * self.spread).exp();
        let shifted = |limit: f64| normal((limit / self.latency).ln() / self.spread - self.spread);
        mean * (shifted(high) - shifted(low)) - low * (self.below(high) - self.below(low))
    }
}

/// The standard normal distribution function.
fn normal(z: f64) -> f64 {
    0.5 * (1.0 + erf(z * std::f64::consts::FRAC_1_SQRT_2))
}
