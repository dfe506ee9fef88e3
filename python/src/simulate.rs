//! The simulator of dependencies, called from Python.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::breaker_settings::{Settings, costs};
use crate::circuit::Circuit;
use crate::engine::Engine;
use crate::errors::{Exception, Result, bad_value};
use forewarn::breaker::sim::{Family, Report, Service};
use forewarn::breaker::{
    BreakerSettings, Force, Gate, Machine, Outcome, PeerDefaults, Rejected, State, Ticket,
    Transition,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::time::Duration;

/// Every key of `forewarn.breaker_simulator.SimulationSettings`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Simulation {
    family: String,
    calls_per_second: Option<f64>,
    seconds: f64,
    timeout: f64,
    seed: u64,
    trace: u64,
    failed_cost: f64,
    held_cost: f64,
    objective: f64,
}

/// What is driven through a simulation.
#[derive(FromPyObject)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub(crate) enum Driven<'py> {
    /// The name of a library, for its defaults.
    Peer(String),
    Breaker(Bound<'py, Circuit>),
    Settings(Settings),
    /// Anything with `try_acquire(now)` and `record(now, outcome, latency)`.
    Object(Bound<'py, PyAny>),
}

/// The families' names in Python, in their order.
const FAMILIES: [&str; 10] = [
    "fast outage",
    "hanging outage",
    "fast brownout",
    "hanging brownout",
    "flapping",
    "slow recovery",
    "slow",
    "retry storm",
    "cold restart",
    "noise",
];

fn family(name: &str) -> Result<Family> {
    let place = FAMILIES.iter().position(|known| *known == name.replace(['_', '-'], " "));
    let known = FAMILIES.join("', '");
    place
        .map(|place| Family::ALL[place])
        .ok_or_else(|| bad_value(format!("family is '{name}': it must be one of '{known}'")))
}

/// A Python object as a gate; after its first error it lets nothing through.
struct Foreign<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    /// What tickets are from.
    machine: Machine,
    error: Option<PyErr>,
    /// Calls asked for since signals were looked for.
    asked: u32,
}

impl Foreign<'_, '_> {
    fn ask(&mut self, now: Duration) -> PyResult<bool> {
        self.asked += 1;
        if self.asked.is_multiple_of(256) {
            self.object.py().check_signals()?;
        }
        self.object.call_method1("try_acquire", (now.as_secs_f64(),))?.is_truthy()
    }
}

impl Gate for Foreign<'_, '_> {
    fn acquire(&mut self, now: Duration) -> std::result::Result<Ticket, Rejected> {
        let refusal = Rejected { state: State::Open, retry_after: None };
        if self.error.is_some() {
            return Err(refusal);
        }
        match self.ask(now) {
            Ok(true) => self.machine.acquire(now),
            Ok(false) => Err(refusal),
            Err(error) => {
                self.error = Some(error);
                Err(refusal)
            }
        }
    }

    fn record(
        &mut self,
        _ticket: Ticket,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) -> Option<Transition> {
        let word = if outcome == Outcome::Success { "success" } else { "failure" };
        let arguments = (now.as_secs_f64(), word, latency.as_secs_f64());
        if self.error.is_none()
            && let Err(error) = self.object.call_method1("record", arguments)
        {
            self.error = Some(error);
        }
        None
    }

    fn release(&mut self, _ticket: Ticket, _now: Duration) {}
}

fn peer(name: &str) -> Result<BreakerSettings> {
    let found = PeerDefaults::ALL.into_iter().find(|peer| peer.name().eq_ignore_ascii_case(name));
    let known = PeerDefaults::ALL.map(PeerDefaults::name).join("', '");
    found
        .map(PeerDefaults::settings)
        .ok_or_else(|| bad_value(format!("breaker is '{name}': it must be one of '{known}'")))
}

/// A gate that is always open.
fn open_gate() -> Result<Machine> {
    let mut machine = Machine::new(BreakerSettings::default(), 0)?;
    machine.force(Force::Closed, Duration::ZERO);
    Ok(machine)
}

fn plain<'py>(py: Python<'py>, report: &Report, oracle: &Report) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("requests", report.requests)?;
    dict.set_item("served", report.served)?;
    dict.set_item("admitted", report.admitted)?;
    dict.set_item("rejected", report.rejected)?;
    dict.set_item("failed", report.failed)?;
    dict.set_item("held_seconds", report.held_seconds)?;
    dict.set_item("cost", report.cost)?;
    dict.set_item("oracle_cost", oracle.cost)?;
    dict.set_item("regret", report.regret(oracle))?;
    dict.set_item("seconds", report.seconds)?;
    dict.set_item("outages", report.outages)?;
    dict.set_item("false_opens", report.false_opens)?;
    dict.set_item("probes", report.probes)?;
    dict.set_item("detect_seconds", &report.detect_seconds)?;
    dict.set_item("recover_seconds", &report.recover_seconds)?;
    Ok(dict)
}

/// Drives a breaker, or none, through a trace of a service.
#[pyfunction]
#[pyo3(signature = (settings, breaker))]
pub(crate) fn simulate_breaker<'py>(
    py: Python<'py>,
    settings: Simulation,
    breaker: Option<Driven<'py>>,
) -> Result<Bound<'py, PyDict>> {
    let costs = costs(settings.failed_cost, settings.held_cost, settings.objective)?;
    let mut service = Service::draw(family(&settings.family)?, settings.seed)
        .length(settings.seconds)
        .timeout(settings.timeout);
    if let Some(rate) = settings.calls_per_second {
        service = service.calls_per_second(rate);
    }
    let trace = py.detach(|| service.trace(settings.trace))?;
    let gate = match breaker {
        None => open_gate()?,
        Some(Driven::Peer(name)) => Machine::new(peer(&name)?, settings.seed)?,
        Some(Driven::Settings(of)) => Machine::new(of.params()?, settings.seed)?,
        Some(Driven::Breaker(circuit)) => match &circuit.get().engine {
            Engine::Fixed(breaker) => breaker.snapshot(),
            Engine::Adaptive(tuning) => {
                let mut gate = tuning.snapshot();
                let (report, oracle) = py.detach(|| {
                    let start = gate.last_seen();
                    (trace.run_from(start, &mut gate, &costs), trace.oracle(&costs))
                });
                return Ok(plain(py, &report, &oracle)?);
            }
        },
        Some(Driven::Object(object)) => {
            let machine = open_gate()?;
            let mut gate = Foreign { object: &object, machine, error: None, asked: 0 };
            let report = trace.run(&mut gate, &costs);
            if let Some(error) = gate.error {
                return Err(Exception::Python(error));
            }
            let oracle = py.detach(|| trace.oracle(&costs));
            return Ok(plain(py, &report, &oracle)?);
        }
    };
    let (report, oracle) = py.detach(|| {
        let mut gate = gate;
        let start = gate.last_seen();
        (trace.run_from(start, &mut gate, &costs), trace.oracle(&costs))
    });
    Ok(plain(py, &report, &oracle)?)
}

/// The names of the families.
#[pyfunction]
pub(crate) fn breaker_families() -> Vec<&'static str> {
    FAMILIES.to_vec()
}
