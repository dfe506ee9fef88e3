//! The breaker itself: what it consists of.

use super::learned::Learned;
use super::load::Load;
use super::params::AdaptiveParams;
use super::tolerance;
use super::waiting::Waiting;
use crate::breaker::{CallCosts, Transition};
use crate::error::Result;
use std::time::Duration;

/// The longest ramp, in paces.
pub(super) const LONGEST_RAMP: f64 = 20.0;
/// Results at the first share of a ramp before it rises.
pub(super) const TESTS: u32 = 5;
/// Probes under way at a time.
pub(super) const PROBES: usize = 10;
/// Later times count as this one, in seconds.
const LATEST: f64 = 1e10;

/// Where the circuit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Phase {
    /// Lets all calls through.
    Closed,
    /// Lets probes through, at times.
    Open,
    /// Stakes on further calls what calls have won since a probe succeeded.
    Proving,
    /// Lets a growing share through.
    Ramping,
}

/// A probe under way: its number, from 1 on, and when it was sent. Number 0 is a free place.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Probe {
    pub(super) number: u64,
    pub(super) sent: f64,
}

/// A circuit breaker that starts with no history and no settings but the costs of calls.
///
/// See the [module](super) for what it does.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "super::saved::Saved", into = "super::saved::Saved")
)]
pub struct AdaptiveBreaker {
    pub(super) params: AdaptiveParams,
    /// Of the parameters, in seconds.
    pub(super) pace: f64,
    pub(super) objective: f64,
    pub(super) phase: Phase,
    pub(super) generation: u64,
    /// Results of generations before it no longer count.
    pub(super) valid_from: u64,
    /// The latest time seen, in seconds.
    pub(super) now: f64,
    pub(super) clock_steps_back: u64,
    pub(super) learned: Learned,
    pub(super) load: Load,
    pub(super) waiting: Waiting,
    /// The sum of losses of late, when the first was, how high it rose, and what is tolerated.
    pub(super) lost: f64,
    pub(super) lost_since: f64,
    pub(super) peak: f64,
    pub(super) tolerance: f64,
    /// Seconds of trouble, less those of service since.
    pub(super) trouble: f64,
    /// When the circuit left service, when it opened last, and when the next probe is due.
    pub(super) tripped: f64,
    pub(super) opened: f64,
    pub(super) next_probe: f64,
    pub(super) probes: [Probe; PROBES],
    pub(super) probes_sent: u64,
    /// What calls have won since a probe succeeded.
    pub(super) purse: f64,
    /// The share that is let through, the one that is safe, and what of a call is due.
    pub(super) share: f64,
    pub(super) safe: f64,
    pub(super) due: f64,
    /// Length of the next ramp in seconds; 0 for none.
    pub(super) ramp: f64,
    /// Results since a probe succeeded, up to `TESTS`, and the bad ones among them.
    pub(super) tested: u32,
    pub(super) dirty: u32,
    /// Calls asked for and let through since then.
    pub(super) offered: u32,
    pub(super) let_through: u32,
    /// When the calls were last let through again, and since when the ramp has held.
    pub(super) restored: f64,
    pub(super) held_since: f64,
    pub(super) trips: u64,
    pub(super) last_transition: Option<Transition>,
}

impl AdaptiveBreaker {
    /// A breaker without history, for these costs and otherwise default parameters.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a cost outside its range.
    pub fn new(costs: CallCosts) -> Result<Self> {
        AdaptiveParams::default().costs(costs).start()
    }

    pub(super) fn with(params: AdaptiveParams) -> Self {
        let (pace, objective) = (params.pace.as_secs_f64(), params.costs.objective.as_secs_f64());
        let learned = Learned::new(&params.costs, pace);
        Self {
            waiting: Waiting::new(0.0, learned.limit(objective)),
            params,
            pace,
            objective,
            phase: Phase::Closed,
            generation: 0,
            valid_from: 0,
            now: 0.0,
            clock_steps_back: 0,
            learned,
            load: Load::default(),
            lost: 0.0,
            lost_since: 0.0,
            peak: 0.0,
            tolerance: tolerance::first(&params.costs),
            trouble: 0.0,
            tripped: 0.0,
            opened: 0.0,
            next_probe: 0.0,
            probes: [Probe::default(); PROBES],
            probes_sent: 0,
            purse: 0.0,
            share: 1.0,
            safe: 1.0,
            due: 0.0,
            ramp: 0.0,
            tested: TESTS,
            dirty: 0,
            offered: 0,
            let_through: 0,
            restored: f64::MIN,
            held_since: 0.0,
            trips: 0,
            last_transition: None,
        }
    }

    /// The time of an event: never before one already seen.
    #[inline]
    pub(super) fn clock(&mut self, now: Duration) -> f64 {
        let seconds = now.as_secs_f64().min(LATEST);
        if seconds < self.now {
            self.clock_steps_back += 1;
        }
        seconds.max(self.now)
    }
}
