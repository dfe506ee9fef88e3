//! What decides for a circuit: a breaker with settings, or one that tunes itself.

use crate::breaker_settings::Settings;
use crate::circuit::Refusal;
use crate::errors::{Result, bad_value};
use crate::listeners::Listeners;
use crate::ticker::Ticker;
use crate::tuning::Tuning;
use forewarn::breaker::{
    AdaptiveBreaker, Breaker, BreakerMetrics, BreakerSettings, Force, Machine, Outcome,
    OwnedPermit, State, Ticket,
};
use forewarn::prelude::Tune as _;
use std::sync::Arc;
use std::time::Duration;

/// The first bytes of a saved breaker that tunes itself.
const ADAPTIVE: &[u8] = b"fwadaptb";

/// What decides.
#[derive(Debug)]
pub(crate) enum Engine {
    Fixed(Breaker<Ticker>),
    Adaptive(Arc<Tuning>),
}

/// A call that was let through. It must be ended or released: dropped, it would ask a clock of its
/// own.
#[derive(Debug)]
pub(crate) enum Pass {
    Fixed(OwnedPermit<Ticker>),
    Adaptive(Arc<Tuning>, Option<Ticket>),
}

impl Pass {
    pub(crate) fn record_at(self, now: Duration, outcome: Outcome, latency: Duration) {
        match self {
            Self::Fixed(permit) => permit.record_at(now, outcome, latency),
            Self::Adaptive(tuning, ticket) => tuning.record(ticket, now, outcome, latency),
        }
    }

    pub(crate) fn release_at(self, now: Duration) {
        match self {
            Self::Fixed(permit) => permit.release_at(now),
            Self::Adaptive(tuning, ticket) => tuning.release(ticket, now),
        }
    }

    pub(crate) fn is_probe(&self) -> bool {
        match self {
            Self::Fixed(permit) => permit.is_probe(),
            Self::Adaptive(_, ticket) => ticket.as_ref().is_some_and(Ticket::is_probe),
        }
    }
}

/// A breaker before its circuit is built.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, and not for long")]
pub(crate) enum Core {
    Fixed(Machine),
    Adaptive(AdaptiveBreaker),
}

impl Core {
    pub(crate) fn from_bytes(data: &[u8]) -> Result<Self> {
        if data.starts_with(ADAPTIVE) {
            return Ok(Self::Adaptive(AdaptiveBreaker::from_bytes(data)?));
        }
        Ok(Self::Fixed(Machine::from_bytes(data)?))
    }

    pub(crate) fn last_seen(&self) -> Duration {
        match self {
            Self::Fixed(machine) => machine.last_seen(),
            Self::Adaptive(breaker) => breaker.last_seen(),
        }
    }

    pub(crate) fn build(
        self,
        ticker: Ticker,
        dropped: Option<Outcome>,
        listeners: &Arc<Listeners>,
    ) -> Result<Engine> {
        match self {
            Self::Fixed(machine) => {
                let builder = Breaker::builder(BreakerSettings::default()).clock(ticker);
                Ok(Engine::Fixed(builder.dropped(dropped).resume(machine).build()?))
            }
            Self::Adaptive(breaker) => {
                Ok(Engine::Adaptive(Arc::new(Tuning::new(breaker, Arc::clone(listeners)))))
            }
        }
    }
}

impl Engine {
    #[inline]
    pub(crate) fn acquire_at(&self, now: Duration) -> std::result::Result<Pass, Refusal> {
        match self {
            Self::Fixed(breaker) => breaker.try_acquire_owned_at(now).map(Pass::Fixed),
            Self::Adaptive(tuning) => {
                let ticket = tuning.acquire(now)?;
                Ok(Pass::Adaptive(Arc::clone(tuning), ticket))
            }
        }
    }

    /// Lets time pass, to what the ticker was given.
    pub(crate) fn tick(&self, now: Duration) {
        match self {
            Self::Fixed(breaker) => {
                breaker.tick();
            }
            Self::Adaptive(tuning) => tuning.tick(now),
        }
    }

    /// Imposes a state, or none, at the time that the ticker was given.
    pub(crate) fn force(&self, force: Option<Force>, now: Duration) {
        match (self, force) {
            (Self::Fixed(breaker), Some(force)) => {
                breaker.force(force);
            }
            (Self::Fixed(breaker), None) => {
                breaker.unforce();
            }
            (Self::Adaptive(tuning), force) => tuning.force(force, now),
        }
    }

    pub(crate) fn set_settings(&self, settings: &Settings) -> Result<()> {
        match self {
            Self::Fixed(breaker) => Ok(breaker.set_settings(settings.params()?)?),
            Self::Adaptive(_) => {
                Err(bad_value("an adaptive breaker finds its settings itself".to_owned()))
            }
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        match self {
            Self::Fixed(breaker) => Settings::from(breaker.snapshot().settings()),
            Self::Adaptive(tuning) => Settings::from(&tuning.snapshot().setting()),
        }
    }

    pub(crate) fn state(&self) -> State {
        match self {
            Self::Fixed(breaker) => breaker.state(),
            Self::Adaptive(tuning) => tuning.state(),
        }
    }

    pub(crate) fn inner_state(&self) -> State {
        match self {
            Self::Fixed(breaker) => breaker.snapshot().inner_state(),
            Self::Adaptive(tuning) => tuning.snapshot().state(),
        }
    }

    pub(crate) fn share(&self) -> f64 {
        match self {
            Self::Fixed(breaker) => breaker.snapshot().share(),
            Self::Adaptive(tuning) => tuning.share(),
        }
    }

    pub(crate) fn metrics(&self) -> BreakerMetrics {
        match self {
            Self::Fixed(breaker) => breaker.metrics(),
            Self::Adaptive(tuning) => tuning.metrics(),
        }
    }

    pub(crate) fn to_bytes(&self) -> forewarn::Result<Vec<u8>> {
        match self {
            Self::Fixed(breaker) => breaker.snapshot().to_bytes(),
            Self::Adaptive(tuning) => tuning.snapshot().to_bytes(),
        }
    }
}
