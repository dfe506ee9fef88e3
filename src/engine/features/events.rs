//! When events of one kind happened.

use std::collections::VecDeque;

/// The times of the events that windows still need.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Events {
    pub(super) times: VecDeque<f64>,
    /// The last one; NaN without any.
    pub(super) last: f64,
    /// The last one that was left out for want of room.
    pub(super) cut: f64,
}

impl Events {
    pub(super) const NONE: Self =
        Self { times: VecDeque::new(), last: f64::NAN, cut: f64::NEG_INFINITY };

    /// Adds one, and leaves out those not after `since` and the oldest of more than `most`.
    pub(super) fn push(&mut self, time: f64, since: f64, most: usize) {
        while self.times.front().is_some_and(|&oldest| oldest <= since) {
            self.times.pop_front();
        }
        if self.times.len() == most {
            self.cut = self.times.pop_front().unwrap_or(self.cut);
        }
        self.times.push_back(time);
        self.last = time;
    }

    /// How many came after a time.
    pub(super) fn after(&self, time: f64) -> usize {
        self.times.len() - self.times.partition_point(|&event| event <= time)
    }

    /// Forgets those before a time, which is not before the last one.
    pub(super) fn forget_before(&mut self, time: f64) {
        self.times.retain(|&event| event >= time);
        if self.last < time {
            self.last = f64::NAN;
        }
        self.cut = f64::NEG_INFINITY;
    }
}
