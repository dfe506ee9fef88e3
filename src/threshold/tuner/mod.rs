//! Thresholds that learn from what operators say of alarms.
//!
//! A detector's score says how surprising a value is, not whether anybody minds. Operators know:
//! "false alarm", "real", "missed at three". A [`ThresholdTuner`] takes the scores of any number of
//! metrics, raises incidents, and moves its thresholds by such verdicts, so that the stated cost of
//! false alarms, misses and delays is least.
//!
//! ```
//! use forewarn::prelude::*;
//! use forewarn::threshold::{AlarmVerdict, Opinion, ScoredPoint, ThresholdTunerParams, group_id};
//!
//! let group = group_id("checkout/latency");
//! let mut tuner = ThresholdTunerParams::default().rate(1e-4).start()?;
//! let now = tuner.judge(ScoredPoint { group, time: 60.0, score: 4.2 })?;
//! assert!(now.raise && now.threshold == 4.0);
//!
//! tuner.observe(AlarmVerdict { group, time: 60.0, opinion: Opinion::FalseAlarm })?;
//! assert!(tuner.threshold(group) > 4.0 && tuner.threshold(group) <= 4.5);
//! // Others learn from it, but less.
//! assert!((4.0..tuner.threshold(group)).contains(&tuner.threshold(group_id("search"))));
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # What it promises
//! - **Before any verdict** the threshold is what was asked for: `−log₁₀ rate`.
//! - **One verdict** moves no threshold by more than
//!   [`max_step`](ThresholdTunerParams::max_step). A false alarm lowers none, "real" and
//!   "missed" raise none.
//! - **Less than asked for** only what was missed can bring about: confirming alarms lowers no
//!   threshold below [`rate`](ThresholdTunerParams::rate), in no group without a miss.
//! - **It never goes blind**: no threshold rises by more than
//!   [`max_rise`](ThresholdTunerParams::max_rise), and the prior pulls against every rise, the harder
//!   the farther. The pull of a false alarm ends a little above its own height, and one so high that no
//!   threshold could silence it does not pull at all: a few wild scores would carry the threshold to
//!   its end, past incidents far below them.
//! - **Groups** have thresholds of their own, held near the common one until they have verdicts of
//!   their own.
//! - **The same scores and verdicts in the same order** give the same state, bit for bit.
//! - **Memory is bounded** whatever comes: see the `max_…` settings. Judging allocates nothing.
//!
//! # Incidents
//! High scores at most [`gap`](ThresholdTunerParams::gap) seconds apart are one incident, and so are
//! consecutive observations at most a day apart; an incident raises one alarm. What reaches the
//! lowest possible threshold is remembered though it raises none, so that it can be missed.
//!
//! # What tells the alarms apart
//! Two things: how high the scores rise, and how long they stay there
//! ([`persistence`](ThresholdTunerParams::persistence)); groups apart, nothing else is learned. Once
//! verdicts have raised a threshold, what is brief must be high, and what is low must last, before it
//! is raised. On simulated metrics with short glitches and longer incidents, watched by a
//! [`MetricMonitor`](super::MetricMonitor) and raised for one value in a thousand, twenty verdicts take
//! away 62 % of the false alarms with persistence and 55 % without, and lose 1 % of the true ones with
//! it and 3 % without.
//!
//! # Only alarms are judged
//! Nobody confirms that silence was right. Whether an incident is judged depends on its height
//! alone, so verdicts that are lacking below the threshold do no harm to what is learned above it; but a miss says that one
//! low incident was real and nothing of those like it. So it counts against them: every other quiet
//! incident of its group at least as high as the missed one counts as false
//! ([`Judged::others`]), for finding the one would have raised them all.
//!
//! # Delay
//! With a cost of delay, only scores up to [`AlarmCosts::patience`] after an incident's start count
//! for its height: an alarm that comes later is as dear as none.
//!
//! # Verdicts that disagree
//! The later one on an incident holds; the same again changes nothing; "missed" of an incident that
//! raised an alarm is "real".
//!
//! # Limits
//! - Scores that rank no better than chance cannot be tuned: then only the costs decide, between
//!   raising everything and raising nothing.
//! - Twenty verdicts on one metric that fails in one way say little of another: give metrics that
//!   behave alike one tuner, and others another.
//! - With costs of a miss close to those of a false alarm, more of the true alarms are given up:
//!   that is what the costs ask for.
//!
//! # History
//! [`ThresholdTuner::optimize`] learns from a history at once and says what to expect of the weeks to
//! come. See [`OptimizedThreshold`].

#[cfg(feature = "serde")]
mod file;
mod incident;
mod model;
mod optimize;
mod params;
mod rate;
#[allow(clippy::module_inception)]
mod tuner;
mod verdict;

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests;

pub use incident::{Incident, ScoredPoint};
pub use optimize::{OptimizedThreshold, Replayed};
pub use params::{AlarmCosts, ThresholdTunerParams};
pub use rate::Weekly;
pub use tuner::{ThresholdTuner, TunedJudgement, TunedThresholds, group_id};
pub use verdict::{AlarmVerdict, Judged, Opinion};
