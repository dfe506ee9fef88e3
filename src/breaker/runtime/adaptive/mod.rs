//! The breaker that tunes itself, among threads.

mod inside;
mod permit;

pub use permit::{AdaptivePermit, OwnedAdaptivePermit};

use super::clock::{Clock, MonotonicClock};
use super::events::{Events, Listener};
use super::sync::{Mutex, MutexGuard, lock};
use crate::breaker::machine::time::{Nanos, nanos};
use crate::breaker::{
    AdaptiveBreaker, BreakerMetrics, Force, Outcome, Rejected, State, Transition,
};
use inside::Inside;
use permit::Call;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// An [`AdaptiveBreaker`] for any number of threads and tasks, with a clock, operators and listeners,
/// as [`Breaker`](super::Breaker) is for a [`Machine`](crate::breaker::Machine). Clones are one
/// breaker.
///
/// It learns from good calls as well, so every call takes a lock, twice, for the time of one step:
/// some 50 ns with the clock of feature `quanta`, some 120 with the system's. No lock is held during calls
/// or while listeners are told.
///
/// ```
/// use forewarn::breaker::{AdaptiveParams, Force, LiveAdaptiveBreaker, State};
///
/// let breaker = LiveAdaptiveBreaker::new(AdaptiveParams::default().start()?);
/// assert_eq!(breaker.call(|| "41".parse::<u32>()).unwrap(), 41);
/// for _ in 0..50 {
///     let _ = breaker.call(|| "forty-one".parse::<u32>());
/// }
/// assert_eq!(breaker.state(), State::Open);
/// breaker.force(Some(Force::Closed));
/// assert_eq!(breaker.call(|| "42".parse::<u32>()).unwrap(), 42);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub struct LiveAdaptiveBreaker<C = MonotonicClock>(Arc<Shared<C>>);

/// What clones and permits share.
struct Shared<C> {
    inside: Mutex<Inside>,
    events: Events,
    clock: C,
    /// What is added to its times: a breaker that was saved goes on where it was.
    offset: Nanos,
    dropped: Option<Outcome>,
}

impl<C> Clone for LiveAdaptiveBreaker<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> fmt::Debug for LiveAdaptiveBreaker<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inside = lock(&self.0.inside);
        f.debug_struct("LiveAdaptiveBreaker").field("inside", &*inside).finish_non_exhaustive()
    }
}

/// What a [`LiveAdaptiveBreaker`] is made of.
#[must_use]
pub struct LiveAdaptiveBuilder<C = MonotonicClock> {
    breaker: AdaptiveBreaker,
    clock: C,
    dropped: Option<Outcome>,
    listeners: Vec<Listener>,
}

impl<C> fmt::Debug for LiveAdaptiveBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveAdaptiveBuilder")
            .field("breaker", &self.breaker)
            .finish_non_exhaustive()
    }
}

impl<C: Clock> LiveAdaptiveBuilder<C> {
    /// Sets the clock. It must not call the breaker. Default: [`MonotonicClock`].
    pub fn clock<D: Clock>(self, clock: D) -> LiveAdaptiveBuilder<D> {
        let Self { breaker, dropped, listeners, .. } = self;
        LiveAdaptiveBuilder { breaker, clock, dropped, listeners }
    }

    /// Sets what a permit that is dropped before its call has ended counts as. Default `None`: as
    /// nothing.
    pub fn dropped(self, dropped: Option<Outcome>) -> Self {
        Self { dropped, ..self }
    }

    /// Adds a listener: [`LiveAdaptiveBreaker::listen`].
    pub fn listen(mut self, listener: impl Fn(&Transition) + Send + Sync + 'static) -> Self {
        self.listeners.push(Arc::new(listener));
        self
    }

    /// The breaker. If the clock is behind the latest time that it has seen, as in another program,
    /// time goes on from there.
    #[must_use]
    pub fn build(self) -> LiveAdaptiveBreaker<C> {
        let Self { breaker, clock, dropped, listeners } = self;
        let offset = nanos(breaker.last_seen()).saturating_sub(clock.nanos());
        let (inside, events) = (Mutex::new(Inside::new(breaker)), Events::new(listeners));
        LiveAdaptiveBreaker(Arc::new(Shared { inside, events, clock, offset, dropped }))
    }
}

impl LiveAdaptiveBreaker {
    /// Goes on from this breaker, be it new or saved, on the operating system's clock.
    #[must_use]
    pub fn new(breaker: AdaptiveBreaker) -> Self {
        Self::builder(breaker).build()
    }

    /// A breaker with more to choose.
    pub fn builder(breaker: AdaptiveBreaker) -> LiveAdaptiveBuilder {
        let (clock, listeners) = (MonotonicClock::default(), Vec::new());
        LiveAdaptiveBuilder { breaker, clock, dropped: None, listeners }
    }
}

impl<C: Clock> LiveAdaptiveBreaker<C> {
    /// Asks for a call to be let through, now.
    ///
    /// # Errors
    /// [`Rejected`] if it is not; with when to come back.
    #[inline]
    pub fn try_acquire(&self) -> Result<AdaptivePermit<'_, C>, Rejected> {
        Ok(AdaptivePermit::new(&self.0, self.0.acquire(|| self.now())?))
    }

    /// Asks for a call to be let through at a time since the breaker's start, for callers with a
    /// clock of their own. End the call by [`AdaptivePermit::record_at`].
    ///
    /// # Errors
    /// [`Rejected`] if it is not; with when to come back.
    #[inline]
    pub fn try_acquire_at(&self, now: Duration) -> Result<AdaptivePermit<'_, C>, Rejected> {
        Ok(AdaptivePermit::new(&self.0, self.0.acquire(|| now)?))
    }

    /// [`try_acquire`](Self::try_acquire), for a permit that goes where a borrow cannot.
    ///
    /// # Errors
    /// [`Rejected`] if the call is not let through; with when to come back.
    pub fn try_acquire_owned(&self) -> Result<OwnedAdaptivePermit<C>, Rejected> {
        Ok(OwnedAdaptivePermit::new(self.0.clone(), self.0.acquire(|| self.now())?))
    }

    /// [`try_acquire_at`](Self::try_acquire_at), for a permit that goes where a borrow cannot.
    ///
    /// # Errors
    /// [`Rejected`] if the call is not let through; with when to come back.
    #[inline]
    pub fn try_acquire_owned_at(&self, now: Duration) -> Result<OwnedAdaptivePermit<C>, Rejected> {
        Ok(OwnedAdaptivePermit::new(self.0.clone(), self.0.acquire(|| now)?))
    }

    /// Lets time act where no call does.
    #[expect(clippy::must_use_candidate, reason = "the transition is news, not a result")]
    pub fn tick(&self) -> Option<Transition> {
        self.0.update(|inside| inside.tick(self.now()))
    }

    /// [`tick`](Self::tick) at a time since the breaker's start.
    #[expect(clippy::must_use_candidate, reason = "as above")]
    pub fn tick_at(&self, now: Duration) -> Option<Transition> {
        self.0.update(|inside| inside.tick(now))
    }

    /// Imposes a state, or with `None` lets the breaker decide again, from the state that it is in;
    /// the transition, or `None` if it was so already. Forced open or closed it is told nothing of
    /// new calls, in shadow of all.
    #[expect(clippy::must_use_candidate, reason = "as above")]
    pub fn force(&self, force: Option<Force>) -> Option<Transition> {
        self.0.update(|inside| inside.force(force, self.now()))
    }

    /// [`force`](Self::force) at a time since the breaker's start.
    #[expect(clippy::must_use_candidate, reason = "as above")]
    pub fn force_at(&self, force: Option<Force>, now: Duration) -> Option<Transition> {
        self.0.update(|inside| inside.force(force, now))
    }

    /// The time since the breaker's start, which for one that was saved was another's.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.0.now()
    }
}

impl<C> LiveAdaptiveBreaker<C> {
    /// What the circuit does with calls.
    #[must_use]
    pub fn state(&self) -> State {
        lock(&self.0.inside).state()
    }

    /// What it would do with them if nobody forced it.
    #[must_use]
    pub fn inner_state(&self) -> State {
        lock(&self.0.inside).breaker().state()
    }

    /// The share of the traffic that is let through, from 0 to 1; probes do not count.
    #[must_use]
    pub fn share(&self) -> f64 {
        lock(&self.0.inside).share()
    }

    /// What has been counted. Late and slow calls are not counted apart.
    #[must_use]
    pub fn metrics(&self) -> BreakerMetrics {
        lock(&self.0.inside).metrics()
    }

    /// The breaker as it is, without what is imposed on it: to be saved, or to be asked for more.
    #[must_use]
    pub fn snapshot(&self) -> AdaptiveBreaker {
        lock(&self.0.inside).breaker().clone()
    }

    /// Has a function called at every transition: [`Breaker::listen`](super::Breaker::listen).
    pub fn listen(&self, listener: impl Fn(&Transition) + Send + Sync + 'static) {
        self.0.events.listen(Arc::new(listener));
    }
}

impl<C> Shared<C> {
    #[inline]
    fn acquire(&self, clock: impl Fn() -> Duration) -> Result<Call, Rejected> {
        // The time is read under the lock, so that it is not before one that the breaker has seen.
        let mut began = Duration::ZERO;
        let ticket = self.step(|inside| {
            began = clock();
            inside.acquire(began)
        })?;
        Ok(Call { ticket, began })
    }

    /// A step, and the transition that it brought about, of which listeners have been told outside
    /// the lock.
    fn update(&self, step: impl FnOnce(&mut Inside)) -> Option<Transition> {
        let mut inside = lock(&self.inside);
        step(&mut inside);
        self.publish(inside)
    }

    /// A step, as nearly all are, of which the caller asks no news.
    #[inline]
    fn step<R>(&self, step: impl FnOnce(&mut Inside) -> R) -> R {
        let mut inside = lock(&self.inside);
        let result = step(&mut inside);
        if inside.has_news() {
            self.publish(inside);
        }
        result
    }

    #[cold]
    fn publish(&self, mut inside: MutexGuard<'_, Inside>) -> Option<Transition> {
        let news = inside.news();
        if let Some(transition) = news {
            // Under the lock: in the order of the transitions.
            self.events.push(transition);
            drop(inside);
            self.events.tell();
        }
        news
    }
}

impl<C: Clock> Shared<C> {
    #[inline]
    fn now(&self) -> Duration {
        Duration::from_nanos(self.clock.nanos().saturating_add(self.offset))
    }
}
