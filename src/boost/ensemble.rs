//! Trees that are added up: what every boosted model is inside, and what models of others become.

use super::predict::Compiled;
use super::tree::Tree;
use crate::error::{Error, Result};
use ndarray::ArrayView2;

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
        let each = |scores: &mut [f64], of: &dyn Fn(f64) -> f64| {
            for score in scores {
                *score = of(*score);
            }
        };
        match self {
            Self::Identity => {}
            Self::Logistic { scale } => each(scores, &|raw| logistic(raw, scale)),
            Self::Exponential => each(scores, &f64::exp),
            Self::Softplus => each(scores, &|raw| raw.max(0.0) + (-raw.abs()).exp().ln_1p()),
            Self::SignedSquare => each(scores, &|raw| raw * raw.abs()),
            Self::EachLogistic { scale, normalised } => {
                each(scores, &|raw| logistic(raw, scale));
                let sum: f64 = scores.iter().sum();
                if normalised && sum > 0.0 {
                    each(scores, &|share| share / sum);
                }
            }
            Self::Softmax => {
                // The largest goes to exp(0): without it, a raw score over 709 overflows.
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                each(scores, &|raw| (raw - largest).exp());
                let sum: f64 = scores.iter().sum();
                each(scores, &|share| share / sum);
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
    /// The trees made ready to predict; to be emptied by whoever changes the trees.
    pub(crate) compiled: Compiled,
}

impl Ensemble {
    pub(crate) fn new(columns: usize, start: Vec<f64>, link: Link, trees: Vec<Tree>) -> Self {
        let (names, compiled) = (Vec::new(), Compiled::default());
        Self { columns, start, link, trees, names, compiled }
    }

    /// Puts further trees behind those that there are.
    pub(crate) fn add_trees(&mut self, trees: Vec<Tree>) {
        self.trees.extend(trees);
        self.compiled = Compiled::default();
    }

    /// Multiplies the raw scores by `factor`, which is finite and above 0, and adds `shift` to them, one an
    /// output. It becomes part of the trees, so that explanations, exports and saved models have it
    /// without knowing of it.
    pub(crate) fn calibrate(&mut self, shift: &[f64], factor: f64) {
        for (start, shift) in self.start.iter_mut().zip(shift) {
            *start = *start * factor + shift;
        }
        for tree in &mut self.trees {
            tree.splits.iter_mut().for_each(|split| split.value *= factor);
            tree.leaves.iter_mut().for_each(|leaf| leaf.value *= factor);
        }
        self.compiled = Compiled::default();
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

    pub(crate) fn check_rows<T: Copy + Into<f64>>(&self, x: ArrayView2<'_, T>) -> Result<()> {
        if x.ncols() != self.columns {
            return Err(Error::Width { expected: self.columns, found: x.ncols() });
        }
        let mut values = x.indexed_iter().map(|(place, &value)| (place, value.into()));
        match values.find(|(_, value)| value.is_infinite()) {
            Some(((row, column), value)) => Err(Error::Infinite { row, column, value }),
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
        if let Link::Logistic { scale } | Link::EachLogistic { scale, .. } = self.link
            && !(scale > 0.0 && scale.is_finite())
        {
            return Err(Error::InvalidModel { reason: format!("a logistic scale of {scale:?}") });
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
