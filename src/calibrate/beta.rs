//! Beta calibration: a curve in log odds that may bend differently at either end.

use super::logistic::{Fit, Row, fit, softplus};
use super::platt::{base_log_odds, smoothed};
#[cfg(feature = "serde")]
use crate::error::{Error, Result};
use crate::pava::Tie;

/// Beta calibration: `ln(q / (1 − q)) = a · ln(p) − b · ln(1 − p) + c`, with `a, b ≥ 0`.
///
/// It is exact where the scores of either class follow a beta distribution, and holds the identity
/// (`a = b = 1`, `c = 0`), so a probability that is right can stay as it is; with `a = b` it is Platt
/// scaling of log odds. Where the best `a` or `b` is below 0, it is 0 and the rest is fitted again,
/// since the curve would fall somewhere: of the feasible fits the one with the least loss is taken,
/// which is the constrained minimum, the loss being convex.
///
/// The targets are Platt's smoothed ones, which the paper does not have; they keep the coefficients
/// finite where the scores separate the classes, and change nothing that can be seen with many rows.
/// Training takes O(n) time after sorting, some ten passes.
///
/// Kull, Silva Filho & Flach, "Beta calibration: a well-founded and easily implemented improvement on
/// logistic calibration for binary classifiers", AISTATS 2017.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Saved"))]
pub struct Beta {
    a: f64,
    b: f64,
    c: f64,
}

impl Beta {
    /// The power of `p`, at least 0.
    #[must_use]
    pub fn a(&self) -> f64 {
        self.a
    }

    /// The power of `1 − p`, at least 0.
    #[must_use]
    pub fn b(&self) -> f64 {
        self.b
    }

    /// The intercept, in log odds.
    #[must_use]
    pub fn c(&self) -> f64 {
        self.c
    }

    /// The scores of the ties are log odds.
    pub(super) fn train(ties: &[Tie]) -> Self {
        let rows = smoothed(ties, columns);
        let Fit { coefficients: [a, b], intercept: c, .. } = fit(&rows);
        if a >= 0.0 && b >= 0.0 && [a, b, c].iter().all(|value| value.is_finite()) {
            return Self { a, b, c };
        }
        let alone = |k: usize| {
            let rows: Vec<Row<1>> = rows
                .iter()
                .map(|row| Row { x: [row.x[k]], target: row.target, weight: row.weight })
                .collect();
            fit(&rows)
        };
        let (first, second) = (alone(0), alone(1));
        let feasible = |fit: &Fit<1>| {
            fit.coefficients[0] >= 0.0
                && fit.coefficients[0].is_finite()
                && fit.intercept.is_finite()
        };
        match (feasible(&first), feasible(&second)) {
            (true, both) if !both || first.loss <= second.loss => {
                Self { a: first.coefficients[0], b: 0.0, c: first.intercept }
            }
            (_, true) => Self { a: 0.0, b: second.coefficients[0], c: second.intercept },
            _ => Self { a: 0.0, b: 0.0, c: base_log_odds(&rows) },
        }
    }

    pub(super) fn log_odds(&self, score: f64) -> f64 {
        let [x, y] = columns(score);
        self.a * x + self.b * y + self.c
    }
}

/// `ln(p)` and `−ln(1 − p)` of log odds: exact where `p` itself would be rounded to 0 or 1.
fn columns(log_odds: f64) -> [f64; 2] {
    [-softplus(-log_odds), softplus(log_odds)]
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    a: f64,
    b: f64,
    c: f64,
}

#[cfg(feature = "serde")]
impl TryFrom<Saved> for Beta {
    type Error = Error;

    fn try_from(Saved { a, b, c }: Saved) -> Result<Self> {
        if [a, b].iter().all(|value| (0.0..f64::INFINITY).contains(value)) && c.is_finite() {
            return Ok(Self { a, b, c });
        }
        let reason = format!("beta calibration with a = {a}, b = {b}, c = {c}");
        Err(Error::InvalidModel { reason })
    }
}
