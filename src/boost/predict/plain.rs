//! What is read off the plain trees: leaves, and scores by round.

use crate::boost::ensemble::Ensemble;
use crate::error::Result;
use crate::parallel;
use ndarray::{Array2, ArrayView2};

/// Rows that one task walks.
const TASK: usize = 256;

impl Ensemble {
    /// The leaf that each row falls into, by its number in the tree: rows × trees.
    ///
    /// # Errors
    /// As [`raw`](Self::raw).
    pub fn leaves<T>(&self, x: ArrayView2<'_, T>) -> Result<Array2<u32>>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        self.check_rows(x)?;
        let trees = self.n_trees();
        let mut leaves = Array2::zeros((x.nrows(), trees));
        if let Some(leaves) = leaves.as_slice_mut()
            && trees > 0
        {
            parallel::chunks_mut(leaves, TASK * trees, |start, leaves| {
                for (index, leaves) in leaves.chunks_exact_mut(trees).enumerate() {
                    let row = x.row(start / trees + index);
                    for (leaf, tree) in leaves.iter_mut().zip(&self.trees) {
                        *leaf = tree.leaf_of(|column| row[column].into()) as u32;
                    }
                }
            });
        }
        Ok(leaves)
    }

    /// Calls `visit(round, scores)` with the raw scores, rows × outputs, after each round, counted
    /// from 1: a round is one tree for every output. The last has the same bits as
    /// [`raw`](Self::raw).
    ///
    /// # Errors
    /// As [`raw`](Self::raw), before the first visit.
    pub fn staged<T>(
        &self,
        x: ArrayView2<'_, T>,
        mut visit: impl FnMut(usize, ArrayView2<'_, f64>),
    ) -> Result<()>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        self.check_rows(x)?;
        let outputs = self.n_outputs();
        let mut scores = Array2::from_shape_fn((x.nrows(), outputs), |(_, to)| self.start[to]);
        for (round, trees) in self.trees.chunks(outputs).enumerate() {
            if let Some(scores) = scores.as_slice_mut() {
                parallel::chunks_mut(scores, TASK * outputs, |start, scores| {
                    for (index, scores) in scores.chunks_exact_mut(outputs).enumerate() {
                        let row = x.row(start / outputs + index);
                        for tree in trees {
                            let leaf = tree.leaf_of(|column| row[column].into());
                            scores[tree.output as usize] += tree.leaves[leaf].value;
                        }
                    }
                });
            }
            visit(round + 1, scores.view());
        }
        Ok(())
    }
}
