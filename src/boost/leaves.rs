//! Values of a tree's leaves, and what they add to raw scores.

use super::grow::Grown;
use super::loss::{Derivatives, Loss};
use super::params::BoostingParams;
use super::sample::Sample;
use super::scan::soft;
use super::table::Table;
use super::train::CHUNK;
use super::tree::{Child, Next};
use crate::parallel;

/// Values of leaves and splits, from the derivatives as they are: histograms hold them rounded.
///
/// `index` holds the rows of the leaves, one leaf after the other.
pub(crate) fn fill_leaves<O>(
    params: &BoostingParams<O>,
    (loss, output): (&dyn Loss, usize),
    grown: &mut Grown,
    index: &[u32],
    derivatives: &[Derivatives],
    scores: &[f64],
) {
    let sums = parallel::map(grown.rows.len(), |leaf| {
        let rows = &index[grown.rows[leaf].clone()];
        let [gradient, hessian] = sum(rows, derivatives);
        let value = loss.leaf_value(output, rows, scores);
        (gradient, hessian, rows.len() as f64, value)
    });
    let newton = |gradient: f64, hessian: f64| {
        let below = hessian + params.l2;
        if below > 0.0 { -soft(gradient, params.l1) / below } else { 0.0 }
    };
    // A step for all rows, from some of them, would be the chance of which ones were drawn.
    let by_chance = grown.rows.len() == 1 && index.len() < derivatives.len();
    let leaves = grown.tree.leaves.iter_mut().zip(&sums).zip(&grown.bounds);
    for ((leaf, &(gradient, hessian, cover, value)), bounds) in leaves {
        let value =
            if by_chance { 0.0 } else { value.unwrap_or_else(|| newton(gradient, hessian)) };
        leaf.value = value.clamp(bounds.low, bounds.high) * params.learning_rate;
        leaf.cover = cover;
        leaf.hessian = hessian;
    }
    // Backwards: children before parents.
    let mut below = vec![[0.0; 3]; grown.tree.splits.len()];
    for split in (0..grown.tree.splits.len()).rev() {
        let of = |child: Child| match child.next() {
            Next::Split(split) => below[split],
            Next::Leaf(leaf) => [sums[leaf].0, sums[leaf].1, sums[leaf].2],
        };
        let (left, right) = (of(grown.tree.splits[split].left), of(grown.tree.splits[split].right));
        let [gradient, hessian, cover] = std::array::from_fn(|k| left[k] + right[k]);
        below[split] = [gradient, hessian, cover];
        let node = &mut grown.tree.splits[split];
        node.value = newton(gradient, hessian) * params.learning_rate;
        node.cover = cover;
        node.hessian = hessian;
    }
}

/// Four running sums: one alone would wait for each addition to finish.
fn sum(rows: &[u32], derivatives: &[Derivatives]) -> [f64; 2] {
    let mut sums = [[0.0; 2]; 4];
    for rows in rows.chunks(4) {
        for (sum, &row) in sums.iter_mut().zip(rows) {
            let [gradient, hessian] = derivatives[row as usize];
            sum[0] += f64::from(gradient);
            sum[1] += f64::from(hessian);
        }
    }
    std::array::from_fn(|k| (sums[0][k] + sums[1][k]) + (sums[2][k] + sums[3][k]))
}

/// Adds the tree's answers to the raw scores. Leaves hold their rows in ascending order, so that each
/// chunk of rows finds its own in every leaf: threads share the work without sharing memory. Rows that
/// the tree was not grown on walk it.
pub(crate) fn add(table: &Table, grown: &Grown, sample: &Sample, scores: &mut [f64]) {
    parallel::chunks_mut(scores, CHUNK, |start, scores| {
        let end = start + scores.len();
        for (leaf, range) in grown.tree.leaves.iter().zip(&grown.rows) {
            for &row in within(&sample.index[range.clone()], start, end) {
                scores[row as usize - start] += leaf.value;
            }
        }
        for &row in within(&sample.rest, start, end) {
            let row = row as usize;
            let bytes = table.by_row().row(row);
            scores[row - start] += grown.tree.leaves[grown.leaf_of(bytes)].value;
        }
    });
}

/// Of ascending rows, those from `start` to before `end`.
fn within(rows: &[u32], start: usize, end: usize) -> &[u32] {
    let from = rows.partition_point(|&row| (row as usize) < start);
    let rows = &rows[from..];
    &rows[..rows.partition_point(|&row| (row as usize) < end)]
}

/// As [`add`], for the rows of another table.
pub(crate) fn walk(table: &Table, grown: &Grown, scores: &mut [f64]) {
    if grown.tree.splits.is_empty() {
        let value = grown.tree.leaves[0].value;
        for score in scores {
            *score += value;
        }
        return;
    }
    parallel::chunks_mut(scores, CHUNK, |start, scores| {
        for (score, bytes) in scores.iter_mut().zip(table.by_row().from(start)) {
            *score += grown.tree.leaves[grown.leaf_of(bytes)].value;
        }
    });
}
