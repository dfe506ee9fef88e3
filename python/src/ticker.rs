//! The clock inside a circuit.

use forewarn::breaker::{Clock, TscClock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// No time is given.
const NONE: u64 = u64::MAX;

/// A clock that goes on by itself, or stands at times that it is given.
#[derive(Debug, Clone)]
pub(crate) struct Ticker {
    /// `None` where the time comes from Python: the breaker is told it with each event.
    clock: Option<TscClock>,
    /// What had passed before it was started.
    passed: u64,
    given: Arc<AtomicU64>,
}

impl Ticker {
    pub(crate) fn new(ticks: bool, passed: Duration) -> Self {
        let passed = nanoseconds(passed);
        Self { clock: ticks.then(TscClock::default), passed, given: Arc::new(NONE.into()) }
    }

    /// Makes it stand at a time, or go on.
    pub(crate) fn give(&self, now: Option<Duration>) {
        self.given.store(now.map_or(NONE, nanoseconds), Ordering::Relaxed);
    }
}

impl Clock for Ticker {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos())
    }

    #[inline]
    fn nanos(&self) -> u64 {
        let given = self.given.load(Ordering::Relaxed);
        match &self.clock {
            _ if given != NONE => given,
            Some(clock) => clock.nanos().saturating_add(self.passed),
            // Before all that was seen, so that time stands still.
            None => 0,
        }
    }
}

/// Saturates at 584 years.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(NONE - 1)
}
