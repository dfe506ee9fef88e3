//! What a call that is let through carries until it ends.

use super::time::Nanos;
use crate::breaker::{Outcome, Rejected, Transition};
use std::time::Duration;

/// A call that was let through: to be given back once, with
/// [`record`](super::Machine::record) or [`release`](super::Machine::release). It cannot be copied.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a call that is let through must be recorded or released, or its place is lost"]
pub struct Ticket {
    /// The generation that let the call through.
    pub(in crate::breaker) generation: u64,
    pub(in crate::breaker) kind: Kind,
}

/// What a call's result is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::breaker) enum Kind {
    /// Everything; when it began and the number of the count, where calls in flight are counted.
    Normal { began: Nanos, tracking: u32 },
    /// It decides whether the circuit closes; the number of the probe.
    Probe(u64),
    /// Nothing: the circuit is forced closed, or would have rejected the call.
    Free,
}

impl Ticket {
    /// The generation that let the call through.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether the call is a probe of a half-open circuit.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        matches!(self.kind, Kind::Probe(_))
    }
}

/// Anything that lets calls through or not and learns from how they end: what logs are replayed
/// through and what simulations drive.
pub trait Gate {
    /// Asks for a call to be let through at a time since the caller's start.
    ///
    /// # Errors
    /// [`Rejected`] if it is not; with when to come back.
    fn acquire(&mut self, now: Duration) -> Result<Ticket, Rejected>;

    /// Tells how it ended, and after how long; the transition that this brings about, if any.
    fn record(
        &mut self,
        ticket: Ticket,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) -> Option<Transition>;

    /// Gives the place of a call back that was given up.
    fn release(&mut self, ticket: Ticket, now: Duration);
}
