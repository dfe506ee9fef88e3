//! Does it fail, or not: a classifier of two classes.

use super::ensemble::Ensemble;
use super::loss::{Logistic, Loss, Objective};
use super::params::BoostingParams;
use super::table::Table;
use super::train::boost;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::traits::{Batch, Score, Train};
use ndarray::{Array1, ArrayView2};

/// The objective of telling failures from the rest.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Binary {}

/// Settings of a [`FailureClassifier`].
pub type FailureClassifierParams = BoostingParams<Binary>;

impl Objective for Binary {
    type Target = [bool];

    fn loss<'a>(
        &'a self,
        target: &'a [bool],
        weight: Option<&'a [f64]>,
    ) -> Result<Box<dyn Loss + 'a>> {
        let Some(&first) = target.first() else { return Err(Error::Empty { what: "labels" }) };
        if target.iter().all(|&label| label == first) {
            return Err(Error::SingleClass { class: first, count: target.len() });
        }
        let weights = weight.map(|weight| weight.iter().map(|&w| w as f32).collect());
        Ok(Box::new(Logistic::new(target, weights)))
    }

    fn len(&self, target: &[bool]) -> usize {
        target.len()
    }
}

/// Says how likely a row is to fail.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureClassifier {
    ensemble: Ensemble,
}

impl FailureClassifier {
    /// The trees.
    #[must_use]
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }
}

impl FailureClassifierParams {
    /// As [`train`](Train::train), telling an observer of every round.
    pub fn train_observed(
        &self,
        batch: Batch<'_, [bool]>,
        progress: &mut dyn Progress,
    ) -> Result<FailureClassifier> {
        self.check()?;
        let weight: Option<Vec<f64>> = batch.weight.map(|weight| weight.to_vec());
        let loss = self.objective.loss(batch.y, weight.as_deref())?;
        let categorical = vec![false; batch.x.ncols()];
        let table = Table::learn(batch.x, &categorical, self.max_bins, self.seed);
        let start = loss.start();
        let scores = vec![start[0]; batch.x.nrows()];
        let boosted = boost(self, &table, &*loss, scores, None, progress)?;
        Ok(FailureClassifier {
            ensemble: Ensemble {
                columns: batch.x.ncols(),
                start,
                link: loss.link(),
                trees: boosted.trees,
                names: Vec::new(),
            },
        })
    }
}

impl Train for FailureClassifierParams {
    type Target = [bool];
    type Model = FailureClassifier;

    fn train(&self, batch: Batch<'_, [bool]>) -> Result<FailureClassifier> {
        self.train_observed(batch, &mut ())
    }
}

impl Score for FailureClassifier {
    fn n_features(&self) -> usize {
        self.ensemble.n_features()
    }

    fn score_one(&self, x: &[f64]) -> Result<f64> {
        Ok(self.score(
            ArrayView2::from_shape((1, x.len()), x)
                .map_err(|_| Error::Empty { what: "columns" })?,
        )?[0])
    }

    fn score(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        let mut raw = self.ensemble.raw(x)?;
        for mut row in raw.rows_mut() {
            if let Some(row) = row.as_slice_mut() {
                self.ensemble.link.apply(row);
            }
        }
        Ok(raw.column(0).to_owned())
    }
}
