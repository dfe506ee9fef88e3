//! Training on each split, and what the models say of the rows held out.

use super::splits::Split;
use crate::error::{Error, Result};
use crate::traits::{Batch, Score, Train};
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};
use std::borrow::Borrow;

/// A target of which some rows can be taken: `()`, `[bool]`, `[f64]`, any slice.
pub trait SelectRows {
    /// The rows taken.
    type Owned: Borrow<Self>;

    /// How many rows there are; `None` if it does not matter.
    fn rows(&self) -> Option<usize>;

    /// The rows of these numbers, in that order. Each is below [`rows`](Self::rows).
    fn select_rows(&self, rows: &[usize]) -> Self::Owned;
}

impl SelectRows for () {
    type Owned = ();

    fn rows(&self) -> Option<usize> {
        None
    }

    fn select_rows(&self, _rows: &[usize]) {}
}

impl<T: Clone> SelectRows for [T] {
    type Owned = Vec<T>;

    fn rows(&self) -> Option<usize> {
        Some(self.len())
    }

    fn select_rows(&self, rows: &[usize]) -> Vec<T> {
        rows.iter().map(|&row| self[row].clone()).collect()
    }
}

/// What the models said of the rows that they had not seen, in the order of the splits.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HeldOut<T = f64> {
    /// Row and what was said of it, one list a split.
    pub folds: Vec<Vec<(usize, T)>>,
}

impl<T: Clone> HeldOut<T> {
    /// What was said, of all splits.
    #[must_use]
    pub fn scores(&self) -> Vec<T> {
        self.folds.iter().flatten().map(|(_, score)| score.clone()).collect()
    }

    /// The entries of another list, such as the labels, that go with [`scores`](Self::scores).
    ///
    /// # Panics
    /// If the list is shorter than the table was.
    #[must_use]
    pub fn select<V: Clone>(&self, values: &[V]) -> Vec<V> {
        self.folds.iter().flatten().map(|(row, _)| values[*row].clone()).collect()
    }
}

/// Trains on each split and scores its test rows.
///
/// Scores of different splits come from different models. They can be put together where the scale is
/// the same, as it is for probabilities; else judge each of [`HeldOut::folds`] by itself. Splits are
/// worked on one after the other, each on all cores. Takes the time of the trainings, and memory for
/// a copy of the rows of one.
///
/// # Errors
/// As training and scoring; [`Error::Length`] for a target or weights of another length than the rows;
/// [`Error::OutOfRange`] for a row number beyond the table.
///
/// ```
/// # #[cfg(feature = "forest")] {
/// use forewarn::ndarray::Array2;
/// use forewarn::prelude::*;
/// use forewarn::validate::{TimeFolds, cross_score};
///
/// let rows = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
/// let hours: Vec<f64> = (0..300).map(f64::from).collect();
/// let splits = TimeFolds::new(2).embargo(24.0).split(&hours)?;
/// let held_out = cross_score(&IsolationForestParams::default(), Batch::new(rows.view()), splits)?;
/// // The first stretch is never tested on.
/// assert_eq!(held_out.scores().len(), 200);
/// assert_eq!(held_out.select(&hours)[0], 100.0);
/// # }
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn cross_score<P>(
    params: &P,
    batch: Batch<'_, P::Target>,
    splits: impl IntoIterator<Item = Split>,
) -> Result<HeldOut>
where
    P: Train,
    P::Target: SelectRows,
    P::Model: Score,
{
    cross_with(params, batch, splits, |model, x| Ok(model.score(x)?.to_vec()))
}

/// As [`cross_score`], with a closure for what is asked of a model: one answer a row.
///
/// # Errors
/// As [`cross_score`], whatever the closure returns, and [`Error::Length`] if it does not answer for
/// each row.
///
/// ```
/// # #[cfg(feature = "forest")] {
/// use forewarn::ndarray::Array2;
/// use forewarn::prelude::*;
/// use forewarn::validate::{cross_with, k_fold};
///
/// let rows = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
/// let splits = k_fold(&[false; 300], 3, 0)?;
/// let params = IsolationForestParams::default().contamination(Some(0.1));
/// let alarms = cross_with(&params, Batch::new(rows.view()), splits, |forest, x| {
///     Ok(forest.score(x)?.iter().map(|&score| score > forest.threshold()).collect())
/// })?;
/// assert!(alarms.scores().iter().filter(|&&alarm| alarm).count() < 60);
/// # }
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn cross_with<P, T>(
    params: &P,
    batch: Batch<'_, P::Target>,
    splits: impl IntoIterator<Item = Split>,
    predict: impl Fn(&P::Model, ArrayView2<'_, f64>) -> Result<Vec<T>>,
) -> Result<HeldOut<T>>
where
    P: Train,
    P::Target: SelectRows,
{
    let table = batch.x.nrows();
    let lengths =
        [("targets", batch.y.rows()), ("weights", batch.weight.as_ref().map(ArrayView1::len))];
    for (what, length) in lengths {
        if let Some(found) = length
            && found != table
        {
            return Err(Error::Length { what, expected: table, found });
        }
    }
    let fold = |Split { train, test }: Split| {
        if let Some(&row) = train.iter().chain(&test).find(|&&row| row >= table) {
            let allowed = "below the number of rows";
            return Err(Error::OutOfRange { name: "row", value: row as f64, allowed });
        }
        let x = batch.x.select(Axis(0), &train);
        let y = batch.y.select_rows(&train);
        let weight: Option<Array1<f64>> = batch.weight.map(|w| w.select(Axis(0), &train));
        let weight = weight.as_ref().map(Array1::view);
        let model = params.train(Batch { x: x.view(), y: y.borrow(), weight })?;
        let answers = predict(&model, batch.x.select(Axis(0), &test).view())?;
        if answers.len() != test.len() {
            let (expected, found) = (test.len(), answers.len());
            return Err(Error::Length { what: "answers", expected, found });
        }
        Ok(test.into_iter().zip(answers).collect())
    };
    Ok(HeldOut { folds: splits.into_iter().map(fold).collect::<Result<_>>()? })
}
