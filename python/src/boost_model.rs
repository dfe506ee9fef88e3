//! The models that boosting makes, behind one face.

use forewarn::Error;
use forewarn::boost::{
    Classifier, Ensemble, FailureClassifier, FailureTime, Forecast, Link, Regressor, TrainingReport,
};
use forewarn::ndarray::{Array2, ArrayView2, Axis};
use forewarn::prelude::*;

/// One of the models.
#[derive(Debug)]
pub(crate) enum Model {
    Failures(FailureClassifier),
    Classes(Classifier),
    Quantities(Regressor),
    Times(FailureTime),
    /// Trees alone: read from another library's file.
    Trees(Ensemble),
}

impl Model {
    /// Reads what [`to_bytes`](Self::to_bytes) wrote, by its first bytes.
    pub(crate) fn from_bytes(data: &[u8]) -> Result<Self> {
        match data.get(..8) {
            Some(b"fw-fails") => FailureClassifier::from_bytes(data).map(Self::Failures),
            Some(b"fw-class") => Classifier::from_bytes(data).map(Self::Classes),
            Some(b"fw-regre") => Regressor::from_bytes(data).map(Self::Quantities),
            Some(b"fw-lives") => FailureTime::from_bytes(data).map(Self::Times),
            _ => Ensemble::from_bytes(data).map(Self::Trees),
        }
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        match self {
            Self::Failures(model) => model.to_bytes(),
            Self::Classes(model) => model.to_bytes(),
            Self::Quantities(model) => model.to_bytes(),
            Self::Times(model) => model.to_bytes(),
            Self::Trees(trees) => trees.to_bytes(),
        }
    }

    pub(crate) fn ensemble(&self) -> &Ensemble {
        match self {
            Self::Failures(model) => model.ensemble(),
            Self::Classes(model) => model.ensemble(),
            Self::Quantities(model) => model.ensemble(),
            Self::Times(model) => model.ensemble(),
            Self::Trees(trees) => trees,
        }
    }

    /// How training went; nothing to say of trees from elsewhere.
    pub(crate) fn report(&self) -> TrainingReport {
        match self {
            Self::Failures(model) => model.report().clone(),
            Self::Classes(model) => model.report().clone(),
            Self::Quantities(model) => model.report().clone(),
            Self::Times(model) => model.report().clone(),
            Self::Trees(_) => TrainingReport::default(),
        }
    }

    /// Columns of the rows that it takes.
    pub(crate) fn n_features(&self) -> usize {
        match self {
            Self::Times(model) => model.n_features(),
            _ => self.ensemble().n_features(),
        }
    }

    /// What makes predictions of raw scores.
    pub(crate) fn link(&self) -> &'static str {
        match self.ensemble().link() {
            Link::Identity => "identity",
            Link::Logistic { .. } => "logistic",
            Link::Exponential => "exponential",
            Link::Softmax => "softmax",
            Link::EachLogistic { .. } => "each logistic",
            _ => "other",
        }
    }

    /// Predictions, rows × outputs, calibrated where the model has a calibrator.
    pub(crate) fn predict<T>(&self, x: ArrayView2<'_, T>) -> Result<Array2<f64>>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        let Self::Failures(model) = self else { return self.ensemble().predict(x) };
        let Some(calibrator) = model.calibrator() else { return model.ensemble().predict(x) };
        let mut scores = model.ensemble().raw(x)?;
        for mut row in scores.axis_iter_mut(Axis(0)) {
            row[0] = calibrator.probability(row[0])?;
        }
        Ok(scores)
    }

    pub(crate) fn times(&self) -> Result<&FailureTime> {
        match self {
            Self::Times(model) => Ok(model),
            _ => Err(Error::Incompatible { reason: "the model knows nothing of times".into() }),
        }
    }

    /// What times are left for rows that have lived so long.
    pub(crate) fn forecast(
        &self,
        x: ArrayView2<'_, f64>,
        ages: Option<&[f64]>,
    ) -> Result<Forecast<'_>> {
        let forecast = self.times()?.forecast(x)?;
        match ages {
            Some(ages) => forecast.given_alive_for(ages),
            None => Ok(forecast),
        }
    }
}
