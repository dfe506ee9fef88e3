//! Calls that have not ended, by when they began.

use super::time::Nanos;

/// Calls in flight, counted by half thresholds: those still in flight two whole halves after the one
/// that they began in are overdue.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct InFlight {
    /// Half the threshold, rounded up.
    half: Nanos,
    /// The half threshold that it is now.
    current: u64,
    /// Calls in flight by the half that they began in, modulo the length.
    counts: [i64; EPOCHS],
}

/// The half thresholds that are told apart. Three are alive at a time; a power of two is quicker.
pub(in crate::breaker) const EPOCHS: usize = 4;

impl InFlight {
    pub(super) fn new(threshold: Nanos, now: Nanos) -> Self {
        let half = threshold.div_ceil(2).max(1);
        Self { half, current: now / half, counts: [0; EPOCHS] }
    }

    /// A call begins; when, for [`end`](Self::end).
    pub(super) fn begin(&mut self, now: Nanos) -> Nanos {
        let now = now.max(self.current.saturating_mul(self.half));
        self.add(now / self.half, 1);
        now
    }

    /// A call that began then ends; whether it has been counted as overdue.
    pub(super) fn end(&mut self, began: Nanos) -> bool {
        self.add(began / self.half, -1)
    }

    /// Calls that began in a half, less those that ended, unless they are overdue already.
    pub(super) fn add(&mut self, epoch: u64, count: i64) -> bool {
        let overdue = epoch.saturating_add(3) <= self.current;
        if !overdue {
            self.counts[(epoch % EPOCHS as u64) as usize] += count;
        }
        overdue
    }

    /// Calls begun less calls ended, counted elsewhere, by the half that they began in.
    pub(super) fn merge(&mut self, counts: &[i64; EPOCHS]) {
        for back in 0..3 {
            if let Some(epoch) = self.current.checked_sub(back) {
                let place = (epoch % EPOCHS as u64) as usize;
                self.counts[place] += counts[place];
            }
        }
    }

    /// Time goes on; how many calls have become overdue.
    pub(super) fn advance(&mut self, now: Nanos) -> u64 {
        let now = now / self.half;
        let mut overdue = 0;
        // What began in the halves from `current − 2` on was not overdue before.
        let steps = now.saturating_sub(self.current).min(EPOCHS as u64);
        for step in 1..=steps {
            let begun = (self.current + step).wrapping_sub(3) % EPOCHS as u64;
            overdue += std::mem::take(&mut self.counts[begun as usize]).max(0) as u64;
        }
        self.current = self.current.max(now);
        overdue
    }

    /// From when to when it is the current half.
    pub(super) fn current(&self) -> [Nanos; 2] {
        let from = self.current.saturating_mul(self.half);
        [from, from.saturating_add(self.half)]
    }

    /// Half the threshold.
    pub(super) fn half(&self) -> Nanos {
        self.half
    }

    /// None in flight, of a new generation; the time is kept.
    pub(super) fn clear(&mut self) {
        self.counts = [0; EPOCHS];
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_sound(&self, threshold: Nanos) -> bool {
        self.half == threshold.div_ceil(2).max(1)
            && self.current <= u64::MAX / self.half
            && self.counts.iter().all(|count| (0..1 << 48).contains(count))
    }
}
