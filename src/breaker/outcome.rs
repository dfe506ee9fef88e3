//! How a call ended, and what a caller is told who is not let through.

use super::state::State;
use std::time::Duration;

/// How a call ended. Whether it was slow follows from its latency, for failures as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Outcome {
    /// The dependency did what was asked.
    Success,
    /// It did not, and it is to blame.
    Failure,
    /// Says nothing about the dependency: a caller's mistake, an answer "not found". Counted, and
    /// nothing else.
    Ignored,
}

/// A call that was not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("rejected: the circuit is {state}{}", Wait(*.retry_after))]
pub struct Rejected {
    /// Why: the state of the circuit.
    pub state: State,
    /// When to come back: before, a call will not be let through, or hardly. `None` while the
    /// circuit is forced open, which has no end of its own.
    pub retry_after: Option<Duration>,
}

/// "; come back in 1.5 s"
struct Wait(Option<Duration>);

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |wait| write!(f, "; come back in {:.3} s", wait.as_secs_f64()))
    }
}
