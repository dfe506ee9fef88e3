//! Which rows trees are not grown on, so that they can be judged by them.

use super::params::HoldOut;
use crate::rng::Stream;

/// Splits rows into those to grow trees on and those to judge them by, both ascending and neither
/// empty; `None` with fewer than two rows.
pub(crate) fn split(
    hold_out: HoldOut,
    kinds: &[u32],
    seed: u64,
) -> Option<(Vec<usize>, Vec<usize>)> {
    let rows = kinds.len();
    if rows < 2 {
        return None;
    }
    let count = |rows: usize, share: f64| ((rows as f64 * share).round() as usize).min(rows - 1);
    let mut held = vec![false; rows];
    match hold_out {
        HoldOut::Last(share) => held[rows - count(rows, share).max(1)..].fill(true),
        HoldOut::Random(share) => {
            let mut order: Vec<usize> = (0..rows).collect();
            order.sort_by_key(|&row| kinds[row]);
            for (number, kind) in order.chunk_by(|&a, &b| kinds[a] == kinds[b]).enumerate() {
                let mut stream = Stream::new(seed, u64::MAX - 1 - number as u64);
                for drawn in stream.distinct(kind.len(), count(kind.len(), share)) {
                    held[kind[drawn as usize]] = true;
                }
            }
            if !held.contains(&true) {
                held[Stream::new(seed, u64::MAX - 1).below(rows)] = true;
            }
        }
    }
    Some((0..rows).partition(|&row| !held[row]))
}

/// Deals rows into parts, those of each kind evenly; fewer than asked for where a kind has fewer rows.
/// `None` where a kind has a single row. Each part: the rows outside, and those in it.
pub(crate) fn parts(
    kinds: &[u32],
    parts: usize,
    seed: u64,
) -> Option<Vec<(Vec<usize>, Vec<usize>)>> {
    let mut order: Vec<usize> = (0..kinds.len()).collect();
    order.sort_by_key(|&row| kinds[row]);
    let fewest = order.chunk_by(|&a, &b| kinds[a] == kinds[b]).map(<[usize]>::len).min()?;
    let parts = parts.min(fewest);
    if parts < 2 {
        return None;
    }
    let mut part = vec![0; kinds.len()];
    let mut dealt = 0;
    for (number, kind) in order.chunk_by(|&a, &b| kinds[a] == kinds[b]).enumerate() {
        let mut stream = Stream::new(seed, u64::MAX / 2 - number as u64);
        let mut shuffled = kind.to_vec();
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, stream.below(last + 1));
        }
        for row in shuffled {
            part[row] = dealt % parts;
            dealt += 1;
        }
    }
    let split = |number| (0..kinds.len()).partition(|&row| part[row] != number);
    Some((0..parts).map(split).collect())
}
