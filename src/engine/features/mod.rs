//! From telemetry to rows: what a classifier, a detector or a time-to-failure model is shown.
//!
//! [`FeatureParams`] say which windows and which horizon; [`Features`], made of them for the metrics of a
//! fleet, are the plan; [`EntityState`] makes the rows of one entity as its telemetry comes; and
//! [`Features::rows`] runs that over a whole history and adds the labels.
//!
//! ```
//! use forewarn::engine::features::{FeatureParams, WindowStatistic};
//! use forewarn::engine::telemetry::Telemetry;
//!
//! let mut fleet = Telemetry::new(["vibration"])?;
//! for hour in 0..48 {
//!     fleet.observe("pump", 3_600.0 * f64::from(hour), &[1.0 + 0.01 * f64::from(hour)])?;
//! }
//! let features = FeatureParams::default()
//!     .windows(vec![86_400.0])
//!     .statistics(vec![WindowStatistic::Slope, WindowStatistic::Change])
//!     .plan(&fleet)?;
//! let rows = features.rows(&fleet)?;
//! let slope = features.column("vibration: slope of 24 h, per hour").expect("it was asked for");
//! assert!((rows.x[(47, slope)] - 0.01).abs() < 1e-12);
//!
//! // The same row, as it comes.
//! let mut pump = features.state();
//! for hour in 0..48 {
//!     pump.observe(3_600.0 * f64::from(hour), &[1.0 + 0.01 * f64::from(hour)])?;
//! }
//! assert_eq!(pump.row(47.0 * 3_600.0)?[slope], rows.x[(47, slope)]);
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # What a row knows
//! Nothing that came after it. A row at time `t` is made of what is known up to and with `t`, of the
//! present life only; windows hold what came after `t − length`. Labels look ahead, and are `None` where
//! the entity was not watched long enough to tell: a row shortly before the end of the data is not
//! a healthy one.
//!
//! | about | features |
//! |---|---|
//! | each metric and window | [`WindowStatistic`] |
//! | each metric | [`MetricStatistic`] |
//! | each kind of event | count in each window, time since the last |
//! | each part | time since maintenance, in any life |
//! | the entity | time in this life and since the last failure, failures so far, attributes |
//!
//! # Limits
//! - Windows hold at most [`most_rows`](FeatureParams::most_rows) rows. Average telemetry that comes
//!   faster first, or choose shorter windows.
//! - Every entity has all columns; those that are never known are NaN throughout.

mod batch;
mod clock;
mod columns;
mod events;
mod history;
mod labels;
mod level;
mod lives;
mod matching;
mod moments;
mod params;
mod plan;
mod row;
#[cfg(feature = "serde")]
mod saved;
mod state;
mod statistic;

pub use batch::FeatureRows;
pub(in crate::engine) use batch::states;
pub use clock::Clock;
pub use columns::Subject;
pub use matching::Unmatched;
pub use params::FeatureParams;
pub use plan::Features;
pub use state::EntityState;
pub use statistic::{MetricStatistic, WindowStatistic};
