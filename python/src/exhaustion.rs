//! The watch of a resource as a Python object: one state behind a lock, so any thread may use it.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::{Result, bad_value};
use crate::pool::pool;
use crate::series::{Doubles, slice};
use forewarn::trend::{
    ExhaustionDecision, ExhaustionForecast, ExhaustionParams, ExhaustionWatch, Outlook,
};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rayon::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every key of `forewarn.trend.exhaustion.ExhaustionSettings`.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    capacity: f64,
    falling: bool,
    horizon: f64,
    raise_: f64,
    clear: f64,
    interval: f64,
    history: f64,
    period: Option<f64>,
}

impl Settings {
    fn params(&self) -> ExhaustionParams {
        ExhaustionParams::new(self.capacity)
            .falling(self.falling)
            .horizon(self.horizon)
            .raise(self.raise_)
            .clear(self.clear)
            .interval(self.interval)
            .history(self.history)
            .period(self.period)
    }
}

/// Outlook; time, left, earliest, latest, interval, probability, horizon, rate, room; in words.
type PlainForecast = (&'static str, [f64; 9], String);
/// Whether there is an alert, whether that is new, and what it rests on.
type PlainDecision = (bool, bool, PlainForecast);
/// Times, alerts, probabilities, time left, earliest, latest.
type PlainDecisions<'py> = (
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<bool>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
);

fn plain(it: &ExhaustionForecast) -> PlainForecast {
    let outlook = match it.outlook {
        Outlook::Exhausted => "exhausted",
        Outlook::Filling => "filling",
        Outlook::Never => "never",
        _ => "unknown",
    };
    let numbers = [
        it.time,
        it.left,
        it.earliest,
        it.latest,
        it.interval,
        it.probability,
        it.horizon,
        it.rate,
        it.room,
    ];
    (outlook, numbers, it.to_string())
}

/// The settings that a forecaster of this capacity has by default.
#[pyfunction]
pub(crate) fn exhaustion_defaults(capacity: f64) -> Settings {
    let it = ExhaustionParams::new(capacity);
    Settings {
        capacity: it.capacity,
        falling: it.falling,
        horizon: it.horizon,
        raise_: it.raise,
        clear: it.clear,
        interval: it.interval,
        history: it.history,
        period: it.period,
    }
}

/// A series, and what is asked of it.
type Series<'py> = (Settings, Doubles<'py>, Doubles<'py>);

/// The forecasts of many series, each at its last time.
#[pyfunction]
pub(crate) fn forecast_exhaustion(
    py: Python<'_>,
    series: Vec<Series<'_>>,
    n_jobs: Option<i64>,
) -> Result<Vec<PlainForecast>> {
    let mut known = Vec::with_capacity(series.len());
    for (settings, times, values) in &series {
        known.push((settings.params(), slice(times)?, slice(values)?));
    }
    if let [(params, times, values)] = known[..] {
        let found = py.detach(|| params.forecast(times, values))?;
        return Ok(vec![plain(&found)]);
    }
    let pool = pool(py, n_jobs)?;
    let found: Vec<ExhaustionForecast> = py.detach(|| {
        pool.install(|| {
            known
                .par_iter()
                .map(|(params, times, values)| params.forecast(times, values))
                .collect::<forewarn::Result<_>>()
        })
    })?;
    Ok(found.iter().map(plain).collect())
}

#[derive(Debug, Clone)]
struct State {
    watch: ExhaustionWatch,
    /// The last time that was given.
    last: Option<f64>,
}

impl State {
    fn update(&mut self, time: f64, value: f64) -> forewarn::Result<()> {
        self.watch.update(time, value)?;
        self.last = Some(time);
        Ok(())
    }

    fn update_all(&mut self, times: &[f64], values: &[f64]) -> forewarn::Result<()> {
        times.iter().zip(values).try_for_each(|(&time, &value)| self.update(time, value))
    }

    fn now(&self, now: Option<f64>) -> forewarn::Result<f64> {
        now.or(self.last).ok_or(forewarn::Error::Empty { what: "observations" })
    }
}

/// Watches one resource. `Exhaustion(data, last)` reads what `to_bytes` wrote, and the last time.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Exhaustion {
    state: Mutex<State>,
}

impl Exhaustion {
    /// No method leaves the state half changed, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Exhaustion {
    #[new]
    fn new(data: &[u8], last: Option<f64>) -> Result<Self> {
        let watch = ExhaustionWatch::from_bytes(data)?;
        Ok(Self { state: Mutex::new(State { watch, last }) })
    }

    /// A watch that has seen nothing.
    #[staticmethod]
    fn start(settings: Settings) -> Result<Self> {
        let watch = settings.params().build()?;
        Ok(Self { state: Mutex::new(State { watch, last: None }) })
    }

    /// Adds a value.
    fn update(&self, time: f64, value: f64) -> Result<()> {
        Ok(self.state().update(time, value)?)
    }

    /// Adds values in order. An error leaves the state as it was.
    fn update_many(&self, py: Python<'_>, times: Doubles<'_>, values: Doubles<'_>) -> Result<()> {
        let (times, values) = (slice(&times)?, slice(&values)?);
        py.detach(|| {
            let mut state = self.state();
            let mut next = state.clone();
            next.update_all(times, values)?;
            *state = next;
            Ok::<(), forewarn::Error>(())
        })?;
        Ok(())
    }

    /// When the capacity is reached, asked at a time, or the last one.
    fn forecast(&self, py: Python<'_>, now: Option<f64>) -> Result<PlainForecast> {
        let found = py.detach(|| {
            let state = self.state();
            state.watch.forecast(state.now(now)?)
        })?;
        Ok(plain(&found))
    }

    /// The same, and whether to alert.
    fn decide(&self, py: Python<'_>, now: Option<f64>) -> Result<PlainDecision> {
        let ExhaustionDecision { alert, changed, forecast } = py.detach(|| {
            let mut state = self.state();
            let now = state.now(now)?;
            state.watch.decide(now)
        })?;
        Ok((alert, changed, plain(&forecast)))
    }

    /// Adds values in order, and decides so many seconds after the first, twice as many and so on,
    /// each time on what there was until then. An error leaves the state as it was.
    fn replay<'py>(
        &self,
        py: Python<'py>,
        times: Doubles<'py>,
        values: Doubles<'py>,
        every: f64,
    ) -> Result<PlainDecisions<'py>> {
        let (times, values) = (slice(&times)?, slice(&values)?);
        let found = py.detach(|| self.decisions(times, values, every))?;
        let numbers =
            |of: fn(&ExhaustionDecision) -> f64| -> Vec<f64> { found.iter().map(of).collect() };
        let alerts: Vec<bool> = found.iter().map(|it| it.alert).collect();
        Ok((
            numbers(|it| it.forecast.time).into_pyarray(py),
            alerts.into_pyarray(py),
            numbers(|it| it.forecast.probability).into_pyarray(py),
            numbers(|it| it.forecast.left).into_pyarray(py),
            numbers(|it| it.forecast.earliest).into_pyarray(py),
            numbers(|it| it.forecast.latest).into_pyarray(py),
        ))
    }

    /// Whether there was an alert at the last decision.
    #[getter]
    fn alert(&self) -> bool {
        self.state().watch.alert()
    }

    /// Values that were NaN.
    #[getter]
    fn missing(&self) -> u64 {
        self.state().watch.missing()
    }

    /// The last time that was given.
    #[getter]
    fn last(&self) -> Option<f64> {
        self.state().last
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.state().watch.to_bytes()?))
    }
}

impl Exhaustion {
    fn decisions(
        &self,
        times: &[f64],
        values: &[f64],
        every: f64,
    ) -> Result<Vec<ExhaustionDecision>> {
        let (Some(&first), Some(&end)) = (times.first(), times.last()) else {
            return Err(forewarn::Error::Empty { what: "observations" }.into());
        };
        // Every decision takes time, so a step that is far too short must not start them.
        if !(every > 0.0 && (end - first) / every <= 1e7) {
            let allowed = "above 0 seconds, for at most 10,000,000 decisions";
            return Err(bad_value(format!("every is {every}: it must be {allowed}")));
        }
        let mut state = self.state();
        let mut next = state.clone();
        let mut found = Vec::new();
        let mut seen = 0;
        for step in 1_u32.. {
            let now = first + f64::from(step) * every;
            if now > end {
                break;
            }
            let until = seen + times[seen..].iter().take_while(|&&time| time <= now).count();
            next.update_all(&times[seen..until], &values[seen..until])?;
            seen = until;
            found.push(next.watch.decide(now)?);
        }
        next.update_all(&times[seen..], &values[seen..])?;
        *state = next;
        Ok(found)
    }
}
