//! What an assessment is worth doing.

use super::gate::ActionGate;
use crate::error::{Error, Result};

/// What to do about one machine, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Action {
    /// Nothing.
    None,
    /// It is not as it was, but not likely to fail: look again soon.
    Watch,
    /// A person should look: that costs less than what it may prevent.
    Investigate,
    /// Act, before this time.
    ActBefore {
        /// Seconds, by the clock of the telemetry.
        time: f64,
    },
    /// Act at once: it may fail before there is another chance.
    ActNow,
}

impl Action {
    /// Whether something is done to the machine, which is what budgets and cool-downs limit.
    #[must_use]
    pub fn intervenes(self) -> bool {
        matches!(self, Self::ActBefore { .. } | Self::ActNow)
    }
}

/// What failures and actions cost, in any one currency.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct ActionCosts {
    /// A failure that nobody was ready for; above 0, at most 1e12. Default 1.
    pub failure: f64,
    /// Acting: maintenance, a restart, a fail-over; from 0 to 1e12. Default 0.1.
    pub action: f64,
    /// A person's look; from 0 to 1e12. Default 0.02.
    pub look: f64,
    /// The share of failures that acting prevents; above 0, at most 1. Default 0.9.
    pub prevented: f64,
}

impl Default for ActionCosts {
    fn default() -> Self {
        Self { failure: 1.0, action: 0.1, look: 0.02, prevented: 0.9 }
    }
}

impl ActionCosts {
    /// The probability of failure from which on acting costs less than waiting:
    /// `action / (prevented · failure)`, at most 1 where acting never pays.
    #[must_use]
    pub fn act_from(&self) -> f64 {
        (self.action / (self.prevented * self.failure)).min(1.0)
    }

    /// The probability from which on a look pays, after which one acts only if it must be:
    /// `look / (prevented · failure − action)`, at most 1 where it never does.
    #[must_use]
    pub fn look_from(&self) -> f64 {
        let gained = self.prevented * self.failure - self.action;
        if gained > 0.0 { (self.look / gained).min(1.0) } else { 1.0 }
    }

    fn check(&self) -> Result<()> {
        let allowed = "above 0 and at most 1e12";
        within("costs.failure", self.failure, self.failure > 0.0 && self.failure <= 1e12, allowed)?;
        for (name, value) in [("costs.action", self.action), ("costs.look", self.look)] {
            within(name, value, (0.0..=1e12).contains(&value), "from 0 to 1e12")?;
        }
        let ok = self.prevented > 0.0 && self.prevented <= 1.0;
        within("costs.prevented", self.prevented, ok, "above 0 and at most 1")
    }
}

/// What is known of one machine when a decision is due.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Situation {
    /// The probability of a failure within the horizon, from 0 to 1.
    pub failure_probability: f64,
    /// How far the probability can be relied on, from 0 to 1. Default 1.
    pub confidence: f64,
    /// Whether the machine is unlike what is normal for it. Default no.
    pub abnormal: bool,
    /// Seconds before which a failure is unlikely: the lower bound of the time left, at least 0.
    /// Default 0.
    pub time_left: f64,
}

impl Situation {
    /// A probability of failure that can be relied on, of which nothing else is known.
    #[must_use]
    pub fn new(failure_probability: f64) -> Self {
        Self { failure_probability, confidence: 1.0, abnormal: false, time_left: 0.0 }
    }

    /// Sets [`confidence`](Self::confidence).
    #[must_use]
    pub fn confidence(self, confidence: f64) -> Self {
        Self { confidence, ..self }
    }

    /// Sets [`abnormal`](Self::abnormal).
    #[must_use]
    pub fn abnormal(self, abnormal: bool) -> Self {
        Self { abnormal, ..self }
    }

    /// Sets [`time_left`](Self::time_left).
    #[must_use]
    pub fn time_left(self, time_left: f64) -> Self {
        Self { time_left, ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        for (name, value) in
            [("failure_probability", self.failure_probability), ("confidence", self.confidence)]
        {
            within(name, value, (0.0..=1.0).contains(&value), "from 0 to 1")?;
        }
        within("time_left", self.time_left, self.time_left >= 0.0, "at least 0 seconds")
    }
}

/// When to do what, and how much of it at most. Every field has a setter.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct ActionPolicy {
    /// What failures and actions cost.
    pub costs: ActionCosts,
    /// Below this confidence a person looks before anything is done; from 0 to 1. Default 0.5.
    pub least_confidence: f64,
    /// How long acting takes, from 0 to 1e9 seconds: that much earlier than the failure it must
    /// begin. Default an hour.
    pub lead_time: f64,
    /// Interventions allowed within [`budget_window`](Self::budget_window), over all machines; from 0,
    /// which allows none, to 1,000,000. Default 3.
    pub budget: u32,
    /// Seconds, above 0 and at most 1e9. Default a day.
    pub budget_window: f64,
    /// Seconds after an intervention in which there is no other on the same machine; from 0 to 1e9.
    /// Default a day.
    pub cool_down: f64,
}

impl Default for ActionPolicy {
    fn default() -> Self {
        Self {
            costs: ActionCosts::default(),
            least_confidence: 0.5,
            lead_time: 3_600.0,
            budget: 3,
            budget_window: 86_400.0,
            cool_down: 86_400.0,
        }
    }
}

impl ActionPolicy {
    /// Sets [`costs`](Self::costs).
    #[must_use]
    pub fn costs(self, costs: ActionCosts) -> Self {
        Self { costs, ..self }
    }

    /// Sets [`least_confidence`](Self::least_confidence).
    #[must_use]
    pub fn least_confidence(self, least_confidence: f64) -> Self {
        Self { least_confidence, ..self }
    }

    /// Sets [`lead_time`](Self::lead_time).
    #[must_use]
    pub fn lead_time(self, lead_time: f64) -> Self {
        Self { lead_time, ..self }
    }

    /// Sets [`budget`](Self::budget) and [`budget_window`](Self::budget_window).
    #[must_use]
    pub fn budget(self, interventions: u32, window: f64) -> Self {
        Self { budget: interventions, budget_window: window, ..self }
    }

    /// Sets [`cool_down`](Self::cool_down).
    #[must_use]
    pub fn cool_down(self, cool_down: f64) -> Self {
        Self { cool_down, ..self }
    }

    /// A gate with this policy.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn build(self) -> Result<ActionGate> {
        ActionGate::new(self)
    }

    /// What a situation is worth doing at a time, limits aside.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a probability or confidence outside `[0, 1]`, a time that is not
    /// finite, time left that is negative or NaN.
    pub fn propose(&self, now: f64, situation: &Situation) -> Result<Action> {
        within("time", now, now.is_finite(), "finite")?;
        situation.check()?;
        let probability = situation.failure_probability;
        // A probability of 0 is worth nothing, even where looking is free.
        if probability > 0.0 && probability >= self.costs.act_from() {
            if situation.confidence < self.least_confidence {
                return Ok(Action::Investigate);
            }
            let time = now + (situation.time_left - self.lead_time);
            return Ok(if time > now && time.is_finite() {
                Action::ActBefore { time }
            } else if time > now {
                // A failure that never comes needs no date.
                Action::Investigate
            } else {
                Action::ActNow
            });
        }
        if probability > 0.0 && probability >= self.costs.look_from() {
            return Ok(Action::Investigate);
        }
        Ok(if situation.abnormal { Action::Watch } else { Action::None })
    }

    pub(in crate::engine) fn check(&self) -> Result<()> {
        self.costs.check()?;
        let confidence = self.least_confidence;
        let ok = (0.0..=1.0).contains(&confidence);
        within("least_confidence", confidence, ok, "from 0 to 1")?;
        for (name, value) in [("lead_time", self.lead_time), ("cool_down", self.cool_down)] {
            within(name, value, (0.0..=1e9).contains(&value), "from 0 to 1e9 seconds")?;
        }
        let ok = self.budget <= 1_000_000;
        within("budget", f64::from(self.budget), ok, "from 0 to 1,000,000")?;
        let window = self.budget_window;
        let ok = window > 0.0 && window <= 1e9;
        within("budget_window", window, ok, "above 0 and at most 1e9 seconds")
    }
}

pub(super) fn within(
    name: &'static str,
    value: f64,
    ok: bool,
    allowed: &'static str,
) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::OutOfRange { name, value, allowed }) }
}
