//! Which of several: a classifier of any number of classes.

use super::ensemble::Ensemble;
use super::loss::{Loss, Softmax};
use super::objective::{Fitted, Objective, Scored};
use super::params::BoostingParams;
use super::report::TrainingReport;
use super::temperature::Judged;
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2};

/// The objective of telling several classes apart, numbered from 0 without gaps.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Classes {
    /// Whether every class weighs as much in all as any other. Probabilities are then those of a
    /// world where classes are equally frequent, unless they are calibrated. Default no.
    pub balanced: bool,
    /// Whether probabilities are calibrated, by a temperature and a bias for each class: trees are
    /// usually too sure of the likeliest class, and their raw scores are then divided by a number that
    /// makes up for it; and to the scores of a class that they say too often or too seldom a number is
    /// added. Few rows of a class give it little bias. All is learned from held-out rows or, where none
    /// are held out, from each row as trees see it that were grown on the other four fifths of the rows:
    /// six trainings instead of one. Where two classes are nearly as likely, biases may change which one
    /// is the likelier; of balanced classes, what balancing did is taken off. Default no.
    pub calibrated: bool,
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

    /// Sets whether probabilities are calibrated.
    #[must_use]
    pub fn calibrated(mut self, calibrated: bool) -> Self {
        self.objective.calibrated = calibrated;
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
        let counts = counts(training, classes as usize);
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
            let factors = self.factors(&counts);
            let of = |(row, &class): (usize, &u32)| {
                (weight.map_or(1.0, |weight| weight[row]) * factors[class as usize]) as f32
            };
            labels.iter().enumerate().map(of).collect()
        });
        Ok(Box::new(Softmax::new(labels, classes as usize, weights)))
    }
}

impl Classes {
    /// How many times as much a row of each class weighs.
    fn factors(&self, counts: &[usize]) -> Vec<f64> {
        let rows: usize = counts.iter().sum();
        let even = rows as f64 / counts.len() as f64;
        let of = |&count: &usize| if self.balanced { even / count as f64 } else { 1.0 };
        counts.iter().map(of).collect()
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

    fn wants_held_out(&self) -> bool {
        self.calibrated
    }

    /// What classes that weigh alike did to the scores, where probabilities are to be those of classes
    /// as frequent as they are.
    fn correction(&self, labels: &[u32], _weight: Option<&[f64]>) -> Vec<f64> {
        let classes = labels.iter().max().map_or(0, |&most| most as usize + 1);
        let corrected = self.balanced && self.calibrated;
        let factors = corrected.then(|| self.factors(&counts(labels, classes)));
        factors.map_or(vec![0.0; classes], |factors| factors.iter().map(|f| f.ln()).collect())
    }

    fn takes_any_order(&self) -> bool {
        true
    }

    fn finish(&self, fitted: Fitted<'_, u32>) -> Result<Classifier> {
        let Fitted { mut ensemble, report, training, held_out } = fitted;
        if let Some(Scored { labels, weight, raw, .. }) = held_out.filter(|_| self.calibrated) {
            let shift = self.correction(training.labels, training.weight);
            let shift: Vec<f64> = shift.iter().map(|shift| -shift).collect();
            let scaling = Judged { classes: labels, weight, raw, shift: &shift }.scaling();
            let shift: Vec<f64> = shift.iter().zip(&scaling.biases).map(|(a, b)| a + b).collect();
            ensemble.calibrate(&shift, scaling.factor);
        }
        Ok(Classifier { ensemble, report })
    }
}

/// Rows of each class.
fn counts(labels: &[u32], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &class in labels {
        counts[class as usize] += 1;
    }
    counts
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
