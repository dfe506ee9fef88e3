//! The best of many cuts of a node whose leaves may have any value.

use super::{Place, soft};
use crate::boost::cell::Cell;

/// Cuts judged at a time.
const LANES: usize = 8;

/// The best cut of each lane so far: what it gains, and which of the lane's it is.
struct Best {
    gains: [f64; LANES],
    turns: [u64; LANES],
}

/// The best of some cuts, given by the sums on their left, and its index, the first of equals; −∞ if
/// none is allowed.
///
/// No branch, and no gain is written down: each lane keeps its best, so that the whole loop is vector
/// instructions, of which the division takes most of the time.
#[inline(always)]
pub(super) fn best<C: Cell>(left: &[C], missing: C, place: &Place) -> (f64, usize) {
    let (all_g, all_h) = place.floats(place.sums);
    let (scale_g, scale_h) = (1.0 / place.scales.gradient, 1.0 / place.scales.hessian);
    let (l1, l2, least) = (place.limits.l1, place.limits.l2, place.least);
    let mut best = Best { gains: [f64::NEG_INFINITY; LANES], turns: [0; LANES] };
    let mut judge = |turn: usize, lane: usize, cell: C| {
        let cell = cell.plus(missing);
        let gradient = C::float(cell.gradient()) * scale_g;
        let hessian = C::float(cell.hessian()) * scale_h;
        let (right_g, right_h) = (all_g - gradient, all_h - hessian);
        let (soft_l, soft_r) = (soft(gradient, l1), soft(right_g, l1));
        let (over_l, over_r) = (hessian + l2, right_h + l2);
        // Both fractions over one denominator: divisions are what this loop waits for.
        let both = (soft_l * soft_l * over_r + soft_r * soft_r * over_l) / (over_l * over_r);
        #[allow(clippy::needless_bitwise_bool)] // A branch would leave one cut at a time.
        let is_better = (hessian >= least) & (right_h >= least) & (both > best.gains[lane]);
        best.gains[lane] = if is_better { both } else { best.gains[lane] };
        best.turns[lane] = if is_better { turn as u64 } else { best.turns[lane] };
    };
    let (turns, rest) = left.as_chunks::<LANES>();
    for (turn, cells) in turns.iter().enumerate() {
        for (lane, &cell) in cells.iter().enumerate() {
            judge(turn, lane, cell);
        }
    }
    for (lane, &cell) in rest.iter().enumerate() {
        judge(turns.len(), lane, cell);
    }
    let most = best.gains.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let index = |lane: usize| best.turns[lane] as usize * LANES + lane;
    let first = (0..LANES).filter(|&lane| best.gains[lane] == most).map(index).min();
    (most, first.unwrap_or(0))
}
