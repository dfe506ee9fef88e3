//! Learning from operators' verdicts: leaves get new values, no tree is grown.
//!
//! Active anomaly discovery after Das et al., "Incorporating Expert Feedback into Active Anomaly
//! Discovery" (2016) and "Incorporating Feedback into Tree-based Anomaly Detection" (2017), with
//! the paths through the trees in place of the leaves alone; see [`solver`].

mod learned;
mod params;
mod solver;
#[cfg(test)]
mod tests;

pub(crate) use learned::Learned;
pub use params::{LearnParams, Verdict};

use super::calibrate::{Calibration, QUANTILES};
use super::check::check_values;
use super::model::IsolationForest;
use super::options::Scoring;
use super::program::Programs;
use crate::error::{Error, Result};
use learned::Before;
use ndarray::ArrayView2;
use solver::{Wish, solve};

/// Below this mean path length scores are hard to tell from 1: only range penalties bring a forest
/// without verdicts there.
const SHORTEST_PATH: f64 = 1.0 / 1_024.0;

impl IsolationForest {
    /// Learns from an operator's verdicts on the rows of `x`, with the default settings:
    /// confirmed rows and their like score higher from now on, rejected ones lower.
    ///
    /// All verdicts so far count together: giving them in one call or in several, in any order,
    /// makes the same forest, bit for bit. Opposite verdicts on the same row leave it near the
    /// alarm level ([`LearnParams::alarm_share`]). Where hardly anything is rejected the ranking is
    /// right as it is, and confirmed rows rise only a little.
    ///
    /// Nothing is grown anew, scoring costs what it cost before, and attribution explains what the
    /// verdicts changed. Threshold and ranks stay, so that a score keeps its meaning; after many
    /// verdicts [`calibrate`](Self::calibrate) sets them to the new scores.
    ///
    /// Each call solves from the beginning: O(verdicts · trees · depth) a sweep, tens to hundreds
    /// of sweeps. With 100 trees that is 2 ms for 30 verdicts, 10 ms for 100 and up to a second
    /// for 1,000; meanwhile it takes 16 bytes a verdict, tree and level. The forest keeps the rows
    /// that were judged and its former leaf values.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of verdicts than rows; [`Error::Width`];
    /// [`Error::Infinite`], [`Error::NotACategory`]; [`Error::Incompatible`] for a merged forest
    /// that was not calibrated since, and for trees of a single row. The forest is then as before.
    ///
    /// ```
    /// use forewarn::forest::{IsolationForestParams, Verdict};
    /// use forewarn::ndarray::{Array2, s};
    /// use forewarn::prelude::*;
    ///
    /// // A cloud, and two rare kinds of rows: nightly backups (rows 0 to 9) and leaks (10 to 19).
    /// let rows = Array2::from_shape_fn((500, 2), |(i, j)| match (i, j) {
    ///     (0..10, 0) | (10..20, 1) => 9.0 + (i % 10) as f64 / 10.0,
    ///     _ => ((i * 31 + j * 17) % 97) as f64 / 97.0,
    /// });
    /// let mut forest = IsolationForestParams::default().train(Batch::new(rows.view()))?;
    /// let before = forest.score(rows.view())?;
    ///
    /// // One of each was judged; the others of its kind follow.
    /// forest.learn(rows.slice(s![9..11, ..]), &[Verdict::Rejected, Verdict::Confirmed])?;
    /// let after = forest.score(rows.view())?;
    /// assert!((0..10).all(|backup| after[backup] < before[backup]));
    /// assert!((10..20).all(|leak| after[leak] > before[leak]));
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn learn(&mut self, x: ArrayView2<'_, f64>, verdicts: &[Verdict]) -> Result<()> {
        self.learn_with(x, verdicts, &LearnParams::default())
    }

    /// As [`learn`](Self::learn), with settings; they hold for the earlier verdicts too. Without
    /// rows it only weighs those anew.
    ///
    /// # Errors
    /// As [`learn`](Self::learn), and [`Error::OutOfRange`] for a setting.
    ///
    /// ```
    /// use forewarn::forest::{LearnParams, Verdict};
    /// use forewarn::ndarray::{Array2, s};
    /// use forewarn::prelude::*;
    ///
    /// let rows = Array2::from_shape_fn((400, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
    /// let trained = IsolationForestParams::default().train(Batch::new(rows.view()))?;
    /// let mut forest = trained.clone();
    /// let (row, verdict) = (rows.slice(s![..1, ..]), [Verdict::Confirmed]);
    /// forest.learn_with(row, &verdict, &LearnParams::default().strength(5.0))?;
    /// assert_eq!(forest.n_verdicts(), 1);
    ///
    /// forest.forget_verdicts();
    /// assert_eq!(forest, trained);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn learn_with(
        &mut self,
        x: ArrayView2<'_, f64>,
        verdicts: &[Verdict],
        params: &LearnParams,
    ) -> Result<()> {
        params.check()?;
        if x.ncols() != self.columns {
            return Err(Error::Width { expected: self.columns, found: x.ncols() });
        }
        if x.nrows() != verdicts.len() {
            let (expected, found) = (x.nrows(), verdicts.len());
            return Err(Error::Length { what: "verdicts", expected, found });
        }
        check_values(x, &self.categorical)?;
        if self.average_path == 0.0 {
            let reason = "trees of a single row tell no row from another: they cannot learn";
            return Err(Error::Incompatible { reason: reason.to_owned() });
        }
        if self.learned.before.is_none() && self.calibration.is_none() {
            let reason = "a merged forest cannot learn until `calibrate` shows it rows";
            return Err(Error::Incompatible { reason: reason.to_owned() });
        }
        self.learned.params = params.clone();
        self.learned.add(x, verdicts);
        self.relearn();
        Ok(())
    }

    /// How many verdicts it has learned from.
    #[must_use]
    pub fn n_verdicts(&self) -> usize {
        self.learned.len()
    }

    /// Forgets all verdicts: every score is again, bit for bit, what it was without them.
    pub fn forget_verdicts(&mut self) {
        self.suspend_verdicts();
        self.learned = Learned::default();
    }

    /// Whether there are verdicts that the trees do not show.
    pub(crate) fn verdicts_suspended(&self) -> bool {
        self.learned.len() > 0 && self.learned.before.is_none()
    }

    /// Sets the leaves back to what training made of them, and keeps the verdicts for
    /// [`relearn`](Self::relearn). To be called before trees are added, taken or recalibrated.
    pub(crate) fn suspend_verdicts(&mut self) {
        if let Some(before) = self.learned.before.take() {
            self.set_leaves(&before.leaves);
        }
    }

    /// Learns from all verdicts, from the trees as they were trained. Does nothing without
    /// verdicts, or while there is no calibration that says where the alarm level lies.
    pub(crate) fn relearn(&mut self) {
        let calibration = match self.learned.before.take() {
            Some(before) => {
                self.set_leaves(&before.leaves);
                before.calibration
            }
            None => match &self.calibration {
                Some(calibration) => calibration.clone(),
                None => return,
            },
        };
        if self.learned.len() == 0 {
            return;
        }
        let params = self.learned.params.clone();
        let (level, margin) = self.alarm_level(&calibration, params.alarm_share);
        let wish = |(row, verdict): (Vec<f64>, Verdict)| {
            let mean = self.scorer().sum_plain(&row) / self.trees.len() as f64;
            let before = (level - mean) / margin;
            Wish {
                row,
                sign: verdict.sign(),
                before,
                target: self.learned.target(verdict, before),
                weight: params.strength * self.learned.balance(verdict),
            }
        };
        let wishes: Vec<Wish> = self.learned.rows().map(wish).collect();
        let amounts = solve(&self.trees, self.missing(), &wishes);
        let former = self.leaves();
        for (tree, mut amounts) in self.trees.iter_mut().zip(amounts) {
            for index in 0..tree.nodes.len() {
                let child = tree.nodes[index].child as usize;
                if child == 0 {
                    // A higher score is a lower value.
                    tree.nodes[index].value -= margin * amounts[index];
                } else {
                    amounts[child] += amounts[index];
                    amounts[child + 1] += amounts[index];
                }
            }
            tree.update_expectations();
        }
        self.programs = Programs::default();
        self.learned.before = Some(Before { leaves: former, calibration });
    }

    /// The mean leaf value at the alarm level, and twice the median row's distance from it: the
    /// unit in which verdicts are wished for. A wish met in full puts a rejected row as far beyond
    /// the median as the alarm level is before it.
    fn alarm_level(&self, calibration: &Calibration, share: f64) -> (f64, f64) {
        let at = |share_below: f64| {
            // The kept quantile that is nearest: all of them for a single row.
            let position = -(1.0 - share_below).ln() / (calibration.rows as f64).ln();
            let last = QUANTILES - 1;
            let index = ((position * last as f64).round() as usize).min(last);
            self.mean_of_score(calibration.quantiles[index])
        };
        let level = at(1.0 - share);
        // Rows all alike, or a share so large that the level is common, leave no spread: a tenth
        // of the typical value is then a step that can be told apart.
        let smallest = (level.abs() / 10.0).max(0.1);
        (level, 2.0 * (at(0.5) - level).max(smallest))
    }

    /// The mean leaf value that gives `score`.
    fn mean_of_score(&self, score: f64) -> f64 {
        let score = score.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON);
        match self.params.scoring {
            Scoring::Depth => -score.log2() * self.average_path,
            Scoring::Density => (1.0 / score - 1.0).log2(),
        }
    }

    /// Every tree's leaf values, in the order of its nodes.
    fn leaves(&self) -> Vec<Vec<f64>> {
        let leaves = |tree: &super::tree::Tree| {
            tree.nodes.iter().filter(|node| node.child == 0).map(|node| node.value).collect()
        };
        self.trees.iter().map(leaves).collect()
    }

    fn set_leaves(&mut self, leaves: &[Vec<f64>]) {
        for (tree, values) in self.trees.iter_mut().zip(leaves) {
            let leaves = tree.nodes.iter_mut().filter(|node| node.child == 0);
            leaves.zip(values).for_each(|(leaf, &value)| leaf.value = value);
            tree.update_expectations();
        }
        self.programs = Programs::default();
    }
}

/// A mean of leaf values brought to where its score lies strictly within `(0, 1)`. Keeps the order,
/// and changes nothing that a forest without verdicts tells apart.
pub(crate) fn within_bounds(mean: f64, average_path: f64, scoring: Scoring) -> f64 {
    match scoring {
        // Smooth at the joint, and never down at 0, where the score would be 1.
        Scoring::Depth if mean < SHORTEST_PATH => {
            SHORTEST_PATH * SHORTEST_PATH / (2.0 * SHORTEST_PATH - mean)
        }
        Scoring::Depth => mean.min(1_000.0 * average_path),
        // 1 + 2^-50 is still told from 1.
        Scoring::Density => mean.clamp(-50.0, 1_000.0),
    }
}
