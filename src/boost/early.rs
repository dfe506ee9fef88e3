//! When to stop, and by which rows.

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
