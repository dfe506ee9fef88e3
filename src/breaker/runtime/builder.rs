//! What a live breaker is made of.

use super::clock::{Clock, MonotonicClock};
use super::core::Core;
use super::events::Listener;
use super::live::Breaker;
use crate::breaker::machine::time::nanos;
use crate::breaker::{BreakerSettings, Machine, Outcome, Transition};
use crate::error::{Error, Result};
use std::fmt;
use std::sync::Arc;

/// What a live breaker is made of.
#[must_use]
pub struct BreakerBuilder<C = MonotonicClock> {
    settings: BreakerSettings,
    seed: u64,
    clock: C,
    dropped: Option<Outcome>,
    shards: Option<usize>,
    machine: Option<Machine>,
    listeners: Vec<Listener>,
}

impl BreakerBuilder {
    pub(super) fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            seed: 0,
            clock: MonotonicClock::default(),
            dropped: None,
            shards: None,
            machine: None,
            listeners: Vec::new(),
        }
    }
}

impl<C> fmt::Debug for BreakerBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<C: Clock> BreakerBuilder<C> {
    /// Sets the seed of jitter and ramps. Give each service of a fleet another. Default 0.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets the clock. It must not call the breaker. Default: [`MonotonicClock`].
    pub fn clock<D: Clock>(self, clock: D) -> BreakerBuilder<D> {
        let Self { settings, seed, dropped, shards, machine, listeners, .. } = self;
        BreakerBuilder { settings, seed, clock, dropped, shards, machine, listeners }
    }

    /// Sets what a permit that is dropped before its call has ended counts as: by a panic, an early
    /// return, or a future that is dropped. Its place is given back anyway. Default `None`: as
    /// nothing.
    pub fn dropped(self, dropped: Option<Outcome>) -> Self {
        Self { dropped, ..self }
    }

    /// Sets for how many threads good calls are counted without a lock, 64 bytes each, from 0 to
    /// 1,024; further threads take the lock. Default: the number of cores, at most 8.
    pub fn shards(self, shards: usize) -> Self {
        Self { shards: Some(shards), ..self }
    }

    /// Goes on from a [snapshot](Breaker::snapshot) instead of afresh, with its settings and seed. If
    /// the clock is behind the latest time that it has seen, as in another program, time goes on from
    /// there.
    pub fn resume(self, machine: Machine) -> Self {
        Self { machine: Some(machine), ..self }
    }

    /// Adds a listener: [`Breaker::listen`].
    pub fn listen(mut self, listener: impl Fn(&Transition) + Send + Sync + 'static) -> Self {
        self.listeners.push(Arc::new(listener));
        self
    }

    /// The breaker.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn build(self) -> Result<Breaker<C>> {
        let cores = || std::thread::available_parallelism().map_or(8, usize::from).min(8);
        let shards = self.shards.unwrap_or_else(cores);
        if shards > 1_024 {
            let (name, allowed) = ("shards", "at most 1,024");
            return Err(Error::OutOfRange { name, value: shards as f64, allowed });
        }
        let machine = match self.machine {
            Some(machine) => machine,
            None => Machine::new(self.settings, self.seed)?,
        };
        let offset = nanos(machine.last_seen()).saturating_sub(self.clock.nanos());
        let core = Core::new(machine, shards, self.listeners);
        Ok(Breaker::with(core, self.clock, offset, self.dropped))
    }
}
