//! The loop: requests and answers in the order of time.

use super::super::{CallCosts, Gate, Outcome, Ticket};
use super::family::Family;
use super::law::Luck;
use super::report::{Report, Tally};
use super::trace::{Request, Trace};
use super::world::World;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Seconds after which a failed call is tried again, at least; as much again by luck.
const AGAIN: f64 = 0.1;

/// Attempts a request of a retry storm.
const ATTEMPTS: u32 = 2;

/// What lies ahead: an answer, or a request to be tried again.
struct Ahead<T> {
    at: f64,
    /// Breaks ties: what was arranged first comes first.
    number: u64,
    request: usize,
    attempt: u32,
    answer: Option<Answer<T>>,
}

struct Answer<T> {
    ticket: T,
    success: bool,
    latency: f64,
}

impl<T> Ord for Ahead<T> {
    /// The earliest is the greatest, as the heap wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.total_cmp(&self.at).then(other.number.cmp(&self.number))
    }
}

impl<T> PartialOrd for Ahead<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Ahead<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Ahead<T> {}

/// Who decides.
pub(super) trait Decide {
    type Ticket;
    fn admit(&mut self, now: f64, world: &World<'_>) -> Option<Self::Ticket>;
    fn answer(&mut self, ticket: Self::Ticket, now: f64, success: bool, latency: f64);
}

pub(super) struct Oracle;

impl Decide for Oracle {
    type Ticket = ();

    fn admit(&mut self, _now: f64, world: &World<'_>) -> Option<()> {
        world.is_worth_a_call().then_some(())
    }

    fn answer(&mut self, _ticket: (), _now: f64, _success: bool, _latency: f64) {}
}

/// A breaker whose clock is `start` ahead of the trace's.
pub(super) struct Driven<'a, G: ?Sized> {
    pub(super) gate: &'a mut G,
    pub(super) start: Duration,
}

impl<G: Gate + ?Sized> Decide for Driven<'_, G> {
    type Ticket = Ticket;

    fn admit(&mut self, now: f64, _world: &World<'_>) -> Option<Ticket> {
        self.gate.acquire(self.start + Duration::from_secs_f64(now)).ok()
    }

    fn answer(&mut self, ticket: Ticket, now: f64, success: bool, latency: f64) {
        let outcome = if success { Outcome::Success } else { Outcome::Failure };
        let latency = Duration::from_secs_f64(latency);
        let _ =
            self.gate.record(ticket, self.start + Duration::from_secs_f64(now), outcome, latency);
    }
}

/// One run.
pub(super) struct Run<'a, D: Decide> {
    decide: &'a mut D,
    world: World<'a>,
    requests: &'a [Request],
    timeout: f64,
    /// Attempts a request.
    attempts: u32,
    tally: Tally,
    ahead: BinaryHeap<Ahead<D::Ticket>>,
    number: u64,
}

impl<'a, D: Decide> Run<'a, D> {
    pub(super) fn new(trace: &'a Trace, decide: &'a mut D, costs: &CallCosts) -> Self {
        let Trace { service, requests, truth } = trace;
        Self {
            decide,
            world: World::new(truth, costs, service.timeout),
            requests,
            timeout: service.timeout,
            attempts: if service.family == Family::RetryStorm { ATTEMPTS } else { 1 },
            tally: Tally::new(*costs, requests.len(), service.length),
            ahead: BinaryHeap::new(),
            number: 0,
        }
    }

    pub(super) fn go(mut self) -> Report {
        let mut next = 0;
        loop {
            let arrival = self.requests.get(next).map(|request| request.at);
            // What is ahead comes before a request of the same moment.
            let due =
                self.ahead.peek().is_some_and(|first| arrival.is_none_or(|at| first.at <= at));
            if due {
                if let Some(event) = self.ahead.pop() {
                    self.happen(event);
                }
            } else if let Some(at) = arrival {
                self.attempt(at, next, 1);
                next += 1;
            } else {
                return self.tally.finish();
            }
        }
    }

    /// A call is asked for.
    fn attempt(&mut self, now: f64, request: usize, attempt: u32) {
        self.world.advance(now);
        let ticket = self.decide.admit(now, &self.world);
        self.tally.decision(now, ticket.is_some(), self.world.is_bad());
        let Some(ticket) = ticket else { return };
        let luck = again(self.requests[request].luck, attempt);
        let (success, latency) = self.world.law().call(luck, self.timeout);
        self.world.admit();
        let answer = Some(Answer { ticket, success, latency });
        self.push(now + latency, request, attempt, answer);
    }

    fn happen(&mut self, event: Ahead<D::Ticket>) {
        let Ahead { at, request, attempt, answer, .. } = event;
        let Some(Answer { ticket, success, latency }) = answer else {
            return self.attempt(at, request, attempt);
        };
        self.tally.result(success, latency);
        self.decide.answer(ticket, at, success, latency);
        if success {
            self.tally.served();
        } else if attempt < self.attempts {
            let wait = AGAIN * (1.0 + self.requests[request].luck.failure);
            self.push(at + wait, request, attempt + 1, None);
        }
    }

    fn push(&mut self, at: f64, request: usize, attempt: u32, answer: Option<Answer<D::Ticket>>) {
        self.number += 1;
        self.ahead.push(Ahead { at, number: self.number, request, attempt, answer });
    }
}

/// The luck of a later attempt: as good as fresh, and the same for every policy.
fn again(luck: Luck, attempt: u32) -> Luck {
    let turn = f64::from(attempt - 1) * 0.618_033_988_749_895;
    Luck { failure: (luck.failure + turn).fract(), ..luck }
}
