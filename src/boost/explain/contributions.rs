//! What each column adds to the raw score of a row, as opposed to a row of which nothing is known.

use super::blocks::Blocks;
use super::explainer::Explainer;
use super::kernel::{Game, Scratch};
use super::lanes::{LANES, Lanes};
use super::single::Single;
use crate::boost::ensemble::Ensemble;
use crate::columnar::level::{Level, level};
use crate::error::{Error, Result};
use crate::parallel;
use ndarray::{Array1, Array2, Array3, ArrayView2, Axis, s};

/// Rows that one task explains.
const TASK: usize = 16 * LANES;

impl Ensemble {
    /// What each column adds to the raw score of each row: rows × outputs × (columns + 1). The last
    /// entry is the [`expectation`](Self::expectation); all entries together are the
    /// [raw score](Self::raw).
    ///
    /// Exact Shapley values of the game in which a coalition of columns is worth the mean of the
    /// leaves that its values allow: where a split asks for a column that is not in it, both sides
    /// count, by the cover of training rows on either (half and half where neither has any).
    /// Correlated columns share what they say together; for the question "what if this column had
    /// another value", [`contributions_against`](Self::contributions_against) is the better
    /// answer. Positive: the column's value raises the score. A column that no split asks for has 0.
    ///
    /// O(rows · splits · ⌈depth / 2⌉), on all cores, the same bits on any number of them. 100 trees of
    /// 31 leaves take some 5 µs a row.
    ///
    /// Source: Lundberg et al. 2020 ("From local explanations to global understanding with explainable
    /// AI for trees"). Computed by quadrature, as derived in `src/boost/explain/mod.rs`.
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
    /// let why = ensemble.contributions(row.view())?;
    /// assert!(why[(0, 0, 0)] > 1.0 && why[(0, 0, 1)] > 1.0);
    /// assert!(why[(0, 0, 2)].abs() < 0.5);
    /// let gap = why.sum_axis(Axis(2)) - ensemble.raw(row.view())?;
    /// assert!(gap[(0, 0)].abs() < 1e-9);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`raw`](Self::raw).
    pub fn contributions(&self, x: ArrayView2<'_, f64>) -> Result<Array3<f64>> {
        self.contributions_at(level(), x)
    }

    pub(crate) fn contributions_at(
        &self,
        level: Level,
        x: ArrayView2<'_, f64>,
    ) -> Result<Array3<f64>> {
        self.check_rows(x)?;
        let shape = (x.nrows(), self.n_outputs(), self.columns + 1);
        let width = shape.1 * shape.2;
        let mut contributions = Array3::zeros(shape);
        if let Some(to) = contributions.as_slice_mut() {
            let explainer = Explainer::new(self, level);
            parallel::chunks_mut(to, TASK * width, |at, to| {
                explainer.contributions(x, at / width, to);
            });
        }
        Ok(contributions)
    }

    /// The mean absolute [contribution](Self::contributions) of each column over the rows of `x`:
    /// outputs × columns, in units of the raw score. How much each column matters for these rows.
    ///
    /// # Errors
    /// As [`contributions`](Self::contributions), and [`Error::Empty`] without
    /// rows.
    pub fn mean_contributions(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        if x.nrows() == 0 {
            return Err(Error::Empty { what: "rows" });
        }
        let mut contributions = self.contributions(x)?;
        contributions.mapv_inplace(f64::abs);
        let columns = contributions.slice(s![.., .., ..self.columns]);
        Ok(columns.sum_axis(Axis(0)) / x.nrows() as f64)
    }

    /// The raw score of each output for a row of which nothing is known: the mean of the leaves of
    /// every tree by their cover of training rows. What [contributions](Self::contributions) are
    /// measured from. O(splits).
    #[must_use]
    pub fn expectation(&self) -> Array1<f64> {
        Explainer::new(self, Level::Portable).expectation().into()
    }
}

impl Explainer<'_> {
    /// Writes the contributions of rows `first..` to `to`, rows × outputs × (columns + 1).
    fn contributions(&self, x: ArrayView2<'_, f64>, first: usize, to: &mut [f64]) {
        let (columns, outputs) = (self.ensemble.columns, self.ensemble.n_outputs());
        let rows = to.len() / (outputs * (columns + 1));
        if rows == 1 {
            return self.contributions_of_one(&x.row(first).to_vec(), to);
        }
        let blocks = Blocks::new(x, first, rows);
        let mut scratch = Scratch::default();
        let stride = outputs * columns;
        let mut credits = vec![Lanes::all(0.0); rows.div_ceil(LANES) * stride];
        for tree in self.trees() {
            let start = tree.0.output as usize * columns;
            self.add(tree, Game::WHOLE, &blocks, &mut scratch, &mut credits, (start, stride));
        }
        let expectation = self.expectation();
        for (row, to) in to.chunks_exact_mut(outputs * (columns + 1)).enumerate() {
            let credits = &credits[row / LANES * stride..][..stride];
            for (output, to) in to.chunks_exact_mut(columns + 1).enumerate() {
                for (to, credit) in to.iter_mut().zip(&credits[output * columns..]) {
                    *to = credit.0[row % LANES];
                }
                to[columns] = expectation[output];
            }
        }
    }

    /// Writes the contributions of a row to `to`, outputs × (columns + 1).
    fn contributions_of_one(&self, row: &[f64], to: &mut [f64]) {
        let columns = self.ensemble.columns;
        let mut credits = vec![0.0; self.ensemble.n_outputs() * columns];
        self.add_one(row, &mut Single::default(), &mut credits);
        let expectation = self.expectation();
        for (output, to) in to.chunks_exact_mut(columns + 1).enumerate() {
            to[..columns].copy_from_slice(&credits[output * columns..][..columns]);
            to[columns] = expectation[output];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;
    use crate::boost::tree::{Child, Leaf, Test, Tree};
    use crate::columnar::level::available;
    use crate::rng::Stream;
    use proptest::prelude::*;

    /// The sum of contributions against the raw score, for models of many columns.
    fn assert_adds_up(model: &Ensemble, x: ArrayView2<'_, f64>) {
        let sums = model.contributions(x).unwrap().sum_axis(Axis(2));
        let raw = model.raw(x).unwrap();
        assert!((sums - raw).iter().all(|gap| gap.abs() < 1e-12));
    }

    proptest! {
        #[test]
        fn contributions_are_shapley_values(seed: u64, columns in 1_usize..7) {
            let stream = &mut Stream::new(seed, 0);
            let model = oracle::random(columns, stream);
            let x = oracle::rows(1 + stream.below(12), columns, stream);
            let found = model.contributions(x.view()).unwrap();
            for (row, found) in x.rows().into_iter().zip(found.outer_iter()) {
                for (output, found) in found.outer_iter().enumerate() {
                    let worth = |s| oracle::known(&model, output, row, s);
                    for (found, expected) in found.iter().zip(oracle::shapley(columns, worth)) {
                        prop_assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
                    }
                }
            }
        }

        #[test]
        fn all_levels_and_row_numbers_give_the_same_bits(seed: u64, rows in 1_usize..300) {
            let stream = &mut Stream::new(seed, 0);
            let model = oracle::random(5, stream);
            let x = oracle::rows(rows, 5, stream);
            let expected = model.contributions_at(Level::Portable, x.view()).unwrap();
            for level in available() {
                prop_assert_eq!(&model.contributions_at(level, x.view()).unwrap(), &expected);
            }
            let last = x.slice(s![rows - 1.., ..]);
            let alone = model.contributions(last).unwrap();
            prop_assert_eq!(alone.index_axis(Axis(0), 0), expected.index_axis(Axis(0), rows - 1));
        }
    }

    /// 40 columns on a path take 20 points, three passes; 40 splits on two columns take one.
    #[test]
    fn deep_trees_add_up() {
        for columns in [1, 2, 6, 40, 300] {
            let stream = &mut Stream::new(9, columns as u64);
            let trees = (0..5).map(|_| oracle::tree(columns, 40, true, stream)).collect();
            let model = oracle::ensemble(columns, trees);
            assert!(model.trees.iter().all(|tree| tree.depth() == 40));
            assert_adds_up(&model, oracle::rows(50, columns, stream).view());
        }
    }

    /// One path through 40 different columns, with rows that meet all its conditions: of the
    /// 40 equal players each has the same share of what it is worth to be there.
    #[test]
    fn equal_columns_share_alike() {
        let (depth, share) = (40, 0.75_f64);
        let splits = (0..depth)
            .map(|index| {
                let left =
                    if index + 1 < depth { Child::split(index + 1) } else { Child::leaf(depth) };
                let cover = share.powi(index as i32);
                oracle::split(index as u32, Test::AtMost(0.0), left, Child::leaf(index), cover)
            })
            .collect();
        let beside = (0..depth).map(|index| (1.0 - share) * share.powi(index as i32));
        let mut leaves: Vec<Leaf> = beside.map(|cover| oracle::leaf(0.0, cover)).collect();
        leaves.push(oracle::leaf(1.0, share.powi(depth as i32)));
        let model =
            oracle::ensemble(depth, vec![Tree { output: 0, splits, leaves, sets: Vec::new() }]);
        let there = model.contributions(Array2::zeros((1, depth)).view()).unwrap();
        let each = (1.0 - share.powi(depth as i32)) / depth as f64;
        assert!(there.iter().take(depth).all(|found| (found - each).abs() < 1e-14));
    }

    /// Each leaf holds next to nothing of the training rows below its parent: shares that multiply
    /// to less than the smallest number.
    #[test]
    fn shares_may_underflow() {
        let depth = 60;
        let splits = (0..depth)
            .map(|index| {
                let last = index + 1 == depth;
                let left = if last { Child::leaf(depth) } else { Child::split(index + 1) };
                let cover = 1e-9_f64.powi(index as i32);
                let threshold = (depth - index) as f64;
                oracle::split(0, Test::AtMost(threshold), left, Child::leaf(index), cover)
            })
            .collect();
        let leaves = (0..=depth).map(|index| oracle::leaf(1.0, 1e-9_f64.powi(index as i32 - 1)));
        let leaves = leaves.map(|leaf| Leaf { value: leaf.cover.min(1.0), ..leaf }).collect();
        let tree = Tree { output: 0, splits, leaves, sets: Vec::new() };
        let model = oracle::ensemble(1, vec![tree]);
        let x = Array2::from_shape_fn((depth + 2, 1), |(row, _)| row as f64);
        assert_adds_up(&model, x.view());
    }

    #[test]
    fn a_tree_without_splits_is_in_the_expectation_alone() {
        let constant = Tree::constant(0, oracle::leaf(2.5, 10.0));
        let mut model = oracle::ensemble(2, vec![constant.clone(), constant]);
        model.start[0] = 1.0;
        let found = model.contributions(Array2::zeros((3, 2)).view()).unwrap();
        assert!(found.outer_iter().all(|row| row.iter().eq(&[0.0, 0.0, 6.0])));
        assert_eq!(model.expectation().to_vec(), [6.0]);
    }

    #[test]
    fn mean_contributions_are_means_of_absolute_values() {
        let stream = &mut Stream::new(3, 0);
        let model = oracle::random(3, stream);
        let x = oracle::rows(20, 3, stream);
        let (means, all) =
            (model.mean_contributions(x.view()).unwrap(), model.contributions(x.view()).unwrap());
        for ((output, column), mean) in means.indexed_iter() {
            let sum: f64 = (0..20).map(|row| all[(row, output, column)].abs()).sum();
            assert!((mean - sum / 20.0).abs() < 1e-14);
        }
        assert_eq!(means.dim(), (2, 3));
    }

    #[test]
    fn what_cannot_be_explained_is_an_error() {
        let model = oracle::random(3, &mut Stream::new(1, 0));
        let narrow = Array2::zeros((1, 2));
        let error = model.contributions(narrow.view()).unwrap_err();
        assert_eq!(error, Error::Width { expected: 3, found: 2 });
        assert_eq!(model.interactions(narrow.view()).unwrap_err(), error);
        let mut infinite = Array2::zeros((4, 3));
        infinite[(2, 1)] = f64::NEG_INFINITY;
        let error = model.contributions(infinite.view()).unwrap_err();
        assert_eq!(error, Error::Infinite { row: 2, column: 1, value: f64::NEG_INFINITY });
        assert_eq!(model.interactions(infinite.view()).unwrap_err(), error);
        let none = Array2::zeros((0, 3));
        assert_eq!(model.contributions(none.view()).unwrap().dim(), (0, 2, 4));
        assert_eq!(
            model.mean_contributions(none.view()).unwrap_err(),
            Error::Empty { what: "rows" }
        );
    }
}
