//! What a call holds while it is under way.

use super::clock::{Clock, MonotonicClock};
use super::live::Inner;
use super::pass::Pass;
use crate::breaker::Outcome;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The right to make one call. Record how the call ended, once; a permit that is dropped instead, be
/// it by a panic, an early return or a cancelled task, gives its place back and counts as nothing, or
/// as [configured](super::BreakerBuilder::dropped).
#[must_use = "a permit that is dropped at once lets the call go unseen"]
pub struct Permit<'a, C: Clock = MonotonicClock> {
    breaker: &'a Inner<C>,
    pass: Pass,
}

/// A [`Permit`] that owns a share of the breaker.
#[must_use = "a permit that is dropped at once lets the call go unseen"]
pub struct OwnedPermit<C: Clock = MonotonicClock> {
    breaker: Arc<Inner<C>>,
    pass: Option<Pass>,
}

impl<'a, C: Clock> Permit<'a, C> {
    #[inline]
    pub(super) fn new(breaker: &'a Inner<C>, pass: Pass) -> Self {
        Self { breaker, pass }
    }

    /// The breaker and the pass of a permit that is used.
    #[inline]
    fn take(self) -> (&'a Inner<C>, Option<Pass>) {
        let parts = (self.breaker, Some(self.pass));
        std::mem::forget(self);
        parts
    }

    /// Whether the call is a probe of a half-open circuit.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.pass.is_probe()
    }
}

impl<C: Clock> Drop for Permit<'_, C> {
    #[inline]
    fn drop(&mut self) {
        self.breaker.give_up(self.pass);
    }
}

impl<C: Clock> OwnedPermit<C> {
    pub(super) fn new(breaker: Arc<Inner<C>>, pass: Pass) -> Self {
        Self { breaker, pass: Some(pass) }
    }

    fn take(mut self) -> (Arc<Inner<C>>, Option<Pass>) {
        (self.breaker.clone(), self.pass.take())
    }

    /// Whether the call is a probe of a half-open circuit.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.pass.is_some_and(Pass::is_probe)
    }
}

impl<C: Clock> Drop for OwnedPermit<C> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.breaker.give_up(pass);
        }
    }
}

/// The same for both.
macro_rules! ends {
    ($permit:ty) => {
        impl<C: Clock> $permit {
            /// The call has ended now, the time since the permit was given being its latency.
            #[inline]
            pub fn record(self, outcome: Outcome) {
                if let (breaker, Some(pass)) = self.take() {
                    breaker.end(pass, outcome);
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
            pub fn record_at(self, now: Duration, outcome: Outcome, latency: Duration) {
                if let (breaker, Some(pass)) = self.take() {
                    breaker.end_at(pass, outcome, now, latency);
                }
            }

            /// Gives the place back; nothing is recorded, whatever is configured for dropped permits.
            pub fn release(self) {
                if let (breaker, Some(pass)) = self.take() {
                    breaker.release(pass);
                }
            }

            /// [`release`](Self::release) at a time since the breaker's start.
            pub fn release_at(self, now: Duration) {
                if let (breaker, Some(pass)) = self.take() {
                    breaker.release_at(pass, now);
                }
            }
        }

        impl<C: Clock> fmt::Debug for $permit {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("Permit").field("pass", &self.pass).finish_non_exhaustive()
            }
        }
    };
}

ends!(Permit<'_, C>);
ends!(OwnedPermit<C>);
