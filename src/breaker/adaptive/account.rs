//! What good and bad calls do to the account of the moment, and when it opens the circuit.

use super::breaker::{AdaptiveBreaker, Phase, TESTS};
use super::tolerance;
use crate::breaker::Reason;

/// How many lost calls' costs one good call makes up for. At 1 the circuit would open wherever
/// rejecting is the cheaper act; four keeps it closed in brown-outs in which it makes no difference.
pub(super) const CREDIT: f64 = 4.0;
/// The near miss from which on it counts as a false alarm.
const NEAR_MISS: f64 = 2.0;
/// What must have been won before a reopened circuit counts as proved.
const PROVED: f64 = 3.0 * CREDIT;
/// In a ramp a bad call counts for at least so much, against so large a tolerance.
const RAMP_COST: f64 = 3.0;
const RAMP_TOLERANCE: f64 = 5.0;
/// Bad results among the first of a ramp that clear the load of suspicion.
const DIRTY: u32 = 2;

impl AdaptiveBreaker {
    /// Counts a result for what it says of the load.
    pub(super) fn result(&mut self, good: bool) {
        if self.ramp > 0.0 && self.tested < TESTS {
            self.load.little(good);
        } else {
            self.load.full(good);
        }
        if self.tested < TESTS {
            self.tested += 1;
            self.dirty += u32::from(!good);
            if self.dirty >= DIRTY && self.ramp > 0.0 {
                // It fails at a small share as well: the load is not to blame.
                self.trust();
                self.share = 1.0;
                if self.phase == Phase::Ramping {
                    self.close();
                }
            }
        }
    }

    /// Bad calls, the first of which began `since`.
    pub(super) fn lose(&mut self, cost: f64, calls: f64, since: f64) {
        if self.lost <= 0.0 {
            self.lost_since = since;
        }
        match self.phase {
            Phase::Open => {}
            Phase::Proving => {
                self.purse -= cost;
                if self.purse < 0.0 {
                    self.lost_since = self.now;
                    self.trip(Reason::RampFailed);
                }
            }
            Phase::Ramping => {
                let least = if self.tested < TESTS { 0.0 } else { RAMP_COST * calls };
                self.lost += cost.max(least);
                if self.lost > RAMP_TOLERANCE {
                    self.trip(Reason::RampFailed);
                }
            }
            Phase::Closed => {
                self.lost += cost;
                if self.lost > self.tolerance {
                    self.trip(Reason::Utility);
                }
            }
        }
    }

    /// A good call; `charged` was counted against it when it was late.
    pub(super) fn win(&mut self, utility: f64, charged: f64) {
        match self.phase {
            Phase::Open => {}
            Phase::Proving => {
                self.purse += CREDIT * utility + charged;
                if self.purse >= PROVED {
                    self.restored = self.now;
                    self.lost = 0.0;
                    if self.share < 1.0 && self.ramp > 0.0 {
                        self.phase = Phase::Ramping;
                    } else {
                        self.close();
                    }
                }
            }
            Phase::Ramping => self.lost = (self.lost - utility - charged).max(0.0),
            Phase::Closed => {
                self.peak = self.peak.max(self.lost);
                self.lost = (self.lost - CREDIT * utility - charged).max(0.0);
                if self.lost <= 0.0 {
                    if self.peak > NEAR_MISS {
                        self.tolerance = tolerance::raised(self.tolerance);
                    }
                    self.peak = 0.0;
                }
            }
        }
    }
}
