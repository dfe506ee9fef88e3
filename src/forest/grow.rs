//! Growing one tree: from a sample of rows down to leaves.

use super::average_path;
use super::options::{Missing, Normalisation, Scoring, Split};
use super::split::{Cut, Splitter};
use super::tree::{Node, Tree};
use crate::rng::Stream;

/// What all trees of a forest share while they grow.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// Splits per path at most; `None` without a limit.
    pub(crate) depth_limit: Option<u32>,
    pub(crate) splits: &'a [(f64, Split)],
    pub(crate) scoring: Scoring,
    pub(crate) normalisation: Normalisation,
    /// `c(0), c(1), …`, as far as [`average_path::table`] goes.
    pub(crate) average_path: &'a [f64],
    pub(crate) missing: Missing,
    pub(crate) range_penalty: bool,
}

/// The rows a tree grows on, column by column.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    pub(crate) rows: usize,
    /// `values[column * rows + row]`.
    pub(crate) values: Vec<f64>,
    /// For every column, whether it holds categories.
    pub(crate) categorical: Vec<bool>,
    /// For every column, whether any value is not finite: missing, once infinities were refused.
    pub(crate) gaps: Vec<bool>,
}

impl Sample {
    /// Notes which columns hold values that are not finite; without branches, so that it vectorises.
    pub(crate) fn find_gaps(&mut self) {
        let odd = |any: u64, value: &f64| any | u64::from(!value.is_finite());
        let columns = self.values.chunks_exact(self.rows);
        self.gaps.clear();
        self.gaps.extend(columns.map(|values| values.iter().fold(0, odd) != 0));
    }

    /// One column.
    pub(crate) fn column(&self, index: usize) -> &[f64] {
        &self.values[index * self.rows..(index + 1) * self.rows]
    }
}

/// A node still to be split: where it is, its rows, and which columns may still vary in it.
struct Pending {
    node: usize,
    start: usize,
    end: usize,
    depth: u32,
    /// Index into the grower's lists of varying columns.
    varying: usize,
    /// Sum of `log2(share of rows / share of volume)` down to here.
    log_density: f64,
}

/// Grows a tree on `sample`, whose columns it names 0, 1, ….
///
/// Time O(rows · depth) for random splits, O(candidates · rows · log rows · depth) for guided
/// ones; memory O(rows). An explicit stack takes the place of recursion: with an unlimited depth
/// a path can be as long as the sample.
pub(crate) fn grow(sample: &Sample, plan: &Plan<'_>, stream: &mut Stream) -> Tree {
    let mut nodes = Vec::with_capacity(128.min(2 * sample.rows));
    nodes.push(Node::LEAF);
    let mut tree = Tree { nodes, terms: Vec::new(), sets: Vec::new() };
    let mut rows: Vec<u32> = (0..sample.rows as u32).collect();
    let mut splitter = Splitter::new(sample, plan);
    let root =
        Pending { node: 0, start: 0, end: sample.rows, depth: 0, varying: 0, log_density: 0.0 };
    let mut stack = vec![root];
    while let Some(at) = stack.pop() {
        let here = &mut rows[at.start..at.end];
        let cut = if here.len() <= 1 || plan.depth_limit.is_some_and(|limit| at.depth >= limit) {
            None
        } else {
            splitter.split(here, at.varying, &mut tree, stream)
        };
        let Some(Cut { rule, left, left_share, left_volume, varying, range }) = cut else {
            tree.nodes[at.node].value = leaf_value(plan, here.len(), at.depth, at.log_density);
            continue;
        };
        let child = tree.nodes.len();
        let margin = if plan.range_penalty { range } else { f64::INFINITY };
        tree.nodes[at.node] = Node { rule, child: child as u32, left_share, value: 0.0, margin };
        tree.nodes.extend([Node::LEAF, Node::LEAF]);
        let ratio = |share: f64, volume: f64| match plan.scoring {
            Scoring::Depth => 0.0,
            Scoring::Density => log_ratio(share, volume, at.end - at.start),
        };
        let low = at.log_density + ratio(left_share, left_volume);
        let high = at.log_density + ratio(1.0 - left_share, 1.0 - left_volume);
        let depth = at.depth + 1;
        let middle = at.start + left;
        let right = Pending {
            node: child + 1,
            start: middle,
            end: at.end,
            depth,
            varying,
            log_density: high,
        };
        let left =
            Pending { node: child, start: at.start, end: middle, depth, varying, log_density: low };
        stack.push(right);
        stack.push(left);
    }
    tree.update_expectations();
    tree
}

/// `log2(share / volume)`, with both kept off 0: an empty side counts half a row, and a side of no
/// width (a cut at the very edge) a millionth of the range. Without that a single cut would make
/// a leaf's density infinite and drown all other trees.
fn log_ratio(share: f64, volume: f64, rows: usize) -> f64 {
    (share.max(0.5 / rows as f64) / volume.clamp(1e-6, 1.0)).log2()
}

fn leaf_value(plan: &Plan<'_>, rows: usize, depth: u32, log_density: f64) -> f64 {
    match plan.scoring {
        Scoring::Depth => {
            f64::from(depth) + average_path::lookup(plan.average_path, rows, plan.normalisation)
        }
        Scoring::Density => log_density,
    }
}
