//! What happens to a circuit: calls begin, end and are given up, and time passes.

use super::half_open::Verdict;
use super::in_flight::InFlight;
use super::time::{Nanos, nanos};
use super::window::Bad;
use super::{Kind, Machine, Phase, Ticket};
use crate::breaker::{Force, Outcome, Reason, Rejected, State, Transition};
use crate::rng::Stream;
use std::time::Duration;

/// Good calls of a closed circuit that were counted elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::breaker) struct Batch {
    pub(in crate::breaker) good: u64,
    pub(in crate::breaker) ignored: u64,
    /// Calls begun less calls ended, by the half threshold that they began in.
    pub(in crate::breaker) in_flight: [i64; super::EPOCHS],
}

impl Machine {
    /// Asks for a call to be let through.
    ///
    /// # Errors
    /// [`Rejected`] if it is not; with when to come back.
    pub fn acquire(&mut self, now: Duration) -> Result<Ticket, Rejected> {
        match self.forced {
            Some(Force::Closed) => return Ok(self.ticket(Kind::Free)),
            Some(Force::Open) => {
                self.metrics.rejected = self.metrics.rejected.wrapping_add(1);
                return Err(Rejected { state: State::ForcedOpen, retry_after: None });
            }
            Some(Force::Shadow) | None => {}
        }
        let time = nanos(now);
        if !matches!(self.phase, Phase::Closed)
            || self.in_flight.is_some() && !self.is_current(time)
        {
            self.advance(now);
        }
        match self.admit(time) {
            Ok(kind) => Ok(self.ticket(kind)),
            Err(_) if self.forced.is_some() => {
                self.metrics.would_reject = self.metrics.would_reject.wrapping_add(1);
                Ok(self.ticket(Kind::Free))
            }
            Err(until) => {
                self.metrics.rejected = self.metrics.rejected.wrapping_add(1);
                let wait = Duration::from_nanos(until.saturating_sub(self.last));
                Err(Rejected { state: self.inner_state(), retry_after: Some(wait) })
            }
        }
    }

    /// What a call let through now is for, or when to come back.
    fn admit(&mut self, time: Nanos) -> Result<Kind, Nanos> {
        let now = self.last;
        match &mut self.phase {
            Phase::Closed => Ok(self.begin(time)),
            Phase::Open { until } => Err(*until),
            Phase::HalfOpen(half_open) => {
                let rules = &self.settings.probes;
                if now < self.outage.next_probe {
                    return Err(self.outage.next_probe);
                }
                let given = half_open.take(rules, now)?;
                self.outage.spend(rules.budget.as_ref(), now);
                self.metrics.probes = self.metrics.probes.wrapping_add(1);
                let expired = u64::from(given.expired);
                self.metrics.expired_probes = self.metrics.expired_probes.wrapping_add(expired);
                Ok(Kind::Probe(given.probe))
            }
            Phase::Ramping(ramping) => {
                let share = ramping.share;
                let end = self.settings.ramp.map_or(now, |ramp| ramping.step_end(&ramp));
                if self.unit() >= share {
                    return Err(end);
                }
                Ok(self.begin(now))
            }
        }
    }

    /// A call begins that is no probe.
    fn begin(&mut self, now: Nanos) -> Kind {
        match &mut self.in_flight {
            Some(in_flight) => {
                Kind::Normal { began: in_flight.begin(now), tracking: self.tracking }
            }
            None => Kind::Normal { began: 0, tracking: 0 },
        }
    }

    /// Takes a call off those in flight, if it is counted there; whether it was overdue.
    fn end_in_flight(&mut self, began: Nanos, tracking: u32) -> bool {
        let counts = |in_flight: &mut InFlight| tracking == self.tracking && in_flight.end(began);
        self.in_flight.as_deref_mut().is_some_and(counts)
    }

    /// Tells how a call ended, and after how long; the transition that this brings about, if any.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is used up")]
    pub fn record(
        &mut self,
        ticket: Ticket,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) -> Option<Transition> {
        let metrics = &mut self.metrics;
        let count = match outcome {
            Outcome::Success => &mut metrics.successes,
            Outcome::Failure => &mut metrics.failures,
            Outcome::Ignored => &mut metrics.ignored,
        };
        *count = count.wrapping_add(1);
        let generation = self.generation;
        let bad = match outcome {
            Outcome::Ignored => None,
            _ => self.settings.judge(outcome, latency),
        };
        let plain = bad.is_none() && matches!(self.phase, Phase::Closed);
        let current = plain && (!self.needs_time() || self.is_current(nanos(now)));
        if ticket.kind != Kind::Free && ticket.generation == generation && !current {
            self.advance_windows(now);
        }
        if ticket.kind != Kind::Free {
            self.apply(&ticket, outcome, latency, bad);
        }
        (self.generation != generation).then_some(self.last_transition).flatten()
    }

    /// Uses the result of a call, if it still counts.
    fn apply(&mut self, ticket: &Ticket, outcome: Outcome, latency: Duration, bad: Option<Bad>) {
        let fits = matches!(
            (ticket.kind, &self.phase),
            (Kind::Normal { .. }, Phase::Closed | Phase::Ramping(_))
                | (Kind::Probe(_), Phase::HalfOpen(_))
        );
        if ticket.generation != self.generation || !fits {
            self.metrics.stale = self.metrics.stale.wrapping_add(1);
            return;
        }
        match ticket.kind {
            Kind::Probe(probe) => self.end_probe(probe, outcome, bad),
            Kind::Normal { began, tracking } => {
                let counted = self.end_in_flight(began, tracking);
                self.end_normal(counted, outcome, latency, bad);
            }
            Kind::Free => {}
        }
    }

    fn end_probe(&mut self, probe: u64, outcome: Outcome, bad: Option<Bad>) {
        let Phase::HalfOpen(half_open) = &mut self.phase else { return };
        if !half_open.give_back(probe) {
            self.metrics.stale = self.metrics.stale.wrapping_add(1);
            return;
        }
        if outcome == Outcome::Ignored {
            return;
        }
        let verdict = half_open.ended(is_fine(bad), &self.settings.probes);
        self.count_slow(bad);
        match verdict {
            Verdict::Wait => {}
            Verdict::Succeeded => self.let_back(),
            Verdict::Failed => self.open(Reason::ProbesFailed),
        }
    }

    /// `counted`: as overdue, when it was still in flight.
    fn end_normal(&mut self, counted: bool, outcome: Outcome, latency: Duration, bad: Option<Bad>) {
        if outcome == Outcome::Ignored {
            return;
        }
        let bad = if counted { self.settings.rest(outcome, latency) } else { bad };
        if counted && bad.is_none() {
            return;
        }
        if !counted {
            self.count_slow(bad);
        }
        if is_fine(bad)
            && let Phase::Ramping(ramping) = &mut self.phase
        {
            ramping.good();
        }
        match bad {
            None => self.add_good(1),
            Some(bad) => self.add_bad(bad),
        }
        self.step_ramp();
    }

    fn count_slow(&mut self, bad: Option<Bad>) {
        let slow = bad.is_some_and(|bad| bad.slow);
        self.metrics.slow = self.metrics.slow.wrapping_add(u64::from(slow));
    }

    /// Gives the place of a call back that was given up before it ended. Nothing else is recorded.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is used up")]
    pub fn release(&mut self, ticket: Ticket, now: Duration) {
        self.metrics.cancelled = self.metrics.cancelled.wrapping_add(1);
        if ticket.kind == Kind::Free {
            return;
        }
        if ticket.generation != self.generation {
            self.metrics.stale = self.metrics.stale.wrapping_add(1);
            return;
        }
        self.look(now);
        match (ticket.kind, &mut self.phase) {
            (Kind::Probe(probe), Phase::HalfOpen(half_open)) => {
                half_open.give_back(probe);
            }
            (Kind::Normal { began, tracking }, _) => {
                self.end_in_flight(began, tracking);
            }
            _ => {}
        }
    }

    /// Tells that time has passed: windows move on, calls become overdue, open times end and ramps
    /// go on. Every event does that as well; only where none comes are ticks needed.
    pub fn tick(&mut self, now: Duration) -> Option<Transition> {
        let generation = self.generation;
        self.advance(now);
        (self.generation != generation).then_some(self.last_transition).flatten()
    }

    /// Good calls, begun and ended in the present generation of a circuit that is closed or forced
    /// closed.
    pub(in crate::breaker) fn merge(&mut self, batch: &Batch) {
        self.metrics.successes = self.metrics.successes.wrapping_add(batch.good);
        self.metrics.ignored = self.metrics.ignored.wrapping_add(batch.ignored);
        if self.forced == Some(Force::Closed) {
            return;
        }
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.merge(&batch.in_flight);
        }
        self.add_good(batch.good);
    }

    /// Good calls that were counted for a generation after it had ended.
    pub(in crate::breaker) fn merge_late(&mut self, batch: &Batch) {
        self.metrics.successes = self.metrics.successes.wrapping_add(batch.good);
        self.metrics.ignored = self.metrics.ignored.wrapping_add(batch.ignored);
        let late = batch.good.wrapping_add(batch.ignored);
        self.metrics.stale = self.metrics.stale.wrapping_add(late);
    }

    /// Whether all calls are let through and good ones change nothing but counts.
    pub(in crate::breaker) fn is_plain(&self) -> bool {
        let forced = matches!(self.forced, Some(Force::Open | Force::Closed));
        !forced && matches!(self.phase, Phase::Closed)
    }

    /// Whether all calls are let through and none changes anything but counts.
    pub(in crate::breaker) fn is_free(&self) -> bool {
        self.forced == Some(Force::Closed)
    }

    /// The half threshold by which calls in flight are counted, and the number of the count.
    pub(in crate::breaker) fn tracking(&self) -> Option<(Nanos, u32)> {
        self.in_flight.as_deref().map(|in_flight| (in_flight.half(), self.tracking))
    }

    fn add_good(&mut self, count: u64) {
        if count > 0 {
            self.good_since_bad = true;
            self.window.good(count);
        }
    }

    /// Counts a bad call now.
    fn add_bad(&mut self, bad: Bad) {
        if self.window.is_at_rest(self.good_since_bad) && matches!(self.phase, Phase::Closed) {
            self.outage.since = self.last;
        }
        if bad.utility < 0 {
            self.good_since_bad = false;
        }
        self.outage.mark(self.last, self.metrics.arrived());
        if let Some(reason) = self.window.bad(bad, &self.settings.trip) {
            self.trip(reason);
        }
    }

    /// The time, never before one seen already.
    fn look(&mut self, now: Duration) {
        let now = nanos(now);
        if now < self.last {
            self.metrics.clock_steps_back = self.metrics.clock_steps_back.wrapping_add(1);
        }
        self.last = self.last.max(now);
    }

    /// Time goes on, but for open times and ramps.
    fn advance_windows(&mut self, now: Duration) {
        self.look(now);
        self.window.advance(self.last);
        let Some(in_flight) = &mut self.in_flight else { return };
        let overdue = in_flight.advance(self.last);
        if overdue == 0 || !matches!(self.phase, Phase::Closed | Phase::Ramping(_)) {
            return;
        }
        let (generation, bad) = (self.generation, self.settings.overdue());
        for _ in 0..overdue {
            self.metrics.overdue = self.metrics.overdue.wrapping_add(1);
            self.add_bad(bad);
            if self.generation != generation {
                break;
            }
        }
    }

    fn advance(&mut self, now: Duration) {
        let generation = self.generation;
        self.advance_windows(now);
        if self.generation != generation {
            return;
        }
        match self.phase {
            Phase::Open { until } if self.last >= until => self.half_open(),
            Phase::Ramping(_) => self.step_ramp(),
            _ => {}
        }
    }

    fn step_ramp(&mut self) {
        let Phase::Ramping(ramping) = &mut self.phase else { return };
        let rules = self.settings.ramp;
        if rules.is_none_or(|rules| ramping.step(&rules, self.safe, self.last)) {
            self.complete_ramp();
        }
    }

    /// Whether good calls must be told the time.
    pub(in crate::breaker) fn needs_time(&self) -> bool {
        self.window.needs_time() || self.in_flight.is_some()
    }

    /// From when to when a closed circuit need not be told that time has passed.
    pub(in crate::breaker) fn current(&self) -> [Nanos; 2] {
        let window = self.window.current();
        let in_flight = self.in_flight.as_deref().map_or([0, Nanos::MAX], InFlight::current);
        [window[0].max(in_flight[0]), window[1].min(in_flight[1])]
    }

    fn is_current(&self, now: Nanos) -> bool {
        let [from, to] = self.current();
        (from..to).contains(&now)
    }

    /// A random number from 0 to 1.
    pub(super) fn unit(&mut self) -> f64 {
        self.draws = self.draws.wrapping_add(1);
        Stream::new(self.seed, self.draws).unit()
    }

    fn ticket(&self, kind: Kind) -> Ticket {
        Ticket { generation: self.generation, kind }
    }
}

/// Whether a call was worth making.
fn is_fine(bad: Option<Bad>) -> bool {
    bad.is_none_or(|bad| !bad.failed && !bad.slow && bad.utility >= 0)
}
