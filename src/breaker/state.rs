//! The states of a circuit and what takes it from one to another.

use std::fmt;
use std::time::Duration;

/// What a circuit does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum State {
    /// Lets every call through and watches how they end.
    Closed,
    /// Rejects every call until its open time is over.
    Open,
    /// Lets a few probes through, and as many as are asked for decide.
    HalfOpen,
    /// Lets a growing share of the calls through.
    Ramping,
    /// Rejects every call until an operator says otherwise.
    ForcedOpen,
    /// Lets every call through until an operator says otherwise; counts, decides nothing.
    ForcedClosed,
    /// Decides and counts as if it were in charge, and lets every call through.
    Disabled,
}

impl State {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 7] = [
        Self::Closed,
        Self::Open,
        Self::HalfOpen,
        Self::Ramping,
        Self::ForcedOpen,
        Self::ForcedClosed,
        Self::Disabled,
    ];

    /// The name for metrics and messages: `half_open`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Ramping => "ramping",
            Self::ForcedOpen => "forced_open",
            Self::ForcedClosed => "forced_closed",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name().replace('_', " "))
    }
}

/// What an operator imposes on a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Force {
    /// Reject every call: [`State::ForcedOpen`].
    Open,
    /// Let every call through: [`State::ForcedClosed`].
    Closed,
    /// Decide, count, and let every call through: [`State::Disabled`].
    Shadow,
}

/// Why a circuit went from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Reason {
    /// Too large a share of the calls failed.
    FailureRate,
    /// Too large a share of the calls was slow.
    SlowRate,
    /// Too many failures in a row.
    Consecutive,
    /// The calls lost more than is tolerated.
    Utility,
    /// The open time is over.
    OpenTimeOver,
    /// As many probes as asked for succeeded.
    ProbesSucceeded,
    /// As many probes as are borne failed or were slow.
    ProbesFailed,
    /// The share of the traffic that is let through reached all of it.
    RampCompleted,
    /// At a growing share the calls went wrong: the share is cut.
    RampCut,
    /// At the share that it was cut to, or the first, calls still went wrong.
    RampFailed,
    /// An operator decided.
    Forced,
}

/// A circuit's way from one state to another. Transitions are totally ordered: each has the
/// generation that it began, and generations count up by one.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state since. Equal to `from` where a ramp is cut, and in shadow, where
    /// [`Machine::inner_state`](super::Machine::inner_state) tells more.
    pub to: State,
    /// When.
    pub at: Duration,
    /// The generation that begins: results of calls let through before it no longer count.
    pub generation: u64,
    /// Why.
    pub reason: Reason,
    /// How long the circuit stays open; `None` where it does not open.
    pub open_for: Option<Duration>,
}
