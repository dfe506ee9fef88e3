//! The whole contract on one screen: what learns, what scores, what keeps learning, what is tuned.
//!
//! All four traits are dyn-compatible. A score is a rank of risk: **higher is worse**, everywhere.

use crate::error::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};

/// Borrowed training data: named arguments, not a data set class.
#[derive(Debug)]
pub struct Batch<'a, Y: ?Sized = ()> {
    /// Rows × features. NaN is a missing value; ±∞ is an error.
    pub x: ArrayView2<'a, f64>,
    /// What each row should teach; `()` where nothing is to be predicted.
    pub y: &'a Y,
    /// One weight a row, finite and at least 0, with a positive sum; `None` weighs all alike.
    pub weight: Option<ArrayView1<'a, f64>>,
}

impl<Y: ?Sized> Clone for Batch<'_, Y> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Y: ?Sized> Copy for Batch<'_, Y> {}

impl<'a> Batch<'a> {
    /// Rows without a target.
    #[must_use]
    pub fn new(x: ArrayView2<'a, f64>) -> Self {
        Self { x, y: &(), weight: None }
    }
}

impl<'a, Y: ?Sized> Batch<'a, Y> {
    /// The same batch, borrowed for less long: the views of `ndarray` do not shrink by themselves.
    pub(crate) fn reborrow<'b>(self) -> Batch<'b, Y>
    where
        'a: 'b,
    {
        Batch { x: self.x.reborrow(), y: self.y, weight: self.weight.map(ArrayView1::reborrow) }
    }

    /// The same rows with a target.
    #[must_use]
    pub fn with_target<'b, Z: ?Sized>(self, y: &'b Z) -> Batch<'b, Z>
    where
        'a: 'b,
    {
        Batch { x: self.x.reborrow(), y, weight: self.weight.map(ArrayView1::reborrow) }
    }

    /// The same rows, weighted.
    #[must_use]
    pub fn with_weight<'b>(self, weight: ArrayView1<'b, f64>) -> Batch<'b, Y>
    where
        'a: 'b,
    {
        Batch { weight: Some(weight), ..self.reborrow() }
    }
}

/// Settings that learn a model.
pub trait Train {
    /// What is to be predicted: `()`, `[bool]`, …
    type Target: ?Sized;
    /// What training gives.
    type Model;

    /// Learns from a batch.
    ///
    /// # Errors
    /// A setting out of its range, or data that cannot be learned from: see the implementor.
    fn train(&self, batch: Batch<'_, Self::Target>) -> Result<Self::Model>;
}

/// Ranks observations by risk; higher is worse. Detectors and failure classifiers alike.
pub trait Score: Send + Sync {
    /// Columns of the training data.
    fn n_features(&self) -> usize;

    /// The score of one row.
    ///
    /// # Errors
    /// [`Error::Width`] for another number of values than [`n_features`](Self::n_features),
    /// [`Error::Infinite`] for ±∞.
    fn score_one(&self, x: &[f64]) -> Result<f64>;

    /// The scores of many rows, equal to [`score_one`](Self::score_one) on each.
    ///
    /// # Errors
    /// As [`score_one`](Self::score_one), with the position of the first offending value.
    fn score(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        let mut row = vec![0.0; x.ncols()];
        x.rows()
            .into_iter()
            .enumerate()
            .map(|(index, values)| {
                row.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
                self.score_one(&row).map_err(|error| match error {
                    Error::Infinite { column, value, .. } => {
                        Error::Infinite { row: index, column, value }
                    }
                    Error::NotACategory { column, value, largest, .. } => {
                        Error::NotACategory { row: index, column, value, largest }
                    }
                    other => other,
                })
            })
            .collect()
    }
}

/// A scorer that learns as it goes.
pub trait Update: Score {
    /// Learns from one row.
    ///
    /// # Errors
    /// As [`Score::score_one`]; a refused row leaves the state as it was.
    fn update(&mut self, x: &[f64]) -> Result<()>;
}

/// Ask and tell: thresholds, breaker settings, any knob turned by feedback.
pub trait Tune {
    /// What is told.
    type Feedback;
    /// What is asked.
    type Setting;

    /// The setting to use now.
    fn setting(&self) -> Self::Setting;

    /// Learns from what happened.
    ///
    /// # Errors
    /// Feedback that cannot be (a clock that went back, NaN) is refused and the state kept.
    fn observe(&mut self, feedback: Self::Feedback) -> Result<()>;
}
