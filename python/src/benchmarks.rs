//! The history of a benchmark as a Python object: one state behind a lock.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::series::{Doubles, slice};
use crate::words::{DIRECTIONS, meaning, word};
use forewarn::compare::{
    PerformanceChange, PerformanceHistory, PerformanceHistoryParams, RunJudgement, RunOutcome,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every key of `forewarn.compare.benchmarks.HistorySettings`.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    direction: String,
    effect: f64,
    alpha: f64,
    same_conditions: f64,
    remembered: usize,
}

/// First run, run at which it was reported, effect, its interval, p-value.
type PlainChange = (u64, u64, f64, f64, f64, f64);
/// Run, outcome, change, typical value, relative value, runs needed.
type PlainRun = (u64, &'static str, Option<PlainChange>, f64, f64, Option<u64>);

fn plain_change(it: &PerformanceChange) -> PlainChange {
    (it.since, it.reported, it.effect, it.low, it.high, it.p_value)
}

fn plain(it: &RunJudgement) -> PlainRun {
    let (outcome, change) = match &it.outcome {
        RunOutcome::Learning => ("learning", None),
        RunOutcome::Unusual => ("unusual", None),
        RunOutcome::Regression(change) => ("regression", Some(plain_change(change))),
        RunOutcome::Improvement(change) => ("improvement", Some(plain_change(change))),
        _ => ("usual", None),
    };
    (it.run, outcome, change, it.typical, it.relative, it.runs_needed)
}

/// The settings of a history by default.
#[pyfunction]
pub(crate) fn history_defaults() -> Settings {
    let it = PerformanceHistoryParams::default();
    Settings {
        direction: word(&it.direction, &DIRECTIONS).to_owned(),
        effect: it.effect,
        alpha: it.alpha,
        same_conditions: it.same_conditions,
        remembered: it.remembered,
    }
}

/// A benchmark, run after run. `History(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct History {
    history: Mutex<PerformanceHistory>,
}

impl History {
    /// No method leaves the state half changed, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, PerformanceHistory> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn observe(
    history: &mut PerformanceHistory,
    time: Option<f64>,
    value: f64,
) -> forewarn::Result<RunJudgement> {
    match time {
        None => history.observe(value),
        Some(time) => history.observe_at(time, value),
    }
}

#[pymethods]
impl History {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { history: Mutex::new(PerformanceHistory::from_bytes(data)?) })
    }

    /// A history without runs.
    #[staticmethod]
    fn start(settings: Settings) -> Result<Self> {
        let params = PerformanceHistoryParams::default()
            .direction(meaning("direction", &settings.direction, &DIRECTIONS)?)
            .effect(settings.effect)
            .alpha(settings.alpha)
            .same_conditions(settings.same_conditions)
            .remembered(settings.remembered);
        Ok(Self { history: Mutex::new(params.start()?) })
    }

    /// Judges a run.
    fn update(&self, py: Python<'_>, value: f64, time: Option<f64>) -> Result<PlainRun> {
        Ok(plain(&py.detach(|| observe(&mut self.state(), time, value))?))
    }

    /// Judges runs in order. An error leaves the state as it was.
    fn update_many(
        &self,
        py: Python<'_>,
        values: Doubles<'_>,
        times: Option<Doubles<'_>>,
    ) -> Result<Vec<PlainRun>> {
        let times = times.as_ref().map(slice).transpose()?;
        let values = slice(&values)?;
        let found = py.detach(|| {
            let mut state = self.state();
            let mut history = state.clone();
            let found: Vec<RunJudgement> = values
                .iter()
                .enumerate()
                .map(|(run, &value)| observe(&mut history, times.map(|it| it[run]), value))
                .collect::<forewarn::Result<_>>()?;
            *state = history;
            Ok::<_, forewarn::Error>(found)
        })?;
        Ok(found.iter().map(plain).collect())
    }

    /// Runs seen.
    #[getter]
    fn runs(&self) -> u64 {
        self.state().runs()
    }

    /// The last changes that were reported.
    #[getter]
    fn changes(&self) -> Vec<PlainChange> {
        self.state().changes().iter().map(plain_change).collect()
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.state().to_bytes()?))
    }
}
