//! Which method? The one that does best on rows left out.

use super::{CalibrationParams, Curve, Method};
use crate::error::{Error, Result};
use crate::groups::number;
use crate::metrics::log_loss_of;
use crate::parallel;
use crate::pava::ties;
use crate::validate::{Splits, group_k_fold};
use std::hash::Hash;

/// What one method loses on rows left out.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// The method.
    pub method: Method,
    /// Its mean log loss over the rows.
    pub loss: f64,
    /// The standard error of the mean of its loss less that of the best method; 0 for the best.
    pub standard_error: f64,
}

/// How the methods compare on rows left out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// Identity, Platt, beta, isotonic; empty where there are too few rows to compare them.
    pub candidates: Vec<Candidate>,
    /// The simplest within one standard error of the best.
    pub chosen: Method,
}

/// The simplest first.
const METHODS: [Method; 4] = [Method::Identity, Method::Platt, Method::Beta, Method::Isotonic];

impl CalibrationParams {
    /// `log_odds` and the rest were checked by `prepare`, but for `groups`.
    pub(super) fn choose<G: Eq + Hash>(
        &self,
        labels: &[bool],
        log_odds: &[f64],
        weights: Option<&[f64]>,
        groups: Option<&[G]>,
    ) -> Result<Comparison> {
        let all = (0..labels.len()).collect();
        let (units, count) = match groups {
            None => (all, labels.len()),
            Some(groups) if groups.len() == labels.len() => number(groups),
            Some(groups) => {
                let (expected, found) = (labels.len(), groups.len());
                return Err(Error::Length { what: "groups", expected, found });
            }
        };
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let Some(splits) = self.splits(labels, &units, weight) else {
            return Ok(Comparison { candidates: Vec::new(), chosen: Method::Identity });
        };

        let folds: Vec<_> = splits.collect();
        let parts = parallel::map(folds.len(), |fold| {
            let split = &folds[fold];
            let take = |rows: &[usize], values: &[f64]| -> Vec<f64> {
                rows.iter().map(|&row| values[row]).collect()
            };
            let (train, test) = (&split.train, &split.test);
            let train_labels: Vec<bool> = train.iter().map(|&row| labels[row]).collect();
            let train_weights = weights.map(|weights| take(train, weights));
            let ties = ties(&train_labels, &take(train, log_odds), train_weights.as_deref());
            METHODS.map(|method| {
                let curve = Curve::train(method, &ties);
                let loss =
                    |&row: &usize| log_loss_of(labels[row], curve.probability(log_odds[row]));
                test.iter().map(loss).collect::<Vec<f64>>()
            })
        });

        let total: f64 = (0..labels.len()).map(weight).sum();
        // Losses of all rows by method, put back in the order of the rows.
        let mut losses = vec![[0.0; METHODS.len()]; labels.len()];
        for (split, part) in folds.iter().zip(&parts) {
            for (at, &row) in split.test.iter().enumerate() {
                losses[row] = std::array::from_fn(|method| part[method][at]);
            }
        }
        let mean = |value: &dyn Fn(&[f64; 4]) -> f64| {
            losses
                .iter()
                .enumerate()
                .map(|(row, loss)| weight(row) / total * value(loss))
                .sum::<f64>()
        };
        let means: [f64; 4] = std::array::from_fn(|method| mean(&|loss| loss[method]));
        let best = (0..4).min_by(|&a, &b| means[a].total_cmp(&means[b])).unwrap_or(0);
        let candidates: Vec<Candidate> = (0..4)
            .map(|method| {
                let difference = means[method] - means[best];
                // Differences within a unit are added before they are squared: they go together.
                let mut by_unit = vec![0.0; count];
                for (row, loss) in losses.iter().enumerate() {
                    by_unit[units[row]] +=
                        weight(row) / total * (loss[method] - loss[best] - difference);
                }
                let standard_error = by_unit.iter().map(|sum| sum * sum).sum::<f64>().sqrt();
                Candidate { method: METHODS[method], loss: means[method], standard_error }
            })
            .collect();
        let good = |c: &&Candidate| c.loss - means[best] <= c.standard_error;
        let chosen = candidates.iter().find(good).map_or(Method::Identity, |c| c.method);
        Ok(Comparison { candidates, chosen })
    }

    /// Parts stratified by label that divide no unit; `None` where they cannot be made.
    fn splits(
        &self,
        labels: &[bool],
        units: &[usize],
        weight: impl Fn(usize) -> f64,
    ) -> Option<Splits> {
        let units_with = |class: bool| {
            let mut units: Vec<usize> = (0..labels.len())
                .filter(|&row| labels[row] == class && weight(row) > 0.0)
                .map(|row| units[row])
                .collect();
            units.sort_unstable();
            units.dedup();
            units.len()
        };
        let folds = self.folds.min(units_with(true)).min(units_with(false));
        if folds < 2 {
            return None;
        }
        group_k_fold(labels, units, folds, self.seed).ok()
    }
}
