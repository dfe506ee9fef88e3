//! Two runs of a set of benchmarks, held against each other.

mod outcome;
#[cfg(test)]
mod tests;

pub use outcome::{BenchmarkJudgement, RunComparison};

use super::discovery::{Discovery, adjusted_p_values};
use super::distributions::normal_quantile_above;
use super::ranks::mann_whitney;
use super::sample::median;
use super::shift::{Shift, shift};
use super::{Alternative, Direction, MetricOutcome};
use crate::error::{Error, Result};

/// Measured values are from its inverse to this.
const LARGEST: f64 = 1e100;

/// A benchmark as it was measured in two runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Benchmark<'a> {
    /// Its name.
    pub name: &'a str,
    /// What was measured before: times mostly, of any unit. Empty where it is new.
    pub baseline: &'a [f64],
    /// What is measured now. Empty where it is gone.
    pub candidate: &'a [f64],
}

/// How two runs are compared. Every field has a setter of the same name.
///
/// ```
/// use forewarn::compare::{Benchmark, MetricOutcome, RunComparisonParams};
///
/// // 20 times each, with 2 % of noise: parsing takes 15 % longer, printing does not.
/// let times = |typical: f64, phase: f64| -> Vec<f64> {
///     (0..20).map(|i| typical * (1.0 + 0.02 * (f64::from(i) * 2.4 + phase).sin())).collect()
/// };
/// let (parse, slower) = (times(40.0, 0.0), times(46.0, 1.0));
/// let (print, same) = (times(7.0, 0.5), times(7.0, 2.0));
/// let found = RunComparisonParams::default().compare(&[
///     Benchmark { name: "parse", baseline: &parse, candidate: &slower },
///     Benchmark { name: "print", baseline: &print, candidate: &same },
/// ])?;
/// assert_eq!(found.benchmarks[0].outcome, MetricOutcome::Worse);
/// assert_eq!(found.benchmarks[1].outcome, MetricOutcome::Same);
/// assert_eq!(found.to_string(), "1 of 2 worse: parse +15.0 %");
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct RunComparisonParams {
    /// Which way benchmarks get worse. Default [`Direction::HigherIsWorse`], as of times;
    /// [`Direction::Either`] calls every change worse.
    pub direction: Direction,
    /// Relative change that matters, above 0 and at most 10: 0.1 for times 10 % longer, and for times
    /// shorter by the same factor. One that is less is not reported however certain it is. Default
    /// 0.1.
    pub effect: f64,
    /// Share of false ones among the changes reported, in (0, 0.5): also the probability that any is
    /// reported where nothing differs. Default 0.05.
    pub alpha: f64,
    /// Probability with which a change by [`effect`](Self::effect) is to be told from none, in (0, 1):
    /// it sets how many values are still needed. Default 0.8.
    pub power: f64,
    /// How false discoveries over the benchmarks are controlled.
    pub discovery: Discovery,
}

impl Default for RunComparisonParams {
    fn default() -> Self {
        Self {
            direction: Direction::default(),
            effect: 0.1,
            alpha: 0.05,
            power: 0.8,
            discovery: Discovery::default(),
        }
    }
}

impl RunComparisonParams {
    /// Sets which way benchmarks get worse.
    #[must_use]
    pub fn direction(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    /// Sets the relative change that matters.
    #[must_use]
    pub fn effect(self, effect: f64) -> Self {
        Self { effect, ..self }
    }

    /// Sets the share of false discoveries.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// Sets the probability with which a change is to be found.
    #[must_use]
    pub fn power(self, power: f64) -> Self {
        Self { power, ..self }
    }

    /// Sets how false discoveries are controlled.
    #[must_use]
    pub fn discovery(self, discovery: Discovery) -> Self {
        Self { discovery, ..self }
    }

    /// Compares two runs by their benchmarks.
    ///
    /// A change is reported when both hold: by the rank test, adjusted for the number of benchmarks,
    /// it is no chance, and the estimate of its size, of Hodges and Lehmann on the values' logarithms,
    /// is the effect or more. Values are compared by their ratios and must be above 0. No more can be
    /// told than that the runs differ: conditions that all values of a run share look like a change,
    /// so run both in turns, or keep a [`PerformanceHistory`](super::PerformanceHistory).
    /// O(n log n) for the n values of each.
    ///
    /// # Errors
    /// [`Error::Empty`] without benchmarks, [`Error::NotANumber`] for NaN, [`Error::OutOfRange`] for a
    /// value outside 1e-100 to 1e100 or a setting outside its range. A benchmark that is new or gone is
    /// no error: it has [no data](MetricOutcome::NoData).
    pub fn compare(&self, benchmarks: &[Benchmark<'_>]) -> Result<RunComparison> {
        self.check()?;
        if benchmarks.is_empty() {
            return Err(Error::Empty { what: "benchmarks" });
        }
        let strictest = self.alpha / benchmarks.len() as f64;
        let mut found: Vec<BenchmarkJudgement> =
            benchmarks.iter().map(|it| self.measure(it, strictest)).collect::<Result<_>>()?;
        let tested = |it: &&mut BenchmarkJudgement| it.outcome != MetricOutcome::NoData;
        let p_values: Vec<f64> = found.iter_mut().filter(tested).map(|it| it.p_value).collect();
        if !p_values.is_empty() {
            let adjusted = adjusted_p_values(&p_values, self.discovery)?;
            for (it, adjusted) in found.iter_mut().filter(tested).zip(adjusted) {
                it.adjusted = adjusted;
                it.outcome = self.outcome(it);
            }
        }
        let lacking = |it: &BenchmarkJudgement| match it.outcome {
            MetricOutcome::Unsure => {
                it.needed.unwrap_or(0).saturating_sub(it.values[0].min(it.values[1])).max(1)
            }
            _ => 0,
        };
        let still_needed = found.iter().map(lacking).max().unwrap_or(0);
        Ok(RunComparison { benchmarks: found, still_needed })
    }

    /// All but the outcome and what depends on other benchmarks.
    fn measure(&self, benchmark: &Benchmark<'_>, strictest: f64) -> Result<BenchmarkJudgement> {
        let a = logarithms("baseline", benchmark.baseline)?;
        let b = logarithms("candidate", benchmark.candidate)?;
        let middle =
            |values: &[f64]| if values.is_empty() { f64::NAN } else { median(values).exp() };
        let blank = BenchmarkJudgement {
            name: benchmark.name.to_owned(),
            outcome: MetricOutcome::NoData,
            typical: [middle(&a), middle(&b)],
            effect: f64::NAN,
            low: f64::NAN,
            high: f64::NAN,
            p_value: f64::NAN,
            adjusted: f64::NAN,
            values: [a.len() as u64, b.len() as u64],
            needed: None,
        };
        if a.is_empty() || b.is_empty() {
            return Ok(blank);
        }
        let found = shift(&a, &b, 1.0 - 2.0 * self.alpha)?;
        Ok(BenchmarkJudgement {
            outcome: MetricOutcome::Unsure,
            effect: found.estimate.exp_m1(),
            low: found.low.exp_m1(),
            high: found.high.exp_m1(),
            p_value: mann_whitney(&a, &b, Alternative::TwoSided)?.p_value,
            needed: self.needed([&a, &b], found, strictest),
            ..blank
        })
    }

    /// Values of each side, by the precision of those there are.
    fn needed(&self, sides: [&[f64]; 2], found: Shift, strictest: f64) -> Option<u64> {
        let [n, m] = sides.map(|side| side.len() as f64);
        let width = (found.high - found.low) / (2.0 * normal_quantile_above(self.alpha));
        let error = if width.is_finite() { width } else { error_of_means(sides)? };
        let errors =
            normal_quantile_above(strictest / 2.0) + normal_quantile_above(1.0 - self.power);
        let factor = (errors * error / self.effect.ln_1p()).powi(2);
        let by_spread = (factor * 2.0 * n * m / (n + m)).ceil() as u64;
        Some(by_spread.max(fewest(strictest)))
    }

    fn outcome(&self, it: &BenchmarkJudgement) -> MetricOutcome {
        let (estimate, effect) = (it.effect.ln_1p(), self.effect.ln_1p());
        // As far as logarithms are exact: a change of just the effect counts.
        let far = estimate.abs() >= effect * (1.0 - 1e-12);
        if it.adjusted <= self.alpha && far {
            return match (self.direction, estimate > 0.0) {
                (Direction::HigherIsWorse, false) | (Direction::LowerIsWorse, true) => {
                    MetricOutcome::Better
                }
                _ => MetricOutcome::Worse,
            };
        }
        let excluded = it.low.ln_1p() > -effect && it.high.ln_1p() < effect;
        if excluded { MetricOutcome::Same } else { MetricOutcome::Unsure }
    }

    fn check(&self) -> Result<()> {
        let refuse = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        if !(self.effect > 0.0 && self.effect <= 10.0) {
            return refuse("effect", self.effect, "above 0 and at most 10");
        }
        if !(self.alpha > 0.0 && self.alpha < 0.5) {
            return refuse("alpha", self.alpha, "between 0 and 0.5, both excluded");
        }
        if !(self.power > 0.0 && self.power < 1.0) {
            return refuse("power", self.power, "between 0 and 1, both excluded");
        }
        Ok(())
    }
}

/// Logarithms of checked values, ascending.
fn logarithms(name: &'static str, values: &[f64]) -> Result<Vec<f64>> {
    if let Some(index) = values.iter().position(|value| value.is_nan()) {
        return Err(Error::NotANumber { what: name, index });
    }
    if let Some(&value) = values.iter().find(|it| !(LARGEST.recip()..=LARGEST).contains(*it)) {
        return Err(Error::OutOfRange { name, value, allowed: "from 1e-100 to 1e100" });
    }
    let mut logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    logarithms.sort_unstable_by(f64::total_cmp);
    Ok(logarithms)
}

/// The standard error of the difference of means; none where both sides are of one value.
fn error_of_means(sides: [&[f64]; 2]) -> Option<f64> {
    let [n, m] = sides.map(|side| side.len() as f64);
    let squares = sides.map(|side| {
        let mean = side.iter().sum::<f64>() / side.len() as f64;
        side.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
    });
    let freedom = n + m - 2.0;
    (freedom > 0.0).then(|| ((squares[0] + squares[1]) / freedom * (1.0 / n + 1.0 / m)).sqrt())
}

/// Values of each side below which no arrangement of them passes a level on two sides.
fn fewest(level: f64) -> u64 {
    // Of 2 n values, C(2 n, n) ways to choose those of a side, of which two are extreme.
    let (mut n, mut ways) = (1_u64, 2.0);
    while 2.0 / ways > level {
        n += 1;
        ways *= 2.0 * (2 * n - 1) as f64 / n as f64;
    }
    n
}
