//! The optimizer of circuit breakers, called from Python.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::breaker_settings::{Settings, costs};
use crate::call_log::Calls;
use crate::errors::Result;
use crate::pool::pool;
use crate::watch::{Observer, watch};
use forewarn::breaker::{
    Advice, Assessment, BreakerOptimizer, BreakerSettings, Delay, Estimate, ExportTarget,
    LogSummary, Recommendation,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Arc;

/// Every key of `forewarn.breaker_optimizer.OptimizerSettings`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Optimizer {
    failed_cost: f64,
    held_cost: f64,
    objective: f64,
    current: Option<Settings>,
    max_false_opens: Option<f64>,
    max_probe_share: Option<f64>,
    candidates: usize,
    confidence: f64,
    resamples: usize,
    courses: usize,
    seed: u64,
}

impl Optimizer {
    fn params(self) -> Result<BreakerOptimizer> {
        let current = self.current.map(|settings| settings.params()).transpose()?;
        Ok(BreakerOptimizer::default()
            .costs(costs(self.failed_cost, self.held_cost, self.objective)?)
            .current(current)
            .max_false_opens(self.max_false_opens)
            .max_probe_share(self.max_probe_share)
            .candidates(self.candidates)
            .confidence(self.confidence)
            .resamples(self.resamples)
            .courses(self.courses)
            .seed(self.seed))
    }
}

/// Mean, lower and upper end.
type PlainEstimate = (f64, f64, f64);

fn estimate(it: Estimate) -> PlainEstimate {
    (it.mean, it.low, it.high)
}

/// Median, 95 % quantile, number.
fn delay(it: Option<Delay>) -> Option<(f64, f64, usize)> {
    it.map(|it| (it.median, it.p95, it.count))
}

fn plain(settings: Option<&BreakerSettings>) -> Option<Settings> {
    settings.map(Settings::from)
}

/// The fields of `forewarn.breaker_optimizer.Assessment`.
#[derive(IntoPyObject)]
struct PlainAssessment {
    settings: Option<Settings>,
    cost: PlainEstimate,
    lost_good: f64,
    failed: f64,
    wasted_seconds: f64,
    probes: f64,
    opens_an_hour: f64,
    false_opens_an_hour: f64,
}

impl From<&Assessment> for PlainAssessment {
    fn from(it: &Assessment) -> Self {
        Self {
            settings: plain(it.settings.as_ref()),
            cost: estimate(it.cost),
            lost_good: it.lost_good,
            failed: it.failed,
            wasted_seconds: it.wasted_seconds,
            probes: it.probes,
            opens_an_hour: it.opens_an_hour,
            false_opens_an_hour: it.false_opens_an_hour,
        }
    }
}

fn advice(it: Advice) -> &'static str {
    match it {
        Advice::Adopt => "adopt",
        Advice::NotBetter => "not better",
        Advice::NoFailures => "no failures",
        Advice::NoSuccesses => "no successes",
        Advice::TooShort => "too short",
        Advice::Constrained => "constrained",
        _ => "keep",
    }
}

fn summary<'py>(py: Python<'py>, it: &LogSummary) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("calls", it.calls)?;
    dict.set_item("keys", it.keys)?;
    dict.set_item("seconds", it.seconds)?;
    dict.set_item("usable", it.usable)?;
    dict.set_item("rate", it.rate)?;
    dict.set_item("outages", it.outages)?;
    dict.set_item("mean_outage", it.mean_outage)?;
    dict.set_item("failure_cost", it.failure_cost)?;
    dict.set_item("trip_share", it.trip_share)?;
    dict.set_item("open_time", it.open_time)?;
    dict.set_item("feels_load", it.feels_load)?;
    Ok(dict)
}

/// The fields of `forewarn.breaker_optimizer.Recommendation`.
fn report<'py>(py: Python<'py>, it: &Recommendation) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("advice", advice(it.advice))?;
    dict.set_item("settings", plain(it.settings.as_ref()))?;
    dict.set_item("found", it.found.as_ref().map(PlainAssessment::from))?;
    dict.set_item("current", PlainAssessment::from(&it.current))?;
    dict.set_item("saving", estimate(it.saving))?;
    dict.set_item("saving_bounds", (it.saving_bounds[0], it.saving_bounds[1]))?;
    let peers: Vec<_> = it
        .peers
        .iter()
        .map(|peer| {
            let assessment = PlainAssessment::from(&peer.assessment);
            (peer.peer.name(), assessment, estimate(peer.saving))
        })
        .collect();
    dict.set_item("peers", peers)?;
    let front: Vec<_> = it
        .front
        .iter()
        .map(|at| {
            let settings = Settings::from(&at.settings);
            (settings, at.lost_good, at.wasted_seconds, at.probes, at.cost)
        })
        .collect();
    dict.set_item("front", front)?;
    dict.set_item("detect", delay(it.detect))?;
    dict.set_item("recover", delay(it.recover))?;
    dict.set_item("log", summary(py, &it.log)?)?;
    dict.set_item("confidence", it.confidence)?;
    let exports = it.settings.iter().flat_map(|settings| {
        ExportTarget::ALL.map(|target| {
            let export = settings.export(target, &it.log);
            (target.name(), export.text, export.lost)
        })
    });
    dict.set_item("exports", exports.collect::<Vec<_>>())?;
    dict.set_item("text", it.to_string())?;
    Ok(dict)
}

/// Learns settings from a log.
#[pyfunction]
#[pyo3(signature = (log, settings, n_jobs, progress))]
pub(crate) fn optimize_breaker<'py>(
    py: Python<'py>,
    log: &Bound<'py, Calls>,
    settings: Optimizer,
    n_jobs: Option<i64>,
    progress: Option<Py<PyAny>>,
) -> Result<Bound<'py, PyDict>> {
    let params = settings.params()?;
    let log = Arc::clone(&log.get().log);
    let pool = pool(py, n_jobs)?;
    let found = watch(py, &pool, progress.as_ref(), move |observer: &mut Observer<'_, _>| {
        let mut tell = |done: usize, total: usize| observer((done, total));
        params.optimize_observed(&log, &mut tell)
    })?;
    Ok(report(py, &found)?)
}
