//! Predicting by walking: compact nodes, and several walks at once so that none waits for memory.
//!
//! Serves single rows, and in batches the trees that have too many leaves for a byte.

use super::block::{Block, LANES};
use crate::boost::tree::{CategorySet, NEARLY_ZERO, Next, Test, Tree};

/// Walks in flight at once: each step of one depends on its step before, but not on the others'.
const TOGETHER: usize = 8;

/// A split or a leaf. A leaf sends every row to itself.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// +∞ in a leaf; in a split by category, where its set stands.
    threshold: f64,
    column: u32,
    /// The left child; the right one follows it. In a leaf, its own index.
    child: u32,
}

/// What is only looked at where values are missing or categories.
#[derive(Debug, Clone, Copy)]
struct Extra {
    category: bool,
    missing_left: bool,
    /// Magnitudes up to this one are missing; below 0 for none.
    missing_to: f64,
}

/// All trees of an ensemble, one after another.
#[derive(Debug)]
pub(super) struct Walk {
    nodes: Vec<Node>,
    extras: Vec<Extra>,
    /// A leaf's value; of no meaning in splits.
    values: Vec<f64>,
    sets: Vec<CategorySet>,
    trees: Vec<Root>,
    /// Whether all splits are plain comparisons.
    plain: bool,
}

/// Where a tree starts.
#[derive(Debug, Clone, Copy)]
struct Root {
    node: u32,
    /// Longest path.
    depth: u32,
    output: u32,
}

impl Walk {
    pub(super) fn compile(trees: &[Tree]) -> Self {
        let mut walk = Self {
            nodes: Vec::new(),
            extras: Vec::new(),
            values: Vec::new(),
            sets: Vec::new(),
            trees: Vec::with_capacity(trees.len()),
            plain: true,
        };
        for tree in trees {
            walk.add(tree);
        }
        walk
    }

    fn add(&mut self, tree: &Tree) {
        let first = self.nodes.len();
        let depth = tree.depth() as u32;
        self.trees.push(Root { node: first as u32, depth, output: tree.output });
        // Level by level, so that siblings are neighbours.
        let mut order = vec![tree.root().next()];
        let mut position = 0;
        while let Some(&next) = order.get(position) {
            let index = (first + position) as u32;
            let mut node = Node { threshold: f64::INFINITY, column: 0, child: index };
            let mut extra = Extra { category: false, missing_left: true, missing_to: -1.0 };
            let mut value = 0.0;
            match next {
                Next::Leaf(leaf) => value = tree.leaves[leaf].value,
                Next::Split(split) => {
                    let split = &tree.splits[split];
                    node.column = split.column;
                    node.child = (first + order.len()) as u32;
                    order.extend([split.left.next(), split.right.next()]);
                    extra.missing_left = split.missing_left;
                    match split.test {
                        Test::AtMost(threshold) => node.threshold = threshold,
                        Test::AtMostZeroMissing(threshold) => {
                            (node.threshold, extra.missing_to) = (threshold, NEARLY_ZERO);
                            self.plain = false;
                        }
                        Test::Within { set } => {
                            node.threshold = (self.sets.len() + set as usize) as f64;
                            extra.category = true;
                            self.plain = false;
                        }
                    }
                }
            }
            self.nodes.push(node);
            self.extras.push(extra);
            self.values.push(value);
            position += 1;
        }
        self.sets.extend_from_slice(&tree.sets);
    }

    /// Whether a value goes left. Without `FULL` nothing may be missing, and all splits must
    /// be plain.
    #[inline(always)]
    fn goes_left<const FULL: bool>(&self, at: u32, value: f64) -> bool {
        let node = &self.nodes[at as usize];
        let below = value <= node.threshold;
        if !FULL {
            return below;
        }
        let extra = &self.extras[at as usize];
        if extra.category {
            return self.sets[node.threshold as usize].goes_left(value, extra.missing_left);
        }
        if value.abs() > extra.missing_to { below } else { extra.missing_left }
    }

    /// Walks [`TOGETHER`] rows or trees to their leaves, and gives their values. Column `c` of each
    /// is `x[c * stride + lane]`.
    #[inline(always)]
    fn walk<const FULL: bool>(
        &self,
        mut at: [u32; TOGETHER],
        depth: u32,
        x: &[f64],
        stride: usize,
        lane: impl Fn(usize) -> usize,
    ) -> [f64; TOGETHER] {
        for _ in 0..depth {
            // Not a comparison of all at once: it would wait for what was just written one by one.
            let mut moved = 0;
            for (k, at) in at.iter_mut().enumerate() {
                let node = &self.nodes[*at as usize];
                let value = x[node.column as usize * stride + lane(k)];
                let next = node.child + u32::from(!self.goes_left::<FULL>(*at, value));
                moved |= *at ^ next;
                *at = next;
            }
            // All in their leaves.
            if moved == 0 {
                break;
            }
        }
        at.map(|at| self.values[at as usize])
    }

    /// Adds a tree's leaf values to the sums of a block with all columns.
    pub(super) fn add_tree(&self, tree: usize, block: &Block, sums: &mut [f64; LANES]) {
        let Root { node, depth, .. } = self.trees[tree];
        let full = block.gaps || !self.plain;
        for (group, sums) in sums.as_chunks_mut::<TOGETHER>().0.iter_mut().enumerate() {
            let lane = |k| group * TOGETHER + k;
            let values = if full {
                self.walk::<true>([node; TOGETHER], depth, block.values(), LANES, lane)
            } else {
                self.walk::<false>([node; TOGETHER], depth, block.values(), LANES, lane)
            };
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
    }

    /// Adds every tree's leaf value to the sum of its output, for one row. `gaps`: whether
    /// any of its values is missing.
    pub(super) fn add_row(&self, x: &[f64], gaps: bool, sums: &mut [f64]) {
        if gaps || !self.plain {
            self.add_row_as::<true>(x, sums);
        } else {
            self.add_row_as::<false>(x, sums);
        }
    }

    fn add_row_as<const FULL: bool>(&self, x: &[f64], sums: &mut [f64]) {
        for trees in self.trees.chunks(TOGETHER) {
            let mut at = [trees[0].node; TOGETHER];
            let mut deepest = 0;
            for (at, tree) in at.iter_mut().zip(trees) {
                *at = tree.node;
                deepest = deepest.max(tree.depth);
            }
            let values = self.walk::<FULL>(at, deepest, x, 1, |_| 0);
            for (tree, value) in trees.iter().zip(values) {
                sums[tree.output as usize] += value;
            }
        }
    }
}
