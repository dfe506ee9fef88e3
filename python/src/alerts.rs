//! The reducer of alerts as a Python object: one state behind a lock, so any thread may use it.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::alert_settings::{Labels, PlainWindow, Settings, severity, window};
use crate::errors::{Result, bad_value};
use forewarn::alert::{
    Alert, AlertReducer, AlertReducerParams, AlertState, Anomaly, Change, Counts, Notice, Outcome,
    Page, SuppressionReason,
};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Kind, alert, window of maintenance, and all that in words.
type PlainOutcome = (&'static str, Option<u64>, Option<u32>, String);
/// A class and the arguments that make the object again.
type Reduced<'py> = (Bound<'py, PyType>, (Bound<'py, PyBytes>,));

/// Every field of `forewarn.alert_reducer.Alert`.
#[derive(IntoPyObject)]
pub(crate) struct PlainAlert {
    id: u64,
    group: String,
    state: &'static str,
    superseded_by: Option<u64>,
    severity: &'static str,
    paged: Option<f64>,
    not_paged: Option<&'static str>,
    started: f64,
    opened: f64,
    last: f64,
    resolved: Option<f64>,
    reopened: u32,
    sources: usize,
    count: u64,
    peak_score: f64,
    peak_value: Option<f64>,
    named: Vec<(String, f64)>,
    inhibited: u64,
    flapping: bool,
    wide: bool,
    text: String,
}

/// Every field of `forewarn.alert_reducer.Notice`.
#[derive(IntoPyObject)]
pub(crate) struct PlainNotice {
    time: f64,
    alert: u64,
    change: &'static str,
    superseded_by: Option<u64>,
    severity: &'static str,
    page: bool,
}

/// Every field of `forewarn.alert_reducer.Counts`.
#[derive(IntoPyObject)]
pub(crate) struct PlainCounts {
    anomalies: u64,
    normal: u64,
    missing: u64,
    alerted: u64,
    undecided: u64,
    brief: u64,
    flapping: u64,
    inhibited: u64,
    maintenance: u64,
    evicted: u64,
    alerts: u64,
    pages: u64,
    sources_evicted: u64,
    notices_lost: u64,
}

impl From<&Alert> for PlainAlert {
    fn from(it: &Alert) -> Self {
        let (state, superseded_by) = match it.state {
            AlertState::Open => ("open", None),
            AlertState::Resolved => ("resolved", None),
            AlertState::Superseded { by } => ("superseded", Some(by)),
        };
        let (paged, not_paged) = match it.page {
            Page::Sent { time } => (Some(time), None),
            Page::Withheld(reason) => (None, Some(word(reason))),
        };
        Self {
            id: it.id,
            group: it.group.clone(),
            state,
            superseded_by,
            severity: it.severity.name(),
            paged,
            not_paged,
            started: it.started,
            opened: it.opened,
            last: it.last,
            resolved: it.resolved,
            reopened: it.reopened,
            sources: it.sources,
            count: it.count,
            peak_score: it.peak_score,
            peak_value: it.peak_value,
            named: it.named.clone(),
            inhibited: it.inhibited,
            flapping: it.flapping,
            wide: it.wide,
            text: it.to_string(),
        }
    }
}

impl From<Notice> for PlainNotice {
    fn from(it: Notice) -> Self {
        let (change, superseded_by) = match it.change {
            Change::Opened => ("opened", None),
            Change::Reopened => ("reopened", None),
            Change::Escalated => ("escalated", None),
            Change::Widened => ("widened", None),
            Change::Paged => ("paged", None),
            Change::Resolved => ("resolved", None),
            Change::Superseded { by } => ("superseded", Some(by)),
            _ => ("changed", None),
        };
        let (severity, page) = (it.severity.name(), it.page);
        Self { time: it.time, alert: it.alert, change, superseded_by, severity, page }
    }
}

impl From<Counts> for PlainCounts {
    fn from(it: Counts) -> Self {
        Self {
            anomalies: it.anomalies,
            normal: it.normal,
            missing: it.missing,
            alerted: it.alerted,
            undecided: it.undecided,
            brief: it.brief,
            flapping: it.flapping,
            inhibited: it.inhibited,
            maintenance: it.maintenance,
            evicted: it.evicted,
            alerts: it.alerts,
            pages: it.pages,
            sources_evicted: it.sources_evicted,
            notices_lost: it.notices_lost,
        }
    }
}

fn word(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::Brief => "brief",
        SuppressionReason::Flapping => "flapping",
        SuppressionReason::Inhibited { .. } => "inhibited",
        SuppressionReason::Maintenance { .. } => "maintenance",
        SuppressionReason::Evicted => "evicted",
        SuppressionReason::Budget => "budget",
        _ => "suppressed",
    }
}

fn plain(outcome: Outcome) -> PlainOutcome {
    let (kind, alert, window) = match outcome {
        Outcome::Normal => ("normal", None, None),
        Outcome::Missing => ("missing", None, None),
        Outcome::Undecided => ("undecided", None, None),
        Outcome::Alerted { alert } => ("alerted", Some(alert), None),
        Outcome::Suppressed(reason) => match reason {
            SuppressionReason::Inhibited { by } => (word(reason), Some(by), None),
            SuppressionReason::Maintenance { window } => (word(reason), None, Some(window)),
            _ => (word(reason), None, None),
        },
    };
    (kind, alert, window, outcome.to_string())
}

/// Labels as the library takes them.
fn borrowed(labels: &Labels) -> Vec<(&str, &str)> {
    labels.iter().map(|(name, value)| (&**name, &**value)).collect()
}

/// From scores to alerts. `Reducer(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Reducer {
    reducer: Mutex<AlertReducer>,
}

impl Reducer {
    /// No method leaves the state half changed, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, AlertReducer> {
        self.reducer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Reducer {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { reducer: Mutex::new(AlertReducer::from_bytes(data)?) })
    }

    /// A reducer that has seen nothing.
    #[staticmethod]
    fn start(settings: Settings) -> Result<Self> {
        Ok(Self { reducer: Mutex::new(settings.params().build()?) })
    }

    /// The anomaly's number, and what became of the check so far.
    fn observe(
        &self,
        time: f64,
        labels: Labels,
        score: f64,
        value: Option<f64>,
        least: Option<&str>,
    ) -> Result<(Option<u64>, PlainOutcome)> {
        let labels = borrowed(&labels);
        let mut anomaly = Anomaly::new(time, &labels, score);
        anomaly.value = value;
        anomaly.severity = least.map(severity).transpose()?;
        let seen = self.state().observe(anomaly)?;
        Ok((seen.number, plain(seen.outcome)))
    }

    /// As `observe` for each row in turn, `places` telling which of the sources it is of; −1 for
    /// checks that are no anomaly. An error leaves the state as it was.
    fn observe_many<'py>(
        &self,
        py: Python<'py>,
        times: PyReadonlyArray1<'_, f64>,
        sources: Vec<Labels>,
        places: PyReadonlyArray1<'_, u64>,
        scores: PyReadonlyArray1<'_, f64>,
    ) -> Result<Bound<'py, PyArray1<i64>>> {
        let sources: Vec<_> = sources.iter().map(borrowed).collect();
        let (times, places, scores) = (times.as_array(), places.as_array(), scores.as_array());
        if places.iter().any(|&place| place >= sources.len() as u64) {
            return Err(bad_value(format!("places has one beyond {} sources", sources.len())));
        }
        let numbers: forewarn::Result<Vec<i64>> = py.detach(|| {
            let mut state = self.state();
            let mut next = state.clone();
            let rows = times.iter().zip(&places).zip(&scores);
            let numbers = rows.map(|((&time, &place), &score)| {
                let seen = next.observe(Anomaly::new(time, &sources[place as usize], score))?;
                Ok(seen.number.map_or(-1, u64::cast_signed))
            });
            let numbers = numbers.collect();
            if forewarn::Result::is_ok(&numbers) {
                *state = next;
            }
            numbers
        });
        Ok(numbers?.into_pyarray(py))
    }

    /// Lets time pass.
    fn advance(&self, time: f64) -> Result<()> {
        Ok(self.state().advance(time)?)
    }

    /// All alerts that are open or still remembered, by number.
    fn alerts(&self) -> Vec<PlainAlert> {
        self.state().alerts().map(PlainAlert::from).collect()
    }

    /// One of them.
    fn alert(&self, id: u64) -> Option<PlainAlert> {
        self.state().alert(id).map(PlainAlert::from)
    }

    /// What happened since the last call.
    fn notices(&self) -> Vec<PlainNotice> {
        self.state().notices().map(PlainNotice::from).collect()
    }

    /// What became of an anomaly.
    fn explain(&self, number: u64) -> Option<PlainOutcome> {
        self.state().explain(number).map(plain)
    }

    /// Announces maintenance; its number.
    fn add_maintenance(&self, planned: PlainWindow) -> Result<u32> {
        Ok(self.state().add_maintenance(window(planned))?)
    }

    /// What became of all checks.
    fn counts(&self) -> PlainCounts {
        self.state().counts().into()
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
pub(crate) fn alert_defaults() -> Settings {
    Settings::of(&AlertReducerParams::default())
}
