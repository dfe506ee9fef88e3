//! Does it fail, or not: a classifier of two classes.

use super::ensemble::Ensemble;
use super::loss::{Focal, Logistic, Loss};
use super::objective::{Fitted, Objective, Scored};
use super::params::BoostingParams;
use super::report::TrainingReport;
use crate::calibrate::{CalibrationParams, Calibrator, Method, Scale};
use crate::error::{Error, Result};
use crate::traits::Score;
use ndarray::{Array1, ArrayView2};

/// How much a failure weighs in training.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ClassWeight {
    /// As much as any row.
    #[default]
    Equal,
    /// So much that failures weigh as much in all as the other rows do.
    Balanced,
    /// This many times as much as another row; above 0.
    Failure(f64),
}

/// The objective of telling failures from the rest.
///
/// Weighing failures up makes trees look at them more closely. Left at that, it would also make every
/// predicted probability too high; so what the weight adds to the log-odds, its logarithm, is taken
/// off again (Elkan 2001), and probabilities stay probabilities.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Binary {
    /// How much a failure weighs. Default as much as any row.
    pub class_weight: ClassWeight,
    /// The exponent γ of focal loss, above 0 and at most 10, which makes training care less about
    /// rows that are right already; `None` for logistic loss. Focal loss does not give probabilities:
    /// calibrate them. Default `None`.
    pub focal: Option<f64>,
    /// How probabilities are calibrated; `None` for not at all. They are calibrated on held-out rows,
    /// where there are any; else on all rows, each scored by trees that were not grown on it: the
    /// rows are cut into five parts, and training takes about five times as long. Where many rows are
    /// of one machine, say which ([`Training::groups`](super::Training::groups)), or they are scored by
    /// trees that know the machine, and too well. Default `None`.
    pub calibration: Option<Method>,
}

/// Settings of a [`FailureClassifier`].
pub type FailureClassifierParams = BoostingParams<Binary>;

impl FailureClassifierParams {
    /// Sets how much a failure weighs.
    #[must_use]
    pub fn class_weight(mut self, class_weight: ClassWeight) -> Self {
        self.objective.class_weight = class_weight;
        self
    }

    /// Sets the exponent of focal loss.
    #[must_use]
    pub fn focal(mut self, gamma: Option<f64>) -> Self {
        self.objective.focal = gamma;
        self
    }

    /// Sets how probabilities are calibrated.
    #[must_use]
    pub fn calibration(mut self, method: Option<Method>) -> Self {
        self.objective.calibration = method;
        self
    }
}

impl Binary {
    /// How many times as much a failure weighs.
    fn failure_weight(&self, labels: &[bool], weight: Option<&[f64]>) -> f64 {
        match self.class_weight {
            ClassWeight::Equal => 1.0,
            ClassWeight::Failure(weight) => weight,
            ClassWeight::Balanced => {
                let of = |class: bool| {
                    let rows = (0..labels.len()).filter(|&row| labels[row] == class);
                    rows.map(|row| weight.map_or(1.0, |weight| weight[row])).sum::<f64>()
                };
                of(false) / of(true)
            }
        }
    }

    fn made(&self, labels: &[bool], weight: Option<&[f64]>, failure: f64) -> Box<dyn Loss> {
        let weights = (failure != 1.0 || weight.is_some()).then(|| {
            let of = |(row, &label): (usize, &bool)| {
                let weight = weight.map_or(1.0, |weight| weight[row]);
                (if label { weight * failure } else { weight }) as f32
            };
            labels.iter().enumerate().map(of).collect()
        });
        match self.focal {
            Some(gamma) => Box::new(Focal::new(labels, weights, gamma)),
            None => Box::new(Logistic::new(labels, weights)),
        }
    }
}

impl Objective for Binary {
    type Label = bool;
    type Model = FailureClassifier;

    fn loss<'a>(
        &'a self,
        labels: &'a [bool],
        weight: Option<&'a [f64]>,
    ) -> Result<Box<dyn Loss + 'a>> {
        if let ClassWeight::Failure(value) = self.class_weight
            && !(value > 0.0 && value <= 1e12)
        {
            let allowed = "greater than 0 and at most 1e12";
            return Err(Error::OutOfRange { name: "class_weight", value, allowed });
        }
        if let Some(value) = self.focal
            && !(value > 0.0 && value <= 10.0)
        {
            let allowed = "greater than 0 and at most 10";
            return Err(Error::OutOfRange { name: "focal", value, allowed });
        }
        let Some(&first) = labels.first() else { return Err(Error::Empty { what: "labels" }) };
        if labels.iter().all(|&label| label == first) {
            return Err(Error::SingleClass { class: first, count: labels.len() });
        }
        Ok(self.made(labels, weight, self.failure_weight(labels, weight)))
    }

    fn held_out_loss<'a>(
        &'a self,
        labels: &'a [bool],
        weight: Option<&'a [f64]>,
        training: &[bool],
    ) -> Result<Box<dyn Loss + 'a>> {
        Ok(self.made(labels, weight, self.failure_weight(training, None)))
    }

    fn kind(label: &bool) -> u32 {
        u32::from(*label)
    }

    fn suspicion(&self, labels: &[bool], bins: &mut dyn Iterator<Item = u8>) -> Option<f64> {
        let mut counts = [[0_u64; 2]; 256];
        for (bin, &label) in bins.zip(labels) {
            counts[bin as usize][usize::from(label)] += 1;
        }
        // Pairs of a failure and another row, by which of them is higher; ties count half.
        let (mut below, mut twice) = (0, 0);
        for [good, failed] in counts {
            twice += failed * (2 * below + good);
            below += good;
        }
        let failures: u64 = counts.iter().map(|[_, failed]| failed).sum();
        let area = twice as f64 / (2 * below * failures) as f64;
        Some(area.max(1.0 - area))
    }

    fn takes_any_order(&self) -> bool {
        true
    }

    fn finish(&self, fitted: Fitted<'_, bool>) -> Result<FailureClassifier> {
        let Fitted { mut ensemble, report, training, held_out } = fitted;
        let calibrator = match (self.calibration, held_out) {
            (Some(method), Some(held_out)) => {
                let params = CalibrationParams::default().method(method).scale(Scale::LogOdds);
                let Scored { labels, weight, groups, raw } = held_out;
                Some(params.train_grouped(labels, raw, weight, groups)?)
            }
            _ => None,
        };
        let correction = self.correction(training.labels, training.weight);
        ensemble.start[0] -= correction[0];
        Ok(FailureClassifier { ensemble, calibrator, report })
    }

    /// A calibrator learns what the weight did, and takes it off itself; focal loss has no such rule.
    fn correction(&self, labels: &[bool], weight: Option<&[f64]>) -> Vec<f64> {
        let corrected = self.focal.is_none() && self.calibration.is_none();
        vec![if corrected { self.failure_weight(labels, weight).ln() } else { 0.0 }]
    }

    fn wants_held_out(&self) -> bool {
        self.calibration.is_some()
    }
}

/// Says how likely a row is to fail.
///
/// ```
/// use forewarn::boost::FailureClassifierParams;
/// use forewarn::ndarray::Array2;
/// use forewarn::prelude::*;
///
/// // Parts wear out (column 0), the sooner the hotter they run (column 1).
/// let x = Array2::from_shape_fn((500, 2), |(i, j)| ((i * 37 + j * 71) % 101) as f64);
/// let failed: Vec<bool> = x.rows().into_iter().map(|row| row[0] + row[1] > 150.0).collect();
/// let model = FailureClassifierParams::default().train(Batch::new(x.view()).with_target(&failed[..]))?;
/// assert!(model.score_one(&[95.0, 90.0])? > 0.9);
/// assert!(model.score_one(&[20.0, 30.0])? < 0.1);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FailureClassifier {
    pub(crate) ensemble: Ensemble,
    /// From raw scores to probabilities.
    pub(crate) calibrator: Option<Calibrator>,
    pub(crate) report: TrainingReport,
}

impl FailureClassifier {
    /// The trees.
    #[must_use]
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// What makes probabilities of raw scores, if that is not the logistic function.
    #[must_use]
    pub fn calibrator(&self) -> Option<&Calibrator> {
        self.calibrator.as_ref()
    }

    /// How training went.
    #[must_use]
    pub fn report(&self) -> &TrainingReport {
        &self.report
    }
}

impl Score for FailureClassifier {
    fn n_features(&self) -> usize {
        self.ensemble.n_features()
    }

    /// The probability of a failure.
    fn score_one(&self, x: &[f64]) -> Result<f64> {
        match &self.calibrator {
            Some(calibrator) => calibrator.probability(self.ensemble.raw_value(x)?),
            None => self.ensemble.predict_value(x),
        }
    }

    /// The probability of a failure, for every row.
    fn score(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        match &self.calibrator {
            Some(calibrator) => {
                let raw = self.ensemble.raw(x)?.into_raw_vec_and_offset().0;
                calibrator.probabilities(&raw).map(Array1::from_vec)
            }
            None => Ok(self.ensemble.predict(x)?.column(0).to_owned()),
        }
    }
}
