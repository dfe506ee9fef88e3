//! Platt scaling: a straight line in log odds.

use super::logistic::{Fit, Row, fit, log_odds, targets};
#[cfg(feature = "serde")]
use crate::error::{Error, Result};
use crate::pava::Tie;

/// Platt scaling: `p = 1 / (1 + exp(−(slope · s + intercept)))` for a score or log odds `s`.
///
/// The two numbers minimise the log loss against Platt's smoothed targets, `(N₊ + 1)/(N₊ + 2)` for
/// failures and `1/(N₋ + 2)` for the rest, so they are finite even where the scores separate the
/// classes. A slope below 0 would turn the ranking round: then it is 0, which gives every score the
/// base rate (the best that is left, the loss being convex).
///
/// Right where scores are distorted alike at both ends, and with few rows: it has only two
/// parameters. Training takes O(n) time after sorting, some ten passes.
///
/// Platt, "Probabilistic outputs for support vector machines", 1999; Lin, Lin & Weng, "A note on
/// Platt's probabilistic outputs for support vector machines", Machine Learning 68 (2007). It is
/// what scikit-learn's `CalibratedClassifierCV(method="sigmoid")` fits, to a sharper minimum.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Saved"))]
pub struct Platt {
    slope: f64,
    intercept: f64,
}

impl Platt {
    /// By how much the log odds rise when the score rises by 1; at least 0.
    #[must_use]
    pub fn slope(&self) -> f64 {
        self.slope
    }

    /// The log odds at a score of 0.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    pub(super) fn train(ties: &[Tie]) -> Self {
        let rows = smoothed(ties, |score| [score]);
        let Fit { coefficients: [slope], intercept, .. } = fit(&rows);
        if slope >= 0.0 && slope.is_finite() && intercept.is_finite() {
            return Self { slope, intercept };
        }
        Self { slope: 0.0, intercept: base_log_odds(&rows) }
    }

    pub(super) fn log_odds(&self, score: f64) -> f64 {
        self.slope * score + self.intercept
    }
}

/// One row a tie, with its mean smoothed target; `columns` makes the regression's columns of a score.
pub(super) fn smoothed<const N: usize>(
    ties: &[Tie],
    columns: impl Fn(f64) -> [f64; N],
) -> Vec<Row<N>> {
    let positive: f64 = ties.iter().map(|tie| tie.positive).sum();
    let weight: f64 = ties.iter().map(|tie| tie.weight).sum();
    let [low, high] = targets(positive, weight - positive);
    ties.iter()
        .map(|tie| Row {
            x: columns(tie.score),
            target: low + (high - low) * (tie.positive / tie.weight),
            weight: tie.weight,
        })
        .collect()
}

/// The log odds of the mean target.
pub(super) fn base_log_odds<const N: usize>(rows: &[Row<N>]) -> f64 {
    let total: f64 = rows.iter().map(|row| row.weight).sum();
    log_odds(rows.iter().map(|row| row.weight / total * row.target).sum())
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    slope: f64,
    intercept: f64,
}

#[cfg(feature = "serde")]
impl TryFrom<Saved> for Platt {
    type Error = Error;

    fn try_from(Saved { slope, intercept }: Saved) -> Result<Self> {
        if (0.0..f64::INFINITY).contains(&slope) && intercept.is_finite() {
            return Ok(Self { slope, intercept });
        }
        let reason = format!("Platt scaling with slope {slope} and intercept {intercept}");
        Err(Error::InvalidModel { reason })
    }
}
