//! The saved form: what was learned and the state of the circuit; calls in flight are forgotten.

use super::breaker::{AdaptiveBreaker, LONGEST_RAMP, Phase};
use super::learned::Learned;
use super::load::{Load, Results};
use super::params::AdaptiveParams;
use super::tolerance::{LARGEST, LEAST};
use crate::breaker::{State, Transition};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};

const ENVELOPE: Envelope = Envelope { magic: b"fwadaptb", newest: 1 };

/// As [`AdaptiveBreaker`], without calls and probes in flight: their tickets are not saved either.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    params: AdaptiveParams,
    phase: Phase,
    generation: u64,
    now: f64,
    clock_steps_back: u64,
    learned: Learned,
    load: Load,
    lost: f64,
    lost_since: f64,
    peak: f64,
    tolerance: f64,
    trouble: f64,
    tripped: f64,
    opened: f64,
    next_probe: f64,
    probes_sent: u64,
    purse: f64,
    share: f64,
    safe: f64,
    due: f64,
    ramp: f64,
    tested: u32,
    dirty: u32,
    offered: u32,
    let_through: u32,
    restored: f64,
    held_since: f64,
    trips: u64,
    last_transition: Option<Transition>,
}

/// Copies the fields that both forms have.
macro_rules! with_fields {
    ($to:ident, $from:expr $(, $name:ident: $value:expr)*) => {
        $to {
            params: $from.params,
            phase: $from.phase,
            generation: $from.generation,
            now: $from.now,
            clock_steps_back: $from.clock_steps_back,
            learned: $from.learned,
            load: $from.load,
            lost: $from.lost,
            lost_since: $from.lost_since,
            peak: $from.peak,
            tolerance: $from.tolerance,
            trouble: $from.trouble,
            tripped: $from.tripped,
            opened: $from.opened,
            next_probe: $from.next_probe,
            probes_sent: $from.probes_sent,
            purse: $from.purse,
            share: $from.share,
            safe: $from.safe,
            due: $from.due,
            ramp: $from.ramp,
            tested: $from.tested,
            dirty: $from.dirty,
            offered: $from.offered,
            let_through: $from.let_through,
            restored: $from.restored,
            held_since: $from.held_since,
            trips: $from.trips,
            last_transition: $from.last_transition,
            $($name: $value,)*
        }
    };
}

impl From<AdaptiveBreaker> for Saved {
    fn from(breaker: AdaptiveBreaker) -> Self {
        with_fields!(Self, breaker)
    }
}

impl TryFrom<Saved> for AdaptiveBreaker {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        saved.params.check()?;
        saved.check()?;
        let fresh = Self::with(saved.params);
        let mut breaker = with_fields!(
            Self, saved, pace: fresh.pace, objective: fresh.objective, valid_from: 0,
            waiting: fresh.waiting, probes: fresh.probes
        );
        breaker.forget_calls();
        Ok(breaker)
    }
}

impl AdaptiveBreaker {
    /// The bytes of a file: what was learned and the state, without calls in flight.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(self)
    }

    /// The breaker that a file holds. Tickets from before it was saved no longer count.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are damaged or hold a state that cannot be,
    /// [`Error::NewerFormat`] for those of a later version, [`Error::OutOfRange`] for a parameter.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        ENVELOPE.open(bytes)
    }
}

impl Saved {
    /// Every number in a range that the breaker itself keeps to.
    fn check(&self) -> Result<()> {
        const LONG: f64 = 2e10;
        let pace = self.params.pace.as_secs_f64();
        let Results { good: little_good, bad: little_bad } = self.load.little;
        let Results { good: full_good, bad: full_bad } = self.load.full;
        let Results { good: new_little_good, bad: new_little_bad } = self.load.new_little;
        let Results { good: new_full_good, bad: new_full_bad } = self.load.new_full;
        let ranges = [
            ("now", self.now, 0.0, LONG),
            ("gap", self.learned.gap, 0.0, LONG),
            ("last", self.learned.last, 0.0, LONG),
            ("latency", self.learned.latency, 0.0, LONG),
            ("deviation", self.learned.deviation, 0.0, LONG),
            ("failure", self.learned.failure, 0.0, f64::MAX),
            ("late", self.learned.late, 0.0, f64::MAX),
            ("lost", self.lost, 0.0, f64::MAX),
            ("lost_since", self.lost_since, -LONG, LONG),
            ("peak", self.peak, 0.0, LARGEST),
            ("tolerance", self.tolerance, LEAST - 1e-9, LARGEST),
            ("trouble", self.trouble, 0.0, LONG),
            ("tripped", self.tripped, 0.0, LONG),
            ("opened", self.opened, 0.0, LONG),
            ("next_probe", self.next_probe, 0.0, LONG),
            ("purse", self.purse, f64::MIN, f64::MAX),
            ("share", self.share, 1e-3, f64::MAX),
            ("safe", self.safe, 1e-3, 1.0),
            ("due", self.due, 0.0, 2.0),
            ("ramp", self.ramp, 0.0, LONGEST_RAMP * pace),
            ("restored", self.restored, f64::MIN, LONG),
            ("held_since", self.held_since, 0.0, LONG),
            ("little.good", little_good, 0.0, 1e15),
            ("little.bad", little_bad, 0.0, 1e15),
            ("full.good", full_good, 0.0, 1e15),
            ("full.bad", full_bad, 0.0, 1e15),
            ("new_little.good", new_little_good, 0.0, 1e15),
            ("new_little.bad", new_little_bad, 0.0, 1e15),
            ("new_full.good", new_full_good, 0.0, 1e15),
            ("new_full.bad", new_full_bad, 0.0, 1e15),
        ];
        for (name, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return Err(invalid(format_args!("{name} is {value}, not from {low} to {high}")));
            }
        }
        if self.phase == Phase::Ramping && self.ramp <= 0.0 {
            return Err(invalid("a ramp of no length"));
        }
        if self.phase == Phase::Closed && self.share < 1.0 {
            return Err(invalid(format_args!("closed, with a share of {}", self.share)));
        }
        if self.last_transition.is_some_and(|last| last.to == State::ForcedOpen) {
            return Err(invalid("forced open, which it cannot be"));
        }
        Ok(())
    }
}
