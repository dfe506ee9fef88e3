//! What a breaker would have done: the state machine on a course of events.

use super::batched::Batched;
use super::course::{Event, Kind};
use crate::breaker::machine::time::Nanos;
use crate::breaker::{BreakerSettings, Machine, Outcome, State, Ticket};
use crate::error::Result;

/// What happened in one stretch, or in all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) calls: f64,
    /// In good calls: what was lost, what failed, and what was held.
    pub(super) cost: f64,
    /// Of it, what calls cost that were made while the dependency was up.
    pub(super) cost_while_up: f64,
    /// Both of them with outages as they might as well have been, by which candidates are compared.
    pub(super) expected: f64,
    pub(super) expected_while_up: f64,
    pub(super) lost_good: f64,
    pub(super) failed: f64,
    /// Seconds that callers waited for failures.
    pub(super) wasted_seconds: f64,
    /// Calls let through half-open, and those of them that failed.
    pub(super) probes: f64,
    pub(super) failed_probes: f64,
    pub(super) opens: f64,
    /// Of them, while the dependency was up.
    pub(super) false_opens: f64,
}

impl Tally {
    /// Cost a call.
    pub(super) fn mean(&self) -> f64 {
        self.cost / self.calls.max(1.0)
    }

    pub(super) fn add(&mut self, other: &Self, weight: f64) {
        self.calls += weight * other.calls;
        self.cost += weight * other.cost;
        self.cost_while_up += weight * other.cost_while_up;
        self.expected += weight * other.expected;
        self.expected_while_up += weight * other.expected_while_up;
        self.lost_good += weight * other.lost_good;
        self.failed += weight * other.failed;
        self.wasted_seconds += weight * other.wasted_seconds;
        self.probes += weight * other.probes;
        self.failed_probes += weight * other.failed_probes;
        self.opens += weight * other.opens;
        self.false_opens += weight * other.false_opens;
    }
}

/// How long it took to notice outages, and their ends. Seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Delays {
    pub(super) detect: Vec<f64>,
    pub(super) recover: Vec<f64>,
}

/// The places of calls in the order in which they end; those that end at the same moment, in the
/// order in which they begin.
pub(super) fn landings(events: &[Event]) -> Vec<u32> {
    let mut places: Vec<u32> = (0..events.len() as u32).collect();
    places.sort_by_key(|&place| events[place as usize].end());
    places
}

/// A machine and what is under way.
struct Replay<'a> {
    machine: Batched,
    events: &'a [Event],
    landings: &'a [u32],
    /// So many of them are behind us.
    landed: usize,
    /// Of the calls under way.
    tickets: Vec<Option<Ticket>>,
}

impl Replay<'_> {
    /// Tells the machine of all that ends before this call begins.
    fn land(&mut self, at: usize) {
        let now = self.events[at].start;
        while let Some(&place) = self.landings.get(self.landed) {
            let place = place as usize;
            let event = &self.events[place];
            let end = event.end();
            // One that begins later and takes no time may end at this moment too.
            if end > now || place >= at {
                break;
            }
            self.landed += 1;
            if let Some(ticket) = self.tickets[place].take() {
                match event.kind {
                    Kind::Ends(outcome) => {
                        self.machine.record(ticket, end, outcome, event.latency);
                    }
                    Kind::Released => self.machine.release(ticket, end),
                }
            }
        }
    }
}

/// Replays part of a course. `landings` are its own; `stretches` are the ends (exclusive) of its
/// stretches, ascending; one tally each. `None` as settings is no breaker at all.
pub(super) fn replay(
    settings: Option<&BreakerSettings>,
    seed: u64,
    events: &[Event],
    landings: &[u32],
    stretches: &[usize],
    mut delays: Option<&mut Delays>,
) -> Result<Vec<Tally>> {
    let Some(settings) = settings else {
        return Ok(unprotected(events, stretches));
    };
    let machine = Batched::new(Machine::new(*settings, seed)?);
    let tickets = std::iter::repeat_with(|| None).take(events.len()).collect();
    let mut replay = Replay { machine, events, landings, landed: 0, tickets };
    let mut tallies = Vec::with_capacity(stretches.len());
    let mut watch = Watch::default();
    let mut at = 0;
    let mut was_closed = true;
    for &end in stretches {
        let mut tally = Tally { calls: (end - at) as f64, ..Tally::default() };
        while at < end {
            let event = &events[at];
            replay.land(at);
            let before = tally.cost;
            if let Some(ticket) = replay.machine.acquire(event.start) {
                tally.cost += f64::from(event.cost);
                let failed = event.kind == Kind::Ends(Outcome::Failure);
                if failed {
                    tally.failed += 1.0;
                    tally.wasted_seconds += seconds(event.latency);
                }
                if replay.machine.state() == State::HalfOpen {
                    tally.probes += 1.0;
                    tally.failed_probes += f64::from(u8::from(failed));
                }
                replay.tickets[at] = Some(ticket);
            } else {
                tally.cost += event.lost();
                tally.lost_good += event.lost();
            }
            if !event.down {
                tally.cost_while_up += tally.cost - before;
            }
            let closed = replay.machine.state() == State::Closed;
            if was_closed && !closed {
                tally.opens += 1.0;
                tally.false_opens += f64::from(u8::from(!event.down));
            }
            was_closed = closed;
            if let Some(delays) = delays.as_deref_mut() {
                watch.see(event, closed, delays);
            }
            at += 1;
        }
        tallies.push(tally);
    }
    Ok(tallies)
}

fn seconds(nanos: Nanos) -> f64 {
    nanos as f64 / 1e9
}

/// Without a breaker every call is let through.
fn unprotected(events: &[Event], stretches: &[usize]) -> Vec<Tally> {
    let mut at = 0;
    let tally = |&end: &usize| {
        let mut tally = Tally { calls: (end - at) as f64, ..Tally::default() };
        for event in &events[at..end] {
            tally.cost += f64::from(event.cost);
            if !event.down {
                tally.cost_while_up += f64::from(event.cost);
            }
            if event.kind == Kind::Ends(Outcome::Failure) {
                tally.failed += 1.0;
                tally.wasted_seconds += seconds(event.latency);
            }
        }
        at = end;
        tally
    };
    stretches.iter().map(tally).collect()
}

/// Outages as they come and go.
#[derive(Debug, Default)]
struct Watch {
    /// When the present outage began, until it is noticed.
    unnoticed: Option<Nanos>,
    /// When the last outage ended, while the circuit is not closed again.
    returning: Option<Nanos>,
    down: bool,
}

impl Watch {
    fn see(&mut self, event: &Event, closed: bool, delays: &mut Delays) {
        if event.down != self.down {
            self.down = event.down;
            self.unnoticed = event.down.then_some(event.start);
            self.returning = (!event.down && !closed).then_some(event.start);
        }
        let since = |then: Nanos| seconds(event.start.saturating_sub(then));
        if !closed && let Some(then) = self.unnoticed.take() {
            delays.detect.push(since(then));
        }
        if closed && let Some(then) = self.returning.take() {
            delays.recover.push(since(then));
        }
    }
}
