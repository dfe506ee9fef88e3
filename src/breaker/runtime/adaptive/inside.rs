//! What is behind the lock of a live breaker that tunes itself.

use crate::breaker::{
    AdaptiveBreaker, BreakerMetrics, Force, Gate as _, Outcome, Reason, Rejected, State, Ticket,
    Transition,
};
use std::time::Duration;

/// The breaker that decides, what an operator has imposed on it, and what has been counted.
#[derive(Debug)]
pub(super) struct Inside {
    breaker: AdaptiveBreaker,
    forced: Option<Force>,
    /// Without what the breaker counts itself.
    metrics: BreakerMetrics,
    /// A transition that nobody has been told of.
    news: Option<Transition>,
}

impl Inside {
    pub(super) fn new(breaker: AdaptiveBreaker) -> Self {
        let transitions = breaker.generation();
        let metrics = BreakerMetrics { transitions, ..BreakerMetrics::default() };
        Self { breaker, forced: None, metrics, news: None }
    }

    pub(super) fn state(&self) -> State {
        match self.forced {
            None => self.breaker.state(),
            Some(Force::Open) => State::ForcedOpen,
            Some(Force::Closed) => State::ForcedClosed,
            Some(Force::Shadow) => State::Disabled,
        }
    }

    pub(super) fn breaker(&self) -> &AdaptiveBreaker {
        &self.breaker
    }

    pub(super) fn share(&self) -> f64 {
        match self.forced {
            None => self.breaker.share(),
            Some(Force::Open) => 0.0,
            Some(Force::Closed | Force::Shadow) => 1.0,
        }
    }

    pub(super) fn metrics(&self) -> BreakerMetrics {
        BreakerMetrics {
            opened: self.breaker.trips(),
            clock_steps_back: self.breaker.clock_steps_back(),
            ..self.metrics
        }
    }

    #[inline]
    pub(super) fn has_news(&self) -> bool {
        self.news.is_some()
    }

    /// The transition of the latest step, once.
    pub(super) fn news(&mut self) -> Option<Transition> {
        self.news.take()
    }

    /// A ticket; `None` for a call that is let through whatever the breaker thinks.
    #[inline]
    pub(super) fn acquire(&mut self, now: Duration) -> Result<Option<Ticket>, Rejected> {
        match self.forced {
            Some(Force::Closed) => return Ok(None),
            Some(Force::Open) => {
                count(&mut self.metrics.rejected);
                return Err(Rejected { state: State::ForcedOpen, retry_after: None });
            }
            Some(Force::Shadow) | None => {}
        }
        match self.watch(|breaker| breaker.ask(now)) {
            Ok(ticket) => {
                if ticket.is_probe() {
                    count(&mut self.metrics.probes);
                }
                Ok(Some(ticket))
            }
            Err(_) if self.forced.is_some() => {
                count(&mut self.metrics.would_reject);
                Ok(None)
            }
            Err(rejected) => {
                count(&mut self.metrics.rejected);
                Err(rejected)
            }
        }
    }

    #[inline]
    pub(super) fn record(
        &mut self,
        ticket: Option<Ticket>,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) {
        count(match outcome {
            Outcome::Success => &mut self.metrics.successes,
            Outcome::Failure => &mut self.metrics.failures,
            Outcome::Ignored => &mut self.metrics.ignored,
        });
        if let Some(ticket) = ticket {
            self.watch(|breaker| breaker.end(&ticket, now, outcome, latency));
        }
    }

    pub(super) fn release(&mut self, ticket: Option<Ticket>, now: Duration) {
        count(&mut self.metrics.cancelled);
        if let Some(ticket) = ticket {
            self.watch(|breaker| breaker.release(ticket, now));
        }
    }

    pub(super) fn tick(&mut self, now: Duration) {
        self.watch(|breaker| breaker.tick(now));
    }

    /// Imposes a state, or none. The breaker underneath keeps what it has learned, and its state.
    pub(super) fn force(&mut self, force: Option<Force>, now: Duration) {
        if self.forced == force {
            return;
        }
        let from = self.state();
        self.forced = force;
        let (to, at) = (self.state(), now.max(self.breaker.last_seen()));
        let (reason, open_for) = (Reason::Forced, None);
        self.tell(Transition { from, to, at, generation: 0, reason, open_for });
    }

    /// A step of the breaker, which may bring a transition about.
    #[inline]
    fn watch<R>(&mut self, step: impl FnOnce(&mut AdaptiveBreaker) -> R) -> R {
        let generation = self.breaker.generation();
        let result = step(&mut self.breaker);
        if self.breaker.generation() != generation {
            self.tell_latest();
        }
        result
    }

    #[cold]
    fn tell_latest(&mut self) {
        if let Some(transition) = self.breaker.last_transition() {
            self.tell(transition);
        }
    }

    /// Numbers a transition: those of the breaker and those of an operator count up together.
    fn tell(&mut self, transition: Transition) {
        count(&mut self.metrics.transitions);
        self.news = Some(Transition { generation: self.metrics.transitions, ..transition });
    }
}

fn count(counter: &mut u64) {
    *counter = counter.wrapping_add(1);
}
