//! The tuner of thresholds as a Python object: one state behind a lock, so any thread may use it.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::{Result, bad_value};
use forewarn::prelude::*;
use forewarn::threshold::{
    AlarmCosts, AlarmVerdict, Incident, Opinion, ScoredPoint, ThresholdTuner, ThresholdTunerParams,
    Weekly, group_id,
};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every key of `forewarn._tuner.TunerSettings`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    false_alarm: f64,
    miss: f64,
    delay_per_minute: f64,
    rate: f64,
    spread: f64,
    group_spread: f64,
    slope: f64,
    persistence: f64,
    max_step: f64,
    max_fall: f64,
    max_rise: f64,
    gap: f64,
    max_groups: usize,
    max_incidents: usize,
    max_verdicts: usize,
}

impl Settings {
    fn params(self) -> ThresholdTunerParams {
        let Self { false_alarm, miss, delay_per_minute, .. } = self;
        ThresholdTunerParams::default()
            .costs(AlarmCosts { false_alarm, miss, delay_per_minute })
            .rate(self.rate)
            .spread(self.spread)
            .group_spread(self.group_spread)
            .slope(self.slope)
            .persistence(self.persistence)
            .max_step(self.max_step)
            .max_fall(self.max_fall)
            .max_rise(self.max_rise)
            .gap(self.gap)
            .max_groups(self.max_groups)
            .max_incidents(self.max_incidents)
            .max_verdicts(self.max_verdicts)
    }
}

/// Group, start, end, height, peak, scores, when it raised an alarm, what was said of it.
type PlainIncident = (u64, f64, f64, f64, f64, u32, Option<f64>, Option<&'static str>);
/// Mean, lower and upper end.
type PlainWeekly = (f64, f64, f64);
/// Group, time, opinion.
type PlainVerdict = (u64, f64, String);
/// Thresholds, whether they are reached, whether alarms begin.
type Judged<'py> =
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<bool>>, Bound<'py, PyArray1<bool>>);
/// A class and the arguments that make the object again.
type Reduced<'py> = (Bound<'py, PyType>, (Bound<'py, PyBytes>,));

fn opinion(word: &str) -> Result<Opinion> {
    match word {
        "false alarm" => Ok(Opinion::FalseAlarm),
        "real" => Ok(Opinion::Real),
        "missed" => Ok(Opinion::Missed),
        _ => Err(bad_value(format!(
            "opinion is '{word}': it must be 'false alarm', 'real' or 'missed'"
        ))),
    }
}

fn word(opinion: Opinion) -> &'static str {
    match opinion {
        Opinion::FalseAlarm => "false alarm",
        Opinion::Real => "real",
        Opinion::Missed => "missed",
    }
}

fn plain(it: &Incident) -> PlainIncident {
    (it.group, it.start, it.end, it.height, it.peak, it.points, it.raised, it.opinion.map(word))
}

fn weekly(it: Weekly) -> PlainWeekly {
    (it.mean, it.low, it.high)
}

fn points(
    times: &PyReadonlyArray1<'_, f64>,
    scores: &PyReadonlyArray1<'_, f64>,
    groups: &PyReadonlyArray1<'_, u64>,
) -> Vec<ScoredPoint> {
    let (times, scores, groups) = (times.as_array(), scores.as_array(), groups.as_array());
    let rows = times.iter().zip(&scores).zip(&groups);
    rows.map(|((&time, &score), &group)| ScoredPoint { group, time, score }).collect()
}

/// What `Tuner.optimize` found; the fields of `forewarn.OptimizedThreshold`.
#[pyclass(frozen, get_all, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Optimized {
    threshold: f64,
    groups: Vec<(u64, f64)>,
    weeks: f64,
    alarms_per_week: PlainWeekly,
    alarms_before: PlainWeekly,
    misses_per_week: PlainWeekly,
    cost_per_week: f64,
    cost_before: f64,
    last_month: Vec<(PlainIncident, bool, bool)>,
    state: Vec<u8>,
}

/// A threshold on scores that learns from verdicts. `Tuner(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Tuner {
    tuner: Mutex<ThresholdTuner>,
}

impl Tuner {
    /// No method leaves the state half changed, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, ThresholdTuner> {
        self.tuner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Tuner {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { tuner: Mutex::new(ThresholdTuner::from_bytes(data)?) })
    }

    /// A tuner that has seen nothing.
    #[staticmethod]
    fn start(settings: Settings) -> Result<Self> {
        Ok(Self { tuner: Mutex::new(settings.params().start()?) })
    }

    /// Threshold, whether it is reached, whether an alarm begins, whether only verdicts keep quiet.
    fn judge(&self, time: f64, score: f64, group: u64) -> Result<(f64, bool, bool, bool)> {
        let it = self.state().judge(ScoredPoint { group, time, score })?;
        Ok((it.threshold, it.exceeds, it.raise, it.silenced))
    }

    /// As `judge` for each row in turn; an error leaves the state as it was.
    fn judge_many<'py>(
        &self,
        py: Python<'py>,
        times: PyReadonlyArray1<'_, f64>,
        scores: PyReadonlyArray1<'_, f64>,
        groups: PyReadonlyArray1<'_, u64>,
    ) -> Result<Judged<'py>> {
        let points = points(&times, &scores, &groups);
        let answers: forewarn::Result<Vec<_>> = py.detach(|| {
            let mut state = self.state();
            let mut next = state.clone();
            let answers = points.into_iter().map(|point| next.judge(point)).collect();
            if forewarn::Result::is_ok(&answers) {
                *state = next;
            }
            answers
        });
        let answers = answers?;
        let bools = |of: fn(&forewarn::threshold::TunedJudgement) -> bool| {
            answers.iter().map(of).collect::<Vec<bool>>().into_pyarray(py)
        };
        let thresholds: Vec<f64> = answers.iter().map(|it| it.threshold).collect();
        Ok((thresholds.into_pyarray(py), bools(|it| it.exceeds), bools(|it| it.raise)))
    }

    /// Learns from a verdict.
    #[pyo3(name = "observe")]
    fn learn(&self, time: f64, word: &str, group: u64) -> Result<()> {
        let opinion = opinion(word)?;
        Ok(self.state().observe(AlarmVerdict { group, time, opinion })?)
    }

    /// The threshold of a group.
    fn threshold(&self, group: u64) -> f64 {
        self.state().threshold(group)
    }

    /// Of groups without verdicts, and of those with some.
    fn thresholds(&self) -> (f64, Vec<(u64, f64)>) {
        let setting = self.state().setting();
        (setting.common, setting.groups)
    }

    /// The remembered incidents, then those that may go on.
    fn incidents(&self) -> Vec<PlainIncident> {
        let state = self.state();
        state.incidents().chain(state.open_incidents()).map(plain).collect()
    }

    /// The incidents that were judged, oldest verdict first.
    fn verdicts(&self) -> Vec<PlainIncident> {
        self.state().verdicts().map(|judged| plain(&judged.incident)).collect()
    }

    /// Scores that were NaN.
    #[getter]
    fn missing(&self) -> u64 {
        self.state().missing()
    }

    /// Learns from a whole history at once.
    #[staticmethod]
    fn optimize(
        py: Python<'_>,
        settings: Settings,
        times: PyReadonlyArray1<'_, f64>,
        scores: PyReadonlyArray1<'_, f64>,
        groups: PyReadonlyArray1<'_, u64>,
        verdicts: Vec<PlainVerdict>,
    ) -> Result<Optimized> {
        let params = settings.params();
        let points = points(&times, &scores, &groups);
        let verdict = |(group, time, word): PlainVerdict| -> Result<AlarmVerdict> {
            Ok(AlarmVerdict { group, time, opinion: opinion(&word)? })
        };
        let verdicts: Vec<AlarmVerdict> =
            verdicts.into_iter().map(verdict).collect::<Result<_>>()?;
        let found = py.detach(|| params.optimize(&points, &verdicts))?;
        let replayed = found.last_month.iter();
        Ok(Optimized {
            threshold: found.threshold,
            groups: found.thresholds.groups,
            weeks: found.weeks,
            alarms_per_week: weekly(found.alarms_per_week),
            alarms_before: weekly(found.alarms_before),
            misses_per_week: weekly(found.misses_per_week),
            cost_per_week: found.cost_per_week,
            cost_before: found.cost_before,
            last_month: replayed.map(|it| (plain(&it.incident), it.before, it.after)).collect(),
            state: found.tuner.to_bytes()?,
        })
    }

    /// The compact binary form.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.state().to_bytes()?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Result<Reduced<'py>> {
        Ok((slf.get_type(), (slf.get().to_bytes(slf.py())?,)))
    }
}

/// The defaults of the library, in the order of `forewarn._tuner.TunerSettings`.
#[pyfunction]
pub(crate) fn tuner_defaults() -> (Vec<f64>, Vec<usize>) {
    let it = ThresholdTunerParams::default();
    let AlarmCosts { false_alarm, miss, delay_per_minute } = it.costs;
    let numbers = vec![
        false_alarm,
        miss,
        delay_per_minute,
        it.rate,
        it.spread,
        it.group_spread,
        it.slope,
        it.persistence,
        it.max_step,
        it.max_fall,
        it.max_rise,
        it.gap,
    ];
    (numbers, vec![it.max_groups, it.max_incidents, it.max_verdicts])
}

/// The number of the group of this name.
///
/// >>> from forewarn import group_number
/// >>> group_number("checkout") == group_number("search")
/// False
#[pyfunction]
pub(crate) fn group_number(name: &str) -> u64 {
    group_id(name)
}
