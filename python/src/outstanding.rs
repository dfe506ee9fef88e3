//! Calls that were let through and whose results will come without a permit.

use crate::engine::Pass;
use crate::ticker::nanoseconds;
use std::collections::BTreeMap;
use std::time::Duration;

/// Beyond so many, the one that began first is given up: its result will hardly come.
const MOST: usize = 100_000;

/// Start in nanoseconds, and a number that tells calls of one moment apart.
pub(crate) type Key = (u64, u64);

/// Passs by the start of their calls.
#[derive(Debug, Default)]
pub(crate) struct Outstanding {
    calls: BTreeMap<Key, Pass>,
    number: u64,
}

impl Outstanding {
    /// Keeps a call; its key, and the call that is given up for it, if any.
    pub(crate) fn keep(&mut self, pass: Pass, began: Duration) -> (Key, Option<Pass>) {
        let full = self.calls.len() >= MOST;
        let oldest = if full { self.calls.pop_first().map(|(_, it)| it) } else { None };
        let key = (nanoseconds(began), self.number);
        self.number = self.number.wrapping_add(1);
        self.calls.insert(key, pass);
        (key, oldest)
    }

    /// Takes a call by its key.
    pub(crate) fn take(&mut self, key: Key) -> Option<Pass> {
        self.calls.remove(&key)
    }

    /// Takes the call that began nearest to a time; of several that began together, the one let
    /// through first.
    pub(crate) fn nearest(&mut self, began: Duration) -> Option<Pass> {
        let began = nanoseconds(began);
        let after = self.calls.range((began, 0)..).next().map(|(key, _)| *key);
        let before = self.calls.range(..(began, 0)).next_back().map(|(key, _)| key.0);
        // The first of its moment.
        let before = before.and_then(|start| self.calls.range((start, 0)..).next());
        let before = before.map(|(key, _)| *key);
        let key = match (before, after) {
            (Some(before), Some(after)) if began - before.0 < after.0 - began => before,
            (before, after) => after.or(before)?,
        };
        self.calls.remove(&key)
    }

    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }
}
