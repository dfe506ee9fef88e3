//! How much: a regressor.

use super::ensemble::Ensemble;
use super::loss::{Loss, Penalty, Poisson, Residual};
use super::objective::{Fitted, Objective};
use super::params::BoostingParams;
use super::report::TrainingReport;
use crate::error::{Error, Result};
use crate::traits::Score;
use ndarray::{Array1, ArrayView2};

/// What of a quantity is predicted, by the loss that it minimises.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum RegressionLoss {
    /// The mean: squared loss.
    #[default]
    Squared,
    /// Nearly the mean, with residuals beyond this size (above 0) not counting more and more: Huber's
    /// loss, for targets with outliers.
    Huber(f64),
    /// The value that a share of the targets, in `(0, 1)`, is below: pinball loss. 0.5 is the median,
    /// which minimises absolute error.
    Quantile(f64),
    /// The mean of counts, never negative: Poisson loss.
    Poisson,
}

/// The objective of predicting a quantity.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Quantity {
    /// What of the quantity is predicted. Default the mean.
    pub loss: RegressionLoss,
}

/// Settings of a [`Regressor`].
pub type RegressorParams = BoostingParams<Quantity>;

impl RegressorParams {
    /// Sets what of the quantity is predicted.
    #[must_use]
    pub fn loss(mut self, loss: RegressionLoss) -> Self {
        self.objective.loss = loss;
        self
    }
}

/// Derivatives are kept in single precision, and their squares summed.
const LARGEST_TARGET: f64 = 1e18;

impl Objective for Quantity {
    type Label = f64;
    type Model = Regressor;

    fn loss<'a>(
        &'a self,
        labels: &'a [f64],
        weight: Option<&'a [f64]>,
    ) -> Result<Box<dyn Loss + 'a>> {
        let refuse = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        let weights: Option<Vec<f32>> =
            weight.map(|weight| weight.iter().map(|&value| value as f32).collect());
        if let Some(index) = labels.iter().position(|label| label.is_nan()) {
            return Err(Error::NotANumber { what: "target", index });
        }
        if let Some(&value) = labels.iter().find(|label| label.abs() > LARGEST_TARGET) {
            return refuse("target", value, "from -1e18 to 1e18");
        }
        let penalty = match self.loss {
            RegressionLoss::Squared => Penalty::Squared,
            RegressionLoss::Huber(delta) if delta > 0.0 && delta.is_finite() => {
                Penalty::Huber(delta)
            }
            RegressionLoss::Huber(delta) => {
                return refuse("delta", delta, "greater than 0 and finite");
            }
            RegressionLoss::Quantile(q) if q > 0.0 && q < 1.0 => Penalty::Quantile(q),
            RegressionLoss::Quantile(q) => {
                return refuse("quantile", q, "greater than 0 and below 1");
            }
            RegressionLoss::Poisson => {
                if let Some(&value) = labels.iter().find(|&&label| label < 0.0) {
                    return refuse("target", value, "at least 0 for Poisson loss");
                }
                if labels.iter().all(|&label| label == 0.0) {
                    return refuse(
                        "the sum of the targets",
                        0.0,
                        "greater than 0 for Poisson loss",
                    );
                }
                return Ok(Box::new(Poisson::new(labels, weights)));
            }
        };
        Ok(Box::new(Residual::new(labels, weights, penalty)))
    }

    fn held_out_loss<'a>(
        &'a self,
        labels: &'a [f64],
        weight: Option<&'a [f64]>,
        _training: &[f64],
    ) -> Result<Box<dyn Loss + 'a>> {
        self.loss(labels, weight)
    }

    fn takes_any_order(&self) -> bool {
        true
    }

    fn finish(&self, fitted: Fitted<'_, f64>) -> Result<Regressor> {
        Ok(Regressor { ensemble: fitted.ensemble, report: fitted.report })
    }
}

/// Says how much.
#[derive(Debug, Clone, PartialEq)]
pub struct Regressor {
    pub(crate) ensemble: Ensemble,
    pub(crate) report: TrainingReport,
}

impl Regressor {
    /// The trees.
    #[must_use]
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// How training went.
    #[must_use]
    pub fn report(&self) -> &TrainingReport {
        &self.report
    }
}

impl Score for Regressor {
    fn n_features(&self) -> usize {
        self.ensemble.n_features()
    }

    /// The predicted quantity.
    fn score_one(&self, x: &[f64]) -> Result<f64> {
        self.ensemble.predict_value(x)
    }

    /// The predicted quantity, for every row.
    fn score(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        Ok(self.ensemble.predict(x)?.column(0).to_owned())
    }
}
