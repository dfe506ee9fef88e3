//! From scores to few alerts that matter.
//!
//! - [`AlertReducer`] turns thousands of raw anomalies into the handful of alerts that somebody can
//!   act on, and can say of every single one where it went.
//! - [`ServiceLevel`] watches an objective ("99.9 % of the requests in 30 days") and fires while its
//!   error budget is spent too fast.
//!
//! Time is given by the caller, in seconds since 1970 as `f64`; nothing here looks at a clock, so
//! that a replay of a log gives what the live system gave.
//!
//! ```
//! use forewarn::alert::{AlertReducerParams, Anomaly, Change, Dependency, Selector};
//!
//! // Slow or failing answers of the shop are no news while its database is in trouble.
//! let symptoms = Selector::new("service", ["shop"]).and("metric", ["latency", "errors"]);
//! let mut reducer = AlertReducerParams::default()
//!     .dependencies(vec![Dependency::new(Selector::new("service", ["database"]), symptoms)])
//!     .build()?;
//!
//! for step in 0..40 {
//!     let time = 1.7e9 + 15.0 * f64::from(step);
//!     for labels in [
//!         [("service", "database"), ("metric", "disk")],
//!         [("service", "database"), ("metric", "latency")],
//!         [("service", "shop"), ("metric", "latency")],
//!     ] {
//!         reducer.observe(Anomaly::new(time, &labels, 7.0))?;
//!     }
//! }
//! reducer.advance(1.7e9 + 3_600.0)?;
//!
//! let changes: Vec<Change> = reducer.notices().map(|notice| notice.change).collect();
//! assert_eq!(changes.first(), Some(&Change::Opened));
//! assert_eq!(changes.last(), Some(&Change::Resolved));
//! assert_eq!(reducer.counts().anomalies, 120);
//! assert_eq!(reducer.counts().alerts, 1);
//! # Ok::<(), forewarn::Error>(())
//! ```

mod anomaly;
mod budget;
mod flapping;
mod ledger;
mod level;
mod notice;
mod params;
mod reducer;
mod selector;
mod severity;
mod sources;
#[cfg(test)]
mod tests;

pub use anomaly::{Anomaly, Observed, Outcome, SuppressionReason};
pub use ledger::Counts;
pub use level::{Burn, BurnRule, ServiceLevel, ServiceLevelParams, ServiceState};
pub use notice::{Alert, AlertState, Change, Notice, Page};
pub use params::AlertReducerParams;
pub use reducer::AlertReducer;
pub use selector::{Dependency, Maintenance, Selector};
pub use severity::{Severity, SeveritySteps};
