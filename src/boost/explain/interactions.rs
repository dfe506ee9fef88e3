//! What columns add to a raw score by twos.

use super::blocks::Blocks;
use super::explainer::Explainer;
use super::kernel::{Game, Scratch};
use super::lanes::{LANES, Lanes};
use crate::boost::ensemble::Ensemble;
use crate::boost::tree::Tree;
use crate::columnar::level::level;
use crate::error::Result;
use crate::parallel;
use ndarray::{Array4, ArrayView2};

/// Rows that one task explains.
const TASK: usize = 4 * LANES;

impl Ensemble {
    /// What columns add to the raw score of each row by twos: rows × outputs × (columns + 1) ×
    /// (columns + 1), symmetric.
    ///
    /// Off the diagonal stands one half of what two columns do together beyond what each does alone
    /// (the Shapley interaction index), on it what is left of a column's
    /// [contribution](Self::contributions): each row of the matrix adds up to one entry of the
    /// contributions. The last row and column are 0, but for the
    /// [`expectation`](Self::expectation) in the corner.
    ///
    /// O(rows · splits · ⌈depth / 2⌉ · columns of a tree), on all cores, the same bits on any number
    /// of them. The result of 1,000 rows of 100 columns takes 82 MB: explain a few rows at a time.
    ///
    /// Source: Lundberg et al. 2020 ("From local explanations to global understanding with explainable
    /// AI for trees"), after Fujimoto, Kojadinovic & Marichal 2006.
    ///
    /// ```
    /// use forewarn::boost::FailureClassifierParams;
    /// use forewarn::ndarray::{Array2, Axis, array};
    /// use forewarn::prelude::*;
    ///
    /// // Parts wear out (column 0), the sooner the hotter they run (column 1).
    /// let x = Array2::from_shape_fn((500, 3), |(i, j)| (i * [37, 71, 53][j] % [101, 103, 107][j]) as f64);
    /// let failed: Vec<bool> = x.rows().into_iter().map(|row| row[0] + row[1] > 150.0).collect();
    /// let model = FailureClassifierParams::default().train(Batch::new(x.view()).with_target(&failed[..]))?;
    /// let ensemble = model.ensemble();
    /// let row = array![[95.0, 90.0, 50.0]];
    /// let pairs = ensemble.interactions(row.view())?;
    /// // Heat makes wear worse; the third column has nothing to do with either.
    /// assert!(pairs[(0, 0, 0, 1)] > 0.5 && pairs[(0, 0, 0, 2)].abs() < 0.5);
    /// let gaps = pairs.sum_axis(Axis(3)) - ensemble.contributions(row.view())?;
    /// assert!(gaps.iter().all(|gap| gap.abs() < 1e-9));
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`raw`](Self::raw).
    pub fn interactions(&self, x: ArrayView2<'_, f64>) -> Result<Array4<f64>> {
        self.check_rows(x)?;
        let side = self.columns + 1;
        let mut interactions = Array4::zeros((x.nrows(), self.n_outputs(), side, side));
        if let Some(to) = interactions.as_slice_mut() {
            let explainer = Explainer::new(self, level());
            let width = self.n_outputs() * side * side;
            parallel::chunks_mut(to, TASK * width, |at, to| {
                explainer.interactions(x, at / width, to);
            });
        }
        Ok(interactions)
    }
}

impl Explainer<'_> {
    /// Writes the interactions of rows `first..` to `to`.
    ///
    /// What two columns do together is one half of what the contribution of the one changes when the
    /// other becomes known to all coalitions instead of to none.
    fn interactions(&self, x: ArrayView2<'_, f64>, first: usize, to: &mut [f64]) {
        let (columns, outputs) = (self.ensemble.columns, self.ensemble.n_outputs());
        let side = columns + 1;
        let rows = to.len() / (outputs * side * side);
        let blocks = Blocks::new(x, first, rows);
        let mut scratch = Scratch::default();
        // An output: for each column the changes of the others' contributions, then the
        // contributions.
        let part = side * columns;
        let stride = outputs * part;
        let mut credits = vec![Lanes::all(0.0); rows.div_ceil(LANES) * stride];
        for (tree, plan) in self.trees() {
            let start = tree.output as usize * part;
            let mut add = |game, row: usize| {
                let place = (start + row * columns, stride);
                self.add((tree, plan), game, &blocks, &mut scratch, &mut credits, place);
            };
            add(Game::WHOLE, columns);
            // The matrix is symmetric: each pair is taken from the column with the lower number.
            if let Some((_, others)) = columns_of(tree).split_last() {
                for &column in others {
                    add(Game { fixed: Some((column, true)), scale: 0.5 }, column as usize);
                    add(Game { fixed: Some((column, false)), scale: -0.5 }, column as usize);
                }
            }
        }
        let expectation = self.expectation();
        for (row, to) in to.chunks_exact_mut(outputs * side * side).enumerate() {
            let credits = &credits[row / LANES * stride..][..stride];
            for (output, to) in to.chunks_exact_mut(side * side).enumerate() {
                let credit =
                    |i: usize, j: usize| credits[output * part + i * columns + j].0[row % LANES];
                for i in 0..columns {
                    for j in i + 1..columns {
                        to[i * side + j] = credit(i, j);
                        to[j * side + i] = credit(i, j);
                    }
                }
                for i in 0..columns {
                    // The diagonal is still 0.
                    let others: f64 = to[i * side..][..columns].iter().sum();
                    to[i * side + i] = credit(columns, i) - others;
                }
                to[side * side - 1] = expectation[output];
            }
        }
    }
}

/// The columns that a tree asks for, ascending.
fn columns_of(tree: &Tree) -> Vec<u32> {
    let mut columns: Vec<u32> = tree.splits.iter().map(|split| split.column).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use crate::rng::Stream;
    use ndarray::Axis;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn interactions_are_what_the_definition_says(seed: u64, columns in 1_usize..6) {
            let stream = &mut Stream::new(seed, 0);
            let model = oracle::random(columns, stream);
            let x = oracle::rows(1 + stream.below(6), columns, stream);
            let found = model.interactions(x.view()).unwrap();
            for (row, found) in x.rows().into_iter().zip(found.outer_iter()) {
                for (output, found) in found.outer_iter().enumerate() {
                    let worth = |s| oracle::known(&model, output, row, s);
                    for i in 0..columns {
                        for j in (0..columns).filter(|&j| j != i) {
                            let expected = oracle::interaction(columns, i, j, worth);
                            let found = found[(i, j)];
                            prop_assert!((found - expected).abs() < 1e-12, "{found}, {expected}");
                        }
                    }
                }
            }
        }

        #[test]
        fn rows_of_the_matrix_are_contributions(seed: u64, columns in 1_usize..30) {
            let stream = &mut Stream::new(seed, 0);
            let model = oracle::random(columns, stream);
            let x = oracle::rows(1 + stream.below(80), columns, stream);
            let found = model.interactions(x.view()).unwrap();
            let sums = found.sum_axis(Axis(3));
            let gaps = sums - model.contributions(x.view()).unwrap();
            prop_assert!(gaps.iter().all(|gap| gap.abs() < 1e-12));
            let turned = found.view().permuted_axes([0, 1, 3, 2]);
            prop_assert!(found == turned);
        }
    }
}
