//! Trying again without making it worse: how long to wait, and how many may.

mod backoff;
mod budget;

pub use backoff::{Backoff, BackoffParams, Jitter};
pub use budget::{RetryBudget, RetryBudgetParams};
