//! Canaries, judged metric by metric.

mod judge;
mod metric;
mod outcome;
mod params;
mod samples;

pub use metric::{CanaryMetric, Direction};
pub use outcome::{CanaryJudgement, MetricJudgement, MetricOutcome, Verdict};
pub use params::{CanaryParams, MissingValues};
