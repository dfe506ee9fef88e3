//! What decides for a circuit: a breaker with settings, or one that tunes itself.

use crate::breaker_settings::Settings;
use crate::circuit::Refusal;
use crate::errors::{Result, bad_value};
use crate::ticker::Ticker;
use forewarn::breaker::{
    AdaptiveBreaker, AdaptivePermit, Breaker, BreakerMetrics, BreakerSettings, Force,
    LiveAdaptiveBreaker, Machine, Outcome, OwnedAdaptivePermit, OwnedPermit, Permit, State,
    Transition,
};
use forewarn::prelude::Tune as _;
use std::time::Duration;

/// The first bytes of a saved breaker that tunes itself.
const ADAPTIVE: &[u8] = b"fwadaptb";

/// What decides.
#[derive(Debug)]
pub(crate) enum Engine {
    Fixed(Breaker<Ticker>),
    Adaptive(LiveAdaptiveBreaker<Ticker>),
}

/// A call that was let through. It must be ended or released: dropped, it would ask a clock of its
/// own.
#[derive(Debug)]
pub(crate) enum Pass {
    Fixed(OwnedPermit<Ticker>),
    Adaptive(OwnedAdaptivePermit<Ticker>),
}

impl Pass {
    pub(crate) fn record_at(self, now: Duration, outcome: Outcome, latency: Duration) {
        match self {
            Self::Fixed(permit) => permit.record_at(now, outcome, latency),
            Self::Adaptive(permit) => permit.record_at(now, outcome, latency),
        }
    }

    pub(crate) fn release_at(self, now: Duration) {
        match self {
            Self::Fixed(permit) => permit.release_at(now),
            Self::Adaptive(permit) => permit.release_at(now),
        }
    }

    pub(crate) fn is_probe(&self) -> bool {
        match self {
            Self::Fixed(permit) => permit.is_probe(),
            Self::Adaptive(permit) => permit.is_probe(),
        }
    }
}

/// A call that was let through and, as nearly all do, ends where it began.
pub(crate) trait Brief {
    fn record(self, outcome: Outcome);

    /// The call goes on elsewhere: what it holds, and when it began. `None` if it was given up, and
    /// must be asked for again.
    fn go_on(self) -> Option<(Pass, Duration)>;
}

impl Brief for Permit<'_, Ticker> {
    #[inline]
    fn record(self, outcome: Outcome) {
        self.record(outcome);
    }

    fn go_on(self) -> Option<(Pass, Duration)> {
        self.release();
        None
    }
}

impl Brief for AdaptivePermit<'_, Ticker> {
    #[inline]
    fn record(self, outcome: Outcome) {
        self.record(outcome);
    }

    fn go_on(self) -> Option<(Pass, Duration)> {
        let began = self.began();
        Some((Pass::Adaptive(self.into_owned()), began))
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

    pub(crate) fn build(self, ticker: Ticker, dropped: Option<Outcome>) -> Result<Engine> {
        match self {
            Self::Fixed(machine) => {
                let builder = Breaker::builder(BreakerSettings::default()).clock(ticker);
                Ok(Engine::Fixed(builder.dropped(dropped).resume(machine).build()?))
            }
            Self::Adaptive(breaker) => {
                let builder = LiveAdaptiveBreaker::builder(breaker).clock(ticker);
                Ok(Engine::Adaptive(builder.dropped(dropped).build()))
            }
        }
    }
}

impl Engine {
    #[inline]
    pub(crate) fn acquire_at(&self, now: Duration) -> std::result::Result<Pass, Refusal> {
        match self {
            Self::Fixed(breaker) => breaker.try_acquire_owned_at(now).map(Pass::Fixed),
            Self::Adaptive(breaker) => breaker.try_acquire_owned_at(now).map(Pass::Adaptive),
        }
    }

    /// Lets time pass.
    pub(crate) fn tick(&self, now: Duration) {
        match self {
            Self::Fixed(breaker) => breaker.tick_at(now),
            Self::Adaptive(breaker) => breaker.tick_at(now),
        };
    }

    /// Imposes a state, or none.
    pub(crate) fn force(&self, force: Option<Force>, now: Duration) {
        match self {
            Self::Fixed(breaker) => breaker.force_at(force, now),
            Self::Adaptive(breaker) => breaker.force_at(force, now),
        };
    }

    /// Has a function told of transitions.
    pub(crate) fn listen(&self, listener: impl Fn(&Transition) + Send + Sync + 'static) {
        match self {
            Self::Fixed(breaker) => breaker.listen(listener),
            Self::Adaptive(breaker) => breaker.listen(listener),
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
            Self::Adaptive(breaker) => Settings::from(&breaker.snapshot().setting()),
        }
    }

    pub(crate) fn state(&self) -> State {
        match self {
            Self::Fixed(breaker) => breaker.state(),
            Self::Adaptive(breaker) => breaker.state(),
        }
    }

    pub(crate) fn inner_state(&self) -> State {
        match self {
            Self::Fixed(breaker) => breaker.snapshot().inner_state(),
            Self::Adaptive(breaker) => breaker.inner_state(),
        }
    }

    pub(crate) fn share(&self) -> f64 {
        match self {
            Self::Fixed(breaker) => breaker.snapshot().share(),
            Self::Adaptive(breaker) => breaker.share(),
        }
    }

    pub(crate) fn metrics(&self) -> BreakerMetrics {
        match self {
            Self::Fixed(breaker) => breaker.metrics(),
            Self::Adaptive(breaker) => breaker.metrics(),
        }
    }

    pub(crate) fn to_bytes(&self) -> forewarn::Result<Vec<u8>> {
        match self {
            Self::Fixed(breaker) => breaker.snapshot().to_bytes(),
            Self::Adaptive(breaker) => breaker.snapshot().to_bytes(),
        }
    }
}
