//! Circuit breakers: one state machine for running, replaying and simulating, and settings that
//! are learned from the history of calls.
//!
//! | for | take |
//! |---|---|
//! | calls from threads and tasks | [`Breaker`], one for a dependency; [`BreakerRegistry`], one for each key |
//! | a dependency of which nothing is known | [`AdaptiveBreaker`], which is told costs and nothing else; live: [`LiveAdaptiveBreaker`] |
//! | settings from a log of calls | [`BreakerOptimizer`] on a [`CallLog`] |
//! | trying settings and breakers of one's own on trouble whose truth is known | [`sim`] |
//! | trying again without making it worse | [`RetryBudget`], [`Backoff`] |
//! | a layer of tower | `forewarn::BreakerLayer`, with the feature `tower` |
//!
//! ```
//! use forewarn::breaker::{BreakerOptimizer, Breaker, CallLog, LoggedCall, LoggedOutcome};
//!
//! // Ten minutes of calls, a hundred seconds of which everything hung.
//! let mut log = CallLog::new();
//! for number in 0..6_000 {
//!     let start = f64::from(number) / 10.0;
//!     let hangs = (200.0..300.0).contains(&start);
//!     let (latency, outcome) =
//!         if hangs { (1.0, LoggedOutcome::TimedOut) } else { (0.05, LoggedOutcome::Ok) };
//!     log.push(LoggedCall::new("search", start, latency, outcome))?;
//! }
//! let found = BreakerOptimizer::default().candidates(60).optimize(&log)?;
//! println!("{found}"); // what it would save, beside the defaults of twelve libraries
//! let settings = found.settings.unwrap_or_default(); // `None` means: better without a breaker
//! let breaker = Breaker::new(settings)?;
//! assert_eq!(breaker.call(|| Ok::<_, ()>(42)), Ok(42));
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # What holds for all of them
//! - Calls are worth what [`CallCosts`] says: how many failures are too many follows from it.
//! - A result counts only in the generation that let its call through; a permit that is dropped gives
//!   its place back; a probe that hangs loses its place after a while.
//! - There is no clock in anything that decides: replay, simulation and service run the same
//!   [`Machine`], and only [`Breaker`] reads a [`Clock`], which can be set by hand.

pub mod adaptive;
mod costs;
mod log;
mod machine;
mod open_metrics;
mod optimise;
mod outcome;
mod retry;
mod runtime;
mod settings;
pub mod sim;
mod state;

pub use adaptive::{AdaptiveBreaker, AdaptiveParams, ObservedCall};
pub use costs::CallCosts;
pub use log::{CallLog, LoggedCall, LoggedOutcome};
pub use machine::{BreakerMetrics, Gate, Machine, Ticket};
pub use open_metrics::open_metrics;
pub use optimise::{
    Advice, Assessment, BreakerOptimizer, Delay, Estimate, Export, ExportTarget, FrontPoint,
    LogSummary, PeerComparison, PeerDefaults, Recommendation, theory,
};
pub use outcome::{Outcome, Rejected};
pub use retry::{Backoff, BackoffParams, Jitter, RetryBudget, RetryBudgetParams};
#[cfg(feature = "quanta")]
pub use runtime::TscClock;
pub use runtime::{
    AdaptivePermit, Breaker, BreakerBuilder, BreakerRegistry, BreakerRegistryParams, CallError,
    Classify, Clock, LiveAdaptiveBreaker, LiveAdaptiveBuilder, ManualClock, MonotonicClock,
    OwnedAdaptivePermit, OwnedPermit, Permit,
};
pub use settings::{BreakerSettings, OpenTime, ProbeBudget, Probes, Ramp, SlowCall, Trip};
pub use state::{Force, Reason, State, Transition};
