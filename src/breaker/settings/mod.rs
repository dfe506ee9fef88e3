//! The settings of a circuit breaker.

mod open_time;
mod probes;
mod ramp;
mod trip;

pub use open_time::OpenTime;
pub use probes::{ProbeBudget, Probes};
pub use ramp::Ramp;
pub use trip::{SlowCall, Trip};

use crate::error::{Error, Result};
use std::time::Duration;

/// The longest duration in any setting: 10⁹ seconds.
const LONGEST: Duration = Duration::from_secs(1_000_000_000);

/// When a circuit opens, for how long, and how it closes again.
///
/// ```
/// use forewarn::breaker::{BreakerSettings, OpenTime, Trip};
/// use std::time::Duration;
///
/// let settings = BreakerSettings::default()
///     .trip(Trip::Consecutive { failures: 5 })
///     .open_time(OpenTime::Constant(Duration::from_secs(2)));
/// assert!(settings.check().is_ok());
/// assert!(settings.trip(Trip::Consecutive { failures: 0 }).check().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct BreakerSettings {
    /// When to open. Default: [`Trip::Utility`].
    pub trip: Trip,
    /// From which latency on a call is slow. Default `None`: none is.
    pub slow_call: Option<SlowCall>,
    /// For how long to stay open. Default: [`OpenTime::OutageAge`].
    pub open_time: OpenTime,
    /// What half-open lets through, and what decides.
    pub probes: Probes,
    /// How traffic is let back after the probes; `None` for all at once. Default: [`Ramp`]'s.
    pub ramp: Option<Ramp>,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            trip: Trip::default(),
            slow_call: None,
            open_time: OpenTime::default(),
            probes: Probes::default(),
            ramp: Some(Ramp::default()),
        }
    }
}

impl BreakerSettings {
    /// Sets [`trip`](Self::trip).
    #[must_use]
    pub fn trip(self, trip: Trip) -> Self {
        Self { trip, ..self }
    }

    /// Sets [`slow_call`](Self::slow_call).
    #[must_use]
    pub fn slow_call(self, slow_call: Option<SlowCall>) -> Self {
        Self { slow_call, ..self }
    }

    /// Sets [`open_time`](Self::open_time).
    #[must_use]
    pub fn open_time(self, open_time: OpenTime) -> Self {
        Self { open_time, ..self }
    }

    /// Sets [`probes`](Self::probes).
    #[must_use]
    pub fn probes(self, probes: Probes) -> Self {
        Self { probes, ..self }
    }

    /// Sets [`ramp`](Self::ramp).
    #[must_use]
    pub fn ramp(self, ramp: Option<Ramp>) -> Self {
        Self { ramp, ..self }
    }

    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first that is not.
    pub fn check(&self) -> Result<()> {
        self.trip.check()?;
        self.slow_call.iter().try_for_each(SlowCall::check)?;
        self.open_time.check()?;
        self.probes.check()?;
        self.ramp.iter().try_for_each(Ramp::check)
    }
}

/// Whether a duration is from `least` to 10⁹ seconds.
pub(super) fn duration(name: &'static str, value: Duration, least: Duration) -> Result<()> {
    if (least..=LONGEST).contains(&value) {
        return Ok(());
    }
    let allowed = match least {
        Duration::ZERO => "at most 1e9 seconds",
        MICROSECOND => "from 1 microsecond to 1e9 seconds",
        _ => "from 1 millisecond to 1e9 seconds",
    };
    Err(Error::OutOfRange { name, value: value.as_secs_f64(), allowed })
}

pub(super) const MICROSECOND: Duration = Duration::from_micros(1);
pub(super) const MILLISECOND: Duration = Duration::from_millis(1);

/// Whether a number is in a range, bounds included; NaN is not.
fn number(name: &'static str, value: f64, range: [f64; 2], allowed: &'static str) -> Result<()> {
    if (range[0]..=range[1]).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange { name, value, allowed })
}

/// Whether a share is above 0 and at most 1.
fn share(name: &'static str, value: f64) -> Result<()> {
    number(name, value, [f64::MIN_POSITIVE, 1.0], "above 0 and at most 1")
}
