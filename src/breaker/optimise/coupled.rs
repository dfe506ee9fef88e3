//! A dependency that suffers from the calls themselves, as a model.
//!
//! Where outages do not end while calls go on, a log cannot say what fewer calls would have changed:
//! replayed on it, nothing is better than never to come back. So what happens in such outages is left
//! out of the account, and candidates are tried on simulated dependencies instead, which recover the
//! sooner the less they are asked ([`Family::RetryStorm`], [`Family::ColdRestart`]), with rate, latency
//! and errors of the log. How fast they recover is unknown, so it differs from one to the next: 10 to
//! 90 s without load.
//!
//! The same where a breaker hid a share of the calls: nobody can tell whether the dependency recovered
//! because they were spared it. There what is modelled counts a little, beside what was logged.

use super::facts::Facts;
use super::replay::Tally;
use crate::breaker::sim::{Family, Service, Trace};
use crate::breaker::{BreakerSettings, CallCosts, Machine};
use crate::error::Result;

/// Seconds simulated of each.
const LENGTH: f64 = 240.0;

/// A busier dependency is simulated at this rate.
const BUSIEST: f64 = 300.0;

/// Dependencies of each family.
const EACH: u64 = 2;

/// Failures that take so many times as long as good calls hang.
const HANGING: f64 = 4.0;

/// Simulated dependencies in place of outages that did not end.
#[derive(Debug)]
pub(super) struct Model {
    traces: Vec<Trace>,
    costs: CallCosts,
    seed: u64,
}

impl Model {
    pub(super) fn new(facts: &Facts, costs: &CallCosts, seed: u64) -> Result<Self> {
        let hanging = facts.failure_latency > HANGING * facts.usual_latency;
        let latency = facts.usual_latency.clamp(1e-6, 3_600.0);
        let timeout = if hanging { facts.failure_latency } else { 20.0 * latency };
        let mut traces = Vec::new();
        for number in 0..EACH {
            for family in [Family::RetryStorm, Family::ColdRestart] {
                let mut service = Service::draw(family, seed.wrapping_add(number))
                    .calls_per_second(facts.rate.clamp(0.02, BUSIEST))
                    .length(LENGTH)
                    .timeout(timeout.clamp(1e-3, 3_600.0));
                service.latency = latency;
                service.hanging = hanging;
                service.errors = facts.usual_errors.clamp(0.0, 1.0);
                service.good = 0.4 * LENGTH;
                traces.push(service.trace(number)?);
            }
        }
        Ok(Self { traces, costs: *costs, seed })
    }

    pub(super) fn len(&self) -> usize {
        self.traces.len()
    }

    pub(super) fn requests(&self, trace: usize) -> usize {
        self.traces[trace].requests()
    }

    /// What settings cost on one of them.
    pub(super) fn cost(&self, settings: &BreakerSettings, trace: usize) -> Result<Tally> {
        let mut machine = Machine::new(*settings, self.seed)?;
        let report = self.traces[trace].run(&mut machine, &self.costs);
        let calls = report.requests as f64;
        Ok(Tally { calls, cost: report.cost, ..Tally::default() })
    }
}
