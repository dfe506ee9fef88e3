//! Saving and loading. What is read is checked until it is a forest that training could have made.
//!
//! The saved form ([`SavedForest`]) lists each tree's nodes from the root down, left before right,
//! without any index: a file cannot describe a cycle, a node twice, or one out of reach, and a
//! deep tree needs no recursion to be read.

use super::calibrate::Calibration;
use super::learn::Learned;
use super::model::IsolationForest;
use super::options::Scoring;
use super::params::{IsolationForestParams, LARGEST_CATEGORY};
use super::program::Programs;
use super::tree::{CategorySet, Node, Rule, Term, Tree};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

const ENVELOPE: Envelope = Envelope { magic: b"forewarn", newest: 1 };

/// Beyond any path length or log density.
const LARGEST_LEAF: f64 = 1e12;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedForest {
    format: u32,
    params: IsolationForestParams,
    columns: u32,
    sample_size: u64,
    average_path: f64,
    threshold: f64,
    calibration: Option<Calibration>,
    learned: Learned,
    trees: Vec<Vec<SavedNode>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum SavedNode {
    Leaf(f64),
    Axis { column: u32, threshold: f64, left_share: f64, margin: Option<f64> },
    Plane { terms: Vec<Term>, threshold: f64, left_share: f64, margin: Option<f64> },
    Category { column: u32, set: CategorySet, left_share: f64 },
}

impl IsolationForest {
    /// The compact binary form: about 2 KB a tree of the standard forest. Numbers are stored with
    /// all their bits; the last eight bytes are a checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&SavedForest::from(self))
    }

    /// Reads the compact binary form of this or an older version of the crate. The forest equals
    /// the saved one, and scores with the same bits.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible
    /// forest; [`Error::OutOfRange`] or [`Error::Empty`] for settings that training would refuse;
    /// [`Error::NewerFormat`].
    ///
    /// ```
    /// use forewarn::ndarray::Array2;
    /// use forewarn::prelude::*;
    ///
    /// let rows = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
    /// let forest = IsolationForestParams::default().train(Batch::new(rows.view()))?;
    /// let copy = IsolationForest::from_bytes(&forest.to_bytes()?)?;
    /// assert_eq!(copy.score(rows.view())?, forest.score(rows.view())?);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::try_from(ENVELOPE.open::<SavedForest>(bytes)?)
    }
}

impl Serialize for IsolationForest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SavedForest::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for IsolationForest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(SavedForest::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl From<&IsolationForest> for SavedForest {
    fn from(forest: &IsolationForest) -> Self {
        Self {
            format: ENVELOPE.newest,
            params: forest.params.clone(),
            columns: forest.columns as u32,
            sample_size: forest.sample_size as u64,
            average_path: forest.average_path,
            threshold: forest.threshold,
            calibration: forest.calibration.clone(),
            learned: forest.learned.clone(),
            trees: forest.trees.iter().map(save_tree).collect(),
        }
    }
}

impl TryFrom<SavedForest> for IsolationForest {
    type Error = Error;

    fn try_from(saved: SavedForest) -> Result<Self> {
        ENVELOPE.check_format(saved.format)?;
        saved.params.check()?;
        let columns = saved.columns as usize;
        if columns == 0 || saved.trees.is_empty() || saved.trees.len() != saved.params.n_trees {
            let trees = saved.trees.len();
            return Err(invalid(format_args!("{columns} columns and {trees} trees")));
        }
        let possible = (0.0..=LARGEST_LEAF).contains(&saved.average_path)
            && (0.0..=1.0).contains(&saved.threshold);
        if saved.sample_size == 0 || !possible {
            return Err(invalid("a sample size, average path length or threshold out of range"));
        }
        if let Some(calibration) = &saved.calibration {
            calibration.check()?;
        }
        let categorical = saved.params.categorical_flags(columns)?;
        let trained = saved.learned.before.is_none();
        let trees = saved
            .trees
            .into_iter()
            .map(|nodes| load_tree(nodes, &categorical, saved.params.scoring, trained))
            .collect::<Result<Vec<Tree>>>()?;
        // `c(psi)` is at least 1 for a tree that splits, and the mean over all trees accordingly;
        // scores divide by it.
        let least = if trees.iter().any(|tree| tree.nodes.len() > 1) { 0.5 } else { 0.0 };
        if saved.average_path * (trees.len() as f64) < least {
            let path = saved.average_path;
            return Err(invalid(format_args!("an average path length of {path} with splits")));
        }
        let possible = |depth| possible_leaves(saved.params.scoring, depth);
        saved.learned.check(&categorical, &trees, possible)?;
        Ok(Self {
            params: saved.params,
            columns,
            categorical,
            trees,
            sample_size: saved.sample_size as usize,
            average_path: saved.average_path,
            threshold: saved.threshold,
            calibration: saved.calibration,
            learned: saved.learned,
            programs: Programs::default(),
        })
    }
}

fn save_tree(tree: &Tree) -> Vec<SavedNode> {
    let mut saved = Vec::with_capacity(tree.nodes.len());
    let mut pending = vec![0];
    while let Some(index) = pending.pop() {
        let node = &tree.nodes[index];
        let left_share = node.left_share;
        // Not as infinity, which JSON does not know.
        let margin = node.margin.is_finite().then_some(node.margin);
        saved.push(match node.rule {
            Rule::Leaf => SavedNode::Leaf(node.value),
            Rule::Axis { column, threshold } => {
                SavedNode::Axis { column, threshold, left_share, margin }
            }
            Rule::Plane { first_term, terms, threshold } => {
                let terms = tree.plane(first_term, terms).to_vec();
                SavedNode::Plane { terms, threshold, left_share, margin }
            }
            Rule::Category { column, set } => {
                SavedNode::Category { column, set: tree.sets[set as usize].clone(), left_share }
            }
        });
        if node.child != 0 {
            let left = node.child as usize;
            pending.extend([left + 1, left]);
        }
    }
    saved
}

/// What training can make of a leaf at some depth. Sums of such values over any number of trees stay
/// finite, and no range penalty makes a path negative.
fn possible_leaves(scoring: Scoring, depth: u32) -> RangeInclusive<f64> {
    match scoring {
        Scoring::Depth => f64::from(depth)..=LARGEST_LEAF,
        Scoring::Density => -LARGEST_LEAF..=LARGEST_LEAF,
    }
}

/// Rebuilds a tree as growing numbers it, checking every node.
///
/// `trained`: whether leaves hold what training gave them, not what verdicts made of it.
fn load_tree(
    saved: Vec<SavedNode>,
    categorical: &[bool],
    scoring: Scoring,
    trained: bool,
) -> Result<Tree> {
    let mut tree = Tree { nodes: vec![Node::LEAF], terms: Vec::new(), sets: Vec::new() };
    let mut pending = vec![(0, 0_u32)];
    for node in saved {
        let (index, depth) =
            pending.pop().ok_or_else(|| invalid("nodes beyond a tree's last leaf"))?;
        let (rule, left_share, margin) = match node {
            SavedNode::Leaf(value) => {
                let anything = -LARGEST_LEAF..=LARGEST_LEAF;
                let possible = if trained { possible_leaves(scoring, depth) } else { anything };
                if !possible.contains(&value) {
                    return Err(invalid(format_args!("a leaf value of {value}")));
                }
                tree.nodes[index].value = value;
                continue;
            }
            SavedNode::Axis { column, threshold, left_share, margin } => {
                check_column(column, categorical, false)?;
                finite("threshold", threshold)?;
                (Rule::Axis { column, threshold }, left_share, margin)
            }
            SavedNode::Plane { terms, threshold, left_share, margin } => {
                if terms.is_empty() {
                    return Err(invalid("a plane without columns"));
                }
                for term in &terms {
                    check_column(term.column, categorical, false)?;
                    finite("coefficient", term.coefficient)?;
                    finite("center", term.center)?;
                }
                finite("threshold", threshold)?;
                let (first_term, count) = (tree.terms.len() as u32, terms.len() as u32);
                tree.terms.extend(terms);
                (Rule::Plane { first_term, terms: count, threshold }, left_share, margin)
            }
            SavedNode::Category { column, set, left_share } => {
                check_column(column, categorical, true)?;
                let ascending = set.codes.is_sorted_by(|a, b| a < b);
                if !ascending || set.codes.last().is_some_and(|&code| code > LARGEST_CATEGORY) {
                    return Err(invalid("a category set that is not ascending codes"));
                }
                tree.sets.push(set);
                (Rule::Category { column, set: tree.sets.len() as u32 - 1 }, left_share, None)
            }
        };
        if !(0.0..=1.0).contains(&left_share) {
            return Err(invalid(format_args!("a left share of {left_share}")));
        }
        let margin = margin.unwrap_or(f64::INFINITY);
        if margin.is_nan() || margin < 0.0 {
            return Err(invalid(format_args!("a margin of {margin}")));
        }
        let child = tree.nodes.len();
        tree.nodes[index] = Node { rule, child: child as u32, left_share, value: 0.0, margin };
        tree.nodes.extend([Node::LEAF, Node::LEAF]);
        pending.extend([(child + 1, depth + 1), (child, depth + 1)]);
    }
    if !pending.is_empty() {
        return Err(invalid(format_args!("a tree lacks {} nodes", pending.len())));
    }
    tree.update_expectations();
    Ok(tree)
}

fn finite(what: &str, value: f64) -> Result<()> {
    if value.is_finite() { Ok(()) } else { Err(invalid(format_args!("a {what} is {value}"))) }
}

fn check_column(column: u32, categorical: &[bool], expected: bool) -> Result<()> {
    match categorical.get(column as usize) {
        Some(&found) if found == expected => Ok(()),
        Some(_) => Err(invalid(format_args!("a split of the wrong kind on column {column}"))),
        None => Err(invalid(format_args!("column {column} of {}", categorical.len()))),
    }
}
