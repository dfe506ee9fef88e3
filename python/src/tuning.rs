//! A breaker that tunes itself, for threads and tasks.

use crate::circuit::Refusal;
use crate::listeners::Listeners;
use forewarn::breaker::{
    AdaptiveBreaker, BreakerMetrics, Force, Gate, Outcome, Reason, State, Ticket, Transition,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The breaker behind a lock, what it has counted, and what an operator has imposed on it.
#[derive(Debug)]
pub(crate) struct Tuning {
    inside: Mutex<Inside>,
    listeners: Arc<Listeners>,
}

#[derive(Debug)]
struct Inside {
    breaker: AdaptiveBreaker,
    forced: Option<Force>,
    metrics: BreakerMetrics,
    /// Transitions that listeners have not been told of.
    pending: VecDeque<Transition>,
    /// A thread is telling them; it will tell those that come meanwhile.
    telling: bool,
}

impl Inside {
    fn state(&self) -> State {
        match self.forced {
            None => self.breaker.state(),
            Some(Force::Open) => State::ForcedOpen,
            Some(Force::Closed) => State::ForcedClosed,
            Some(Force::Shadow) => State::Disabled,
        }
    }
}

impl Tuning {
    pub(crate) fn new(breaker: AdaptiveBreaker, listeners: Arc<Listeners>) -> Self {
        let inside = Inside {
            breaker,
            forced: None,
            metrics: BreakerMetrics::default(),
            pending: VecDeque::new(),
            telling: false,
        };
        Self { inside: Mutex::new(inside), listeners }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step; listeners are told of its transition outside the lock.
    #[inline]
    fn step<R>(&self, step: impl FnOnce(&mut Inside) -> R) -> R {
        let mut inside = self.lock();
        let generation = inside.breaker.generation();
        let result = step(&mut inside);
        if inside.breaker.generation() != generation {
            let transition = inside.breaker.last_transition();
            inside.pending.extend(transition);
        }
        let news = !inside.pending.is_empty();
        drop(inside);
        if news {
            self.tell();
        }
        result
    }

    #[cold]
    fn tell(&self) {
        loop {
            let mut inside = self.lock();
            if inside.telling {
                return;
            }
            let Some(transition) = inside.pending.pop_front() else { return };
            inside.telling = true;
            drop(inside);
            self.listeners.tell(&transition);
            self.lock().telling = false;
        }
    }

    /// A ticket; `None` for a call that is let through whatever the breaker thinks.
    #[inline]
    pub(crate) fn acquire(&self, now: Duration) -> Result<Option<Ticket>, Refusal> {
        self.step(|inside| {
            match inside.forced {
                Some(Force::Closed) => return Ok(None),
                Some(Force::Open) => {
                    inside.metrics.rejected += 1;
                    return Err(Refusal { state: State::ForcedOpen, retry_after: None });
                }
                Some(Force::Shadow) | None => {}
            }
            match inside.breaker.acquire(now) {
                Ok(ticket) => {
                    inside.metrics.probes += u64::from(ticket.is_probe());
                    Ok(Some(ticket))
                }
                Err(_) if inside.forced.is_some() => {
                    inside.metrics.would_reject += 1;
                    Ok(None)
                }
                Err(refusal) => {
                    inside.metrics.rejected += 1;
                    Err(refusal)
                }
            }
        })
    }

    #[inline]
    pub(crate) fn record(
        &self,
        ticket: Option<Ticket>,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) {
        self.step(|inside| {
            match outcome {
                Outcome::Success => inside.metrics.successes += 1,
                Outcome::Failure => inside.metrics.failures += 1,
                Outcome::Ignored => inside.metrics.ignored += 1,
            }
            if let Some(ticket) = ticket {
                inside.breaker.record(ticket, now, outcome, latency);
            }
        });
    }

    pub(crate) fn release(&self, ticket: Option<Ticket>, now: Duration) {
        self.step(|inside| {
            inside.metrics.cancelled += 1;
            if let Some(ticket) = ticket {
                inside.breaker.release(ticket, now);
            }
        });
    }

    pub(crate) fn tick(&self, now: Duration) {
        self.step(|inside| inside.breaker.tick(now));
    }

    pub(crate) fn force(&self, force: Option<Force>, now: Duration) {
        self.step(|inside| {
            let from = inside.state();
            inside.forced = force;
            let (to, generation) = (inside.state(), inside.breaker.generation());
            if from != to {
                let (reason, open_for) = (Reason::Forced, None);
                let told = Transition { from, to, at: now, generation, reason, open_for };
                inside.pending.push_back(told);
            }
        });
    }

    pub(crate) fn state(&self) -> State {
        self.lock().state()
    }

    /// The share of calls that is let through.
    pub(crate) fn share(&self) -> f64 {
        let inside = self.lock();
        match inside.forced {
            None => inside.breaker.share(),
            Some(Force::Open) => 0.0,
            Some(Force::Closed | Force::Shadow) => 1.0,
        }
    }

    pub(crate) fn metrics(&self) -> BreakerMetrics {
        let inside = self.lock();
        let mut metrics = inside.metrics;
        metrics.opened = inside.breaker.trips();
        metrics.transitions = inside.breaker.generation();
        metrics.clock_steps_back = inside.breaker.clock_steps_back();
        metrics
    }

    /// A copy of the breaker as it is.
    pub(crate) fn snapshot(&self) -> AdaptiveBreaker {
        self.lock().breaker.clone()
    }
}
