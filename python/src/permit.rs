//! What a call holds while it is under way, as a Python object.

use crate::circuit::{Circuit, Refusal, outcome, time};
use crate::engine::Pass;
use crate::errors::Result;
use crate::outstanding::Key;
use forewarn::breaker::Outcome;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The call, or where the circuit keeps it.
#[derive(Debug)]
enum Held {
    /// By the permit: gives its place back when it is dropped.
    Here(Pass),
    /// By the circuit, which takes results without permits, too.
    Kept(Key),
}

/// The right to make one call; records how it ended, once. Results after the first change nothing.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Permit {
    circuit: Py<Circuit>,
    held: Mutex<Option<Held>>,
    began: Duration,
    #[pyo3(get)]
    is_probe: bool,
}

impl Permit {
    /// Asks for a call to be let through, at a given time or now.
    pub(crate) fn ask(
        circuit: &Bound<'_, Circuit>,
        now: Option<f64>,
    ) -> Result<std::result::Result<Self, Refusal>> {
        let (py, it) = (circuit.py(), circuit.get());
        let began = it.time(py, now)?;
        let pass = match it.engine.acquire_at(began) {
            Ok(pass) => pass,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let is_probe = pass.is_probe();
        let held = if now.is_some() { Held::Kept(it.keep(pass, began)) } else { Held::Here(pass) };
        let circuit = circuit.clone().unbind();
        Ok(Ok(Self { circuit, held: Mutex::new(Some(held)), began, is_probe }))
    }

    /// The permit of a call that was let through already.
    pub(crate) fn of(circuit: Py<Circuit>, pass: Pass, began: Duration) -> Self {
        let is_probe = pass.is_probe();
        Self { circuit, held: Mutex::new(Some(Held::Here(pass))), began, is_probe }
    }

    /// The call, the first time.
    fn take(&self) -> Option<Pass> {
        match self.held.lock().unwrap_or_else(PoisonError::into_inner).take()? {
            Held::Here(pass) => Some(pass),
            Held::Kept(key) => self.circuit.get().take(key),
        }
    }

    fn end(
        &self,
        py: Python<'_>,
        outcome: Outcome,
        now: Option<f64>,
        latency: Option<f64>,
    ) -> Result<()> {
        let circuit = self.circuit.get();
        let now = circuit.time(py, now)?;
        let latency = match latency {
            Some(latency) => time("latency", latency)?,
            None => now.saturating_sub(self.began),
        };
        if let Some(pass) = self.take() {
            pass.record_at(now, outcome, latency);
        }
        Ok(())
    }
}

#[pymethods]
impl Permit {
    /// The call has ended; its latency, unless given, is the time since the permit was.
    #[pyo3(signature = (outcome, now=None, latency=None))]
    fn record(
        &self,
        py: Python<'_>,
        outcome: &Bound<'_, PyAny>,
        now: Option<f64>,
        latency: Option<f64>,
    ) -> Result<()> {
        self.end(py, self::outcome(outcome)?, now, latency)
    }

    /// The call went well.
    #[pyo3(signature = (now=None))]
    fn success(&self, py: Python<'_>, now: Option<f64>) -> Result<()> {
        self.end(py, Outcome::Success, now, None)
    }

    /// The call failed.
    #[pyo3(signature = (now=None))]
    fn failure(&self, py: Python<'_>, now: Option<f64>) -> Result<()> {
        self.end(py, Outcome::Failure, now, None)
    }

    /// The call was not made, or says nothing: its place is given back.
    #[pyo3(signature = (now=None))]
    fn release(&self, py: Python<'_>, now: Option<f64>) -> Result<()> {
        let circuit = self.circuit.get();
        let now = circuit.time(py, now)?;
        if let Some(pass) = self.take() {
            pass.release_at(now);
        }
        Ok(())
    }

    /// The call gave this result, which the breaker judges.
    fn returned(&self, py: Python<'_>, result: &Bound<'_, PyAny>) -> Result<()> {
        self.end(py, self.circuit.get().judge.result(result)?, None, None)
    }

    /// The call raised this exception, which the breaker judges.
    fn raised(&self, py: Python<'_>, error: &Bound<'_, PyAny>) -> Result<()> {
        let circuit = self.circuit.get();
        if let Some(outcome) = circuit.judge.exception(error)? {
            return self.end(py, outcome, None, None);
        }
        if let Some(pass) = self.take() {
            circuit.give_up(py, pass, self.began);
        }
        Ok(())
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> Result<()> {
        let _ = (kind, traceback);
        if error.is_none() {
            return self.end(py, Outcome::Success, None, None);
        }
        self.raised(py, error)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.circuit)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let held = self.held.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Held::Here(pass)) = held {
            Python::attach(|py| self.circuit.get().give_up(py, pass, self.began));
        }
    }
}
