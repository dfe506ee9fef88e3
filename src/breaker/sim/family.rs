//! The ten families of behaviour.

/// What a dependency is like when it is not well.
///
/// "Fast" errors come after some 20 ms; a call that "hangs" fails at the caller's timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Family {
    /// F1: every call fails fast, for half a minute or so, again and again.
    FastOutage,
    /// F2: every call hangs.
    HangingOutage,
    /// F3: 10 to 60 % of the calls fail fast, for a minute or so.
    FastBrownout,
    /// F4: 10 to 60 % of the calls hang.
    HangingBrownout,
    /// F5: up for 3 to 15 s, down for 3 to 15 s, many times in a row.
    Flapping,
    /// F6: after a short outage the share of good answers rises back within a minute or so.
    SlowRecovery,
    /// F7: answers become slow, many slower than the timeout; nothing else goes wrong.
    Slow,
    /// F8: a hiccup takes most of the capacity, failed calls are tried again, and what is
    /// overloaded does not recover.
    RetryStorm,
    /// F9: a restart with cold caches: capacity comes back with time, and under load hardly.
    ColdRestart,
    /// F10: healthy, with bursts of errors so short that they are over when they are noticed.
    Noise,
}

impl Family {
    /// All ten, F1 to F10.
    pub const ALL: [Self; 10] = [
        Self::FastOutage,
        Self::HangingOutage,
        Self::FastBrownout,
        Self::HangingBrownout,
        Self::Flapping,
        Self::SlowRecovery,
        Self::Slow,
        Self::RetryStorm,
        Self::ColdRestart,
        Self::Noise,
    ];

    /// A name of a few words, for tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FastOutage => "outage, fast errors",
            Self::HangingOutage => "outage, timeouts",
            Self::FastBrownout => "brown-out, fast errors",
            Self::HangingBrownout => "brown-out, timeouts",
            Self::Flapping => "flapping",
            Self::SlowRecovery => "slow recovery",
            Self::Slow => "slow, no errors",
            Self::RetryStorm => "retry storm",
            Self::ColdRestart => "cold restart",
            Self::Noise => "healthy, noise bursts",
        }
    }

    /// Whether the calls let through change how the dependency fares.
    #[must_use]
    pub fn feels_load(self) -> bool {
        matches!(self, Self::RetryStorm | Self::ColdRestart)
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
