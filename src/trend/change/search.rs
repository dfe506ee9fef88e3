//! The cheapest of all segmentations.

use super::cost::Cost;

/// Places that the search looks at; those of longer series lie further apart.
const PLACES: usize = 8_192;

/// The change points of the segmentation with the least sum of costs and penalties, and that sum
/// without the penalty of the first segment: optimal partitioning (Jackson et al. 2005), pruned by
/// Killick, Fearnhead & Eckley's PELT (2012).
///
/// A start is dropped once another one can never do worse. Exact up to [`PLACES`] values. Beyond, it
/// is exact among segmentations at every so-many-th place, and each change is then put at the best
/// place between its neighbours'.
pub(super) fn search(
    cost: &impl Cost,
    count: usize,
    penalty: f64,
    min_length: usize,
) -> (Vec<usize>, f64) {
    let step = count.div_ceil(PLACES).max(1);
    let mut changes = pelt(cost, count, penalty, min_length, step);
    if step > 1 {
        // What one change gains by moving may move its neighbours: twice is enough in practice.
        for _ in 0..2 {
            settle(cost, count, min_length, step, &mut changes);
        }
    }
    let sum = total(cost, count, &changes) + penalty * changes.len() as f64;
    (changes, sum)
}

/// The sum of costs of a segmentation.
fn total(cost: &impl Cost, count: usize, changes: &[usize]) -> f64 {
    let starts = std::iter::once(0).chain(changes.iter().copied());
    let ends = changes.iter().copied().chain([count]);
    starts.zip(ends).map(|(from, to)| cost.cost(from, to)).sum()
}

/// A place at which the last segment may start.
#[derive(Clone, Copy)]
struct Start {
    place: usize,
    /// Least cost of all before.
    before: f64,
    /// From where on it cannot be the best; the shortest segment after the one that beats it.
    useless_from: usize,
}

fn pelt(
    cost: &impl Cost,
    count: usize,
    penalty: f64,
    min_length: usize,
    step: usize,
) -> Vec<usize> {
    let min_length = min_length.next_multiple_of(step);
    let ends: Vec<usize> = (1..count.div_ceil(step)).map(|i| i * step).chain([count]).collect();
    // Best last start by the number of the end; `waiting` are places too near for a segment.
    let mut best_start = vec![0; ends.len()];
    let mut least = vec![f64::INFINITY; ends.len()];
    let mut starts = vec![Start { place: 0, before: -penalty, useless_from: usize::MAX }];
    let mut costs = Vec::new();
    let mut waiting = 0;
    for (number, &end) in ends.iter().enumerate() {
        if end < min_length && end < count {
            continue;
        }
        while ends[waiting] + min_length <= end {
            if least[waiting].is_finite() {
                let (place, before) = (ends[waiting], least[waiting]);
                starts.push(Start { place, before, useless_from: usize::MAX });
            }
            waiting += 1;
        }
        let mut best = (f64::INFINITY, 0);
        costs.clear();
        costs.extend(starts.iter().map(|start| start.before + cost.cost(start.place, end)));
        for (start, &cost) in starts.iter().zip(&costs) {
            if cost < best.0 {
                best = (cost, start.place);
            }
        }
        least[number] = best.0 + penalty;
        best_start[number] = best.1;
        let mut index = 0;
        starts.retain_mut(|start| {
            let beaten = costs[index] >= least[number];
            index += 1;
            if beaten && start.useless_from == usize::MAX {
                start.useless_from = end + min_length;
            }
            start.useless_from > end + step
        });
    }
    let mut changes = Vec::new();
    let mut number = ends.len() - 1;
    while best_start[number] > 0 {
        let place = best_start[number];
        changes.push(place);
        number = place / step - 1;
    }
    changes.reverse();
    changes
}

/// Moves each change to the best place within a step of it.
fn settle(cost: &impl Cost, count: usize, min_length: usize, step: usize, changes: &mut [usize]) {
    for index in 0..changes.len() {
        let from = if index == 0 { 0 } else { changes[index - 1] };
        let to = changes.get(index + 1).copied().unwrap_or(count);
        let lowest = (changes[index] + 1).saturating_sub(step).max(from + min_length);
        let highest = (changes[index] + step - 1).min(to - min_length);
        let price = |place: usize| cost.cost(from, place) + cost.cost(place, to);
        let best = (lowest..=highest).min_by(|&a, &b| price(a).total_cmp(&price(b)));
        changes[index] = best.unwrap_or(changes[index]);
    }
}
