//! The breaker that services hold.

use super::clock::{Clock, MonotonicClock};
use super::core::{Core, Pass};
use super::events::Listener;
use super::permit::{OwnedPermit, Permit};
use crate::breaker::machine::time::{Nanos, nanos};
use crate::breaker::{
    BreakerMetrics, BreakerSettings, Force, Machine, Outcome, Rejected, State, Transition,
};
use crate::error::{Error, Result};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A circuit breaker for any number of threads and tasks. Clones are one breaker.
///
/// It runs a [`Machine`]. While the circuit is closed, a good call takes no lock and writes to no
/// memory that another thread writes to; a call that fails or is slow, and every call while the
/// circuit is not closed, takes a lock for the time of one step of the machine. No lock is held
/// during calls or while listeners are told.
///
/// One thread alone sees exactly what the machine does. With several, a good call that ends while
/// another thread takes the lock counts before or after that one; one that ends at the very end of a
/// time bucket may count in the next. None is lost or counted twice.
///
/// ```
/// use forewarn::breaker::{Breaker, BreakerSettings, CallError, State, Trip};
///
/// let breaker = Breaker::new(BreakerSettings::default().trip(Trip::Consecutive { failures: 3 }))?;
/// assert_eq!(breaker.call(|| "41".parse::<u32>()).unwrap(), 41);
/// for _ in 0..3 {
///     let failed = breaker.call(|| "forty-one".parse::<u32>());
///     assert!(matches!(failed, Err(CallError::Failed(_))));
/// }
/// assert_eq!(breaker.state(), State::Open);
/// let rejected = breaker.call(|| "42".parse::<u32>());
/// assert!(matches!(rejected, Err(CallError::Rejected(_))));
/// # Ok::<(), forewarn::Error>(())
/// ```
pub struct Breaker<C = MonotonicClock>(pub(super) Arc<Inner<C>>);

pub(super) struct Inner<C> {
    core: Core,
    clock: C,
    /// What is added to its times: a breaker that was resumed goes on where it was.
    offset: Nanos,
    /// What a permit that is dropped counts as; `None` for nothing.
    dropped: Option<Outcome>,
}

impl<C> Clone for Breaker<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> fmt::Debug for Breaker<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("machine", &self.snapshot()).finish_non_exhaustive()
    }
}

impl Breaker {
    /// A closed circuit with these settings, the operating system's clock, and seed 0.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn new(settings: BreakerSettings) -> Result<Self> {
        Self::builder(settings).build()
    }

    /// A breaker with more to choose than settings.
    pub fn builder(settings: BreakerSettings) -> BreakerBuilder {
        BreakerBuilder {
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
        let inner = Inner { core, clock: self.clock, offset, dropped: self.dropped };
        Ok(Breaker(Arc::new(inner)))
    }
}

impl<C: Clock> Breaker<C> {
    /// Asks for a call to be let through, now.
    ///
    /// # Errors
    /// [`Rejected`] if it is not; with when to come back.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_, C>, Rejected> {
        let inner = &*self.0;
        Ok(Permit::new(inner, inner.acquire()?))
    }

    /// Asks for a call to be let through at a time since the breaker's start, for callers with a
    /// clock of their own. End the call by [`Permit::record_at`].
    ///
    /// # Errors
    /// [`Rejected`] if it is not; with when to come back.
    pub fn try_acquire_at(&self, now: Duration) -> Result<Permit<'_, C>, Rejected> {
        Ok(Permit::new(&self.0, self.0.core.acquire(|| nanos(now))?))
    }

    /// [`try_acquire`](Self::try_acquire), for a permit that goes where a borrow cannot.
    ///
    /// # Errors
    /// [`Rejected`] if the call is not let through; with when to come back.
    pub fn try_acquire_owned(&self) -> Result<OwnedPermit<C>, Rejected> {
        Ok(OwnedPermit::new(self.0.clone(), self.0.acquire()?))
    }

    /// [`try_acquire_at`](Self::try_acquire_at), for a permit that goes where a borrow cannot.
    ///
    /// # Errors
    /// [`Rejected`] if the call is not let through; with when to come back.
    pub fn try_acquire_owned_at(&self, now: Duration) -> Result<OwnedPermit<C>, Rejected> {
        Ok(OwnedPermit::new(self.0.clone(), self.0.core.acquire(|| nanos(now))?))
    }

    /// Lets time act where no call does: calls become overdue, open times end, ramps go on.
    #[expect(clippy::must_use_candidate, reason = "the transition is news, not a result")]
    pub fn tick(&self) -> Option<Transition> {
        self.0.core.update(|machine| machine.tick(self.now()))
    }

    /// Imposes a state; `None` if it is imposed already.
    #[expect(clippy::must_use_candidate, reason = "as above")]
    pub fn force(&self, force: Force) -> Option<Transition> {
        self.0.core.update(|machine| machine.force(force, self.now()))
    }

    /// Lets the circuit decide for itself again; `None` if it does already.
    #[expect(clippy::must_use_candidate, reason = "as above")]
    pub fn unforce(&self) -> Option<Transition> {
        self.0.core.update(|machine| machine.unforce(self.now()))
    }

    /// The time since the breaker's start, which for one that was resumed was another's.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.0.nanos())
    }
}

impl<C: Clock> Breaker<C> {
    /// A breaker with settings that have been checked.
    pub(super) fn shared(
        settings: Arc<BreakerSettings>,
        seed: u64,
        clock: C,
        shards: usize,
    ) -> Self {
        let core = Core::new(Machine::shared(settings, seed), shards, Vec::new());
        Self(Arc::new(Inner { core, clock, offset: 0, dropped: None }))
    }
}

impl<C> Breaker<C> {
    /// Whether there are other clones, or permits that own a share.
    pub(super) fn is_held(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Changes the settings and keeps state, generation and window: [`Machine::set_settings`]. Calls
    /// under way that began when latencies did not matter count as quick.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range; then nothing is changed.
    pub fn set_settings(&self, settings: BreakerSettings) -> Result<()> {
        self.0.core.update(|machine| machine.set_settings(settings))
    }

    /// What the circuit does with calls. Time alone does not change it: [`tick`](Self::tick) does.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.core.look(Machine::state)
    }

    /// Whether calls are let through without a lock: the circuit is closed, or does not decide.
    #[cfg(feature = "tower")]
    pub(crate) fn is_passing(&self) -> bool {
        self.0.core.is_passing()
    }

    /// What has been counted.
    #[must_use]
    pub fn metrics(&self) -> BreakerMetrics {
        self.0.core.look(Machine::metrics)
    }

    /// The machine as it is: to be saved, or to be asked for more.
    #[must_use]
    pub fn snapshot(&self) -> Machine {
        self.0.core.look(Clone::clone)
    }

    /// Has a function called at every transition, one at a time and in their order, in the thread of
    /// a call that brought one about, outside any lock. It may call the breaker: transitions that it
    /// brings about are told when it has returned. Its panics are caught.
    pub fn listen(&self, listener: impl Fn(&Transition) + Send + Sync + 'static) {
        self.0.core.listen(Arc::new(listener));
    }
}

impl<C: Clock> Inner<C> {
    /// The time since the start.
    #[inline]
    fn nanos(&self) -> Nanos {
        self.clock.nanos().saturating_add(self.offset)
    }

    #[inline]
    fn acquire(&self) -> Result<Pass, Rejected> {
        self.core.acquire(|| self.nanos())
    }

    #[inline]
    pub(super) fn end(&self, pass: Pass, outcome: Outcome) {
        self.core.end(pass, outcome, None, || self.nanos());
    }

    pub(super) fn end_at(&self, pass: Pass, outcome: Outcome, now: Duration, latency: Duration) {
        self.core.end(pass, outcome, Some(nanos(latency)), || nanos(now));
    }

    /// A permit was dropped.
    #[cold]
    pub(super) fn give_up(&self, pass: Pass) {
        match self.dropped {
            Some(outcome) => self.end(pass, outcome),
            None => self.core.release(pass, || self.nanos()),
        }
    }

    /// A permit was given back, with nothing to record.
    pub(super) fn release(&self, pass: Pass) {
        self.core.release(pass, || self.nanos());
    }

    pub(super) fn release_at(&self, pass: Pass, now: Duration) {
        self.core.release(pass, || nanos(now));
    }
}
