//! How many of at most 255 thresholds lie below a value: exactly, in a byte, for a block of values.

use super::block::{Bytes, LANES};
use std::hint::select_unpredictable;

/// Most thresholds of one ranking: ranks go up to their number, and fit a byte.
pub(super) const MOST_THRESHOLDS: usize = 255;

/// Buckets that the range of the thresholds is cut into; a power of two. With 1,024 most of a
/// hundred thresholds that a trained column has are alone in theirs.
const BUCKETS: usize = 1_024;

/// Slots for thresholds: all of them and as many again to search beyond the last; a power of two.
const SLOTS: usize = 512;

/// Adding it to a number from 0 to 2³² moves the number, rounded, into the last bits of the sum. A
/// cast would round too, but the compiler does not vectorise it.
const TO_INTEGER: f64 = (1_u64 << 52) as f64;

/// Ranks values among the thresholds of one column.
///
/// The range of the thresholds is cut into equal buckets. A table says how many thresholds lie in
/// the buckets before; a binary search through those of the bucket does the rest. `bucket` is
/// a monotone function in floating point too (subtraction, multiplication by a positive number and
/// rounding all are), so that a threshold in an earlier bucket is smaller and one in a later bucket
/// larger, whatever the rounding: the rank is exact.
#[derive(Debug)]
pub(super) struct Ranking {
    low: f64,
    scale: f64,
    /// Thresholds in earlier buckets.
    before: Box<[u8; BUCKETS]>,
    /// Ascending; +∞ behind the last.
    thresholds: Box<[f64; SLOTS]>,
    /// The fullest bucket's thresholds, rounded up to a power of two.
    window: usize,
}

impl Ranking {
    /// `thresholds`: ascending, distinct, without NaN, at most [`MOST_THRESHOLDS`].
    pub(super) fn new(thresholds: &[f64]) -> Self {
        let mut finite = thresholds.iter().copied().filter(|threshold| threshold.is_finite());
        let low = finite.next().unwrap_or(0.0);
        let width = finite.next_back().unwrap_or(low) - low;
        // A range that overflows or is empty puts everything into bucket 0: slower, but right.
        let scale = if width > 0.0 { BUCKETS as f64 / width } else { 0.0 };
        let mut slots = Box::new([f64::INFINITY; SLOTS]);
        slots[..thresholds.len()].copy_from_slice(thresholds);
        let mut counts = [0_usize; BUCKETS];
        for &threshold in thresholds {
            counts[usize::from(bucket(threshold, low, scale)) % BUCKETS] += 1;
        }
        let mut before = Box::new([0; BUCKETS]);
        let mut sum = 0;
        for (before, count) in before.iter_mut().zip(counts) {
            *before = sum as u8;
            sum += count;
        }
        let window = counts.into_iter().max().unwrap_or(0).max(1).next_power_of_two();
        Self { low, scale, before, thresholds: slots, window }
    }

    /// The number of thresholds below each value; 0 below NaN. Values must not be infinite.
    #[inline(always)]
    pub(super) fn ranks(&self, values: &[f64; LANES], ranks: &mut Bytes) {
        let mut buckets = [0_u16; LANES];
        for (to, &value) in buckets.iter_mut().zip(values) {
            *to = bucket(value, self.low, self.scale);
        }
        for (rank, &bucket) in ranks.0.iter_mut().zip(&buckets) {
            *rank = self.before[usize::from(bucket) % BUCKETS];
        }
        let mut step = self.window;
        while step > 1 {
            step /= 2;
            self.search(values, ranks, step);
        }
        self.search(values, ranks, 1);
    }

    /// One step of the search, for all values: the ranks of those above their probes grow by `step`.
    ///
    /// Probes are fetched one by one and then compared side by side: a loop that does both the compiler
    /// would turn to vector gathers, which are slower.
    #[inline(always)]
    fn search(&self, values: &[f64; LANES], ranks: &mut Bytes, step: usize) {
        let mut probes = [0.0; LANES];
        for (probe, &rank) in probes.iter_mut().zip(&ranks.0) {
            *probe = self.probe(rank, step);
        }
        let step = step as u8;
        for ((rank, &value), &probe) in ranks.0.iter_mut().zip(values).zip(&probes) {
            // A mask, not an `if`: it becomes vector code.
            *rank += step & 0_u8.wrapping_sub(u8::from(probe < value));
        }
    }

    /// The threshold that a value must exceed for its rank to be `step` higher.
    #[inline(always)]
    fn probe(&self, rank: u8, step: usize) -> f64 {
        self.thresholds[(usize::from(rank) + step - 1) % SLOTS]
    }

    /// The rank of one value.
    #[inline]
    pub(super) fn rank(&self, value: f64) -> u8 {
        let mut rank = self.before[usize::from(bucket(value, self.low, self.scale)) % BUCKETS];
        let mut step = self.window;
        while step > 1 {
            step /= 2;
            rank += select_unpredictable(self.probe(rank, step) < value, step as u8, 0);
        }
        rank + u8::from(self.probe(rank, 1) < value)
    }
}

/// NaN falls into bucket 0, what lies outside the range into the first or last one.
#[inline(always)]
fn bucket(value: f64, low: f64, scale: f64) -> u16 {
    const LAST: f64 = (BUCKETS - 1) as f64;
    let position = (value - low) * scale;
    // Written so that NaN becomes 0, and each line one instruction.
    let position = if position > 0.0 { position } else { 0.0 };
    let position = if position < LAST { position } else { LAST };
    (position + TO_INTEGER).to_bits() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_equal_counts() {
        let spread: Vec<f64> = (0..255).map(|i| f64::from(i).powi(2) * 0.01 - 300.0).collect();
        let tiny: Vec<f64> = (0..9).map(|i| f64::from(i) * 5e-324).collect();
        let mut lopsided = spread[..254].to_vec();
        lopsided.push(1e300);
        let whole = vec![-1.7e308, -1.0, 0.0, 1.7e308];
        let endless = vec![f64::NEG_INFINITY, -3.0, 2.5, 1e9, f64::INFINITY];
        let ends = vec![f64::NEG_INFINITY, f64::INFINITY];
        for thresholds in [vec![], vec![2.5], spread, tiny, lopsided, whole, endless, ends] {
            let ranking = Ranking::new(&thresholds);
            let mut probes = vec![f64::NAN, f64::MIN, f64::MAX, 0.0, -0.0, 5e-324, 2.5];
            for &threshold in &thresholds {
                probes.extend([threshold.next_down(), threshold, threshold.next_up()]);
            }
            probes.retain(|value| !value.is_infinite());
            for chunk in probes.chunks(LANES) {
                let mut values = [0.0; LANES];
                values[..chunk.len()].copy_from_slice(chunk);
                let mut ranks = Bytes([0; LANES]);
                ranking.ranks(&values, &mut ranks);
                for (&rank, &value) in ranks.0.iter().zip(chunk) {
                    let below = thresholds.iter().filter(|&&threshold| threshold < value).count();
                    assert_eq!(usize::from(rank), below, "{value} in {thresholds:?}");
                    assert_eq!(usize::from(ranking.rank(value)), below);
                }
            }
        }
    }
}
