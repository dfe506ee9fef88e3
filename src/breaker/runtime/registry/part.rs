//! A part of a registry: keys, their breakers, and who has to go when it is full.

use super::hashing::Same;
use crate::breaker::{Breaker, State};
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicBool, Ordering};

/// Keys by their hash, which is computed once for all; equal hashes of different keys go to the next
/// number that is free.
pub(super) struct Part<K, C> {
    pub(super) keys: HashMap<u64, Entry<K, C>, BuildHasherDefault<Same>>,
    /// The hashes in the order in which they are looked at for one to be forgotten.
    order: Vec<u64>,
    hand: usize,
}

pub(super) struct Entry<K, C> {
    pub(super) key: K,
    pub(super) breaker: Breaker<C>,
    /// Whether it was asked for since the hand passed.
    used: AtomicBool,
}

impl<K, C> Default for Part<K, C> {
    fn default() -> Self {
        Self { keys: HashMap::default(), order: Vec::new(), hand: 0 }
    }
}

impl<K, C> Part<K, C> {
    /// The entry of a key, or where it would go.
    #[inline]
    pub(super) fn find<Q>(&self, hash: u64, key: &Q) -> Result<&Entry<K, C>, u64>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let mut place = hash;
        while let Some(entry) = self.keys.get(&place) {
            if entry.key.borrow() == key {
                return Ok(entry);
            }
            place = place.wrapping_add(1);
        }
        Err(place)
    }

    /// Takes a key in at the place that [`find`](Self::find) named.
    pub(super) fn insert(&mut self, place: u64, entry: Entry<K, C>) {
        self.keys.insert(place, entry);
        self.order.push(place);
    }

    /// Forgets a key: the hand goes round until it finds one that may go, at first by strict measures.
    pub(super) fn forget_one(&mut self) {
        let len = self.order.len();
        for step in 0..=3 * len {
            self.hand = (self.hand + 1) % len;
            let place = self.order[self.hand];
            let Some(entry) = self.keys.get(&place) else { continue };
            let used = entry.used.swap(false, Ordering::Relaxed);
            let held = entry.breaker.is_held();
            let goes = match step / len {
                0 | 1 => !used && !held && entry.breaker.state() == State::Closed,
                2 => !held,
                _ => true,
            };
            // Keys whose hashes are the same stand in a row, which must have no gap.
            if goes && !self.keys.contains_key(&place.wrapping_add(1)) {
                self.keys.remove(&place);
                self.order.swap_remove(self.hand);
                return;
            }
        }
    }
}

impl<K, C> Entry<K, C> {
    pub(super) fn new(key: K, breaker: Breaker<C>) -> Self {
        Self { key, breaker, used: AtomicBool::new(true) }
    }

    /// The breaker, which has been asked for.
    #[inline]
    pub(super) fn touch(&self) -> Breaker<C> {
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
        self.breaker.clone()
    }
}
