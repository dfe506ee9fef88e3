//! A dependency that suffers from the calls themselves, as a model.
//!
//! Where outages do not end while calls go on, a log cannot say what fewer calls would have changed:
//! replayed on it, nothing is better than never to come back. So what happens in such outages is left
//! out of the account, and candidates are tried on simulated dependencies instead, which recover the
//! sooner the less they are asked ([`Family::RetryStorm`], [`Family::ColdRestart`]), with rate, latency
//! and errors of the log. How fast they recover is unknown, so it differs from one to the next, evenly
//! in the logarithm: 3 to 20 s without load after a hiccup, 8 to 60 s after a restart. A breaker that
//! lets traffic back too fast for one of them never gets it back there, which shows in the mean.
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
const BUSIEST: f64 = 40.0;

/// Dependencies of each family.
const EACH: u64 = 5;

/// Seconds to recover without load, from the fastest to the slowest of each family.
const STORM: [f64; 2] = [3.0, 20.0];
const RESTART: [f64; 2] = [8.0, 60.0];

/// A simulated request takes so many times as long as a replayed call.
const DEARER: usize = 3;

/// What matters is what comes after the outage itself.
const SHORT_OUTAGE: f64 = 15.0;

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
            for (family, [fast, slow]) in
                [(Family::RetryStorm, STORM), (Family::ColdRestart, RESTART)]
            {
                let mut service = Service::draw(family, seed.wrapping_add(number))
                    .calls_per_second(facts.rate.clamp(0.02, BUSIEST))
                    .length(LENGTH)
                    .timeout(timeout.clamp(1e-3, 3_600.0));
                service.latency = latency;
                service.hanging = hanging;
                service.errors = facts.usual_errors.clamp(0.0, 1.0);
                service.good = 0.4 * LENGTH;
                service.bad = service.bad.min(SHORT_OUTAGE);
                service.recovery = fast * (slow / fast).powf((number as f64 + 0.5) / EACH as f64);
                traces.push(service.trace(number)?);
            }
        }
        Ok(Self { traces, costs: *costs, seed })
    }

    pub(super) fn len(&self) -> usize {
        self.traces.len()
    }

    /// In replayed calls.
    pub(super) fn work(&self, trace: usize) -> usize {
        DEARER * self.traces[trace].requests()
    }

    /// What settings cost on one of them.
    pub(super) fn cost(&self, settings: &BreakerSettings, trace: usize) -> Result<Tally> {
        let mut machine = Machine::new(*settings, self.seed)?;
        let report = self.traces[trace].run(&mut machine, &self.costs);
        let calls = report.requests as f64;
        Ok(Tally { calls, cost: report.cost, ..Tally::default() })
    }
}
