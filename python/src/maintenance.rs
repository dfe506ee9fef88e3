//! The engine of predictive maintenance as a Python object.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::maintenance_plain::{PlainAssessment, PlainCard, PlainEvaluation};
use crate::maintenance_settings::{ReportSettings, Settings};
use crate::maintenance_telemetry::PyTelemetry;
use crate::pool::pool;
use crate::watch::{Observer, watch};
use forewarn::engine::{Engine, TrainingStage};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use std::sync::Arc;

/// A class and the arguments that make the object again.
type Reduced<'py> = (Bound<'py, PyType>, (Bound<'py, PyBytes>,));
/// Entity, times, probabilities, anomaly scores, failures.
type PlainRisk<'py> = (
    String,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
);

/// A trained engine. `Trained(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Trained {
    pub(crate) engine: Arc<Engine>,
}

#[pymethods]
impl Trained {
    #[new]
    fn new(py: Python<'_>, data: &[u8]) -> Result<Self> {
        Ok(Self { engine: Arc::new(py.detach(|| Engine::from_bytes(data))?) })
    }

    /// Learns from telemetry; `progress` is called with the stages that are done, their number at
    /// most, and the name of the one that begins.
    #[staticmethod]
    fn train(
        py: Python<'_>,
        telemetry: &PyTelemetry,
        settings: Settings,
        n_jobs: Option<i64>,
        progress: Option<Py<PyAny>>,
    ) -> Result<Self> {
        let params = settings.params()?;
        let pool = pool(py, n_jobs)?;
        let telemetry = &telemetry.telemetry;
        let work = |observer: &mut Observer<'_, _>| {
            let mut tell = |it: &TrainingStage| observer((it.done, it.total, it.name));
            params.train_observed(telemetry, &mut tell)
        };
        Ok(Self { engine: Arc::new(watch(py, &pool, progress.as_ref(), work)?) })
    }

    /// Every entity at a time, or at its last one.
    fn assess(
        &self,
        py: Python<'_>,
        telemetry: &PyTelemetry,
        now: Option<f64>,
        n_jobs: Option<i64>,
    ) -> Result<Vec<PlainAssessment>> {
        let pool = pool(py, n_jobs)?;
        let found = py.detach(|| pool.install(|| self.engine.assess(&telemetry.telemetry, now)))?;
        Ok(found.into_iter().map(PlainAssessment::from).collect())
    }

    /// The risk of every entity over time.
    fn history<'py>(
        &self,
        py: Python<'py>,
        telemetry: &PyTelemetry,
        step: Option<f64>,
        n_jobs: Option<i64>,
    ) -> Result<Vec<PlainRisk<'py>>> {
        let pool = pool(py, n_jobs)?;
        let telemetry = &telemetry.telemetry;
        let found = py.detach(|| pool.install(|| self.engine.assess_history(telemetry, step)))?;
        let plain = found.entities.into_iter().map(|it| {
            (
                it.entity,
                it.times.into_pyarray(py),
                it.failure_probability.into_pyarray(py),
                it.anomaly_score.into_pyarray(py),
                it.failures.into_pyarray(py),
            )
        });
        Ok(plain.collect())
    }

    /// The page of a report.
    fn report(
        &self,
        py: Python<'_>,
        telemetry: &PyTelemetry,
        settings: ReportSettings,
        n_jobs: Option<i64>,
    ) -> Result<String> {
        let (params, pool) = (settings.params(), pool(py, n_jobs)?);
        let telemetry = &telemetry.telemetry;
        Ok(py.detach(|| pool.install(|| params.write(&self.engine, telemetry)))?)
    }

    /// What it was trained on.
    #[getter]
    fn card(&self) -> PlainCard {
        self.engine.card().into()
    }

    /// How good it was on what was kept back.
    #[getter]
    fn evaluation(&self) -> PlainEvaluation {
        self.engine.evaluation().into()
    }

    /// Its settings, as those of a preset that were changed.
    fn settings(&self, preset: &str) -> Settings {
        Settings::of(preset, self.engine.params())
    }

    /// From this probability on there is an alert.
    #[getter]
    fn threshold(&self) -> f64 {
        self.engine.threshold()
    }

    /// The members of the ensemble with their weights.
    #[getter]
    fn weights(&self) -> Vec<(&'static str, f64)> {
        self.engine.weights()
    }

    /// The names of its features.
    #[getter]
    fn features(&self) -> &[String] {
        self.engine.features().names()
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.engine.to_bytes())?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> Result<Reduced<'py>> {
        Ok((PyType::new::<Self>(py), (self.to_bytes(py)?,)))
    }
}
