//! Training: checks, one stream of random numbers a tree, and trees grown on all cores.

use super::average_path;
use super::check::{check_rows, check_sample, check_values};
use super::grow::{Plan, Sample, grow};
use super::learn::Learned;
use super::model::{DEFAULT_THRESHOLD, IsolationForest};
use super::options::{DepthLimit, Scoring, Split};
use super::params::{IsolationForestParams, MOST_COLUMNS, check_trees};
use super::program::Programs;
use super::sample::Population;
use super::tree::Tree;
use crate::columnar::block::columns_of_rows;
use crate::error::{Error, Result};
use crate::parallel;
use crate::progress::Progress;
use crate::rng::Stream;
use crate::traits::{Batch, Train};
use ndarray::{ArrayView1, ArrayView2};

/// Rows that ranks are learned from where no contamination asks for a look at all of them.
const CALIBRATION_ROWS: usize = 128;

/// Passes over single rows that a thread makes between two questions to the observer: some ten
/// milliseconds, so that Ctrl-C takes effect at once.
const STEPS_BETWEEN_REPORTS: usize = 200_000;

impl Train for IsolationForestParams {
    type Target = ();
    type Model = IsolationForest;

    /// Grows a forest. O(trees · psi · depth), however many rows there are: only rows that a tree
    /// draws are read and checked, and the 128 that ranks are learned from. With a contamination
    /// all rows are, in one scoring pass.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting, [`Error::Empty`] without rows, columns or kinds of
    /// split; [`Error::Infinite`] and [`Error::NotACategory`] for values; [`Error::Length`] unless
    /// there is one weight a row, [`Error::NotANumber`] and [`Error::OutOfRange`] for weights that
    /// are NaN, negative, infinite or all 0.
    fn train(&self, batch: Batch<'_>) -> Result<IsolationForest> {
        self.train_observed(batch, &mut ())
    }
}

impl IsolationForestParams {
    /// Trains as [`train`](Train::train) does, and tells `progress` of the trees done.
    ///
    /// # Errors
    /// As [`train`](Train::train), and [`Error::Cancelled`] when the observer breaks off.
    pub fn train_observed(
        &self,
        batch: Batch<'_>,
        progress: &mut dyn Progress,
    ) -> Result<IsolationForest> {
        self.train_values(batch.x, batch.weight, progress)
    }

    /// Trains on values of any type that converts to `f64` without loss, without a copy of the
    /// whole: only the rows that a tree draws are converted.
    ///
    /// # Errors
    /// As [`train_observed`](Self::train_observed).
    ///
    /// ```
    /// use forewarn::ndarray::Array2;
    /// use forewarn::prelude::*;
    ///
    /// let rows = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f32);
    /// let forest = IsolationForestParams::default().train_values(rows.view(), None, &mut ())?;
    /// let scores = forest.score_values(rows.view())?;
    /// assert_eq!(scores[0], forest.score_one(&[0.0, 17.0])?);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn train_values<T>(
        &self,
        x: ArrayView2<'_, T>,
        weight: Option<ArrayView1<'_, f64>>,
        progress: &mut dyn Progress,
    ) -> Result<IsolationForest>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        self.check()?;
        if x.nrows() == 0 {
            return Err(Error::Empty { what: "rows" });
        }
        if x.ncols() == 0 {
            return Err(Error::Empty { what: "columns" });
        }
        let population = population(x, weight)?;
        let sample_size = population.sample_size(self.subsample, self.replacement);
        let mut forest = IsolationForest {
            params: self.clone(),
            columns: x.ncols(),
            categorical: self.categorical_flags(x.ncols())?,
            trees: Vec::new(),
            sample_size,
            average_path: average_path::average_path_length(sample_size, self.normalisation),
            threshold: DEFAULT_THRESHOLD,
            calibration: None,
            learned: Learned::default(),
            programs: Programs::default(),
        };
        forest.trees = forest.grow_trees(x, &population, 0..self.n_trees, progress)?;
        forest.calibrate_on_training(x)?;
        Ok(forest)
    }

    /// For every column, whether it is declared categorical.
    pub(crate) fn categorical_flags(&self, columns: usize) -> Result<Vec<bool>> {
        if columns > MOST_COLUMNS {
            let allowed = "at most 16,777,216";
            return Err(Error::OutOfRange { name: "columns", value: columns as f64, allowed });
        }
        let mut flags = vec![false; columns];
        for &column in &self.categorical {
            *flags.get_mut(column).ok_or(Error::OutOfRange {
                name: "categorical column",
                value: column as f64,
                allowed: "less than the number of columns",
            })? = true;
        }
        Ok(flags)
    }

    /// How many passes over a node's rows its split takes at most, roughly.
    fn cost_of_a_split(&self) -> usize {
        let cost = |&(_, split): &(f64, Split)| match split {
            Split::Random => 1,
            Split::Extended { level } => level.saturating_add(2),
            // A pass a column, and sorting.
            Split::Guided { columns, candidates, .. } => {
                columns.saturating_add(8).saturating_mul(candidates)
            }
        };
        self.splits.iter().map(cost).max().unwrap_or(1)
    }

    /// Splits per path at most, for trees of `sample_size` rows.
    fn deepest(&self, sample_size: usize) -> Option<u32> {
        match self.depth_limit {
            DepthLimit::Unlimited => None,
            DepthLimit::At(depth) => Some(depth),
            // ceil(log2(n)), of at least 2 rows.
            DepthLimit::Balanced => Some(sample_size.max(2).next_power_of_two().ilog2()),
        }
    }
}

impl IsolationForest {
    /// Grows trees number `range` of this forest's settings.
    fn grow_trees<T>(
        &self,
        x: ArrayView2<'_, T>,
        population: &Population,
        range: std::ops::Range<usize>,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Tree>>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        let sample_size = population.sample_size(self.params.subsample, self.params.replacement);
        let plan = Plan {
            depth_limit: self.params.deepest(sample_size),
            splits: &self.params.splits,
            scoring: self.params.scoring,
            normalisation: self.normalisation(),
            average_path: &average_path::table(sample_size, self.normalisation()),
            missing: self.missing(),
            range_penalty: self.params.range_penalty && self.params.scoring == Scoring::Depth,
        };
        let total = range.len();
        let mut trees: Vec<Tree> = Vec::new();
        // Groups of trees grow on all cores; between groups the observer is asked. Which trees share
        // a group changes nothing in them.
        let cost = sample_size.saturating_mul(self.params.cost_of_a_split()).max(1);
        let group = (STEPS_BETWEEN_REPORTS / cost).max(1).saturating_mul(parallel::threads());
        while trees.len() < total {
            let first = range.start + trees.len();
            let count = group.min(total - trees.len());
            for tree in parallel::map_with(count, Sample::default, |sample, index| {
                self.grow_tree(x, population, sample, &plan, first + index)
            }) {
                trees.push(tree?);
            }
            if progress.advance(trees.len(), total).is_break() {
                return Err(Error::Cancelled { done: trees.len(), total });
            }
        }
        Ok(trees)
    }

    fn grow_tree<T: Copy + Into<f64>>(
        &self,
        x: ArrayView2<'_, T>,
        population: &Population,
        sample: &mut Sample,
        plan: &Plan<'_>,
        index: usize,
    ) -> Result<Tree> {
        let mut stream = Stream::new(self.params.seed, index as u64);
        let sample_size = population.sample_size(self.params.subsample, self.params.replacement);
        let rows = population.draw(sample_size, self.params.replacement, &mut stream);
        let offered = ((self.columns as f64 * self.params.feature_share) as usize).max(1);
        let only = (offered < self.columns).then(|| stream.distinct(self.columns, offered));
        sample.rows = rows.len();
        // Only its length matters: every value is overwritten.
        sample.values.resize(rows.len() * offered, 0.0);
        let values = &mut sample.values;
        columns_of_rows(x, rows.len(), |index| rows[index] as usize, only.as_deref(), values);
        sample.categorical.clear();
        match &only {
            None => sample.categorical.extend(&self.categorical),
            Some(only) => {
                let flags = only.iter().map(|&column| self.categorical[column as usize]);
                sample.categorical.extend(flags);
            }
        }
        sample.find_gaps();
        check_sample(sample, |index, column| {
            (rows[index] as usize, only.as_ref().map_or(column, |only| only[column] as usize))
        })?;
        let mut tree = grow(sample, plan, &mut stream);
        if let Some(only) = only {
            tree.rename_columns(&only);
        }
        Ok(tree)
    }

    /// Threshold and ranks from the training rows: all of them for a contamination, else some.
    fn calibrate_on_training<T>(&mut self, x: ArrayView2<'_, T>) -> Result<()>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        let scores = if let Some(rows) = self.calibration_rows(x.nrows()) {
            check_rows(x, &rows, &self.categorical)?;
            parallel::map(rows.len(), |index| {
                let row: Vec<f64> =
                    x.row(rows[index] as usize).iter().map(|&value| value.into()).collect();
                self.score_of(self.scorer().sum_one(&row))
            })
        } else {
            self.score_values(x)?.to_vec()
        };
        self.calibrate_with(scores, self.params.contamination);
        Ok(())
    }

    /// Which of the training rows ranks are learned from; `None` for all.
    fn calibration_rows(&self, rows: usize) -> Option<Vec<u32>> {
        let all = self.params.contamination.is_some() || rows <= CALIBRATION_ROWS;
        (!all).then(|| Stream::new(self.params.seed, u64::MAX).distinct(rows, CALIBRATION_ROWS))
    }

    /// Grows `more` trees on `batch`, as if the forest had been trained with so many more from the
    /// beginning: on the same rows, 60 trees extended by 40 are the forest of 100. Threshold and
    /// ranks are learned anew from these rows, with the contamination of the settings; verdicts are
    /// learned anew over all trees. Takes as long as training `more` trees.
    ///
    /// # Errors
    /// As [`train`](Train::train), [`Error::Width`], and [`Error::OutOfRange`] for more than
    /// 16,777,216 trees. The forest is then as before.
    ///
    /// ```
    /// use forewarn::ndarray::Array2;
    /// use forewarn::prelude::*;
    ///
    /// let rows = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
    /// let batch = Batch::new(rows.view());
    /// let mut forest = IsolationForestParams::default().n_trees(60).train(batch)?;
    /// forest.extend(batch, 40)?;
    /// assert_eq!(forest, IsolationForestParams::default().n_trees(100).train(batch)?);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn extend(&mut self, batch: Batch<'_>, more: usize) -> Result<()> {
        self.extend_observed(batch, more, &mut ())
    }

    /// As [`extend`](Self::extend), telling `progress` of the trees done.
    ///
    /// # Errors
    /// As [`extend`](Self::extend), and [`Error::Cancelled`].
    pub fn extend_observed(
        &mut self,
        batch: Batch<'_>,
        more: usize,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        self.extend_values(batch.x, batch.weight, more, progress)
    }

    /// As [`extend_observed`](Self::extend_observed), on values of any type that converts to `f64`
    /// without loss.
    ///
    /// # Errors
    /// As [`extend_observed`](Self::extend_observed).
    pub fn extend_values<T>(
        &mut self,
        x: ArrayView2<'_, T>,
        weight: Option<ArrayView1<'_, f64>>,
        more: usize,
        progress: &mut dyn Progress,
    ) -> Result<()>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        if x.ncols() != self.columns {
            return Err(Error::Width { expected: self.columns, found: x.ncols() });
        }
        if x.nrows() == 0 {
            return Err(Error::Empty { what: "rows" });
        }
        let old = self.trees.len();
        check_trees("more", more, old.saturating_add(more))?;
        let population = population(x, weight)?;
        let sample_size = population.sample_size(self.params.subsample, self.params.replacement);
        // Now, not when they are scored: then the forest would already have changed.
        match self.calibration_rows(x.nrows()) {
            Some(rows) => check_rows(x, &rows, &self.categorical)?,
            None => check_values(x, &self.categorical)?,
        }
        let new = self.grow_trees(x, &population, old..old + more, progress)?;
        let average_path = average_path::average_path_length(sample_size, self.normalisation());
        // Not where they agree: rounding would keep 60 + 40 trees from being the 100.
        if average_path != self.average_path {
            let sum = self.average_path * old as f64 + average_path * more as f64;
            self.average_path = sum / (old + more) as f64;
        }
        self.sample_size = self.sample_size.max(sample_size);
        self.suspend_verdicts();
        self.trees.extend(new);
        self.params.n_trees = self.trees.len();
        self.programs = Programs::default();
        self.calibrate_on_training(x)?;
        self.relearn();
        Ok(())
    }
}

/// The rows to draw from; their numbers and the columns' must fit 32 bits.
fn population<T>(x: ArrayView2<'_, T>, weight: Option<ArrayView1<'_, f64>>) -> Result<Population> {
    if x.nrows() >= u32::MAX as usize || x.ncols() >= u32::MAX as usize {
        let (name, value) = ("rows or columns", x.nrows().max(x.ncols()) as f64);
        return Err(Error::OutOfRange { name, value, allowed: "at most 4,294,967,294" });
    }
    Population::new(x.nrows(), weight)
}
