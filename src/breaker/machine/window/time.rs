//! The calls of the last so many seconds, in buckets.

use super::Bad;
use crate::breaker::machine::time::Nanos;

/// The calls of one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Tally {
    pub(super) calls: u64,
    pub(super) failed: u64,
    pub(super) slow: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.failed = self.failed.saturating_add(other.failed);
        self.slow = self.slow.saturating_add(other.slow);
    }
}

/// A ring of buckets on a fixed grid: bucket `i` holds the calls from `i·width` on.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::breaker::machine) struct TimeWindow {
    width: Nanos,
    /// The bucket that calls are counted in.
    current: u64,
    /// Bucket `i` is in place `i` modulo the length.
    ring: Vec<Tally>,
}

impl TimeWindow {
    pub(super) fn new(length: Nanos, buckets: u32) -> Self {
        let width = (length / u64::from(buckets)).max(1);
        Self { width, current: 0, ring: vec![Tally::default(); buckets as usize] }
    }

    fn bucket(&mut self) -> &mut Tally {
        let place = (self.current % self.ring.len() as u64) as usize;
        &mut self.ring[place]
    }

    /// Goes on to the bucket of `now`, and forgets those that the window has left.
    pub(super) fn advance(&mut self, now: Nanos) {
        let bucket = now / self.width;
        let passed = bucket.saturating_sub(self.current).min(self.ring.len() as u64);
        if passed == 0 {
            return;
        }
        self.current = bucket - passed;
        for _ in 0..passed {
            self.current += 1;
            *self.bucket() = Tally::default();
        }
    }

    /// Counts good calls in the current bucket.
    pub(super) fn good(&mut self, calls: u64) {
        self.bucket().add(Tally { calls, ..Tally::default() });
    }

    /// Counts a bad call in the current bucket.
    pub(super) fn bad(&mut self, call: Bad) {
        let (failed, slow) = (u64::from(call.failed), u64::from(call.slow));
        self.bucket().add(Tally { calls: 1, failed, slow });
    }

    /// All calls in the window. O(buckets).
    pub(super) fn total(&self) -> Tally {
        self.ring.iter().fold(Tally::default(), |mut total, bucket| {
            total.add(*bucket);
            total
        })
    }

    /// From when to when the current bucket takes calls.
    pub(super) fn current(&self) -> [Nanos; 2] {
        let from = self.current.saturating_mul(self.width);
        [from, from.saturating_add(self.width)]
    }

    /// The same calls in other buckets: each bucket's go where its beginning falls.
    pub(super) fn resized(&self, length: Nanos, buckets: u32) -> Self {
        let mut other = Self::new(length, buckets);
        let old = self.ring.len() as u64;
        for bucket in (self.current + 1).saturating_sub(old)..=self.current {
            other.advance(bucket.saturating_mul(self.width));
            other.bucket().add(self.ring[(bucket % old) as usize]);
        }
        other
    }

    pub(super) fn is_of(&self, length: Nanos, buckets: u32) -> bool {
        self.width == (length / u64::from(buckets)).max(1) && self.ring.len() == buckets as usize
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_sound(&self) -> bool {
        self.width > 0
            && !self.ring.is_empty()
            && self.current <= u64::MAX / self.width
            && self.ring.iter().all(|bucket| bucket.failed.max(bucket.slow) <= bucket.calls)
    }
}
