//! What each column adds to the raw score of a row, as opposed to the rows of a background.

use super::masks::{Groups, LeafPath, Sides};
use crate::boost::ensemble::Ensemble;
use crate::boost::tree::Tree;
use crate::error::{Error, Result};
use crate::parallel;
use ndarray::{Array3, ArrayView2, Axis};

/// Fewest and most rows that one task explains: the more, the fewer groups for each of them.
const TASK: (usize, usize) = (64, 1024);

impl Ensemble {
    /// What each column adds to the raw score of each row, as opposed to rows of a background: rows ×
    /// outputs × (columns + 1). The last entry is the mean raw score of the background; all entries
    /// together are the [raw score](Self::raw) of the row.
    ///
    /// Exact Shapley values of the game in which a coalition of columns is worth the mean raw score
    /// of the background with the row's values in those columns (interventional SHAP). Other than
    /// [`contributions`](Self::contributions), it credits no column for what a correlated one does,
    /// and answers in terms of a comparison that you choose: the healthy machines, the week before.
    /// A hundred or a few hundred background rows will do.
    ///
    /// Rows and background rows that meet the same conditions of a leaf are one: at most
    /// O(rows · background · leaves · depth), in practice a small part of it, on all cores, the same
    /// bits on any number of them.
    ///
    /// Sources: Lundberg et al. 2020 ("From local explanations to global understanding with
    /// explainable AI for trees"); rows as bit masks, Nadel & Wettenstein 2025 ("From decision trees
    /// to Boolean logic").
    ///
    /// ```
    /// use forewarn::boost::FailureClassifierParams;
    /// use forewarn::ndarray::{Array2, array};
    /// use forewarn::prelude::*;
    ///
    /// // Parts wear out (column 0), the sooner the hotter they run (column 1).
    /// let x = Array2::from_shape_fn((500, 3), |(i, j)| (i * [37, 71, 53][j] % [101, 103, 107][j]) as f64);
    /// let failed: Vec<bool> = x.rows().into_iter().map(|row| row[0] + row[1] > 150.0).collect();
    /// let model = FailureClassifierParams::default().train(Batch::new(x.view()).with_target(&failed[..]))?;
    /// let ensemble = model.ensemble();
    /// let (worn, healthy) = (array![[95.0, 60.0, 50.0]], array![[20.0, 60.0, 70.0], [30.0, 60.0, 10.0]]);
    /// let why = ensemble.contributions_against(worn.view(), healthy.view())?;
    /// // All have the same temperature.
    /// assert_eq!(why[(0, 0, 1)], 0.0);
    /// assert!(why[(0, 0, 0)] > why[(0, 0, 2)]);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`raw`](Self::raw), for either table; [`Error::Empty`] without background rows.
    pub fn contributions_against(
        &self,
        x: ArrayView2<'_, f64>,
        background: ArrayView2<'_, f64>,
    ) -> Result<Array3<f64>> {
        self.check_rows(x)?;
        let means = self.raw(background)?.mean_axis(Axis(0));
        let means = means.ok_or(Error::Empty { what: "background" })?;
        let shape = (x.nrows(), self.n_outputs(), self.columns + 1);
        let width = shape.1 * shape.2;
        let mut contributions = Array3::zeros(shape);
        contributions.index_axis_mut(Axis(2), self.columns).assign(&means);
        if let Some(to) = contributions.as_slice_mut() {
            let shares = Shares::new();
            let task = (x.nrows() / parallel::threads()).clamp(TASK.0, TASK.1);
            for tree in self.trees.iter().filter(|tree| !tree.splits.is_empty()) {
                let leaves = LeafAgainst::all(tree, background);
                let offset = tree.output as usize * shape.2;
                parallel::chunks_mut(to, task * width, |at, to| {
                    let sides = Sides::new(tree, x, at / width, to.len() / width);
                    let mut groups = Groups::default();
                    let mut credits = Vec::new();
                    for leaf in &leaves {
                        groups.find(&leaf.path, &sides);
                        leaf.credit(&groups, &shares, &mut credits);
                        let columns = &leaf.path.columns;
                        for (to, &group) in to.chunks_exact_mut(width).zip(&groups.of_row) {
                            let credits = &credits[group as usize * columns.len()..];
                            for (&column, credit) in columns.iter().zip(credits) {
                                to[offset + column as usize] += credit;
                            }
                        }
                    }
                });
            }
        }
        Ok(contributions)
    }
}

/// A leaf, and which background rows meet which of its conditions.
struct LeafAgainst {
    path: LeafPath,
    masks: Vec<u64>,
    /// The share of the background rows in each group.
    shares: Vec<f64>,
}

impl LeafAgainst {
    /// All the leaves of a tree.
    fn all(tree: &Tree, background: ArrayView2<'_, f64>) -> Vec<Self> {
        let rows = background.nrows();
        let sides = Sides::new(tree, background, 0, rows);
        let mut groups = Groups::default();
        let leaf = |path: LeafPath| {
            groups.find(&path, &sides);
            let masks = groups.masks.clone();
            let mut shares = vec![0.0; masks.len() / path.words()];
            for &group in &groups.of_row {
                shares[group as usize] += 1.0 / rows as f64;
            }
            Self { path, masks, shares }
        };
        LeafPath::all(tree).into_iter().map(leaf).collect()
    }

    /// Writes the contributions of the leaf's columns to each group of rows: groups × columns.
    ///
    /// A coalition brings a row, completed by one of the background, to the leaf if it has all the
    /// columns whose conditions only the row meets, and none of those whose conditions only the
    /// background row meets; it never gets there if a condition is met by neither. So of all the
    /// background rows count those that meet what the row does not.
    fn credit(&self, groups: &Groups, shares: &Shares, credits: &mut Vec<f64>) {
        match self.path.words() {
            // Nearly always; the constant makes loops over words vanish.
            1 => self.credit_words(1, groups, shares, credits),
            words => self.credit_words(words, groups, shares, credits),
        }
    }

    #[inline(always)]
    fn credit_words(&self, words: usize, groups: &Groups, shares: &Shares, credits: &mut Vec<f64>) {
        let columns = self.path.columns.len();
        credits.clear();
        credits.resize(groups.masks.len() / words * columns, 0.0);
        let groups = groups.masks.chunks_exact(words).zip(credits.chunks_exact_mut(columns));
        for (row, credits) in groups {
            let met: usize = row.iter().map(|word| word.count_ones() as usize).sum();
            let unmet = columns - met;
            let mut down = 0.0;
            for (other, share) in self.masks.chunks_exact(words).zip(&self.shares) {
                let pairs = || row.iter().zip(other);
                if pairs().zip(&self.path.full).any(|((row, other), full)| row | other != *full) {
                    continue;
                }
                let row_only =
                    pairs().map(|(row, other)| (row & !other).count_ones() as usize).sum();
                let value = self.path.value * share;
                down += value * shares.of(unmet, row_only);
                let up = value * shares.of(row_only, unmet);
                for (word, (row, other)) in pairs().enumerate() {
                    bits(row & !other).for_each(|bit| credits[64 * word + bit] += up);
                }
            }
            for (word, (row, full)) in row.iter().zip(&self.path.full).enumerate() {
                bits(full & !row).for_each(|bit| credits[64 * word + bit] = -down);
            }
        }
    }
}

/// The positions of the ones of a word.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros() as usize;
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}

/// The share of the orders of `needed + unwanted` columns in which a certain needed one is the last of
/// the needed, and all the unwanted follow: `(needed − 1)! unwanted! / (needed + unwanted)!`.
struct Shares {
    few: Vec<[f64; Self::FEW]>,
}

impl Shares {
    const FEW: usize = 32;

    fn new() -> Self {
        let row = |needed| std::array::from_fn(|unwanted| Self::compute(needed, unwanted));
        Self { few: (0..Self::FEW).map(row).collect() }
    }

    /// Of no meaning where nothing is needed.
    fn of(&self, needed: usize, unwanted: usize) -> f64 {
        if needed < Self::FEW && unwanted < Self::FEW {
            self.few[needed][unwanted]
        } else {
            Self::compute(needed, unwanted)
        }
    }

    /// One over `needed` times the binomial coefficient; where that overflows, the share is 0.
    fn compute(needed: usize, unwanted: usize) -> f64 {
        let factor = |k: usize| (needed + k) as f64 / k as f64;
        1.0 / (needed as f64 * (1..=unwanted).map(factor).product::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;
    use crate::rng::Stream;
    use ndarray::Array2;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn contributions_are_shapley_values(seed: u64, columns in 1_usize..6) {
            let stream = &mut Stream::new(seed, 0);
            let model = oracle::random(columns, stream);
            let x = oracle::rows(1 + stream.below(6), columns, stream);
            let background = oracle::rows(1 + stream.below(6), columns, stream);
            let found = model.contributions_against(x.view(), background.view()).unwrap();
            for (row, found) in x.rows().into_iter().zip(found.outer_iter()) {
                for (output, found) in found.outer_iter().enumerate() {
                    let worth = |s| oracle::replaced(&model, output, row, background.view(), s);
                    for (found, expected) in found.iter().zip(oracle::shapley(columns, worth)) {
                        prop_assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
                    }
                }
            }
        }

        /// Groups and tasks leave no trace.
        #[test]
        fn a_row_alone_has_the_same_bits(seed: u64) {
            let stream = &mut Stream::new(seed, 0);
            let model = oracle::random(4, stream);
            let x = oracle::rows(200, 4, stream);
            let background = oracle::rows(30, 4, stream);
            let all = model.contributions_against(x.view(), background.view()).unwrap();
            let last = x.slice(ndarray::s![199.., ..]);
            let alone = model.contributions_against(last, background.view()).unwrap();
            prop_assert_eq!(alone.index_axis(Axis(0), 0), all.index_axis(Axis(0), 199));
        }

        /// Up to 200 columns on a path: masks of several words, and more than the table of shares.
        #[test]
        fn deep_trees_add_up(seed: u64, columns in 1_usize..400) {
            let stream = &mut Stream::new(seed, 0);
            let model = oracle::ensemble(columns, vec![oracle::tree(columns, 200, true, stream)]);
            let x = oracle::rows(150, columns, stream);
            let background = oracle::rows(20, columns, stream);
            let found = model.contributions_against(x.view(), background.view()).unwrap();
            let gaps = found.sum_axis(Axis(2)) - model.raw(x.view()).unwrap();
            prop_assert!(gaps.iter().all(|gap| gap.abs() < 1e-12));
        }
    }

    #[test]
    fn shares_are_those_of_orders() {
        let shares = Shares::new();
        // 2! 3! / 6!, and 39! 1! / 41! past the table.
        assert!((shares.of(3, 3) - 12.0 / 720.0).abs() < 1e-17);
        assert!((shares.of(40, 1) - 1.0 / (40.0 * 41.0)).abs() < 1e-17);
        assert_eq!(shares.of(2_000, 2_000), 0.0);
    }

    #[test]
    fn what_cannot_be_compared_is_an_error() {
        let model = oracle::random(3, &mut Stream::new(1, 0));
        let x = Array2::zeros((2, 3));
        let against = |x: &Array2<f64>, background: &Array2<f64>| {
            model.contributions_against(x.view(), background.view()).unwrap_err()
        };
        assert_eq!(against(&x, &Array2::zeros((0, 3))), Error::Empty { what: "background" });
        let width = Error::Width { expected: 3, found: 4 };
        assert_eq!(against(&x, &Array2::zeros((2, 4))), width);
        assert_eq!(against(&Array2::zeros((2, 4)), &x), width);
        let infinite = Array2::from_elem((1, 3), f64::INFINITY);
        let error = Error::Infinite { row: 0, column: 0, value: f64::INFINITY };
        assert_eq!(against(&infinite, &x), error);
        assert_eq!(against(&x, &infinite), error);
    }
}
