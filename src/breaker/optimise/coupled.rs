//! Simulated dependencies for what a log does not say, above all whether one suffers from the calls
//! themselves.
//!
//! Where outages do not end while calls go on, a log cannot say what fewer calls would have changed:
//! replayed on it, nothing is better than never to come back. So what happens in such outages is left
//! out of the account, and candidates are tried on simulated dependencies instead, which recover the
//! sooner the less they are asked ([`Family::RetryStorm`], [`Family::ColdRestart`]), with rate, latency
//! and errors of the log. How fast they recover is unknown, so it differs from one to the next, evenly
//! in the logarithm: 3 to 20 s without load after a hiccup, 8 to 60 s after a restart. A breaker that
//! lets traffic back too fast for one of them never gets it back there, which shows in the mean.
//!
//! Where a breaker hid a share of the calls, nobody can tell whether the dependency recovered because
//! it was spared them, nor what went on meanwhile. There candidates are also tried on simulated
//! dependencies of all kinds, those that suffer from load among them, as far as they look like the one
//! behind the log ([`likely`]).

use super::course::History;
use super::facts::Facts;
use super::likely::likely;
use super::params::BreakerOptimizer;
use super::replay::Tally;
use crate::breaker::log::Row;
use crate::breaker::sim::{Family, Service, Trace};
use crate::breaker::{BreakerSettings, CallCosts, Machine};
use crate::error::Result;

/// Seconds simulated of each.
const LENGTH: f64 = 240.0;

/// A busier dependency is simulated at this rate.
const BUSIEST: f64 = 40.0;

/// Dependencies that suffer from load, and those that look like the log's. The more, or the longer, the
/// fewer their calls are, so that they come to some requests at least.
const FEWEST: u64 = 10;
const MOST: u64 = 30;
const LIKE: usize = 12;
const LONGEST: f64 = 3.0;
const LEAST_REQUESTS: f64 = 30_000.0;

/// Seconds to recover without load, from the fastest to the slowest of each family.
const STORM: [f64; 2] = [3.0, 20.0];
const RESTART: [f64; 2] = [8.0, 60.0];

/// A simulated request takes so many times as long as a replayed call.
const DEARER: usize = 3;

/// What matters is what comes after the outage itself.
const SHORT_OUTAGE: f64 = 15.0;

/// Failures that take so many times as long as good calls hang.
const HANGING: f64 = 4.0;

/// Simulated dependencies in place of what the log does not say.
#[derive(Debug)]
pub(super) struct Model {
    traces: Vec<Trace>,
    /// How much each counts.
    weights: Vec<f64>,
    is_like_the_log: bool,
    /// How likely it is that the dependency suffers from load.
    suffers: f64,
    costs: CallCosts,
    seed: u64,
}

impl Model {
    /// What takes the place of what the log does not say; `None` if it says enough.
    pub(super) fn of(
        histories: &[History],
        facts: &Facts,
        params: &BreakerOptimizer,
    ) -> Result<Option<Self>> {
        let rate = facts.blame.rate_while_up().unwrap_or(facts.rate).clamp(0.02, BUSIEST);
        let hanging = facts.failure_latency > HANGING * facts.usual_latency;
        let latency = facts.usual_latency.clamp(1e-6, 3_600.0);
        let timeout = if hanging { facts.failure_latency } else { 20.0 * latency };
        let mut base = Service::draw(Family::FastOutage, params.seed)
            .calls_per_second(rate)
            .length(LENGTH)
            .timeout(timeout.clamp(1e-3, 3_600.0));
        base.latency = latency;
        base.hanging = hanging;
        base.errors = facts.usual_errors.clamp(0.0, 1.0);
        if facts.is_modelled() {
            Self::like(histories, facts, &base, params).map(Some)
        } else if facts.feels_load() {
            Self::suffering(facts, &base, params).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Dependencies of all kinds that look like the one behind the log.
    fn like(
        histories: &[History],
        facts: &Facts,
        base: &Service,
        params: &BreakerOptimizer,
    ) -> Result<Self> {
        let BreakerOptimizer { current, costs, seed, .. } = params;
        let logs: Vec<&[Row]> = histories.iter().map(History::rows).collect();
        let found = likely(&logs, facts, base, current.as_ref(), costs, *seed, LIKE)?;
        let length = LEAST_REQUESTS / (LIKE as f64 * base.calls_per_second);
        let length = length.clamp(LENGTH, LONGEST * LENGTH);
        let (mut traces, mut weights) = (Vec::new(), Vec::new());
        let suffers = |family| matches!(family, Family::RetryStorm | Family::ColdRestart);
        let suffers = found.iter().filter(|each| suffers(each.0.family)).map(|each| each.1).sum();
        for (number, (service, weight)) in (1..).zip(found) {
            traces.push(service.length(length).trace(number)?);
            weights.push(weight);
        }
        Ok(Self { traces, weights, is_like_the_log: true, suffers, costs: *costs, seed: *seed })
    }

    /// Dependencies that load keeps down: where calls come faster while they are down failed ones are tried
    /// again, as in a storm of retries; where that would show and does not, none are.
    fn suffering(facts: &Facts, base: &Service, params: &BreakerOptimizer) -> Result<Self> {
        let BreakerOptimizer { costs, seed, .. } = params;
        let (storm, restart) = ((Family::RetryStorm, STORM), (Family::ColdRestart, RESTART));
        let kinds = if facts.blame.crowds() {
            vec![storm]
        } else if facts.is_endless() {
            vec![restart]
        } else {
            vec![storm, restart]
        };
        let total = (LEAST_REQUESTS / (LENGTH * base.calls_per_second)) as u64;
        let each = total.clamp(FEWEST, MOST) / kinds.len() as u64;
        let mut traces = Vec::new();
        for number in 0..each {
            for &(family, [fast, slow]) in &kinds {
                let own = Service::draw(family, seed.wrapping_add(number));
                let good = 0.4 * LENGTH;
                let bad = own.bad.min(SHORT_OUTAGE);
                let recovery = fast * (slow / fast).powf((number as f64 + 0.5) / each as f64);
                let seed = own.seed;
                let service = Service { family, bad, good, recovery, seed, ..base.clone() };
                traces.push(service.trace(number)?);
            }
        }
        let weights = vec![1.0; traces.len()];
        Ok(Self {
            traces,
            weights,
            is_like_the_log: false,
            suffers: 1.0,
            costs: *costs,
            seed: *seed,
        })
    }

    /// Whether they look like the dependency behind the log, rather than being those that suffer from load.
    pub(super) fn is_like_the_log(&self) -> bool {
        self.is_like_the_log
    }

    /// How likely it is that the dependency behind the log suffers from load.
    pub(super) fn suffers(&self) -> f64 {
        self.suffers
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
        let weight = self.weights[trace];
        let calls = weight * report.requests as f64;
        Ok(Tally { calls, cost: weight * report.cost, ..Tally::default() })
    }
}
