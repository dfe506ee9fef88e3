//! Where a metric is going: robust trends, time to exhaustion, change points, drift.
//!
//! ```
//! use forewarn::trend::{ExhaustionParams, Outlook};
//!
//! // A disk of 500 GB, every ten minutes: 0.2 GB more each time.
//! let mut watch = ExhaustionParams::new(500.0).build()?;
//! for step in 0..1_000 {
//!     watch.update(f64::from(step) * 600.0, 100.0 + 0.2 * f64::from(step))?;
//! }
//! let decision = watch.decide(1_000.0 * 600.0)?;
//! assert_eq!(decision.forecast.outlook, Outlook::Filling);
//! assert!((decision.forecast.left / 3600.0 - 167.0).abs() < 5.0);
//! assert!(!decision.alert); // A week is left, and alerts look a day ahead.
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # Which one
//! | for | take | what it promises |
//! |---|---|---|
//! | when a resource runs out, and an alert in time | [`ExhaustionWatch`] | the time left with an interval; no false alarm for a daily rhythm, a sawtooth, a copy |
//! | the same of one series at once | [`ExhaustionParams::forecast`] | what a watch would say |
//! | what a metric will be | [`ForecastParams`] | intervals from its own errors, whatever the noise |
//! | the slope of a stream's last observations | [`RollingTrend`] | an interval by the binomial law; tens of nanoseconds |
//! | what changed, and when | [`ChangePointParams`] | exact segments, told from noise with memory |
//! | a change in a stream, as it happens | [`ChangeDetector`] | so many observations between false alarms, at any scale |
//! | whether a feature or a configuration has drifted | [`DriftParams`], [`ConfigDriftParams`] | significance and a floor on the effect |
//! | the slope of a series | [`theil_sen`], [`repeated_medians`] | bear 29 % and 50 % of wild values |
//!
//! There is no clock inside: times are seconds that the caller gives, and a replay gives what the
//! live system gave. NaN is a missing value; ±∞ and times that go back are refused and leave the state
//! as it was.

mod cells;
mod change;
mod drift;
mod exhaustion;
mod forecast;
mod middle;
mod slope;
mod structural;

pub use change::{
    ChangeDetector, ChangeDetectorParams, ChangePoint, ChangePointParams, DetectedChange,
    DetectionMethod, Noise, Penalty, Segment, Segmentation, Shape,
};
pub use drift::{
    CategoryShare, ConfigChange, ConfigDriftParams, ConfigRule, ContingencyTest, DriftParams,
    DriftSeverity, DriftTable, FeatureColumn, FeatureDrift, KolmogorovSmirnov, Moved, PValue,
    StabilityBins, StabilityIndex, chi_squared_test, g_test, kolmogorov_smirnov,
};
pub use exhaustion::{
    ExhaustionDecision, ExhaustionForecast, ExhaustionParams, ExhaustionWatch, Outlook,
};
pub use forecast::{Forecast, ForecastParams, ForecastPoint};
pub use slope::{RollingTrend, RollingTrendParams, TrendLine, repeated_medians, theil_sen};
