//! Lifetimes as what is to be learned.

use super::super::loss::{Aft, AftLoss, Cox, CoxLoss, Hazard, HazardLoss, Loss, Periods};
use super::super::objective::{Fitted, Objective, Repeated};
use super::super::params::BoostingParams;
use super::law::Law;
use super::model::FailureTime;
use crate::error::Result;
use crate::lifetime::Lifetime;

/// Settings of a [`FailureTime`] model that learns relative hazards: what to begin with.
///
/// For lifetimes, the defaults are 200 trees of depth 3 at a rate of 0.1, with a penalty `l2` of 20.
///
/// | settings | shape of the hazard | lifetimes | curves |
/// |---|---|---|---|
/// | `CoxParams` | any; proportional between rows | exact, right-censored | steps, up to the last failure |
/// | [`HazardParams`] | constant by period; free between rows | all kinds | without end |
/// | [`AftParams`] | by its distribution; features stretch time | all kinds | smooth, without end |
///
/// ```
/// use forewarn::Lifetime;
/// use forewarn::boost::CoxParams;
/// use forewarn::ndarray::Array2;
/// use forewarn::prelude::*;
///
/// // Machines under more load (the first column) live shorter; watching ends at hour 60.
/// let rows = Array2::from_shape_fn((400, 2), |(i, j)| ((i * 37 + j * 11) % 100) as f64);
/// let lives: Vec<Lifetime> = (0..400)
///     .map(|i| 150.0 / (1.0 + rows[(i, 0)] / 20.0) * (0.5 + (i * 61 % 97) as f64 / 97.0))
///     .map(|hours| Lifetime::observed(hours.min(60.0), hours <= 60.0))
///     .collect();
/// let model = CoxParams::default().train(Batch::new(rows.view()).with_target(&lives[..]))?;
///
/// // Of machines that have run for 30 hours: how likely do they fail within the next 10?
/// let next = model.forecast(rows.view())?.given_alive_for(&[30.0; 400])?.failure_within(10.0)?;
/// let (idle, busy) = (next[0], next[8]);
/// assert!(rows[(0, 0)] < 10.0 && rows[(8, 0)] > 90.0);
/// assert!(idle < 0.2 && busy > 0.5);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub type CoxParams = BoostingParams<Cox>;

/// Settings of a [`FailureTime`] model that learns hazards by period: see [`CoxParams`] for the choice.
pub type HazardParams = BoostingParams<Hazard>;

/// Settings of a [`FailureTime`] model that learns times: see [`CoxParams`] for the choice.
pub type AftParams = BoostingParams<Aft>;

/// Lifetimes are noisy: shallow trees, since those that suit classes fit the noise of the few failures in
/// each of their leaves. Second derivatives add up to about the number of failures, so that the penalty
/// halves the answer of a leaf with 20 of them: it changes little where there are thousands, and much
/// where there are a hundred.
fn settings<O>(usual: BoostingParams<O>) -> BoostingParams<O> {
    usual.max_depth(Some(3)).n_trees(200).learning_rate(0.1).l2(20.0)
}

/// Lives that ended and lives that did not: each gives its share to held-out rows.
fn kind(label: &Lifetime) -> u32 {
    u32::from(label.has_failed())
}

impl Objective for Cox {
    type Label = Lifetime;
    type Model = FailureTime;

    fn settings(usual: BoostingParams<Self>) -> BoostingParams<Self> {
        settings(usual)
    }

    fn loss<'a>(
        &'a self,
        labels: &'a [Lifetime],
        weight: Option<&'a [f64]>,
    ) -> Result<Box<dyn Loss + 'a>> {
        Ok(Box::new(CoxLoss::new(labels, weight)?))
    }

    fn kind(label: &Lifetime) -> u32 {
        kind(label)
    }

    fn takes_any_order(&self) -> bool {
        true
    }

    fn finish(&self, fitted: Fitted<'_, Lifetime>) -> Result<FailureTime> {
        let rows = fitted.training;
        let law = Law::of_cox(rows.labels, rows.weight, rows.raw)?;
        FailureTime::new(fitted.ensemble, law, fitted.report)
    }
}

impl Objective for Aft {
    type Label = Lifetime;
    type Model = FailureTime;

    fn settings(usual: BoostingParams<Self>) -> BoostingParams<Self> {
        settings(usual)
    }

    fn loss<'a>(
        &'a self,
        labels: &'a [Lifetime],
        weight: Option<&'a [f64]>,
    ) -> Result<Box<dyn Loss + 'a>> {
        Ok(Box::new(AftLoss::new(*self, labels, weight)?))
    }

    fn kind(label: &Lifetime) -> u32 {
        kind(label)
    }

    fn takes_any_order(&self) -> bool {
        true
    }

    fn finish(&self, fitted: Fitted<'_, Lifetime>) -> Result<FailureTime> {
        let rows = fitted.training;
        let law = Law::of_aft(*self, rows.labels, rows.weight, rows.raw)?;
        FailureTime::new(fitted.ensemble, law, fitted.report)
    }
}

impl Objective for Hazard {
    type Label = Lifetime;
    type Model = FailureTime;

    fn settings(usual: BoostingParams<Self>) -> BoostingParams<Self> {
        settings(usual)
    }

    fn loss<'a>(
        &'a self,
        labels: &'a [Lifetime],
        weight: Option<&'a [f64]>,
    ) -> Result<Box<dyn Loss + 'a>> {
        self.held_out_loss(labels, weight, labels)
    }

    fn held_out_loss<'a>(
        &'a self,
        labels: &'a [Lifetime],
        weight: Option<&'a [f64]>,
        training: &[Lifetime],
    ) -> Result<Box<dyn Loss + 'a>> {
        Lifetime::check_all(labels)?;
        Ok(Box::new(HazardLoss::new(Periods::new(&self.cuts(training)?, labels), weight)))
    }

    fn repeated(&self, labels: &[Lifetime], training: &[Lifetime]) -> Result<Option<Repeated>> {
        Ok(Some(Periods::new(&self.cuts(training)?, labels).rows()))
    }

    fn kind(label: &Lifetime) -> u32 {
        kind(label)
    }

    fn finish(&self, fitted: Fitted<'_, Lifetime>) -> Result<FailureTime> {
        let law = Law::Hazard { cuts: self.cuts(fitted.training.labels)? };
        FailureTime::new(fitted.ensemble, law, fitted.report)
    }
}
