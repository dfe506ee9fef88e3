//! What the permit of a live breaker carries.

use crate::breaker::machine::time::Nanos;
use crate::breaker::machine::{EPOCHS, Kind, Machine, Ticket};

/// The time of nothing.
pub(super) const UNKNOWN: Nanos = Nanos::MAX;

/// A call that was let through by a live breaker: a [`Ticket`] in pieces that fit into registers,
/// and when the call began. Its permit uses it once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass {
    pub(super) generation: u64,
    pub(super) kind: Passing,
    /// The number of the count of calls in flight that the call is part of; 0 for none.
    pub(super) tracking: u32,
    /// Where a call is counted among those in flight, if it is.
    pub(super) place: u8,
    /// The number of a probe; of another call, when it began as calls in flight are counted.
    pub(super) number: u64,
    /// When the call began; [`UNKNOWN`] where that does not matter.
    pub(super) began: Nanos,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    Normal,
    Probe,
    Free,
}

impl Pass {
    pub(super) fn new(ticket: &Ticket, began: Nanos, machine: &Machine) -> Self {
        let (kind, number, tracking) = match ticket.kind {
            Kind::Normal { began, tracking } => (Passing::Normal, began, tracking),
            Kind::Probe(probe) => (Passing::Probe, probe, 0),
            Kind::Free => (Passing::Free, 0, 0),
        };
        let place = machine.tracking().map_or(0, |(half, _)| number / half % EPOCHS as u64) as u8;
        Self { generation: ticket.generation, kind, tracking, place, number, began }
    }

    /// Of a call that changes nothing when it begins, but perhaps the count of those in flight.
    #[inline]
    pub(super) fn light(
        generation: u64,
        kind: Passing,
        (tracking, place): (u32, u8),
        number: u64,
        began: Nanos,
    ) -> Self {
        Self { generation, kind, tracking, place, number, began }
    }

    pub(super) fn ticket(self) -> Ticket {
        let kind = match self.kind {
            Passing::Normal => Kind::Normal { began: self.number, tracking: self.tracking },
            Passing::Probe => Kind::Probe(self.number),
            Passing::Free => Kind::Free,
        };
        Ticket { generation: self.generation, kind }
    }

    /// Whether it is a probe of a half-open circuit.
    pub(super) fn is_probe(self) -> bool {
        self.kind == Passing::Probe
    }
}
