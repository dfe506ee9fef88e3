//! What a half-open circuit lets through.

use super::trip::count;
use super::{MILLISECOND, duration, number};
use crate::error::Result;
use std::time::Duration;

/// What a half-open circuit lets through, and what decides.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Probes {
    /// How many probes may be under way at a time, from 1 to 10,000. Default 1.
    pub permits: u32,
    /// How many must succeed for the circuit to close, or to let a share of the traffic back; from 1
    /// to 1,000,000. Default 1.
    pub successes: u32,
    /// How many that fail or are slow open it again, from 1 to 1,000,000. Default 1.
    pub failures: u32,
    /// After how long a probe that has not ended gives its place to another, from 1 ms to 10⁹ s; its
    /// own late answer then no longer counts. Default 10 s.
    pub lease: Duration,
    /// What the probed server bears; `None` for no limit. Default `None`.
    pub budget: Option<ProbeBudget>,
}

/// How many probes a server bears from a whole fleet of callers.
///
/// Each caller keeps `callers / per_second` seconds between its probes, and delays the first of an
/// open period by a random share of that: the fleet's probes spread out instead of arriving together.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct ProbeBudget {
    /// How many probes a second the server bears, from 10⁻⁶ to 10⁶.
    pub per_second: f64,
    /// How many callers share them, at least 1.
    pub callers: u32,
}

impl ProbeBudget {
    /// Seconds between two probes of one caller.
    pub(in crate::breaker) fn interval(&self) -> f64 {
        f64::from(self.callers) / self.per_second
    }
}

impl Default for Probes {
    fn default() -> Self {
        Self { permits: 1, successes: 1, failures: 1, lease: Duration::from_secs(10), budget: None }
    }
}

impl Probes {
    /// Sets [`permits`](Self::permits).
    #[must_use]
    pub fn permits(self, permits: u32) -> Self {
        Self { permits, ..self }
    }

    /// Sets [`successes`](Self::successes).
    #[must_use]
    pub fn successes(self, successes: u32) -> Self {
        Self { successes, ..self }
    }

    /// Sets [`failures`](Self::failures).
    #[must_use]
    pub fn failures(self, failures: u32) -> Self {
        Self { failures, ..self }
    }

    /// Sets [`lease`](Self::lease).
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Sets [`budget`](Self::budget).
    #[must_use]
    pub fn budget(self, budget: Option<ProbeBudget>) -> Self {
        Self { budget, ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        count("permits", self.permits, 10_000, "from 1 to 10,000")?;
        count("successes", self.successes, 1_000_000, "from 1 to 1,000,000")?;
        count("failures", self.failures, 1_000_000, "from 1 to 1,000,000")?;
        duration("lease", self.lease, MILLISECOND)?;
        self.budget.map_or(Ok(()), |budget| {
            number("per_second", budget.per_second, [1e-6, 1e6], "from 0.000001 to 1,000,000")?;
            count("callers", budget.callers, u32::MAX, "at least 1")
        })
    }
}
