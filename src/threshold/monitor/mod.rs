//! One monitor for any metric: nothing to set, nothing to train.

mod counter;
#[cfg(feature = "serde")]
pub(crate) mod fixed;
mod level;
mod novelty;
mod params;
mod reading;
mod recurrence;
mod rhythm;
#[cfg(feature = "serde")]
mod saved;
mod surprise;
pub(in crate::threshold) mod tail;
mod watch;

pub use params::{AlarmRate, MetricMonitorParams};
pub use reading::{Reading, Reason, Season};
pub use surprise::NEWS;
pub use watch::MetricMonitor;
