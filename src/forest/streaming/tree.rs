//! One tree: taking in a row, letting go of one.

use super::columns;
use super::nodes::{Cut, Leaf, NONE, Nodes};
use super::sample::{Held, Sample};
use crate::rng::Stream;

/// A random cut tree over a sample of the rows.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) nodes: Nodes,
    pub(super) sample: Sample,
}

/// Where a row goes: beside a node that a cut separates it from, or into a leaf.
enum Place {
    Beside { node: u32, column: usize, value: f64 },
    Into { leaf: u32 },
}

impl Tree {
    pub(super) fn new(sample_size: usize, width: usize) -> Self {
        Self { nodes: Nodes::new(sample_size, width), sample: Sample::new(sample_size) }
    }

    /// Learns from a row: it may join the sample, and another leave for it.
    pub(super) fn learn(&mut self, row: &[f64], units: &[f64], key: f64, stream: &mut Stream) {
        if !self.sample.wants(key) {
            return;
        }
        if self.sample.is_full() {
            let leaving = self.sample.pop();
            self.delete(leaving.leaf);
        }
        let leaf = self.insert(row, units, stream);
        self.sample.push(Held { key, leaf });
    }

    /// Puts a row into the tree. The tree must hold fewer rows than its capacity.
    fn insert(&mut self, row: &[f64], units: &[f64], stream: &mut Stream) -> u32 {
        let nodes = &mut self.nodes;
        if nodes.root == NONE {
            let leaf = new_leaf(nodes, row, NONE);
            nodes.root = nodes.leaf_node(leaf);
            return leaf;
        }
        let leaf = match find_place(nodes, row, units, stream) {
            Place::Into { leaf } => {
                nodes.leaves[leaf as usize].mass += 1;
                nodes.fill_gaps(leaf, row);
                leaf
            }
            Place::Beside { node, column, value } => {
                let cut = nodes.take_cut();
                let leaf = new_leaf(nodes, row, cut);
                let new = nodes.leaf_node(leaf);
                let parent = nodes.parent(node);
                nodes.replace(parent, node, cut);
                let (left, right) = if row[column] <= value { (new, node) } else { (node, new) };
                nodes.cuts[cut as usize] = Cut {
                    value,
                    column: column as u32,
                    left,
                    right,
                    parent,
                    mass: nodes.mass(node),
                };
                nodes.set_parent(node, cut);
                nodes.tighten(cut);
                leaf
            }
        };
        let mut above = nodes.leaves[leaf as usize].parent;
        while above != NONE {
            nodes.cuts[above as usize].mass += 1;
            nodes.widen(above, row);
            above = nodes.cuts[above as usize].parent;
        }
        leaf
    }

    /// Takes a row out of the tree: what is left is distributed as if it had never been there.
    fn delete(&mut self, leaf: u32) {
        let nodes = &mut self.nodes;
        nodes.leaves[leaf as usize].mass -= 1;
        let mut above = nodes.leaves[leaf as usize].parent;
        let mut loose = false;
        if nodes.leaves[leaf as usize].mass == 0 {
            nodes.free_leaves.push(leaf);
            if above == NONE {
                nodes.root = NONE;
                return;
            }
            let Cut { left, right, parent, .. } = nodes.cuts[above as usize];
            let sibling = if left == nodes.leaf_node(leaf) { right } else { left };
            nodes.free_cuts.push(above);
            nodes.replace(parent, above, sibling);
            above = parent;
            loose = true;
        }
        while above != NONE {
            nodes.cuts[above as usize].mass -= 1;
            loose = loose && nodes.tighten(above);
            above = nodes.cuts[above as usize].parent;
        }
    }
}

/// A new leaf that stands for one row.
fn new_leaf(nodes: &mut Nodes, row: &[f64], parent: u32) -> u32 {
    let leaf = nodes.take_leaf(row);
    nodes.leaves[leaf as usize] = Leaf { parent, mass: 1 };
    leaf
}

/// Walks down until a random cut of the box around the node's rows and the new row separates them.
///
/// Cutting the wider box and keeping the node's own cut where the new one falls into the node's box
/// gives both rows' trees the same distribution: a cut of the wider box that falls into the narrower
/// one is distributed as a cut of the narrower one (Guha et al. 2016, section 3).
fn find_place(nodes: &Nodes, row: &[f64], units: &[f64], stream: &mut Stream) -> Place {
    let mut node = nodes.root;
    loop {
        let (low, high) = nodes.bounds(node);
        let side = |column: usize| {
            let (inside, beyond) =
                columns::side(row[column], low[column], high[column], units[column]);
            inside + beyond
        };
        let (_, total) = columns::sides(row, low, high, units);
        let mut at = stream.unit() * total;
        let mut cut = None;
        for column in 0..row.len() {
            let side = side(column);
            if side > 0.0 {
                // The last side with a length takes what rounding leaves.
                cut = Some((column, (at / side).min(1.0)));
                if at < side {
                    break;
                }
                at -= side;
            }
        }
        if let Some((column, share)) = cut {
            let (low, high) = (low[column], high[column]);
            let (wide_low, wide_high) = (low.min(row[column]), high.max(row[column]));
            let value = between(wide_low, wide_high, share);
            if value < low || value >= high {
                return Place::Beside { node, column, value };
            }
        }
        match nodes.leaf(node) {
            Some(leaf) => return Place::Into { leaf: leaf as u32 },
            None => node = nodes.child(&nodes.cuts[node as usize], row),
        }
    }
}

/// At `share` of the way, at least `low` and below `high`, whatever rounding does.
fn between(low: f64, high: f64, share: f64) -> f64 {
    let value = low * (1.0 - share) + high * share;
    if value >= high || value < low { low } else { value }
}
