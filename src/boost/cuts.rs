//! Where a column's values are cut into bins.

use std::hint::select_unpredictable;

/// Most values that cuts are learned from; of more rows, a sample of this size.
pub(crate) const CUT_ROWS: usize = 200_000;

/// Bins of one column. Bin 0 comes first; missing values have the bin after the last one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cuts {
    /// Ascending: a value is in the bin whose number is how many cuts are below it, so that
    /// "in bin `b` or lower" means "at most `cuts[b]`".
    Numeric(Vec<f64>),
    /// Category codes with a bin of their own, ascending. All others share the bin after them.
    Categories(Vec<u32>),
}

impl Cuts {
    /// Cuts a column so that the bins hold about as many of the values each.
    ///
    /// `values` are without NaN, in any order. Up to `max_bins` distinct values have a bin each. Of
    /// more, those that fill a bin alone have one (a counter that is mostly zero keeps its zero
    /// apart), and the others share the rest evenly: the greedy rule of LightGBM (Ke et al. 2017).
    pub(crate) fn numeric(values: &[f64], max_bins: usize) -> Self {
        let mut keys: Vec<u64> = values.iter().map(|&value| ordered(value)).collect();
        keys.sort_unstable();
        let mut distinct: Vec<(f64, usize)> = Vec::new();
        for run in keys.chunk_by(|a, b| a == b) {
            distinct.push((unordered(run[0]), run.len()));
        }
        let mut cuts = Vec::new();
        let mut cut_after = |index: usize| {
            let (low, high) = (distinct[index].0, distinct[index + 1].0);
            // Halved before the difference is taken: that of the largest floats overflows. Rounding
            // must not reach the upper value, which belongs to the next bin.
            let middle = low / 2.0 + high / 2.0;
            cuts.push(if low <= middle && middle < high { middle } else { low });
        };
        if distinct.len() <= max_bins {
            (0..distinct.len().saturating_sub(1)).for_each(&mut cut_after);
            return Self::Numeric(cuts);
        }
        let share = values.len() as f64 / max_bins as f64;
        let heavy = |count: usize| count as f64 >= share;
        let alone = distinct.iter().filter(|(_, count)| heavy(*count)).count();
        let mut rows_left: usize =
            distinct.iter().filter(|(_, count)| !heavy(*count)).map(|(_, count)| count).sum();
        let mut shared_left = (max_bins - alone.min(max_bins - 1)).max(1);
        let mut mean = rows_left as f64 / shared_left as f64;
        let (mut filled, mut bins) = (0, 1);
        for index in 0..distinct.len() - 1 {
            let (count, next) = (distinct[index].1, distinct[index + 1].1);
            filled += count;
            let full = heavy(count)
                || filled as f64 >= mean
                || (heavy(next) && filled as f64 >= mean / 2.0);
            if !heavy(count) {
                rows_left -= count;
            }
            if full {
                if bins == max_bins {
                    break;
                }
                cut_after(index);
                bins += 1;
                if !heavy(count) {
                    shared_left = shared_left.saturating_sub(1).max(1);
                    mean = rows_left as f64 / shared_left as f64;
                }
                filled = 0;
            }
        }
        Self::Numeric(cuts)
    }

    /// A bin each for the most frequent codes, at most `max_bins − 1` of them.
    pub(crate) fn categories(mut codes: Vec<u32>, max_bins: usize) -> Self {
        codes.sort_unstable();
        let mut counts: Vec<(usize, u32)> =
            codes.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0])).collect();
        counts.sort_unstable_by_key(|&(count, code)| (std::cmp::Reverse(count), code));
        counts.truncate(max_bins - 1);
        let mut kept: Vec<u32> = counts.into_iter().map(|(_, code)| code).collect();
        kept.sort_unstable();
        Self::Categories(kept)
    }

    /// Bins of values that are not missing.
    pub(crate) fn bins(&self) -> usize {
        match self {
            Self::Numeric(cuts) => cuts.len() + 1,
            Self::Categories(codes) => codes.len() + 1,
        }
    }

    /// Writes each value's bin; NaN's is [`bins`](Self::bins).
    pub(crate) fn bin(&self, values: &[f64], bins: &mut [u8]) {
        let missing = self.bins() as u8;
        match self {
            Self::Numeric(cuts) => {
                for (bin, &value) in bins.iter_mut().zip(values) {
                    let below = below(cuts, value) as u8;
                    *bin = select_unpredictable(value.is_nan(), missing, below);
                }
            }
            Self::Categories(codes) => {
                let other = codes.len();
                for (bin, &value) in bins.iter_mut().zip(values) {
                    *bin = if value.is_nan() {
                        missing
                    } else {
                        codes.binary_search(&(value as u32)).unwrap_or(other) as u8
                    };
                }
            }
        }
    }
}

/// How many cuts are below a value, without a branch that depends on it.
fn below(cuts: &[f64], value: f64) -> usize {
    let (mut first, mut size) = (0, cuts.len());
    while size > 1 {
        let half = size / 2;
        first = select_unpredictable(cuts[first + half - 1] < value, first + half, first);
        size -= half;
    }
    first + usize::from(size == 1 && cuts[first] < value)
}

/// A whole number in the order of the floats, which sorts faster than they do. −0 counts as 0.
fn ordered(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn unordered(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}
