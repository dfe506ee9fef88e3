//! Why a row scores what it scores: contributions of its columns that add up.

use super::check::check_values;
use super::explain_tree::Credits;
use super::model::IsolationForest;
use super::options::Scoring;
use super::tree::Rule;
use crate::error::{Error, Result};
use crate::parallel;
use ndarray::{Array1, Array2, ArrayView2};

/// Rows that one task explains.
const TASK: usize = 16;

/// Distances from the expectation (in units of a leaf's value) below which the quotient of two
/// differences would be mostly rounding, and the derivative takes its place.
const NEAR: f64 = 1e-5;

/// Why a row scores what it scores: made by [`IsolationForest::explain_one`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Explanation {
    /// The row's score, as [`score_one`](crate::traits::Score::score_one) gives it.
    pub score: f64,
    /// The score of a row of which nothing is known: [`IsolationForest::expectation`].
    pub expectation: f64,
    /// One number a column, in score units; they add up to `score − expectation`. Positive: the
    /// column's value makes the row more abnormal. Negative: it speaks for the row.
    pub contributions: Vec<f64>,
}

impl Explanation {
    /// The `k` columns that make the row most abnormal, with their contributions, the largest
    /// first; equal ones in the order of the columns. All columns where there are fewer than `k`.
    #[must_use]
    pub fn top(&self, k: usize) -> Vec<(usize, f64)> {
        largest(&self.contributions, k)
    }
}

/// The `k` columns with the largest contributions; equal ones in the order of the columns.
pub(crate) fn largest(contributions: &[f64], k: usize) -> Vec<(usize, f64)> {
    let mut ranked: Vec<(usize, f64)> = contributions.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.truncate(k);
    ranked
}

impl IsolationForest {
    /// Why `x` scores what it scores: one contribution a column.
    ///
    /// A tree's answer to a row is the value `v` of its leaf (a path length or a log density,
    /// both lower for abnormal rows). With `E v` the mean over the trees, `v(node)` the mean over
    /// the leaves below a node by their shares of training rows, and "x without j" the row with
    /// column `j` unknown (both sides of a node that asks for it, by their shares; in a
    /// hyperplane the node's mean in its place):
    /// ```text
    /// own_j    = E v(x without j) − E v(x)         what the column does alone: the row would look
    ///                                              so much more normal without it
    /// path_j   = E Σ v(node) − v(child taken)      over the nodes on the row's path that ask for j
    /// asked_j  = how many nodes on the row's paths ask for j
    /// w_j      = (1 + mean asked) / (1 + asked_j)
    /// joint    = E v(root) − E v(x) − Σ_j w_j own_j
    ///
    /// credit_j = w_j own_j + joint · w_j |path_j| / Σ_k w_k |path_k|
    /// contribution_j = credit_j · (score − expectation) / Σ_k credit_k
    /// ```
    /// What columns do only together, or what either of two would do without the other, is in
    /// `joint`, and is shared out by their part in the paths. `w` makes up for the luck of the
    /// draw: which column a random tree asks is chance, and a column that happened to be asked
    /// more often would otherwise be blamed more. In a hyperplane the columns share a step in
    /// proportion to how far `coefficient · (x − mean)` of each pushed towards the side taken,
    /// and one question counts as equal parts of one. The last line only changes units: the score
    /// is a monotone function of `E v`, and `Σ credit = E v(root) − E v(x)`; where that vanishes,
    /// the quotient is the derivative.
    ///
    /// A missing value contributes nothing under [`Missing::Spread`](super::Missing::Spread);
    /// under [`Missing::Majority`](super::Missing::Majority) its column has the credit for being
    /// sent with the majority.
    ///
    /// The sum is `score − expectation` to about 1e-12. What was abnormal all along is named as
    /// well; what has *changed*, say from the hour before an alert, is told by
    /// [`explain_change`](Self::explain_change).
    ///
    /// O(trees · depth²) for random splits. On one core 100 trees of the default or standard
    /// forest take some 30 µs, the accurate one's 200 deep trees of hyperplanes some 300 µs.
    /// Columns that were constant in training are never asked for, and contribute 0.
    ///
    /// Sources: steps of expectations along a path, Saabas 2014 ("Interpreting random forests");
    /// values unknown by training shares, Lundberg, Erion & Lee 2018 ("Consistent individualized
    /// feature attribution for tree ensembles", algorithm 1); correction by how often a column is
    /// asked, Carletti, Terzi & Susto 2019 ("Interpretable anomaly detection with DIFFI").
    ///
    /// ```
    /// use forewarn::prelude::*;
    /// use forewarn::forest::IsolationForestParams;
    /// use forewarn::ndarray::Array2;
    ///
    /// let rows = Array2::from_shape_fn((500, 3), |(i, j)| ((i * (7 + j)) % 101) as f64);
    /// let forest = IsolationForestParams::default().train(Batch::new(rows.view()))?;
    /// let why = forest.explain_one(&[50.0, 400.0, 50.0])?;
    /// assert_eq!(why.top(1)[0].0, 1);
    /// let sum: f64 = why.contributions.iter().sum();
    /// assert!((sum - (why.score - why.expectation)).abs() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`score_one`](crate::traits::Score::score_one).
    pub fn explain_one(&self, x: &[f64]) -> Result<Explanation> {
        self.check_one(x)?;
        let expectation = self.expectation();
        let mut contributions = vec![0.0; self.columns];
        let score =
            self.explain_row(x, expectation, &mut Credits::new(self.columns), &mut contributions);
        Ok(Explanation { score, expectation, contributions })
    }

    /// The contributions of [`explain_one`](Self::explain_one) for many rows: rows × columns.
    /// Each row adds up to its score less the [`expectation`](Self::expectation). On all cores,
    /// the same bits on any number of them.
    ///
    /// # Errors
    /// As [`score`](crate::traits::Score::score).
    ///
    /// ```
    /// use forewarn::ndarray::{Array2, Axis};
    /// use forewarn::prelude::*;
    ///
    /// let rows = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
    /// let forest = IsolationForestParams::default().train(Batch::new(rows.view()))?;
    /// let sums = forest.explain(rows.view())?.sum_axis(Axis(1));
    /// let scores = forest.score(rows.view())?;
    /// assert!((sums + forest.expectation() - scores).iter().all(|gap| gap.abs() < 1e-9));
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn explain(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        self.explain_values(x)
    }

    /// As [`explain`](Self::explain), for rows of any type that converts to `f64` without loss, in
    /// any memory order, without a copy of the whole.
    ///
    /// # Errors
    /// As [`score`](crate::traits::Score::score).
    pub fn explain_values<T>(&self, x: ArrayView2<'_, T>) -> Result<Array2<f64>>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        if x.ncols() != self.columns {
            return Err(Error::Width { expected: self.columns, found: x.ncols() });
        }
        check_values(x, &self.categorical)?;
        let expectation = self.expectation();
        let mut contributions = Array2::zeros((x.nrows(), self.columns));
        let task = |first: usize, contributions: &mut [f64]| {
            let mut credits = Credits::new(self.columns);
            let mut row = vec![0.0; self.columns];
            let first = first / self.columns;
            for (index, contributions) in contributions.chunks_mut(self.columns).enumerate() {
                let values = x.row(first + index);
                row.iter_mut().zip(values).for_each(|(to, from)| *to = (*from).into());
                self.explain_row(&row, expectation, &mut credits, contributions);
            }
        };
        if let Some(contributions) = contributions.as_slice_mut() {
            parallel::chunks_mut(contributions, TASK * self.columns, task);
        }
        Ok(contributions)
    }

    /// The score of a row of which nothing is known, in `[0, 1]`: that of the mean over the trees
    /// of the value expected at the root, each leaf by its share of the training rows. What
    /// contributions are measured from. O(trees).
    #[must_use]
    pub fn expectation(&self) -> f64 {
        self.score_of(self.trees.iter().map(|tree| tree.nodes[0].value).sum())
    }

    /// How much each column moves scores, over all training rows: one number a column, at least
    /// 0, adding up to 1.
    ///
    /// ```text
    /// importance_j ∝ Σ share(node) · (p |v(left) − v(node)| + (1 − p) |v(right) − v(node)|)
    /// ```
    /// over the nodes of all trees that ask for `j`, with `share` the share of a tree's training
    /// rows that reach the node and `p` the share of those that go left: the expected absolute
    /// step of [`explain_one`](Self::explain_one) along a path. The columns of a hyperplane share
    /// alike. From the trees alone, O(nodes). All 0 where no tree has a split. Says which columns
    /// the forest uses, not which are at fault; for the latter average [`explain`](Self::explain)
    /// over the rows in question.
    ///
    /// ```
    /// use forewarn::ndarray::Array2;
    /// use forewarn::prelude::*;
    ///
    /// // The second column never changes.
    /// let rows = Array2::from_shape_fn((300, 2), |(i, j)| if j == 0 { i as f64 } else { 1.0 });
    /// let forest = IsolationForestParams::default().train(Batch::new(rows.view()))?;
    /// assert_eq!(forest.importance().to_vec(), [1.0, 0.0]);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    #[must_use]
    pub fn importance(&self) -> Array1<f64> {
        let mut importance = Array1::zeros(self.columns);
        let mut shares = Vec::new();
        for tree in &self.trees {
            shares.clear();
            shares.resize(tree.nodes.len(), 1.0);
            // Children lie behind their parents: every share is known when it is needed.
            for (index, node) in tree.nodes.iter().enumerate().filter(|(_, node)| node.child != 0) {
                let (left, share) = (node.child as usize, shares[index]);
                shares[left] = share * node.left_share;
                shares[left + 1] = share * (1.0 - node.left_share);
                let step =
                    |child: usize| shares[child] * (tree.nodes[child].value - node.value).abs();
                let moved = step(left) + step(left + 1);
                match node.rule {
                    Rule::Leaf => {}
                    Rule::Axis { column, .. } | Rule::Category { column, .. } => {
                        importance[column as usize] += moved;
                    }
                    Rule::Plane { first_term, terms, .. } => {
                        for term in tree.plane(first_term, terms) {
                            importance[term.column as usize] += moved / f64::from(terms);
                        }
                    }
                }
            }
        }
        let total = importance.sum();
        if total > 0.0 {
            importance /= total;
        }
        importance
    }

    /// Fills in the contributions of one checked row; gives its score.
    fn explain_row(
        &self,
        x: &[f64],
        expectation: f64,
        credits: &mut Credits,
        contributions: &mut [f64],
    ) -> f64 {
        credits.start();
        let missing = self.missing();
        let gaps = x.iter().any(|value| value.is_nan());
        // In the order in which scoring adds: the score is the same to the bit.
        let sum = self
            .trees
            .iter()
            .map(|tree| credits.add(tree, x, missing, gaps))
            .fold(0.0, |sum, value| sum + value);
        let score = self.score_of(sum);
        let trees = self.trees.len() as f64;
        let distance =
            self.trees.iter().map(|tree| tree.nodes[0].value).sum::<f64>() / trees - sum / trees;
        credits.share_out(distance, trees, contributions);
        let unit = self.unit(score, expectation, distance);
        for contribution in contributions {
            *contribution *= unit;
        }
        score
    }

    /// Score units in one unit of a leaf's value, on the way from the expectation to a score.
    fn unit(&self, score: f64, expectation: f64, distance: f64) -> f64 {
        if distance.abs() > NEAR {
            return (score - expectation) / distance;
        }
        let score = f64::midpoint(score, expectation);
        match self.params.scoring {
            Scoring::Depth if self.average_path == 0.0 => 0.0,
            Scoring::Depth => std::f64::consts::LN_2 / self.average_path * score,
            Scoring::Density => std::f64::consts::LN_2 * score * (1.0 - score),
        }
    }
}
