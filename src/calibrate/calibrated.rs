//! A model and its calibrator in one.

use super::Calibrator;
use crate::error::Result;
use crate::traits::Score;
use ndarray::{Array1, ArrayView2};

/// A model whose scores are calibrated probabilities.
///
/// ```
/// # #[cfg(feature = "forest")] {
/// use forewarn::calibrate::{Calibrated, CalibrationParams, Method, Scale};
/// use forewarn::ndarray::Array2;
/// use forewarn::prelude::*;
///
/// let rows = Array2::from_shape_fn((600, 2), |(i, j)| ((i * (7 + j)) % 59) as f64 + (i % 60 / 58 * 40) as f64);
/// let failed: Vec<bool> = (0..600).map(|i| i % 60 == 59).collect();
/// let forest = IsolationForestParams::default().train(Batch::new(rows.view()))?;
///
/// let params = CalibrationParams::default().method(Method::Platt).scale(Scale::LogOdds);
/// let calibrator = params.train(&failed, &forest.score(rows.view())?.to_vec(), None)?;
/// let risk = Calibrated { model: forest, calibrator };
/// assert!(risk.score_one(&[90.0, 95.0])? > risk.score_one(&[30.0, 30.0])?);
/// # }
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Calibrated<M> {
    /// Gives the scores.
    pub model: M,
    /// Turns them into probabilities.
    pub calibrator: Calibrator,
}

impl<M: Score> Score for Calibrated<M> {
    fn n_features(&self) -> usize {
        self.model.n_features()
    }

    fn score_one(&self, x: &[f64]) -> Result<f64> {
        self.calibrator.probability(self.model.score_one(x)?)
    }

    fn score(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        self.calibrator.probabilities(&self.model.score(x)?.to_vec()).map(Array1::from_vec)
    }
}
