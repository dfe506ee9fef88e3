//! What a circuit has counted.

/// Counts since the beginning. They are 64 bits wide and never reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BreakerMetrics {
    /// Calls that ended well, slow ones included.
    pub successes: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Calls that ended otherwise: [`Outcome::Ignored`](crate::breaker::Outcome::Ignored).
    pub ignored: u64,
    /// Calls that were given up before they ended: [`Machine::release`](super::Machine::release).
    pub cancelled: u64,
    /// Calls not let through.
    pub rejected: u64,
    /// Calls let through in shadow that would not have been.
    pub would_reject: u64,
    /// Of the successes and failures that counted, those that were slow.
    pub slow: u64,
    /// Calls that were slow before they ended.
    pub overdue: u64,
    /// Results that came too late to count: the circuit had gone on to another generation, or the
    /// probe had lost its place.
    pub stale: u64,
    /// Probes let through.
    pub probes: u64,
    /// Probes that lost their place because they did not end.
    pub expired_probes: u64,
    /// Transitions to open.
    pub opened: u64,
    /// All transitions.
    pub transitions: u64,
    /// Times that were before one seen already: the latest was taken instead.
    pub clock_steps_back: u64,
}

impl BreakerMetrics {
    /// Calls that have arrived, as far as is known: those that ended and those rejected.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        self.successes
            .wrapping_add(self.failures)
            .wrapping_add(self.ignored)
            .wrapping_add(self.cancelled)
            .wrapping_add(self.rejected)
    }
}
