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

/// The noise is looked at this often.
pub(super) const REFRESH: u32 = 32;

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
    last: f64,
    /// The one before the last refresh, and those since.
    before: f64,
    block: [f64; REFRESH as usize],
    correlation: f64,
    /// 1 / (1 − correlation).
    gain: f64,
    /// Of what comes out.
    spread: f64,
    until_refresh: u32,
    /// Nearly all of the last block was beyond all bounds: this is another level.
    lost: bool,
}

impl Whitener {
    /// Learns from the first values; at least 16 of them, all finite.
    pub(super) fn new(values: &[f64]) -> Self {
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
            last: 0.0,
            before: 0.0,
            block: [0.0; REFRESH as usize],
            correlation: 0.0,
            gain: 1.0,
            spread: 1.0,
            until_refresh: REFRESH,
            lost: false,
        };
        whitener.rescale();
        whitener.last = whitener.standardise(values[0]);
        // Moments about the final mean, not about those on the way to it.
        let inside: Vec<f64> = values.iter().map(|&value| whitener.standardise(value)).collect();
        let count = inside.len() as f64;
        let mean = inside.iter().sum::<f64>() / count;
        whitener.count = count;
        whitener.mean = mean;
        whitener.variance = inside.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / count;
        let products = inside.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean));
        whitener.covariance = products.sum::<f64>() / count;
        whitener.before = whitener.last;
        whitener.refresh();
        whitener
    }

    fn rescale(&mut self) {
        self.per_unit = 1.0 / self.unit;
        self.offset = self.centre * self.per_unit;
    }

    #[inline]
    fn standardise(&self, value: f64) -> f64 {
        (value * self.per_unit - self.offset).clamp(-FARTHEST, FARTHEST)
    }

    /// Variance of what comes out.
    #[inline]
    pub(super) fn variance(&self) -> f64 {
        self.spread * self.spread
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

    /// Takes the next value in, learns from it, and says whether the spread has changed.
    #[inline]
    pub(super) fn take(&mut self, value: f64) -> (f64, bool) {
        let inside = self.standardise(value);
        let out = self.whiten(inside);
        self.block[(REFRESH - self.until_refresh) as usize % REFRESH as usize] = inside;
        self.last = inside;
        self.until_refresh -= 1;
        let refreshed = self.until_refresh == 0;
        if refreshed {
            self.learn();
            self.refresh();
        }
        (out, refreshed)
    }

    /// Takes a block's sums into the moments.
    #[inline(never)]
    fn learn(&mut self) {
        let size = f64::from(REFRESH);
        self.count = (self.count + size).min(MEMORY);
        let gain = size / self.count;
        // Four sums each: additions that need not wait for each other.
        let [mut sums, mut squares, mut products] = [[0.0; 4]; 3];
        let (mut last, mut beyond) = (self.before, 0);
        let (fours, _) = self.block.as_chunks::<4>();
        for four in fours {
            for (place, &inside) in four.iter().enumerate() {
                let (away, away_last) = (inside - self.mean, last - self.mean);
                sums[place] += away;
                squares[place] += away * away;
                products[place] += away * away_last;
                beyond += u32::from(inside.abs() >= FARTHEST);
                last = inside;
            }
        }
        let [sum, squares, products] = [sums, squares, products].map(|all| all.iter().sum::<f64>());
        self.before = self.last;
        self.lost = beyond * 4 >= REFRESH * 3;
        let shift = gain * sum / size;
        self.mean += shift;
        self.variance += gain * (squares / size - self.variance) - shift * shift;
        self.covariance += gain * (products / size - self.covariance) - shift * shift;
    }

    /// The same without learning: for values that were learned from before.
    pub(super) fn retake(&mut self, value: f64) -> f64 {
        let inside = self.standardise(value);
        let out = self.whiten(inside);
        (self.last, self.before) = (inside, inside);
        out
    }

    #[inline]
    fn whiten(&self, inside: f64) -> f64 {
        let new = (inside - self.correlation * self.last) * self.gain;
        new.clamp(-MOST * self.spread, MOST * self.spread)
    }

    fn refresh(&mut self) {
        self.until_refresh = REFRESH;
        let variance = self.variance.max(LEAST);
        let raw = (self.covariance / variance).clamp(-1.0, 1.0);
        // The estimate is low by (1 + 3r)/n; a standard error more errs on the quiet side.
        let per_count = 1.0 / self.count;
        let bias = (1.0 + 3.0 * raw.max(0.0)) * per_count;
        let error = ((1.0 - raw * raw).max(0.0) * per_count).sqrt();
        self.correlation = (raw + bias + error).clamp(0.0, STRONGEST);
        let r = self.correlation;
        self.gain = 1.0 / (1.0 - r);
        let ratio = (1.0 + r) * self.gain;
        // The mean that the variance is about follows the values; and again a standard error more.
        let variance = variance / (1.0 - (ratio * per_count).min(0.5));
        let error = (2.0 * (1.0 + r * r) * per_count / (1.0 - r * r)).sqrt();
        self.spread = (variance * (1.0 + error) * ratio).sqrt();
    }

    /// Begins anew at another level: that of the latest values, which follow.
    pub(super) fn restart(&mut self, latest: &[f64]) {
        let shrunk = self.variance.sqrt().clamp(0.5, 2.0);
        self.centre = median(&mut latest.to_vec());
        self.unit = (self.unit * shrunk).clamp(SMALLEST, LARGEST).max(rounding(self.centre));
        self.rescale();
        self.variance /= shrunk * shrunk;
        self.covariance /= shrunk * shrunk;
        self.mean = 0.0;
        self.lost = false;
        self.count = self.count.min(LEFT);
        self.refresh();
        self.last = self.standardise(latest[0]);
        self.before = self.last;
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
            && self.last.abs() <= 2.0 * MOST
            && (0.0..=STRONGEST).contains(&self.correlation)
            && self.gain == 1.0 / (1.0 - self.correlation)
            && (0.1..=1000.0).contains(&self.spread)
            && (1..=REFRESH).contains(&self.until_refresh)
    }
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
