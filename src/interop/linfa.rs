//! linfa: `Fit` for settings, `Predict` for models.

use crate::error::{Error, Result};
use crate::forest::{IsolationForest, IsolationForestParams};
use crate::traits::{Batch, Score, Train};
use linfa::DatasetBase;
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, ArrayBase, Data, Ix2};

/// With the feature `linfa`.
///
/// ```
/// use forewarn::forest::IsolationForestParams;
/// use linfa::prelude::*;
/// use linfa::Dataset;
/// use ndarray::{Array1, Array2};
///
/// let records = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
/// let dataset = Dataset::from(records);
/// let forest = IsolationForestParams::default().fit(&dataset)?;
/// let scores: Array1<f64> = forest.predict(&dataset);
/// assert_eq!(scores.len(), 300);
/// # Ok::<(), forewarn::Error>(())
/// ```
impl<D: Data<Elem = f64>, T> Fit<ArrayBase<D, Ix2>, T, Error> for IsolationForestParams {
    type Object = IsolationForest;

    /// Trains on the records, with the data set's weights where it has any; targets are not used.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<IsolationForest> {
        let weight = dataset.weights().map(|w| w.iter().map(|&w| f64::from(w)).collect::<Vec<_>>());
        let batch = Batch::new(dataset.records.view());
        match &weight {
            None => self.train(batch),
            Some(weight) => self.train(batch.with_weight(weight.into())),
        }
    }
}

/// With the feature `linfa`; an example is at `Fit` for [`IsolationForestParams`].
impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for IsolationForest {
    /// Scores the rows. linfa's signature has no room for an error: where
    /// [`score`](Score::score) gives one (another width, ±∞), every score is NaN.
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        *y = self.score(x.view()).unwrap_or_else(|_| self.default_target(x));
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::from_elem(x.nrows(), f64::NAN)
    }
}
