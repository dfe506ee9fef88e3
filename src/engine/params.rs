//! Settings of an engine: defaults, setters, and the one check of their ranges.

use super::action::{ActionCosts, ActionPolicy};
use super::features::FeatureParams;
use crate::boost::{CoxParams, FailureClassifierParams, RegressorParams};
use crate::error::{Error, Result};
use crate::forest::IsolationForestParams;

/// Which rows are kept back for the figures, and set aside in turn to learn weights and calibration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum HoldOutBy {
    /// The last ones by time: for entities that are known, and the days to come.
    #[default]
    Time,
    /// All rows of some entities: for clocks that begin with each entity, such as cycles, and for
    /// entities that were never seen.
    Entities,
    /// The last ones by time, of entities of which nothing was learned.
    Both,
}

/// Settings of the models of time left. Every field has a setter of the same name.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct LifetimeParams {
    /// The survival curve that gives a probability of failure within the horizon.
    pub survival: CoxParams,
    /// The trees that tell the mean time left, up to the limit.
    pub remaining: RegressorParams,
    /// The limit up to which times left are told apart; at least the horizon and at most 1e12. Default
    /// `None`: five horizons.
    pub cap: Option<f64>,
    /// Models of time left whose mean is taken, from 1 to 100. Default 2.
    pub seeds: usize,
    /// How often intervals should hold the truth, in `(0, 1)`. Default 0.9.
    pub coverage: f64,
}

impl Default for LifetimeParams {
    fn default() -> Self {
        Self {
            survival: CoxParams::default().n_trees(150),
            remaining: RegressorParams::default()
                .n_trees(200)
                .max_leaves(16)
                .min_rows(20)
                .column_share_split(0.3),
            cap: None,
            seeds: 2,
            coverage: 0.9,
        }
    }
}

/// Makes one setter a field, named as the field.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(self, $name: $kind) -> Self {
            Self { $name, ..self }
        }
    )*};
}

impl LifetimeParams {
    setters! {
        /// Sets the survival model.
        survival: CoxParams,
        /// Sets the trees of the time left.
        remaining: RegressorParams,
        /// Sets the limit up to which times left are told apart.
        cap: Option<f64>,
        /// Sets how many models of time left there are.
        seeds: usize,
        /// Sets how often intervals should hold the truth.
        coverage: f64,
    }
}

/// Settings of an [`Engine`](super::Engine). Every field has a setter of the same name.
///
/// ```
/// use forewarn::engine::action::ActionCosts;
/// use forewarn::engine::features::FeatureParams;
/// use forewarn::engine::{Engine, HoldOutBy};
///
/// let params = Engine::builder()
///     .features(FeatureParams::default().horizon(48.0 * 3_600.0))
///     .costs(ActionCosts { failure: 50_000.0, action: 2_000.0, look: 200.0, prevented: 0.8 })
///     .hold_out_by(HoldOutBy::Both)
///     .seed(7);
/// assert!(params.check().is_ok());
/// assert!(params.hold_out(1.5).check().is_err());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct EngineParams {
    /// Windows, statistics and horizon.
    pub features: FeatureParams,
    /// The boosted classifier of "fails within the horizon". Default: its own settings, but with three in
    /// ten columns offered to each split, since windows of one metric tell much the same. Where metrics
    /// are features already, more columns are better.
    pub classifier: FailureClassifierParams,
    /// The models of time left; `None` for none.
    pub lifetimes: Option<LifetimeParams>,
    /// The detector of what is not normal, which learns from rows that no failure followed.
    /// Its contamination says which share of those to call abnormal; `None` is 0.01.
    pub detector: IsolationForestParams,
    /// When to do what, and what mistakes cost.
    pub policy: ActionPolicy,
    /// The share kept back for the figures, from 0.05 to 0.5. Default 0.25.
    pub hold_out: f64,
    /// Which rows those are. Default the last ones by time.
    pub hold_out_by: HoldOutBy,
    /// Parts of the rest that are set aside in turn to learn weights, calibration and threshold, from 2
    /// to 20. Default 3.
    pub folds: usize,
    /// Fewest failures from which to learn to foretell others, from 2. Default 5.
    pub least_failures: usize,
    /// Most rows that a model learns from, at least 1,000; beyond, rows that no failure followed are left
    /// out at random, and the others weighed up. Default 100,000.
    pub most_rows: usize,
    /// Most reasons of an assessment, from 0. Default 5.
    pub most_reasons: usize,
    /// Most entities of a [`Fleet`](super::Fleet), at least 1. Default 1,000,000.
    pub most_entities: usize,
    /// Everything random follows from it, whatever the seeds of the parts say. Default 0.
    pub seed: u64,
}

impl Default for EngineParams {
    fn default() -> Self {
        Self {
            features: FeatureParams::default(),
            classifier: FailureClassifierParams::default().column_share_split(0.3),
            lifetimes: Some(LifetimeParams::default()),
            detector: IsolationForestParams::default(),
            policy: ActionPolicy::default(),
            hold_out: 0.25,
            hold_out_by: HoldOutBy::Time,
            folds: 3,
            least_failures: 5,
            most_rows: 100_000,
            most_reasons: 5,
            most_entities: 1_000_000,
            seed: 0,
        }
    }
}

impl EngineParams {
    /// For machines with one row a cycle, from new to failure: [`FeatureParams::cycles`], a horizon of 30
    /// cycles, times left of up to 125, entities held back as a whole, since each has a clock of its own.
    #[must_use]
    pub fn cycles() -> Self {
        let lifetimes = LifetimeParams::default();
        let remaining = lifetimes.remaining.clone().n_trees(400).min_rows(100);
        Self {
            features: FeatureParams::cycles(),
            lifetimes: Some(lifetimes.cap(Some(125.0)).remaining(remaining)),
            policy: ActionPolicy { lead_time: 5.0, ..ActionPolicy::default() },
            hold_out_by: HoldOutBy::Entities,
            ..Self::default()
        }
    }

    setters! {
        /// Sets windows, statistics and horizon.
        features: FeatureParams,
        /// Sets the boosted classifier.
        classifier: FailureClassifierParams,
        /// Sets the models of time left.
        lifetimes: Option<LifetimeParams>,
        /// Sets the detector.
        detector: IsolationForestParams,
        /// Sets when to do what.
        policy: ActionPolicy,
        /// Sets the share kept back for the figures.
        hold_out: f64,
        /// Sets which rows are kept back.
        hold_out_by: HoldOutBy,
        /// Sets the number of parts that are set aside in turn.
        folds: usize,
        /// Sets the fewest failures from which to learn.
        least_failures: usize,
        /// Sets the most rows that a model learns from.
        most_rows: usize,
        /// Sets the most reasons of an assessment.
        most_reasons: usize,
        /// Sets the most entities of a fleet.
        most_entities: usize,
        /// Sets the seed.
        seed: u64,
    }

    /// Sets what failures and actions cost, in the [`policy`](Self::policy).
    #[must_use]
    pub fn costs(self, costs: ActionCosts) -> Self {
        Self { policy: self.policy.costs(costs), ..self }
    }

    /// The limit up to which times left are told apart.
    pub(super) fn cap(&self) -> f64 {
        let cap = self.lifetimes.as_ref().and_then(|lifetimes| lifetimes.cap);
        cap.unwrap_or(5.0 * self.features.horizon)
    }

    /// Whether all settings are within their ranges.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first that is not, and what the settings of the parts say.
    pub fn check(&self) -> Result<()> {
        self.features.check()?;
        self.classifier.check()?;
        self.detector.check()?;
        self.policy.check()?;
        let within = |name, value: f64, ok: bool, allowed| {
            if ok { Ok(()) } else { Err(Error::OutOfRange { name, value, allowed }) }
        };
        if let Some(lifetimes) = &self.lifetimes {
            lifetimes.survival.check()?;
            lifetimes.remaining.check()?;
            let cap = self.cap();
            let ok = cap >= self.features.horizon && cap <= 1e13;
            within("cap", cap, ok, "at least the horizon and at most 1e13")?;
            let seeds = lifetimes.seeds;
            within("seeds", seeds as f64, (1..=100).contains(&seeds), "from 1 to 100")?;
            let coverage = lifetimes.coverage;
            let ok = coverage > 0.0 && coverage < 1.0;
            within("coverage", coverage, ok, "above 0 and below 1")?;
        }
        let ok = (0.05..=0.5).contains(&self.hold_out);
        within("hold_out", self.hold_out, ok, "from 0.05 to 0.5")?;
        let ok = (2..=20).contains(&self.folds);
        within("folds", self.folds as f64, ok, "from 2 to 20")?;
        let least = self.least_failures;
        within("least_failures", least as f64, least >= 2, "at least 2")?;
        within("most_rows", self.most_rows as f64, self.most_rows >= 1_000, "at least 1,000")?;
        within("most_entities", self.most_entities as f64, self.most_entities > 0, "at least 1")
    }
}
