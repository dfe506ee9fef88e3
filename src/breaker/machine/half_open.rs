//! The places of probes in a half-open circuit.

use super::time::{Nanos, nanos};
use crate::breaker::Probes;

/// Probes under way, and how those that ended did.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct HalfOpen {
    places: Vec<Place>,
    /// The number of the next probe.
    next: u64,
    good: u32,
    bad: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Place {
    probe: u64,
    /// When it is lost.
    until: Nanos,
}

/// What half-open has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Wait,
    Succeeded,
    Failed,
}

/// A place given to a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) probe: u64,
    /// Whether another probe lost it.
    pub(super) expired: bool,
}

impl HalfOpen {
    /// A place for a probe, or when the next one is lost.
    pub(super) fn take(&mut self, rules: &Probes, now: Nanos) -> Result<Given, Nanos> {
        let until = now.saturating_add(nanos(rules.lease));
        let place = Place { probe: self.next, until };
        let full = self.places.len() >= rules.permits as usize;
        if full {
            let oldest = self.places.iter_mut().min_by_key(|place| (place.until, place.probe));
            match oldest {
                Some(oldest) if oldest.until <= now => *oldest = place,
                Some(oldest) => return Err(oldest.until),
                None => return Err(until),
            }
        } else {
            self.places.push(place);
        }
        self.next = self.next.wrapping_add(1);
        Ok(Given { probe: place.probe, expired: full })
    }

    /// Gives a place back; whether the probe still had it.
    pub(super) fn give_back(&mut self, probe: u64) -> bool {
        let place = self.places.iter().position(|place| place.probe == probe);
        place.map(|place| self.places.swap_remove(place)).is_some()
    }

    /// A probe that still had its place has ended.
    pub(super) fn ended(&mut self, good: bool, rules: &Probes) -> Verdict {
        if good {
            self.good += 1;
        } else {
            self.bad += 1;
        }
        if self.bad >= rules.failures {
            Verdict::Failed
        } else if self.good >= rules.successes {
            Verdict::Succeeded
        } else {
            Verdict::Wait
        }
    }

    /// Probes under way.
    pub(super) fn under_way(&self) -> usize {
        self.places.len()
    }

    /// Whether what was read can be. Other settings may have allowed more than the present ones.
    #[cfg(feature = "serde")]
    pub(super) fn is_sound(&self) -> bool {
        let mut probes: Vec<_> = self.places.iter().map(|place| place.probe).collect();
        probes.sort_unstable();
        probes.dedup();
        probes.len() == self.places.len()
            && probes.len() <= 10_000
            && self.good.max(self.bad) < 1_000_000
    }
}
