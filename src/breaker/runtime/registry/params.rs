//! How the breakers of a registry are made.

use super::BreakerRegistry;
use crate::breaker::{BreakerSettings, Clock, MonotonicClock, Outcome};
use crate::error::{Error, Result};
use std::hash::Hash;

/// How the breakers of a registry are made.
#[derive(Debug, Clone)]
pub struct BreakerRegistryParams {
    /// The settings of each.
    pub settings: BreakerSettings,
    /// Most keys that are remembered, from 1 to 100,000,000. Default 10,000.
    pub max_keys: usize,
    /// The seed; each breaker has one that is derived from it, and so has the table of keys. Default 0.
    pub seed: u64,
    /// What a permit that is dropped before its call has ended counts as; `None` for nothing. Default
    /// `None`.
    pub dropped: Option<Outcome>,
    /// For how many threads good calls of one breaker are counted without a lock, at most 1,024.
    /// Default 1.
    pub shards: usize,
}

impl BreakerRegistryParams {
    /// Defaults with these settings.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        Self { settings, max_keys: 10_000, seed: 0, dropped: None, shards: 1 }
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

    /// Sets [`dropped`](Self::dropped).
    #[must_use]
    pub fn dropped(self, dropped: Option<Outcome>) -> Self {
        Self { dropped, ..self }
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
        Ok(BreakerRegistry::with(&self, clock))
    }
}
