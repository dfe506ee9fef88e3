//! From a stream in any unit, with any memory, to independent numbers about a level.

use crate::trend::change::noise::{NORMAL_QUARTILE, median};

/// Values so many spreads from the level count as that many: one outlier proves nothing.
const MOST: f64 = 3.0;

/// Where values end before autocorrelation is taken out.
const FARTHEST: f64 = 4.5;

/// Observations whose noise is remembered.
const MEMORY: f64 = 4_096.0;

/// How many of them a change leaves: the noise may have changed with the level.
const LEFT: f64 = 1_024.0;

/// Observations after which the noise is looked at.
pub(super) const BLOCK: usize = 32;

/// Moments of so many observations move too little in one block to be judged after each.
const SLOW: f64 = 2_048.0;
const BLOCKS: u32 = 8;

/// Most doubt that is made up for, by the evidence: a factor of nine.
const MOST_DOUBT: f64 = 8.0;

/// Strongest autocorrelation that is taken for noise.
const STRONGEST: f64 = 0.99;

/// Bounds of the unit: its inverse must be a number.
const SMALLEST: f64 = 1e-300;
const LARGEST: f64 = 1e307;

/// Least variance, in squared units: coarse values have spreads below that of their quartiles.
const LEAST: f64 = 0.5;

/// Takes out scale and first-order autocorrelation. `(u − r·u') / (1 − r)` has the level of `u`,
/// whatever `r` is, and as spread that of long means of `u`: a shift is as large by it as it is
/// significant.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Whitener {
    centre: f64,
    unit: f64,
    /// 1 / unit, and the centre by it: values are many.
    per_unit: f64,
    offset: f64,
    count: f64,
    mean: f64,
    /// Of an observation with itself and with the one before it.
    variance: f64,
    covariance: f64,
    /// The one before the block, and those of the block so far; where it has none yet, those of the
    /// last block.
    before: f64,
    block: [f64; BLOCK],
    filled: usize,
    correlation: f64,
    /// 1 / (1 − correlation), and what is left of the observation before by it.
    gain: f64,
    carry: f64,
    /// Of what comes out, widened by the doubt about it; its square, and how far values may go.
    spread: f64,
    square: f64,
    most: f64,
    /// Blocks until the moments are judged.
    until_refresh: u32,
    /// Nearly all of the last block was beyond all bounds: this is another level.
    lost: bool,
}

impl Whitener {
    /// Learns from the first values; at least 16 of them, all finite. The evidence is what a change
    /// is believed at, as a logarithm.
    pub(super) fn new(values: &[f64], evidence: f64) -> Self {
        let centre = median(&mut values.to_vec());
        let mut whitener = Self {
            centre,
            unit: unit(values, centre),
            per_unit: 1.0,
            offset: 0.0,
            count: 0.0,
            mean: 0.0,
            variance: 0.0,
            covariance: 0.0,
            before: 0.0,
            block: [0.0; BLOCK],
            filled: 0,
            correlation: 0.0,
            gain: 1.0,
            carry: 0.0,
            spread: 1.0,
            square: 1.0,
            most: MOST,
            until_refresh: 1,
            lost: false,
        };
        whitener.rescale();
        // Moments about the final mean, not about those on the way to it.
        let inside: Vec<f64> = values.iter().map(|&value| whitener.standardise(value)).collect();
        let count = inside.len() as f64;
        let mean = inside.iter().sum::<f64>() / count;
        whitener.count = count;
        whitener.mean = mean;
        whitener.variance = inside.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / count;
        let products = inside.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean));
        whitener.covariance = products.sum::<f64>() / count;
        whitener.begin(inside[0]);
        whitener.refresh(evidence);
        whitener
    }

    fn rescale(&mut self) {
        self.per_unit = 1.0 / self.unit;
        self.offset = self.centre * self.per_unit;
    }

    /// Begins a block after this one.
    fn begin(&mut self, last: f64) {
        self.filled = 0;
        self.block[BLOCK - 1] = last;
        self.before = last;
    }

    /// The one before the next.
    #[inline]
    fn last(&self) -> f64 {
        self.block[(self.filled + BLOCK - 1) % BLOCK]
    }

    #[inline]
    fn standardise(&self, value: f64) -> f64 {
        within(value * self.per_unit - self.offset, FARTHEST)
    }

    /// Square of the spread.
    #[inline]
    pub(super) fn square(&self) -> f64 {
        self.square
    }

    #[inline]
    pub(super) fn spread(&self) -> f64 {
        self.spread
    }

    /// The level is nowhere near any more, and values say nothing but that. The noise is known well
    /// enough for that even where too little is known of the level before for a method to tell.
    #[inline]
    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    pub(super) fn correlation(&self) -> f64 {
        self.correlation
    }

    /// Standard deviation of single values.
    pub(super) fn noise(&self) -> f64 {
        self.variance.sqrt() * self.unit
    }

    /// The level of values from that of what came out.
    pub(super) fn restore(&self, level: f64) -> f64 {
        self.centre + level * self.unit
    }

    /// Takes the next value in. Once a block is full it must be [ended](Self::end_block).
    #[inline]
    pub(super) fn take(&mut self, value: f64) -> f64 {
        let inside = self.standardise(value);
        let out = self.whiten(inside, self.last());
        self.block[self.filled % BLOCK] = inside;
        self.filled += 1;
        out
    }

    /// What taking these values in would do: they inside, and what comes out.
    #[inline]
    pub(super) fn preview<const N: usize>(&self, values: &[f64; N]) -> ([f64; N], [f64; N]) {
        let inside = values.map(|value| self.standardise(value));
        let mut out = [0.0; N];
        out[0] = self.whiten(inside[0], self.last());
        for place in 1..N {
            out[place] = self.whiten(inside[place], inside[place - 1]);
        }
        (inside, out)
    }

    /// Takes in values that were previewed; there must be room for them.
    #[inline]
    pub(super) fn accept<const N: usize>(&mut self, inside: &[f64; N]) {
        self.block[self.filled..self.filled + N].copy_from_slice(inside);
        self.filled += N;
    }

    /// Values that the block has room for.
    #[inline]
    pub(super) fn room(&self) -> usize {
        BLOCK - self.filled
    }

    /// Learns from a full block.
    #[inline(never)]
    pub(super) fn end_block(&mut self, evidence: f64) {
        self.learn();
        self.until_refresh -= 1;
        if self.until_refresh == 0 {
            self.refresh(evidence);
        }
    }

    /// Takes a block's sums into the moments.
    fn learn(&mut self) {
        let size = BLOCK as f64;
        self.filled = 0;
        self.count = (self.count + size).min(MEMORY);
        let gain = size / self.count;
        // Four sums each: additions that need not wait for each other.
        let [mut sums, mut squares, mut products] = [[0.0; 4]; 3];
        let mut last = self.before;
        let (fours, _) = self.block.as_chunks::<4>();
        for four in fours {
            let befores = [last, four[0], four[1], four[2]];
            for place in 0..4 {
                sums[place] += four[place];
                squares[place] += four[place] * four[place];
                products[place] += four[place] * befores[place];
            }
            last = four[3];
        }
        let [sum, squares, products] =
            [sums, squares, products].map(|all| all.iter().sum::<f64>() / size);
        self.lost = squares >= 0.75 * FARTHEST * FARTHEST && {
            let beyond = self.block.iter().filter(|inside| inside.abs() >= FARTHEST);
            beyond.count() * 4 >= BLOCK * 3
        };
        // About the mean: numbers of a few units lose nothing by it.
        let sum_before = sum + (self.before - self.last()) / size;
        let mean = self.mean;
        let square = squares - mean * (2.0 * sum - mean);
        let product = products - mean * (sum + sum_before - mean);
        self.before = self.last();
        let shift = gain * (sum - mean);
        self.mean += shift;
        self.variance += gain * (square - self.variance) - shift * shift;
        self.covariance += gain * (product - self.covariance) - shift * shift;
    }

    /// The same without learning: for values that were learned from before.
    pub(super) fn retake(&mut self, value: f64) -> f64 {
        let inside = self.standardise(value);
        let out = self.whiten(inside, self.last());
        self.begin(inside);
        out
    }

    #[inline]
    fn whiten(&self, inside: f64, before: f64) -> f64 {
        within(inside * self.gain - before * self.carry, self.most)
    }

    fn refresh(&mut self, evidence: f64) {
        self.until_refresh = if self.count < SLOW { 1 } else { BLOCKS };
        let variance = self.variance.max(LEAST);
        let raw = (self.covariance / variance).clamp(-1.0, 1.0);
        // The estimate is low by (1 + 3r)/n. What may well be chance is shrunk towards none, as
        // James and Stein do.
        let per_count = 1.0 / self.count;
        let seen = raw + (1.0 + 3.0 * raw.max(0.0)) * per_count;
        let error = (1.0 - raw * raw) * per_count;
        let shrunk = seen * (1.0 - error / (seen * seen)).max(0.0);
        self.correlation = shrunk.clamp(0.0, STRONGEST);
        let r = self.correlation;
        self.gain = 1.0 / (1.0 - r);
        let ratio = (1.0 + r) * self.gain;
        // The mean that the variance is about follows the values.
        let variance = variance / (1.0 - (ratio * per_count).min(0.5));
        self.set_spread(
            (variance * ratio * widened((2.0 + 4.0 * ratio) * per_count, evidence)).sqrt(),
        );
    }

    fn set_spread(&mut self, spread: f64) {
        self.spread = spread;
        self.square = spread * spread;
        self.most = MOST * spread;
        self.carry = self.correlation * self.gain;
    }

    /// Begins anew at another level: that of the latest values, which follow.
    pub(super) fn restart(&mut self, latest: &[f64], evidence: f64) {
        let shrunk = self.variance.sqrt().clamp(0.5, 2.0);
        self.centre = median(&mut latest.to_vec());
        self.unit = (self.unit * shrunk).clamp(SMALLEST, LARGEST).max(rounding(self.centre));
        self.rescale();
        self.variance /= shrunk * shrunk;
        self.covariance /= shrunk * shrunk;
        self.mean = 0.0;
        self.lost = false;
        self.count = self.count.min(LEFT);
        self.refresh(evidence);
        self.begin(self.standardise(latest[0]));
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_possible(&self) -> bool {
        self.centre.is_finite()
            && (SMALLEST..=LARGEST).contains(&self.unit)
            && self.per_unit == 1.0 / self.unit
            && self.offset == self.centre * self.per_unit
            && (1.0..=MEMORY).contains(&self.count)
            && self.mean.abs() <= 2.0 * MOST
            && (0.0..=4.0 * MOST * MOST * 4.0).contains(&self.variance)
            && self.covariance.abs() <= 4.0 * MOST * MOST * 4.0
            && self.block.iter().chain([&self.before]).all(|inside| inside.abs() <= FARTHEST)
            && (0.0..=STRONGEST).contains(&self.correlation)
            && self.gain == 1.0 / (1.0 - self.correlation)
            && (0.1..=1000.0).contains(&self.spread)
            && self.carry == self.correlation * self.gain
            && self.square == self.spread * self.spread
            && self.most == MOST * self.spread
            && self.filled < BLOCK
            && (1..=BLOCKS).contains(&self.until_refresh)
    }
}

/// By how much a variance must be multiplied that is known to a relative error whose square is
/// `doubt`, for `evidence` by it to be as rare as it would be if the variance were known.
///
/// Evidence, the logarithm of a probability, is inverse to the variance. With `z` the error of its
/// logarithm, `e^(−x·e^z)` averages to `e^−evidence` over `z` of variance `doubt`, by Laplace's method,
/// if `y + doubt·y²/2 = evidence` for `y = x·e^z` at the greatest exponent, where `z = −doubt·y`; then
/// `x / evidence` is the factor.
fn widened(doubt: f64, evidence: f64) -> f64 {
    let doubt = (doubt * evidence).min(MOST_DOUBT);
    let exponent = (1.0 + 2.0 * doubt).sqrt() - 1.0;
    exponent / doubt * exponent.exp()
}

/// Without the question what NaN is: there is none.
#[inline]
fn within(value: f64, most: f64) -> f64 {
    let value = if value > most { most } else { value };
    if value < -most { -most } else { value }
}

/// The spread of values, by the first that is not 0 of: the median distance from the centre, the
/// mean distance, and the rounding of the values.
fn unit(values: &[f64], centre: f64) -> f64 {
    let mut away: Vec<f64> =
        values.iter().map(|value| (value / 2.0 - centre / 2.0).abs()).collect();
    let spread = 2.0 * (median(&mut away) / NORMAL_QUARTILE).min(LARGEST / 2.0);
    let mean: f64 = away.iter().map(|distance| 2.0 * (distance / values.len() as f64)).sum();
    let rounding = rounding(centre);
    let found = [spread, mean * 1.25].into_iter().find(|&it| it > rounding).unwrap_or(rounding);
    found.clamp(SMALLEST, LARGEST)
}

/// Differences of this size are those of rounding.
fn rounding(centre: f64) -> f64 {
    centre.abs() * f64::EPSILON
}

#[cfg(test)]
mod tests {
    use super::widened;

    /// Of `e^(−evidence·factor·e^z)`, over normal `z` of this variance, as a sum of 4,000 terms.
    fn mean_probability(evidence: f64, factor: f64, doubt: f64) -> f64 {
        let term = |step: i32| {
            let normal = f64::from(step) / 250.0;
            let inside = evidence * factor * (doubt.sqrt() * normal).exp();
            (-inside - 0.5 * normal * normal).exp()
        };
        (-2_000..=2_000).map(term).sum::<f64>() / 250.0 / std::f64::consts::TAU.sqrt()
    }

    #[test]
    fn doubt_about_the_spread_is_paid_for_once() {
        for evidence in [5.0, 10.8, 14.0] {
            for doubt in [1e-4, 0.001, 0.006, 0.06, 0.2] {
                let asked = f64::exp(-evidence);
                let plain = mean_probability(evidence, 1.0, doubt) / asked;
                let paid = mean_probability(evidence, widened(doubt, evidence), doubt) / asked;
                // Laplace's method leaves a factor of 1 / √(1 + doubt·y).
                assert!((0.4..=1.01).contains(&paid), "{evidence}, {doubt}: {paid}");
                assert!(doubt < 0.05 || plain > 1.5, "{evidence}, {doubt}: {plain}");
            }
        }
    }
}
