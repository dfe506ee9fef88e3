//! The state machine, told of good calls by the batch: most calls of most logs are good ones of a closed
//! circuit, which only add to counts.

use crate::breaker::machine::time::{Nanos, nanos};
use crate::breaker::machine::{Batch, EPOCHS, Kind};
use crate::breaker::{Machine, Outcome, State, Ticket};
use std::time::Duration;

/// A closed circuit in which good calls change nothing but counts.
#[derive(Debug, Clone, Copy)]
struct Plain {
    generation: u64,
    /// From when to when they are counted in the same places.
    current: [Nanos; 2],
    in_flight: Option<InFlight>,
}

/// How calls in flight are counted now.
#[derive(Debug, Clone, Copy)]
struct InFlight {
    /// Of the count.
    tracking: u32,
    /// Half the threshold, when the present half began, and its place.
    half: Nanos,
    from: Nanos,
    place: usize,
}

/// Decides and learns exactly as its machine does. What is saved up is told before anything else is.
#[derive(Debug)]
pub(super) struct Batched {
    machine: Machine,
    /// What the machine has not been told of.
    batch: Batch,
    /// Slower answers are not merely good.
    good_latency: Nanos,
    plain: Option<Plain>,
}

impl Batched {
    pub(super) fn new(machine: Machine) -> Self {
        let good_latency = nanos(machine.settings().good_latency());
        let mut batched = Self { machine, batch: Batch::default(), good_latency, plain: None };
        batched.look();
        batched
    }

    /// What the machine is like after it was told something.
    fn look(&mut self) {
        let machine = &self.machine;
        self.plain = machine.is_plain().then(|| {
            let current = machine.current();
            let in_flight = machine.tracking().map(|(half, tracking)| {
                let epoch = current[0] / half;
                let place = (epoch % EPOCHS as u64) as usize;
                InFlight { tracking, half, from: epoch * half, place }
            });
            Plain { generation: machine.generation(), current, in_flight }
        });
    }

    /// The machine, told of everything.
    fn told(&mut self) -> &mut Machine {
        if self.batch != Batch::default() {
            self.machine.merge(&std::mem::take(&mut self.batch));
        }
        &mut self.machine
    }

    #[inline]
    pub(super) fn acquire(&mut self, now: Nanos) -> Option<Ticket> {
        if let Some(Plain { generation, current: [from, to], in_flight }) = self.plain {
            let Some(InFlight { tracking, place, .. }) = in_flight else {
                return Some(Ticket { generation, kind: Kind::Normal { began: 0, tracking: 0 } });
            };
            if (from..to).contains(&now) {
                self.batch.in_flight[place] += 1;
                return Some(Ticket { generation, kind: Kind::Normal { began: now, tracking } });
            }
        }
        let ticket = self.told().acquire(Duration::from_nanos(now)).ok();
        self.look();
        ticket
    }

    #[inline]
    pub(super) fn record(&mut self, ticket: Ticket, now: Nanos, outcome: Outcome, latency: Nanos) {
        if let Some(plain) = self.plain
            && ticket.generation == plain.generation
            && outcome == Outcome::Success
            && latency <= self.good_latency
            && (plain.current[0]..plain.current[1]).contains(&now)
            && self.leaves(&plain, &ticket, now)
        {
            self.batch.good += 1;
            return;
        }
        let latency = Duration::from_nanos(latency);
        let _ = self.told().record(ticket, Duration::from_nanos(now), outcome, latency);
        self.look();
    }

    /// Takes a call off those in flight, if it is surely counted there: if it began at most half a
    /// threshold ago, so in the present half or in the one before.
    #[inline]
    fn leaves(&mut self, plain: &Plain, ticket: &Ticket, now: Nanos) -> bool {
        let Some(InFlight { tracking, half, from, place }) = plain.in_flight else { return true };
        match ticket.kind {
            Kind::Normal { began, tracking: own }
                if own == tracking && now.saturating_sub(began) <= half =>
            {
                let place = if began >= from { place } else { (place + EPOCHS - 1) % EPOCHS };
                self.batch.in_flight[place] -= 1;
                true
            }
            _ => false,
        }
    }

    pub(super) fn release(&mut self, ticket: Ticket, now: Nanos) {
        self.told().release(ticket, Duration::from_nanos(now));
        self.look();
    }

    #[inline]
    pub(super) fn state(&self) -> State {
        if self.plain.is_some() { State::Closed } else { self.machine.state() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests {
    use super::*;
    use crate::breaker::sim::tests::live::settings;
    use crate::rng::Stream;

    /// Under settings of every kind it decides as the machine does that is told of every call, and in
    /// the end the machine is the same.
    #[test]
    fn batches_are_calls_one_by_one() {
        let mut stream = Stream::new(91, 0);
        let (mut saved, mut rejected) = (0, 0);
        for seed in 0..1_000 {
            let settings = settings(&mut stream);
            let mut plain = Machine::new(settings, seed).unwrap();
            let mut batched = Batched::new(plain.clone());
            let mut under_way: Vec<(Nanos, (Ticket, Ticket), Nanos, f64)> = Vec::new();
            let mut now = 0;
            for call in 0..300 {
                now += (2e8 * stream.unit()) as u64;
                // All that ended before, in the order of their ends.
                under_way.sort_by_key(|&(end, ..)| end);
                let ended = under_way.partition_point(|&(end, ..)| end <= now);
                for (end, tickets, latency, draw) in under_way.drain(..ended) {
                    let (one, other) = tickets;
                    if draw > 0.97 {
                        plain.release(one, Duration::from_nanos(end));
                        batched.release(other, end);
                        continue;
                    }
                    let bad = if call % 100 > 70 { 0.8 } else { 0.1 };
                    let outcome = if draw < bad { Outcome::Failure } else { Outcome::Success };
                    let time = Duration::from_nanos(end);
                    let _ = plain.record(one, time, outcome, Duration::from_nanos(latency));
                    batched.record(other, end, outcome, latency);
                }
                let one = plain.acquire(Duration::from_nanos(now)).ok();
                let other = batched.acquire(now);
                assert_eq!(one, other, "{settings:?}");
                assert_eq!(plain.state(), batched.state(), "{settings:?}");
                saved += batched.batch.good;
                let Some(tickets) = one.zip(other) else {
                    rejected += 1;
                    continue;
                };
                let latency = (6e8 * stream.unit().powi(3)) as u64;
                under_way.push((now + latency, tickets, latency, stream.unit()));
            }
            assert_eq!(batched.told(), &plain, "{settings:?}");
        }
        assert!(saved > 50_000 && rejected > 10_000, "{saved} {rejected}");
    }
}
