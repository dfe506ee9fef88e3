//! A circuit breaker as a Python object.
//!
//! No lock is held while Python code runs, not even the clock: what waits for a lock may hold the
//! interpreter. And no thread forks while it holds one.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::breaker_settings::{Settings, costs};
use crate::engine::{Core, Engine, Pass};
use crate::errors::{Exception, Rejected, Result, bad_value};
use crate::judge::{Judge, Rules};
use crate::listeners::Listeners;
use crate::outstanding::{Key, Outstanding};
use crate::permit::Permit;
use crate::ticker::Ticker;
use forewarn::Error;
use forewarn::breaker::{
    AdaptiveParams, BreakerMetrics, Clock as _, Force, Machine, Outcome, State, open_metrics,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use pyo3::{PyTraverseError, PyVisit};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Times beyond it, in seconds, are mistakes: nanoseconds of them no longer fit into 64 bits.
const LATEST: f64 = 1e10;

/// What is told about a call that is turned away.
pub(crate) type Refusal = forewarn::breaker::Rejected;

/// A circuit breaker. `Circuit(data, clock, rules)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Circuit {
    pub(crate) engine: Engine,
    ticker: Ticker,
    /// A function that returns seconds, instead of the ticker.
    clock: Option<Py<PyAny>>,
    /// Calls let through at a given time, whose permits nobody need keep.
    outstanding: Mutex<Outstanding>,
    listeners: Arc<Listeners>,
    pub(crate) judge: Judge,
}

impl Circuit {
    fn of(core: Core, clock: Option<Py<PyAny>>, rules: Rules) -> Result<Self> {
        let judge = rules.judge()?;
        let ticker = Ticker::new(clock.is_none(), core.last_seen());
        let (outstanding, listeners) = (Mutex::default(), Arc::default());
        let engine = core.build(ticker.clone(), judge.cancelled)?;
        Ok(Self { engine, ticker, clock, outstanding, listeners, judge })
    }

    fn outstanding(&self) -> MutexGuard<'_, Outstanding> {
        self.outstanding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the breaker may ask its own clock.
    pub(crate) fn ticks(&self) -> bool {
        self.clock.is_none()
    }

    /// The time, of the clock or as given.
    #[inline]
    pub(crate) fn time(&self, py: Python<'_>, given: Option<f64>) -> Result<Duration> {
        match (given, &self.clock) {
            (Some(now), _) => time("now", now),
            (None, None) => Ok(self.ticker.now()),
            (None, Some(clock)) => time("clock()", clock.call0(py)?.extract(py)?),
        }
    }

    /// A call was given up: it counts as configured. A clock that fails now must not keep the place:
    /// time stands still then.
    pub(crate) fn give_up(&self, py: Python<'_>, pass: Pass, began: Duration) {
        let now = self.time(py, None).unwrap_or(began);
        match self.judge.cancelled {
            Some(outcome) => pass.record_at(now, outcome, now.saturating_sub(began)),
            None => pass.release_at(now),
        }
    }

    /// Keeps a call until a result comes that fits its start.
    pub(crate) fn keep(&self, pass: Pass, began: Duration) -> Key {
        let (key, oldest) = self.outstanding().keep(pass, began);
        if let Some(oldest) = oldest {
            oldest.release_at(began);
        }
        key
    }

    /// The call that was kept under a key, if no result has come for it.
    pub(crate) fn take(&self, key: Key) -> Option<Pass> {
        self.outstanding().take(key)
    }
}

/// A time of so many seconds.
pub(crate) fn time(name: &'static str, value: f64) -> Result<Duration> {
    if (0.0..=LATEST).contains(&value) {
        return Ok(Duration::from_secs_f64(value));
    }
    Err(Error::OutOfRange { name, value, allowed: "a number of seconds from 0 to 1e10" }.into())
}

/// How a call ended, in words or as whether it went well.
pub(crate) fn outcome(of: &Bound<'_, PyAny>) -> Result<Outcome> {
    if let Ok(good) = of.extract::<bool>() {
        return Ok(if good { Outcome::Success } else { Outcome::Failure });
    }
    match of.extract::<&str>() {
        Ok("success") => Ok(Outcome::Success),
        Ok("failure" | "timeout") => Ok(Outcome::Failure),
        Ok("ignored") => Ok(Outcome::Ignored),
        _ => Err(bad_value(format!(
            "outcome is {}: it must be 'success', 'failure', 'timeout', 'ignored', or whether the \
             call succeeded",
            of.repr()?
        ))),
    }
}

#[pymethods]
impl Circuit {
    #[new]
    fn new(data: &[u8], clock: Option<Py<PyAny>>, rules: Rules) -> Result<Self> {
        Self::of(Core::from_bytes(data)?, clock, rules)
    }

    /// A closed circuit.
    #[staticmethod]
    fn start(
        settings: Settings,
        seed: u64,
        clock: Option<Py<PyAny>>,
        rules: Rules,
    ) -> Result<Self> {
        Self::of(Core::Fixed(Machine::new(settings.params()?, seed)?), clock, rules)
    }

    /// A closed circuit that tunes itself; told costs of failures, of seconds, and the objective.
    #[staticmethod]
    fn adaptive(
        told: (f64, f64, f64),
        seed: u64,
        clock: Option<Py<PyAny>>,
        rules: Rules,
    ) -> Result<Self> {
        let params = AdaptiveParams::default().costs(costs(told.0, told.1, told.2)?).seed(seed);
        Self::of(Core::Adaptive(params.start()?), clock, rules)
    }

    /// A permit; None if the call is not let through. One for a given time is not given back when it
    /// is dropped: a result may come without it.
    fn try_acquire(slf: &Bound<'_, Self>, now: Option<f64>) -> Result<Option<Permit>> {
        Ok(Permit::ask(slf, now)?.ok())
    }

    /// A permit; an exception if the call is not let through.
    fn acquire(slf: &Bound<'_, Self>, now: Option<f64>) -> Result<Permit> {
        Permit::ask(slf, now)?.map_err(|refusal| rejected(slf.py(), refusal))
    }

    /// How a call ended that was asked for at a time: of those outstanding, the one that began
    /// nearest to `now - latency`.
    #[pyo3(name = "record")]
    fn end(&self, now: f64, outcome: &Bound<'_, PyAny>, latency: f64) -> Result<()> {
        let (now, latency) = (time("now", now)?, time("latency", latency)?);
        let outcome = self::outcome(outcome)?;
        let found = self.outstanding().nearest(now.saturating_sub(latency));
        // A call that nobody asked for counts where all calls are let through anyway.
        let pass = match found {
            None if matches!(self.engine.state(), State::Closed | State::ForcedClosed) => {
                self.engine.acquire_at(now).ok()
            }
            found => found,
        };
        if let Some(pass) = pass {
            pass.record_at(now, outcome, latency);
        }
        Ok(())
    }

    /// Lets time pass.
    fn tick(&self, py: Python<'_>, now: Option<f64>) -> Result<()> {
        let now = self.time(py, now)?;
        self.engine.tick(now);
        Ok(())
    }

    /// Imposes a state, or none.
    fn force(&self, py: Python<'_>, state: Option<&str>, now: Option<f64>) -> Result<()> {
        let force = match state {
            None => None,
            Some("open") => Some(Force::Open),
            Some("closed") => Some(Force::Closed),
            Some("shadow") => Some(Force::Shadow),
            Some(other) => {
                return Err(bad_value(format!(
                    "state is '{other}': it must be 'open', 'closed' or 'shadow'"
                )));
            }
        };
        let now = self.time(py, now)?;
        self.engine.force(force, now);
        Ok(())
    }

    fn set_settings(&self, settings: Settings) -> Result<()> {
        self.engine.set_settings(&settings)
    }

    fn settings(&self) -> Settings {
        self.engine.settings()
    }

    /// Has a function called at every transition.
    fn listen(&self, listener: Py<PyAny>) {
        let first = self.listeners.add(listener);
        if first {
            let listeners = Arc::clone(&self.listeners);
            self.engine.listen(move |transition| listeners.tell(transition));
        }
    }

    #[getter]
    fn state(&self) -> &'static str {
        self.engine.state().name()
    }

    /// What it would be if nobody forced it.
    #[getter]
    fn inner_state(&self) -> &'static str {
        self.engine.inner_state().name()
    }

    /// The share of calls that are let through, probes aside.
    #[getter]
    fn share(&self) -> f64 {
        self.engine.share()
    }

    /// Calls let through at a given time whose results have not come.
    #[getter]
    #[pyo3(name = "outstanding")]
    fn kept(&self) -> usize {
        self.outstanding().len()
    }

    /// What has been counted, by name.
    fn metrics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let it = self.engine.metrics();
        let counts = [
            ("successes", it.successes),
            ("failures", it.failures),
            ("ignored", it.ignored),
            ("cancelled", it.cancelled),
            ("rejected", it.rejected),
            ("would_reject", it.would_reject),
            ("slow", it.slow),
            ("overdue", it.overdue),
            ("stale", it.stale),
            ("probes", it.probes),
            ("expired_probes", it.expired_probes),
            ("opened", it.opened),
            ("transitions", it.transitions),
            ("clock_steps_back", it.clock_steps_back),
        ];
        let dict = PyDict::new(py);
        for (name, count) in counts {
            dict.set_item(name, count)?;
        }
        Ok(dict)
    }

    /// The compact binary form.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.engine.to_bytes()?))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.clock)?;
        self.listeners.traverse(&visit)?;
        self.judge.traverse(&visit)
    }

    /// Listeners are what cycles go through.
    fn __clear__(&self) {
        self.listeners.clear();
    }
}

/// State and counts of circuits, by name, as text for monitoring.
#[pyfunction]
pub(crate) fn breakers_text(circuits: Vec<(String, Bound<'_, Circuit>)>) -> String {
    let read = |(name, circuit): (String, Bound<'_, Circuit>)| -> (String, State, BreakerMetrics) {
        let engine = &circuit.get().engine;
        (name, engine.state(), engine.metrics())
    };
    open_metrics(circuits.into_iter().map(read))
}

/// The exception of a call that is turned away.
#[cold]
pub(crate) fn rejected(py: Python<'_>, refusal: Refusal) -> Exception {
    let error = Rejected::new_err(refusal.to_string());
    let value = error.value(py);
    let wait = refusal.retry_after.map(|wait| wait.as_secs_f64());
    let told = value
        .setattr("state", refusal.state.name())
        .and_then(|()| value.setattr("retry_after", wait));
    Exception::Python(told.err().unwrap_or(error))
}
