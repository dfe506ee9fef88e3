//! How many alarms a week are to be expected, and how sure that is.

use statrs::function::beta::beta_reg;

pub(super) const DAY: f64 = 86_400.0;
pub(super) const WEEK: f64 = 7.0 * DAY;

/// Weeks that an expectation speaks of.
const HORIZON: f64 = 4.0;

/// Share of the cases that the interval leaves out on each side.
const TAIL: f64 = 0.025;

/// Days of the blocks in which counts are compared: what comes in bursts differs more between long
/// blocks than between short ones.
const BLOCKS: [f64; 5] = [1.0, 2.0, 4.0, 7.0, 14.0];

/// Below so many blocks nothing is to be learned from them.
const FEWEST_BLOCKS: usize = 4;

/// What is assumed of the dispersion beforehand, and for how many blocks it counts.
const ASSUMED: (f64, f64) = (2.0, 3.0);

/// A number a week, and between what it will lie over the next four weeks in about 95 % of the
/// cases.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Weekly {
    /// The mean over the history.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Weekly {
    /// Whether a weekly mean of the following four weeks lies within, the ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// How much more counts vary than those of independent incidents would, at least 1: variance by
/// mean, the largest over lengths of blocks.
fn dispersion(times: &[f64], start: f64, end: f64) -> f64 {
    let of_blocks = |days: f64| {
        let blocks = ((end - start) / (days * DAY)).floor() as usize;
        if blocks < FEWEST_BLOCKS {
            return None;
        }
        let length = (end - start) / blocks as f64;
        let mut counts = vec![0.0; blocks];
        for time in times {
            counts[(((time - start) / length) as usize).min(blocks - 1)] += 1.0;
        }
        let mean = counts.iter().sum::<f64>() / blocks as f64;
        let squares: f64 = counts.iter().map(|count| (count - mean).powi(2) / mean).sum();
        let (assumed, weight) = ASSUMED;
        Some((assumed * weight + squares) / (weight + blocks as f64 - 1.0))
    };
    let found = BLOCKS.into_iter().filter_map(of_blocks).filter(|value| value.is_finite());
    found.fold(1.0, f64::max).max(if times.is_empty() { 1.0 } else { ASSUMED.0 })
}

/// What the times of incidents between `start` and `end` let expect of the weeks to come.
///
/// Counts are taken for `dispersion` times a Poisson number whose rate has a gamma distribution,
/// Jeffreys' prior with the history: a negative binomial number.
pub(super) fn expected(times: &[f64], start: f64, end: f64) -> Weekly {
    // Less than a day lets nothing be said about weeks: then the interval is wide.
    let weeks = ((end - start) / WEEK).max(1.0 / 7.0);
    let dispersion = dispersion(times, start, end);
    let shape = times.len() as f64 / dispersion + 0.5;
    let share = weeks / (weeks + HORIZON);
    // P(count ≤ k), for any k above −1.
    let below = |k: f64| if k < 0.0 { 0.0 } else { beta_reg(shape, k + 1.0, share) };
    let quantile = |p: f64| {
        let (mut low, mut high) = (0.0, 1.0);
        while below(high) < p && high < 1e9 {
            high *= 2.0;
        }
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if below(middle) < p { low = middle } else { high = middle }
        }
        high
    };
    let low = if below(0.0) >= TAIL { 0.0 } else { (dispersion * quantile(TAIL)).floor() };
    let high = (dispersion * quantile(1.0 - TAIL)).ceil();
    Weekly { mean: times.len() as f64 / weeks, low: low / HORIZON, high: high / HORIZON }
}
