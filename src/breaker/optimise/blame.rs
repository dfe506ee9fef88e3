//! Whether the calls themselves keep the dependency down: what a log shows of it.
//!
//! Two signs, neither of them a proof:
//! - *Crowding*: calls come faster while the dependency is down than while it is up, as failed ones are
//!   tried again, or it goes down when most is asked of it.
//! - *Relapses*: probes succeed, and soon after all calls are let through again they fail, time after
//!   time. An outage that load has no part in is seldom back so soon.

use super::course::History;
use super::facts::RECOVERY;
use crate::breaker::log::{LoggedOutcome, Row};

/// The first calls of each outage do not count: a burst of calls that failed is what made it one.
const SETTLED: usize = 10;
/// By how much faster calls must come while down, and how many standard errors that must be.
const FASTER: f64 = 1.2;
const SURE: f64 = 4.0;

/// So many calls let through in a row are a return to service.
const RETURNED: u32 = 10;
/// A relapse comes within so much of the time of rest before, and within so many seconds or calls.
const SOON: f64 = 0.5;
const SOON_SECONDS: f64 = 0.1 * RECOVERY;
const SOON_CALLS: u32 = 30;
/// How many there must be, and which share of all returns.
const SOME: f64 = 5.0;
const MOST: f64 = 0.6;

/// What was seen, over all keys.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Blame {
    /// Calls and seconds while up and while down, with nothing rejected.
    calls: [f64; 2],
    seconds: [f64; 2],
    /// Times that a breaker let all calls through again, and those of them that were short.
    returns: f64,
    relapses: f64,
}

impl Blame {
    /// Adds a key.
    pub(super) fn see(&mut self, history: &History) {
        self.see_arrivals(history);
        self.see_relapses(history.rows());
    }

    fn see_arrivals(&mut self, history: &History) {
        let (rows, down) = (history.rows(), &history.latent.down);
        let mut settled = 0;
        for at in 1..rows.len() {
            let state = usize::from(down[at] > 0.5);
            let rejected = |row: &Row| row.outcome == LoggedOutcome::Rejected;
            let same = state == usize::from(down[at - 1] > 0.5);
            if !same || rejected(&rows[at]) || rejected(&rows[at - 1]) {
                settled = 0;
                continue;
            }
            settled += 1;
            if settled > SETTLED {
                self.calls[state] += 1.0;
                self.seconds[state] += (rows[at].start - rows[at - 1].start) as f64 / 1e9;
            }
        }
    }

    fn see_relapses(&mut self, rows: &[Row]) {
        // Since when calls were rejected, and when they came back.
        let (mut since, mut back) = (None, None);
        let mut admitted = 0_u32;
        for row in rows {
            if row.outcome != LoggedOutcome::Rejected {
                admitted = admitted.saturating_add(1);
                if admitted == RETURNED && since.is_some() {
                    back = Some(row.start);
                }
                continue;
            }
            let calls = std::mem::take(&mut admitted);
            if let (Some(since), Some(back)) = (since, back.take()) {
                let [rest, service] =
                    [back - since, row.start - back].map(|time| time as f64 / 1e9);
                let soon = service <= SOON_SECONDS || calls <= SOON_CALLS;
                self.returns += 1.0;
                if soon && service <= SOON * rest {
                    self.relapses += 1.0;
                }
            } else if since.is_some() {
                continue;
            }
            since = Some(row.start);
        }
    }

    /// Whether calls come faster while the dependency is down.
    pub(super) fn crowds(&self) -> bool {
        let ([up, down], [seconds_up, seconds_down]) = (self.calls, self.seconds);
        if up == 0.0 || seconds_up <= 0.0 {
            return false;
        }
        let expected = up / seconds_up * seconds_down;
        down > FASTER * expected && down - expected > SURE * (expected * (1.0 + down / up)).sqrt()
    }

    /// Calls a second while up, if they come faster while down.
    pub(super) fn rate_while_up(&self) -> Option<f64> {
        self.crowds().then(|| self.calls[0] / self.seconds[0])
    }

    /// Whether it fails soon whenever all calls are let through again.
    pub(super) fn relapses(&self) -> bool {
        self.relapses >= SOME && self.relapses >= MOST * self.returns
    }
}
