//! What was decided, and why.

use super::policy::{Action, Situation};

/// Why less was done than an assessment was worth.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Refusal {
    /// Something was done to this machine not long ago.
    CoolDown {
        /// When the next intervention may be.
        until: f64,
    },
    /// As much was done to the fleet as may be.
    Budget {
        /// When the next intervention may be; infinite where none is allowed at all.
        until: f64,
    },
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ActionOutcome {
    /// Nothing was to be done to the machine.
    NotNeeded,
    /// The hand was told, and said that it acted.
    Done,
    /// The hand was told, and said why it did not act. It counts against the budget all the same.
    Failed(String),
}

/// One decision.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ActionRecord {
    /// From 1, without gaps.
    pub number: u64,
    /// Which machine.
    pub entity: String,
    /// When it was decided.
    pub time: f64,
    /// What was known.
    pub situation: Situation,
    /// What that was worth doing.
    pub proposed: Action,
    /// What was allowed: the same, or a person's look in its place.
    pub allowed: Action,
    /// Why it is less than what was proposed; `None` where it is not.
    pub refusal: Option<Refusal>,
    /// What came of it.
    pub outcome: ActionOutcome,
}
