//! What changed: contributions of the columns to the rise of the mean score between two sets of
//! rows.

use super::explain::largest;
use super::model::IsolationForest;
use crate::error::{Error, Result};
use ndarray::{ArrayView2, Axis};

/// Why some rows score other than rows before them: made by
/// [`IsolationForest::explain_change`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Change {
    /// The mean score of the rows before.
    pub before: f64,
    /// The mean score of the rows during.
    pub during: f64,
    /// One number a column, in score units; they add up to `during − before`. Positive: the
    /// column makes the rows more abnormal than those before. Negative: less.
    pub contributions: Vec<f64>,
}

impl Change {
    /// The `k` columns that raised the score most, with their contributions, the largest first;
    /// equal ones in the order of the columns. All columns where there are fewer than `k`.
    #[must_use]
    pub fn top(&self, k: usize) -> Vec<(usize, f64)> {
        largest(&self.contributions, k)
    }
}

impl IsolationForest {
    /// What changed: why the rows `during` score other than the rows `before`, one contribution a
    /// column.
    ///
    /// [`explain_one`](Self::explain_one) asks what sets a row apart from the training rows, and
    /// in a service that has drifted since training this is, for the most part, the drift. An
    /// incident is about something else: what is different from just before. With `c_j(x)` the
    /// contributions of [`explain_one`](Self::explain_one)
    /// ```text
    /// contribution_j = mean over during of c_j(x) − mean over before of c_j(x)
    /// ```
    /// so that they add up to the mean score during less the mean score before, to about 1e-12.
    /// Swapped sets give the negative of every contribution, and a set against itself gives
    /// zeros.
    ///
    /// `during` holds the rows of the incident, or only its most abnormal one; `before` the 15 to
    /// 120 rows ahead of it, which must be free of it and as many as a normal fluctuation needs to
    /// average out. Both may have any number of rows and any type that converts to `f64` without
    /// loss; the same hour of a normal day will do, too. A column that is the same in both still
    /// gets a small share where others changed, because trees ask for columns together. A column
    /// that is constant in nearly all training rows is seldom asked for, and is named less surely
    /// than its change deserves.
    ///
    /// Costs what [`explain`](Self::explain) costs on all rows of both sets: 60 rows before and 10
    /// during cost some 3 ms on one core with the default forest, some 30 ms with the accurate
    /// one. On all cores, the same bits on any number of them. Needs room for one number a row
    /// and column.
    ///
    /// ```
    /// use forewarn::ndarray::Array2;
    /// use forewarn::prelude::*;
    ///
    /// let rows = Array2::from_shape_fn((500, 3), |(i, j)| ((i * (7 + j)) % 101) as f64);
    /// let forest = IsolationForestParams::default().train(Batch::new(rows.view()))?;
    ///
    /// // The first column has been far too high for long. Now the last one rises as well.
    /// let recent = |rise: f64| {
    ///     Array2::from_shape_fn((30, 3), |(i, j)| match j {
    ///         0 => 400.0,
    ///         1 => rows[[i, 1]],
    ///         _ => rows[[i, 2]] + rise,
    ///     })
    /// };
    /// let (before, during) = (recent(0.0), recent(150.0));
    /// let why = forest.explain_one(&during.row(10).to_vec())?;
    /// assert!(why.contributions[0] > 0.02);
    ///
    /// let change = forest.explain_change(before.view(), during.view())?;
    /// assert!(change.contributions[0].abs() < 0.01);
    /// assert_eq!(change.top(1)[0].0, 2);
    /// let sum: f64 = change.contributions.iter().sum();
    /// assert!((sum - (change.during - change.before)).abs() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] where either set has no rows, and as [`score`](crate::traits::Score::score)
    /// for the values of `before`, then for those of `during`.
    pub fn explain_change<T>(
        &self,
        before: ArrayView2<'_, T>,
        during: ArrayView2<'_, T>,
    ) -> Result<Change>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        for (rows, what) in [(before.nrows(), "rows before"), (during.nrows(), "rows during")] {
            if rows == 0 {
                return Err(Error::Empty { what });
            }
        }
        let (score_before, usual) = self.mean_explanation(before)?;
        let (score_during, now) = self.mean_explanation(during)?;
        let contributions = now.iter().zip(&usual).map(|(now, usual)| now - usual).collect();
        Ok(Change { before: score_before, during: score_during, contributions })
    }

    /// The mean score, and the mean contribution of every column. There is at least one row.
    fn mean_explanation<T>(&self, x: ArrayView2<'_, T>) -> Result<(f64, Vec<f64>)>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        let rows = x.nrows() as f64;
        let contributions = self.explain_values(x)?.sum_axis(Axis(0)) / rows;
        Ok((self.score_values(x)?.sum() / rows, contributions.to_vec()))
    }
}
