//! One forest from several.

use super::model::{DEFAULT_THRESHOLD, IsolationForest};
use crate::error::{Error, Result};

impl IsolationForest {
    /// Puts forests that were trained apart together: the way to train over partitions of the
    /// data, on many machines or over time. The mean path lengths are those of all trees alike;
    /// weigh partitions by how many trees they train.
    ///
    /// Give each forest a seed of its own: forests of one seed draw the same places in the data and
    /// the same columns.
    ///
    /// The threshold is 0.5 and there are no ranks until [`calibrate`](Self::calibrate) shows the
    /// merged forest some rows: scores of a partition's forest say nothing of the others' rows.
    /// The verdicts of all forests are kept, and take effect then too. Other settings are the first
    /// forest's. O(trees).
    ///
    /// # Errors
    /// [`Error::Empty`] without forests; [`Error::Width`]; [`Error::Incompatible`] where scoring,
    /// normalisation, missing values or categorical columns differ.
    ///
    /// ```
    /// use forewarn::ndarray::{Array2, s};
    /// use forewarn::prelude::*;
    ///
    /// let rows = Array2::from_shape_fn((600, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
    /// let train = |part, seed| IsolationForestParams::default().seed(seed).train(Batch::new(part));
    /// let morning = train(rows.slice(s![..300, ..]), 1)?;
    /// let evening = train(rows.slice(s![300.., ..]), 2)?;
    ///
    /// let mut day = IsolationForest::merge(vec![morning, evening])?;
    /// day.calibrate(rows.view(), Some(0.01))?;
    /// assert_eq!(day.n_trees(), 200);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn merge(forests: Vec<Self>) -> Result<Self> {
        let mut forests = forests.into_iter();
        let mut merged = forests.next().ok_or(Error::Empty { what: "forests" })?;
        merged.suspend_verdicts();
        let mut sum = merged.average_path * merged.trees.len() as f64;
        for mut forest in forests {
            forest.suspend_verdicts();
            merged.check_compatible(&forest)?;
            sum += forest.average_path * forest.trees.len() as f64;
            merged.sample_size = merged.sample_size.max(forest.sample_size);
            merged.trees.extend(forest.trees);
            merged.learned.absorb(forest.learned);
        }
        merged.average_path = sum / merged.trees.len() as f64;
        merged.params.n_trees = merged.trees.len();
        merged.params.contamination = None;
        merged.threshold = DEFAULT_THRESHOLD;
        merged.calibration = None;
        merged.programs = super::program::Programs::default();
        Ok(merged)
    }

    fn check_compatible(&self, other: &Self) -> Result<()> {
        if self.columns != other.columns {
            return Err(Error::Width { expected: self.columns, found: other.columns });
        }
        let (mine, theirs) = (&self.params, &other.params);
        let differs = |what: &str, a: &dyn std::fmt::Debug, b: &dyn std::fmt::Debug| {
            let reason = format!("forests with {what} {a:?} and {b:?} cannot be merged");
            Err(Error::Incompatible { reason })
        };
        if mine.scoring != theirs.scoring {
            return differs("scoring", &mine.scoring, &theirs.scoring);
        }
        if mine.normalisation != theirs.normalisation {
            return differs("normalisation", &mine.normalisation, &theirs.normalisation);
        }
        if mine.missing != theirs.missing {
            return differs("missing values policy", &mine.missing, &theirs.missing);
        }
        if self.categorical != other.categorical {
            return differs("categorical columns", &mine.categorical, &theirs.categorical);
        }
        Ok(())
    }
}
