//! Fits on excesses that are sorted and divided by their mean, so that every constant below is free
//! of units.

use super::{GeneralizedPareto, NO_SHAPE};
use crate::error::{Error, Result};

/// The excesses in ascending order, divided by their mean, and that mean.
pub(super) fn prepare(excesses: &[f64]) -> Result<(Vec<f64>, f64)> {
    if excesses.len() < 2 {
        return Err(Error::Empty { what: "excesses (at least two are needed)" });
    }
    for (index, &value) in excesses.iter().enumerate() {
        if value.is_nan() {
            return Err(Error::NotANumber { what: "excess", index });
        }
        if !(0.0..f64::INFINITY).contains(&value) {
            let allowed = "at least 0 and finite";
            return Err(Error::OutOfRange { name: "excess", value, allowed });
        }
    }
    let mut sorted = excesses.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    // First the share of each, so that the sum cannot overflow.
    let count = sorted.len() as f64;
    let mean: f64 = sorted.iter().map(|value| value / count).sum();
    if mean < f64::MIN_POSITIVE {
        let allowed = "at least 2.3e-308";
        return Err(Error::OutOfRange { name: "mean excess", value: mean, allowed });
    }
    for value in &mut sorted {
        *value /= mean;
    }
    Ok((sorted, mean))
}

/// By L-moments.
pub(super) fn moments(sorted: &[f64]) -> GeneralizedPareto {
    let count = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / count;
    let weighted = |(rank, value): (usize, &f64)| (2.0 * rank as f64 - (count - 1.0)) * value;
    let spread = sorted.iter().enumerate().map(weighted).sum::<f64>() / (count * (count - 1.0));
    // Equal excesses have no spread.
    let shape = (2.0 - mean / spread).max(-1.0);
    let scale = (1.0 - shape) * mean;
    let largest = sorted[sorted.len() - 1];
    if shape < 0.0 && scale < -shape * largest {
        return GeneralizedPareto { scale, shape: -scale / largest };
    }
    GeneralizedPareto { scale, shape }
}

/// The shape of greatest likelihood at a ratio `ξ/σ`, where all but `censored` excesses count as
/// observed: `Σ ln(1 + ratio·y) / observed`.
fn shape_at(ratio: f64, sorted: &[f64]) -> f64 {
    sorted.iter().map(|value| (ratio * value).ln_1p()).sum::<f64>() / sorted.len() as f64
}

/// The scale that goes with a ratio `ξ/σ` and its shape; the mean excess, 1, at ratio 0.
fn law_at(ratio: f64, shape: f64) -> GeneralizedPareto {
    let scale = if ratio.abs() < NO_SHAPE { 1.0 } else { shape / ratio };
    GeneralizedPareto { scale, shape }
}

/// The mean log-likelihood at a ratio, maximised over the shape: `−ln σ − ξ − 1`.
fn profile(ratio: f64, sorted: &[f64]) -> f64 {
    let law = law_at(ratio, shape_at(ratio, sorted));
    -law.scale.ln() - law.shape - 1.0
}

/// The derivative of [`profile`] in the ratio, times the ratio; zero at its maximum.
fn slope(ratio: f64, sorted: &[f64]) -> f64 {
    let count = sorted.len() as f64;
    let inverse = sorted.iter().map(|value| 1.0 / (1.0 + ratio * value)).sum::<f64>() / count;
    // d ln(1 + r·y)/d ln r = 1 − 1/(1 + r·y)
    let shape = shape_at(ratio, sorted);
    1.0 - (1.0 - inverse) * (1.0 / shape + 1.0)
}

/// Ratios `ξ/σ` that a law may have, from where it ends just beyond the largest excess to very heavy
/// tails, the places of Zhang & Stephens' prior: none is 0 exactly unless by chance.
fn ratios(places: usize, quartile: f64, largest: f64) -> impl Iterator<Item = f64> {
    (1..=places).map(move |place| {
        let share = places as f64 / (place as f64 - 0.5);
        (share.sqrt() - 1.0) / (3.0 * quartile) - 1.0 / largest
    })
}

/// How many ratios Zhang & Stephens try.
fn places(count: usize) -> usize {
    20 + (count as f64).sqrt() as usize
}

/// The excess a quarter of the way up; one that is not 0.
fn first_quartile(sorted: &[f64]) -> f64 {
    let place = ((sorted.len() as f64 / 4.0 + 0.5) as usize).max(1) - 1;
    let positive = sorted.partition_point(|&value| value <= 0.0);
    sorted[place.max(positive).min(sorted.len() - 1)]
}

/// By maximum likelihood.
pub(super) fn likelihood(sorted: &[f64]) -> GeneralizedPareto {
    let largest = sorted[sorted.len() - 1];
    let uniform = GeneralizedPareto { scale: largest, shape: -1.0 };
    let admissible = |ratio: f64| shape_at(ratio, sorted) > -1.0;
    let mut grid: Vec<f64> =
        ratios(400, first_quartile(sorted), largest).filter(|&ratio| admissible(ratio)).collect();
    grid.sort_unstable_by(f64::total_cmp);
    let value: Vec<f64> = grid.iter().map(|&ratio| profile(ratio, sorted)).collect();
    let Some(best) = (0..grid.len()).max_by(|&a, &b| value[a].total_cmp(&value[b])) else {
        return uniform;
    };
    if best == 0 || best + 1 == grid.len() {
        return uniform;
    }
    let ratio = maximum(grid[best - 1], grid[best + 1], sorted);
    let law = law_at(ratio, shape_at(ratio, sorted));
    // The likelihood of the uniform law, which lies on the edge of what is admissible.
    if -largest.ln() > profile(ratio, sorted) { uniform } else { law }
}

/// The ratio at which [`profile`] is greatest between two, by halving on the sign of its derivative.
fn maximum(mut low: f64, mut high: f64, sorted: &[f64]) -> f64 {
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        // `slope` is the derivative times the ratio: its sign turns with the ratio's. Near 0 it is
        // lost in rounding, where moments say which side the maximum is on: E[y²] against 2·E[y]².
        let rising = if middle.abs() < 1e-7 {
            sorted.iter().map(|value| value * value).sum::<f64>() > 2.0 * sorted.len() as f64
        } else {
            slope(middle, sorted) * middle > 0.0
        };
        if rising { low = middle } else { high = middle }
    }
    low + (high - low) / 2.0
}

/// By the posterior mean of the ratio.
pub(super) fn quasi_bayes(sorted: &[f64]) -> GeneralizedPareto {
    let count = sorted.len() as f64;
    let largest = sorted[sorted.len() - 1];
    let ratios = ratios(places(sorted.len()), first_quartile(sorted), largest);
    let (mut best, mut weights, mut sum) = (f64::NEG_INFINITY, 0.0, 0.0);
    for ratio in ratios {
        let log_likelihood = count * profile(ratio, sorted);
        add_weighted(&mut best, &mut weights, &mut sum, log_likelihood, ratio);
    }
    let ratio = sum / weights;
    law_at(ratio, shape_at(ratio, sorted))
}

/// Adds `value` with weight `exp(log_weight)` to sums that are kept relative to the greatest weight.
fn add_weighted(best: &mut f64, weights: &mut f64, sum: &mut f64, log_weight: f64, value: f64) {
    if log_weight > *best {
        let fade = (*best - log_weight).exp();
        (*weights, *sum, *best) = (*weights * fade, *sum * fade, log_weight);
    }
    let weight = (log_weight - *best).exp();
    *weights += weight;
    *sum += weight * value;
}

/// Quasi-Bayes for excesses in *descending* order of any unit, the first `censored` of which are only
/// known to be at least as large as the next: an outlier among them has no say. Allocates nothing.
///
/// `None` unless two of those that are not censored differ from 0.
pub(in super::super) fn censored(
    descending: &[f64],
    censored: usize,
    scratch: &mut [f64],
) -> Option<GeneralizedPareto> {
    let count = descending.len();
    let observed = (count - censored) as f64;
    let largest = *descending.get(censored)?;
    // A unit of the order of the excesses. The sum of halves of finite numbers by their count is
    // finite.
    let kept = &descending[censored..];
    let unit = kept.iter().map(|value| value / count as f64).sum::<f64>()
        + largest * (censored as f64 / count as f64);
    if kept.len() < 2 || unit < f64::MIN_POSITIVE || kept[1] <= 0.0 {
        return None;
    }
    let scratch = &mut scratch[..kept.len()];
    scratch.iter_mut().zip(kept).for_each(|(to, from)| *to = from / unit);
    let largest = scratch[0];
    let quartile = scratch[..].iter().rev().skip(count / 4).find(|value| **value > 0.0)?;
    let both = |ratio: f64| {
        let observed_logs = sum_of_logs(ratio, scratch);
        let cut = (1.0 + ratio * largest).ln() * censored as f64;
        (observed_logs, (observed_logs + cut) / observed)
    };
    // At ratio 0 the law is exponential: the scale is the sum of all over the number observed.
    let mean = count as f64 / observed;
    let scale_at = |ratio: f64, shape: f64| if ratio.abs() < 1e-6 { mean } else { shape / ratio };
    let (mut best, mut weights, mut sum) = (f64::NEG_INFINITY, 0.0, 0.0);
    for ratio in ratios(places(count), *quartile, largest) {
        let (observed_logs, shape) = both(ratio);
        let log_likelihood = -observed * (scale_at(ratio, shape).ln() + 1.0) - observed_logs;
        add_weighted(&mut best, &mut weights, &mut sum, log_likelihood, ratio);
    }
    let ratio = sum / weights;
    let shape = both(ratio).1;
    let law = GeneralizedPareto { scale: scale_at(ratio, shape) * unit, shape };
    (law.scale > 0.0 && law.scale.is_finite() && law.shape.is_finite()).then_some(law)
}

/// `Σ ln(1 + ratio·y)`, one logarithm for eight values: no value is above the number of values, so
/// no product leaves the range of floats.
fn sum_of_logs(ratio: f64, values: &[f64]) -> f64 {
    let product = |chunk: &[f64]| chunk.iter().map(|value| 1.0 + ratio * value).product::<f64>();
    values.chunks(8).map(|chunk| product(chunk).ln()).sum()
}
