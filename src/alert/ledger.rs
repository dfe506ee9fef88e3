//! What became of every anomaly: counts of all of them, and the last so many one by one.

use super::{Outcome, SuppressionReason};
use std::collections::VecDeque;

/// Counts since the start.
///
/// At all times
/// `anomalies = alerted + undecided + brief + flapping + inhibited + maintenance + evicted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Counts {
    /// Checks that found an anomaly.
    pub anomalies: u64,
    /// Checks that found none.
    pub normal: u64,
    /// Checks without a value.
    pub missing: u64,
    /// Anomalies that are part of an alert.
    pub alerted: u64,
    /// Anomalies of which it is too early to say.
    pub undecided: u64,
    /// Anomalies suppressed as [`SuppressionReason::Brief`].
    pub brief: u64,
    /// Anomalies suppressed as [`SuppressionReason::Flapping`].
    pub flapping: u64,
    /// Anomalies suppressed as [`SuppressionReason::Inhibited`].
    pub inhibited: u64,
    /// Anomalies suppressed as [`SuppressionReason::Maintenance`].
    pub maintenance: u64,
    /// Anomalies suppressed as [`SuppressionReason::Evicted`].
    pub evicted: u64,
    /// Alerts opened; opening one again is not counted.
    pub alerts: u64,
    /// Alerts that were paged.
    pub pages: u64,
    /// Sources forgotten for want of room.
    pub sources_evicted: u64,
    /// Notices that were forgotten before anybody took them.
    pub notices_lost: u64,
}

impl Counts {
    fn of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Normal => &mut self.normal,
            Outcome::Missing => &mut self.missing,
            Outcome::Undecided => &mut self.undecided,
            Outcome::Alerted { .. } => &mut self.alerted,
            Outcome::Suppressed(reason) => match reason {
                SuppressionReason::Flapping => &mut self.flapping,
                SuppressionReason::Inhibited { .. } => &mut self.inhibited,
                SuppressionReason::Maintenance { .. } => &mut self.maintenance,
                SuppressionReason::Evicted => &mut self.evicted,
                // Pages are withheld, not anomalies.
                SuppressionReason::Brief | SuppressionReason::Budget => &mut self.brief,
            },
        }
    }
}

/// The undecided anomalies of one source: the newest, each of which names the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Chain {
    pub(super) newest: Option<u64>,
    pub(super) length: u64,
}

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Ledger {
    pub(super) counts: Counts,
    /// Outcome, and the one before in its chain. The last is anomaly `counts.anomalies − 1`.
    pub(super) entries: VecDeque<(Outcome, Option<u64>)>,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { counts: Counts::default(), entries: VecDeque::new() }
    }

    /// Number of the first anomaly that is remembered.
    fn first(&self) -> u64 {
        self.counts.anomalies - self.entries.len() as u64
    }

    /// A check that found no anomaly.
    pub(super) fn pass(&mut self, outcome: Outcome) {
        *self.counts.of(outcome) += 1;
    }

    /// Writes down an anomaly; its number.
    pub(super) fn add(&mut self, outcome: Outcome, before: Option<u64>, remembered: usize) -> u64 {
        if self.entries.len() >= remembered {
            self.entries.pop_front();
        }
        self.entries.push_back((outcome, before));
        self.counts.anomalies += 1;
        *self.counts.of(outcome) += 1;
        self.counts.anomalies - 1
    }

    /// Writes down an undecided anomaly at the end of a chain.
    pub(super) fn extend(&mut self, chain: &mut Chain, remembered: usize) -> u64 {
        let number = self.add(Outcome::Undecided, chain.newest, remembered);
        *chain = Chain { newest: Some(number), length: chain.length + 1 };
        number
    }

    /// Decides a whole chain; how many anomalies that are.
    pub(super) fn settle(&mut self, chain: &mut Chain, outcome: Outcome) -> u64 {
        let Chain { newest, length } = std::mem::take(chain);
        let first = self.first();
        let mut at = newest;
        while let Some(number) = at.filter(|&number| number >= first) {
            let entry = &mut self.entries[(number - first) as usize];
            at = entry.1.take();
            entry.0 = outcome;
        }
        self.counts.undecided -= length;
        *self.counts.of(outcome) += length;
        length
    }

    pub(super) fn explain(&self, number: u64) -> Option<Outcome> {
        let index = number.checked_sub(self.first())?;
        self.entries.get(usize::try_from(index).ok()?).map(|entry| entry.0)
    }
}
