//! What the breaker shows of itself, and what it can be told.

use super::breaker::{AdaptiveBreaker, Phase};
use super::params::AdaptiveParams;
use crate::breaker::{BreakerSettings, OpenTime, Outcome, Probes, Ramp, State, Transition, Trip};
use crate::error::{Error, Result};
use crate::traits::Tune;
use std::time::Duration;

/// A call that another breaker, or none, decided about.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ObservedCall {
    /// When it was asked for.
    pub at: Duration,
    /// How it ended; `None` if it was rejected.
    pub outcome: Option<Outcome>,
    /// How long it took, at most 10⁶ s; not used if it was rejected.
    pub latency: Duration,
}

impl AdaptiveBreaker {
    /// The parameters.
    #[must_use]
    pub fn params(&self) -> &AdaptiveParams {
        &self.params
    }

    /// What the circuit does with calls; half-open is a circuit with a probe under way.
    #[must_use]
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Closed => State::Closed,
            Phase::Open if self.probes.iter().any(|probe| probe.number > 0) => State::HalfOpen,
            Phase::Open => State::Open,
            Phase::Proving | Phase::Ramping => State::Ramping,
        }
    }

    /// The number of transitions so far, modulo 2⁵⁶.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How often it has opened, reopened circuits that failed again included.
    #[must_use]
    pub fn trips(&self) -> u64 {
        self.trips
    }

    /// The latest transition. Probes go out while the circuit is open: they are no transition.
    #[must_use]
    pub fn last_transition(&self) -> Option<Transition> {
        self.last_transition
    }

    /// The latest time seen.
    #[must_use]
    pub fn last_seen(&self) -> Duration {
        Duration::try_from_secs_f64(self.now).unwrap_or_default()
    }

    /// Events whose time was before one already seen; the latest time was used for them.
    #[must_use]
    pub fn clock_steps_back(&self) -> u64 {
        self.clock_steps_back
    }

    /// The share of calls that is let through while ramping; 1 in service, 0 while open.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.phase == Phase::Open { 0.0 } else { self.share }
    }
}

impl Tune for AdaptiveBreaker {
    type Feedback = ObservedCall;
    type Setting = BreakerSettings;

    /// The settings of a [`Machine`](crate::breaker::Machine) that behaves most like this breaker at
    /// this moment.
    fn setting(&self) -> BreakerSettings {
        let pace = self.params.pace;
        let ramp = Duration::try_from_secs_f64(0.1 * self.ramp).unwrap_or_default();
        BreakerSettings::default()
            .trip(Trip::Utility { costs: self.params.costs, tolerance: self.tolerance })
            .open_time(OpenTime::OutageAge {
                probe_cost: self.learned.failure.clamp(1e-6, 1e6),
                shortest: (pace / 100).max(Duration::from_micros(1)),
                longest: pace * 60,
                jitter: self.params.jitter,
            })
            .probes(Probes::default().lease(pace * 10))
            .ramp((self.ramp > 0.0).then(|| {
                Ramp::default()
                    .first_share(self.safe.min(0.25))
                    .step_time(ramp.max(Duration::from_millis(1)))
            }))
    }

    /// Learns the rate of calls, the latency of answers and the cost of failures from a call that it
    /// did not decide about; its state stays as it is.
    ///
    /// # Errors
    /// [`Error::TimeWentBack`] for a call asked for before the latest time seen;
    /// [`Error::OutOfRange`] for a latency above 10⁶ s.
    fn observe(&mut self, call: ObservedCall) -> Result<()> {
        let (time, latency) = (call.at.as_secs_f64(), call.latency.as_secs_f64());
        if time < self.now {
            return Err(Error::TimeWentBack { time, last: self.now });
        }
        if call.outcome.is_some() && latency > 1e6 {
            let allowed = "at most 1,000,000 s";
            return Err(Error::OutOfRange { name: "latency", value: latency, allowed });
        }
        self.tick(call.at);
        self.learned.arrival(time);
        if let Some(outcome) = call.outcome {
            let utility = self.params.costs.utility(outcome, call.latency);
            let late = latency > self.learned.limit(self.objective);
            if outcome == Outcome::Success {
                self.learned.answer(latency);
            }
            if utility < 0.0 {
                self.learned.failure(-utility, late);
            }
        }
        Ok(())
    }
}
