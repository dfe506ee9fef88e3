//! What a call through a live breaker that tunes itself holds while it is under way.

use super::Shared;
use crate::breaker::{Clock, MonotonicClock, Outcome, Ticket};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The right to make one call through a [`LiveAdaptiveBreaker`](super::LiveAdaptiveBreaker). Record
/// how the call ended, once; a permit that is dropped instead gives its place back and counts as
/// nothing, or as [configured](super::LiveAdaptiveBuilder::dropped).
#[must_use = "a permit that is dropped at once lets the call go unseen"]
pub struct AdaptivePermit<C: Clock = MonotonicClock> {
    breaker: Arc<Shared<C>>,
    call: Option<Call>,
}

/// A call under way.
#[derive(Debug)]
struct Call {
    /// `None` where the breaker had no say.
    ticket: Option<Ticket>,
    began: Duration,
}

impl<C: Clock> AdaptivePermit<C> {
    pub(super) fn new(breaker: Arc<Shared<C>>, ticket: Option<Ticket>, began: Duration) -> Self {
        Self { breaker, call: Some(Call { ticket, began }) }
    }

    /// Whether the call is a probe of an open circuit.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.call.as_ref().and_then(|call| call.ticket.as_ref()).is_some_and(Ticket::is_probe)
    }

    /// The call has ended now, the time since the permit was given being its latency.
    pub fn record(mut self, outcome: Outcome) {
        self.end(outcome);
    }

    /// [`Outcome::Success`].
    pub fn success(self) {
        self.record(Outcome::Success);
    }

    /// [`Outcome::Failure`].
    pub fn failure(self) {
        self.record(Outcome::Failure);
    }

    /// The call has ended at a time since the breaker's start, after a latency.
    pub fn record_at(mut self, now: Duration, outcome: Outcome, latency: Duration) {
        if let Some(call) = self.call.take() {
            self.breaker.update(|inside| inside.record(call.ticket, now, outcome, latency));
        }
    }

    /// Gives the place back; nothing is recorded, whatever is configured for dropped permits.
    pub fn release(self) {
        let now = self.breaker.now();
        self.release_at(now);
    }

    /// [`release`](Self::release) at a time since the breaker's start.
    pub fn release_at(mut self, now: Duration) {
        if let Some(call) = self.call.take() {
            self.breaker.update(|inside| inside.release(call.ticket, now));
        }
    }

    fn end(&mut self, outcome: Outcome) {
        let Some(call) = self.call.take() else { return };
        self.breaker.update(|inside| {
            let now = self.breaker.now();
            inside.record(call.ticket, now, outcome, now.saturating_sub(call.began));
        });
    }
}

impl<C: Clock> Drop for AdaptivePermit<C> {
    fn drop(&mut self) {
        if let Some(outcome) = self.breaker.dropped {
            self.end(outcome);
        } else if let Some(call) = self.call.take() {
            self.breaker.update(|inside| inside.release(call.ticket, self.breaker.now()));
        }
    }
}

impl<C: Clock> fmt::Debug for AdaptivePermit<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdaptivePermit").field("call", &self.call).finish_non_exhaustive()
    }
}
