//! How a circuit goes from one state to another.

use super::ramping::Ramping;
use super::time::nanos;
use super::window::Window;
use super::{GENERATIONS, Machine, Phase};
use crate::breaker::{Force, Reason, State, Transition};
use std::time::Duration;

impl Machine {
    /// Imposes a state. The circuit underneath starts afresh: closed, with an empty window.
    /// `None` if it is imposed already.
    pub fn force(&mut self, force: Force, now: Duration) -> Option<Transition> {
        self.impose(Some(force), now)
    }

    /// Lets the circuit decide for itself again, from closed, with an empty window. `None` if it
    /// does already.
    pub fn unforce(&mut self, now: Duration) -> Option<Transition> {
        self.impose(None, now)
    }

    fn impose(&mut self, force: Option<Force>, now: Duration) -> Option<Transition> {
        if self.forced == force {
            return None;
        }
        self.last = self.last.max(nanos(now));
        let from = self.state();
        self.forced = force;
        self.safe = 1.0;
        self.ramped = None;
        self.close();
        self.go(Phase::Closed, from, Reason::Forced);
        self.last_transition
    }

    /// The window says that calls go wrong.
    pub(super) fn trip(&mut self, reason: Reason) {
        let Some(rules) = self.settings.ramp else { return self.open(reason) };
        let Phase::Ramping(ramping) = &self.phase else {
            let soon = nanos(rules.step_time.saturating_mul(10));
            if self.ramped.take().is_some_and(|ramped| self.last - ramped < soon) {
                self.safe = rules.decrease;
            }
            return self.open(reason);
        };
        let share = ramping.cut(&rules);
        self.safe = share.unwrap_or(rules.first_share);
        let Some(share) = share else { return self.open(Reason::RampFailed) };
        self.afresh();
        let ramping = Phase::Ramping(Ramping::new(share, self.last));
        self.go(ramping, State::Ramping, Reason::RampCut);
    }

    /// Opens.
    pub(super) fn open(&mut self, reason: Reason) {
        let (now, arrived, rule) = (self.last, self.metrics.arrived(), self.settings.open_time);
        let budget = self.settings.probes.budget;
        if let (Some(budget), 0) = (budget, self.outage.attempts) {
            let unit = self.unit();
            self.outage.begin_budget(&budget, now, unit);
        }
        let unit = if rule.jitter() > 0.0 { self.unit() } else { 0.0 };
        let time = self.outage.open_time(&rule, now, arrived, unit);
        let until = now.saturating_add(time).max(self.outage.next_probe);
        self.outage.attempts = self.outage.attempts.saturating_add(1);
        self.metrics.opened = self.metrics.opened.wrapping_add(1);
        let from = self.inner_state();
        self.afresh();
        self.go(Phase::Open { until }, from, reason);
    }

    /// The open time is over.
    pub(super) fn half_open(&mut self) {
        self.go(Phase::HalfOpen(Box::default()), State::Open, Reason::OpenTimeOver);
    }

    /// The probes went well: traffic comes back, all of it or the first share.
    pub(super) fn let_back(&mut self) {
        self.afresh();
        let from = State::HalfOpen;
        if let Some(ramp) = self.settings.ramp.filter(|ramp| ramp.first_share < 1.0) {
            let ramping = Phase::Ramping(Ramping::new(ramp.first_share, self.last));
            self.go(ramping, from, Reason::ProbesSucceeded);
        } else {
            self.close();
            self.go(Phase::Closed, from, Reason::ProbesSucceeded);
        }
    }

    /// All traffic is back.
    pub(super) fn complete_ramp(&mut self) {
        self.safe = 1.0;
        self.ramped = Some(self.last);
        self.close();
        self.go(Phase::Closed, State::Ramping, Reason::RampCompleted);
    }

    /// The outage is over.
    fn close(&mut self) {
        self.outage.end();
        self.afresh();
    }

    /// Nothing seen, nothing in flight.
    fn afresh(&mut self) {
        self.window = Window::new(&self.settings.trip);
        self.window.advance(self.last);
        self.good_since_bad = true;
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.advance(self.last);
            in_flight.clear();
        }
    }

    fn go(&mut self, phase: Phase, from: State, reason: Reason) {
        let open_for = match phase {
            Phase::Open { until } => Some(Duration::from_nanos(until - self.last)),
            _ => None,
        };
        self.phase = phase;
        self.since = self.last;
        self.generation = (self.generation + 1) % GENERATIONS;
        self.metrics.transitions = self.metrics.transitions.wrapping_add(1);
        let to = if reason == Reason::Forced { self.state() } else { self.inner_state() };
        self.last_transition = Some(Transition {
            from,
            to,
            at: Duration::from_nanos(self.last),
            generation: self.generation,
            reason,
            open_for,
        });
    }

    /// When an open circuit lets probes through.
    #[must_use]
    pub fn open_until(&self) -> Option<Duration> {
        match self.phase {
            Phase::Open { until } => Some(Duration::from_nanos(until)),
            _ => None,
        }
    }
}
