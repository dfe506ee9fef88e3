//! What other libraries do unless they are told otherwise, in settings of this machine.

use crate::breaker::{BreakerSettings, OpenTime, Probes, Ramp, SlowCall, Trip};
use std::time::Duration;

/// The default of another library, as near as the machine comes to it.
///
/// | peer | opens | stays open | lets back |
/// |---|---|---|---|
/// | resilience4j | 50 % of the last 100 failed, or all of them took 60 s | 60 s | 10 probes, of which half must succeed |
/// | Polly 8 | 10 % of at least 100 calls in 30 s | 5 s | 1 probe |
/// | Hystrix | 50 % of at least 20 calls in 10 s failed or took 1 s | 5 s | 1 probe |
/// | Sentinel | 50 % of at least 5 calls in 1 s | 10 s | 1 probe |
/// | Envoy | 5 failures in a row | 30 s, longer each time, at most 300 s | everything |
/// | gobreaker 2 | 6 failures in a row | 60 s | 1 probe |
/// | Semian | 3 errors | 10 s | 1 of any number of probes |
/// | failsafe 1.3 (Rust) | 5 failures in a row | 10 s to 300 s, doubling, jitter of a half | any number of probes, the first decides |
/// | failsafe-go | 1 failure | 60 s | 1 probe |
/// | recloser 1.4 | 50 % of the last 100 | 30 s | any number of probes until the window is full |
/// | Finagle | 5 failures in a row | 5 s to 300 s, doubling, jitter of a half | 1 probe |
/// | pybreaker 1.4 | 5 failures in a row | 60 s | 1 probe |
///
/// What the machine cannot do as they do: "3 errors within 10 s" whatever lies between (Semian has no
/// default of its own; these are its documentation's) is 3 in a row here; unlimited probes are 100 at
/// a time; additive growth of Envoy's ejection is exponential by 2; Finagle's and failsafe's second
/// rule, an average over 30 s, is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[allow(missing_docs)] // Names, explained in the table above.
pub enum PeerDefaults {
    Resilience4j,
    Polly,
    Hystrix,
    Sentinel,
    Envoy,
    Gobreaker,
    Semian,
    Failsafe,
    FailsafeGo,
    Recloser,
    Finagle,
    Pybreaker,
}

impl PeerDefaults {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Resilience4j,
        Self::Polly,
        Self::Hystrix,
        Self::Sentinel,
        Self::Envoy,
        Self::Gobreaker,
        Self::Semian,
        Self::Failsafe,
        Self::FailsafeGo,
        Self::Recloser,
        Self::Finagle,
        Self::Pybreaker,
    ];

    /// The library's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resilience4j => "resilience4j",
            Self::Polly => "Polly",
            Self::Hystrix => "Hystrix",
            Self::Sentinel => "Sentinel",
            Self::Envoy => "Envoy",
            Self::Gobreaker => "gobreaker",
            Self::Semian => "Semian",
            Self::Failsafe => "failsafe",
            Self::FailsafeGo => "failsafe-go",
            Self::Recloser => "recloser",
            Self::Finagle => "Finagle",
            Self::Pybreaker => "pybreaker",
        }
    }

    /// Its default in settings of this machine.
    ///
    /// ```
    /// use forewarn::breaker::{PeerDefaults, Trip};
    ///
    /// let settings = PeerDefaults::Gobreaker.settings();
    /// assert_eq!(settings.trip, Trip::Consecutive { failures: 6 });
    /// ```
    #[must_use]
    pub fn settings(self) -> BreakerSettings {
        /// Where a peer does not count them.
        const UNLIMITED: u32 = 100;
        /// Peers' probes hold their place for ever.
        const NO_LEASE: Duration = Duration::from_secs(1_000_000);
        let seconds = Duration::from_secs;
        let constant = |time| OpenTime::Constant(seconds(time));
        let doubling = |first, jitter| OpenTime::Exponential {
            first: seconds(first),
            factor: 2.0,
            cap: seconds(300),
            jitter,
        };
        let window = |length, buckets, minimum_calls, failure_rate| Trip::Window {
            length: seconds(length),
            buckets,
            minimum_calls,
            failure_rate,
            slow_rate: 1.0,
        };
        let last = |calls| Trip::LastCalls {
            calls,
            minimum_calls: calls,
            failure_rate: 0.5,
            slow_rate: 1.0,
        };
        let in_a_row = |failures| Trip::Consecutive { failures };
        let probes = Probes::default().lease(NO_LEASE);
        let flood = probes.permits(UNLIMITED);
        let slow = |time| Some(SlowCall { threshold: seconds(time), in_flight: false });
        let (trip, open_time, probes, slow_call) = match self {
            Self::Resilience4j => {
                let ten = probes.permits(10).successes(6).failures(5);
                (last(100), constant(60), ten, slow(60))
            }
            Self::Polly => (window(30, 10, 100, 0.1), constant(5), probes, None),
            Self::Hystrix => {
                let trip = Trip::Window {
                    length: seconds(10),
                    buckets: 10,
                    minimum_calls: 20,
                    failure_rate: 0.5,
                    slow_rate: 0.5,
                };
                (trip, constant(5), probes, slow(1))
            }
            Self::Sentinel => (window(1, 1, 5, 0.5), constant(10), probes, None),
            Self::Envoy => (in_a_row(5), doubling(30, 0.0), flood, None),
            Self::Gobreaker => (in_a_row(6), constant(60), probes, None),
            Self::Semian => (in_a_row(3), constant(10), flood, None),
            Self::Failsafe => (in_a_row(5), doubling(10, 0.5), flood, None),
            Self::FailsafeGo => (in_a_row(1), constant(60), probes, None),
            Self::Recloser => (last(100), constant(30), flood.successes(51).failures(50), None),
            Self::Finagle => (in_a_row(5), doubling(5, 0.5), probes, None),
            Self::Pybreaker => (in_a_row(5), constant(60), probes, None),
        };
        let ramp: Option<Ramp> = None;
        BreakerSettings { trip, slow_call, open_time, probes, ramp }
    }
}

impl std::fmt::Display for PeerDefaults {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
