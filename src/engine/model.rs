//! The trained engine.

use super::card::{Mode, ModelCard};
use super::evaluation::Evaluation;
use super::features::Features;
use super::fleet::Fleet;
use super::params::EngineParams;
use super::predictor::Predictor;
use std::sync::Arc;

/// A stage of training that begins, or, with `done == total`, the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrainingStage {
    /// What is done now: "features", "classifier", "figures".
    pub name: &'static str,
    /// Stages that are over.
    pub done: usize,
    /// Stages that there will be at most.
    pub total: usize,
}

/// Foretells failures: what [`EngineParams::train`] learned. Cannot be changed, and is shared between
/// threads for free.
///
/// ```
/// use forewarn::engine::telemetry::Telemetry;
/// use forewarn::engine::{Engine, Mode};
///
/// // Twelve pumps, twenty days: each runs hotter and hotter before it fails, and is then replaced.
/// let hours = 480;
/// let mut fleet = Telemetry::new(["temperature"])?;
/// for pump in 0..12 {
///     let (name, life) = (format!("pump {pump}"), 150 + 17 * pump % 90);
///     for hour in 0..hours {
///         let left = life - hour % life;
///         let heat = if left < 40 { 0.8 * (40 - left) as f64 } else { 0.0 };
///         let noise = (hour * 37 + pump * 11) % 7;
///         fleet.observe(&name, 3_600.0 * hour as f64, &[60.0 + heat + noise as f64])?;
///         if left == 1 {
///             fleet.fail(&name, 3_600.0 * hour as f64 + 1_800.0)?;
///         }
///     }
/// }
///
/// let engine = Engine::builder().seed(7).train(&fleet)?;
/// assert_eq!(engine.card().mode, Mode::Predict);
/// println!("{}\n{}", engine.card(), engine.evaluation());
///
/// // A new pump, 40 h before it fails, and two hours before.
/// let mut pump = Telemetry::new(["temperature"])?;
/// for hour in 0..199 {
///     let heat = if hour > 160 { 0.8 * f64::from(hour - 160) } else { 0.0 };
///     pump.observe("new", 3_600.0 * f64::from(hour), &[63.0 + heat])?;
/// }
/// let calm = engine.assess(&pump, Some(160.0 * 3_600.0))?;
/// let hot = engine.assess(&pump, None)?;
/// assert!(calm[0].failure_probability < Some(0.3));
/// assert!(hot[0].failure_probability > Some(0.7) && hot[0].alert);
/// println!("{}", hot[0]);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Engine {
    pub(super) params: EngineParams,
    pub(super) card: ModelCard,
    pub(super) evaluation: Evaluation,
    pub(super) features: Features,
    pub(super) predictor: Predictor,
}

impl Engine {
    /// Settings to start from.
    #[must_use]
    pub fn builder() -> EngineParams {
        EngineParams::default()
    }

    pub(super) fn new(
        params: EngineParams,
        card: ModelCard,
        evaluation: Evaluation,
        features: Features,
        predictor: Predictor,
    ) -> Self {
        Self { params, card, evaluation, features, predictor }
    }

    /// What it was trained on.
    #[must_use]
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// How good it was on what was kept back.
    #[must_use]
    pub fn evaluation(&self) -> &Evaluation {
        &self.evaluation
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &EngineParams {
        &self.params
    }

    /// The plan of its features.
    #[must_use]
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// What it can do.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.card.mode
    }

    /// From this probability on there is an alert; 1 for an engine that can only detect.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.predictor.foresight.as_ref().map_or(1.0, |foresight| foresight.threshold)
    }

    /// The members of the ensemble with their weights, which add up to 1; none for an engine that can
    /// only detect.
    #[must_use]
    pub fn weights(&self) -> Vec<(&'static str, f64)> {
        let Some(foresight) = &self.predictor.foresight else { return Vec::new() };
        let present = self.predictor.members.present();
        let members = super::members::NAMES.into_iter().zip(foresight.stack.shares());
        members.zip(present).filter(|(_, there)| *there).map(|(member, _)| member).collect()
    }

    /// A live fleet, of which nothing is known yet.
    #[must_use]
    pub fn fleet(self: &Arc<Self>) -> Fleet {
        Fleet::new(Arc::clone(self))
    }
}
