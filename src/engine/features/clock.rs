//! Lengths of time in words.

use crate::error::{Error, Result};

/// What times count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Clock {
    /// Seconds, Unix or of any other origin.
    #[default]
    Seconds,
    /// Anything else, by its name in the plural: cycles, starts, kilometres.
    Counted(String),
}

impl Clock {
    /// A length of time in words.
    ///
    /// ```
    /// use forewarn::engine::features::Clock;
    ///
    /// assert_eq!(Clock::Seconds.words(86_400.0), "24 h");
    /// assert_eq!(Clock::Seconds.words(5_400.0), "90 min");
    /// assert_eq!(Clock::Seconds.words(604_800.0), "7 days");
    /// assert_eq!(Clock::Counted("cycles".into()).words(30.0), "30 cycles");
    /// ```
    #[must_use]
    pub fn words(&self, length: f64) -> String {
        match self {
            Self::Counted(unit) => format!("{length} {unit}"),
            Self::Seconds => {
                let whole = |unit: f64, least: f64| length >= least * unit && length % unit == 0.0;
                // The largest unit that leaves no fraction, so that no two lengths read alike.
                let units = [(86_400.0, 4.0, "days"), (3_600.0, 1.0, "h"), (60.0, 1.0, "min")];
                let unit = units.into_iter().find(|&(unit, least, _)| whole(unit, least));
                let (unit, _, name) = unit.unwrap_or((1.0, 1.0, "s"));
                format!("{} {name}", length / unit)
            }
        }
    }

    /// A length of time in words, in two or three digits: "26 min", "31 h", "12 days".
    ///
    /// ```
    /// use forewarn::engine::features::Clock;
    ///
    /// assert_eq!(Clock::Seconds.about(112_345.0), "31 h");
    /// assert_eq!(Clock::Counted("cycles".into()).about(12.34), "12 cycles");
    /// ```
    #[must_use]
    pub fn about(&self, length: f64) -> String {
        match self {
            Self::Counted(unit) if length < 10.0 => format!("{length:.1} {unit}"),
            Self::Counted(unit) => format!("{length:.0} {unit}"),
            Self::Seconds => {
                let units = [(86_400.0, 4.0, "days"), (3_600.0, 2.0, "h"), (60.0, 2.0, "min")];
                let unit = units.into_iter().find(|&(unit, least, _)| length >= least * unit);
                let (unit, _, name) = unit.unwrap_or((1.0, 0.0, "s"));
                let count = length / unit;
                if count < 10.0 {
                    format!("{count:.1} {name}")
                } else {
                    format!("{count:.0} {name}")
                }
            }
        }
    }

    /// The unit in which ages and slopes are told, and how long it is.
    pub(in crate::engine) fn unit(&self) -> (&str, f64) {
        match self {
            Self::Seconds => ("hours", 3_600.0),
            Self::Counted(unit) => (unit, 1.0),
        }
    }

    /// "per" this: one of the unit.
    pub(in crate::engine) fn per(&self) -> &str {
        match self {
            Self::Seconds => "hour",
            Self::Counted(unit) => unit.strip_suffix('s').unwrap_or(unit),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Counted(unit) if unit.trim().is_empty() => {
                let reason = "the clock has an empty unit: name what its times count";
                Err(Error::Incompatible { reason: reason.into() })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_lengths_read_alike() {
        let lengths = (1..400_000).step_by(7).map(f64::from).chain([0.5, 59.5, 86_400.5, 1e12]);
        let lengths: Vec<f64> = lengths.collect();
        for clock in [Clock::Seconds, Clock::Counted("starts".into())] {
            let words: HashSet<String> =
                lengths.iter().map(|&length| clock.words(length)).collect();
            assert_eq!(words.len(), lengths.len());
        }
        assert_eq!(Clock::Seconds.words(0.5), "0.5 s");
        assert_eq!(Clock::Seconds.words(259_200.0), "72 h");
        assert_eq!(Clock::Seconds.words(345_600.0), "4 days");
    }
}
