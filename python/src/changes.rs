//! Change points of whole series, and of streams as they happen.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::series::{Doubles, slice};
use crate::words::{meaning, word};
use forewarn::trend::{
    ChangeDetector, ChangeDetectorParams, ChangePointParams, DetectedChange, DetectionMethod,
    Penalty, Shape,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHAPES: [(&str, Shape); 5] = [
    ("automatic", Shape::Automatic),
    ("level", Shape::Level),
    ("trend", Shape::Trend),
    ("level_and_spread", Shape::LevelAndSpread),
    ("ranks", Shape::Ranks),
];

/// Start, end, values, mean, spread, slope.
type PlainSegment = (usize, usize, usize, f64, f64, f64);
/// Index, mean before, mean after, strength.
type PlainChange = (usize, f64, f64, f64);
/// Segments; changes; shape; spread, autocorrelation and wandering of the noise; penalty.
type PlainSegmentation = (Vec<PlainSegment>, Vec<PlainChange>, &'static str, (f64, f64, bool), f64);
/// Index, index of the value that gave it away, level before and after, spread.
type PlainDetected = (u64, u64, f64, f64, f64);

/// The factor of the criterion's penalty, the shortest segment and the clip.
#[pyfunction]
pub(crate) fn change_point_defaults() -> (Option<f64>, usize, Option<f64>) {
    let it = ChangePointParams::default();
    let factor = match it.penalty {
        Penalty::Automatic(factor) => Some(factor),
        Penalty::Fixed(_) => None,
    };
    (factor, it.min_length, it.clip)
}

#[pyfunction]
pub(crate) fn find_change_points(
    py: Python<'_>,
    values: Doubles<'_>,
    shape: &str,
    penalty: f64,
    fixed: bool,
    min_length: usize,
    clip: Option<f64>,
) -> Result<PlainSegmentation> {
    let penalty = if fixed { Penalty::Fixed(penalty) } else { Penalty::Automatic(penalty) };
    let params = ChangePointParams::default()
        .shape(meaning("shape", shape, &SHAPES)?)
        .penalty(penalty)
        .min_length(min_length)
        .clip(clip);
    let values = slice(&values)?;
    let found = py.detach(|| params.find(values))?;
    let segments = found.segments.iter();
    let segments = segments.map(|it| (it.start, it.end, it.count, it.mean, it.spread, it.slope));
    let changes = found.changes.iter().map(|it| (it.index, it.before, it.after, it.strength));
    let noise = (found.noise.spread, found.noise.autocorrelation, found.noise.wandering);
    let shape = word(&found.shape, &SHAPES);
    Ok((segments.collect(), changes.collect(), shape, noise, found.penalty))
}

fn plain(it: &DetectedChange) -> PlainDetected {
    (it.index, it.noticed, it.before, it.after, it.spread)
}

/// Run length and warm-up.
#[pyfunction]
pub(crate) fn detector_defaults() -> (f64, usize) {
    let it = ChangeDetectorParams::default();
    (it.run_length, it.warm_up)
}

/// Watches a stream for changes. `Detector(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Detector {
    detector: Mutex<ChangeDetector>,
}

impl Detector {
    /// No method leaves the state half changed, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, ChangeDetector> {
        self.detector.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Detector {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { detector: Mutex::new(ChangeDetector::from_bytes(data)?) })
    }

    /// A detector that has seen nothing. The size is the method's own setting.
    #[staticmethod]
    fn start(method: &str, size: f64, run_length: f64, warm_up: usize) -> Result<Self> {
        let methods = [
            ("focus", DetectionMethod::Focus),
            ("cusum", DetectionMethod::Cusum { shift: size }),
            ("bayesian", DetectionMethod::Bayesian { reach: size }),
        ];
        let params = ChangeDetectorParams::default()
            .method(meaning("method", method, &methods)?)
            .run_length(run_length)
            .warm_up(warm_up);
        Ok(Self { detector: Mutex::new(params.start()?) })
    }

    /// Takes a value; the change that it gives away.
    fn update(&self, value: f64) -> Result<Option<PlainDetected>> {
        Ok(self.state().observe(value)?.as_ref().map(plain))
    }

    /// Takes values in order; the changes that they give away. An error leaves the state as it was.
    fn update_many(&self, py: Python<'_>, values: Doubles<'_>) -> Result<Vec<PlainDetected>> {
        let values = slice(&values)?;
        let found = py.detach(|| self.state().observe_many(values))?;
        Ok(found.iter().map(plain).collect())
    }

    /// Observations, missing ones included.
    #[getter]
    fn count(&self) -> u64 {
        self.state().count()
    }

    /// Values that were NaN.
    #[getter]
    fn missing(&self) -> u64 {
        self.state().missing()
    }

    /// Changes noticed.
    #[getter]
    fn changes(&self) -> u64 {
        self.state().changes()
    }

    /// The correlation of neighbours that is taken out; NaN during the warm-up.
    #[getter]
    fn autocorrelation(&self) -> f64 {
        self.state().autocorrelation()
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.state().to_bytes()?))
    }
}
