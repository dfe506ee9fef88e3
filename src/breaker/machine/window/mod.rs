//! What a circuit knows of its late calls, and when that is enough to open it.

mod last_calls;
mod time;

use super::time::{Nanos, nanos};
use crate::breaker::costs::GOOD_CALL;
use crate::breaker::{Reason, Trip};
use last_calls::LastCalls;
use time::TimeWindow;

/// A call that failed, was slow, or lost more than it was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) failed: bool,
    pub(super) slow: bool,
    /// What it was worth, in units.
    pub(super) utility: i64,
}

/// The late calls, as the trip rule needs them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Window {
    LastCalls(LastCalls),
    Time(TimeWindow),
    /// Bad calls since the last good one.
    Consecutive(u32),
    /// What was lost, in units, at least 0.
    Utility(i64),
}

impl Window {
    /// One that has seen nothing.
    pub(super) fn new(trip: &Trip) -> Self {
        match *trip {
            Trip::LastCalls { calls, .. } => Self::LastCalls(LastCalls::new(calls)),
            Trip::Window { length, buckets, .. } => {
                Self::Time(TimeWindow::new(nanos(length), buckets))
            }
            Trip::Consecutive { .. } => Self::Consecutive(0),
            Trip::Utility { .. } => Self::Utility(0),
        }
    }

    /// Time goes on.
    pub(super) fn advance(&mut self, now: Nanos) {
        if let Self::Time(window) = self {
            window.advance(now);
        }
    }

    /// Good calls, each worth exactly one. Batches of them add up to the same as one by one.
    pub(super) fn good(&mut self, count: u64) {
        if count == 0 {
            return;
        }
        match self {
            Self::LastCalls(window) => window.good(count),
            Self::Time(window) => window.good(count),
            Self::Consecutive(run) => *run = 0,
            Self::Utility(lost) => {
                let worth = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(GOOD_CALL);
                *lost = lost.saturating_sub(worth).max(0);
            }
        }
    }

    /// A bad call; why the circuit opens, if it does.
    pub(super) fn bad(&mut self, call: Bad, trip: &Trip) -> Option<Reason> {
        match (self, trip) {
            (
                Self::LastCalls(window),
                &Trip::LastCalls { minimum_calls, failure_rate, slow_rate, .. },
            ) => {
                window.bad(call);
                let counts = [window.calls, window.failed, window.slow].map(u64::from);
                rates(counts, minimum_calls, failure_rate, slow_rate)
            }
            (Self::Time(window), &Trip::Window { minimum_calls, failure_rate, slow_rate, .. }) => {
                window.bad(call);
                let total = window.total();
                let counts = [total.calls, total.failed, total.slow];
                rates(counts, minimum_calls, failure_rate, slow_rate)
            }
            (Self::Consecutive(run), &Trip::Consecutive { failures }) => {
                *run = run.saturating_add(1);
                (*run >= failures).then_some(Reason::Consecutive)
            }
            (Self::Utility(lost), &Trip::Utility { tolerance, .. }) => {
                *lost = lost.saturating_sub(call.utility).max(0);
                let over = *lost > (tolerance * GOOD_CALL as f64) as i64;
                (over && call.utility < 0).then_some(Reason::Utility)
            }
            // `Machine` keeps a window and its rule of one kind.
            _ => None,
        }
    }

    /// Whether the next bad call would be the first that counts.
    pub(super) fn is_at_rest(&self, good_since_bad: bool) -> bool {
        match self {
            Self::Utility(lost) => *lost == 0,
            _ => good_since_bad,
        }
    }

    /// From when to when calls need not be told the time.
    pub(super) fn current(&self) -> [Nanos; 2] {
        match self {
            Self::Time(window) => window.current(),
            _ => [0, Nanos::MAX],
        }
    }

    /// Whether good calls must be told the time.
    pub(super) fn needs_time(&self) -> bool {
        matches!(self, Self::Time(_))
    }

    /// The same calls under another rule, as far as it can use them.
    pub(super) fn under(self, trip: &Trip) -> Self {
        match (self, *trip) {
            (Self::LastCalls(window), Trip::LastCalls { calls, .. }) => {
                Self::LastCalls(if window.size() == calls { window } else { window.resized(calls) })
            }
            (Self::Time(window), Trip::Window { length, buckets, .. }) => {
                let length = nanos(length);
                let same = window.is_of(length, buckets);
                Self::Time(if same { window } else { window.resized(length, buckets) })
            }
            (same @ Self::Consecutive(_), Trip::Consecutive { .. })
            | (same @ Self::Utility(_), Trip::Utility { .. }) => same,
            _ => Self::new(trip),
        }
    }

    /// Whether what was read can be, under this rule.
    #[cfg(feature = "serde")]
    pub(super) fn is_sound(&self, trip: &Trip) -> bool {
        match (self, *trip) {
            (Self::LastCalls(window), Trip::LastCalls { calls, .. }) => {
                window.is_sound() && window.size() == calls
            }
            (Self::Time(window), Trip::Window { length, buckets, .. }) => {
                window.is_of(nanos(length), buckets) && window.is_sound()
            }
            (Self::Consecutive(_), Trip::Consecutive { .. }) => true,
            (Self::Utility(lost), Trip::Utility { .. }) => *lost >= 0,
            _ => false,
        }
    }
}

/// Whether of `[calls, failed, slow]` too many failed or were slow. Compares counts, never 0/0.
fn rates(counts: [u64; 3], minimum: u32, failure_rate: f64, slow_rate: f64) -> Option<Reason> {
    let [calls, failed, slow] = counts;
    if calls < u64::from(minimum) {
        return None;
    }
    let reaches = |count: u64, rate: f64| count > 0 && count as f64 >= rate * calls as f64;
    if reaches(failed, failure_rate) {
        return Some(Reason::FailureRate);
    }
    reaches(slow, slow_rate).then_some(Reason::SlowRate)
}
