//! Saving a machine and going on from there.

use super::in_flight::InFlight;
use super::outage::Outage;
use super::time::Nanos;
use super::window::Window;
use super::{BreakerMetrics, GENERATIONS, Machine, Phase};
use crate::breaker::{BreakerSettings, Force, Transition};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

const ENVELOPE: Envelope = Envelope { magic: b"fwbreakr", newest: 1 };

/// Writes settings as if they were not shared.
pub(super) fn settings<S: Serializer>(
    settings: &Arc<BreakerSettings>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    settings.as_ref().serialize(serializer)
}

/// What is read, before it is known to be a machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    settings: BreakerSettings,
    seed: u64,
    draws: u64,
    forced: Option<Force>,
    phase: Phase,
    generation: u64,
    last: Nanos,
    since: Nanos,
    window: Window,
    in_flight: Option<Box<InFlight>>,
    tracking: u32,
    good_since_bad: bool,
    outage: Outage,
    safe: f64,
    ramped: Option<Nanos>,
    metrics: BreakerMetrics,
    last_transition: Option<Transition>,
}

impl TryFrom<Saved> for Machine {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        saved.settings.check().map_err(invalid)?;
        let settings = &saved.settings;
        let phase = match &saved.phase {
            Phase::Closed => true,
            Phase::Open { until } => *until >= saved.since,
            Phase::HalfOpen(half_open) => half_open.is_sound(),
            Phase::Ramping(ramping) => ramping.is_sound(),
        };
        let in_flight = match (&saved.in_flight, settings.tracked()) {
            (None, None) => true,
            (Some(in_flight), Some(threshold)) => in_flight.is_sound(threshold),
            _ => false,
        };
        let sound = [
            (phase, "the state"),
            (in_flight, "the calls in flight"),
            (saved.window.is_sound(&settings.trip), "the window"),
            (saved.outage.is_sound(saved.last), "the outage"),
            (saved.generation < GENERATIONS, "the generation"),
            (saved.since <= saved.last, "the beginning of the state"),
            (saved.safe > 0.0 && saved.safe <= 1.0, "the safe share"),
            (saved.ramped.is_none_or(|at| at <= saved.last), "the end of the ramp"),
        ];
        if let Some((_, what)) = sound.iter().find(|(sound, _)| !sound) {
            return Err(invalid(format_args!("{what} of the breaker cannot be")));
        }
        let Saved {
            settings,
            seed,
            draws,
            forced,
            phase,
            generation,
            last,
            since,
            window,
            in_flight,
            tracking,
            good_since_bad,
            outage,
            safe,
            ramped,
            metrics,
            last_transition,
        } = saved;
        Ok(Self {
            settings: Arc::new(settings),
            seed,
            draws,
            forced,
            phase,
            generation,
            last,
            since,
            window,
            in_flight,
            tracking,
            good_since_bad,
            outage,
            safe,
            ramped,
            metrics,
            last_transition,
        })
    }
}

impl Machine {
    /// The compact binary form, with all bits and a checksum. Calls in flight are part of it; their
    /// tickets are not, so that after a restart of the program they count as overdue, or their probes'
    /// places are lost at the end of their lease.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(self)
    }

    /// Reads the compact binary form. The machine goes on as the saved one would have.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible
    /// machine; [`Error::NewerFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        ENVELOPE.open(bytes)
    }
}
