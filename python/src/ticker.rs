//! The clock inside a circuit.

use forewarn::breaker::{Clock, TscClock};
use std::time::Duration;

/// A clock that goes on by itself, or stands still.
#[derive(Debug, Clone)]
pub(crate) struct Ticker {
    /// `None` where the time comes from Python: the breaker is told it with each event.
    clock: Option<TscClock>,
    /// What had passed before it was started.
    passed: u64,
}

impl Ticker {
    pub(crate) fn new(ticks: bool, passed: Duration) -> Self {
        Self { clock: ticks.then(TscClock::default), passed: nanoseconds(passed) }
    }
}

impl Clock for Ticker {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos())
    }

    #[inline]
    fn nanos(&self) -> u64 {
        // One that stands does so before all that was seen.
        self.clock.as_ref().map_or(0, |clock| clock.nanos().saturating_add(self.passed))
    }
}

/// Saturates at 584 years.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
