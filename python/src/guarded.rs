//! A function behind a circuit breaker.

use crate::circuit::{Circuit, Refusal, rejected};
use crate::engine::{Brief, Engine, Pass};
use crate::errors::{Result, bad_value};
use crate::permit::Permit;
use forewarn::breaker::Outcome;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A function that is called through a circuit breaker.
#[pyclass(frozen, dict, weakref, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Guarded {
    circuit: Py<Circuit>,
    function: Py<PyAny>,
    /// Of what the functions of asyncio return.
    coroutine: Py<PyAny>,
    /// Takes a permit and a coroutine, and returns a coroutine.
    later: Py<PyAny>,
    /// Binds to an instance as functions do.
    method: Py<PyAny>,
    /// Whether the function has returned a coroutine.
    awaited: AtomicBool,
}

/// A call under way, which is given up unless it is ended.
struct UnderWay<'a, 'py> {
    py: Python<'py>,
    circuit: &'a Circuit,
    pass: Option<Pass>,
    began: Duration,
}

impl UnderWay<'_, '_> {
    fn end(&mut self, outcome: Outcome) -> Result<()> {
        let now = self.circuit.time(self.py, None)?;
        if let Some(pass) = self.pass.take() {
            pass.record_at(now, outcome, now.saturating_sub(self.began));
        }
        Ok(())
    }
}

impl Drop for UnderWay<'_, '_> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.circuit.give_up(self.py, pass, self.began);
        }
    }
}

impl Guarded {
    /// A call whose permit may go elsewhere, or whose times the circuit must be told.
    fn call_timed<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Result<Bound<'py, PyAny>> {
        let circuit = self.circuit.get();
        let began = circuit.time(py, None)?;
        let pass = circuit.engine.acquire_at(began).map_err(|refusal| rejected(py, refusal))?;
        let mut call = UnderWay { py, circuit, pass: Some(pass), began };
        match self.function.bind(py).call(args, kwargs) {
            Ok(result) if result.get_type().is(&self.coroutine) => {
                let to_permit = |pass| Permit::of(self.circuit.clone_ref(py), pass, began);
                let permit = call.pass.take().map(to_permit);
                Ok(self.later.bind(py).call1((permit, result))?)
            }
            Ok(result) => {
                call.end(circuit.judge.result(&result)?)?;
                Ok(result)
            }
            Err(error) => {
                if let Some(outcome) = circuit.judge.exception(error.value(py))? {
                    call.end(outcome)?;
                }
                Err(error.into())
            }
        }
    }

    /// A call that asks for its permit and ends in one go: the breaker reads the time, if it matters.
    #[inline]
    fn call_here<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
        permit: std::result::Result<impl Brief, Refusal>,
    ) -> Result<Bound<'py, PyAny>> {
        let permit = permit.map_err(|refusal| rejected(py, refusal))?;
        let judge = &self.circuit.get().judge;
        match self.function.bind(py).call(args, kwargs) {
            Ok(result) if result.get_type().is(&self.coroutine) => {
                // One that goes elsewhere is needed; from the next call on, from the start.
                self.awaited.store(true, Ordering::Relaxed);
                let permit = match permit.go_on() {
                    Some((pass, began)) => Permit::of(self.circuit.clone_ref(py), pass, began),
                    None => Permit::ask(self.circuit.bind(py), None)?
                        .map_err(|refusal| rejected(py, refusal))?,
                };
                Ok(self.later.bind(py).call1((permit, result))?)
            }
            Ok(result) => {
                permit.record(judge.result(&result)?);
                Ok(result)
            }
            Err(error) => {
                if let Some(outcome) = judge.exception(error.value(py))? {
                    permit.record(outcome);
                }
                Err(error.into())
            }
        }
    }
}

#[pymethods]
impl Guarded {
    #[new]
    fn new(
        circuit: Py<Circuit>,
        function: Py<PyAny>,
        coroutine: Py<PyAny>,
        later: Py<PyAny>,
        method: Py<PyAny>,
    ) -> Result<Self> {
        Python::attach(|py| {
            if function.bind(py).is_callable() {
                return Ok(());
            }
            Err(bad_value(format!("{} cannot be called", function.bind(py).repr()?)))
        })?;
        Ok(Self { circuit, function, coroutine, later, method, awaited: false.into() })
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Result<Bound<'py, PyAny>> {
        let circuit = self.circuit.get();
        if !circuit.ticks() || self.awaited.load(Ordering::Relaxed) {
            return self.call_timed(py, args, kwargs);
        }
        match &circuit.engine {
            Engine::Fixed(breaker) => self.call_here(py, args, kwargs, breaker.try_acquire()),
            Engine::Adaptive(breaker) => self.call_here(py, args, kwargs, breaker.try_acquire()),
        }
    }

    /// Methods are functions of classes: bound to an instance, it is their first argument.
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        instance: &Bound<'py, PyAny>,
        _owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if instance.is_none() {
            return Ok(slf.clone().into_any());
        }
        slf.get().method.bind(slf.py()).call1((slf, instance))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.circuit)?;
        visit.call(&self.function)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<{} behind a circuit breaker>", self.function.bind(py).repr()?))
    }
}
