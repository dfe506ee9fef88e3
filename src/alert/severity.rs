//! How bad an alert is: from how surprising, how long and how wide.

use crate::error::{Error, Result};

/// How bad an alert is. The order is that of the levels: `Low < Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Severity {
    /// To be looked at some day.
    Low,
    /// To be looked at today.
    Medium,
    /// To be looked at now.
    High,
    /// Everything else waits.
    Critical,
}

impl Severity {
    /// Its name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// From what on an alert is worse than the mildest: two steps for each of three facets.
///
/// Every step that is reached gives one point. 0 points are [`Severity::Low`], 1 is
/// [`Severity::Medium`], 2 or 3 are [`Severity::High`], 4 and more [`Severity::Critical`]: no facet
/// alone makes an alert critical.
///
/// ```
/// use forewarn::alert::{Severity, SeveritySteps};
///
/// let steps = SeveritySteps::default();
/// assert_eq!(steps.judge(4.0, 60.0, 1), Severity::Low);
/// assert_eq!(steps.judge(9.0, 60.0, 4), Severity::High);
/// assert_eq!(steps.judge(15.0, 2_400.0, 4), Severity::Critical);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct SeveritySteps {
    /// Highest score, finite and ascending. Default 6 and 12: once in a million observations, and
    /// once in a million millions.
    pub score: [f64; 2],
    /// Seconds from the first to the last anomaly, at least 0 and ascending; not counted where a
    /// metric that flaps keeps the alert alone. Default 300 and 1,800.
    pub duration: [f64; 2],
    /// Different sources, ascending. Default 3 and 10.
    pub breadth: [usize; 2],
}

impl Default for SeveritySteps {
    fn default() -> Self {
        Self { score: [6.0, 12.0], duration: [300.0, 1_800.0], breadth: [3, 10] }
    }
}

impl SeveritySteps {
    /// The severity of an alert with this highest score, duration in seconds, and number of
    /// sources.
    #[must_use]
    pub fn judge(&self, score: f64, duration: f64, breadth: usize) -> Severity {
        let points = self.score.iter().filter(|&&step| score >= step).count()
            + self.duration.iter().filter(|&&step| duration >= step).count()
            + self.breadth.iter().filter(|&&step| breadth >= step).count();
        match points {
            0 => Severity::Low,
            1 => Severity::Medium,
            2 | 3 => Severity::High,
            _ => Severity::Critical,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let steps = [
            ("severity.score", self.score, f64::MIN, "finite and ascending"),
            ("severity.duration", self.duration, 0.0, "at least 0, finite and ascending"),
            (
                "severity.breadth",
                self.breadth.map(|step| step as f64),
                0.0,
                "at least 0, finite and ascending",
            ),
        ];
        for (name, [first, second], least, allowed) in steps {
            for value in [first, second] {
                if !(value >= least && value <= f64::MAX) {
                    return Err(Error::OutOfRange { name, value, allowed });
                }
            }
            if first > second {
                return Err(Error::OutOfRange { name, value: second, allowed });
            }
        }
        Ok(())
    }
}
