//! A breaker for each of many keys.

use super::clock::{Clock, MonotonicClock};
use super::live::Breaker;
use crate::breaker::{BreakerMetrics, BreakerSettings, State};
use crate::error::{Error, Result};
use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Parts that are locked one by one.
const PARTS: usize = 16;

/// How the breakers of a registry are made.
#[derive(Debug, Clone)]
pub struct BreakerRegistryParams {
    /// The settings of each.
    pub settings: BreakerSettings,
    /// Most keys that are remembered, from 1 to 100,000,000. Default 10,000.
    pub max_keys: usize,
    /// The seed; each breaker has one that is derived from it. Default 0.
    pub seed: u64,
    /// For how many threads good calls of one breaker are counted without a lock, at most 1,024.
    /// Default 1.
    pub shards: usize,
}

impl BreakerRegistryParams {
    /// Defaults with these settings.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        Self { settings, max_keys: 10_000, seed: 0, shards: 1 }
    }

    /// Sets [`max_keys`](Self::max_keys).
    #[must_use]
    pub fn max_keys(self, max_keys: usize) -> Self {
        Self { max_keys, ..self }
    }

    /// Sets [`seed`](Self::seed).
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets [`shards`](Self::shards).
    #[must_use]
    pub fn shards(self, shards: usize) -> Self {
        Self { shards, ..self }
    }

    /// A registry without keys, on the operating system's clock.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn build<K: Eq + Hash>(self) -> Result<BreakerRegistry<K>> {
        self.build_with(MonotonicClock::default())
    }

    /// A registry without keys, on this clock.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn build_with<K: Eq + Hash, C: Clock + Clone>(
        self,
        clock: C,
    ) -> Result<BreakerRegistry<K, C>> {
        self.settings.check()?;
        let out = |name, value: usize, allowed| {
            Err(Error::OutOfRange { name, value: value as f64, allowed })
        };
        if !(1..=100_000_000).contains(&self.max_keys) {
            return out("max_keys", self.max_keys, "from 1 to 100,000,000");
        }
        if self.shards > 1_024 {
            return out("shards", self.shards, "at most 1,024");
        }
        let parts = PARTS.min(self.max_keys);
        Ok(BreakerRegistry {
            settings: Arc::new(self.settings),
            room: self.max_keys / parts,
            seed: self.seed,
            shards: self.shards,
            clock,
            hashing: RandomState::new(),
            parts: (0..parts).map(|_| RwLock::default()).collect(),
        })
    }
}

/// A breaker for each host, tenant or route that calls go to, in bounded memory.
///
/// Looking up a known key takes a shared lock of one of sixteen parts. A key that is new where there is
/// no room takes the place of one that has not been asked for lately, whose circuit is closed, and
/// whose breaker nobody holds; if there is none, of any that nobody holds; and if they are all held, of
/// any.
///
/// ```
/// use forewarn::breaker::{BreakerRegistryParams, BreakerSettings};
///
/// let registry = BreakerRegistryParams::new(BreakerSettings::default()).build::<String>()?;
/// let breaker = registry.get("billing.example");
/// breaker.call(|| Ok::<_, ()>(())).unwrap();
/// assert_eq!(registry.get("billing.example").metrics().successes, 1);
/// assert_eq!(registry.len(), 1);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub struct BreakerRegistry<K, C = MonotonicClock> {
    settings: Arc<BreakerSettings>,
    /// Keys in a part at most.
    room: usize,
    seed: u64,
    shards: usize,
    clock: C,
    hashing: RandomState,
    parts: Box<[RwLock<Part<K, C>>]>,
}

/// Keys by their hash, which is computed once for all; equal hashes of different keys go to the next
/// number that is free.
struct Part<K, C> {
    keys: HashMap<u64, Entry<K, C>, BuildHasherDefault<Same>>,
    /// The hashes in the order in which they are looked at for one to be forgotten.
    order: Vec<u64>,
    hand: usize,
}

struct Entry<K, C> {
    key: K,
    breaker: Breaker<C>,
    /// Whether it was asked for since the hand passed.
    used: AtomicBool,
}

impl<K, C> Default for Part<K, C> {
    fn default() -> Self {
        Self { keys: HashMap::default(), order: Vec::new(), hand: 0 }
    }
}

/// A hash of what is a hash already.
#[derive(Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl<K, C> fmt::Debug for BreakerRegistry<K, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerRegistry").field("keys", &self.len()).finish_non_exhaustive()
    }
}

impl<K, C> BreakerRegistry<K, C> {
    /// Keys that are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| read(part).keys.len()).sum()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys, states and counters: what [`open_metrics`](crate::breaker::open_metrics) takes.
    #[must_use]
    pub fn report(&self) -> Vec<(K, State, BreakerMetrics)>
    where
        K: Clone,
    {
        let entry = |entry: &Entry<K, C>| {
            (entry.key.clone(), entry.breaker.state(), entry.breaker.metrics())
        };
        self.parts
            .iter()
            .flat_map(|part| read(part).keys.values().map(entry).collect::<Vec<_>>())
            .collect()
    }
}

impl<K: Eq + Hash, C: Clock + Clone> BreakerRegistry<K, C> {
    /// The breaker of a key; a new one for a key that is not known.
    pub fn get<Q>(&self, key: &Q) -> Breaker<C>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hashing.hash_one(key);
        // The table uses the lowest bits and the highest seven.
        let part = &self.parts[(hash >> 40) as usize % self.parts.len()];
        // The guard must be gone before the part is locked for writing.
        let known = read(part).find(hash, key).ok().map(Entry::touch);
        known.unwrap_or_else(|| self.insert(part, hash, key))
    }

    #[cold]
    fn insert<Q>(&self, part: &RwLock<Part<K, C>>, hash: u64, key: &Q) -> Breaker<C>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let mut part = part.write().unwrap_or_else(PoisonError::into_inner);
        if let Ok(entry) = part.find(hash, key) {
            return entry.touch();
        }
        if part.keys.len() >= self.room {
            part.forget_one();
        }
        let Err(place) = part.find(hash, key) else { unreachable!("it was not there") };
        // The same in every program, unlike the hash above.
        let fixed = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        let seed = self.seed.wrapping_add(fixed);
        let breaker = Breaker::shared(self.settings.clone(), seed, self.clock.clone(), self.shards);
        let entry =
            Entry { key: key.to_owned(), breaker: breaker.clone(), used: AtomicBool::new(true) };
        part.keys.insert(place, entry);
        part.order.push(place);
        breaker
    }
}

impl<K, C> Part<K, C> {
    /// The entry of a key, or where it would go.
    fn find<Q>(&self, hash: u64, key: &Q) -> Result<&Entry<K, C>, u64>
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

    /// Forgets a key: the hand goes round until it finds one that may go, at first by strict measures.
    fn forget_one(&mut self) {
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
    fn touch(&self) -> Breaker<C> {
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
        self.breaker.clone()
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
