//! The monitor of one metric as a Python object: one state behind a lock, so any thread may use it.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::{Result, bad_value};
use forewarn::threshold::{
    AlarmRate, MetricMonitor, MetricMonitorParams, Reading, Reason, Season, Side, Sides,
};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every key of `forewarn.metric_monitor.MonitorSettings`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    per_week: Option<f64>,
    per_observation: Option<f64>,
    sides: String,
    warm_up: u32,
}

impl Settings {
    fn params(self) -> Result<MetricMonitorParams> {
        let rate = match (self.per_week, self.per_observation) {
            (_, Some(rate)) => AlarmRate::PerObservation(rate),
            (Some(rate), None) => AlarmRate::PerWeek(rate),
            (None, None) => MetricMonitorParams::default().rate,
        };
        let sides = match self.sides.as_str() {
            "both" => Sides::Both,
            "lower" => Sides::Lower,
            "upper" => Sides::Upper,
            other => {
                let allowed = "it must be 'both', 'lower' or 'upper'";
                return Err(bad_value(format!("sides is '{other}': {allowed}")));
            }
        };
        Ok(MetricMonitorParams::default().rate(rate).sides(sides).warm_up(self.warm_up))
    }
}

/// Score, −1 for an alarm below and 1 for one above, ends of the band, news, reason, season.
type PlainReading = (f64, i8, f64, f64, f64, &'static str, Option<&'static str>);
/// Scores, alarms, lower and upper ends, news, places of the reasons in `REASONS`.
type PlainReadings<'py> = (
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<i8>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<u8>>,
);
/// A class and the arguments that make the object again.
type Reduced<'py> = (Bound<'py, PyType>, (Bound<'py, PyBytes>,));

/// The reasons' names, by their place.
const REASONS: [(Reason, &str); 11] = [
    (Reason::Normal, "normal"),
    (Reason::WarmingUp, "warming up"),
    (Reason::Missing, "missing"),
    (Reason::Gap, "gap"),
    (Reason::TooHigh, "too high"),
    (Reason::TooLow, "too low"),
    (Reason::Novel, "novel"),
    (Reason::LevelShift, "level shift"),
    (Reason::FlatLine, "flat line"),
    (Reason::CounterReset, "counter reset"),
    (Reason::Restless, "restless"),
];

/// The place of a reason. One that this table does not know is told as normal; a test holds the
/// table against the library's.
fn place(reason: Reason) -> u8 {
    REASONS.iter().position(|(known, _)| *known == reason).unwrap_or(0) as u8
}

fn direction(reading: &Reading) -> i8 {
    match reading.judgement.alarm {
        None => 0,
        Some(Side::Lower) => -1,
        Some(Side::Upper) => 1,
    }
}

fn season(season: Season) -> Option<&'static str> {
    match season {
        Season::None => None,
        Season::Daily => Some("daily"),
        Season::Weekly => Some("weekly"),
    }
}

/// The names of the reasons, in the order of the codes that `Monitor.update_many` gives.
#[pyfunction]
pub(crate) fn monitor_reasons() -> Vec<&'static str> {
    REASONS.iter().map(|(_, name)| *name).collect()
}

/// Watches one metric. `Monitor(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Monitor {
    monitor: Mutex<MetricMonitor>,
}

impl Monitor {
    /// No method leaves the state half changed, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, MetricMonitor> {
        self.monitor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Monitor {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { monitor: Mutex::new(MetricMonitor::from_bytes(data)?) })
    }

    /// A monitor that has seen nothing.
    #[staticmethod]
    fn start(settings: Settings) -> Result<Self> {
        Ok(Self { monitor: Mutex::new(settings.params()?.build()?) })
    }

    /// Judges a value, then learns from it.
    fn update(&self, time: f64, value: f64) -> Result<PlainReading> {
        let reading = self.state().update(time, value)?;
        let (band, score) = (reading.judgement.band, reading.judgement.score);
        let reason = REASONS[usize::from(place(reading.reason))].1;
        let season = season(reading.season);
        Ok((score, direction(&reading), band.lower, band.upper, reading.news, reason, season))
    }

    /// Judges values in order. An error leaves the state as it was.
    fn update_many<'py>(
        &self,
        py: Python<'py>,
        times: PyReadonlyArray1<'py, f64>,
        values: PyReadonlyArray1<'py, f64>,
    ) -> Result<PlainReadings<'py>> {
        let (times, values) = (times.as_array(), values.as_array());
        let rows = times.len();
        let (mut scores, mut alarms) = (vec![0.0; rows], vec![0; rows]);
        let (mut lower, mut upper) = (vec![0.0; rows], vec![0.0; rows]);
        let (mut news, mut reasons) = (vec![0.0; rows], vec![0; rows]);
        py.detach(|| {
            let mut state = self.state();
            let mut monitor = state.clone();
            for (row, (&time, &value)) in times.iter().zip(&values).enumerate() {
                let reading = monitor.update(time, value)?;
                scores[row] = reading.judgement.score;
                alarms[row] = direction(&reading);
                lower[row] = reading.judgement.band.lower;
                upper[row] = reading.judgement.band.upper;
                news[row] = reading.news;
                reasons[row] = place(reading.reason);
            }
            *state = monitor;
            Ok::<(), forewarn::Error>(())
        })?;
        Ok((
            scores.into_pyarray(py),
            alarms.into_pyarray(py),
            lower.into_pyarray(py),
            upper.into_pyarray(py),
            news.into_pyarray(py),
            reasons.into_pyarray(py),
        ))
    }

    /// Seconds between two observations, mostly; `None` before the second.
    #[getter]
    fn step(&self) -> Option<f64> {
        self.state().step()
    }

    /// Values that were NaN.
    #[getter]
    fn missing(&self) -> u64 {
        self.state().missing()
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.state().to_bytes()?))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> Result<Reduced<'py>> {
        Ok((PyType::new::<Self>(py), (self.to_bytes(py)?,)))
    }
}
