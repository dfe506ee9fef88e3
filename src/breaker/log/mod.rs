//! The history of calls to the dependencies of a service.
//!
//! A [`CallLog`] holds one row a call: which dependency, when, how long, how it ended, and, where a
//! breaker stood before it, what the breaker was doing. It is what
//! [`BreakerOptimizer`](crate::breaker::BreakerOptimizer) learns settings from.
//!
//! ```
//! use forewarn::breaker::{CallLog, LoggedCall, LoggedOutcome};
//!
//! let log = CallLog::from_csv(
//!     "key,start,latency_ms,outcome\n\
//!      search,0.0,12,ok\n\
//!      search,0.4,1000,timeout\n\
//!      search,1.9,,rejected\n",
//! )?;
//! assert_eq!((log.len(), log.count(LoggedOutcome::Rejected)), (3, 1));
//!
//! let mut more = log.clone();
//! more.push(LoggedCall::new("search", 2.5, 0.014, LoggedOutcome::Ok))?;
//! assert_eq!(more.get(3).map(|call| call.start), Some(2.5));
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # Unknown is not good
//! A rejected call has no outcome: the dependency may have been up or down. Rejected rows must be
//! logged nevertheless, since they say how many calls there would have been, and that what lies
//! between is *censored*. A log without them looks like a time without demand.
//!
//! # What rows may be
//! - **Out of order**: rows are usually written when a call ends. Any order is taken, and none makes a
//!   difference; [`CallLog::out_of_order`] counts.
//! - **Twice the same**: two calls in one millisecond are possible, so both count;
//!   [`CallLog::duplicates`] counts them and [`CallLog::dedup`] takes them away.
//! - **Overlapping**: calls in flight together are the rule. An outcome is known at `start +
//!   latency`, and no replay uses it before.
//! - **Without a latency** (NaN, or an empty field): rejected and cancelled calls only. Anywhere else
//!   NaN, and negative and infinite latencies everywhere, are errors that name the row.
//! - **One row** is a log; nothing can be learned from it.

mod call;
mod csv;
mod table;

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests;

pub use call::{LoggedCall, LoggedOutcome};
pub use table::CallLog;
pub(crate) use table::Row;
