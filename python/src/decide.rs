//! The threshold of least cost, for Python.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::pool::pool;
use forewarn::decide::{Capacity, Choice, Costs, Decision, DecisionParams, Interval};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

/// Every key of `forewarn.decide.DecisionSettings`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    miss: f64,
    false_alarm: f64,
    /// So many alerts of so many rows.
    capacity: Option<(f64, f64)>,
    resamples: usize,
    confidence: f64,
    seed: u64,
}

/// Threshold, share of rows with an alert, recall, precision, mean cost a row.
type Outcome = (f64, f64, f64, Option<f64>, f64);

/// The choice and five others; between which thresholds it lies; between which costs.
type Decided = (Vec<Outcome>, (f64, f64), (f64, f64));

/// Chooses the threshold on labelled rows, perhaps in groups that belong together.
#[pyfunction]
pub(crate) fn choose_threshold(
    py: Python<'_>,
    labels: PyReadonlyArray1<'_, bool>,
    probabilities: PyReadonlyArray1<'_, f64>,
    groups: Option<PyReadonlyArray1<'_, i64>>,
    settings: Settings,
    n_jobs: Option<i64>,
) -> Result<Decided> {
    let costs = Costs { miss: settings.miss, false_alarm: settings.false_alarm };
    let params = DecisionParams::new(costs)
        .capacity(settings.capacity.map(|(alerts, rows)| Capacity { alerts, rows }))
        .resamples(settings.resamples)
        .confidence(settings.confidence)
        .seed(settings.seed);
    let (labels, probabilities) = (labels.as_array().to_vec(), probabilities.as_array().to_vec());
    let groups = groups.map(|groups| groups.as_array().to_vec());
    let pool = pool(py, n_jobs)?;
    let choose = || match &groups {
        Some(groups) => params.choose_grouped(&labels, &probabilities, groups),
        None => params.choose(&labels, &probabilities),
    };
    Ok(decided(&py.detach(|| pool.install(choose))?))
}

fn decided(decision: &Decision) -> Decided {
    let outcome = |it: &Choice| (it.threshold, it.alert_share, it.recall, it.precision, it.cost);
    let ends = |interval: Interval| (interval.low, interval.high);
    let Decision { chosen, nothing, everything, theoretical, fewer, more, .. } = decision;
    let outcomes = [chosen, nothing, everything, theoretical, fewer, more];
    (outcomes.map(outcome).into(), ends(decision.threshold), ends(decision.cost))
}
