//! Scoring by walking: compact nodes, and several walks at once so that none waits for memory.
//!
//! Serves what [`dense`](super::dense) does not: hyperplanes, deep trees, range penalties,
//! categories, single rows. A walk is compiled for just what is needed: `K` columns a node at most;
//! `PENALTY` for rows out of range; `FULL` for categories and missing values too.

use super::dense::LANES;
use super::tree::{CategorySet, Rule, Tree};

/// Walks in flight at once: each step of one depends on its step before, but not on the others'.
const TOGETHER: usize = 8;

/// Category codes below this fit a word of bits.
pub(crate) const CODES: u32 = 64;

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

/// What only full walks look at.
#[derive(Debug, Clone, Copy)]
struct Extra<const K: usize> {
    /// Stand-ins for missing values; NaN where there are none.
    centers: [f64; K],
    /// In a category node, the codes that go left, as bits.
    codes: u64,
    category: bool,
    /// Where a row goes when none of the node's columns is known.
    missing_left: bool,
}

/// All trees of a forest, one after another.
#[derive(Debug)]
pub(crate) struct Walk<const K: usize, const PENALTY: bool, const FULL: bool> {
    nodes: Vec<Node<K>>,
    /// One a node in full walks, else none.
    extras: Vec<Extra<K>>,
    values: Vec<f64>,
    roots: Vec<u32>,
    /// Longest path of every tree.
    depths: Vec<u32>,
}

impl<const K: usize, const PENALTY: bool, const FULL: bool> Walk<K, PENALTY, FULL> {
    /// `trees` must hold no plane of more than `K` columns; categories only in full walks, and none
    /// of [`CODES`] − 1 or more.
    pub(crate) fn compile(trees: &[Tree]) -> Self {
        let total = trees.iter().map(|tree| tree.nodes.len()).sum();
        let mut walk = Self {
            nodes: Vec::with_capacity(total),
            extras: Vec::with_capacity(if FULL { total } else { 0 }),
            values: Vec::with_capacity(total),
            roots: Vec::with_capacity(trees.len()),
            depths: Vec::with_capacity(trees.len()),
        };
        for tree in trees {
            walk.add(tree);
        }
        walk
    }

    fn add(&mut self, tree: &Tree) {
        let root = self.nodes.len() as u32;
        for (index, node) in tree.nodes.iter().enumerate() {
            let (mut coefficients, mut columns) = ([0.0; K], [0; K]);
            let mut centers = [f64::NAN; K];
            let (mut codes, mut category) = (0, false);
            let mut threshold = f64::INFINITY;
            match node.rule {
                Rule::Leaf => {}
                Rule::Axis { column, threshold: at } => {
                    (coefficients[0], columns, threshold) = (1.0, [column; K], at);
                }
                Rule::Plane { first_term, terms, threshold: at } => {
                    let terms = tree.plane(first_term, terms);
                    (columns, centers) = ([terms[0].column; K], [terms[0].center; K]);
                    for (k, term) in terms.iter().enumerate() {
                        (coefficients[k], columns[k]) = (term.coefficient, term.column);
                        centers[k] = term.center;
                    }
                    threshold = at;
                }
                Rule::Category { column, set } => {
                    (columns, category) = ([column; K], true);
                    codes = left_codes(&tree.sets[set as usize]);
                }
            }
            let inner = node.child != 0;
            let child = root + if inner { node.child } else { index as u32 };
            let (margin, step) = (node.margin, u32::from(inner));
            self.nodes.push(Node { threshold, margin, coefficients, columns, child, step });
            self.values.push(node.value);
            if FULL {
                let missing_left = node.majority_left();
                self.extras.push(Extra { centers, codes, category, missing_left });
            }
        }
        self.roots.push(root);
        self.depths.push(tree.depths().into_iter().max().unwrap_or(0));
    }

    /// One step down for the row whose column `c` is `x[c * stride + lane]`: where it leads, and 1
    /// for a row out of range.
    #[inline(always)]
    fn step(&self, at: u32, x: &[f64], stride: usize, lane: usize) -> (u32, u32) {
        let node = &self.nodes[at as usize];
        let given: [f64; K] = std::array::from_fn(|k| x[node.columns[k] as usize * stride + lane]);
        let mut values = given;
        if FULL {
            let centers = &self.extras[at as usize].centers;
            for (value, &center) in values.iter_mut().zip(centers) {
                *value = if value.is_nan() { center } else { *value };
            }
        }
        // One column has the coefficient 1; more are added in the order of the terms.
        let mut sum = if K == 1 { values[0] } else { 0.0 };
        if K > 1 {
            for (coefficient, value) in node.coefficients.iter().zip(values) {
                sum += coefficient * value;
            }
        }
        // An overflowed projection (NaN) goes right, as in training.
        let mut left = sum <= node.threshold;
        let mut penalty = PENALTY && (sum - node.threshold).abs() > node.margin;
        if FULL {
            let extra = &self.extras[at as usize];
            // A code is a whole number; from 63 on it was never seen, and goes where bit 63 does.
            let code = (values[0] as u64).min(u64::from(CODES) - 1);
            let listed = extra.codes >> code & 1 == 1;
            left = if extra.category { listed } else { left };
            let unknown = given.iter().all(|value| value.is_nan());
            left = if unknown { extra.missing_left } else { left };
            penalty &= !unknown;
        }
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

    /// Adds every tree's leaf value to `sums`, tree by tree. Missing values only in full walks.
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

    /// Sum of the leaf values of one row, tree by tree. Missing values only in full walks.
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

/// The codes 0 to 63 that go left. Codes never seen share a side, and 63 is one of them.
fn left_codes(set: &CategorySet) -> u64 {
    (0..CODES).filter(|&code| set.goes_left(f64::from(code))).fold(0, |bits, code| bits | 1 << code)
}
