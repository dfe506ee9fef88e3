//! Robust slopes, of whole series and of a stream's last observations.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::series::{Doubles, slice};
use forewarn::trend::{self, RollingTrend, RollingTrendParams, TrendLine};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Slope, intercept, lower and upper end of the slope's interval.
type PlainLine = (f64, f64, f64, f64);
/// Slopes, lower and upper ends, after each observation.
type PlainSlopes<'py> =
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

fn plain(line: TrendLine) -> PlainLine {
    (line.slope, line.intercept, line.lower, line.upper)
}

#[pyfunction]
pub(crate) fn theil_sen(
    py: Python<'_>,
    times: Doubles<'_>,
    values: Doubles<'_>,
    confidence: f64,
) -> Result<PlainLine> {
    let (times, values) = (slice(&times)?, slice(&values)?);
    Ok(plain(py.detach(|| trend::theil_sen(times, values, confidence))?))
}

#[pyfunction]
pub(crate) fn repeated_medians(
    py: Python<'_>,
    times: Doubles<'_>,
    values: Doubles<'_>,
) -> Result<PlainLine> {
    let (times, values) = (slice(&times)?, slice(&values)?);
    Ok(plain(py.detach(|| trend::repeated_medians(times, values))?))
}

/// Window and confidence.
#[pyfunction]
pub(crate) fn rolling_defaults() -> (usize, f64) {
    let it = RollingTrendParams::default();
    (it.window, it.confidence)
}

/// The slope of a stream. `Rolling(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Rolling {
    trend: Mutex<RollingTrend>,
}

impl Rolling {
    /// No method leaves the state half changed, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, RollingTrend> {
        self.trend.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Rolling {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { trend: Mutex::new(RollingTrend::from_bytes(data)?) })
    }

    /// A trend that has seen nothing.
    #[staticmethod]
    fn start(window: usize, confidence: f64) -> Result<Self> {
        let params = RollingTrendParams::default().window(window).confidence(confidence);
        Ok(Self { trend: Mutex::new(params.build()?) })
    }

    /// Adds a value; the slope with it.
    fn update(&self, time: f64, value: f64) -> Result<Option<f64>> {
        let mut trend = self.state();
        trend.update(time, value)?;
        Ok(trend.slope())
    }

    /// Adds values in order; the slope and its interval after each, NaN where there is none. An error
    /// leaves the state as it was.
    fn update_many<'py>(
        &self,
        py: Python<'py>,
        times: Doubles<'py>,
        values: Doubles<'py>,
    ) -> Result<PlainSlopes<'py>> {
        let (times, values) = (slice(&times)?, slice(&values)?);
        let rows = times.len();
        let [mut slopes, mut lower, mut upper] = [(); 3].map(|()| Vec::with_capacity(rows));
        py.detach(|| {
            let mut state = self.state();
            let mut trend = state.clone();
            for (&time, &value) in times.iter().zip(values) {
                trend.update(time, value)?;
                slopes.push(trend.slope().unwrap_or(f64::NAN));
                let (low, high) = trend.interval().unwrap_or((f64::NAN, f64::NAN));
                lower.push(low);
                upper.push(high);
            }
            *state = trend;
            Ok::<(), forewarn::Error>(())
        })?;
        Ok((slopes.into_pyarray(py), lower.into_pyarray(py), upper.into_pyarray(py)))
    }

    /// The slope; `None` before the first pair.
    #[getter]
    fn slope(&self) -> Option<f64> {
        self.state().slope()
    }

    /// Its confidence interval; `None` before there are pairs enough.
    #[getter]
    fn interval(&self) -> Option<(f64, f64)> {
        self.state().interval()
    }

    /// Values that were NaN.
    #[getter]
    fn missing(&self) -> u64 {
        self.state().missing()
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.state().to_bytes()?))
    }
}
