//! Training: checks, one stream of random numbers a tree, and trees grown on all cores.

use super::average_path;
use super::block::columns_of_rows;
use super::check::check_sample;
use super::grow::{Plan, Sample, grow};
use super::learn::Learned;
use super::model::{DEFAULT_THRESHOLD, IsolationForest};
use super::options::{DepthLimit, Scoring};
use super::params::{IsolationForestParams, MOST_COLUMNS};
use super::program::Programs;
use super::sample::Population;
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::parallel;
use crate::progress::Progress;
use crate::rng::Stream;
use crate::traits::{Batch, Train};
use ndarray::{ArrayView1, ArrayView2};
use std::time::{Duration, Instant};

/// Rows that ranks are learned from where no contamination asks for a look at all of them.
const CALIBRATION_ROWS: usize = 256;

/// The observer is asked about this often, so that Ctrl-C takes effect at once.
const BETWEEN_REPORTS: Duration = Duration::from_millis(20);

impl Train for IsolationForestParams {
    type Target = ();
    type Model = IsolationForest;

    /// Grows a forest. O(trees · psi · depth), however many rows there are: only rows that a tree
    /// draws are read and checked, and the 256 that ranks are learned from. With a contamination
    /// all rows are, in one scoring pass.
    ///
    /// # Errors
    /// A setting out of its range; [`Error::Empty`] without rows or columns;
    /// [`Error::Infinite`], [`Error::NotACategory`]; a weight that is negative, NaN or infinite,
    /// or all weights zero.
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
        let mut trees: Vec<Tree> = Vec::with_capacity(total);
        // Groups of trees grow on all cores; between groups the observer is asked. A group doubles
        // while it is quick. Which trees share a group changes nothing in them.
        let mut group = parallel::threads();
        while trees.len() < total {
            let start = Instant::now();
            let first = range.start + trees.len();
            for tree in parallel::map(group.min(total - trees.len()), |index| {
                self.grow_tree(x, population, sample_size, &plan, first + index)
            }) {
                trees.push(tree?);
            }
            if progress.advance(trees.len(), total).is_break() {
                return Err(Error::Cancelled { done: trees.len(), total });
            }
            if start.elapsed() < BETWEEN_REPORTS {
                group *= 2;
            }
        }
        Ok(trees)
    }

    fn grow_tree<T: Copy + Into<f64>>(
        &self,
        x: ArrayView2<'_, T>,
        population: &Population,
        sample_size: usize,
        plan: &Plan<'_>,
        index: usize,
    ) -> Result<Tree> {
        let mut stream = Stream::new(self.params.seed, index as u64);
        let rows = population.draw(sample_size, self.params.replacement, &mut stream);
        let offered = ((self.columns as f64 * self.params.feature_share) as usize).max(1);
        let only = (offered < self.columns).then(|| stream.distinct(self.columns, offered));
        let mut values = vec![0.0; rows.len() * offered];
        columns_of_rows(x, rows.len(), |index| rows[index] as usize, only.as_deref(), &mut values);
        let categorical = match &only {
            None => self.categorical.clone(),
            Some(only) => only.iter().map(|&column| self.categorical[column as usize]).collect(),
        };
        check_sample(&values, &categorical, |index, column| {
            (rows[index] as usize, only.as_ref().map_or(column, |only| only[column] as usize))
        })?;
        let sample = Sample { rows: rows.len(), values, categorical };
        let mut tree = grow(&sample, plan, &mut stream);
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
        let contamination = self.params.contamination;
        let scores = if contamination.is_some() || x.nrows() <= CALIBRATION_ROWS {
            self.score_values(x)?.to_vec()
        } else {
            let mut stream = Stream::new(self.params.seed, u64::MAX);
            let rows = stream.distinct(x.nrows(), CALIBRATION_ROWS);
            parallel::map(rows.len(), |index| {
                let row: Vec<f64> =
                    x.row(rows[index] as usize).iter().map(|&value| value.into()).collect();
                self.score_of(self.scorer().sum_one(&row))
            })
        };
        self.calibrate_with(scores, contamination);
        Ok(())
    }

    /// Grows `more` trees on `batch`, as if the forest had been trained with so many more from the
    /// beginning: on the same rows, 60 trees extended by 40 are the forest of 100. Threshold and
    /// ranks are learned anew from these rows; what verdicts taught the old leaves is kept.
    ///
    /// # Errors
    /// As [`train`](Train::train), and [`Error::Width`]. The forest is then as before.
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

    /// As [`extend_observed`](Self::extend_observed), on values of any type.
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
        let population = population(x, weight)?;
        let (old, sample_size) = (
            self.trees.len(),
            population.sample_size(self.params.subsample, self.params.replacement),
        );
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
