//! The trained forest: scores, decisions, ranks.

use super::calibrate::{Calibration, threshold};
use super::check::{check_row, check_values};
use super::dense::{Block, LANES};
use super::learn::within_bounds;
use super::options::{Missing, Normalisation, Scoring};
use super::params::{IsolationForestParams, check_contamination};
use super::program::{Programs, Scorer};
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::parallel;
use crate::traits::Score;
use ndarray::{Array1, ArrayView2};

/// The threshold without a contamination: what the paper calls a score without a distinct anomaly.
pub(crate) const DEFAULT_THRESHOLD: f64 = 0.5;

/// Rows that one task scores: long enough that sharing out costs nothing.
const TASK: usize = 1_024;

/// A trained isolation forest.
///
/// Made by [`IsolationForestParams`], by merging, or by reading a saved one. Scores lie in
/// `[0, 1]`; higher is worse. Sharing it between threads is free: scoring changes nothing but, when
/// it is first needed, makes the trees ready to score fast.
#[derive(Debug)]
pub struct IsolationForest {
    pub(crate) params: IsolationForestParams,
    pub(crate) columns: usize,
    /// For every column, whether it holds categories.
    pub(crate) categorical: Vec<bool>,
    pub(crate) trees: Vec<Tree>,
    /// Rows a tree was grown on.
    pub(crate) sample_size: usize,
    /// `c(psi)`, or the mean over the trees of a merged forest.
    pub(crate) average_path: f64,
    pub(crate) threshold: f64,
    pub(crate) calibration: Option<Calibration>,
    /// What verdicts have added to leaves; empty before the first.
    pub(crate) learned: super::learn::Learned,
    pub(crate) programs: Programs,
}

impl Clone for IsolationForest {
    /// Clones what was learned; the scoring programs are compiled anew when first needed.
    fn clone(&self) -> Self {
        Self {
            params: self.params.clone(),
            categorical: self.categorical.clone(),
            trees: self.trees.clone(),
            calibration: self.calibration.clone(),
            learned: self.learned.clone(),
            programs: Programs::default(),
            ..*self
        }
    }
}

impl PartialEq for IsolationForest {
    fn eq(&self, other: &Self) -> bool {
        let same_settings = self.params == other.params && self.columns == other.columns;
        let same_scale = self.sample_size == other.sample_size
            && self.average_path == other.average_path
            && self.threshold == other.threshold
            && self.calibration == other.calibration;
        same_settings && same_scale && self.trees == other.trees && self.learned == other.learned
    }
}

impl IsolationForest {
    /// The settings that it was trained with, and the number of trees it has now.
    #[must_use]
    pub fn params(&self) -> &IsolationForestParams {
        &self.params
    }

    /// How many trees it has.
    #[must_use]
    pub fn n_trees(&self) -> usize {
        self.trees.len()
    }

    /// How many rows each tree was grown on (`psi`); the most, where forests were merged or extended
    /// on fewer rows or more.
    #[must_use]
    pub fn sample_size(&self) -> usize {
        self.sample_size
    }

    /// Scores above it are called anomalies: 0.5, what the contamination asked for, or what was
    /// [set](Self::set_threshold).
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Sets the threshold.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside `[0, 1]`.
    pub fn set_threshold(&mut self, threshold: f64) -> Result<()> {
        if !(0.0..=1.0).contains(&threshold) {
            let allowed = "between 0 and 1";
            return Err(Error::OutOfRange { name: "threshold", value: threshold, allowed });
        }
        self.threshold = threshold;
        Ok(())
    }

    /// Which rows score above the [`threshold`](Self::threshold).
    ///
    /// # Errors
    /// As [`score`](Score::score).
    ///
    /// ```
    /// use forewarn::ndarray::Array2;
    /// use forewarn::prelude::*;
    ///
    /// let rows = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
    /// let params = IsolationForestParams::default().contamination(Some(0.01));
    /// let mut forest = params.train(Batch::new(rows.view()))?;
    /// assert!(forest.anomalies(rows.view())?.iter().filter(|abnormal| **abnormal).count() <= 3);
    /// forest.set_threshold(1.0)?;
    /// assert!(forest.anomalies(rows.view())?.iter().all(|abnormal| !abnormal));
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn anomalies(&self, x: ArrayView2<'_, f64>) -> Result<Array1<bool>> {
        Ok(self.score(x)?.mapv(|score| score > self.threshold))
    }

    /// Scores rows of any type that converts to `f64` without loss (`f32`, `i32`, `u8`, …), in any
    /// memory order, without a copy of the whole.
    ///
    /// O(rows · trees · depth) time; beside the result about 100 KB a thread with 30 columns, and
    /// another 0.8 KB for every column more. Used in the example of
    /// [`train_values`](IsolationForestParams::train_values).
    ///
    /// # Errors
    /// As [`score`](Score::score).
    pub fn score_values<T>(&self, x: ArrayView2<'_, T>) -> Result<Array1<f64>>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        if x.ncols() != self.columns {
            return Err(Error::Width { expected: self.columns, found: x.ncols() });
        }
        let mut scores = Array1::zeros(x.nrows());
        let scorer = self.scorer();
        let categories = self.categorical.contains(&true);
        let suspect = std::sync::atomic::AtomicBool::new(false);
        let task = |first: usize, scores: &mut [f64]| {
            let mut block = Block::new(self.columns);
            let mut workspace = scorer.workspace();
            for (index, scores) in scores.chunks_mut(LANES).enumerate() {
                block.load(x, first + index * LANES, None);
                if categories || (block.gaps && block.values().iter().any(|v| v.is_infinite())) {
                    suspect.store(true, std::sync::atomic::Ordering::Relaxed);
                }
                let sums = scorer.sum_block(&block, &mut workspace);
                scores.iter_mut().zip(sums).for_each(|(score, sum)| *score = self.score_of(sum));
            }
        };
        if let Some(scores) = scores.as_slice_mut() {
            parallel::chunks_mut(scores, TASK, task);
        }
        // Whatever a bad value was scored as is thrown away with the error.
        if suspect.into_inner() {
            check_values(x, &self.categorical)?;
        }
        Ok(scores)
    }

    /// The share of the training rows that scored lower, in `[0, 1]`: what a score means, on a
    /// scale that does not depend on the settings. 0.999 is a row that one in a thousand exceeds.
    ///
    /// From all training rows where a contamination was asked for or
    /// [`calibrate`](Self::calibrate) was called, else from a sample of 128 of them. Between kept
    /// quantiles by straight lines, off by at most the step from one to the next: with `n` rows
    /// `1 − n^(−1/255)` of the share above, 2 % for 128 rows and 5 % for a million. O(1).
    ///
    /// # Errors
    /// [`Error::Incompatible`] for a merged forest that was not calibrated since;
    /// [`Error::NotANumber`] for NaN.
    pub fn rank(&self, score: f64) -> Result<f64> {
        if score.is_nan() {
            return Err(Error::NotANumber { what: "score", index: 0 });
        }
        let calibration = self.calibration.as_ref().ok_or_else(|| Error::Incompatible {
            reason: "a merged forest has no ranks until `calibrate` shows it rows".to_owned(),
        })?;
        Ok(calibration.rank(score))
    }

    /// Learns the distribution of scores from `x`, and with a contamination in `(0, 0.5]` the
    /// threshold that this share of its rows lies above; without one the threshold is 0.5.
    /// Costs one scoring pass.
    ///
    /// # Errors
    /// [`Error::Empty`] without rows, [`Error::OutOfRange`] for the contamination, and as
    /// [`score`](Score::score). The forest is then as before.
    ///
    /// ```
    /// use forewarn::ndarray::{Array2, s};
    /// use forewarn::prelude::*;
    ///
    /// let rows = Array2::from_shape_fn((1_000, 2), |(i, j)| ((i * 31 + j * 17) % 997) as f64);
    /// let mut forest = IsolationForestParams::default().train(Batch::new(rows.view()))?;
    ///
    /// // Alarm at most once in a hundred rows like last week's.
    /// let week = rows.slice(s![300.., ..]);
    /// forest.calibrate(week, Some(0.01))?;
    /// assert!(forest.anomalies(week)?.iter().filter(|abnormal| **abnormal).count() <= 7);
    /// assert!(forest.rank(forest.threshold())? > 0.9);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn calibrate(&mut self, x: ArrayView2<'_, f64>, contamination: Option<f64>) -> Result<()> {
        contamination.map_or(Ok(()), check_contamination)?;
        let scores = self.score(x)?;
        if scores.is_empty() {
            return Err(Error::Empty { what: "rows" });
        }
        self.calibrate_with(scores.to_vec(), contamination);
        if self.verdicts_suspended() {
            self.relearn();
        }
        Ok(())
    }

    pub(crate) fn calibrate_with(&mut self, mut scores: Vec<f64>, contamination: Option<f64>) {
        self.threshold =
            contamination.map_or(DEFAULT_THRESHOLD, |share| threshold(&mut scores, share));
        self.calibration = Some(Calibration::new(&mut scores));
    }

    /// The score for a sum of leaf values over all trees.
    pub(crate) fn score_of(&self, sum: f64) -> f64 {
        self.score_of_mean(sum / self.trees.len() as f64)
    }

    /// The score for a mean of leaf values over the trees.
    pub(crate) fn score_of_mean(&self, mean: f64) -> f64 {
        let mean = if self.learned.before.is_some() {
            within_bounds(mean, self.average_path, self.params.scoring)
        } else {
            mean
        };
        match self.params.scoring {
            // Where no tree splits, as on rows that are all alike, no row is more abnormal than
            // another. Their mean is `c(psi)` but for rounding, which must not decide.
            Scoring::Depth if self.trees.iter().all(|tree| tree.nodes.len() == 1) => {
                DEFAULT_THRESHOLD
            }
            Scoring::Depth => (-mean / self.average_path).exp2(),
            Scoring::Density => 1.0 / (1.0 + mean.exp2()),
        }
    }

    pub(crate) fn scorer(&self) -> Scorer<'_> {
        Scorer {
            trees: &self.trees,
            columns: self.columns,
            missing: self.missing(),
            programs: &self.programs,
        }
    }

    pub(crate) fn missing(&self) -> Missing {
        self.params.missing
    }

    pub(crate) fn normalisation(&self) -> Normalisation {
        self.params.normalisation
    }

    /// Checks one row's width and values.
    pub(crate) fn check_one(&self, x: &[f64]) -> Result<()> {
        if x.len() != self.columns {
            return Err(Error::Width { expected: self.columns, found: x.len() });
        }
        check_row(x, &self.categorical)
    }
}

impl Score for IsolationForest {
    fn n_features(&self) -> usize {
        self.columns
    }

    /// The score of one row, in `[0, 1]`; 100 trees take about a microsecond. The first call makes
    /// the trees ready to score fast, and so does the first for a row with missing values; after
    /// those nothing is allocated, but for missing values under [`Missing::Spread`].
    fn score_one(&self, x: &[f64]) -> Result<f64> {
        self.check_one(x)?;
        Ok(self.score_of(self.scorer().sum_one(x)))
    }

    fn score(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        self.score_values(x)
    }
}
