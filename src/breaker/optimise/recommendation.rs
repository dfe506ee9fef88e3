//! What the optimizer says.

use super::estimate::{Delay, Estimate};
use super::peers::PeerDefaults;
use crate::breaker::BreakerSettings;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Advice {
    /// The settings found cost less than those in use, with the confidence asked for. Where a breaker
    /// hid much, they must save enough to be worth the risk that the dependency recovered because it
    /// was spared calls; where it shows signs of suffering from load and they would bear that better,
    /// it is enough that they probably cost less. Settings in use that never opened on the log are
    /// compared on outages as they might as well have been, a little longer or shorter: that is where
    /// it shows what they cost once they open, and the saving stated is that one.
    Adopt,
    /// Keep what there is: the best found does not beat it with the confidence asked for.
    NotBetter,
    /// Keep what there is: nothing failed, so nothing is known of failures. No settings that open are
    /// ever derived from such a log.
    NoFailures,
    /// Keep what there is: nothing succeeded, so nothing is known of what could be lost.
    NoSuccesses,
    /// Keep what there is: too few calls, or all at one moment.
    TooShort,
    /// Keep what there is: nothing tried keeps to the constraints.
    Constrained,
}

impl Advice {
    /// Whether there is a recommendation.
    #[must_use]
    pub fn is_recommendation(self) -> bool {
        self == Self::Adopt
    }

    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Adopt => "adopt these settings",
            Self::NotBetter => "keep what there is: the best found is not surely better",
            Self::NoFailures => "keep what there is: nothing failed",
            Self::NoSuccesses => "keep what there is: nothing succeeded",
            Self::TooShort => "keep what there is: the log is too short",
            Self::Constrained => "keep what there is: nothing tried keeps to the constraints",
        }
    }
}

/// What settings would have brought on the log. Amounts are per 100 calls, in good calls or seconds.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Assessment {
    /// The settings; `None` for no breaker.
    pub settings: Option<BreakerSettings>,
    /// Good calls lost, and in units of them what failed and what was held too long.
    pub cost: Estimate,
    /// Good calls that were rejected.
    pub lost_good: f64,
    /// Calls that were let through and failed.
    pub failed: f64,
    /// Seconds that callers waited for failures.
    pub wasted_seconds: f64,
    /// Calls that were let through as probes.
    pub probes: f64,
    /// Times an hour and dependency that the circuit opened.
    pub opens_an_hour: f64,
    /// Of them, while the dependency was up.
    pub false_opens_an_hour: f64,
}

/// Something else that could be in use, beside the settings found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PeerComparison {
    /// Whose default.
    pub peer: PeerDefaults,
    /// What it would have brought.
    pub assessment: Assessment,
    /// What the settings found save against it, per 100 calls.
    pub saving: Estimate,
}

/// Settings none of which is worse than another in all of lost good calls, wasted seconds and probes,
/// per 100 calls.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct FrontPoint {
    /// The settings.
    pub settings: BreakerSettings,
    /// Good calls that were rejected.
    pub lost_good: f64,
    /// Seconds that callers waited for failures.
    pub wasted_seconds: f64,
    /// Calls that were let through as probes.
    pub probes: f64,
    /// What all of it costs.
    pub cost: f64,
}

/// What the log is like.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LogSummary {
    /// Rows.
    pub calls: usize,
    /// Dependencies.
    pub keys: usize,
    /// Seconds from first to last call, summed over dependencies.
    pub seconds: f64,
    /// Share of the calls whose outcome is known; that of the others was drawn.
    pub usable: f64,
    /// Calls a second to one dependency.
    pub rate: f64,
    /// Outages that came and went, as far as the calls tell.
    pub outages: usize,
    /// Their mean length in seconds, with the time that unfinished ones had lasted.
    pub mean_outage: f64,
    /// What a failed call costs on average, in good calls.
    pub failure_cost: f64,
    /// The share of failures from which on theory would let nothing through.
    pub trip_share: f64,
    /// The constant open time that theory asks for, in seconds.
    pub open_time: f64,
    /// Whether the dependency seems to suffer from the calls themselves: more of them are retries while it
    /// is down, or they come faster by a fifth and significantly so; it fails within 3 s (or 30 calls)
    /// of being let back in most of at least five cases; or outages hardly end while calls go on. What
    /// the log shows then would have gone otherwise with fewer calls, figures are less certain than
    /// their intervals say, only settings that let traffic back step by step are tried, and they are
    /// tried on simulated dependencies that suffer from load as well. Outages that come with a peak of
    /// demand look the same, and deserve the same.
    pub feels_load: bool,
}

/// What a log recommends.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Recommendation {
    /// What to do.
    pub advice: Advice,
    /// What to run from now on: the settings found if the advice is to adopt them, else those in use;
    /// `None` for no breaker.
    pub settings: Option<BreakerSettings>,
    /// The best settings found, whether recommended or not; `None` where nothing could be learned.
    pub found: Option<Assessment>,
    /// Those in use.
    pub current: Assessment,
    /// What those found save against those in use, per 100 calls: of settings chosen on one part of
    /// the log and judged on another, so that choosing does not flatter. 0 where nothing was found.
    /// Where those in use never opened on the log and are advised against, on outages as they might
    /// as well have been.
    pub saving: Estimate,
    /// The same saving if all that is unknown was good, and if all of it was bad. Equal to the saving
    /// found where nothing is unknown.
    pub saving_bounds: [f64; 2],
    /// Other libraries' defaults.
    pub peers: Vec<PeerComparison>,
    /// Ascending in lost good calls; at most 32.
    pub front: Vec<FrontPoint>,
    /// How long after an outage began the first call was rejected; seconds.
    pub detect: Option<Delay>,
    /// How long after an outage ended the circuit was closed again; seconds.
    pub recover: Option<Delay>,
    /// What the log is like.
    pub log: LogSummary,
    /// How often intervals hold.
    pub confidence: f64,
}
