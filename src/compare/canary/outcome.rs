//! What was found.

use super::Direction;
use crate::compare::Shift;
use std::fmt;

/// What to do with a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Verdict {
    /// No metric is worse, and those that are critical were seen for long enough.
    Promote,
    /// Wait: a critical metric has not been seen for long enough, or one that is not critical is
    /// worse.
    Hold,
    /// A critical metric is worse.
    RollBack,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Promote => "promote",
            Self::Hold => "hold",
            Self::RollBack => "roll back",
        })
    }
}

/// What was found of one metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MetricOutcome {
    /// Worse, beyond chance and tolerance.
    Worse,
    /// Better, beyond chance.
    Better,
    /// Not worse, on enough values to have found the margin.
    Same,
    /// Not worse so far, on too few values to have found the margin.
    Unsure,
    /// Too few values to be judged at all.
    NoData,
}

impl fmt::Display for MetricOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Same => "same",
            Self::Unsure => "unsure",
            Self::NoData => "no data",
        })
    }
}

/// A metric, with the evidence.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MetricJudgement {
    /// Its name.
    pub name: String,
    /// What was found.
    pub outcome: MetricOutcome,
    /// Which way it gets worse.
    pub direction: Direction,
    /// Whether it can roll the canary back.
    pub critical: bool,
    /// Medians of baseline and canary, or their shares; NaN without values.
    pub typical: [f64; 2],
    /// By how much the canary lies above the baseline, with an interval that holds it with
    /// probability 1 − 2 alpha; NaN without data.
    pub shift: Shift,
    /// The shift by the size of the baseline: its median, or where most values are equal the mean
    /// change by its mean. ±∞ for a change from 0; NaN without data.
    pub relative: f64,
    /// Probability that a value of the canary is greater than one of the baseline, ties counted half.
    /// NaN without data; of shares it is that of single trials.
    pub superiority: f64,
    /// Probability of a change at least as far for the worse when nothing differs; NaN without data.
    pub p_value: f64,
    /// The same, with all metrics considered: compared with alpha. NaN without data.
    pub adjusted: f64,
    /// Values that were judged, of baseline and canary; or trials.
    pub values: [u64; 2],
    /// How many independent values they are worth.
    pub effective: [f64; 2],
    /// Values that were NaN.
    pub missing: [u64; 2],
    /// Values that each side must have for a worsening by the margin to be found with the power asked
    /// for, at their present spread and memory; `None` where nothing is relative to a baseline of 0.
    pub needed: Option<u64>,
}

/// What to do, and why.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CanaryJudgement {
    /// What to do.
    pub verdict: Verdict,
    /// The metrics, in the order given.
    pub metrics: Vec<MetricJudgement>,
    /// More values that each side needs before the canary can be promoted: those of the critical
    /// metric that lacks most. 0 when none is lacking.
    pub still_needed: u64,
}

impl CanaryJudgement {
    /// The metrics with this outcome.
    pub fn with(&self, outcome: MetricOutcome) -> impl Iterator<Item = &MetricJudgement> {
        self.metrics.iter().filter(move |metric| metric.outcome == outcome)
    }
}

impl fmt::Display for CanaryJudgement {
    /// The verdict and what led to it, in one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |outcome: MetricOutcome| -> Vec<&str> {
            self.with(outcome).map(|metric| metric.name.as_str()).collect()
        };
        write!(formatter, "{}", self.verdict)?;
        let mut separator = ": ";
        let because: &[MetricOutcome] = match self.verdict {
            Verdict::RollBack => &[MetricOutcome::Worse],
            _ => &[MetricOutcome::Worse, MetricOutcome::NoData, MetricOutcome::Unsure],
        };
        for &outcome in because {
            let names = named(outcome);
            if !names.is_empty() {
                write!(formatter, "{separator}{} {outcome}", names.join(", "))?;
                separator = "; ";
            }
        }
        if self.verdict == Verdict::Hold && self.still_needed > 0 {
            write!(formatter, "{separator}{} more values of each needed", self.still_needed)?;
        }
        Ok(())
    }
}
