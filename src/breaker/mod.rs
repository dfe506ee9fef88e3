//! Circuit breakers: one state machine for running, replaying and simulating, and settings that
//! are learned from the history of calls.

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
    Breaker, BreakerBuilder, BreakerRegistry, BreakerRegistryParams, CallError, Classify, Clock,
    ManualClock, MonotonicClock, OwnedPermit, Permit,
};
pub use settings::{BreakerSettings, OpenTime, ProbeBudget, Probes, Ramp, SlowCall, Trip};
pub use state::{Force, Reason, State, Transition};
