//! Measures of a whole ranking: only the order of the scores counts, never their values.

use super::{check_scores, check_weights};
use crate::error::{Error, Result};

/// The rows of one score.
#[derive(Debug, Clone, Copy, Default)]
struct Tie {
    /// Weight of the rows whose label is `true`.
    positive: f64,
    /// Weight of the others.
    negative: f64,
}

/// Rows grouped by score, the highest score first, with the total of all groups.
struct Ranking {
    ties: Vec<Tie>,
    total: Tie,
}

impl Ranking {
    /// An absent list of weights weighs every row 1.
    fn new(labels: &[bool], scores: &[f64], weights: Option<&[f64]>) -> Result<Self> {
        check_scores(labels, scores)?;
        let unit = weights.map_or(Ok(1.0), |weights| check_weights(labels, weights))?;
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row] / unit);
        let mut order: Vec<(f64, bool, f64)> = labels
            .iter()
            .zip(scores)
            .enumerate()
            .map(|(row, (&label, &score))| (score, label, weight(row)))
            .collect();
        order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));

        // 0.0 and -0.0 are neighbours in the total order and equal here: one group, as it should.
        let ties: Vec<Tie> = order
            .chunk_by(|a, b| a.0 == b.0)
            .map(|rows| {
                rows.iter().fold(Tie::default(), |sum, &(_, label, weight)| sum.with(label, weight))
            })
            .collect();
        let total = ties.iter().fold(Tie::default(), |sum, tie| Tie {
            positive: sum.positive + tie.positive,
            negative: sum.negative + tie.negative,
        });
        // Rows of weight 0 do not count: without them, there must still be both classes.
        if total.positive > 0.0 && total.negative > 0.0 {
            Ok(Self { ties, total })
        } else {
            Err(Error::SingleClass { class: total.positive > 0.0, count: labels.len() })
        }
    }

    /// Share of the pairs of one positive and one negative row in which the positive one scores
    /// higher; half a pair where they score alike.
    fn roc_auc(&self) -> f64 {
        let mut positive_above = 0.0;
        let mut won = 0.0;
        for tie in &self.ties {
            won += tie.negative * (positive_above + 0.5 * tie.positive);
            positive_above += tie.positive;
        }
        won / (self.total.positive * self.total.negative)
    }

    /// Mean over the positive rows of the precision at their score.
    fn average_precision(&self) -> f64 {
        let mut found = Tie::default();
        let mut sum = 0.0;
        for tie in &self.ties {
            found.positive += tie.positive;
            found.negative += tie.negative;
            if tie.positive > 0.0 {
                sum += tie.positive * found.positive / (found.positive + found.negative);
            }
        }
        sum / self.total.positive
    }
}

impl Tie {
    fn with(mut self, label: bool, weight: f64) -> Self {
        *(if label { &mut self.positive } else { &mut self.negative }) += weight;
        self
    }
}

/// Area under the receiver operating characteristic: the probability that a random `true` row
/// scores above a random `false` one.
///
/// From 0 to 1; 0.5 is a random order, 1 a perfect one. Two rows that score alike count as half
/// (the Mann–Whitney statistic; Hanley and `McNeil` 1982, "The meaning and use of the area under a
/// receiver operating characteristic curve").
///
/// Scores may be infinite. Takes `O(n log n)` time and `O(n)` memory for `n` rows.
///
/// # Errors
/// [`Error::Empty`] without labels, [`Error::Length`] unless there is one score a label,
/// [`Error::NotANumber`] for a score that is NaN, [`Error::SingleClass`] when all labels are
/// alike.
///
/// ```
/// use forewarn::metrics::roc_auc;
///
/// let failed = [true, false, true, false];
/// assert_eq!(roc_auc(&failed, &[0.9, 0.1, 0.7, 0.7])?, 0.875);
/// // Scores that say nothing:
/// assert_eq!(roc_auc(&failed, &[1.0; 4])?, 0.5);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn roc_auc(labels: &[bool], scores: &[f64]) -> Result<f64> {
    Ok(Ranking::new(labels, scores, None)?.roc_auc())
}

/// [`roc_auc`] where row `i` counts `weights[i]` times.
///
/// Weights are finite and at least 0, with a positive sum. Takes `O(n log n)` time.
///
/// # Errors
/// As [`roc_auc`], and [`Error::Length`], [`Error::NotANumber`] or [`Error::OutOfRange`] for the
/// weights. Rows of weight 0 do not count towards having both classes.
///
/// ```
/// use forewarn::metrics::{roc_auc, roc_auc_weighted};
///
/// let weighted = roc_auc_weighted(&[true, false, false], &[0.5, 0.4, 0.6], &[1.0, 3.0, 1.0])?;
/// let repeated = roc_auc(&[true, false, false, false, false], &[0.5, 0.4, 0.4, 0.4, 0.6])?;
/// assert_eq!(weighted, repeated);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn roc_auc_weighted(labels: &[bool], scores: &[f64], weights: &[f64]) -> Result<f64> {
    Ok(Ranking::new(labels, scores, Some(weights))?.roc_auc())
}

/// Average precision: the area under the curve of precision over recall, in steps.
///
/// `Σ (Rₙ − Rₙ₋₁) Pₙ` over the distinct scores from the highest down, where `Pₙ` and `Rₙ` are
/// the precision and recall of all rows that score at least the `n`-th; nothing is interpolated,
/// and rows that score alike are found together. It is scikit-learn's `average_precision_score`.
///
/// Above 0, at most 1, where 1 is a perfect order; a random order gives about the share of
/// `true` labels. Scores may be infinite. Takes `O(n log n)` time and `O(n)` memory.
///
/// # Errors
/// As [`roc_auc`]. (With all labels `true`, every order would be perfect, and with none, none.)
///
/// ```
/// use forewarn::metrics::average_precision;
///
/// // The failures come first and third: (1/1 + 2/3) / 2.
/// let value = average_precision(&[true, false, true, false], &[0.9, 0.8, 0.7, 0.1])?;
/// assert_eq!(value, (1.0 + 2.0 / 3.0) / 2.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn average_precision(labels: &[bool], scores: &[f64]) -> Result<f64> {
    Ok(Ranking::new(labels, scores, None)?.average_precision())
}

/// [`average_precision`] where row `i` counts `weights[i]` times.
///
/// Weights are finite and at least 0, with a positive sum. Takes `O(n log n)` time.
///
/// # Errors
/// As [`roc_auc_weighted`].
///
/// ```
/// use forewarn::metrics::average_precision_weighted;
///
/// // One false alarm on top that counts double: the failure below it is one in three.
/// let value = average_precision_weighted(&[false, true], &[0.9, 0.8], &[2.0, 1.0])?;
/// assert_eq!(value, 1.0 / 3.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn average_precision_weighted(labels: &[bool], scores: &[f64], weights: &[f64]) -> Result<f64> {
    Ok(Ranking::new(labels, scores, Some(weights))?.average_precision())
}
