//! Times as whole nanoseconds.

use std::time::Duration;

/// Nanoseconds since the caller's start. 2⁶⁴ of them are 584 years: beyond, time stands still.
pub(in crate::breaker) type Nanos = u64;

/// A duration in nanoseconds, the longest there is if it is longer.
pub(in crate::breaker) fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}

/// Seconds in nanoseconds; 0 for what is below, the longest for what is above.
pub(super) fn nanos_of(seconds: f64) -> Nanos {
    (seconds * 1e9) as Nanos
}
