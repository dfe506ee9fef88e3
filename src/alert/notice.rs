//! What comes out: alerts, and what happens to them.

use super::{Severity, SuppressionReason};

/// Sources that an alert names.
pub(super) const NAMED: usize = 8;

/// Whether an alert goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum AlertState {
    /// It goes on.
    Open,
    /// It is over.
    Resolved,
    /// An alert was raised on what its sources depend on, and explains it.
    Superseded {
        /// That alert.
        by: u64,
    },
}

/// Whether anybody was to be called for an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Page {
    /// Yes, at this time.
    Sent {
        /// Seconds.
        time: f64,
    },
    /// Not so far.
    Withheld(SuppressionReason),
}

/// Anomalies that belong together and matter.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Alert {
    /// Its number, from 0 in the order of opening.
    pub id: u64,
    /// The labels that its sources have in common, `{service="shop"}`.
    pub group: String,
    /// Whether it goes on.
    pub state: AlertState,
    /// How bad it was at worst.
    pub severity: Severity,
    /// Whether anybody was to be called.
    pub page: Page,
    /// Time of its first anomaly.
    pub started: f64,
    /// When it was raised.
    pub opened: f64,
    /// Time of its last anomaly.
    pub last: f64,
    /// When it was over; `None` while it is open.
    pub resolved: Option<f64>,
    /// How often it was opened again.
    pub reopened: u32,
    /// Different sources; one that was forgotten and comes again counts again.
    pub sources: usize,
    /// Anomalies.
    pub count: u64,
    /// The highest score, and the value that had it.
    pub peak_score: f64,
    /// The metric's value at the highest score, if it was given.
    pub peak_value: Option<f64>,
    /// The first sources of the alert with their highest scores when they joined, at most 8.
    pub named: Vec<(String, f64)>,
    /// Anomalies of dependents that this alert explains, and that are part of no alert.
    pub inhibited: u64,
    /// Whether a source of it flaps.
    pub flapping: bool,
    /// Whether [`breadth`](super::AlertReducerParams::breadth) sources kept it open at once.
    pub wide: bool,
}

impl std::fmt::Display for Alert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} alert {} {}: {} anomalies of {} sources in {:.0} s, highest score {:.1}",
            self.severity,
            self.id,
            self.group,
            self.count,
            self.sources,
            self.last - self.started,
            self.peak_score
        )?;
        if self.inhibited > 0 {
            write!(f, ", explains {} more downstream", self.inhibited)?;
        }
        match self.state {
            AlertState::Open => f.write_str(", open"),
            AlertState::Resolved => f.write_str(", over"),
            AlertState::Superseded { by } => write!(f, ", explained by alert {by}"),
        }?;
        match self.page {
            Page::Sent { .. } => Ok(()),
            Page::Withheld(reason) => write!(f, ", not paged: {reason}"),
        }
    }
}

/// What happened to an alert or a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Change {
    /// It was raised.
    Opened,
    /// It was over and is not any more.
    Reopened,
    /// Its severity rose.
    Escalated,
    /// It was on a few sources, and is now on [`breadth`](super::AlertReducerParams::breadth) at
    /// once: perhaps other trouble than it was raised for. It is paged again unless it is new.
    Widened,
    /// It was raised earlier, and is paged now.
    Paged,
    /// It is over.
    Resolved,
    /// An alert was raised on what its sources depend on.
    Superseded {
        /// That alert.
        by: u64,
    },
}

/// News of an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Notice {
    /// When it happened.
    pub time: f64,
    /// The alert.
    pub alert: u64,
    /// What happened.
    pub change: Change,
    /// The alert's severity then.
    pub severity: Severity,
    /// Whether somebody is to be called for it now.
    pub page: bool,
}
