//! A version beside the one before: pairs of runs of a metric, and histories of benchmark runs.
//!
//! `N` is standard normal, `u` uniform, `E` exponential with mean 1, all fresh at every use.
//!
//! **Pairs.** `w` is noise with memory: `w = φ w' + √(1 − φ²) N`, `φ` the `memory`, standard normal at
//! every time. The values of the candidate are those of another such run with `w + change`:
//! ```text
//! Normal      100 + 10 w
//! LogNormal   100 e^(0.5 w)
//! Counts      0 where w < 0.84 (four of five), otherwise the whole part of 1 + 4 (w − 0.84): many ties
//! ```
//!
//! **Histories.** A benchmark's time, run after run, with a change of its true time at a known run.
//! ```text
//! time      100 e^(d w) · c · s · o       w as above, d the deviation `noise`
//! change    c = 1 + `change` from run `change_at` on, before it 1
//! slow day  s = 1.1 + 0.3 u in all runs of one of `slow_every` days, the machine being slow
//! outlier   o = 1.15 + 0.5 E in one of `outlier_every` runs
//! ```
//! Published noise: the coefficient of variation of benchmarks of whole applications in a public cloud
//! over three months is below 3.7 % (Henning, Vogel, Perez-Wohlfeil, Ertl and Rabiser, "When should I
//! run my application benchmark?", 2025, arXiv 2504.11826); that of microbenchmarks is from 0.03 % to
//! more than 100 % (Laaber, Scheuner and Leitner, "Software microbenchmarking in the cloud. How bad is
//! it really?", Empirical Software Engineering 24, 2019). The default is the former's largest; runs
//! remember a little, and one in fifty runs is an outlier, one day in fifty is slow.

use crate::error::{Result, check_count, check_range};
use crate::exact::exponential;
use crate::random::{Stream, Wander};

/// 2024-01-01T00:00:00Z, a Monday.
const START: f64 = 1_704_067_200.0;
const DAY: f64 = 86_400.0;

/// How values are distributed; see the [module](self) for the formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Symmetric, light tails.
    Normal,
    /// Skewed, as latencies are.
    LogNormal,
    /// Four of five are zero.
    Counts,
}

/// Settings of pairs of runs; see the [module](self) for the formulas.
///
/// ```
/// use forewarn_datasets::canary::PairParams;
///
/// let pairs = PairParams { pairs: 3, values: 40, ..PairParams::default() }.simulate()?;
/// assert_eq!((pairs.len(), pairs[0].candidate.len()), (3, 40));
/// # Ok::<(), forewarn_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PairParams {
    /// Pairs, 1 to 1,000,000. Default 100.
    pub pairs: usize,
    /// Values of each run, 1 to 1,000,000. Default 60.
    pub values: usize,
    /// Their distribution. Default normal.
    pub shape: Shape,
    /// Correlation of a value with the one before, −0.99 to 0.99. Default 0.
    pub memory: f64,
    /// By how many deviations the candidate is worse, −10 to 10. Default 0.
    pub change: f64,
    /// Everything random follows from it. Default 1.
    pub seed: u64,
}

impl Default for PairParams {
    fn default() -> Self {
        Self { pairs: 100, values: 60, shape: Shape::Normal, memory: 0.0, change: 0.0, seed: 1 }
    }
}

/// Two runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Of the version before.
    pub baseline: Vec<f64>,
    /// Of the version that is tried.
    pub candidate: Vec<f64>,
}

impl PairParams {
    /// Runs the pairs. The same settings give the same bits on every platform.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn simulate(&self) -> Result<Vec<Pair>> {
        check_count("pairs", self.pairs, 1, 1_000_000)?;
        check_count("values", self.values, 1, 1_000_000)?;
        check_range("memory", self.memory, -0.99, 0.99)?;
        check_range("change", self.change, -10.0, 10.0)?;
        let pair = |index| {
            let mut stream = Stream::new(self.seed, index);
            let mut run = |change| -> Vec<f64> {
                let mut wander = Wander::new(self.memory, 1.0, &mut stream);
                (0..self.values).map(|_| self.value(wander.next(&mut stream) + change)).collect()
            };
            Pair { baseline: run(0.0), candidate: run(self.change) }
        };
        Ok((0..self.pairs as u64).map(pair).collect())
    }

    fn value(&self, w: f64) -> f64 {
        match self.shape {
            Shape::Normal => 100.0 + 10.0 * w,
            Shape::LogNormal => 100.0 * exponential(0.5 * w),
            Shape::Counts if w < 0.84 => 0.0,
            Shape::Counts => (1.0 + 4.0 * (w - 0.84)).floor(),
        }
    }
}

/// Settings of histories of benchmark runs; see the [module](self) for the formulas.
///
/// ```
/// use forewarn_datasets::canary::HistoryParams;
///
/// let history = HistoryParams { change: 0.1, ..HistoryParams::default() }.simulate(0)?;
/// assert_eq!(history.times.len(), 200);
/// # Ok::<(), forewarn_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryParams {
    /// Runs, 1 to 1,000,000. Default 200.
    pub runs: usize,
    /// Runs a day, evenly spread, 1 to 1,000. Default 1.
    pub runs_a_day: usize,
    /// Deviation of the logarithm of times, 0 to 1. Default 0.037.
    pub noise: f64,
    /// Correlation of a run's noise with the one before, −0.99 to 0.99. Default 0.2.
    pub memory: f64,
    /// Runs of which one is an outlier, 2 to 1,000,000,000. Default 50.
    pub outlier_every: usize,
    /// Days of which one is slow, 2 to 1,000,000,000. Default 50.
    pub slow_every: usize,
    /// The run from which on the true time differs. Default 100.
    pub change_at: usize,
    /// By what share, −0.9 to 10. Default 0.
    pub change: f64,
    /// Everything random follows from it. Default 1.
    pub seed: u64,
}

impl Default for HistoryParams {
    fn default() -> Self {
        Self {
            runs: 200,
            runs_a_day: 1,
            noise: 0.037,
            memory: 0.2,
            outlier_every: 50,
            slow_every: 50,
            change_at: 100,
            change: 0.0,
            seed: 1,
        }
    }
}

/// Runs of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Unix seconds of each run, ascending.
    pub times: Vec<f64>,
    /// What was measured.
    pub values: Vec<f64>,
}

impl HistoryParams {
    /// Runs the benchmark of this number. The same settings give the same bits on every platform.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn simulate(&self, index: u64) -> Result<History> {
        check_count("runs", self.runs, 1, 1_000_000)?;
        check_count("runs_a_day", self.runs_a_day, 1, 1_000)?;
        check_range("noise", self.noise, 0.0, 1.0)?;
        check_range("memory", self.memory, -0.99, 0.99)?;
        check_count("outlier_every", self.outlier_every, 2, 1_000_000_000)?;
        check_count("slow_every", self.slow_every, 2, 1_000_000_000)?;
        check_range("change", self.change, -0.9, 10.0)?;
        let mut stream = Stream::new(self.seed, index);
        let mut wander = Wander::new(self.memory, self.noise, &mut stream);
        let mut slow = 1.0;
        let mut history = History { times: vec![], values: vec![] };
        for run in 0..self.runs {
            if run % self.runs_a_day == 0 {
                let is_slow = stream.chance(1.0 / self.slow_every as f64);
                slow = if is_slow { stream.between(1.1, 1.4) } else { 1.0 };
            }
            let is_outlier = stream.chance(1.0 / self.outlier_every as f64);
            let outlier = if is_outlier { 1.15 + 0.5 * stream.exponential() } else { 1.0 };
            let change = if run >= self.change_at { 1.0 + self.change } else { 1.0 };
            let noise = exponential(wander.next(&mut stream));
            history.times.push(START + DAY * run as f64 / self.runs_a_day as f64);
            history.values.push(100.0 * noise * change * slow * outlier);
        }
        Ok(history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median(mut values: Vec<f64>) -> f64 {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    #[test]
    fn changes_are_as_large_as_asked_for() {
        let params = HistoryParams {
            change: 0.25,
            runs: 20_000,
            change_at: 10_000,
            ..HistoryParams::default()
        };
        let values = params.simulate(3).expect("settings").values;
        let ratio = median(values[10_000..].to_vec()) / median(values[..10_000].to_vec());
        // Standard error of a median: 1.25 · 0.037 / 100, twice, and the memory.
        assert!((ratio / 1.25 - 1.0).abs() < 0.004, "{ratio}");
        let far = values[..10_000].iter().filter(|&&value| value > 116.0).count();
        assert!((250..500).contains(&far), "{far} outliers and slow runs");
    }

    #[test]
    fn pairs_differ_by_the_change() {
        let params = PairParams { pairs: 200, values: 500, change: 0.5, ..PairParams::default() };
        let pairs = params.simulate().expect("settings");
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let each = pairs.iter().map(|pair| mean(&pair.candidate) - mean(&pair.baseline));
        let found = each.sum::<f64>() / 200.0;
        // Five standard errors: 10 √(2 / 100,000).
        assert!((found - 5.0).abs() < 0.23, "{found}");
    }

    #[test]
    fn four_of_five_counts_are_zero() {
        let params =
            PairParams { shape: Shape::Counts, values: 10_000, pairs: 1, ..PairParams::default() };
        let pair = params.simulate().expect("settings").remove(0);
        let zeros = pair.baseline.iter().filter(|&&value| value == 0.0).count();
        assert!((7_800..8_200).contains(&zeros), "{zeros}");
        assert!(pair.baseline.iter().all(|value| value.fract() == 0.0));
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert!(PairParams { memory: 1.0, ..PairParams::default() }.simulate().is_err());
        assert!(PairParams { pairs: 0, ..PairParams::default() }.simulate().is_err());
        assert!(HistoryParams { noise: f64::NAN, ..HistoryParams::default() }.simulate(0).is_err());
        assert!(HistoryParams { slow_every: 1, ..HistoryParams::default() }.simulate(0).is_err());
    }
}
