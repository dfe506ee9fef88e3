//! How the circuit goes from one phase to another, with time and at what calls do.

use super::account::CREDIT;
use super::breaker::{AdaptiveBreaker, LONGEST_RAMP, PROBES, Phase, Probe, TESTS};
use super::tolerance;
use crate::breaker::{Reason, State, Transition};
use crate::rng::Stream;
use std::time::Duration;

/// The largest share that a ramp begins with.
const FIRST_SHARE: f64 = 0.25;
/// Trouble within so many calls after the circuit was reopened is a relapse.
const SOON_CALLS: f64 = 20.0;

// Times in paces.
/// Or within this time.
const SOON: f64 = 2.0;
/// An outage is never taken to be younger, or than so many calls take to come, where that is less.
const YOUNGEST: f64 = 0.5;
const YOUNGEST_CALLS: f64 = 8.0;
/// Bounds of the time between probes.
const OFTEN: f64 = 0.01;
const SELDOM: f64 = 60.0;
/// The first ramp, and the time after which a ramp that held is shortened.
const RAMP: f64 = 5.0;
const HELD: f64 = 200.0;
/// An outage that is over so fast was none; one that lasts so long was one.
const FALSE_ALARM: f64 = 0.5;
const TRUE_ALARM: f64 = 2.0;
/// The share of the usual time after which trouble that comes out of service is first probed.
const FIRST_LOOK: f64 = 0.3;
/// What a pace of service takes off the age of the trouble.
const RELIEF: f64 = 0.7;

impl AdaptiveBreaker {
    /// Lets time pass.
    pub(super) fn advance(&mut self, now: f64) {
        let (pace, passed) = (self.pace, now - self.now);
        self.now = now;
        match self.phase {
            Phase::Closed => {
                let costs = &self.params.costs;
                self.tolerance = tolerance::later(self.tolerance, costs, passed, pace);
                self.trouble = (self.trouble - RELIEF * passed).max(0.0);
                if self.ramp > 0.0 && now - self.held_since > (HELD * pace).max(2.0 * self.ramp) {
                    self.held_since = now;
                    self.ramp *= 0.25;
                    if self.ramp < 0.5 * RAMP * pace {
                        self.trust();
                    }
                }
            }
            Phase::Ramping => {
                self.trouble = (self.trouble - RELIEF * self.share * passed).max(0.0);
                if self.tested >= TESTS {
                    // Fast to the safe share, slowly beyond.
                    let slow_start = if self.share < self.safe { 5.0 * self.share } else { 1.0 };
                    self.share += slow_start * passed / self.ramp;
                    if self.share >= 1.0 {
                        self.close();
                    }
                }
            }
            Phase::Open | Phase::Proving => self.trouble += passed,
        }
        if self.phase != Phase::Open {
            let limit = self.learned.limit(self.objective);
            let late = self.waiting.late(now, limit);
            if late > 0 && self.learned.knows_latency() {
                for _ in 0..late.min(64) {
                    self.result(false);
                }
                self.lose(f64::from(late) * self.learned.late, f64::from(late), now - limit);
            }
        }
    }

    /// No ramp is needed.
    pub(super) fn trust(&mut self) {
        self.ramp = 0.0;
        self.safe = 1.0;
    }

    /// Seconds to the next probe: `√(2·cost·age/λ)`, a little less by chance.
    pub(super) fn open_time(&self) -> f64 {
        let pace = self.pace;
        let youngest = (YOUNGEST * pace).min(YOUNGEST_CALLS * self.learned.gap);
        let age = self.trouble.max(youngest);
        let time = (2.0 * self.learned.failure * age * self.learned.gap).sqrt();
        let luck = Stream::new(self.params.seed, self.probes_sent).unit();
        time.clamp(OFTEN * pace, SELDOM * pace) * (1.0 - self.params.jitter * luck)
    }

    /// Where the load is to blame, rest heals. But trouble that comes out of service is no relapse: it is
    /// looked at for a moment first, as if nothing were suspected, since what is over at once was no
    /// outage. That first look comes `soon`, whatever is suspected: troubles of less than a second are
    /// common, and one probe more costs less than to turn calls away from what is well again.
    pub(super) fn schedule_probe(&mut self, soon: bool) {
        let early = if soon && self.load.is_new() { FIRST_LOOK } else { 1.0 };
        let next = self.now + early * self.open_time();
        let rested = self.opened + 0.5 * self.ramp;
        let first = self.load.is_new() && next - self.tripped < FALSE_ALARM * self.pace;
        self.next_probe = if first { next } else { next.max(rested) };
    }

    pub(super) fn transition(&mut self, from: State, reason: Reason) {
        self.generation = (self.generation + 1) % crate::breaker::machine::GENERATIONS;
        let open = self.phase == Phase::Open;
        let wait = Duration::try_from_secs_f64(self.next_probe - self.now).unwrap_or_default();
        self.last_transition = Some(Transition {
            from,
            to: self.state(),
            at: Duration::try_from_secs_f64(self.now).unwrap_or_default(),
            generation: self.generation,
            reason,
            open_for: open.then_some(wait),
        });
    }

    /// Starts a generation in which no call is in flight.
    #[cfg(feature = "serde")]
    pub(super) fn forget_calls(&mut self) {
        self.generation = (self.generation + 1) % crate::breaker::machine::GENERATIONS;
        self.begin_anew();
    }

    /// What was under way no longer counts.
    pub(super) fn begin_anew(&mut self) {
        self.valid_from = self.generation;
        self.waiting.restart(self.now, self.learned.limit(self.objective));
        self.probes = [Probe::default(); PROBES];
        (self.lost, self.peak) = (0.0, 0.0);
    }

    pub(super) fn trip(&mut self, reason: Reason) {
        let (from, pace) = (self.state(), self.pace);
        let soon = (SOON * pace).max(SOON_CALLS * self.learned.gap);
        let relapse = self.phase != Phase::Closed || self.now - self.restored < soon;
        let share = match self.phase {
            Phase::Proving => {
                self.share.min(f64::from(self.let_through.max(1)) / f64::from(self.offered.max(1)))
            }
            _ => self.share,
        };
        self.trouble = self.trouble.max(self.now - self.lost_since.min(self.now));
        let blamed = self.load.trip(relapse);
        // A burst of errors that began a moment ago can also go on through a reopening.
        let known = self.trouble >= TRUE_ALARM * pace;
        if blamed && known {
            self.ramp = (2.0 * self.ramp).clamp(RAMP * pace, LONGEST_RAMP * pace);
            self.safe = (0.5 * share).max(FIRST_SHARE);
        } else if relapse && !blamed {
            self.trust();
        }
        if self.phase != Phase::Proving {
            self.tripped = self.now;
        }
        self.phase = Phase::Open;
        self.trips += 1;
        self.opened = self.now;
        self.schedule_probe(true);
        self.transition(from, reason);
        self.begin_anew();
    }

    pub(super) fn probe_succeeded(&mut self, utility: f64) {
        let (from, pace, down) = (self.state(), self.pace, self.now - self.tripped);
        if down < FALSE_ALARM * pace {
            self.tolerance = tolerance::raised(self.tolerance);
        } else if down > TRUE_ALARM * pace {
            self.tolerance = tolerance::lowered(self.tolerance);
        }
        let was_short = down < FALSE_ALARM * pace;
        let suspected = self.ramp > 0.0 && !was_short;
        self.phase = if was_short && self.ramp <= 0.0 { Phase::Closed } else { Phase::Proving };
        self.purse = CREDIT * utility;
        self.share = if suspected { self.safe.min(FIRST_SHARE) } else { 1.0 };
        (self.tested, self.dirty, self.due) = (1, 0, 0.0);
        (self.offered, self.let_through) = (0, 0);
        self.load.little(true);
        self.transition(from, Reason::ProbesSucceeded);
        self.begin_anew();
        if self.phase == Phase::Closed {
            // As if it had not opened: what was lost counts on, less what the probe has won.
            (self.restored, self.held_since) = (self.now, self.now);
            self.lost = (self.tolerance - CREDIT * utility).max(0.0);
            self.lost_since = self.now;
        }
    }

    /// Calls under way go on counting.
    pub(super) fn close(&mut self) {
        let from = self.state();
        self.phase = Phase::Closed;
        self.share = 1.0;
        (self.restored, self.held_since) = (self.now, self.now);
        self.transition(from, Reason::RampCompleted);
    }
}
