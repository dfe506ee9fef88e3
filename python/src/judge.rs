//! What exceptions and results of calls say of what was called.

use crate::errors::{Result, bad_value};
use forewarn::breaker::Outcome;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{PyTraverseError, PyVisit};

/// Every key of `forewarn.circuit_breaker.CallRules`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Rules {
    failures: Py<PyTuple>,
    ignored: Py<PyTuple>,
    usual: Py<PyAny>,
    is_failure: Option<Py<PyAny>>,
    cancelled: Option<String>,
}

impl Rules {
    pub(crate) fn judge(self) -> Result<Judge> {
        let cancelled = match self.cancelled.as_deref() {
            None => None,
            Some("failure") => Some(Outcome::Failure),
            Some(other) => {
                return Err(bad_value(format!(
                    "cancelled is '{other}': it must be 'failure', or None for nothing"
                )));
            }
        };
        let Self { failures, ignored, usual, is_failure, .. } = self;
        Ok(Judge { failures, ignored, usual, is_failure, cancelled })
    }
}

/// What exceptions and results of calls say of what was called.
#[derive(Debug)]
pub(crate) struct Judge {
    /// Exceptions that count as failures.
    failures: Py<PyTuple>,
    /// Exceptions that say nothing.
    ignored: Py<PyTuple>,
    /// All exceptions that are no cancellation.
    usual: Py<PyAny>,
    /// Whether a result is a failure.
    is_failure: Option<Py<PyAny>>,
    /// What a call counts as that is given up before it ends; `None` for nothing.
    pub(crate) cancelled: Option<Outcome>,
}

impl Judge {
    /// What an exception counts as; `None` for a call that was cancelled.
    pub(crate) fn exception(&self, error: &Bound<'_, PyAny>) -> PyResult<Option<Outcome>> {
        let py = error.py();
        if error.is_instance(self.ignored.bind(py))? {
            Ok(Some(Outcome::Ignored))
        } else if error.is_instance(self.failures.bind(py))? {
            Ok(Some(Outcome::Failure))
        } else if error.is_instance(self.usual.bind(py))? {
            Ok(Some(Outcome::Ignored))
        } else {
            Ok(None)
        }
    }

    /// What a result counts as.
    #[inline]
    pub(crate) fn result(&self, result: &Bound<'_, PyAny>) -> PyResult<Outcome> {
        let Some(is_failure) = &self.is_failure else { return Ok(Outcome::Success) };
        let failed = is_failure.bind(result.py()).call1((result,))?.is_truthy()?;
        Ok(if failed { Outcome::Failure } else { Outcome::Success })
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.failures)?;
        visit.call(&self.ignored)?;
        self.is_failure.iter().try_for_each(|it| visit.call(it))
    }
}
