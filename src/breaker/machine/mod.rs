//! The state machine that every breaker runs: live, replayed or simulated.

mod events;
mod half_open;
mod in_flight;
mod metrics;
mod outage;
mod ramping;
mod rules;
#[cfg(feature = "serde")]
mod saved;
#[cfg(test)]
mod tests;
mod ticket;
pub(in crate::breaker) mod time;
mod transitions;
mod window;

pub(in crate::breaker) use events::Batch;
pub(in crate::breaker) use in_flight::EPOCHS;
pub use metrics::BreakerMetrics;
pub(in crate::breaker) use ticket::Kind;
pub use ticket::{Gate, Ticket};

use super::settings::BreakerSettings;
use super::state::{Force, State, Transition};
use crate::error::Result;
use half_open::HalfOpen;
use in_flight::InFlight;
use outage::Outage;
use ramping::Ramping;
use std::sync::Arc;
use std::time::Duration;
use time::Nanos;
use window::Window;

/// Generations are numbered modulo 2⁵⁶: a live breaker keeps one and its flags in one word.
pub(in crate::breaker) const GENERATIONS: u64 = 1 << 56;

/// A circuit breaker without a clock, a lock or a thread: the same events at the same times give
/// the same states, counts and random numbers, wherever it runs.
///
/// Times are since any start, the same for all events. One that is before the latest seen is taken
/// to be the latest, and counted; a good call in a closed circuit is looked up in time only where
/// the settings need it. A result counts only if the circuit has had no transition since its call
/// was let through, and only once.
///
/// Every event takes constant time, but: a bad call O(buckets) with [`Trip::Window`](super::Trip),
/// and events in half-open O(permits).
///
/// ```
/// use forewarn::breaker::{BreakerSettings, Machine, OpenTime, Outcome, State, Trip};
/// use std::time::Duration;
///
/// let settings = BreakerSettings::default()
///     .trip(Trip::Consecutive { failures: 3 })
///     .open_time(OpenTime::Constant(Duration::from_secs(5)))
///     .ramp(None);
/// let mut machine = Machine::new(settings, 42)?;
/// let (second, latency) = (Duration::from_secs(1), Duration::from_millis(20));
/// for _ in 0..3 {
///     let ticket = machine.acquire(second).expect("it is closed");
///     machine.record(ticket, second, Outcome::Failure, latency);
/// }
/// assert_eq!(machine.state(), State::Open);
/// let rejected = machine.acquire(2 * second).unwrap_err();
/// assert_eq!(rejected.to_string(), "rejected: the circuit is open; come back in 4.000 s");
///
/// let probe = machine.acquire(6 * second).expect("the open time is over");
/// assert_eq!(machine.state(), State::HalfOpen);
/// machine.record(probe, 6 * second, Outcome::Success, latency);
/// assert_eq!(machine.state(), State::Closed);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Saved"))]
pub struct Machine {
    /// The breakers of a registry share them.
    #[cfg_attr(feature = "serde", serde(serialize_with = "saved::settings"))]
    settings: Arc<BreakerSettings>,
    seed: u64,
    /// Random numbers drawn.
    draws: u64,
    forced: Option<Force>,
    phase: Phase,
    generation: u64,
    /// The latest time seen.
    last: Nanos,
    /// When the generation began.
    since: Nanos,
    window: Window,
    /// Few settings ask for it, and a registry has many machines.
    in_flight: Option<Box<InFlight>>,
    /// The number of the count of calls in flight: a call that began when another threshold counted is
    /// no part of it. 0 before the first.
    tracking: u32,
    /// Whether a good call has come since the last bad one.
    good_since_bad: bool,
    outage: Outage,
    /// The share of traffic that is remembered as safe.
    safe: f64,
    /// When a ramp completed last.
    ramped: Option<Nanos>,
    metrics: BreakerMetrics,
    last_transition: Option<Transition>,
}

/// Where a circuit is that nobody forces.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    Closed,
    Open { until: Nanos },
    HalfOpen(Box<HalfOpen>),
    Ramping(Ramping),
}

impl Machine {
    /// A closed circuit that has seen nothing. The seed decides jitter and the shares of ramps.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn new(settings: BreakerSettings, seed: u64) -> Result<Self> {
        settings.check()?;
        Ok(Self::shared(Arc::new(settings), seed))
    }

    /// [`new`](Self::new) with settings that have been checked.
    pub(in crate::breaker) fn shared(settings: Arc<BreakerSettings>, seed: u64) -> Self {
        let tracked = settings.tracked();
        Self {
            window: Window::new(&settings.trip),
            in_flight: tracked.map(|threshold| Box::new(InFlight::new(threshold, 0))),
            tracking: tracked.is_some().into(),
            settings,
            seed,
            draws: 0,
            forced: None,
            phase: Phase::Closed,
            generation: 0,
            last: 0,
            since: 0,
            good_since_bad: true,
            outage: Outage::default(),
            safe: 1.0,
            ramped: None,
            metrics: BreakerMetrics::default(),
            last_transition: None,
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &BreakerSettings {
        &self.settings
    }

    /// What the circuit does with calls.
    #[must_use]
    pub fn state(&self) -> State {
        match self.forced {
            None => self.inner_state(),
            Some(Force::Open) => State::ForcedOpen,
            Some(Force::Closed) => State::ForcedClosed,
            Some(Force::Shadow) => State::Disabled,
        }
    }

    /// What it would do with them if nobody forced it: in shadow, what it decides.
    #[must_use]
    pub fn inner_state(&self) -> State {
        match self.phase {
            Phase::Closed => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen(_) => State::HalfOpen,
            Phase::Ramping(_) => State::Ramping,
        }
    }

    /// The number of transitions so far, modulo 2⁵⁶.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When the present state began.
    #[must_use]
    pub fn since(&self) -> Duration {
        Duration::from_nanos(self.since)
    }

    /// The latest time seen.
    #[must_use]
    pub fn last_seen(&self) -> Duration {
        Duration::from_nanos(self.last)
    }

    /// The share of the traffic that is let through, from 0 to 1; probes do not count.
    #[must_use]
    pub fn share(&self) -> f64 {
        match (self.forced, &self.phase) {
            (Some(Force::Closed | Force::Shadow), _) | (None, Phase::Closed) => 1.0,
            (None, Phase::Ramping(ramping)) => ramping.share,
            (Some(Force::Open), _) | (None, Phase::Open { .. } | Phase::HalfOpen(_)) => 0.0,
        }
    }

    /// Probes under way.
    #[must_use]
    pub fn probes_under_way(&self) -> usize {
        match &self.phase {
            Phase::HalfOpen(half_open) => half_open.under_way(),
            _ => 0,
        }
    }

    /// What has been counted.
    #[must_use]
    pub fn metrics(&self) -> BreakerMetrics {
        self.metrics
    }

    /// The latest transition.
    #[must_use]
    pub fn last_transition(&self) -> Option<Transition> {
        self.last_transition
    }

    /// Changes the settings and keeps everything else: state, generation, open time and ramp under
    /// way, and the window as far as the new rule can use it. A window of the last calls keeps the
    /// latest, one over time is counted over into the new buckets; one of another kind begins empty.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range; then nothing
    /// is changed.
    pub fn set_settings(&mut self, settings: BreakerSettings) -> Result<()> {
        settings.check()?;
        self.share_settings(Arc::new(settings));
        Ok(())
    }

    /// [`set_settings`](Self::set_settings) with settings that have been checked.
    pub(in crate::breaker) fn share_settings(&mut self, settings: Arc<BreakerSettings>) {
        let window = std::mem::replace(&mut self.window, Window::Consecutive(0));
        self.window = window.under(&settings.trip);
        self.window.advance(self.last);
        if settings.tracked() != self.settings.tracked() {
            // Calls in flight are then counted from here on: none that was counted so far.
            let tracked = settings.tracked();
            self.in_flight = tracked.map(|threshold| Box::new(InFlight::new(threshold, self.last)));
            self.tracking = self.tracking.wrapping_add(tracked.is_some().into()).max(1);
        }
        self.settings = settings;
    }
}

impl Gate for Machine {
    fn acquire(&mut self, now: Duration) -> Result<Ticket, super::Rejected> {
        Self::acquire(self, now)
    }

    fn record(
        &mut self,
        ticket: Ticket,
        now: Duration,
        outcome: super::Outcome,
        latency: Duration,
    ) -> Option<Transition> {
        Self::record(self, ticket, now, outcome, latency)
    }

    fn release(&mut self, ticket: Ticket, now: Duration) {
        Self::release(self, ticket, now);
    }
}
