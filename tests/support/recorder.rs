//! Logs of simulated services, as a breaker in front of them would have written them.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::breaker::sim::{Report, Service};
use forewarn::breaker::{
    BreakerSettings, CallCosts, CallLog, Force, Gate, LoggedCall, LoggedOutcome, Machine, Outcome,
    Rejected, Ticket, Transition,
};
use std::ops::Range;
use std::time::Duration;

/// A machine that writes down what it sees.
struct Recorder {
    machine: Machine,
    log: CallLog,
}

/// `None` lets everything through.
fn machine(settings: Option<&BreakerSettings>) -> Machine {
    let mut machine = Machine::new(settings.copied().unwrap_or_default(), 1).unwrap();
    if settings.is_none() {
        machine.force(Force::Closed, Duration::ZERO);
    }
    machine
}

impl Gate for Recorder {
    fn acquire(&mut self, now: Duration) -> Result<Ticket, Rejected> {
        let admitted = self.machine.acquire(now);
        if admitted.is_err() {
            let outcome = LoggedOutcome::Rejected;
            self.log.push(LoggedCall::new("one", now.as_secs_f64(), f64::NAN, outcome)).unwrap();
        }
        admitted
    }

    fn record(
        &mut self,
        ticket: Ticket,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) -> Option<Transition> {
        let start = now.saturating_sub(latency).as_secs_f64();
        let logged = match outcome {
            Outcome::Success => LoggedOutcome::Ok,
            Outcome::Failure => LoggedOutcome::Failed,
            Outcome::Ignored => LoggedOutcome::Ignored,
        };
        self.log.push(LoggedCall::new("one", start, latency.as_secs_f64(), logged)).unwrap();
        self.machine.record(ticket, now, outcome, latency)
    }

    fn release(&mut self, ticket: Ticket, now: Duration) {
        self.machine.release(ticket, now);
    }
}

/// What these settings would have logged on these traces, one after the other.
pub(crate) fn record(
    service: &Service,
    settings: Option<&BreakerSettings>,
    traces: Range<u64>,
    costs: &CallCosts,
) -> CallLog {
    let mut recorder = Recorder { machine: machine(settings), log: CallLog::new() };
    for (place, trace) in traces.enumerate() {
        let start = Duration::from_secs_f64(place as f64 * service.length);
        service.trace(trace).unwrap().run_from(start, &mut recorder, costs);
    }
    recorder.log
}

/// What settings cost on traces.
#[allow(dead_code)] // Not every test crate judges.
pub(crate) fn judge(
    service: &Service,
    settings: Option<&BreakerSettings>,
    traces: Range<u64>,
    costs: &CallCosts,
) -> Report {
    let mut total = Report::default();
    for trace in traces {
        total.add(&service.trace(trace).unwrap().run(&mut machine(settings), costs));
    }
    total
}

/// What the oracle costs on traces.
#[allow(dead_code)] // Not every test crate judges.
pub(crate) fn oracle(service: &Service, traces: Range<u64>, costs: &CallCosts) -> Report {
    let mut total = Report::default();
    for trace in traces {
        total.add(&service.trace(trace).unwrap().oracle(costs));
    }
    total
}
