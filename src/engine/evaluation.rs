//! How good an engine is, on rows that it had not seen.

use super::card::Mode;
use std::fmt;

/// Figures of what was held back: the members learned from what came before it (or from other
/// entities), with a gap of one horizon, and so did their weights, the calibration and the threshold.
///
/// The engine that answers is trained again on everything, by the same rules: these figures are of the
/// one that was not.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Evaluation {
    /// What could be done.
    pub mode: Mode,
    /// What somebody should know, in words.
    pub warnings: Vec<String>,
    /// Rows held back of which it is known whether a failure followed.
    pub rows: usize,
    /// Entities among them.
    pub entities: usize,
    /// Failures among them: those that followed within the horizon.
    pub failures: usize,
    /// The time of the first of these rows.
    pub from: f64,
    /// The time of the last.
    pub until: f64,
    /// The share of the rows that a failure followed.
    pub base_rate: f64,
    /// The members of the ensemble; none without both kinds of rows.
    pub parts: Vec<PartFigures>,
    /// The ensemble; `None` without both kinds of rows.
    pub ensemble: Option<EnsembleFigures>,
    /// The alert threshold of these figures.
    pub threshold: f64,
    /// What it brings; `None` without both kinds of rows.
    pub at_threshold: Option<AlertFigures>,
    /// Of the time left; `None` where it was not learned, or nothing held back failed.
    pub lifetimes: Option<LifetimeFigures>,
    /// Ten bins of about as many rows each, fewer where probabilities tie: the reliability diagram.
    pub calibration: Vec<CalibrationPoint>,
    /// The mean cost of a row by threshold, rising: at most 200.
    pub costs: Vec<CostPoint>,
    /// The mean cost of a row if nobody ever acts.
    pub cost_of_never: f64,
    /// The mean cost of a row if everybody always acts.
    pub cost_of_always: f64,
    /// Precision and recall by threshold, by falling threshold: at most 200.
    pub curve: Vec<CurvePoint>,
    /// How often statements held, by their confidence.
    pub confidence: Vec<ConfidenceBin>,
}

/// Figures of a member alone.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PartFigures {
    /// "classifier", "survival", "time left", "anomaly".
    pub name: String,
    /// Its share of the weights of all members.
    pub weight: f64,
    /// The probability that a row before a failure scores higher than another.
    pub roc_auc: f64,
    /// Average precision.
    pub average_precision: f64,
    /// Logarithmic loss of its own calibrated probability.
    pub log_loss: f64,
}

/// Figures of the ensemble.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EnsembleFigures {
    /// The probability that a row before a failure scores higher than another.
    pub roc_auc: f64,
    /// Average precision.
    pub average_precision: f64,
    /// Logarithmic loss.
    pub log_loss: f64,
    /// Mean squared error of the probability.
    pub brier: f64,
    /// Mean distance of the probability from what was observed, in ten bins of as many rows each.
    pub expected_calibration_error: f64,
}

/// What the alert threshold brings.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AlertFigures {
    /// The share of the failures with an alert within the horizon before them.
    pub recall_of_failures: f64,
    /// The median time from the first such alert to the last row before the failure; `None` if no
    /// failure had one.
    pub median_lead_time: Option<f64>,
    /// The share of months of entities (of 30 days; of 30 horizons by a clock that does not count
    /// seconds) with a false alarm.
    pub false_alarms_per_entity_month: f64,
    /// The share of the rows with an alert that a failure followed; `None` without alerts.
    pub precision: Option<f64>,
}

/// How well the time left is told.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LifetimeFigures {
    /// The median of the distance of the median from the true time left, of rows whose failure came
    /// before the limit.
    pub median_error: f64,
    /// The share of intervals that held the truth, of all rows of which it is known.
    pub coverage: f64,
    /// The share that was promised.
    pub interval: f64,
    /// Rows of which it is known.
    pub rows: usize,
}

/// A bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CalibrationPoint {
    /// The mean probability.
    pub predicted: f64,
    /// The share that failed.
    pub observed: f64,
    /// Rows.
    pub count: usize,
}

/// A point of the cost curve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CostPoint {
    /// Rows from this probability on have an alert.
    pub threshold: f64,
    /// The mean cost of a row: of acting on alerts, and of failures that acting did not prevent.
    pub cost: f64,
}

/// A point of the precision-recall curve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CurvePoint {
    /// Rows from this probability on have an alert.
    pub threshold: f64,
    /// The share of rows before failures that have one.
    pub recall: f64,
    /// The share of rows with one that a failure followed.
    pub precision: f64,
}

/// How often statements of some confidence held.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ConfidenceBin {
    /// The least confidence in the bin.
    pub from: f64,
    /// The first beyond it; 1 is in the last bin.
    pub to: f64,
    /// Assessments.
    pub count: usize,
    /// Their mean confidence.
    pub stated: f64,
    /// The share that held.
    pub held: f64,
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, entities, failures, .. } = self;
        write!(f, "held back: {rows} rows of {entities} entities, {failures} failures")?;
        if let Some(ensemble) = &self.ensemble {
            write!(
                f,
                "\nROC AUC {:.4}, average precision {:.4}, Brier score {:.4}, calibration error {:.4}",
                ensemble.roc_auc,
                ensemble.average_precision,
                ensemble.brier,
                ensemble.expected_calibration_error
            )?;
        }
        for part in &self.parts {
            let PartFigures { name, weight, roc_auc, average_precision, .. } = part;
            write!(
                f,
                "\n  {name}: weight {weight:.2}, ROC AUC {roc_auc:.4}, average precision \
                 {average_precision:.4}"
            )?;
        }
        if let Some(alerts) = &self.at_threshold {
            write!(
                f,
                "\nalerts from {:.3}: {:.0} % of failures foretold, {:.3} false alarms a month and entity",
                self.threshold,
                100.0 * alerts.recall_of_failures,
                alerts.false_alarms_per_entity_month
            )?;
        }
        if let Some(lifetimes) = &self.lifetimes {
            write!(
                f,
                "\ntime left, in units of the readings' time: median error {:.1}, intervals of {:.0} % hold {:.1} %",
                lifetimes.median_error,
                100.0 * lifetimes.interval,
                100.0 * lifetimes.coverage
            )?;
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "\nnote: {warning}"))
    }
}
