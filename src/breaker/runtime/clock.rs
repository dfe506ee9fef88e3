//! Where a live breaker has the time from.

use crate::breaker::machine::time::nanos;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A source of times since some start that never goes back.
///
/// One that does go back does no harm: the breaker takes the latest time that it has seen, and
/// counts the step.
pub trait Clock: Send + Sync {
    /// The time since the start.
    fn now(&self) -> Duration;

    /// The same in nanoseconds, for clocks that have it in them.
    #[inline]
    fn nanos(&self) -> u64 {
        nanos(self.now())
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Duration {
        (**self).now()
    }

    #[inline]
    fn nanos(&self) -> u64 {
        (**self).nanos()
    }
}

/// The operating system's monotonic clock, from 0 on. Wall-clock changes do not touch it.
#[derive(Debug, Clone, Copy)]
pub struct MonotonicClock(Instant);

impl Default for MonotonicClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for MonotonicClock {
    #[inline]
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    #[inline]
    fn nanos(&self) -> u64 {
        let time = self.0.elapsed();
        time.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(time.subsec_nanos()))
    }
}

/// The processor's time stamp counter, where it is steady, and else the operating system's monotonic
/// clock: reads in a third of the time. The first one made in a program calibrates itself for up to
/// 0.2 s; its seconds may be wrong by some millionths.
#[cfg(feature = "quanta")]
#[derive(Debug, Clone)]
pub struct TscClock {
    clock: quanta::Clock,
    start: u64,
    /// Nanoseconds in 2³² ticks: a multiplication and a shift that the compiler knows.
    scale: u64,
}

#[cfg(feature = "quanta")]
impl Default for TscClock {
    fn default() -> Self {
        let clock = quanta::Clock::new();
        let scale = clock.delta_as_nanos(0, 1 << 32);
        Self { start: clock.raw(), clock, scale }
    }
}

#[cfg(feature = "quanta")]
impl Clock for TscClock {
    #[inline]
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos())
    }

    #[inline]
    fn nanos(&self) -> u64 {
        let ticks = self.clock.raw().saturating_sub(self.start);
        ((u128::from(ticks) * u128::from(self.scale)) >> 32) as u64
    }
}

/// A clock that stands still until it is told otherwise: for tests and replays. Clones share one
/// time.
///
/// ```
/// use forewarn::breaker::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::default();
/// let same = clock.clone();
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(same.now(), Duration::from_secs(5));
/// ```
#[derive(Debug, Clone, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Goes on by a time; saturates at 584 years.
    pub fn advance(&self, by: Duration) {
        let by = nanos(by);
        let _ = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_add(by)));
    }

    /// Sets the time, backwards if you like.
    pub fn set(&self, now: Duration) {
        self.0.store(nanos(now), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst))
    }
}
