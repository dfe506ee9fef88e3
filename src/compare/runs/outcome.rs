//! What was found of two runs.

use crate::compare::MetricOutcome;
use std::fmt;

/// A benchmark, with the evidence.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BenchmarkJudgement {
    /// Its name.
    pub name: String,
    /// Worse or better by the effect and beyond chance; the same, if the interval excludes such a
    /// change; unsure, if it does not; no data where either side has no value.
    pub outcome: MetricOutcome,
    /// Medians of both sides; NaN without values.
    pub typical: [f64; 2],
    /// Relative change: 0.1 for 10 % more, whatever is worse. NaN without data.
    pub effect: f64,
    /// Lower end of its interval, which holds it with probability 1 − 2 alpha; −1 where there are too
    /// few values for one.
    pub low: f64,
    /// Upper end; infinite where there are too few values.
    pub high: f64,
    /// Probability of a change at least as far to either side when nothing differs; NaN without data.
    pub p_value: f64,
    /// The same, with all benchmarks considered: compared with alpha.
    pub adjusted: f64,
    /// Values of both sides.
    pub values: [u64; 2],
    /// Values that each side must have for a change by the effect to be found with the power asked
    /// for, at their present spread; `None` without data.
    pub needed: Option<u64>,
}

/// Two runs, benchmark by benchmark.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RunComparison {
    /// The benchmarks, in the order given.
    pub benchmarks: Vec<BenchmarkJudgement>,
    /// More values that each side needs before nothing is unsure: of the benchmark that lacks most. 0
    /// when none is lacking.
    pub still_needed: u64,
}

impl RunComparison {
    /// The benchmarks with this outcome.
    pub fn with(&self, outcome: MetricOutcome) -> impl Iterator<Item = &BenchmarkJudgement> {
        self.benchmarks.iter().filter(move |benchmark| benchmark.outcome == outcome)
    }
}

impl fmt::Display for RunComparison {
    /// What changed and what is unsure, in one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let worse = self.with(MetricOutcome::Worse).count();
        write!(formatter, "{worse} of {} worse", self.benchmarks.len())?;
        let mut separator = ": ";
        for it in self.with(MetricOutcome::Worse) {
            write!(formatter, "{separator}{} {:+.1} %", it.name, 100.0 * it.effect)?;
            separator = ", ";
        }
        for outcome in [MetricOutcome::Better, MetricOutcome::Unsure, MetricOutcome::NoData] {
            let count = self.with(outcome).count();
            if count > 0 {
                write!(formatter, "; {count} {outcome}")?;
            }
        }
        if self.still_needed > 0 {
            write!(formatter, "; {} more values of each needed", self.still_needed)?;
        }
        Ok(())
    }
}
