//! The live states of a fleet.

use super::drift::{DriftNote, Live};
use super::verdict::{Recent, Verdict, Verdicts};
use crate::engine::action::ActionGate;
use crate::engine::features::EntityState;
use crate::engine::model::Engine;
use crate::engine::telemetry::Attribute;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// Many entities, live: telemetry goes in as it comes, and each can be judged at any time.
///
/// It holds the state of each entity ([`EntityState`]), which has no more memory once its windows are
/// full, and at most [`most_entities`](crate::engine::EngineParams::most_entities) of them. Nothing
/// reads a clock: replaying the same calls gives the same answers.
///
/// ```
/// # use forewarn::engine::telemetry::Telemetry;
/// use forewarn::engine::{Engine, Fleet, Verdict};
/// use std::sync::Arc;
///
/// # let mut history = Telemetry::new(["temperature"])?;
/// # for pump in 0..12 {
/// #     let life = 60 + 5 * pump;
/// #     for hour in 0..240 {
/// #         let left = life - hour % life;
/// #         let heat = if left < 30 { (30 - left) as f64 } else { 0.0 };
/// #         let noise = (hour * 37 + pump * 11) % 7;
/// #         history.observe(&pump.to_string(), 3_600.0 * hour as f64, &[60.0 + heat + noise as f64])?;
/// #         if left == 1 {
/// #             history.fail(&pump.to_string(), 3_600.0 * hour as f64 + 1_800.0)?;
/// #         }
/// #     }
/// # }
/// let engine = Arc::new(Engine::builder().train(&history)?);
/// let mut fleet: Fleet = engine.fleet();
/// for hour in 0..48 {
///     let time = 3_600.0 * f64::from(hour);
///     fleet.observe("pump 1", time, &[62.0])?;
///     fleet.observe_named("pump 2", time, [("temperature", 63.0 + f64::from(hour))])?;
/// }
/// let now = 47.5 * 3_600.0;
/// let all = fleet.assess_all(now)?;
/// assert!(all[1].failure_probability > all[0].failure_probability);
///
/// // What an operator says moves the odds, and with them the threshold.
/// let before = fleet.threshold();
/// fleet.verdict("pump 2", now, Verdict::FalseAlarm)?;
/// assert!(fleet.threshold() > before);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fleet {
    pub(super) engine: Arc<Engine>,
    pub(super) names: Vec<String>,
    pub(super) numbers: HashMap<String, usize>,
    pub(super) states: Vec<EntityState>,
    pub(super) recent: Vec<Recent>,
    pub(super) gate: ActionGate,
    pub(super) verdicts: Verdicts,
    pub(super) live: Live,
}

impl Fleet {
    pub(in crate::engine) fn new(engine: Arc<Engine>) -> Self {
        let columns = engine.features.n_features();
        Self {
            names: Vec::new(),
            numbers: HashMap::new(),
            states: Vec::new(),
            recent: Vec::new(),
            gate: ActionGate::of_checked(engine.params.policy),
            verdicts: Verdicts::default(),
            live: Live::new(&engine.predictor.profile, columns),
            engine,
        }
    }

    /// The engine that judges.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The entities, in the order in which they were first heard of.
    #[must_use]
    pub fn entities(&self) -> &[String] {
        &self.names
    }

    /// The gate, with the records of the last decisions.
    #[must_use]
    pub fn gate(&self) -> &ActionGate {
        &self.gate
    }

    /// What is known of an entity; `None` if nothing is.
    #[must_use]
    pub fn state(&self, entity: &str) -> Option<&EntityState> {
        self.numbers.get(entity).map(|&number| &self.states[number])
    }

    /// Readings of all metrics, in the order of [`Features::metrics`](crate::engine::features::Features::metrics);
    /// NaN is missing.
    ///
    /// # Errors
    /// As [`EntityState::observe`]; [`Error::Incompatible`] for an entity without a name, and for a
    /// new one when the fleet is full. What is refused changes nothing.
    pub fn observe(&mut self, entity: &str, time: f64, values: &[f64]) -> Result<()> {
        self.update(entity, |state| state.observe(time, values))
    }

    /// Readings of some metrics by name; how many of them the engine does not know and passed over.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn observe_named<'a>(
        &mut self,
        entity: &str,
        time: f64,
        readings: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Result<usize> {
        self.update(entity, |state| state.observe_named(time, readings))
    }

    /// Something that happened; false if the engine does not know its kind.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn event(&mut self, entity: &str, time: f64, kind: &str) -> Result<bool> {
        self.update(entity, |state| state.event(time, kind))
    }

    /// A part that was maintained; false if the engine does not know it.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn maintain(&mut self, entity: &str, time: f64, part: &str) -> Result<bool> {
        self.update(entity, |state| state.maintain(time, part))
    }

    /// A failure: a new life begins.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn fail(&mut self, entity: &str, time: f64) -> Result<()> {
        self.update(entity, |state| state.fail(time))
    }

    /// What an entity is: its model, its site.
    ///
    /// # Errors
    /// As [`EntityState::describe`] and [`observe`](Self::observe).
    pub fn describe<'a>(
        &mut self,
        entity: &str,
        attribute: &str,
        value: impl Into<Attribute<'a>>,
    ) -> Result<()> {
        self.update(entity, |state| state.describe(attribute, value))
    }

    /// Changes the state of an entity; a new one is kept only if nothing is refused.
    fn update<T>(
        &mut self,
        entity: &str,
        change: impl FnOnce(&mut EntityState) -> Result<T>,
    ) -> Result<T> {
        if let Some(&number) = self.numbers.get(entity) {
            return change(&mut self.states[number]);
        }
        let most = self.engine.params.most_entities;
        let reason = match (entity.is_empty(), self.states.len() < most) {
            (true, _) => "a name is empty: every entity needs one".to_owned(),
            (_, false) => format!("entity {entity:?} is one more than the {most} of most_entities"),
            _ => {
                let mut state = self.engine.features.state();
                let changed = change(&mut state)?;
                self.numbers.insert(entity.to_owned(), self.states.len());
                self.names.push(entity.to_owned());
                self.states.push(state);
                self.recent.push(Recent::default());
                return Ok(changed);
            }
        };
        Err(Error::Incompatible { reason })
    }

    /// Forgets an entity; false if nothing was known of it. The last one takes its place in the order.
    pub fn forget(&mut self, entity: &str) -> bool {
        let Some(number) = self.numbers.remove(entity) else { return false };
        self.names.swap_remove(number);
        self.states.swap_remove(number);
        self.recent.swap_remove(number);
        if let Some(moved) = self.names.get(number) {
            self.numbers.insert(moved.clone(), number);
        }
        true
    }

    /// Takes in what an operator says of an entity at a time: of the highest probability that it was
    /// given within the horizon before. All probabilities move with it; see [`threshold`](Self::threshold).
    ///
    /// The probability is taken to be off by one number, in log-odds, the same for all entities: normal
    /// around 0 with a standard deviation of 1 before any verdict, and the most likely value after the
    /// last 1,000 of them, at most 3. It is added to the log-odds of all probabilities from then on.
    /// Verdicts on alerts alone would tell nothing of what was missed: say so where something was.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for an entity that was never heard of, without an assessment in the
    /// horizon before the time, or for an engine that can only detect.
    pub fn verdict(&mut self, entity: &str, time: f64, verdict: Verdict) -> Result<()> {
        let Some(&number) = self.numbers.get(entity) else {
            let reason = format!("entity {entity:?} was never heard of");
            return Err(Error::Incompatible { reason });
        };
        if self.engine.predictor.foresight.is_none() {
            let reason = "the engine can only detect: it has no probability to move".to_owned();
            return Err(Error::Incompatible { reason });
        }
        let probability = self.recent[number].highest(time, self.engine.card.horizon)?;
        self.verdicts.add(probability, verdict != Verdict::FalseAlarm);
        Ok(())
    }

    /// From this probability of the engine on there is an alert, as verdicts have moved it: they add to
    /// the log-odds of all probabilities, which is the same as taking that off the threshold's.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        let threshold = self.engine.threshold();
        if self.verdicts.shift() == 0.0 || threshold >= 1.0 {
            return threshold;
        }
        let odds = threshold / (1.0 - threshold) * (-self.verdicts.shift()).exp();
        odds / (1.0 + odds)
    }

    /// Features of the entities assessed lately that no longer look as they did in training, the
    /// furthest first: those with a population stability index of 0.25 or more, of 200 assessments at
    /// least. Ages are left out, since they pass by themselves.
    #[must_use]
    pub fn drift(&self) -> Vec<DriftNote> {
        self.live.drifted(&self.engine.predictor.profile, &self.engine.features)
    }
}
