//! The convex problem behind learning from verdicts, and its one solution.
//!
//! Rows are alike as far as their paths through the trees go together: per tree, half the share of
//! the training rows that do *not* reach the last common node, and another half for the same leaf,
//! `K(x, x') = mean over trees of (1 − share(last common node)) / 2 + [same leaf] / 2`.
//! That is a kernel, a sum over the common nodes with non-negative weights, so that a function
//! `f = Σ aᵢ K(·, xᵢ)` is a sum of leaf values again. Leaves alone would be the model of Das et al.
//! (2017); the way there carries a verdict to rows that share most of it. With `y = ±1` the
//! verdict, `b` how far a row lies above the alarm level, and `t` how far it should at least (at
//! most, if rejected), `f` minimises `‖f‖² / 2 + Σ weightᵢ / 2 · max(0, yᵢ (tᵢ − bᵢ − f(xᵢ)))²`.

#[cfg(test)]
mod tests;

use super::super::options::Missing;
use super::super::tree::{Side, Tree};
use crate::parallel;

/// One verdict, in units of the margin.
#[derive(Debug)]
pub(super) struct Wish {
    /// NaN where missing.
    pub(super) row: Vec<f64>,
    /// +1 if the row is to rise, −1 if it is to sink.
    pub(super) sign: f64,
    /// How far above the alarm level the row lies before learning.
    pub(super) before: f64,
    /// How far it should.
    pub(super) target: f64,
    /// What it costs to miss it, greater than 0.
    pub(super) weight: f64,
}

/// Sweeps over the verdicts at most: tens are enough for tens of verdicts, hundreds for a thousand
/// that contradict each other.
const SWEEPS: usize = 1_000;

/// No step of the last sweep asks more of a row than this, in units of the margin.
const TOLERANCE: f64 = 1e-7;

/// `f` as the amount that every node adds to the rows below it; `[tree][node]`.
///
/// Coordinate descent on the dual problem (Hsieh et al. 2008), in the order of `wishes`, from
/// zero: the same bits at every call. Each step costs one walk along the stored paths, so a sweep
/// is O(verdicts · trees · depth), as is the memory.
pub(super) fn solve(trees: &[Tree], missing: Missing, wishes: &[Wish]) -> Vec<Vec<f64>> {
    let first: Vec<usize> = trees
        .iter()
        .scan(0, |next, tree| Some(std::mem::replace(next, *next + tree.nodes.len())))
        .collect();
    // Square roots of the kernel's node weights: a path is a feature vector.
    let roots: Vec<Vec<f64>> = parallel::map(trees.len(), |t| {
        let weight = |weight: f64| (weight / trees.len() as f64).sqrt();
        node_weights(&trees[t]).into_iter().map(weight).collect()
    });
    let paths: Vec<Vec<(usize, f64)>> = parallel::map(wishes.len(), |index| {
        let mut path = Vec::new();
        for ((tree, roots), first) in trees.iter().zip(&roots).zip(&first) {
            reached(tree, &wishes[index].row, missing, &mut |node, share| {
                if roots[node] > 0.0 && share > 0.0 {
                    path.push((first + node, roots[node] * share));
                }
            });
        }
        path
    });
    let norms: Vec<f64> = paths.iter().map(|path| path.iter().map(|(_, v)| v * v).sum()).collect();
    let mut coefficients = vec![0.0; wishes.len()];
    let mut sums = vec![0.0; trees.iter().map(|tree| tree.nodes.len()).sum()];
    for _ in 0..SWEEPS {
        let mut largest = 0.0_f64;
        for (index, wish) in wishes.iter().enumerate() {
            let path = &paths[index];
            let f: f64 = path.iter().map(|&(node, value)| value * sums[node]).sum();
            let old: f64 = coefficients[index];
            let lacking = wish.target - wish.before - f - old / wish.weight;
            let curvature = norms[index] + 1.0 / wish.weight;
            let new = old + lacking / curvature;
            // A wish that is met asks for nothing: it never pulls the other way.
            let new = if new * wish.sign > 0.0 { new } else { 0.0 };
            let change = new - old;
            if change != 0.0 {
                coefficients[index] = new;
                for &(node, value) in path {
                    sums[node] += change * value;
                }
                largest = largest.max(change.abs() * curvature);
            }
        }
        if largest <= TOLERANCE {
            break;
        }
    }
    let amounts = |(tree, roots): (usize, &Vec<f64>)| {
        let sums = &sums[first[tree]..];
        // A score takes the mean over the trees, the kernel has it in its weights.
        roots.iter().zip(sums).map(|(root, sum)| root * sum * trees.len() as f64).collect()
    };
    roots.iter().enumerate().map(amounts).collect()
}

/// What having a node in common counts. Along a path the weights add up to
/// `(1 − share of the training rows) / 2`, and another half at a leaf.
fn node_weights(tree: &Tree) -> Vec<f64> {
    let mut shares = vec![1.0; tree.nodes.len()];
    let mut weights = vec![0.0; tree.nodes.len()];
    for (index, node) in tree.nodes.iter().enumerate() {
        if node.child == 0 {
            // All rows have a root in common: it tells nothing.
            weights[index] += if index == 0 { 0.0 } else { 0.5 };
            continue;
        }
        let left = node.child as usize;
        for (child, side) in [(left, node.left_share), (left + 1, 1.0 - node.left_share)] {
            shares[child] = shares[index] * side;
            weights[child] = 0.5 * (shares[index] - shares[child]);
        }
    }
    weights
}

/// Calls `visit(node, share)` for every node that a row passes, with the share of it that does.
fn reached(tree: &Tree, x: &[f64], missing: Missing, visit: &mut dyn FnMut(usize, f64)) {
    let mut pending = vec![(0, 1.0)];
    while let Some((index, share)) = pending.pop() {
        visit(index, share);
        let node = &tree.nodes[index];
        if node.child == 0 {
            continue;
        }
        let left = node.child as usize;
        match (tree.side(node, x), missing) {
            (Side::Left, _) => pending.push((left, share)),
            (Side::Right, _) => pending.push((left + 1, share)),
            (Side::Unknown, Missing::Majority) => {
                pending.push((left + usize::from(!node.majority_left()), share));
            }
            (Side::Unknown, Missing::Spread) => {
                pending.push((left + 1, share * (1.0 - node.left_share)));
                pending.push((left, share * node.left_share));
            }
        }
    }
}
