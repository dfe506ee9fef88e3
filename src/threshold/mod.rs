//! Thresholds that learn from a stream and keep the false-alarm rate that they promise.
//!
//! Every detector takes one observation at a time, in bounded memory and without allocating after
//! it has started, and answers with a [`Judgement`]: the [`Band`] of the normal, whether and on
//! which side the value left it, and a score that means the same on every metric.
//!
//! ```
//! use forewarn::threshold::{MetricMonitorParams, Reason};
//!
//! let mut monitor = MetricMonitorParams::default().build()?; // one false alarm a week
//! for minute in 0..2_000 {
//!     let latency = 20.0 + f64::from(minute * 7919 % 101) / 50.0;
//!     monitor.update(f64::from(minute) * 60.0, latency)?;
//! }
//! let reading = monitor.update(120_000.0, 90.0)?;
//! assert_eq!(reading.reason, Reason::TooHigh);
//! assert!(reading.judgement.band.upper < 40.0);
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # Which one
//! | for | take | what it promises |
//! |---|---|---|
//! | any metric over time | [`MetricMonitor`] | so many false alarms a week; finds step and rhythm, follows shifts |
//! | a stream without a rhythm | [`ExtremeThreshold`] | the rate of alarms that is asked for, on any law, counts and constants included |
//! | a band that can be drawn ahead | [`SeasonalBand`] | daily and weekly rhythm, learned as it goes |
//! | quantiles of parts that are merged | [`QuantileThreshold`] | a relative error; merging equals one pass |
//! | data of which nothing is known | [`ConformalThreshold`] | the long-run rate, by theorem, whatever comes |
//! | several metrics at once | [`StreamingForest`](crate::forest::StreamingForest) | a score and its reasons, and a threshold of the above on it |
//! | thresholds that operators correct | [`ThresholdTuner`], see [`tuner`] | the least stated cost |
//!
//! Alarms become alerts in [`alert`](crate::alert).
//!
//! # What holds for all of them
//! - A value is judged before it is learned from.
//! - NaN is a missing value and is counted; ±∞, and times that go back, are refused and leave the
//!   state as it was.
//! - There is no clock inside: a replay gives what the live system gave. The state can be saved and
//!   restored at any time, and goes on with the same bits.

pub mod tuner;

mod conformal;
mod extreme;
mod judgement;
mod monitor;
mod pareto;
mod quantile;
mod seasonal;

pub use conformal::{ConformalThreshold, ConformalThresholdParams, Freeze, Steps};
pub use extreme::{Atoms, ExtremeThreshold, ExtremeThresholdParams, Sides};
pub use judgement::{Band, Judgement, Side};
pub use monitor::{AlarmRate, MetricMonitor, MetricMonitorParams, NEWS, Reading, Reason, Season};
pub use pareto::GeneralizedPareto;
pub use quantile::{QuantileSketch, QuantileThreshold, QuantileThresholdParams};
pub use seasonal::{SeasonalBand, SeasonalBandParams};
pub use tuner::{
    AlarmCosts, AlarmVerdict, Incident, Judged, Opinion, OptimizedThreshold, Replayed, ScoredPoint,
    ThresholdTuner, ThresholdTunerParams, TunedJudgement, TunedThresholds, Weekly, group_id,
};

use crate::error::{Error, Result};

/// Refuses ±∞; NaN is a missing value.
fn check(value: f64) -> Result<()> {
    if value.is_infinite() {
        let allowed = "finite, or NaN where it is missing";
        return Err(Error::OutOfRange { name: "value", value, allowed });
    }
    Ok(())
}
