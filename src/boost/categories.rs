//! The best split of a node on one categorical column.

use super::cell::Cell;
use super::histogram::Column;
use super::scan::{Place, Sums};

/// Most categories on the smaller side of a split, added to the second derivatives when categories
/// are ordered, and added to `l2` when their splits are judged: with many categories some look good
/// by chance. LightGBM's values.
const MOST_CATEGORIES: usize = 32;
const SMOOTHING: f64 = 10.0;
const EXTRA_L2: f64 = 10.0;

/// With no more categories than this, each alone is tried against the others, without extra penalty.
const ONE_AGAINST_OTHERS: usize = 4;

/// The best set of categories to go left.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// Beyond the hurdle; above 0.
    pub(crate) gain: f64,
    /// Bins that go left.
    pub(crate) bins: Vec<u8>,
    pub(crate) left: Sums,
}

/// Finds the set of categories that split a node best: sorted by their mean answer, the best set is
/// among the first or last ones (Fisher 1958), which makes 2ᵏ sets to 2k.
///
/// `bins`: those of codes; then come the bin of all other codes, which always goes right, since codes
/// never seen will, and that of missing values, which is as good a category as any.
pub(crate) fn best_choice<C: Cell>(
    column: &Column<C>,
    bins: usize,
    place: &Place,
) -> Option<Choice> {
    let sums_of = |bin: usize| {
        let mut sums = Sums::default();
        sums.add(column[bin]);
        sums
    };
    let present = |bin: &usize| column[*bin].hessian() > 0;
    let mut order: Vec<(f64, usize, Sums)> = (0..bins)
        .chain([bins + 1])
        .filter(present)
        .map(|bin| {
            let sums = sums_of(bin);
            let (gradient, hessian) = place.floats(sums);
            (gradient / (hessian + SMOOTHING), bin, sums)
        })
        .collect();
    let few = order.len() <= ONE_AGAINST_OTHERS;
    let mut place = *place;
    if !few {
        place.limits.l2 += EXTRA_L2;
    }
    let mut best: Option<Choice> = None;
    let mut consider = |left: Sums, bins: &mut dyn FnMut() -> Vec<u8>| {
        let (gradient, hessian) = place.floats(left);
        let gain = place.split_gain(gradient, hessian, 0) - place.hurdle;
        if gain > best.as_ref().map_or(0.0, |best| best.gain) {
            best = Some(Choice { gain, bins: bins(), left });
        }
    };
    if few {
        for &(_, bin, left) in &order {
            consider(left, &mut || vec![bin as u8]);
        }
        return best;
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for _ in 0..2 {
        let mut left = Sums::default();
        let most = MOST_CATEGORIES.min(order.len().div_ceil(2));
        for (index, (_, _, sums)) in order.iter().take(most).enumerate() {
            left.gradient += sums.gradient;
            left.hessian += sums.hessian;
            consider(left, &mut || order[..=index].iter().map(|&(_, bin, _)| bin as u8).collect());
        }
        order.reverse();
    }
    best
}
