//! Settings of the reducer of alerts, as Python gives them.

use crate::errors::{Result, bad_value};
use forewarn::alert::{
    AlertReducerParams, Dependency, Maintenance, Selector, Severity, SeveritySteps,
};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

/// Name and value of every label of a source.
pub(crate) type Labels = Vec<(PyBackedStr, PyBackedStr)>;
/// Labels, each with the values that are meant.
type PlainSelector = Vec<(String, Vec<String>)>;
/// First second, end, and sources of announced work.
pub(crate) type PlainWindow = (f64, f64, PlainSelector);

/// Every key of `forewarn._alerts.AlertSettings`.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    raise_: f64,
    clear: f64,
    hold: f64,
    max_gap: f64,
    keep_firing: f64,
    breadth: usize,
    group_by: Vec<String>,
    reopen: f64,
    flap_runs: f64,
    flap_interval: f64,
    dependencies: Vec<(PlainSelector, PlainSelector)>,
    settle: f64,
    spread: f64,
    severity_score: (f64, f64),
    severity_duration: (f64, f64),
    severity_breadth: (usize, usize),
    pages_per_day: Option<usize>,
    maintenance: Vec<PlainWindow>,
    max_sources: usize,
    remembered: usize,
    lateness: f64,
}

impl Settings {
    pub(crate) fn params(self) -> AlertReducerParams {
        let rule = |(upstream, dependent)| Dependency::new(selector(upstream), selector(dependent));
        AlertReducerParams::default()
            .raise(self.raise_)
            .clear(self.clear)
            .hold(self.hold)
            .max_gap(self.max_gap)
            .keep_firing(self.keep_firing)
            .breadth(self.breadth)
            .group_by(self.group_by)
            .reopen(self.reopen)
            .flap_runs(self.flap_runs)
            .flap_interval(self.flap_interval)
            .dependencies(self.dependencies.into_iter().map(rule).collect())
            .settle(self.settle)
            .spread(self.spread)
            .severity(SeveritySteps {
                score: self.severity_score.into(),
                duration: self.severity_duration.into(),
                breadth: self.severity_breadth.into(),
            })
            .pages_per_day(self.pages_per_day)
            .maintenance(self.maintenance.into_iter().map(window).collect())
            .max_sources(self.max_sources)
            .remembered(self.remembered)
            .lateness(self.lateness)
    }

    /// Settings without dependencies and maintenance.
    pub(crate) fn of(it: &AlertReducerParams) -> Self {
        Self {
            raise_: it.raise,
            clear: it.clear,
            hold: it.hold,
            max_gap: it.max_gap,
            keep_firing: it.keep_firing,
            breadth: it.breadth,
            group_by: it.group_by.clone(),
            reopen: it.reopen,
            flap_runs: it.flap_runs,
            flap_interval: it.flap_interval,
            dependencies: Vec::new(),
            settle: it.settle,
            spread: it.spread,
            severity_score: it.severity.score.into(),
            severity_duration: it.severity.duration.into(),
            severity_breadth: it.severity.breadth.into(),
            pages_per_day: it.pages_per_day,
            maintenance: Vec::new(),
            max_sources: it.max_sources,
            remembered: it.remembered,
            lateness: it.lateness,
        }
    }
}

fn selector(labels: PlainSelector) -> Selector {
    labels.into_iter().fold(Selector::all(), |all, (label, values)| all.and(label, values))
}

pub(crate) fn window((from, to, sources): PlainWindow) -> Maintenance {
    Maintenance::new(from, to, selector(sources))
}

pub(crate) fn severity(word: &str) -> Result<Severity> {
    let all = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    all.into_iter().find(|level| level.name() == word).ok_or_else(|| {
        let allowed = "it must be 'low', 'medium', 'high' or 'critical'";
        bad_value(format!("severity is '{word}': {allowed}"))
    })
}
