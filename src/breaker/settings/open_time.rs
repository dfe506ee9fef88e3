//! How long a circuit stays open.

use super::{MICROSECOND, duration, number};
use crate::error::{Error, Result};
use std::time::Duration;

/// How long a circuit stays open before probes are let through.
///
/// A jitter of `j` shortens each open time by a random share from 0 to `j`, so that a fleet does not
/// probe in step.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum OpenTime {
    /// Always the same, from 1 µs to 10⁹ s.
    Constant(Duration),
    /// Longer with each attempt that fails; or shorter, where outages take much the same time, as those
    /// of restarts do: none is over at once, and the longer it has lasted the sooner it ends.
    Exponential {
        /// The first, from 1 µs to 10⁹ s.
        first: Duration,
        /// What each is of the one before, from 0.001 to 1,000.
        factor: f64,
        /// The last: the longest, at least `first`, or where `factor` is below 1 the shortest, at most
        /// `first` and at least 1 µs.
        cap: Duration,
        /// The largest share taken off at random, from 0 to 1.
        jitter: f64,
    },
    /// `√(2·probe_cost·age/λ)`, with the age of the outage and the rate `λ` at which calls arrive,
    /// rejected ones included: what optimal inspection (Barlow, Hunter and Proschan 1963; Keller
    /// 1974) gives for an outage of which nothing but its age is known.
    OutageAge {
        /// What a failing probe costs, in good calls; above 0, at most 1,000,000. In a fleet of `m`
        /// services, `m` times as much: all of them probe one server.
        probe_cost: f64,
        /// The shortest, from 1 µs to 10⁹ s.
        shortest: Duration,
        /// The longest, at least `shortest`.
        longest: Duration,
        /// The largest share taken off at random, from 0 to 1.
        jitter: f64,
    },
}

impl Default for OpenTime {
    /// [`OpenTime::OutageAge`] with a probe cost of 0.5, from 50 ms to 30 s, and a jitter of 0.1.
    fn default() -> Self {
        Self::OutageAge {
            probe_cost: 0.5,
            shortest: Duration::from_millis(50),
            longest: Duration::from_secs(30),
            jitter: 0.1,
        }
    }
}

impl OpenTime {
    /// The largest share taken off at random.
    pub(in crate::breaker) fn jitter(&self) -> f64 {
        match *self {
            Self::Constant(_) => 0.0,
            Self::Exponential { jitter, .. } | Self::OutageAge { jitter, .. } => jitter,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let at_least = |name, long: Duration, short: Duration, allowed| {
            duration(name, long, MICROSECOND)?;
            if long < short {
                return Err(Error::OutOfRange { name, value: long.as_secs_f64(), allowed });
            }
            Ok(())
        };
        let jitter = |jitter| number("jitter", jitter, [0.0, 1.0], "from 0 to 1");
        match *self {
            Self::Constant(time) => duration("open_time", time, MICROSECOND),
            Self::Exponential { first, factor, cap, jitter: share } => {
                duration("first", first, MICROSECOND)?;
                number("factor", factor, [1e-3, 1e3], "from 0.001 to 1,000")?;
                if factor >= 1.0 {
                    at_least("cap", cap, first, "at least first")?;
                } else if cap > first {
                    let (value, allowed) =
                        (cap.as_secs_f64(), "at most first where factor is below 1");
                    return Err(Error::OutOfRange { name: "cap", value, allowed });
                }
                duration("cap", cap, MICROSECOND)?;
                jitter(share)
            }
            Self::OutageAge { probe_cost, shortest, longest, jitter: share } => {
                number("probe_cost", probe_cost, [1e-6, 1e6], "from 0.000001 to 1,000,000 calls")?;
                duration("shortest", shortest, MICROSECOND)?;
                at_least("longest", longest, shortest, "at least shortest")?;
                jitter(share)
            }
        }
    }
}
