//! One stretch of time of one service: the requests, their luck, and the truth.

use super::super::{CallCosts, Gate};
use super::drive::{Driven, Oracle, Run};
use super::law::Luck;
use super::loaded::Loaded;
use super::report::Report;
use super::service::Service;
use super::timeline::{draw, exponential};
use super::world::Truth;
use crate::rng::Stream;
use std::time::Duration;

/// A trace: made by [`Service::trace`], run with any policy.
#[derive(Debug, Clone)]
pub struct Trace {
    pub(super) service: Service,
    pub(super) requests: Vec<Request>,
    pub(super) truth: Truth,
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) at: f64,
    pub(super) luck: Luck,
}

impl Trace {
    pub(super) fn draw(service: &Service, index: u64) -> Self {
        let seed = service.seed.wrapping_mul(0x9E37_79B9).wrapping_add(service.family as u64);
        let stream = |part| Stream::new(seed, 4 * index + part);
        let mut arrivals = stream(0);
        let mut luck = stream(1);
        let mut requests = Vec::new();
        let mut at = 0.0;
        loop {
            at += exponential(&mut arrivals) / service.calls_per_second;
            if at >= service.length {
                break;
            }
            let luck = Luck { failure: luck.unit(), latency: luck.normal() };
            requests.push(Request { at, luck });
        }
        let truth = if service.family.feels_load() {
            Truth::Loaded(Loaded::draw(service, &mut stream(2)))
        } else {
            Truth::Given(draw(service, &mut stream(2)))
        };
        Self { service: service.clone(), requests, truth }
    }

    /// Requests of the trace.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    /// Drives a breaker through the trace, whose clock starts at 0. Answers come when they come, in
    /// the order of time.
    ///
    /// About 0.1 µs a request and what the breaker takes.
    pub fn run(&self, gate: &mut (impl Gate + ?Sized), costs: &CallCosts) -> Report {
        self.run_from(Duration::ZERO, gate, costs)
    }

    /// As [`run`](Self::run), for a breaker that has lived already: its clock is `start` when the
    /// trace begins.
    pub fn run_from(
        &self,
        start: Duration,
        gate: &mut (impl Gate + ?Sized),
        costs: &CallCosts,
    ) -> Report {
        Run::new(self, &mut Driven { gate, start }, costs).go()
    }

    /// The oracle, which knows the law of the next call but not its outcome: it lets through what is
    /// worth it. For dependencies that feel the load, a limiter that knows the capacity.
    #[must_use]
    pub fn oracle(&self, costs: &CallCosts) -> Report {
        Run::new(self, &mut Oracle, costs).go()
    }
}
