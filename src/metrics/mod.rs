//! How good a ranking, a probability or a warning is.
//!
//! | question | function |
//! |---|---|
//! | Do bad rows score above good ones? | [`roc_auc`], [`average_precision`] |
//! | What is in the list that somebody will read? | [`recall_at_top`], [`precision_at_top`] |
//! | Can the probability be believed? | [`log_loss`], [`brier`] |
//! | Where is it off, and by how much? | [`calibration_table`], [`expected_calibration_error`], [`brier_parts`] |
//! | How well are the times of failures foreseen? | [`survival`], [`phm08_score`] |
//! | Do intervals hold what they promise? | [`interval_coverage`], [`interval_width`] |
//! | Was each event noticed, and how early? | [`event_recall`], [`lead_times`] |
//! | What is found for so many false alarms? | [`recall_at_false_alarms`], [`History`] |
//! | How sure is a share that was counted? | [`share_interval`] |
//!
//! ```
//! use forewarn::metrics;
//!
//! let failed = [false, false, true, false, true];
//! let risk = [0.1, 0.4, 0.35, 0.2, 0.8];
//! assert_eq!(metrics::roc_auc(&failed, &risk)?, 5.0 / 6.0);
//! // The two riskiest rows of the five hold one of the two failures.
//! assert_eq!(metrics::recall_at_top(&failed, &risk, 0.4)?, 0.5);
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! Labels are `true` for what should be found, and higher scores are worse, as everywhere in the
//! crate. The order of the rows never matters, except where rows are moments in time.
//!
//! **Which one?** With few failures in many rows, ROC AUC stays high while most alarms are false:
//! look at [`average_precision`], whose value for a random ranking is the share of `true` labels,
//! or at [`recall_at_top`] with as many rows as there is time to check. Rows next to each other
//! in time are one event, not many: count events with [`event_recall`].

mod calibration;
mod events;
mod intervals;
mod operating;
mod probability;
mod ranking;
mod remaining_life;
mod share;
pub mod survival;
mod top;

pub use calibration::{
    Bins, BrierParts, CalibrationBin, brier_parts, calibration_table, expected_calibration_error,
    expected_calibration_error_weighted,
};
pub use events::{event_recall, lead_times};
pub use intervals::{interval_coverage, interval_width};
pub use operating::{History, OperatingPoint, Operation, recall_at_false_alarms};
pub use probability::{brier, brier_weighted, log_loss, log_loss_weighted};
pub(crate) use probability::{check_probabilities, surprise as log_loss_of};
pub use ranking::{average_precision, average_precision_weighted, roc_auc, roc_auc_weighted};
pub use remaining_life::phm08_score;
pub use share::share_interval;
pub use top::{precision_at_top, recall_at_top};

use crate::error::{Error, Result};

/// As many values as labels, at least one, none of them NaN. `what` names the list, then one of
/// its values.
pub(crate) fn check_values(labels: &[bool], values: &[f64], what: [&'static str; 2]) -> Result<()> {
    let [plural, singular] = what;
    if labels.is_empty() {
        return Err(Error::Empty { what: "labels" });
    }
    if values.len() != labels.len() {
        return Err(Error::Length { what: plural, expected: labels.len(), found: values.len() });
    }
    match values.iter().position(|value| value.is_nan()) {
        Some(index) => Err(Error::NotANumber { what: singular, index }),
        None => Ok(()),
    }
}

fn check_scores(labels: &[bool], scores: &[f64]) -> Result<()> {
    check_values(labels, scores, ["scores", "score"])
}

/// Weights are finite and at least 0, and not all of them 0. Returns the unit to divide them by:
/// a power of two, so that nothing is rounded, near the largest, so that sums and products of
/// weights neither overflow nor vanish.
pub(crate) fn check_weights(labels: &[bool], weights: &[f64]) -> Result<f64> {
    check_values(labels, weights, ["weights", "weight"])?;
    let mut largest = 0.0_f64;
    for &value in weights {
        if !(0.0..f64::INFINITY).contains(&value) {
            let allowed = "at least 0 and finite";
            return Err(Error::OutOfRange { name: "weight", value, allowed });
        }
        largest = largest.max(value);
    }
    if largest == 0.0 {
        let allowed = "above 0";
        return Err(Error::OutOfRange { name: "the sum of the weights", value: 0.0, allowed });
    }
    // The logarithm of the very largest floats rounds up to 1,024, whose power is infinite.
    Ok(largest.log2().floor().min(1_023.0).exp2())
}
