//! Thresholds that learn from a stream and keep the false-alarm rate that they promise.
//!
//! Every detector takes one observation at a time, in bounded memory and without allocating after
//! it has started, and answers with a [`Judgement`]: the [`Band`] of the normal, whether and on
//! which side the value left it, and a score that means the same on every metric.

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
