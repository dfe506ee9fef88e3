//! The model of lifetimes: trees, and what their scores say about time.

use super::super::ensemble::Ensemble;
use super::super::loss::Aft;
use super::super::prepare::check_batch;
use super::super::report::TrainingReport;
use super::forecast::Forecast;
use super::law::Law;
use crate::error::{Error, Result};
use crate::lifetime::Lifetime;
use crate::traits::{Batch, Score};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

/// Says how long rows will live: trees, and a law that turns their scores into survival curves.
///
/// Made by [`CoxParams`](super::CoxParams), [`HazardParams`](super::HazardParams) and
/// [`AftParams`](super::AftParams), or of an ensemble from elsewhere by [`from_cox`](Self::from_cox) and
/// [`from_aft`](Self::from_aft). As a [`Score`], it ranks rows by
/// risk: the logarithm of the relative hazard (Cox), of the hazard cumulated up to the last period
/// (hazard by period), or minus the logarithm of the predicted time (accelerated failure time).
#[derive(Debug, Clone, PartialEq)]
pub struct FailureTime {
    pub(crate) ensemble: Ensemble,
    pub(crate) law: Law,
    pub(crate) report: TrainingReport,
}

impl FailureTime {
    /// Refuses a law that scores far beyond any that training gives have made infinite, and one from a
    /// file that does not go with the trees.
    pub(crate) fn new(ensemble: Ensemble, law: Law, report: TrainingReport) -> Result<Self> {
        law.check()?;
        let periods = usize::from(matches!(law, Law::Hazard { .. }));
        if ensemble.n_outputs() == 1 && ensemble.n_features() > periods {
            return Ok(Self { ensemble, law, report });
        }
        let (columns, outputs) = (ensemble.n_features(), ensemble.n_outputs());
        let reason = format!("{columns} columns and {outputs} outputs in a model of lifetimes");
        Err(Error::InvalidModel { reason })
    }

    /// Gives survival curves to trees that were trained on Cox's partial likelihood, here or by another
    /// library: their raw scores are logarithms of relative hazards, and the baseline is estimated
    /// from the lives in `batch` (Breslow's estimate, with Efron's treatment of ties), best the
    /// training data.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for an ensemble of more than one output, or lives none of which failed;
    /// [`Error::Lifetime`] for one that is impossible or is censored but on the right;
    /// [`Error::Length`] unless there is one life a row; and what else training refuses of a batch.
    pub fn from_cox(ensemble: Ensemble, batch: Batch<'_, [Lifetime]>) -> Result<Self> {
        let (scores, weight) = scored(&ensemble, &batch)?;
        let law = Law::of_cox(batch.y, weight.as_deref(), &scores)?;
        Self::new(ensemble, law, TrainingReport::default())
    }

    /// Gives survival curves to trees that were trained on accelerated failure time, here or by
    /// another library: their raw scores are the location of the logarithm of the lifetime. A scale
    /// that `aft` leaves open is estimated from the lives in `batch`.
    ///
    /// # Errors
    /// As [`from_cox`](Self::from_cox), and [`Error::OutOfRange`] for a scale.
    pub fn from_aft(ensemble: Ensemble, aft: Aft, batch: Batch<'_, [Lifetime]>) -> Result<Self> {
        let (scores, weight) = scored(&ensemble, &batch)?;
        let law = Law::of_aft(aft, batch.y, weight.as_deref(), &scores)?;
        Self::new(ensemble, law, TrainingReport::default())
    }

    /// The trees. Those of hazards by period take the period, from 0, as a last column.
    #[must_use]
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// How training went; empty for trees from elsewhere.
    #[must_use]
    pub fn report(&self) -> &TrainingReport {
        &self.report
    }

    /// The distribution of each row's lifetime.
    ///
    /// # Errors
    /// [`Error::Width`] for another number of columns, [`Error::Infinite`] for ±∞.
    pub fn forecast(&self, x: ArrayView2<'_, f64>) -> Result<Forecast<'_>> {
        Ok(Forecast::new(&self.law, self.scores(x)?))
    }

    /// Raw scores, rows × those that the law takes.
    fn scores(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        if x.ncols() != self.n_features() {
            return Err(Error::Width { expected: self.n_features(), found: x.ncols() });
        }
        if !matches!(self.law, Law::Hazard { .. }) {
            return self.ensemble.raw(x);
        }
        let mut scores = Array2::zeros((x.nrows(), self.law.scores()));
        let mut wider = Array2::zeros((x.nrows(), x.ncols() + 1));
        wider.slice_mut(s![.., ..x.ncols()]).assign(&x);
        for (period, mut to) in scores.columns_mut().into_iter().enumerate() {
            wider.column_mut(x.ncols()).fill(period as f64);
            to.assign(&self.ensemble.raw(wider.view())?.column(0));
        }
        Ok(scores)
    }
}

impl Score for FailureTime {
    fn n_features(&self) -> usize {
        let periods = usize::from(matches!(self.law, Law::Hazard { .. }));
        self.ensemble.n_features() - periods
    }

    fn score_one(&self, x: &[f64]) -> Result<f64> {
        let row = ndarray::ArrayView1::from(x);
        Ok(self.score(row.insert_axis(Axis(0)))?[0])
    }

    fn score(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        let scores = self.scores(x)?;
        Ok(scores.rows().into_iter().map(|row| self.law.risk(row)).collect())
    }
}

/// The raw scores of an ensemble of one output, and the weights, of a batch that is checked.
fn scored(
    ensemble: &Ensemble,
    batch: &Batch<'_, [Lifetime]>,
) -> Result<(Vec<f64>, Option<Vec<f64>>)> {
    check_batch(batch, &vec![false; batch.x.ncols()])?;
    if ensemble.n_outputs() != 1 {
        let reason = format!("{} outputs, 1 expected", ensemble.n_outputs());
        return Err(Error::Incompatible { reason });
    }
    let scores = ensemble.raw(batch.x)?.into_raw_vec_and_offset().0;
    Ok((scores, batch.weight.map(|weight| weight.to_vec())))
}
