//! Intervals that hold the truth as often as promised, whatever the model is worth.

use crate::error::{Error, Result};

/// Prediction intervals with a stated coverage: by how much to widen what a model predicts, learned on
/// rows that it was not trained on.
///
/// **Method.** [`around`](Self::around) a prediction: split conformal (Lei et al. 2018,
/// "Distribution-free predictive inference for regression"), where the margin is a quantile of the
/// absolute errors. [`between`](Self::between) two predicted quantiles: conformalised quantile
/// regression (Romano, Patterson and Candès 2019), where it is one of `max(lower − y, y − upper)`;
/// that adapts to how uncertain each row is, and shrinks intervals that are too wide. With `n` rows, the
/// margin is the `⌈(n + 1) · coverage⌉`-th smallest of those values; infinite if there are not so many.
///
/// **Guarantee.** For a new row exchangeable with those the margin was learned from, the interval holds
/// the truth with probability at least `coverage`, and at most `1 / (n + 1)` more where values do not
/// tie; for any model, any `n`. It is an average over all rows. Rows of one machine are not exchangeable
/// with those of another: learn the margin on one row a machine, or on many machines, none of which the
/// model was trained on.
///
/// ```
/// use forewarn::boost::ConformalInterval;
///
/// let truth: Vec<f64> = (0..99).map(f64::from).collect();
/// let predicted: Vec<f64> = truth.iter().map(|y| y + (y * 7.0) % 5.0 - 2.0).collect();
/// let interval = ConformalInterval::around(&predicted, &truth, 0.9)?;
/// assert_eq!(interval.margin(), 2.0);
/// assert_eq!(interval.of(50.0, 50.0), (48.0, 52.0));
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "SavedInterval", into = "SavedInterval"))]
pub struct ConformalInterval {
    margin: f64,
    coverage: f64,
}

impl ConformalInterval {
    /// Intervals around predictions, all of one width. O(n).
    ///
    /// # Errors
    /// [`Error::Empty`] without rows, [`Error::Length`] unless there is one prediction a true value,
    /// [`Error::NotANumber`] for NaN, [`Error::OutOfRange`] for a coverage outside of `(0, 1)`.
    pub fn around(predicted: &[f64], truth: &[f64], coverage: f64) -> Result<Self> {
        Self::between(predicted, predicted, truth, coverage)
    }

    /// Intervals between predictions of a low and a high quantile, such as the 0.05 and 0.95 ones for a
    /// coverage of 0.9, widened or narrowed by one margin. O(n).
    ///
    /// # Errors
    /// As [`around`](Self::around).
    pub fn between(lower: &[f64], upper: &[f64], truth: &[f64], coverage: f64) -> Result<Self> {
        check_coverage(coverage)?;
        if truth.is_empty() {
            return Err(Error::Empty { what: "truth" });
        }
        for (what, values) in [("lower", lower), ("upper", upper), ("truth", truth)] {
            if values.len() != truth.len() {
                let (expected, found) = (truth.len(), values.len());
                return Err(Error::Length { what, expected, found });
            }
            if let Some(index) = values.iter().position(|value| value.is_nan()) {
                return Err(Error::NotANumber { what, index });
            }
        }
        let mut misses: Vec<f64> = lower
            .iter()
            .zip(upper)
            .zip(truth)
            .map(|((low, high), y)| (low - y).max(y - high))
            .collect();
        let rank = rank(misses.len(), coverage);
        let margin = if rank > misses.len() {
            f64::INFINITY
        } else {
            *misses.select_nth_unstable_by(rank - 1, f64::total_cmp).1
        };
        Ok(Self { margin, coverage })
    }

    /// What is added on both sides; negative where the predicted quantiles were too far apart, infinite
    /// where there were too few rows for the coverage: fewer than `coverage / (1 − coverage)`.
    #[must_use]
    pub fn margin(&self) -> f64 {
        self.margin
    }

    /// The probability with which an interval holds the truth.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        self.coverage
    }

    /// The interval of a row with these predictions, which are equal if there is but one. Where it
    /// would be narrowed beyond its middle, that remains.
    #[must_use]
    pub fn of(&self, lower: f64, upper: f64) -> (f64, f64) {
        let (low, high) = (lower - self.margin, upper + self.margin);
        if low <= high {
            (low, high)
        } else {
            let middle = f64::midpoint(lower, upper);
            (middle, middle)
        }
    }
}

/// `⌈(n + 1) · coverage⌉`. A decimal share such as 0.55 is not exact in binary: 0.55 of 100 must be 55,
/// not 56 for the sake of the last bit.
fn rank(rows: usize, coverage: f64) -> usize {
    let exact = (rows + 1) as f64 * coverage;
    (exact * (1.0 - 1e-12)).ceil().max(1.0) as usize
}

pub(crate) fn check_coverage(value: f64) -> Result<()> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(Error::OutOfRange { name: "coverage", value, allowed: "above 0 and below 1" })
}

/// An infinite margin is none: JSON does not know infinity.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedInterval {
    margin: Option<f64>,
    coverage: f64,
}

#[cfg(feature = "serde")]
impl From<ConformalInterval> for SavedInterval {
    fn from(interval: ConformalInterval) -> Self {
        let margin = Some(interval.margin).filter(|margin| margin.is_finite());
        Self { margin, coverage: interval.coverage }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<SavedInterval> for ConformalInterval {
    type Error = Error;

    fn try_from(saved: SavedInterval) -> Result<Self> {
        check_coverage(saved.coverage)?;
        let margin = saved.margin.unwrap_or(f64::INFINITY);
        if margin.is_nan() || margin == f64::NEG_INFINITY {
            return Err(Error::InvalidModel { reason: format!("a margin of {margin}") });
        }
        Ok(Self { margin, coverage: saved.coverage })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_decimal_shares() {
        for (rows, coverage, expected) in
            [(99, 0.9, 90), (99, 0.55, 55), (9, 0.9, 9), (8, 0.9, 9), (100, 0.9, 91), (19, 0.7, 14)]
        {
            assert_eq!(rank(rows, coverage), expected, "{coverage} of {rows}");
        }
    }

    /// Every order of the errors equally likely: the mean coverage of the row left out is then
    /// `rank / (n + 1)`, counted here exactly.
    #[test]
    fn coverage_is_exact_in_finite_samples() {
        for n in [4_usize, 9, 19, 20] {
            let errors: Vec<f64> = (0..=n).map(|i| i as f64).collect();
            let covered = (0..=n)
                .filter(|&left_out| {
                    let rest: Vec<f64> =
                        (0..=n).filter(|&i| i != left_out).map(|i| errors[i]).collect();
                    let zeros = vec![0.0; n];
                    let interval = ConformalInterval::around(&zeros, &rest, 0.8).unwrap();
                    let (low, high) = interval.of(0.0, 0.0);
                    low <= errors[left_out] && errors[left_out] <= high
                })
                .count();
            let share = covered as f64 / (n + 1) as f64;
            assert!(share >= 0.8 && share < 0.8 + 1.0 / (n + 1) as f64, "{n}: {share}");
        }
    }

    #[test]
    fn too_few_rows_promise_everything() {
        let interval = ConformalInterval::around(&[0.0; 8], &[1.0; 8], 0.9).unwrap();
        assert_eq!(interval.of(3.0, 3.0), (f64::NEG_INFINITY, f64::INFINITY));
    }

    #[test]
    fn wide_quantiles_shrink() {
        let truth: Vec<f64> = (0..19).map(f64::from).collect();
        let low: Vec<f64> = truth.iter().map(|y| y - 10.0).collect();
        let high: Vec<f64> = truth.iter().map(|y| y + 10.0).collect();
        let interval = ConformalInterval::between(&low, &high, &truth, 0.9).unwrap();
        assert_eq!(interval.margin(), -10.0);
        assert_eq!(interval.of(0.0, 20.0), (10.0, 10.0));
        assert_eq!(interval.of(0.0, 10.0), (5.0, 5.0));
    }
}
