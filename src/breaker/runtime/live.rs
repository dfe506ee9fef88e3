//! The breaker that services hold.

use super::builder::BreakerBuilder;
use super::clock::{Clock, MonotonicClock};
use super::core::Core;
use super::events::Listener;
use super::pass::Pass;
use super::permit::{OwnedPermit, Permit};
use crate::breaker::machine::time::{Nanos, nanos};
use crate::breaker::{
    BreakerMetrics, BreakerSettings, Force, Machine, Outcome, Rejected, State, Transition,
};
use crate::error::Result;
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
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn new(settings: BreakerSettings) -> Result<Self> {
        Self::builder(settings).build()
    }

    /// A breaker with more to choose than settings.
    pub fn builder(settings: BreakerSettings) -> BreakerBuilder {
        BreakerBuilder::new(settings)
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

    /// [`tick`](Self::tick) at a time since the breaker's start, for callers with a clock of their
    /// own.
    #[expect(clippy::must_use_candidate, reason = "as above")]
    pub fn tick_at(&self, now: Duration) -> Option<Transition> {
        self.0.core.update(|machine| machine.tick(now))
    }

    /// [`force`](Self::force), or with `None` [`unforce`](Self::unforce), at a time since the
    /// breaker's start.
    #[expect(clippy::must_use_candidate, reason = "as above")]
    pub fn force_at(&self, force: Option<Force>, now: Duration) -> Option<Transition> {
        self.0.core.update(|machine| match force {
            Some(force) => machine.force(force, now),
            None => machine.unforce(now),
        })
    }

    /// The time since the breaker's start, which for one that was resumed was another's.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.0.nanos())
    }
}

impl<C: Clock> Breaker<C> {
    /// A breaker for one of many keys, with settings that have been checked.
    pub(super) fn shared(
        settings: Arc<BreakerSettings>,
        seed: u64,
        clock: C,
        shards: usize,
        dropped: Option<Outcome>,
        listeners: Vec<Listener>,
    ) -> Self {
        let core = Core::new(Machine::shared(settings, seed), shards, listeners);
        Self::with(core, clock, 0, dropped)
    }

    /// A breaker of its parts.
    pub(super) fn with(core: Core, clock: C, offset: Nanos, dropped: Option<Outcome>) -> Self {
        Self(Arc::new(Inner { core, clock, offset, dropped }))
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
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range; then nothing is changed.
    pub fn set_settings(&self, settings: BreakerSettings) -> Result<()> {
        self.0.core.update(|machine| machine.set_settings(settings))
    }

    /// [`set_settings`](Self::set_settings) with settings that have been checked.
    pub(super) fn share_settings(&self, settings: Arc<BreakerSettings>) {
        self.0.core.update(|machine| machine.share_settings(settings));
    }

    /// Has a listener told of transitions from now on.
    pub(super) fn add_listener(&self, listener: Listener) {
        self.0.core.listen(listener);
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
