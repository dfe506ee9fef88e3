//! Forecasts of many metrics at once.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::pool::pool;
use crate::series::{Doubles, slice};
use forewarn::trend::{Forecast, ForecastParams, ForecastPoint};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use rayon::prelude::*;

/// Every key of `forewarn.trend.forecasts.ForecastSettings`.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    step: Option<f64>,
    period: Option<f64>,
    long_period: Option<f64>,
    interval: f64,
}

impl Settings {
    fn params(&self) -> ForecastParams {
        ForecastParams::default()
            .step(self.step)
            .period(self.period)
            .long_period(self.long_period)
            .interval(self.interval)
    }
}

/// A series, and what is asked of it.
type Series<'py> = (Settings, Doubles<'py>, Doubles<'py>);
/// Seconds of a step; times, values, lower and upper ends.
type PlainAhead<'py> = (
    f64,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
);

fn plain<'py>(py: Python<'py>, it: &Forecast) -> PlainAhead<'py> {
    let numbers = |of: fn(&ForecastPoint) -> f64| {
        it.points.iter().map(of).collect::<Vec<f64>>().into_pyarray(py)
    };
    (
        it.step,
        numbers(|it| it.time),
        numbers(|it| it.value),
        numbers(|it| it.lower),
        numbers(|it| it.upper),
    )
}

/// The settings of a forecast by default.
#[pyfunction]
pub(crate) fn forecast_defaults() -> Settings {
    let it = ForecastParams::default();
    Settings {
        step: it.step,
        period: it.period,
        long_period: it.long_period,
        interval: it.interval,
    }
}

/// What many series will be, so many steps ahead.
#[pyfunction]
pub(crate) fn forecast_metrics<'py>(
    py: Python<'py>,
    series: Vec<Series<'py>>,
    steps: usize,
    n_jobs: Option<i64>,
) -> Result<Vec<PlainAhead<'py>>> {
    let mut known = Vec::with_capacity(series.len());
    for (settings, times, values) in &series {
        known.push((settings.params(), slice(times)?, slice(values)?));
    }
    if let [(params, times, values)] = known[..] {
        let found = py.detach(|| params.forecast(times, values, steps))?;
        return Ok(vec![plain(py, &found)]);
    }
    let pool = pool(py, n_jobs)?;
    let found: Vec<Forecast> = py.detach(|| {
        pool.install(|| {
            known
                .par_iter()
                .map(|(params, times, values)| params.forecast(times, values, steps))
                .collect::<forewarn::Result<_>>()
        })
    })?;
    Ok(found.iter().map(|it| plain(py, it)).collect())
}
