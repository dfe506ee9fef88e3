//! When a circuit opens.

use super::{MICROSECOND, MILLISECOND, duration, number, share};
use crate::breaker::CallCosts;
use crate::error::{Error, Result};
use std::time::Duration;

/// When a closed circuit opens. Only a call that failed or was slow opens one: good calls are
/// counted, and what they change shows at the next bad one.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Trip {
    /// Of exactly the last so many calls, too many failed or were slow.
    LastCalls {
        /// How many calls are remembered, from 1 to 1,000,000.
        calls: u32,
        /// How many must be, from 1 to `calls`, before the circuit opens.
        minimum_calls: u32,
        /// The share of failed calls from which on it opens, above 0 and at most 1.
        failure_rate: f64,
        /// The share of slow calls from which on it opens, above 0 and at most 1.
        slow_rate: f64,
    },
    /// Of the calls of the last so many seconds, too many failed or were slow. The window moves on
    /// by one of its buckets at a time: it covers from `length − length/buckets` to `length`.
    Window {
        /// The length of the window, from 1 ms to 10⁹ s.
        length: Duration,
        /// In how many buckets it is counted, from 1 to 1,000, each at least 1 µs.
        buckets: u32,
        /// How many calls it must hold, at least 1, before the circuit opens.
        minimum_calls: u32,
        /// The share of failed calls from which on it opens, above 0 and at most 1.
        failure_rate: f64,
        /// The share of slow calls from which on it opens, above 0 and at most 1.
        slow_rate: f64,
    },
    /// So many calls in a row failed or were slow.
    Consecutive {
        /// How many, at least 1.
        failures: u32,
    },
    /// The calls of late lost more than is tolerated (a CUSUM of utility, Page 1954): a sum goes up
    /// by what a bad call costs, down by what a good one is worth, never below 0, and opens the
    /// circuit above the tolerance. Failures, time-outs and slowness are one number, and no minimum
    /// of calls is needed.
    Utility {
        /// What calls are worth.
        costs: CallCosts,
        /// How many good calls' worth may be lost, above 0 and at most 1,000,000.
        tolerance: f64,
    },
}

impl Default for Trip {
    /// [`Trip::Utility`] at the default costs and a tolerance of 3 calls.
    fn default() -> Self {
        Self::Utility { costs: CallCosts::default(), tolerance: 3.0 }
    }
}

impl Trip {
    pub(super) fn check(&self) -> Result<()> {
        let rates = |failure_rate, slow_rate| {
            share("failure_rate", failure_rate)?;
            share("slow_rate", slow_rate)
        };
        match *self {
            Self::LastCalls { calls, minimum_calls, failure_rate, slow_rate } => {
                count("calls", calls, 1_000_000, "from 1 to 1,000,000")?;
                count("minimum_calls", minimum_calls, calls, "from 1 to calls")?;
                rates(failure_rate, slow_rate)
            }
            Self::Window { length, buckets, minimum_calls, failure_rate, slow_rate } => {
                duration("length", length, MILLISECOND)?;
                count("buckets", buckets, 1_000, "from 1 to 1,000")?;
                duration("length / buckets", length / buckets, MICROSECOND)?;
                count("minimum_calls", minimum_calls, u32::MAX, "at least 1")?;
                rates(failure_rate, slow_rate)
            }
            Self::Consecutive { failures } => count("failures", failures, u32::MAX, "at least 1"),
            Self::Utility { costs, tolerance } => {
                costs.check()?;
                number("tolerance", tolerance, [1e-6, 1e6], "from 0.000001 to 1,000,000 calls")
            }
        }
    }
}

/// Whether a count is from 1 to `most`.
pub(super) fn count(
    name: &'static str,
    value: u32,
    most: u32,
    allowed: &'static str,
) -> Result<()> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange { name, value: f64::from(value), allowed })
}

/// Which calls are slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct SlowCall {
    /// Calls that take longer are slow, failures included; from 1 ms to 10⁹ s.
    pub threshold: Duration,
    /// Whether a call that is still in flight past the threshold counts as slow then, and not when
    /// it ends. It is noticed within half the threshold, provided that calls or ticks arrive.
    pub in_flight: bool,
}

impl SlowCall {
    /// Calls that take longer than this are slow, whether they have ended or not.
    #[must_use]
    pub fn new(threshold: Duration) -> Self {
        Self { threshold, in_flight: true }
    }

    pub(super) fn check(&self) -> Result<()> {
        duration("threshold", self.threshold, MILLISECOND)
    }
}
