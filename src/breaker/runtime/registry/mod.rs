//! A breaker for each of many keys.

mod hashing;
mod params;
mod part;

pub use params::BreakerRegistryParams;

use super::clock::{Clock, MonotonicClock};
use super::events::Listener;
use super::live::Breaker;
use crate::breaker::{BreakerMetrics, BreakerSettings, Outcome, State, Transition};
use crate::error::Result;
use hashing::Hashing;
use part::{Entry, Part};
use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Parts that are locked one by one.
const PARTS: usize = 16;

/// A breaker for each host, tenant or route that calls go to, in bounded memory.
///
/// Looking up a known key takes a shared lock of one of sixteen parts for some 30 ns. Keys are hashed
/// quickly, by the registry's seed: where strangers choose them, choose a
/// [seed](BreakerRegistryParams::seed) that they cannot guess, or they may choose such as are all
/// looked for in one place, and make look-ups as slow as going through a sixteenth of the keys. A key that is new where there is
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
    /// Locked before any part.
    common: RwLock<Common<K>>,
    /// Keys in a part at most.
    room: usize,
    seed: u64,
    dropped: Option<Outcome>,
    shards: usize,
    clock: C,
    hashing: Hashing,
    parts: Box<[RwLock<Part<K, C>>]>,
}

/// Makes the listener of a key's breaker.
type ListenerOfKey<K> = dyn Fn(&K) -> Listener + Send + Sync;

/// What breakers are given that are to come.
struct Common<K> {
    settings: Arc<BreakerSettings>,
    listeners: Vec<Box<ListenerOfKey<K>>>,
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

    /// The settings of breakers that are to come.
    #[must_use]
    pub fn settings(&self) -> BreakerSettings {
        *read(&self.common).settings
    }

    /// Changes the settings of all breakers, those to come included; each keeps its state, generation
    /// and window as [`Breaker::set_settings`] says. Those of one key: `get(key).set_settings(…)`. O(keys).
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range; then nothing is
    /// changed.
    pub fn set_settings(&self, settings: BreakerSettings) -> Result<()> {
        settings.check()?;
        let settings = Arc::new(settings);
        let mut common = write(&self.common);
        common.settings = settings.clone();
        self.each(|entry| entry.breaker.share_settings(settings.clone()));
        Ok(())
    }

    /// Has a function called at every transition of every key, those to come included, as
    /// [`Breaker::listen`] says; transitions of different keys may be told at the same time. O(keys);
    /// each key takes some 200 bytes more from then on.
    pub fn listen(&self, listener: impl Fn(&K, &Transition) + Send + Sync + 'static)
    where
        K: Clone + Send + Sync + 'static,
    {
        let listener = Arc::new(listener);
        let of = move |key: &K| -> Listener {
            let (key, listener) = (key.clone(), listener.clone());
            Arc::new(move |transition| listener(&key, transition))
        };
        let mut common = write(&self.common);
        self.each(|entry| entry.breaker.add_listener(of(&entry.key)));
        common.listeners.push(Box::new(of));
    }

    fn each(&self, mut act: impl FnMut(&Entry<K, C>)) {
        self.parts.iter().for_each(|part| read(part).keys.values().for_each(&mut act));
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
    /// Without keys.
    fn with(params: &BreakerRegistryParams, clock: C) -> Self {
        let &BreakerRegistryParams { settings, max_keys, seed, dropped, shards } = params;
        let parts = PARTS.min(max_keys);
        let common = Common { settings: Arc::new(settings), listeners: Vec::new() };
        Self {
            common: RwLock::new(common),
            room: max_keys / parts,
            seed,
            dropped,
            shards,
            clock,
            hashing: Hashing::new(seed),
            parts: (0..parts).map(|_| RwLock::default()).collect(),
        }
    }

    /// The breaker of a key; a new one for a key that is not known.
    pub fn get<Q>(&self, key: &Q) -> Breaker<C>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hashing.hash_one(key);
        // The table uses the lowest bits and the highest seven.
        let middle = u64::from((hash >> 16) as u32);
        let part = &self.parts[((middle * self.parts.len() as u64) >> 32) as usize];
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
        let common = read(&self.common);
        let mut part = write(part);
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
        let owned = key.to_owned();
        let breaker = Breaker::shared(
            common.settings.clone(),
            seed,
            self.clock.clone(),
            self.shards,
            self.dropped,
            common.listeners.iter().map(|listener| listener(&owned)).collect(),
        );
        part.insert(place, Entry::new(owned, breaker.clone()));
        breaker
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
