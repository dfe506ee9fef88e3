//! Good calls, counted by each thread for itself.

use super::sync::{AtomicI32, AtomicU64, Ordering};
use crate::breaker::machine::{Batch, EPOCHS};

/// What one thread has counted. Only the thread that owns the shard writes to it, so that adding is
/// a load and a store; everyone may read. Counts only go up.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Shard {
    /// The generation that counts since the last collection belong to. Changed by the owner under
    /// the breaker's lock, right after a collection: counts never change generation.
    generation: AtomicU64,
    good: AtomicU64,
    ignored: AtomicU64,
    /// Calls begun less calls ended, by the half threshold that they began in; wraps.
    in_flight: [AtomicI32; EPOCHS],
}

/// What a shard held when it was last collected.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    good: u64,
    ignored: u64,
    in_flight: [i32; EPOCHS],
}

/// A generation that never is.
const NONE: u64 = u64::MAX;

impl Shard {
    pub(super) fn new() -> Self {
        Self {
            generation: AtomicU64::new(NONE),
            good: AtomicU64::new(0),
            ignored: AtomicU64::new(0),
            in_flight: [(); EPOCHS].map(|()| AtomicI32::new(0)),
        }
    }

    /// Whether the owner may count for this generation.
    #[inline]
    pub(super) fn is_of(&self, generation: u64) -> bool {
        self.generation.load(Ordering::Relaxed) == generation
    }

    /// By the owner, under the breaker's lock, after a collection.
    pub(super) fn join(&self, generation: u64) {
        self.generation.store(generation, Ordering::Relaxed);
    }

    /// By the owner.
    #[inline]
    pub(super) fn add_good(&self) {
        let good = self.good.load(Ordering::Relaxed);
        self.good.store(good.wrapping_add(1), Ordering::Release);
    }

    /// By the owner.
    pub(super) fn add_ignored(&self) {
        let ignored = self.ignored.load(Ordering::Relaxed);
        self.ignored.store(ignored.wrapping_add(1), Ordering::Release);
    }

    /// By the owner.
    #[inline]
    pub(super) fn add_in_flight(&self, place: u8, count: i32) {
        let place = &self.in_flight[usize::from(place) % EPOCHS];
        place.store(place.load(Ordering::Relaxed).wrapping_add(count), Ordering::Release);
    }

    /// Under the breaker's lock: adds what has been counted since the last collection to a batch.
    pub(super) fn collect(&self, seen: &mut Seen, batch: &mut Batch) {
        let good = self.good.load(Ordering::Acquire);
        let ignored = self.ignored.load(Ordering::Acquire);
        batch.good += good.wrapping_sub(std::mem::replace(&mut seen.good, good));
        batch.ignored += ignored.wrapping_sub(std::mem::replace(&mut seen.ignored, ignored));
        for place in 0..EPOCHS {
            // Their difference is what is in flight: it fits whatever the counts wrap at.
            let count = self.in_flight[place].load(Ordering::Acquire);
            let new = count.wrapping_sub(std::mem::replace(&mut seen.in_flight[place], count));
            batch.in_flight[place] += i64::from(new);
        }
    }
}
