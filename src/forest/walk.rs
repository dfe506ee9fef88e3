//! Scoring by walking: compact nodes, and several walks at once so that none waits for memory.
//!
//! Serves what [`dense`](super::dense) does not: hyperplanes, deep trees, single rows.

use super::block::LANES;
use super::tree::{Rule, Tree};

/// Walks in flight at once: each step of one depends on its step before, but not on the others'.
const TOGETHER: usize = 8;

/// A node with up to `K` columns. A leaf sends every row to itself.
#[derive(Debug, Clone, Copy)]
struct Node<const K: usize> {
    threshold: f64,
    margin: f64,
    coefficients: [f64; K],
    columns: [u32; K],
    /// The left child; the right one follows it. In a leaf, its own index.
    child: u32,
    /// 1 in an inner node, 0 in a leaf: how far the right child is from the left one.
    step: u32,
}

/// All trees of a forest, one after another. `PENALTY`: whether rows out of range are looked for.
#[derive(Debug)]
pub(crate) struct Walk<const K: usize, const PENALTY: bool> {
    nodes: Vec<Node<K>>,
    values: Vec<f64>,
    roots: Vec<u32>,
    /// Longest path of every tree.
    depths: Vec<u32>,
}

impl<const K: usize, const PENALTY: bool> Walk<K, PENALTY> {
    /// `trees` must hold no category rules and no plane of more than `K` columns.
    pub(crate) fn compile(trees: &[Tree]) -> Self {
        let total = trees.iter().map(|tree| tree.nodes.len()).sum();
        let (mut nodes, mut values) = (Vec::with_capacity(total), Vec::with_capacity(total));
        let (mut roots, mut depths) = (Vec::new(), Vec::new());
        for tree in trees {
            let root = nodes.len() as u32;
            roots.push(root);
            let mut depth = vec![0_u32; tree.nodes.len()];
            for (index, node) in tree.nodes.iter().enumerate() {
                let (mut coefficients, mut columns) = ([0.0; K], [0; K]);
                let threshold = match node.rule {
                    Rule::Axis { column, threshold } => {
                        (coefficients[0], columns) = (1.0, [column; K]);
                        threshold
                    }
                    Rule::Plane { first_term, terms, threshold } => {
                        let terms = tree.plane(first_term, terms);
                        columns = [terms[0].column; K];
                        for (k, term) in terms.iter().enumerate() {
                            (coefficients[k], columns[k]) = (term.coefficient, term.column);
                        }
                        threshold
                    }
                    Rule::Leaf | Rule::Category { .. } => f64::INFINITY,
                };
                let inner = node.child != 0;
                let child = root + if inner { node.child } else { index as u32 };
                if inner {
                    depth[node.child as usize] = depth[index] + 1;
                    depth[node.child as usize + 1] = depth[index] + 1;
                }
                let (margin, step) = (node.margin, u32::from(inner));
                nodes.push(Node { threshold, margin, coefficients, columns, child, step });
                values.push(node.value);
            }
            depths.push(depth.into_iter().max().unwrap_or(0));
        }
        Self { nodes, values, roots, depths }
    }

    /// One step down for the row whose column `c` is `x[c * stride + lane]`: where it leads, and 1
    /// for a row out of range.
    #[inline(always)]
    fn step(&self, at: u32, x: &[f64], stride: usize, lane: usize) -> (u32, u32) {
        let node = &self.nodes[at as usize];
        let value = |k: usize| x[node.columns[k] as usize * stride + lane];
        // One column has the coefficient 1; more are added in the order of the terms.
        let mut sum = if K == 1 { value(0) } else { 0.0 };
        if K > 1 {
            for k in 0..K {
                sum += node.coefficients[k] * value(k);
            }
        }
        // An overflowed projection (NaN) goes right, as in training.
        let left = sum <= node.threshold;
        let penalty = PENALTY && (sum - node.threshold).abs() > node.margin;
        (node.child + (u32::from(!left) & node.step), u32::from(penalty))
    }

    /// Walks [`TOGETHER`] rows or trees to their leaves; `lane` gives each one's.
    #[inline(always)]
    fn walk(
        &self,
        mut at: [u32; TOGETHER],
        depth: u32,
        x: &[f64],
        stride: usize,
        lane: impl Fn(usize) -> usize,
    ) -> [f64; TOGETHER] {
        let mut penalties = [0; TOGETHER];
        for _ in 0..depth {
            let before = at;
            for k in 0..TOGETHER {
                let (next, penalty) = self.step(at[k], x, stride, lane(k));
                at[k] = next;
                penalties[k] += penalty;
            }
            // All in their leaves, where no margin is exceeded.
            if at == before {
                break;
            }
        }
        std::array::from_fn(|k| {
            let value = self.values[at[k] as usize];
            if PENALTY { value - f64::from(penalties[k]) } else { value }
        })
    }

    /// Adds every tree's leaf value to `sums`, tree by tree. No missing values.
    #[inline(always)]
    pub(crate) fn add_values(&self, x: &[f64], sums: &mut [f64; LANES]) {
        for (&root, &depth) in self.roots.iter().zip(&self.depths) {
            for first in (0..LANES).step_by(TOGETHER) {
                let values = self.walk([root; TOGETHER], depth, x, LANES, |k| first + k);
                for (sum, value) in sums[first..].iter_mut().zip(values) {
                    *sum += value;
                }
            }
        }
    }

    /// Sum of the leaf values of one row, tree by tree. No missing values.
    #[inline(always)]
    pub(crate) fn sum_one(&self, x: &[f64]) -> f64 {
        let mut sum = 0.0;
        let trees = self.roots.chunks(TOGETHER).zip(self.depths.chunks(TOGETHER));
        for (roots, depths) in trees {
            let mut at = [roots[0]; TOGETHER];
            at[..roots.len()].copy_from_slice(roots);
            let deepest = depths.iter().copied().max().unwrap_or(0);
            for value in &self.walk(at, deepest, x, 1, |_| 0)[..roots.len()] {
                sum += value;
            }
        }
        sum
    }
}
