//! Which of several: a classifier of any number of classes.

use super::ensemble::Ensemble;
use super::loss::{Loss, Softmax};
use super::objective::{Fitted, Objective};
use super::params::BoostingParams;
use super::report::TrainingReport;
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2};

/// The objective of telling several classes apart, numbered from 0 without gaps.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Classes {
    /// Whether every class weighs as much in all as any other. Probabilities are then those of a
    /// world where classes are equally frequent. Default no.
    pub balanced: bool,
}

/// Settings of a [`Classifier`].
pub type ClassifierParams = BoostingParams<Classes>;

impl ClassifierParams {
    /// Sets whether every class weighs as much in all as any other.
    #[must_use]
    pub fn balanced(mut self, balanced: bool) -> Self {
        self.objective.balanced = balanced;
        self
    }
}

/// More classes than anybody tells apart: each costs a tree a round.
const MOST_CLASSES: u32 = 10_000;

impl Classes {
    fn made(
        &self,
        labels: &[u32],
        weight: Option<&[f64]>,
        training: &[u32],
    ) -> Result<Box<dyn Loss>> {
        let classes = training.iter().max().map_or(0, |&most| most.saturating_add(1));
        let refuse = |name, value: f64, allowed| Err(Error::OutOfRange { name, value, allowed });
        if classes > MOST_CLASSES {
            return refuse("class", f64::from(classes - 1), "below 10,000");
        }
        let mut counts = vec![0_usize; classes as usize];
        for &class in training {
            counts[class as usize] += 1;
        }
        if let Some(gap) = counts.iter().position(|&count| count == 0) {
            let reason = format!("no row is of class {gap}, but some are of class {}", classes - 1);
            return Err(Error::Incompatible { reason });
        }
        if classes < 2 {
            let reason = format!("all {} rows are of class 0: two are needed", training.len());
            return Err(Error::Incompatible { reason });
        }
        if let Some(&class) = labels.iter().find(|&&class| class >= classes) {
            return refuse("class", f64::from(class), "one that training rows have");
        }
        let weights = (self.balanced || weight.is_some()).then(|| {
            let of = |(row, &class): (usize, &u32)| {
                let factor = if self.balanced {
                    training.len() as f64 / (f64::from(classes) * counts[class as usize] as f64)
                } else {
                    1.0
                };
                (weight.map_or(1.0, |weight| weight[row]) * factor) as f32
            };
            labels.iter().enumerate().map(of).collect()
        });
        Ok(Box::new(Softmax::new(labels, classes as usize, weights)))
    }
}

impl Objective for Classes {
    type Label = u32;
    type Model = Classifier;

    fn loss<'a>(
        &'a self,
        labels: &'a [u32],
        weight: Option<&'a [f64]>,
    ) -> Result<Box<dyn Loss + 'a>> {
        self.made(labels, weight, labels)
    }

    fn held_out_loss<'a>(
        &'a self,
        labels: &'a [u32],
        weight: Option<&'a [f64]>,
        training: &[u32],
    ) -> Result<Box<dyn Loss + 'a>> {
        self.made(labels, weight, training)
    }

    fn kind(label: &u32) -> u32 {
        *label
    }

    fn finish(&self, fitted: Fitted<'_, u32>) -> Result<Classifier> {
        Ok(Classifier { ensemble: fitted.ensemble, report: fitted.report })
    }
}

/// Says how likely a row is to be of each class.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    pub(crate) ensemble: Ensemble,
    pub(crate) report: TrainingReport,
}

impl Classifier {
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

    /// The probability of each class, rows × classes; every row adds up to 1.
    ///
    /// # Errors
    /// [`Error::Width`] for another number of columns, [`Error::Infinite`] for ±∞.
    pub fn probabilities(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        self.ensemble.predict(x)
    }
}
