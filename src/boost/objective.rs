//! What is to be learned, and what becomes of the trees.

use super::ensemble::Ensemble;
use super::loss::Loss;
use super::params::BoostingParams;
use super::report::TrainingReport;
use crate::error::Result;
use ndarray::{Array2, ArrayView2};

/// What is to be learned: makes a [`Loss`] of labels, and a model of the trees that lowered it.
///
/// Implement it (and [`Loss`]) to train on a loss of your own. The simplest model is the
/// [`Ensemble`] itself:
///
/// ```
/// use forewarn::boost::{BoostingParams, Derivatives, Ensemble, Fitted, Link, Loss, Objective};
/// use forewarn::ndarray::Array2;
/// use forewarn::prelude::*;
///
/// /// Squared loss on the logarithm of the target.
/// #[derive(Default)]
/// struct Logarithm;
/// struct OfLogarithms(Vec<f64>);
///
/// impl Loss for OfLogarithms {
///     fn rows(&self) -> usize {
///         self.0.len()
///     }
///     fn start(&self) -> Vec<f64> {
///         vec![self.0.iter().sum::<f64>() / self.0.len() as f64]
///     }
///     fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]) {
///         for (to, (score, target)) in derivatives.iter_mut().zip(scores.iter().zip(&self.0)) {
///             *to = [(score - target) as f32, 1.0];
///         }
///     }
///     fn value(&self, scores: &[f64]) -> f64 {
///         let squares = scores.iter().zip(&self.0).map(|(score, target)| (score - target).powi(2));
///         squares.sum::<f64>() / self.0.len() as f64
///     }
///     fn link(&self) -> Link {
///         Link::Exponential
///     }
/// }
///
/// impl Objective for Logarithm {
///     type Label = f64;
///     type Model = Ensemble;
///     fn loss<'a>(&'a self, labels: &'a [f64], _weight: Option<&'a [f64]>) -> Result<Box<dyn Loss + 'a>> {
///         Ok(Box::new(OfLogarithms(labels.iter().map(|label| label.ln()).collect())))
///     }
///     fn finish(&self, fitted: Fitted<'_, f64>) -> Result<Ensemble> {
///         Ok(fitted.ensemble)
///     }
/// }
///
/// let x = Array2::from_shape_fn((200, 1), |(row, _)| row as f64);
/// let y: Vec<f64> = x.iter().map(|x| (x / 40.0).exp()).collect();
/// let params = BoostingParams::<Logarithm>::default();
/// let model = params.train(Batch::new(x.view()).with_target(&y[..]))?;
/// assert!((model.predict(x.view())?[(100, 0)] - y[100]).abs() < 0.5);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub trait Objective: Sync {
    /// What is known of a training row: `bool`, `u32`, `f64`, ….
    type Label: Clone + Sync;
    /// What training gives.
    type Model;

    /// Default settings, from those that suit most objectives: these, unless told otherwise.
    #[must_use]
    fn settings(usual: BoostingParams<Self>) -> BoostingParams<Self>
    where
        Self: Sized,
    {
        usual
    }

    /// The loss of rows with these labels. `weight`: one a row, finite, above 0; all alike if `None`.
    ///
    /// # Errors
    /// Labels that cannot be learned from.
    fn loss<'a>(
        &'a self,
        labels: &'a [Self::Label],
        weight: Option<&'a [f64]>,
    ) -> Result<Box<dyn Loss + 'a>>;

    /// The loss of held-out rows, which need not be such as could be learned from: they may be of a
    /// single class. As [`loss`](Self::loss), unless told otherwise.
    ///
    /// # Errors
    /// Labels that do not go with those of the training rows.
    fn held_out_loss<'a>(
        &'a self,
        labels: &'a [Self::Label],
        weight: Option<&'a [f64]>,
        training: &[Self::Label],
    ) -> Result<Box<dyn Loss + 'a>> {
        let _ = training;
        self.loss(labels, weight)
    }

    /// Rows that stand for those of the table, for a loss that looks at each of them at several times:
    /// its rows are then these. `training` are the labels that trees are grown on. None but where the
    /// objective says otherwise.
    ///
    /// # Errors
    /// Labels that cannot be learned from.
    fn repeated(
        &self,
        labels: &[Self::Label],
        training: &[Self::Label],
    ) -> Result<Option<Repeated>> {
        let _ = (labels, training);
        Ok(None)
    }

    /// Rows with the same number are of one kind: each kind gives its share to the held-out rows.
    fn kind(label: &Self::Label) -> u32 {
        let _ = label;
        0
    }

    /// What [`finish`](Self::finish) will take off the starting score of each output, if it does: a
    /// training that goes on from a finished model has to put it back first.
    fn correction(&self, labels: &[Self::Label], weight: Option<&[f64]>) -> Vec<f64> {
        let _ = (labels, weight);
        Vec::new()
    }

    /// Whether labels and weights are all that the objective knows of the rows, so that it may be asked
    /// for the [`loss`](Self::loss) of the same rows in another order: large tables are then learned
    /// from faster. No, unless told otherwise.
    fn takes_any_order(&self) -> bool {
        false
    }

    /// Whether [`finish`](Self::finish) needs rows that no tree was grown on. Without any that were
    /// given or set aside, each row is then scored by trees that were grown on the other four fifths.
    fn wants_held_out(&self) -> bool {
        false
    }

    /// Columns that tell the labels apart too well to be true: warnings, not errors.
    fn suspicion(&self, labels: &[Self::Label], bins: &mut dyn Iterator<Item = u8>) -> Option<f64> {
        let _ = (labels, bins);
        None
    }

    /// The model.
    ///
    /// # Errors
    /// What the objective makes of the trees beyond adding them up cannot be made.
    fn finish(&self, fitted: Fitted<'_, Self::Label>) -> Result<Self::Model>;
}

/// Rows of a table, some more than once and some not at all, with one more value each: a last column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Repeated {
    /// The row of the table that each is a copy of.
    pub rows: Vec<usize>,
    /// The last value of each: finite.
    pub last: Vec<f64>,
}

impl Repeated {
    /// The rows.
    pub(crate) fn of(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let columns = x.ncols();
        Array2::from_shape_fn((self.rows.len(), columns + 1), |(row, column)| {
            if column < columns { x[(self.rows[row], column)] } else { self.last[row] }
        })
    }
}

/// Rows with their labels, and the raw scores that the trees give them.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Scored<'a, L> {
    /// One a row.
    pub labels: &'a [L],
    /// One a row, or all alike.
    pub weight: Option<&'a [f64]>,
    /// The number of each row's group, where training was told [groups](super::Training::groups).
    pub groups: Option<&'a [usize]>,
    /// By output, then by row; by [repeated](Objective::repeated) row, if there are such.
    pub raw: &'a [f64],
}

/// What training has found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fitted<'a, L> {
    /// The trees.
    pub ensemble: Ensemble,
    /// How training went.
    pub report: TrainingReport,
    /// The rows that the trees were grown on.
    pub training: Scored<'a, L>,
    /// The rows that were held out, if any were; or, where the objective
    /// [wants some](Objective::wants_held_out), the training rows scored by trees that were not grown
    /// on them.
    pub held_out: Option<Scored<'a, L>>,
}
