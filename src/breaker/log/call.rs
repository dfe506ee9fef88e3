//! One row of a log.

use crate::breaker::State;
use crate::error::{Error, Result};

/// Times beyond it, in seconds, are mistakes: nanoseconds of them no longer fit into 64 bits.
const LATEST: f64 = 1e10;

/// Latencies beyond it, in seconds, are mistakes: eleven days.
const LONGEST: f64 = 1e6;

const NANOSECONDS: f64 = 1e9;

/// How a call ended, as far as the log knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LoggedOutcome {
    /// With an answer, however late.
    Ok,
    /// With an error that counts against the dependency.
    Failed,
    /// The caller gave up waiting. Counts as a failure that took its latency.
    TimedOut,
    /// With an error that says nothing of the dependency's health: "not found", "forbidden".
    Ignored,
    /// Not made: a breaker stood before it. What would have become of it is unknown.
    Rejected,
    /// Taken back by the caller before it ended. What would have become of it is unknown.
    Cancelled,
}

impl LoggedOutcome {
    pub(super) const ALL: [Self; 6] =
        [Self::Ok, Self::Failed, Self::TimedOut, Self::Ignored, Self::Rejected, Self::Cancelled];

    /// The name in CSV files: `ok`, `fail`, `timeout`, `ignored`, `rejected`, `cancelled`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "fail",
            Self::TimedOut => "timeout",
            Self::Ignored => "ignored",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the dependency showed itself: it was asked, and answered or failed to.
    #[must_use]
    pub fn is_observed(self) -> bool {
        matches!(self, Self::Ok | Self::Failed | Self::TimedOut)
    }

    /// Whether it counts against the dependency.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut)
    }
}

/// One call to one dependency.
///
/// ```
/// use forewarn::breaker::{LoggedCall, LoggedOutcome};
///
/// let call = LoggedCall { attempt: 2, ..LoggedCall::new("search", 12.5, 0.03, LoggedOutcome::Ok) };
/// assert_eq!((call.admitted, call.state), (1.0, None));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoggedCall<'a> {
    /// The dependency: a host, a service, an endpoint. What one breaker stands before.
    pub key: &'a str,
    /// When it was made, in seconds from any fixed moment (Unix time will do), from 0 to 1e10. Kept
    /// to the nanosecond.
    pub start: f64,
    /// How long it took, in seconds, from 0 to 1e6; NaN allowed where it was rejected or cancelled.
    pub latency: f64,
    /// How it ended.
    pub outcome: LoggedOutcome,
    /// 1 for the first attempt, 2 for the first retry; above 255 counts as 255. Default 1.
    pub attempt: u32,
    /// The probability with which the breaker let calls pass at that moment, in `[0, 1]`; 1 where it
    /// was closed or there was none. Default 1.
    pub admitted: f64,
    /// What the breaker was doing; `None` where there was none or nobody knows. Default `None`.
    pub state: Option<State>,
}

impl<'a> LoggedCall<'a> {
    /// A first attempt, before which no breaker stood.
    #[must_use]
    pub fn new(key: &'a str, start: f64, latency: f64, outcome: LoggedOutcome) -> Self {
        Self { key, start, latency, outcome, attempt: 1, admitted: 1.0, state: None }
    }

    /// Start and latency in nanoseconds, if everything is in range. `row` is for messages.
    pub(super) fn check(&self, row: usize) -> Result<(u64, u64)> {
        if self.start.is_nan() {
            return Err(Error::NotANumber { what: "start of row", index: row });
        }
        range("start", self.start, (0.0..=LATEST).contains(&self.start), "from 0 to 1e10 seconds")?;
        let unknown_allowed =
            matches!(self.outcome, LoggedOutcome::Rejected | LoggedOutcome::Cancelled);
        if self.latency.is_nan() && !unknown_allowed {
            return Err(Error::NotANumber { what: "latency of row", index: row });
        }
        let latency = if self.latency.is_nan() { 0.0 } else { self.latency };
        range("latency", latency, (0.0..=LONGEST).contains(&latency), "from 0 to 1e6 seconds")?;
        let probable = (0.0..=1.0).contains(&self.admitted);
        range("admitted", self.admitted, probable, "a probability from 0 to 1")?;
        range("attempt", f64::from(self.attempt), self.attempt > 0, "at least 1")?;
        Ok((nanoseconds(self.start), nanoseconds(latency)))
    }
}

/// The whole number of nanoseconds that gives these seconds back, where there is one: both the
/// product and the quotient are rounded, so that beyond a month the nearest number may be the next one.
fn nanoseconds(seconds: f64) -> u64 {
    let nearest = (seconds * NANOSECONDS).round();
    let step = (nearest.next_up() - nearest).max(1.0);
    [nearest, nearest - step, nearest + step]
        .into_iter()
        .find(|number| number / NANOSECONDS == seconds)
        .unwrap_or(nearest) as u64
}

fn range(name: &'static str, value: f64, ok: bool, allowed: &'static str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::OutOfRange { name, value, allowed }) }
}
