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
pub struct AdaptivePermit<'a, C: Clock = MonotonicClock> {
    breaker: &'a Arc<Shared<C>>,
    call: Option<Call>,
}

/// An [`AdaptivePermit`] that owns a share of the breaker.
#[must_use = "a permit that is dropped at once lets the call go unseen"]
pub struct OwnedAdaptivePermit<C: Clock = MonotonicClock> {
    breaker: Arc<Shared<C>>,
    call: Option<Call>,
}

/// A call under way.
#[derive(Debug)]
pub(super) struct Call {
    /// `None` where the breaker had no say.
    pub(super) ticket: Option<Ticket>,
    pub(super) began: Duration,
}

impl<'a, C: Clock> AdaptivePermit<'a, C> {
    #[inline]
    pub(super) fn new(breaker: &'a Arc<Shared<C>>, call: Call) -> Self {
        Self { breaker, call: Some(call) }
    }

    /// The same permit, to go where a borrow cannot.
    pub fn into_owned(mut self) -> OwnedAdaptivePermit<C> {
        OwnedAdaptivePermit { breaker: self.breaker.clone(), call: self.call.take() }
    }
}

impl<C: Clock> OwnedAdaptivePermit<C> {
    #[inline]
    pub(super) fn new(breaker: Arc<Shared<C>>, call: Call) -> Self {
        Self { breaker, call: Some(call) }
    }
}

impl<C: Clock> Shared<C> {
    /// A call has ended now.
    #[inline]
    fn end(&self, call: Call, outcome: Outcome) {
        self.step(|inside| {
            let now = self.now();
            inside.record(call.ticket, now, outcome, now.saturating_sub(call.began));
        });
    }

    /// A permit was dropped.
    #[cold]
    fn give_up(&self, call: Call) {
        match self.dropped {
            Some(outcome) => self.end(call, outcome),
            None => self.step(|inside| inside.release(call.ticket, self.now())),
        }
    }
}

/// The same for both.
macro_rules! ends {
    ($permit:ty) => {
        impl<C: Clock> $permit {
            /// When the permit was given, as the time since the breaker's start.
            #[must_use]
            pub fn began(&self) -> Duration {
                self.call.as_ref().map_or(Duration::ZERO, |call| call.began)
            }

            /// Whether the call is a probe of an open circuit.
            #[must_use]
            pub fn is_probe(&self) -> bool {
                let ticket = self.call.as_ref().and_then(|call| call.ticket.as_ref());
                ticket.is_some_and(Ticket::is_probe)
            }

            /// The call has ended now, the time since the permit was given being its latency.
            #[inline]
            pub fn record(mut self, outcome: Outcome) {
                if let Some(call) = self.call.take() {
                    self.breaker.end(call, outcome);
                }
            }

            /// [`Outcome::Success`].
            #[inline]
            pub fn success(self) {
                self.record(Outcome::Success);
            }

            /// [`Outcome::Failure`].
            pub fn failure(self) {
                self.record(Outcome::Failure);
            }

            /// The call has ended at a time since the breaker's start, after a latency.
            #[inline]
            pub fn record_at(mut self, now: Duration, outcome: Outcome, latency: Duration) {
                if let Some(call) = self.call.take() {
                    self.breaker.step(|inside| inside.record(call.ticket, now, outcome, latency));
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
                    self.breaker.step(|inside| inside.release(call.ticket, now));
                }
            }
        }

        impl<C: Clock> Drop for $permit {
            #[inline]
            fn drop(&mut self) {
                if let Some(call) = self.call.take() {
                    self.breaker.give_up(call);
                }
            }
        }

        impl<C: Clock> fmt::Debug for $permit {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("AdaptivePermit").field("call", &self.call).finish_non_exhaustive()
            }
        }
    };
}

ends!(AdaptivePermit<'_, C>);
ends!(OwnedAdaptivePermit<C>);
