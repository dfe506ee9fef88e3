//! A service of one family: drawn by seed, adjustable, and a source of traces.

use super::family::Family;
use super::trace::Trace;
use crate::error::{Error, Result};
use crate::rng::Stream;

/// One simulated dependency with its callers. All traces of a service follow the same laws: learn
/// from some, test on others.
///
/// ```
/// use forewarn::breaker::CallCosts;
/// use forewarn::breaker::sim::{Family, Service};
///
/// let service = Service::draw(Family::HangingOutage, 7).calls_per_second(20.0);
/// let trace = service.trace(0)?;
/// let oracle = trace.oracle(&CallCosts::default());
/// assert!(oracle.served > 0 && oracle.held_seconds < 60.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Service {
    /// The family of behaviour.
    pub family: Family,
    /// Requests a second, a Poisson process; 0.01 to 10,000. Drawn from 3 to 150.
    pub calls_per_second: f64,
    /// Length of a trace in seconds, 1 to 1,000,000. Default 600.
    pub length: f64,
    /// When callers give up, in seconds, 0.001 to 3,600. Default 1.
    pub timeout: f64,
    /// Median latency of an answer in seconds, greater than 0, at most 3,600. Drawn from 0.03 to
    /// 0.1.
    pub latency: f64,
    /// Standard deviation of the latency's logarithm, 0.01 to 3. Drawn from 0.2 to 0.5.
    pub spread: f64,
    /// Share of failing calls while all is well, 0 to 1. Drawn from 0.001 to 0.01.
    pub errors: f64,
    /// Whether what fails in a bad time hangs until the timeout. Given by the family, or drawn.
    pub hanging: bool,
    /// Mean length of a bad time in seconds, greater than 0. Drawn: half a minute for outages.
    pub bad: f64,
    /// Mean length of the time between two bad ones in seconds, greater than 0. Drawn: 100 s or so.
    pub good: f64,
    /// Seconds in which a dependency that feels the load regains its whole capacity without any;
    /// greater than 0. Drawn: some 20 s after a cold restart, 5 s in a retry storm. No other family
    /// uses it.
    pub recovery: f64,
    /// Everything random follows from it and a trace's index.
    pub seed: u64,
}

impl Service {
    /// The service number `seed` of a family.
    #[must_use]
    pub fn draw(family: Family, seed: u64) -> Self {
        let mut stream = Stream::new(seed, 0xB0_0000 + family as u64);
        let mut between = |low: f64, high: f64| low + (high - low) * stream.unit();
        let calls_per_second = 3.0 * 50_f64.powf(between(0.0, 1.0));
        let (latency, spread) = (between(0.03, 0.1), between(0.2, 0.5));
        let errors = 0.001 * 10_f64.powf(between(0.0, 1.0));
        let coin = between(0.0, 1.0) < 0.5;
        let hanging = match family {
            Family::FastOutage | Family::FastBrownout => false,
            Family::HangingOutage | Family::HangingBrownout | Family::RetryStorm => true,
            _ => coin,
        };
        let (bad, good) = match family {
            Family::FastBrownout | Family::HangingBrownout => {
                (between(30.0, 90.0), between(30.0, 90.0))
            }
            Family::Flapping => (between(60.0, 150.0), between(60.0, 150.0)),
            Family::SlowRecovery => (between(5.0, 30.0), between(60.0, 140.0)),
            Family::RetryStorm => (between(2.0, 8.0), between(80.0, 200.0)),
            Family::ColdRestart => (between(10.0, 50.0), between(30.0, 150.0)),
            Family::Noise => (between(0.1, 0.5), between(15.0, 45.0)),
            _ => (12.0 * 5_f64.powf(between(0.0, 1.0)), between(70.0, 150.0)),
        };
        let recovery = match family {
            Family::ColdRestart => between(18.0, 36.0),
            _ => between(3.0, 7.0),
        };
        Self {
            family,
            calls_per_second,
            length: 600.0,
            timeout: 1.0,
            latency,
            spread,
            errors,
            hanging,
            bad,
            good,
            recovery,
            seed,
        }
    }

    /// Sets the requests a second.
    #[must_use]
    pub fn calls_per_second(self, calls_per_second: f64) -> Self {
        Self { calls_per_second, ..self }
    }

    /// Sets the length of a trace in seconds.
    #[must_use]
    pub fn length(self, length: f64) -> Self {
        Self { length, ..self }
    }

    /// Sets the caller's timeout in seconds.
    #[must_use]
    pub fn timeout(self, timeout: f64) -> Self {
        Self { timeout, ..self }
    }

    /// The trace number `index`: the same whatever policy will run on it. O(requests).
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a field out of its range, and for traces of more than ten million
    /// requests.
    pub fn trace(&self, index: u64) -> Result<Trace> {
        self.check()?;
        Ok(Trace::draw(self, index))
    }

    fn check(&self) -> Result<()> {
        let ranges: [(&'static str, f64, f64, f64, &'static str); 9] = [
            ("calls_per_second", self.calls_per_second, 0.01, 1e4, "between 0.01 and 10,000"),
            ("length", self.length, 1.0, 1e6, "between 1 and 1,000,000 s"),
            ("timeout", self.timeout, 1e-3, 3_600.0, "between 0.001 and 3,600 s"),
            ("latency", self.latency, 1e-6, 3_600.0, "between 0.000001 and 3,600 s"),
            ("spread", self.spread, 0.01, 3.0, "between 0.01 and 3"),
            ("errors", self.errors, 0.0, 1.0, "between 0 and 1"),
            ("bad", self.bad, 1e-3, 1e6, "between 0.001 and 1,000,000 s"),
            ("good", self.good, 1e-3, 1e6, "between 0.001 and 1,000,000 s"),
            ("recovery", self.recovery, 1e-3, 1e6, "between 0.001 and 1,000,000 s"),
        ];
        for (name, value, low, high, allowed) in ranges {
            if !(low..=high).contains(&value) {
                return Err(Error::OutOfRange { name, value, allowed });
            }
        }
        let requests = self.calls_per_second * self.length;
        if requests > 1e7 {
            let allowed = "at most 10,000,000 together with length";
            return Err(Error::OutOfRange { name: "calls_per_second", value: requests, allowed });
        }
        Ok(())
    }
}
