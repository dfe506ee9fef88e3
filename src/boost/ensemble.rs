//! Trees that are added up: what every boosted model is inside, and what models of others become.

use super::tree::Tree;
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2};

/// How raw scores become predictions.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Link {
    /// The raw score itself.
    Identity,
    /// `1 / (1 + exp(−scale · raw))`: a probability. The scale is 1 but for some models that were
    /// read.
    Logistic {
        /// LightGBM's `sigmoid`.
        scale: f64,
    },
    /// `exp(raw)`: a rate, a mean that cannot be negative, a relative hazard, or a median time.
    Exponential,
    /// `exp(raw_k) / Σ exp(raw_j)`: one probability a class.
    Softmax,
    /// Each output through its own logistic function, then divided by their sum if `normalised`:
    /// one-versus-rest models that were read.
    EachLogistic {
        /// LightGBM's `sigmoid`.
        scale: f64,
        /// Whether the outputs are divided by their sum.
        normalised: bool,
    },
    /// `ln(1 + exp(raw))`: LightGBM's `cross_entropy_lambda`.
    Softplus,
    /// `sign(raw) · raw²`: LightGBM's `reg_sqrt`.
    SignedSquare,
}

impl Link {
    /// Turns the raw scores of one row, one an output, into predictions, in place.
    pub(crate) fn apply(self, scores: &mut [f64]) {
        let logistic = |raw: f64, scale: f64| 1.0 / (1.0 + (-scale * raw).exp());
        match self {
            Self::Identity => {}
            Self::Logistic { scale } => scores.iter_mut().for_each(|s| *s = logistic(*s, scale)),
            Self::Exponential => scores.iter_mut().for_each(|s| *s = s.exp()),
            Self::Softplus => {
                scores.iter_mut().for_each(|s| *s = s.max(0.0) + (-s.abs()).exp().ln_1p())
            }
            Self::SignedSquare => scores.iter_mut().for_each(|s| *s *= s.abs()),
            Self::EachLogistic { scale, normalised } => {
                scores.iter_mut().for_each(|s| *s = logistic(*s, scale));
                let sum: f64 = scores.iter().sum();
                if normalised && sum > 0.0 {
                    scores.iter_mut().for_each(|s| *s /= sum);
                }
            }
            Self::Softmax => {
                // The largest goes to exp(0): without it, a raw score over 709 overflows.
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                scores.iter_mut().for_each(|s| *s = (*s - largest).exp());
                let sum: f64 = scores.iter().sum();
                scores.iter_mut().for_each(|s| *s /= sum);
            }
        }
    }
}

/// Regression trees whose leaf values are added to a starting score, per output, and a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    pub(crate) columns: usize,
    /// Raw score before any tree; as many as there are outputs.
    pub(crate) start: Vec<f64>,
    pub(crate) link: Link,
    /// In the order of training: rounds, and outputs within a round.
    pub(crate) trees: Vec<Tree>,
    /// Names of the columns, where they are known; else empty.
    pub(crate) names: Vec<String>,
}

impl Ensemble {
    pub(crate) fn new(columns: usize, start: Vec<f64>, link: Link, trees: Vec<Tree>) -> Self {
        Self { columns, start, link, trees, names: Vec::new() }
    }

    /// Columns of the training data.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.columns
    }

    /// Numbers that are predicted for a row: 1, or the number of classes.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.start.len()
    }

    /// Trees, over all outputs.
    #[must_use]
    pub fn n_trees(&self) -> usize {
        self.trees.len()
    }

    /// How raw scores become predictions.
    #[must_use]
    pub fn link(&self) -> Link {
        self.link
    }

    /// Names of the columns where they are known, else an empty list.
    #[must_use]
    pub fn feature_names(&self) -> &[String] {
        &self.names
    }

    /// Raw scores, rows × outputs: the starting score plus the leaf of every tree.
    ///
    /// # Errors
    /// [`Error::Width`] for another number of columns, [`Error::Infinite`] for ±∞.
    pub fn raw(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        self.check_rows(x)?;
        let mut scores = Array2::zeros((x.nrows(), self.n_outputs()));
        for (row, mut to) in x.rows().into_iter().zip(scores.rows_mut()) {
            for (output, to) in to.iter_mut().enumerate() {
                *to = self.start[output];
            }
            for tree in &self.trees {
                let leaf = tree.leaf_of(|column| row[column]);
                to[tree.output as usize] += tree.leaves[leaf].value;
            }
        }
        Ok(scores)
    }

    /// Predictions, rows × outputs: raw scores through the [link](Self::link).
    ///
    /// # Errors
    /// As [`raw`](Self::raw).
    pub fn predict(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        let mut scores = self.raw(x)?;
        scores.as_slice_mut().unwrap_or_default().chunks_mut(self.n_outputs()).for_each(|row| {
            self.link.apply(row);
        });
        Ok(scores)
    }

    pub(crate) fn check_rows(&self, x: ArrayView2<'_, f64>) -> Result<()> {
        if x.ncols() != self.columns {
            return Err(Error::Width { expected: self.columns, found: x.ncols() });
        }
        match x.indexed_iter().find(|(_, value)| value.is_infinite()) {
            Some(((row, column), &value)) => Err(Error::Infinite { row, column, value }),
            None => Ok(()),
        }
    }

    /// Whether an ensemble from outside is one.
    pub(crate) fn check(&self) -> Result<()> {
        if self.columns == 0 || self.start.is_empty() {
            let (columns, outputs) = (self.columns, self.start.len());
            let reason = format!("{columns} columns and {outputs} outputs");
            return Err(Error::InvalidModel { reason });
        }
        if !self.start.iter().all(|start| start.is_finite()) {
            return Err(Error::InvalidModel { reason: "a starting score is not finite".into() });
        }
        if !self.names.is_empty() && self.names.len() != self.columns {
            let (names, columns) = (self.names.len(), self.columns);
            return Err(Error::InvalidModel {
                reason: format!("{names} names of {columns} columns"),
            });
        }
        self.trees.iter().try_for_each(|tree| tree.check(self.columns, self.start.len()))
    }
}
