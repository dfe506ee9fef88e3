//! Tests that may be looked at any time, as Python objects: one state behind a lock.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::series::{Doubles, slice};
use crate::words::{DIRECTIONS, meaning, word};
use forewarn::compare::{Arm, Measure, SequentialDecision, SequentialTest, SequentialTestParams};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every key of `forewarn.compare.sequential.SequentialSettings`.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    measure: String,
    bounds: Option<(f64, f64)>,
    direction: String,
    alpha: f64,
    effect: f64,
    margin: Option<f64>,
    most_pairs: Option<u64>,
}

const DECISIONS: [(&str, SequentialDecision); 4] = [
    ("continue", SequentialDecision::Continue),
    ("worse", SequentialDecision::Worse),
    ("harmless", SequentialDecision::Harmless),
    ("undecided", SequentialDecision::Undecided),
];

const ARMS: [(&str, Arm); 2] = [("baseline", Arm::Baseline), ("candidate", Arm::Candidate)];

const MEASURES: [(&str, Measure); 3] =
    [("ranks", Measure::Ranks), ("means", Measure::Means), ("shares", Measure::Shares)];

/// Decision, pairs, log evidence, p-value, estimate, its interval, pairs still needed.
type PlainState = (&'static str, u64, f64, f64, f64, f64, f64, u64);

/// The settings of a test by default.
#[pyfunction]
pub(crate) fn sequential_defaults() -> Settings {
    let it = SequentialTestParams::default();
    Settings {
        measure: word(&it.measure, &MEASURES).to_owned(),
        bounds: None,
        direction: word(&it.direction, &DIRECTIONS).to_owned(),
        alpha: it.alpha,
        effect: it.effect,
        margin: it.margin,
        most_pairs: it.most_pairs,
    }
}

/// A test of baseline and candidate. `Sequential(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Sequential {
    test: Mutex<SequentialTest>,
}

impl Sequential {
    /// No method leaves the state half changed, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, SequentialTest> {
        self.test.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Sequential {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { test: Mutex::new(SequentialTest::from_bytes(data)?) })
    }

    /// A test that has seen nothing. With bounds it is that of means within them.
    #[staticmethod]
    fn start(settings: Settings) -> Result<Self> {
        let measure = match settings.bounds {
            Some((low, high)) => Measure::Bounded { low, high },
            None => meaning("measure", &settings.measure, &MEASURES)?,
        };
        let params = SequentialTestParams::default()
            .measure(measure)
            .direction(meaning("direction", &settings.direction, &DIRECTIONS)?)
            .alpha(settings.alpha)
            .effect(settings.effect)
            .margin(settings.margin)
            .most_pairs(settings.most_pairs);
        Ok(Self { test: Mutex::new(params.start()?) })
    }

    /// Takes a value of one side, and says what to do.
    fn update(&self, side: &str, value: f64) -> Result<&'static str> {
        let arm = meaning("side", side, &ARMS)?;
        Ok(word(&self.state().observe(arm, value)?, &DECISIONS))
    }

    /// Takes a pair, and says what to do.
    fn update_pair(&self, baseline: f64, candidate: f64) -> Result<&'static str> {
        Ok(word(&self.state().observe_pair(baseline, candidate)?, &DECISIONS))
    }

    /// Takes pairs in order. An error leaves the state as it was.
    fn update_many(
        &self,
        py: Python<'_>,
        baseline: Doubles<'_>,
        candidate: Doubles<'_>,
    ) -> Result<&'static str> {
        let (baseline, candidate) = (slice(&baseline)?, slice(&candidate)?);
        let decision = py.detach(|| {
            let mut state = self.state();
            let mut test = state.clone();
            for (&baseline, &candidate) in baseline.iter().zip(candidate) {
                test.observe_pair(baseline, candidate)?;
            }
            let decision = test.decision();
            *state = test;
            Ok::<_, forewarn::Error>(decision)
        })?;
        Ok(word(&decision, &DECISIONS))
    }

    /// What to do.
    #[getter]
    fn decision(&self) -> &'static str {
        word(&self.state().decision(), &DECISIONS)
    }

    /// Where the test stands.
    fn stand(&self, py: Python<'_>) -> PlainState {
        let it = py.detach(|| self.state().state());
        (
            word(&it.decision, &DECISIONS),
            it.pairs,
            it.log_evidence,
            it.p_value,
            it.estimate,
            it.low,
            it.high,
            it.still_needed,
        )
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.state().to_bytes()?))
    }
}
