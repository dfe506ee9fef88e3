//! Canaries, and two runs of a set of benchmarks.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::series::{Doubles, slice};
use crate::words::{DIRECTIONS, DISCOVERIES, OUTCOMES, meaning, word};
use forewarn::compare::{
    Benchmark, CanaryMetric, CanaryParams, MetricJudgement, MissingValues, RunComparisonParams,
    Share, Verdict,
};
use pyo3::prelude::*;

/// Every key of `forewarn.compare.canary.CanarySettings`.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    alpha: f64,
    tolerance: f64,
    margin: f64,
    power: f64,
    least_values: usize,
    discovery: String,
}

/// What is known of a metric on both sides: values, or events and trials.
#[derive(FromPyObject)]
pub(crate) enum Evidence<'py> {
    #[pyo3(transparent, annotation = "two float64 arrays")]
    Samples((Doubles<'py>, Doubles<'py>)),
    #[pyo3(transparent, annotation = "two pairs of events and trials")]
    Shares(((u64, u64), (u64, u64))),
}

/// Every key of `forewarn.compare.canary.MetricSettings`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Metric<'py> {
    name: String,
    evidence: Evidence<'py>,
    direction: String,
    critical: bool,
    independent: bool,
    missing: String,
    tolerance: Option<f64>,
    margin: Option<f64>,
}

const MISSING: [(&str, MissingValues); 3] = [
    ("skip", MissingValues::Skip),
    ("zero", MissingValues::Zero),
    ("refuse", MissingValues::Refuse),
];

impl Metric<'_> {
    fn metric(&self) -> Result<CanaryMetric<'_>> {
        let metric = match &self.evidence {
            Evidence::Samples((baseline, canary)) => {
                CanaryMetric::samples(&self.name, slice(baseline)?, slice(canary)?)
            }
            Evidence::Shares((baseline, canary)) => {
                let share = |&(events, trials): &(u64, u64)| Share::new(events, trials);
                CanaryMetric::share(&self.name, share(baseline), share(canary))
            }
        };
        let metric = metric
            .direction(meaning("direction", &self.direction, &DIRECTIONS)?)
            .critical(self.critical)
            .independent(self.independent)
            .missing(meaning("missing", &self.missing, &MISSING)?);
        let metric = self.tolerance.map_or(metric.clone(), |it| metric.tolerance(it));
        Ok(self.margin.map_or(metric.clone(), |it| metric.margin(it)))
    }
}

/// Name, outcome, direction, critical; the numbers of the evidence; values, effective and missing of
/// both sides; values needed.
type PlainMetric =
    ((String, &'static str, &'static str, bool), [f64; 9], [(f64, f64); 3], Option<u64>);

fn plain(it: MetricJudgement) -> PlainMetric {
    let counts = |[a, b]: [u64; 2]| (a as f64, b as f64);
    let numbers = [
        it.typical[0],
        it.typical[1],
        it.shift.estimate,
        it.shift.low,
        it.shift.high,
        it.relative,
        it.superiority,
        it.p_value,
        it.adjusted,
    ];
    (
        (it.name, word(&it.outcome, &OUTCOMES), word(&it.direction, &DIRECTIONS), it.critical),
        numbers,
        [counts(it.values), it.effective.into(), counts(it.missing)],
        it.needed,
    )
}

/// The settings of a judgement by default.
#[pyfunction]
pub(crate) fn canary_defaults() -> Settings {
    let it = CanaryParams::default();
    Settings {
        alpha: it.alpha,
        tolerance: it.tolerance,
        margin: it.margin,
        power: it.power,
        least_values: it.least_values,
        discovery: word(&it.discovery, &DISCOVERIES).to_owned(),
    }
}

/// The verdict, in words, with its metrics, and how many values are still needed.
#[pyfunction]
pub(crate) fn judge_canary(
    py: Python<'_>,
    settings: Settings,
    metrics: Vec<Metric<'_>>,
) -> Result<(&'static str, String, Vec<PlainMetric>, u64)> {
    let params = CanaryParams::default()
        .alpha(settings.alpha)
        .tolerance(settings.tolerance)
        .margin(settings.margin)
        .power(settings.power)
        .least_values(settings.least_values)
        .discovery(meaning("discovery", &settings.discovery, &DISCOVERIES)?);
    let metrics: Vec<CanaryMetric<'_>> =
        metrics.iter().map(Metric::metric).collect::<Result<_>>()?;
    let found = py.detach(|| params.judge(&metrics))?;
    let verdict = match found.verdict {
        Verdict::Promote => "promote",
        Verdict::Hold => "hold",
        Verdict::RollBack => "roll back",
    };
    let text = found.to_string();
    Ok((verdict, text, found.metrics.into_iter().map(plain).collect(), found.still_needed))
}

/// Every key of `forewarn.compare.benchmarks.ComparisonSettings`.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Comparison {
    direction: String,
    effect: f64,
    alpha: f64,
    power: f64,
    discovery: String,
}

/// The settings of a comparison of runs by default.
#[pyfunction]
pub(crate) fn comparison_defaults() -> Comparison {
    let it = RunComparisonParams::default();
    Comparison {
        direction: word(&it.direction, &DIRECTIONS).to_owned(),
        effect: it.effect,
        alpha: it.alpha,
        power: it.power,
        discovery: word(&it.discovery, &DISCOVERIES).to_owned(),
    }
}

/// Name and outcome; medians, effect, its interval, p-value, adjusted; values; values needed.
type PlainBenchmark = ((String, &'static str), [f64; 7], (u64, u64), Option<u64>);

/// In words, the benchmarks, and how many values are still needed.
#[pyfunction]
pub(crate) fn compare_runs(
    py: Python<'_>,
    settings: Comparison,
    benchmarks: Vec<(String, Doubles<'_>, Doubles<'_>)>,
) -> Result<(String, Vec<PlainBenchmark>, u64)> {
    let params = RunComparisonParams::default()
        .direction(meaning("direction", &settings.direction, &DIRECTIONS)?)
        .effect(settings.effect)
        .alpha(settings.alpha)
        .power(settings.power)
        .discovery(meaning("discovery", &settings.discovery, &DISCOVERIES)?);
    let benchmarks: Vec<Benchmark<'_>> = benchmarks
        .iter()
        .map(|(name, baseline, candidate)| {
            Ok(Benchmark { name, baseline: slice(baseline)?, candidate: slice(candidate)? })
        })
        .collect::<Result<_>>()?;
    let found = py.detach(|| params.compare(&benchmarks))?;
    let text = found.to_string();
    let plain = found.benchmarks.into_iter().map(|it| {
        let [before, after] = it.typical;
        let numbers = [before, after, it.effect, it.low, it.high, it.p_value, it.adjusted];
        ((it.name, word(&it.outcome, &OUTCOMES)), numbers, it.values.into(), it.needed)
    });
    Ok((text, plain.collect(), found.still_needed))
}
