//! A live fleet as a Python object: one state behind a lock, so any thread may use it.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::{Exception, Result};
use crate::maintenance::Trained;
use crate::maintenance_hand::act;
use crate::maintenance_plain::{PlainAssessment, PlainRecord, plain_record};
use crate::maintenance_telemetry::Value;
use crate::pool::pool;
use crate::table::Row;
use crate::words::meaning;
use forewarn::engine::{Fleet, Verdict};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

const VERDICTS: [(&str, Verdict); 3] =
    [("false alarm", Verdict::FalseAlarm), ("real", Verdict::Real), ("missed", Verdict::Missed)];

/// Many entities, live. `LiveFleet(engine, data)` reads what `to_bytes` wrote; without data nothing is
/// known yet.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct LiveFleet {
    fleet: Mutex<Fleet>,
    /// The thread whose hand is acting.
    acting: Mutex<Option<ThreadId>>,
}

impl LiveFleet {
    /// Waits for the lock detached: who holds it may be waiting for the interpreter. No method leaves
    /// the state half changed, so a panic elsewhere does not spoil it.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        f: impl FnOnce(&mut Fleet) -> forewarn::Result<T> + Send,
    ) -> Result<T> {
        self.check_idle()?;
        let locked = || f(&mut self.fleet.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(py.detach(locked)?)
    }

    /// A hand would wait for itself.
    fn check_idle(&self) -> Result<()> {
        let acting = *self.acting.lock().unwrap_or_else(PoisonError::into_inner);
        if acting != Some(thread::current().id()) {
            return Ok(());
        }
        let message = "a hand must not use the fleet that it acts for: use it after act()";
        Err(Exception::Python(PyRuntimeError::new_err(message)))
    }

    fn set_acting(&self, thread: Option<ThreadId>) {
        *self.acting.lock().unwrap_or_else(PoisonError::into_inner) = thread;
    }
}

#[pymethods]
impl LiveFleet {
    #[new]
    fn new(py: Python<'_>, engine: &Trained, data: Option<&[u8]>) -> Result<Self> {
        let engine = &engine.engine;
        let fleet = py.detach(|| match data {
            Some(data) => Fleet::from_bytes(engine, data),
            None => Ok(engine.fleet()),
        })?;
        Ok(Self { fleet: Mutex::new(fleet), acting: Mutex::new(None) })
    }

    /// Readings of all metrics, in the engine's order.
    fn observe(&self, py: Python<'_>, entity: &str, time: f64, values: Row<'_>) -> Result<()> {
        values.with(|values| self.with(py, |fleet| fleet.observe(entity, time, values)))
    }

    /// Readings of some metrics; how many of them the engine does not know.
    fn observe_named(
        &self,
        py: Python<'_>,
        entity: &str,
        time: f64,
        readings: Vec<(String, f64)>,
    ) -> Result<usize> {
        let named = || readings.iter().map(|(name, value)| (name.as_str(), *value));
        self.with(py, |fleet| fleet.observe_named(entity, time, named()))
    }

    /// Something that happened; whether the engine knows its kind.
    fn event(&self, py: Python<'_>, entity: &str, time: f64, kind: &str) -> Result<bool> {
        self.with(py, |fleet| fleet.event(entity, time, kind))
    }

    /// A part that was maintained; whether the engine knows it.
    fn maintain(&self, py: Python<'_>, entity: &str, time: f64, part: &str) -> Result<bool> {
        self.with(py, |fleet| fleet.maintain(entity, time, part))
    }

    /// A failure: a new life begins.
    fn fail(&self, py: Python<'_>, entity: &str, time: f64) -> Result<()> {
        self.with(py, |fleet| fleet.fail(entity, time))
    }

    /// What an entity is.
    fn describe(&self, py: Python<'_>, entity: &str, attribute: &str, value: Value) -> Result<()> {
        self.with(py, |fleet| fleet.describe(entity, attribute, value.attribute()))
    }

    /// Forgets an entity; whether anything was known of it.
    fn forget(&self, py: Python<'_>, entity: &str) -> Result<bool> {
        self.with(py, |fleet| Ok(fleet.forget(entity)))
    }

    /// One entity now, with all reasons.
    fn assess(&self, py: Python<'_>, entity: &str, now: f64) -> Result<PlainAssessment> {
        Ok(self.with(py, |fleet| fleet.assess(entity, now))?.into())
    }

    /// Every entity now.
    fn assess_all(
        &self,
        py: Python<'_>,
        now: f64,
        n_jobs: Option<i64>,
    ) -> Result<Vec<PlainAssessment>> {
        let pool = pool(py, n_jobs)?;
        let found = self.with(py, |fleet| pool.install(|| fleet.assess_all(now)))?;
        Ok(found.into_iter().map(PlainAssessment::from).collect())
    }

    /// Judges all, and has the hand do what is worth doing and allowed; it is called with records.
    fn act(
        &self,
        py: Python<'_>,
        now: f64,
        hand: Py<PyAny>,
        n_jobs: Option<i64>,
    ) -> Result<Vec<PlainRecord>> {
        self.check_idle()?;
        let pool = pool(py, n_jobs)?;
        let records = py.detach(|| {
            let mut fleet = self.fleet.lock().unwrap_or_else(PoisonError::into_inner);
            self.set_acting(Some(thread::current().id()));
            let records = act(&pool, &mut fleet, now, &hand);
            self.set_acting(None);
            records
        })?;
        Ok(records.iter().map(plain_record).collect())
    }

    /// What an operator says.
    fn verdict(&self, py: Python<'_>, entity: &str, time: f64, verdict: &str) -> Result<()> {
        let verdict = meaning("verdict", verdict, &VERDICTS)?;
        self.with(py, |fleet| fleet.verdict(entity, time, verdict))
    }

    /// Features that no longer look as in training: name, index, in words.
    fn drift(&self, py: Python<'_>) -> Result<Vec<(String, f64, String)>> {
        let notes = self.with(py, |fleet| Ok(fleet.drift()))?;
        Ok(notes.into_iter().map(|it| (it.feature, it.index, it.text)).collect())
    }

    /// From this probability of the engine on there is an alert, as verdicts have moved it.
    fn threshold(&self, py: Python<'_>) -> Result<f64> {
        self.with(py, |fleet| Ok(fleet.threshold()))
    }

    /// The entities.
    fn entities(&self, py: Python<'_>) -> Result<Vec<String>> {
        self.with(py, |fleet| Ok(fleet.entities().to_vec()))
    }

    /// The last decisions.
    fn records(&self, py: Python<'_>) -> Result<Vec<PlainRecord>> {
        self.with(py, |fleet| Ok(fleet.gate().records().map(plain_record).collect()))
    }

    /// Interventions that the budget has left at a time.
    fn budget_left(&self, py: Python<'_>, now: f64) -> Result<u32> {
        self.with(py, |fleet| Ok(fleet.gate().left(now)))
    }

    /// Everything that is known, without the engine.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        let bytes = self.with(py, |fleet| fleet.to_bytes())?;
        Ok(PyBytes::new(py, &bytes))
    }
}
