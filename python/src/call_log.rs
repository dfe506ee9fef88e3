//! Logs of calls as Python objects.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::{Result, bad_value};
use forewarn::breaker::{CallLog, LoggedCall, LoggedOutcome, State};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use std::sync::Arc;

/// By the numbers that Python knows them by: their places.
const OUTCOMES: [LoggedOutcome; 6] = [
    LoggedOutcome::Ok,
    LoggedOutcome::Failed,
    LoggedOutcome::TimedOut,
    LoggedOutcome::Ignored,
    LoggedOutcome::Rejected,
    LoggedOutcome::Cancelled,
];

/// Numbers of keys or states, one a row.
type Codes<'py> = PyReadonlyArray1<'py, i64>;

/// Columns of a log: start, latency, outcome, key, attempt, admitted, state.
type Columns<'py> = (
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Vec<&'static str>,
    Vec<String>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<f64>>,
    Vec<Option<&'static str>>,
);

/// Calls of one or more dependencies.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Calls {
    pub(crate) log: Arc<CallLog>,
}

/// Optional columns: keys by number, attempts, probabilities, states by number (−1 for none).
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Extra<'py> {
    keys: Option<(Vec<String>, Codes<'py>)>,
    attempt: Option<Codes<'py>>,
    admitted: Option<PyReadonlyArray1<'py, f64>>,
    state: Option<Codes<'py>>,
}

#[pymethods]
impl Calls {
    /// Rows from columns, outcomes by their number.
    #[new]
    fn new(
        py: Python<'_>,
        start: PyReadonlyArray1<'_, f64>,
        latency: PyReadonlyArray1<'_, f64>,
        outcome: Codes<'_>,
        extra: Extra<'_>,
    ) -> Result<Self> {
        let (start, latency, outcome) = (start.as_array(), latency.as_array(), outcome.as_array());
        let Extra { keys, attempt, admitted, state } = &extra;
        let keys = keys.as_ref().map(|(names, codes)| (names, codes.as_array()));
        let attempt = attempt.as_ref().map(PyReadonlyArray1::as_array);
        let admitted = admitted.as_ref().map(PyReadonlyArray1::as_array);
        let state = state.as_ref().map(PyReadonlyArray1::as_array);
        let log = py.detach(|| -> Result<CallLog> {
            let mut log = CallLog::new();
            log.reserve(start.len());
            for row in 0..start.len() {
                let key = match &keys {
                    None => Some(""),
                    Some((names, codes)) => names.get(codes[row] as usize).map(String::as_str),
                };
                let outcome = OUTCOMES.get(outcome[row] as usize).copied();
                let (Some(key), Some(outcome)) = (key, outcome) else {
                    return Err(bad_value(format!("row {row} has no key or no outcome")));
                };
                let given = attempt.as_ref().map_or(1, |attempt| attempt[row]);
                let known = state.as_ref().and_then(|it| State::ALL.get(it[row] as usize));
                log.push(LoggedCall {
                    attempt: u32::try_from(given.max(0)).unwrap_or(u32::MAX),
                    admitted: admitted.as_ref().map_or(1.0, |admitted| admitted[row]),
                    state: known.copied(),
                    ..LoggedCall::new(key, start[row], latency[row], outcome)
                })?;
            }
            Ok(log)
        })?;
        Ok(Self { log: Arc::new(log) })
    }

    #[staticmethod]
    fn from_csv(py: Python<'_>, text: &str) -> Result<Self> {
        let log = py.detach(|| CallLog::from_csv(text))?;
        Ok(Self { log: Arc::new(log) })
    }

    fn to_csv(&self, py: Python<'_>) -> String {
        py.detach(|| self.log.to_csv())
    }

    /// The rows without those that equal an earlier one in every column.
    fn dedup(&self, py: Python<'_>) -> Self {
        let log = py.detach(|| {
            let mut log = (*self.log).clone();
            log.dedup();
            log
        });
        Self { log: Arc::new(log) }
    }

    fn columns<'py>(&self, py: Python<'py>) -> Columns<'py> {
        let rows: Vec<LoggedCall<'_>> = self.log.iter().collect();
        let numbers = |of: fn(&LoggedCall<'_>) -> f64| {
            rows.iter().map(of).collect::<Vec<f64>>().into_pyarray(py)
        };
        let attempts: Vec<i64> = rows.iter().map(|it| i64::from(it.attempt)).collect();
        (
            numbers(|it| it.start),
            numbers(|it| it.latency),
            rows.iter().map(|it| it.outcome.name()).collect(),
            rows.iter().map(|it| it.key.to_owned()).collect(),
            attempts.into_pyarray(py),
            numbers(|it| it.admitted),
            rows.iter().map(|it| it.state.map(State::name)).collect(),
        )
    }

    /// Rows by outcome.
    fn counts(&self) -> Vec<(&'static str, usize)> {
        OUTCOMES.iter().map(|it| (it.name(), self.log.count(*it))).collect()
    }

    #[getter]
    fn keys(&self) -> Vec<String> {
        self.log.keys().to_vec()
    }

    #[getter]
    fn seconds(&self) -> f64 {
        self.log.seconds()
    }

    #[getter]
    fn out_of_order(&self) -> usize {
        self.log.out_of_order()
    }

    #[getter]
    fn duplicates(&self) -> usize {
        self.log.duplicates()
    }

    fn __len__(&self) -> usize {
        self.log.len()
    }
}
