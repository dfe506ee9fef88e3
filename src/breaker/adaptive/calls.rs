//! Calls: letting them through, and hearing of their results.

use super::breaker::{AdaptiveBreaker, Phase, Probe};
use super::waiting::Thought;
use crate::breaker::machine::Kind;
use crate::breaker::{Gate, Outcome, Rejected, Ticket, Transition};
use std::time::Duration;

/// How long a probe keeps its place, in paces.
const LEASE: f64 = 10.0;
/// Load takes so many paces to drain.
const DRAIN: f64 = 5.0;

impl AdaptiveBreaker {
    /// The place of a probe, if one is free or its probe has had its time.
    fn place(&self) -> Option<usize> {
        let lease = LEASE * self.pace;
        self.probes.iter().position(|probe| probe.number == 0 || self.now - probe.sent > lease)
    }

    fn normal(&mut self) -> Ticket {
        let began = self.waiting.begin(self.now);
        Ticket { generation: self.generation, kind: Kind::Normal { began, tracking: 0 } }
    }

    /// Asks for a call to be let through.
    #[inline]
    pub(in crate::breaker) fn ask(&mut self, now: Duration) -> Result<Ticket, Rejected> {
        let now = self.clock(now);
        self.learned.arrival(now);
        self.advance(now);
        let wait = match self.phase {
            Phase::Closed => return Ok(self.normal()),
            Phase::Open => match self.place().filter(|_| now >= self.next_probe) {
                Some(place) => {
                    self.probes_sent += 1;
                    let number = self.probes_sent;
                    self.probes[place] = Probe { number, sent: now };
                    self.schedule_probe(false);
                    return Ok(Ticket { generation: self.generation, kind: Kind::Probe(number) });
                }
                None => (self.next_probe - now).max(self.learned.latency),
            },
            Phase::Proving | Phase::Ramping => {
                self.offered = self.offered.saturating_add(1);
                self.due = (self.due + self.share).min(1.0 + self.share);
                let stake = f64::from(self.waiting.in_time()) * self.learned.failure;
                if self.due >= 1.0 && (self.phase == Phase::Ramping || stake <= self.purse) {
                    self.due -= 1.0;
                    self.let_through = self.let_through.saturating_add(1);
                    return Ok(self.normal());
                }
                self.learned.latency
            }
        };
        let retry_after = Some(Duration::try_from_secs_f64(wait).unwrap_or_default());
        Err(Rejected { state: self.state(), retry_after })
    }

    /// Takes a ticket back; what was thought of its call, if it still counts.
    fn take_back(&mut self, ticket: &Ticket) -> Option<Thought> {
        let age = self.generation.wrapping_sub(ticket.generation);
        if age > self.generation.wrapping_sub(self.valid_from) {
            return None;
        }
        match ticket.kind {
            Kind::Free => None,
            Kind::Normal { began, .. } => Some(self.waiting.end(began)),
            Kind::Probe(number) => {
                let place = self.probes.iter_mut().find(|probe| probe.number == number)?;
                *place = Probe::default();
                Some(Thought::InTime)
            }
        }
    }

    /// A call has ended.
    #[inline]
    pub(in crate::breaker) fn end(
        &mut self,
        ticket: &Ticket,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) {
        let now = self.clock(now);
        self.advance(now);
        self.tell(ticket, outcome, latency);
    }

    fn tell(&mut self, ticket: &Ticket, outcome: Outcome, latency: Duration) {
        let Some(thought) = self.take_back(ticket) else { return };
        if outcome == Outcome::Ignored {
            return;
        }
        let utility = self.params.costs.utility(outcome, latency);
        let seconds = latency.as_secs_f64();
        let was_late = seconds > self.learned.limit(self.objective);
        if outcome == Outcome::Success {
            self.learned.answer(seconds);
        }
        if utility < 0.0 {
            self.learned.failure(-utility, was_late);
        }
        let charged = thought == Thought::Late && self.learned.knows_latency();
        match (ticket.is_probe(), utility < 0.0) {
            (true, true) => {
                if self.now - self.opened > DRAIN * self.pace {
                    self.load.failed_probe();
                }
            }
            (true, false) => self.probe_succeeded(utility),
            (false, true) if charged => {}
            (false, true) => {
                self.result(false);
                self.lose(-utility, 1.0, self.now - seconds);
            }
            (false, false) => {
                if charged {
                    self.load.correct();
                } else {
                    self.result(true);
                }
                self.win(utility, if charged { self.learned.late } else { 0.0 });
            }
        }
    }

    /// The transition that the event since `generation` brought about.
    fn since(&self, generation: u64) -> Option<Transition> {
        if self.generation == generation { None } else { self.last_transition }
    }

    /// Lets time pass without a call: notices calls that are late.
    pub fn tick(&mut self, now: Duration) -> Option<Transition> {
        let generation = self.generation;
        let now = self.clock(now);
        self.advance(now);
        self.since(generation)
    }
}

impl Gate for AdaptiveBreaker {
    fn acquire(&mut self, now: Duration) -> Result<Ticket, Rejected> {
        self.ask(now)
    }

    fn record(
        &mut self,
        ticket: Ticket,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) -> Option<Transition> {
        let generation = self.generation;
        self.end(&ticket, now, outcome, latency);
        self.since(generation)
    }

    fn release(&mut self, ticket: Ticket, now: Duration) {
        let now = self.clock(now);
        self.advance(now);
        self.take_back(&ticket);
    }
}
