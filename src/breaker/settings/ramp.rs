//! How traffic is let back.

use super::trip::count;
use super::{MILLISECOND, duration, number, share};
use crate::error::Result;
use std::time::Duration;

/// How traffic is let back after the probes: a share of it at first, more with each step that goes
/// well.
///
/// The share is multiplied by `growth` at each step up to the level that is known to be safe, and
/// goes up by `increase` beyond. When calls go wrong again (the trip rule, on an empty window), half
/// of the share (`decrease`) is what is remembered as safe, and the share is cut to it; when they
/// still go wrong there, the circuit opens. A ramp that completes leaves everything safe again,
/// unless the circuit trips within ten steps of its end. The scheme is that of congestion control
/// (Jacobson 1988; Chiu and Jain 1989).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Ramp {
    /// The first share, above 0 and at most 1. Default 0.1.
    pub first_share: f64,
    /// What a step that goes well multiplies the share by below the safe level, from 1 to 1,000.
    /// Default 2.
    pub growth: f64,
    /// What it adds above, above 0 and at most 1. Default 0.1.
    pub increase: f64,
    /// What is left of the share when calls go wrong, above 0 and at most 1. Default 0.5.
    pub decrease: f64,
    /// How long a step takes at least, from 1 ms to 10⁹ s. Default 1 s.
    pub step_time: Duration,
    /// How many calls must have gone well in it, at least 1. Default 3.
    pub step_calls: u32,
}

impl Default for Ramp {
    fn default() -> Self {
        Self {
            first_share: 0.1,
            growth: 2.0,
            increase: 0.1,
            decrease: 0.5,
            step_time: Duration::from_secs(1),
            step_calls: 3,
        }
    }
}

impl Ramp {
    /// Sets [`first_share`](Self::first_share).
    #[must_use]
    pub fn first_share(self, first_share: f64) -> Self {
        Self { first_share, ..self }
    }

    /// Sets [`growth`](Self::growth).
    #[must_use]
    pub fn growth(self, growth: f64) -> Self {
        Self { growth, ..self }
    }

    /// Sets [`increase`](Self::increase).
    #[must_use]
    pub fn increase(self, increase: f64) -> Self {
        Self { increase, ..self }
    }

    /// Sets [`decrease`](Self::decrease).
    #[must_use]
    pub fn decrease(self, decrease: f64) -> Self {
        Self { decrease, ..self }
    }

    /// Sets [`step_time`](Self::step_time).
    #[must_use]
    pub fn step_time(self, step_time: Duration) -> Self {
        Self { step_time, ..self }
    }

    /// Sets [`step_calls`](Self::step_calls).
    #[must_use]
    pub fn step_calls(self, step_calls: u32) -> Self {
        Self { step_calls, ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        share("first_share", self.first_share)?;
        number("growth", self.growth, [1.0, 1e3], "from 1 to 1,000")?;
        share("increase", self.increase)?;
        share("decrease", self.decrease)?;
        duration("step_time", self.step_time, MILLISECOND)?;
        count("step_calls", self.step_calls, u32::MAX, "at least 1")
    }
}
