//! What operators say, and what is kept of it.

use super::incident::Incident;

/// What an operator says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Opinion {
    /// The alarm was for nothing.
    FalseAlarm,
    /// The alarm was right.
    Real,
    /// Something happened and no alarm was raised.
    Missed,
}

/// What an operator says about a time in a group.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct AlarmVerdict {
    /// The group, as in [`ScoredPoint`](super::ScoredPoint).
    pub group: u64,
    /// Unix seconds: a time within the incident, or within the gap of it.
    pub time: f64,
    /// What is said.
    pub opinion: Opinion,
}

/// An incident that was judged.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Judged {
    /// As it was when the verdict came.
    pub incident: Incident,
    /// What was said, the last time.
    pub opinion: Opinion,
    /// Other incidents of the group at least as high that raised no alarm and that nobody missed:
    /// what finding this one would also have raised. 0 unless it was missed.
    pub others: u32,
}
