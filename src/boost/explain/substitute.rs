//! Predictions for rows of which some values are replaced.

use crate::boost::ensemble::Ensemble;
use crate::boost::tree::Tree;
use ndarray::{Array2, ArrayView2};

/// In what units the model answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Scale {
    /// Raw scores, to which the trees add up.
    Raw,
    /// What the model's link makes of them: probabilities, rates, times.
    #[default]
    Prediction,
}

/// An ensemble's answers for the rows of a table.
pub(crate) struct Substitute<'a> {
    ensemble: &'a Ensemble,
    scale: Scale,
    /// Raw scores of the trees whose answers stay, rows × outputs.
    fixed: Array2<f64>,
    /// The trees whose answers may change.
    moving: Vec<&'a Tree>,
}

impl<'a> Substitute<'a> {
    /// For the checked rows of `x`, of which values in `columns` will be replaced, or any if `None`.
    pub(crate) fn new(
        ensemble: &'a Ensemble,
        scale: Scale,
        x: ArrayView2<'_, f64>,
        columns: Option<&[usize]>,
    ) -> Self {
        let moves = |tree: &&Tree| {
            columns.is_none_or(|columns| {
                tree.splits.iter().any(|split| columns.contains(&(split.column as usize)))
            })
        };
        let (moving, still): (Vec<_>, Vec<_>) = ensemble.trees.iter().partition(moves);
        let mut fixed = Array2::zeros((x.nrows(), ensemble.n_outputs()));
        for (row, mut to) in x.rows().into_iter().zip(fixed.rows_mut()) {
            to.iter_mut().zip(&ensemble.start).for_each(|(to, start)| *to = *start);
            for tree in &still {
                to[tree.output as usize] += tree.leaves[tree.leaf_of(|column| row[column])].value;
            }
        }
        Self { ensemble, scale, fixed, moving }
    }

    /// Writes the answer for a row, one number an output; `value` gives the row's value in a column.
    pub(crate) fn predict(&self, row: usize, value: impl Fn(usize) -> f64, to: &mut [f64]) {
        to.iter_mut().zip(self.fixed.row(row)).for_each(|(to, fixed)| *to = *fixed);
        for tree in &self.moving {
            to[tree.output as usize] += tree.leaves[tree.leaf_of(&value)].value;
        }
        if self.scale == Scale::Prediction {
            self.ensemble.link.apply(to);
        }
    }
}
