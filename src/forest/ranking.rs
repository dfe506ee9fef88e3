//! How many thresholds lie below a value: exactly, without branches, for a block of values in step.

use super::dense::LANES;
use std::hint::select_unpredictable;

/// Sixteen bits a lane, on whole cache lines: a vector load across two lines costs two.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Lanes(pub(crate) [i16; LANES]);

/// A rank as it is stored: less 2¹⁵, for AVX2 compares 16-bit numbers only signed.
pub(crate) fn signed(rank: u32) -> i16 {
    (rank as i32 - 32_768) as i16
}

/// Buckets a column; a power of two.
const BUCKETS: usize = 512;

/// Thresholds that are not searched but compared with all at once.
const COUNTED: usize = 8;

/// Ranks values among the thresholds of one column.
///
/// The range of the thresholds is cut into equal buckets; a table says how many thresholds lie in
/// the buckets before. From there on the next eight are counted; where a bucket holds more, a
/// binary search goes before. `bucket` is a monotone function in floating point too (subtraction,
/// multiplication by a positive number and truncation all are), so that a threshold in an earlier
/// bucket is smaller and one in a later bucket larger, whatever the rounding: the rank is exact.
#[derive(Debug)]
pub(crate) struct Ranking {
    low: f64,
    scale: f64,
    /// Thresholds in earlier buckets.
    before: Box<[u16; BUCKETS]>,
    /// Ascending; a whole window of +∞ behind the last.
    thresholds: Vec<f64>,
    /// Thresholds to search from a bucket's first one: [`COUNTED`], doubled until the fullest bucket
    /// fits.
    window: usize,
}

impl Ranking {
    /// `thresholds`: finite, ascending, distinct, fewer than 65,535.
    pub(crate) fn new(thresholds: &[f64]) -> Self {
        let low = thresholds.first().copied().unwrap_or(0.0);
        let width = thresholds.last().copied().unwrap_or(0.0) - low;
        // An overflowed or empty range puts everything into bucket 0, which is slower but right.
        let scale = if width > 0.0 { BUCKETS as f64 / width } else { 0.0 };
        let mut ranking = Self {
            low,
            scale,
            before: Box::new([0; BUCKETS]),
            thresholds: thresholds.to_vec(),
            window: COUNTED,
        };
        let mut counts = [0_u16; BUCKETS];
        for &threshold in thresholds {
            counts[ranking.bucket(threshold)] += 1;
        }
        let mut sum = 0;
        for (before, count) in ranking.before.iter_mut().zip(counts) {
            *before = sum;
            sum += count;
        }
        let fullest = usize::from(counts.into_iter().max().unwrap_or(0));
        ranking.window = fullest.max(COUNTED).next_power_of_two();
        ranking.thresholds.resize(thresholds.len() + ranking.window, f64::INFINITY);
        ranking
    }

    /// NaN falls into bucket 0.
    #[inline(always)]
    fn bucket(&self, value: f64) -> usize {
        let position = (value - self.low) * self.scale;
        // The cast saturates: what lies outside the range falls into the first or last bucket.
        (position as i32).clamp(0, BUCKETS as i32 - 1) as usize
    }

    /// The number of thresholds below each value, [`signed`]; 0 thresholds below NaN.
    #[inline(always)]
    pub(crate) fn ranks(&self, values: &[f64; LANES], ranks: &mut Lanes) {
        let mut buckets = [0_u32; LANES];
        for (bucket, &value) in buckets.iter_mut().zip(values) {
            *bucket = self.bucket(value) as u32;
        }
        for ((rank, &value), &bucket) in ranks.0.iter_mut().zip(values).zip(&buckets) {
            let mut below = usize::from(self.before[bucket as usize % BUCKETS]);
            let mut window = self.window;
            while window > COUNTED {
                window /= 2;
                let probe = self.thresholds[below + window - 1];
                // As good as random: a branch would be mispredicted half of the time.
                below += select_unpredictable(probe < value, window, 0);
            }
            // One vector comparison, or two, and a count of bits.
            let rest = self.thresholds[below..].first_chunk().unwrap_or(&[f64::INFINITY; COUNTED]);
            let counted: u32 = rest.iter().map(|&threshold| u32::from(threshold < value)).sum();
            *rank = signed(below as u32 + counted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(thresholds: &[f64], value: f64) -> i16 {
        signed(thresholds.iter().filter(|&&threshold| threshold < value).count() as u32)
    }

    #[test]
    fn ranks_equal_counts() {
        let spread: Vec<f64> = (0..700).map(|i| f64::from(i).powi(2) * 0.01 - 300.0).collect();
        let tiny: Vec<f64> = (0..9).map(|i| f64::from(i) * 5e-324).collect();
        let mut lopsided = spread.clone();
        lopsided.push(1e300);
        let whole = vec![-1.7e308, -1.0, 0.0, 1.7e308];
        for thresholds in [vec![], vec![2.5], spread, tiny, lopsided, whole] {
            let ranking = Ranking::new(&thresholds);
            let mut probes = vec![f64::NAN, -1.79e308, 1.79e308, 0.0, -0.0, 5e-324, 2.5];
            for &threshold in thresholds.iter().step_by(7) {
                probes.extend([threshold.next_down(), threshold, threshold.next_up()]);
            }
            probes.retain(|value| !value.is_infinite());
            for chunk in probes.chunks(LANES) {
                let mut values = [0.0; LANES];
                values[..chunk.len()].copy_from_slice(chunk);
                let mut ranks = Lanes([0; LANES]);
                ranking.ranks(&values, &mut ranks);
                for (lane, &value) in chunk.iter().enumerate() {
                    assert_eq!(
                        ranks.0[lane],
                        counted(&thresholds, value),
                        "{value} in {thresholds:?}"
                    );
                }
            }
        }
    }
}
