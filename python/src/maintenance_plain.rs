//! What an engine says, as tuples and dictionaries.

use crate::errors::Result;
use crate::maintenance_settings::clock_word;
use forewarn::engine::action::{Action, ActionOutcome, ActionRecord, Refusal};
use forewarn::engine::{Assessment, Evaluation, Mode, ModelCard, TimeToFailure};
use pyo3::{IntoPyObject, pyfunction};

/// Every field of `forewarn.engine.Assessment`, those of what is in it as tuples.
#[derive(IntoPyObject)]
pub(crate) struct PlainAssessment {
    entity: String,
    time: f64,
    horizon: f64,
    clock: String,
    failure_probability: Option<f64>,
    alert: bool,
    /// Median, expected, earliest, latest, confidence.
    time_to_failure: Option<[f64; 5]>,
    confidence: f64,
    reliability: f64,
    anomaly_score: f64,
    abnormal: bool,
    novelty: f64,
    /// Metric; slope, lower, upper, span; in words.
    trends: Vec<(String, [f64; 4], String)>,
    /// Feature; value, usual, weight; in words.
    reasons: Vec<(String, [f64; 3], String)>,
    action: &'static str,
    act_before: Option<f64>,
    text: String,
}

/// The time to plan by; times as in [`PlainAssessment`].
#[pyfunction]
pub(crate) fn least_costly(times: [f64; 5], late: f64, early: f64) -> Result<f64> {
    let [median, expected, earliest, latest, confidence] = times;
    let left = TimeToFailure::new(median, expected, earliest, latest, confidence)?;
    Ok(left.least_costly(late, early)?)
}

/// Its word, and the time before which to act.
pub(crate) fn plain_action(action: Action) -> (&'static str, Option<f64>) {
    match action {
        Action::None => ("none", None),
        Action::Watch => ("watch", None),
        Action::Investigate => ("investigate", None),
        Action::ActBefore { time } => ("act before", Some(time)),
        Action::ActNow => ("act now", None),
        _ => ("other", None),
    }
}

pub(crate) fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Predict => "predict",
        _ => "detect only",
    }
}

impl From<Assessment> for PlainAssessment {
    fn from(it: Assessment) -> Self {
        let text = it.to_string();
        let (action, act_before) = plain_action(it.action);
        let left = it.time_to_failure;
        let trends = it.trends.into_iter();
        let reasons = it.reasons.into_iter();
        Self {
            entity: it.entity,
            time: it.time,
            horizon: it.horizon,
            clock: clock_word(&it.clock),
            failure_probability: it.failure_probability,
            alert: it.alert,
            time_to_failure: left
                .map(|it| [it.median, it.expected, it.earliest, it.latest, it.confidence]),
            confidence: it.confidence,
            reliability: it.reliability,
            anomaly_score: it.anomaly_score,
            abnormal: it.abnormal,
            novelty: it.novelty,
            trends: trends
                .map(|it| (it.metric, [it.slope, it.lower, it.upper, it.span], it.text))
                .collect(),
            reasons: reasons
                .map(|it| (it.feature, [it.value, it.usual, it.weight], it.text))
                .collect(),
            action,
            act_before,
            text,
        }
    }
}

/// Every field of `forewarn.engine.ModelCard`.
#[derive(IntoPyObject)]
pub(crate) struct PlainCard {
    version: String,
    mode: &'static str,
    entities: usize,
    rows: usize,
    metrics: Vec<String>,
    features: usize,
    first_time: f64,
    last_time: f64,
    failures: usize,
    horizon: f64,
    clock: String,
    seed: u64,
    text: String,
}

impl From<&ModelCard> for PlainCard {
    fn from(it: &ModelCard) -> Self {
        Self {
            version: it.version.clone(),
            mode: mode_word(it.mode),
            entities: it.entities,
            rows: it.rows,
            metrics: it.metrics.clone(),
            features: it.features,
            first_time: it.from,
            last_time: it.until,
            failures: it.failures,
            horizon: it.horizon,
            clock: clock_word(&it.clock),
            seed: it.seed,
            text: it.to_string(),
        }
    }
}

/// Every field of `forewarn.engine.Evaluation`, those of what is in it as tuples.
#[derive(IntoPyObject)]
pub(crate) struct PlainEvaluation {
    mode: &'static str,
    warnings: Vec<String>,
    rows: usize,
    entities: usize,
    failures: usize,
    first_time: f64,
    last_time: f64,
    base_rate: f64,
    /// Name; weight, ROC AUC, average precision, logarithmic loss.
    parts: Vec<(String, [f64; 4])>,
    /// ROC AUC, average precision, logarithmic loss, Brier score, calibration error.
    ensemble: Option<[f64; 5]>,
    threshold: f64,
    /// Recall, lead time, false alarms, precision.
    at_threshold: Option<(f64, Option<f64>, f64, Option<f64>)>,
    /// Median error, coverage, what was promised, rows.
    lifetimes: Option<(f64, f64, f64, usize)>,
    /// Predicted, observed, count.
    calibration: Vec<(f64, f64, usize)>,
    /// Threshold, cost.
    costs: Vec<(f64, f64)>,
    cost_of_never: f64,
    cost_of_always: f64,
    /// Threshold, recall, precision.
    curve: Vec<(f64, f64, f64)>,
    /// From, to, count, stated, held.
    confidence: Vec<(f64, f64, usize, f64, f64)>,
    text: String,
}

impl From<&Evaluation> for PlainEvaluation {
    fn from(it: &Evaluation) -> Self {
        let parts = it.parts.iter();
        let lifetimes = it.lifetimes;
        let confidence = it.confidence.iter();
        Self {
            mode: mode_word(it.mode),
            warnings: it.warnings.clone(),
            rows: it.rows,
            entities: it.entities,
            failures: it.failures,
            first_time: it.from,
            last_time: it.until,
            base_rate: it.base_rate,
            parts: parts
                .map(|it| {
                    let figures = [it.weight, it.roc_auc, it.average_precision, it.log_loss];
                    (it.name.clone(), figures)
                })
                .collect(),
            ensemble: it.ensemble.map(|it| {
                let calibration = it.expected_calibration_error;
                [it.roc_auc, it.average_precision, it.log_loss, it.brier, calibration]
            }),
            threshold: it.threshold,
            at_threshold: it.at_threshold.map(|it| {
                let alarms = it.false_alarms_per_entity_month;
                (it.recall_of_failures, it.median_lead_time, alarms, it.precision)
            }),
            lifetimes: lifetimes.map(|it| (it.median_error, it.coverage, it.interval, it.rows)),
            calibration: it
                .calibration
                .iter()
                .map(|it| (it.predicted, it.observed, it.count))
                .collect(),
            costs: it.costs.iter().map(|it| (it.threshold, it.cost)).collect(),
            cost_of_never: it.cost_of_never,
            cost_of_always: it.cost_of_always,
            curve: it.curve.iter().map(|it| (it.threshold, it.recall, it.precision)).collect(),
            confidence: confidence
                .map(|it| (it.from, it.to, it.count, it.stated, it.held))
                .collect(),
            text: it.to_string(),
        }
    }
}

/// A word, and a number that goes with it.
type Word = (&'static str, Option<f64>);

/// Number, entity, time; probability, confidence, abnormal, time left; proposed and allowed; refusal
/// and until when; outcome and why: the arguments of `forewarn.engine.fleet.record`.
pub(crate) type PlainRecord = (
    u64,
    String,
    f64,
    (f64, f64, bool, f64),
    Word,
    Word,
    Option<(&'static str, f64)>,
    (&'static str, Option<String>),
);

pub(crate) fn plain_record(it: &ActionRecord) -> PlainRecord {
    let situation = it.situation;
    let refusal = it.refusal.map(|refusal| match refusal {
        Refusal::CoolDown { until } => ("cool-down", until),
        Refusal::Budget { until } => ("budget", until),
        _ => ("other", f64::NAN),
    });
    let outcome = match &it.outcome {
        ActionOutcome::NotNeeded => ("not needed", None),
        ActionOutcome::Done => ("done", None),
        ActionOutcome::Failed(reason) => ("failed", Some(reason.clone())),
        _ => ("other", None),
    };
    (
        it.number,
        it.entity.clone(),
        it.time,
        (
            situation.failure_probability,
            situation.confidence,
            situation.abnormal,
            situation.time_left,
        ),
        plain_action(it.proposed),
        plain_action(it.allowed),
        refusal,
        outcome,
    )
}
