//! smartcore: any settings that train a scorer as its `SupervisedEstimator`, for its
//! cross-validation.

use crate::error::{Error, Result};
use crate::traits::{Batch, Score, Train};
use smartcore::api::{Predictor, SupervisedEstimator};
use smartcore::error::Failed;
use smartcore::linalg::basic::arrays::{Array1, Array2};
use std::borrow::Borrow;

/// A target that can be made of smartcore's numbers: `()` of any, `[bool]` of 0 and 1, `[f64]`.
pub trait FromNumbers {
    /// The target, owned.
    type Owned: Borrow<Self>;

    /// The target.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a label that is neither 0 nor 1.
    fn from_numbers(numbers: Vec<f64>) -> Result<Self::Owned>;
}

impl FromNumbers for () {
    type Owned = ();

    fn from_numbers(_numbers: Vec<f64>) -> Result<()> {
        Ok(())
    }
}

impl FromNumbers for [f64] {
    type Owned = Vec<f64>;

    fn from_numbers(numbers: Vec<f64>) -> Result<Vec<f64>> {
        Ok(numbers)
    }
}

impl FromNumbers for [bool] {
    type Owned = Vec<bool>;

    fn from_numbers(numbers: Vec<f64>) -> Result<Vec<bool>> {
        let label = |value| match value {
            0.0 | 1.0 => Ok(value == 1.0),
            _ => Err(Error::OutOfRange { name: "label", value, allowed: "0 or 1" }),
        };
        numbers.into_iter().map(label).collect()
    }
}

/// A model of smartcore's kind, trained by settings `P` (with the feature `smartcore`): predictions
/// are scores.
///
/// ```
/// use forewarn::SmartcoreEstimator;
/// use forewarn::forest::IsolationForestParams;
/// use forewarn::metrics::roc_auc;
/// use smartcore::linalg::basic::matrix::DenseMatrix;
/// use smartcore::model_selection::{KFold, cross_validate};
///
/// let rows: Vec<Vec<f64>> = (0..200).map(|i| vec![(i % 19 + i % 20 / 19 * 50) as f64]).collect();
/// let x = DenseMatrix::from_2d_vec(&rows)?;
/// let y: Vec<f64> = (0..200).map(|i| (i % 20 / 19) as f64).collect();
/// let folds = KFold::default().with_n_splits(4).with_shuffle(false);
/// let auc = |truth: &Vec<f64>, scores: &Vec<f64>| {
///     let failed: Vec<bool> = truth.iter().map(|&y| y == 1.0).collect();
///     roc_auc(&failed, scores).unwrap_or(f64::NAN)
/// };
/// let params = IsolationForestParams::default();
/// let result = cross_validate(SmartcoreEstimator::new(), &x, &y, params, &folds, &auc)?;
/// assert_eq!(result.mean_test_score(), 1.0);
/// # Ok::<(), smartcore::error::Failed>(())
/// ```
#[derive(Debug, Clone)]
pub struct SmartcoreEstimator<P: Train>(Option<P::Model>);

impl<P: Train> SmartcoreEstimator<P> {
    /// The placeholder that smartcore asks for; it predicts nothing.
    #[must_use]
    pub fn new() -> Self {
        Self(None)
    }

    /// The model, unless this is the placeholder.
    #[must_use]
    pub fn into_model(self) -> Option<P::Model> {
        self.0
    }
}

impl<P: Train> Default for SmartcoreEstimator<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<X, Y, P> SupervisedEstimator<X, Y, P> for SmartcoreEstimator<P>
where
    X: Array2<f64>,
    Y: Array1<f64>,
    P: Train,
    P::Model: Score,
    P::Target: FromNumbers,
{
    fn new() -> Self {
        Self(None)
    }

    fn fit(x: &X, y: &Y, parameters: P) -> Result<Self, Failed> {
        let failed = |error: Error| Failed::fit(&error.to_string());
        let target = P::Target::from_numbers(y.iterator(0).copied().collect()).map_err(failed)?;
        let rows = table(x);
        let batch = Batch::new(rows.view()).with_target(target.borrow());
        parameters.train(batch).map(|model| Self(Some(model))).map_err(failed)
    }
}

impl<X: Array2<f64>, Y: Array1<f64>, P: Train> Predictor<X, Y> for SmartcoreEstimator<P>
where
    P::Model: Score,
{
    fn predict(&self, x: &X) -> Result<Y, Failed> {
        let failed = |reason: &str| Failed::predict(reason);
        let model = self.0.as_ref().ok_or_else(|| failed("the placeholder was not trained"))?;
        let scores = model.score(table(x).view()).map_err(|error| failed(&error.to_string()))?;
        let rows = scores.len();
        Ok(Y::from_iterator(scores.into_iter(), rows))
    }
}

/// A copy as our own kind of table, whatever ndarray smartcore is on.
fn table<X: Array2<f64>>(x: &X) -> ndarray::Array2<f64> {
    ndarray::Array2::from_shape_fn(x.shape(), |place| *x.get(place))
}
