//! What goes in, and what became of it.

use super::Severity;
use super::params::LATEST;
use crate::error::{Error, Result};

/// One check of one source: how anomalous it was, and when.
///
/// Checks that found nothing may be given as well, and should where they are at hand: a source of
/// which they are half is forgotten before it is held, where without them two stray anomalies
/// within [`max_gap`](super::AlertReducerParams::max_gap) look like one run.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Anomaly<'a> {
    /// Seconds since 1970, or any other clock that does not go back.
    pub time: f64,
    /// Name and value of every label, in any order: together they are the source.
    pub labels: &'a [(&'a str, &'a str)],
    /// How anomalous, finite; higher is worse. NaN says that the check found no value.
    pub score: f64,
    /// The metric's value, for the alert to tell.
    pub value: Option<f64>,
    /// The least severity of an alert with this anomaly.
    pub severity: Option<Severity>,
}

impl<'a> Anomaly<'a> {
    /// A check without value and least severity.
    #[must_use]
    pub fn new(time: f64, labels: &'a [(&'a str, &'a str)], score: f64) -> Self {
        Self { time, labels, score, value: None, severity: None }
    }

    /// Sets the metric's value.
    #[must_use]
    pub fn value(self, value: f64) -> Self {
        Self { value: Some(value), ..self }
    }

    /// Sets the least severity of an alert with this anomaly.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity: Some(severity), ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_time(self.time)?;
        if self.score.is_infinite() {
            let allowed = "finite, or NaN where there is none";
            return Err(Error::OutOfRange { name: "score", value: self.score, allowed });
        }
        if let Some(value) = self.value
            && value.is_infinite()
        {
            let allowed = "finite, or NaN where there is none";
            return Err(Error::OutOfRange { name: "value", value, allowed });
        }
        Ok(())
    }
}

pub(super) fn check_time(time: f64) -> Result<()> {
    if time.abs() <= LATEST {
        return Ok(());
    }
    let allowed = "from -1e12 to 1e12 seconds";
    Err(Error::OutOfRange { name: "time", value: time, allowed })
}

/// Why an anomaly went into no alert, or why an alert was not paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum SuppressionReason {
    /// It was over before it had lasted long enough.
    Brief,
    /// The source comes and goes all the time, and this was no longer than usual.
    Flapping,
    /// What the source depends on has an alert.
    Inhibited {
        /// That alert.
        by: u64,
    },
    /// Announced maintenance.
    Maintenance {
        /// The window, as numbered by `AlertReducer::add_maintenance`.
        window: u32,
    },
    /// There were too many sources at once, and this one was not heard of for longest.
    Evicted,
    /// The pages of the day were spent, on what was worse.
    Budget,
}

impl std::fmt::Display for SuppressionReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Brief => f.write_str("over before it had lasted long enough"),
            Self::Flapping => f.write_str("the source flaps, and this was no longer than usual"),
            Self::Inhibited { by } => write!(f, "explained by alert {by}, which it depends on"),
            Self::Maintenance { window } => write!(f, "within maintenance window {window}"),
            Self::Evicted => f.write_str("too many sources at once, this one forgotten"),
            Self::Budget => f.write_str("the pages of the day went to what was worse"),
        }
    }
}

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Outcome {
    /// No anomaly: the score was below the level.
    Normal,
    /// No value: neither anomaly nor normal.
    Missing,
    /// Too early to say; `AlertReducer::explain` will know.
    Undecided,
    /// It is part of this alert.
    Alerted {
        /// The alert.
        alert: u64,
    },
    /// It is part of no alert.
    Suppressed(SuppressionReason),
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Missing => f.write_str("no value"),
            Self::Undecided => f.write_str("not decided yet"),
            Self::Alerted { alert } => write!(f, "part of alert {alert}"),
            Self::Suppressed(reason) => write!(f, "suppressed: {reason}"),
        }
    }
}

/// The answer to one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Observed {
    /// Which anomaly it is, from 0; `None` for checks that are none.
    pub number: Option<u64>,
    /// What became of it so far.
    pub outcome: Outcome,
}
