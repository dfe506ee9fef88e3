//! The saved form: what cannot be worked out again, checked when it is read.

use super::columns::Column;
use super::model::StreamingForest;
use super::nodes::{Cut, NONE, Nodes};
use super::params::StreamingForestParams;
use super::sample::{Held, Sample};
use super::tree::Tree;
use crate::envelope::Envelope;
use crate::error::{Result, invalid};
use serde::{Deserialize, Serialize};

const FILE: Envelope = Envelope { magic: b"fwstream", newest: 1 };

/// A forest without what follows from the rest: boxes, masses of cuts, parents, units.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedForest {
    params: StreamingForestParams,
    n_features: usize,
    count: u64,
    recent: Vec<f64>,
    columns: Vec<Column>,
    trees: Vec<SavedTree>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTree {
    /// Every cut before all that is under it, left before right.
    nodes: Vec<SavedNode>,
    /// `(key, which leaf)` in the order of the heap; leaves are counted as they come in `nodes`.
    sample: Vec<(f64, u32)>,
}

#[derive(Serialize, Deserialize)]
enum SavedNode {
    Cut { column: u32, value: f64 },
    Leaf { row: Vec<f64> },
}

impl StreamingForest {
    /// The forest in the compact binary form: it goes on with the same bits when it is read again.
    ///
    /// # Errors
    /// None that can be caused: the type of [`from_bytes`](Self::from_bytes).
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        FILE.seal(&SavedForest {
            params: self.params.clone(),
            n_features: self.n_features,
            count: self.count,
            recent: self.recent.clone(),
            columns: self.columns.clone(),
            trees: self.trees.iter().map(Tree::saved).collect(),
        })
    }

    /// Reads the compact binary form.
    ///
    /// # Errors
    /// [`Error::InvalidModel`](crate::Error::InvalidModel) for bytes that are no such forest,
    /// truncated or altered, [`Error::NewerFormat`](crate::Error::NewerFormat) for a later format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let saved: SavedForest = FILE.open(bytes)?;
        saved.params.check(saved.n_features).map_err(invalid)?;
        let width = saved.n_features * saved.params.shingle;
        if saved.recent.len() != width
            || saved.recent.iter().any(|value| value.is_infinite())
            || saved.columns.len() != saved.n_features
            || !saved.columns.iter().all(Column::is_valid)
            || saved.trees.len() != saved.params.n_trees
        {
            return Err(invalid("its tables do not fit its settings"));
        }
        let trees = saved
            .trees
            .into_iter()
            .enumerate()
            .map(|(index, tree)| {
                tree.restore(saved.params.sample_size, width)
                    .map_err(|reason| invalid(format_args!("tree {index}: {reason}")))
            })
            .collect::<Result<_>>()?;
        let mut forest = Self::with_trees(saved.params, saved.n_features, trees);
        forest.count = saved.count;
        forest.recent = saved.recent;
        forest.columns = saved.columns;
        forest.set_units();
        Ok(forest)
    }
}

impl Tree {
    fn saved(&self) -> SavedTree {
        let nodes = &self.nodes;
        let mut order = vec![0; nodes.leaves.len()];
        let mut leaves = 0;
        let mut list = Vec::new();
        let mut waiting = vec![nodes.root];
        waiting.retain(|&root| root != NONE);
        while let Some(node) = waiting.pop() {
            list.push(if let Some(leaf) = nodes.leaf(node) {
                order[leaf] = leaves;
                leaves += 1;
                SavedNode::Leaf { row: nodes.bounds(node).0.to_vec() }
            } else {
                let Cut { column, value, left, right, .. } = nodes.cuts[node as usize];
                waiting.extend([right, left]);
                SavedNode::Cut { column, value }
            });
        }
        let sample = self.sample.rows().iter().map(|row| (row.key, order[row.leaf as usize]));
        SavedTree { nodes: list, sample: sample.collect() }
    }
}

impl SavedTree {
    fn restore(self, capacity: usize, width: usize) -> Result<Tree, &'static str> {
        let leaves =
            self.nodes.iter().filter(|node| matches!(node, SavedNode::Leaf { .. })).count();
        if leaves > capacity || self.nodes.len() != (2 * leaves).saturating_sub(1) {
            return Err("it has too many nodes, or too few");
        }
        let rows: Vec<Held> = self.sample.iter().map(|&(key, leaf)| Held { key, leaf }).collect();
        if rows.iter().any(|held| held.leaf as usize >= leaves) {
            return Err("a row of its sample is in no leaf");
        }
        let sample = Sample::of(rows, capacity).ok_or("its sample is out of order")?;
        let mut nodes = Nodes::new(capacity, width);
        place(&mut nodes, self.nodes)?;
        for held in sample.rows() {
            nodes.leaves[held.leaf as usize].mass += 1;
        }
        if nodes.leaves.iter().any(|leaf| leaf.mass == 0) {
            return Err("a leaf stands for no row of its sample");
        }
        settle(&mut nodes)?;
        Ok(Tree { nodes, sample })
    }
}

/// Puts the nodes in their places. There are `n` leaves and `n − 1` cuts.
fn place(nodes: &mut Nodes, list: Vec<SavedNode>) -> Result<(), &'static str> {
    let width = nodes.width;
    // Parents whose left, or only right, child is still to come.
    let mut open: Vec<u32> = Vec::new();
    for (index, node) in list.into_iter().enumerate() {
        let parent = if index == 0 { NONE } else { *open.last().ok_or("it ends early")? };
        let name = match node {
            SavedNode::Cut { column, value } => {
                if column as usize >= width || !value.is_finite() {
                    return Err("a cut is of no column, or at no number");
                }
                let cut = nodes.take_cut();
                nodes.cuts[cut as usize] =
                    Cut { value, column, left: NONE, right: NONE, parent, mass: 0 };
                cut
            }
            SavedNode::Leaf { row } => {
                if row.len() != width || row.iter().any(|value| value.is_infinite()) {
                    return Err("a row is too short, too long, or infinite");
                }
                let leaf = nodes.take_leaf(&row);
                nodes.leaves[leaf as usize].parent = parent;
                nodes.leaf_node(leaf)
            }
        };
        if parent == NONE {
            nodes.root = name;
        } else {
            let cut = &mut nodes.cuts[parent as usize];
            if cut.left == NONE {
                cut.left = name;
            } else {
                cut.right = name;
                open.pop();
            }
        }
        if nodes.leaf(name).is_none() {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err("a cut has no child") }
}

/// Works out boxes and masses from the leaves upwards, and whether rows are on their sides of cuts.
fn settle(nodes: &mut Nodes) -> Result<(), &'static str> {
    // Cuts were taken in the order of the list, parents first: children have higher numbers.
    for cut in (0..nodes.cuts.len() as u32).rev() {
        let Cut { column, value, left, right, .. } = nodes.cuts[cut as usize];
        nodes.cuts[cut as usize].mass = nodes.mass(left) + nodes.mass(right);
        nodes.tighten(cut);
        let column = column as usize;
        // NaN, where no row knows the column, is on either side.
        if nodes.bounds(left).1[column] > value || nodes.bounds(right).0[column] <= value {
            return Err("a row is on the wrong side of a cut");
        }
    }
    Ok(())
}
