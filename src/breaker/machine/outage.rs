//! What is known of an outage while it lasts, and how long to stay open for it.

use super::time::{Nanos, nanos, nanos_of};
use crate::breaker::{OpenTime, ProbeBudget};

/// Arrivals are counted since at least so long before an outage, if they were seen then.
const MEMORY: Nanos = 10_000_000_000;

/// An outage: from the first bad call of those that opened the circuit until it closes again.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Outage {
    /// When the bad calls began.
    pub(super) since: Nanos,
    /// How often the circuit has opened in it.
    pub(super) attempts: u32,
    /// When the budget allows the next probe.
    pub(super) next_probe: Nanos,
    /// When how many calls had arrived: an earlier and a later bad call, at least [`MEMORY`] apart.
    marks: Option<[Mark; 2]>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Mark {
    at: Nanos,
    arrived: u64,
}

impl Outage {
    /// A bad call in a closed circuit.
    pub(super) fn mark(&mut self, at: Nanos, arrived: u64) {
        let mark = Mark { at, arrived };
        match &mut self.marks {
            None => self.marks = Some([mark; 2]),
            Some([earlier, later]) if at.saturating_sub(later.at) >= MEMORY => {
                *earlier = *later;
                *later = mark;
            }
            Some(_) => {}
        }
    }

    /// Calls a second. Where none is known of, one in the time since the outage began.
    fn rate(&self, now: Nanos, arrived: u64) -> f64 {
        let [first, _] = self.marks.unwrap_or([Mark { at: self.since, arrived }; 2]);
        let calls = arrived.wrapping_sub(first.arrived).max(1);
        let seconds = now.saturating_sub(first.at) as f64 * 1e-9;
        (calls as f64 / seconds.max(1e-6)).clamp(1e-6, 1e6)
    }

    /// How long to stay open now, before the budget of probes. `unit` is a random
    /// number from 0 to 1.
    pub(super) fn open_time(&self, rule: &OpenTime, now: Nanos, arrived: u64, unit: f64) -> Nanos {
        let (seconds, jitter) = match *rule {
            OpenTime::Constant(time) => return nanos(time),
            OpenTime::Exponential { first, factor, cap, jitter } => {
                let cap = cap.as_secs_f64();
                let mut time = first.as_secs_f64();
                for _ in 0..self.attempts {
                    if time == cap || factor == 1.0 {
                        break;
                    }
                    let next = time * factor;
                    time = if factor < 1.0 { next.max(cap) } else { next.min(cap) };
                }
                (time, jitter)
            }
            OpenTime::OutageAge { probe_cost, shortest, longest, jitter } => {
                let age = now.saturating_sub(self.since) as f64 * 1e-9;
                let best = (2.0 * probe_cost * age / self.rate(now, arrived)).sqrt();
                (best.clamp(shortest.as_secs_f64(), longest.as_secs_f64()), jitter)
            }
        };
        nanos_of(seconds * (1.0 - jitter * unit))
    }

    /// When a budget allows the first probe of an outage.
    pub(super) fn begin_budget(&mut self, budget: &ProbeBudget, now: Nanos, unit: f64) {
        self.next_probe = now.saturating_add(nanos_of(budget.interval() * unit));
    }

    /// A probe is let through.
    pub(super) fn spend(&mut self, budget: Option<&ProbeBudget>, now: Nanos) {
        if let Some(budget) = budget {
            self.next_probe = now.saturating_add(nanos_of(budget.interval()));
        }
    }

    /// It is over.
    pub(super) fn end(&mut self) {
        (self.attempts, self.next_probe) = (0, 0);
    }

    /// Whether what was read can be.
    #[cfg(feature = "serde")]
    pub(super) fn is_sound(&self, last: Nanos) -> bool {
        self.since <= last
            && self.marks.is_none_or(|[earlier, later]| earlier.at <= later.at && later.at <= last)
    }
}
