//! Where a column's values are cut into bins.

use std::ops::Range;

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
        let ends: Vec<usize> = ends_of_runs(&keys).take(max_bins + 1).collect();
        let ends = if ends.len() > max_bins { greedy_ends(&keys, max_bins) } else { ends };
        let between = |&end: &usize| -> Option<f64> {
            let (low, high) = (unordered(keys[end - 1]), unordered(*keys.get(end)?));
            // Halved before the difference is taken: that of the largest floats overflows. Rounding
            // must not reach the upper value, which belongs to the next bin.
            let middle = low / 2.0 + high / 2.0;
            Some(if low <= middle && middle < high { middle } else { low })
        };
        Self::Numeric(ends.iter().map_while(between).collect())
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
}

/// Where the runs of equal keys end, from the first to the last. O(log length) each.
fn ends_of_runs(keys: &[u64]) -> impl Iterator<Item = usize> + '_ {
    let next = |&end: &usize| (end < keys.len()).then(|| end_of_run(keys, end));
    std::iter::successors(Some(0), next).skip(1)
}

/// Where the run of keys ends that one of them belongs to.
fn end_of_run(keys: &[u64], member: usize) -> usize {
    let key = keys[member];
    let (mut low, mut step) = (member, 1);
    while keys.get(low + step) == Some(&key) {
        low += step;
        step *= 2;
    }
    let most = keys.len().min(low + step);
    low + keys[low..most].partition_point(|&other| other == key)
}

/// Where bins end, of more distinct keys than there may be bins: all ends but the last, which may be
/// there as well.
///
/// The rule looks at one distinct value after the other; what it does at most of them is nothing, so
/// that it is enough to look where a bin may be full, and where values begin that fill one alone.
fn greedy_ends(keys: &[u64], max_bins: usize) -> Vec<usize> {
    let total = keys.len();
    let share = total as f64 / max_bins as f64;
    let heavy = heavy_runs(keys, share.ceil() as usize);
    let mut rows_left = total - heavy.iter().map(Range::len).sum::<usize>();
    let mut shared_left = (max_bins - heavy.len().min(max_bins - 1)).max(1);
    let mut mean = rows_left as f64 / shared_left as f64;
    let mut heavy = heavy.into_iter().peekable();
    let (mut ends, mut start) = (Vec::new(), 0);
    while ends.len() + 1 < max_bins {
        let alone = heavy.peek().cloned().unwrap_or(total..total);
        let full = start + (mean.ceil() as usize).max(1);
        let light = if full <= alone.start { end_of_run(keys, full - 1) } else { alone.start };
        let is_full = (light - start) as f64 >= mean || !alone.is_empty();
        if light > start && is_full && (light - start) as f64 >= mean / 2.0 {
            ends.push(light);
            rows_left -= light - start;
            shared_left = shared_left.saturating_sub(1).max(1);
            mean = rows_left as f64 / shared_left as f64;
            start = light;
        } else if alone.is_empty() {
            break;
        } else {
            // What comes before it is too little for a bin of its own.
            ends.push(alone.end);
            rows_left -= light - start;
            start = alone.end;
            heavy.next();
        }
    }
    ends
}

/// Runs of at least so many equal keys.
fn heavy_runs(keys: &[u64], least: usize) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    // Each of them goes through one of these places.
    for place in (least - 1..keys.len()).step_by(least) {
        let before = runs.last().map_or(0, |run| run.end);
        if place < before {
            continue;
        }
        let start = before + keys[before..place].partition_point(|&key| key < keys[place]);
        let end = end_of_run(keys, place);
        if end - start >= least {
            runs.push(start..end);
        }
    }
    runs
}

/// A whole number in the order of the floats, which sorts faster than they do. −0 counts as 0.
fn ordered(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn unordered(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The greedy rule, one distinct value after the other.
    fn naive(values: &[f64], max_bins: usize) -> Vec<f64> {
        let mut sorted: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
        sorted.sort_by(f64::total_cmp);
        let distinct: Vec<(f64, usize)> =
            sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect();
        let few = distinct.len() <= max_bins;
        let share = values.len() as f64 / max_bins as f64;
        let is_heavy = |count: usize| count as f64 >= share;
        let alone = distinct.iter().filter(|(_, count)| is_heavy(*count)).count();
        let light = distinct.iter().map(|each| each.1).filter(|&count| !is_heavy(count));
        let mut rows_left: usize = light.sum();
        let mut shared_left = (max_bins - alone.min(max_bins - 1)).max(1);
        let mut mean = rows_left as f64 / shared_left as f64;
        let (mut cuts, mut filled) = (Vec::new(), 0);
        for pair in distinct.windows(2) {
            let [(low, count), (high, next)] = *pair else { unreachable!("pairs") };
            filled += count;
            rows_left -= if is_heavy(count) { 0 } else { count };
            let half_full = filled as f64 >= mean / 2.0;
            let is_full = filled as f64 >= mean || is_heavy(next) && half_full;
            if !few && (cuts.len() + 1 == max_bins || !is_heavy(count) && !is_full) {
                continue;
            }
            let middle = low / 2.0 + high / 2.0;
            cuts.push(if low <= middle && middle < high { middle } else { low });
            if !is_heavy(count) {
                shared_left = shared_left.saturating_sub(1).max(1);
                mean = rows_left as f64 / shared_left as f64;
            }
            filled = 0;
        }
        cuts
    }

    proptest! {
        /// Also where some values fill a bin alone, first, last or next to each other.
        #[test]
        fn bins_are_filled_by_the_greedy_rule(
            runs in prop::collection::vec((-60..60_i32, prop_oneof![4 => 1..4_usize, 1 => 1..90_usize]), 1..80),
            spread in prop::collection::vec(-9.0..9.0_f64, 0..300),
            max_bins in 2..64_usize,
        ) {
            let mut values = spread;
            for (value, count) in runs {
                values.extend(std::iter::repeat_n(f64::from(value) / 8.0, count));
            }
            let expected = naive(&values, max_bins);
            prop_assert_eq!(Cuts::numeric(&values, max_bins), Cuts::Numeric(expected));
        }
    }
}
