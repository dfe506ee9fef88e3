//! Saving a history and going on from there.

use super::{
    Group, MOST_TOGETHER, PerformanceChange, PerformanceHistory, PerformanceHistoryParams,
};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};
use serde::{Deserialize, Serialize};

const ENVELOPE: Envelope = Envelope { magic: b"fwperfhi", newest: 1 };

/// What is written, checked when it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    params: PerformanceHistoryParams,
    seen: u64,
    groups: Vec<Group>,
    earlier: Vec<Group>,
    changes: Vec<PerformanceChange>,
}

impl From<PerformanceHistory> for Saved {
    fn from(history: PerformanceHistory) -> Self {
        let PerformanceHistory { params, seen, groups, earlier, changes } = history;
        Self { params, seen, groups, earlier, changes }
    }
}

impl TryFrom<Saved> for PerformanceHistory {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        let Saved { params, seen, groups, earlier, changes } = saved;
        params.check()?;
        if groups.len().max(earlier.len()) > params.remembered || changes.len() > 100 {
            return Err(invalid("more runs or changes than are remembered"));
        }
        check_groups(&groups, seen)?;
        check_groups(&earlier, seen)?;
        for change in &changes {
            let finite = change.effect.is_finite() && (0.0..=1.0).contains(&change.p_value);
            if !finite || change.since > change.reported || change.reported >= seen {
                return Err(invalid("an impossible change"));
            }
        }
        Ok(Self { params, seen, groups, earlier, changes })
    }
}

fn check_groups(groups: &[Group], seen: u64) -> Result<()> {
    let largest = super::LARGEST.ln() + 1e-9;
    let mut last = (None, f64::NEG_INFINITY);
    for group in groups {
        let possible = !group.values.is_empty()
            && group.values.len() <= MOST_TOGETHER
            && group.values.iter().all(|value| value.abs() <= largest);
        if !possible {
            return Err(invalid("a group of runs with impossible values"));
        }
        if last.0.is_some_and(|run| group.run <= run) || group.run >= seen {
            return Err(invalid("runs out of order"));
        }
        let time = group.time.unwrap_or(last.1);
        if group.time.is_some_and(|time| !time.is_finite()) || time < last.1 {
            return Err(invalid("times out of order"));
        }
        last = (Some(group.run), time);
    }
    Ok(())
}

impl PerformanceHistory {
    /// The compact binary form, a few bytes a run that is remembered. Numbers are stored with all their
    /// bits; the last eight bytes are a checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(self)
    }

    /// Reads the compact binary form. The history goes on as the saved one would have.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible history;
    /// [`Error::NewerFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        ENVELOPE.open(bytes)
    }
}
