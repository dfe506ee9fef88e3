//! Streaming forests as a Python object: one state behind a lock, so any thread may use it.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::pool::pool;
use crate::table::Row;
use forewarn::forest::{StreamingForest, StreamingForestParams};
use forewarn::prelude::*;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Score, baseline, contributions.
type Explained<'py> = (f64, f64, Bound<'py, PyArray1<f64>>);
/// A class and the arguments that make the object again.
type Reduced<'py> = (Bound<'py, PyType>, (Bound<'py, PyBytes>,));

/// Every key of `forewarn.streaming_forest.StreamingSettings`.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    n_trees: usize,
    sample_size: usize,
    half_life: f64,
    shingle: usize,
    seed: u64,
}

impl Settings {
    fn params(self) -> StreamingForestParams {
        StreamingForestParams::default()
            .n_trees(self.n_trees)
            .sample_size(self.sample_size)
            .half_life(self.half_life)
            .shingle(self.shingle)
            .seed(self.seed)
    }

    fn of(it: &StreamingForestParams) -> Self {
        let StreamingForestParams { n_trees, sample_size, half_life, shingle, seed, .. } = *it;
        Self { n_trees, sample_size, half_life, shingle, seed }
    }
}

/// A forest that learns as it goes. `Streaming(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Streaming {
    forest: Mutex<StreamingForest>,
}

impl Streaming {
    /// No method leaves the state half changed, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, StreamingForest> {
        self.forest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Streaming {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { forest: Mutex::new(StreamingForest::from_bytes(data)?) })
    }

    /// A forest that has seen nothing.
    #[staticmethod]
    fn start(settings: Settings, n_features: usize) -> Result<Self> {
        Ok(Self { forest: Mutex::new(settings.params().build(n_features)?) })
    }

    /// Scores a row, then learns from it.
    fn update(&self, row: Row<'_>) -> Result<f64> {
        Ok(row.with(|values| self.state().observe(values))?)
    }

    /// As `update` for each row in turn, with the same bits; an error leaves the state as it was.
    fn update_many<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray2<'_, f64>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray1<f64>>> {
        let (pool, rows) = (pool(py, n_jobs)?, x.as_array());
        let scores = py.detach(|| {
            let mut state = self.state();
            let forest = &mut *state;
            pool.install(|| forest.observe_many(rows))
        });
        Ok(scores?.into_pyarray(py))
    }

    /// The score of a row, seen now. Learns nothing.
    fn score(&self, row: Row<'_>) -> Result<f64> {
        Ok(row.with(|values| self.state().score_one(values))?)
    }

    /// Why a row, seen now, would score what it does. Learns nothing.
    fn explain<'py>(&self, py: Python<'py>, row: Row<'_>) -> Result<Explained<'py>> {
        let it = row.with(|values| self.state().explain_one(values))?;
        Ok((it.score, it.baseline, it.contributions.into_pyarray(py)))
    }

    #[getter]
    fn n_features(&self) -> usize {
        self.state().n_features()
    }

    /// Rows learned from.
    #[getter]
    fn count(&self) -> u64 {
        self.state().count()
    }

    fn settings(&self) -> Settings {
        Settings::of(self.state().params())
    }

    /// The compact binary form.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.state().to_bytes()?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Result<Reduced<'py>> {
        Ok((slf.get_type(), (slf.get().to_bytes(slf.py())?,)))
    }
}

/// The defaults of the library.
#[pyfunction]
pub(crate) fn streaming_defaults() -> Settings {
    Settings::of(&StreamingForestParams::default())
}
