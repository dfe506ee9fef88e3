//! What became of an entity after a row.

use crate::Lifetime;

/// The failures of an entity in order, and until when it was watched.
#[derive(Debug)]
pub(super) struct Fate {
    pub(super) failures: Vec<f64>,
    pub(super) until: f64,
}

impl Fate {
    /// Whether it failed within the horizon after a time: `None` where it did not for as long as it
    /// was watched, which was for less than the horizon.
    pub(super) fn fails(&self, time: f64, horizon: f64) -> Option<bool> {
        match self.next(time) {
            Some(failure) => Some(failure - time <= horizon),
            None if self.until - time >= horizon => Some(false),
            None => None,
        }
    }

    /// How long it lived after a time; `None` where it was not watched after it.
    pub(super) fn life(&self, time: f64) -> Option<Lifetime> {
        match self.next(time) {
            Some(failure) => Some(Lifetime::Failed(failure - time)),
            None if self.until > time => Some(Lifetime::Alive(self.until - time)),
            None => None,
        }
    }

    /// The first failure after a time: one at that time ended the life before.
    fn next(&self, time: f64) -> Option<f64> {
        self.failures.get(self.failures.partition_point(|&failure| failure <= time)).copied()
    }
}
