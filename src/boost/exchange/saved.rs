//! Our own form of an ensemble. What is read is checked until every walk is safe.

use crate::boost::predict::Compiled;
use crate::boost::tree::{CategorySet, Child, Leaf, Next, Split, Test, Tree};
use crate::boost::{Ensemble, Link};
use crate::envelope::Envelope;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

const ENVELOPE: Envelope = Envelope { magic: b"fw-trees", newest: 1 };

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedEnsemble {
    format: u32,
    columns: u32,
    names: Vec<String>,
    start: Vec<f64>,
    link: Link,
    trees: Vec<SavedTree>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTree {
    output: u32,
    splits: Vec<SavedSplit>,
    leaves: Vec<SavedLeaf>,
    sets: Vec<CategorySet>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedSplit {
    column: u32,
    test: SavedTest,
    missing_left: bool,
    /// A split, or the complement (`!`) of a leaf.
    left: i32,
    right: i32,
    gain: f64,
    value: f64,
    cover: f64,
    hessian: f64,
}

/// [`Test`], with names for the infinite thresholds, which JSON does not know.
#[derive(Debug, Serialize, Deserialize)]
enum SavedTest {
    AtMost(f64),
    AtMostZeroMissing(f64),
    /// Left unless missing.
    Present,
    /// Right unless missing.
    Absent,
    Within(u32),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedLeaf {
    value: f64,
    cover: f64,
    hessian: f64,
}

impl Ensemble {
    /// The compact binary form: some 70 bytes a leaf. Numbers are stored with all their bits; the
    /// last eight bytes are a checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&SavedEnsemble::from(self))
    }

    /// Reads the compact binary form of this or an older version of the crate. The ensemble equals
    /// the saved one, and predicts with the same bits.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible
    /// ensemble; [`Error::NewerFormat`].
    ///
    /// ```
    /// # let text = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\n\
    /// #             feature_names=a\n\nTree=0\nnum_leaves=1\nleaf_value=2.5\nend of trees\n";
    /// use forewarn::boost::Ensemble;
    ///
    /// let model = Ensemble::from_lightgbm(text)?;
    /// assert_eq!(Ensemble::from_bytes(&model.to_bytes()?)?, model);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::try_from(ENVELOPE.open::<SavedEnsemble>(bytes)?)
    }
}

impl Serialize for Ensemble {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SavedEnsemble::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ensemble {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(SavedEnsemble::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl From<&Ensemble> for SavedEnsemble {
    fn from(ensemble: &Ensemble) -> Self {
        Self {
            format: ENVELOPE.newest,
            columns: ensemble.columns as u32,
            names: ensemble.names.clone(),
            start: ensemble.start.clone(),
            link: ensemble.link,
            trees: ensemble.trees.iter().map(SavedTree::from).collect(),
        }
    }
}

impl TryFrom<SavedEnsemble> for Ensemble {
    type Error = Error;

    fn try_from(saved: SavedEnsemble) -> Result<Self> {
        ENVELOPE.check_format(saved.format)?;
        let ensemble = Self {
            columns: saved.columns as usize,
            start: saved.start,
            link: saved.link,
            trees: saved.trees.into_iter().map(Tree::from).collect(),
            names: saved.names,
            compiled: Compiled::default(),
        };
        ensemble.check()?;
        Ok(ensemble)
    }
}

impl From<&Tree> for SavedTree {
    fn from(tree: &Tree) -> Self {
        let number = |child: Child| match child.next() {
            Next::Split(index) => index as i32,
            Next::Leaf(index) => !(index as i32),
        };
        let save_split = |split: &Split| SavedSplit {
            column: split.column,
            test: match split.test {
                Test::AtMost(f64::INFINITY) => SavedTest::Present,
                Test::AtMost(f64::NEG_INFINITY) => SavedTest::Absent,
                Test::AtMost(threshold) => SavedTest::AtMost(threshold),
                Test::AtMostZeroMissing(threshold) => SavedTest::AtMostZeroMissing(threshold),
                Test::Within { set } => SavedTest::Within(set),
            },
            missing_left: split.missing_left,
            left: number(split.left),
            right: number(split.right),
            gain: split.gain,
            value: split.value,
            cover: split.cover,
            hessian: split.hessian,
        };
        let save_leaf =
            |&Leaf { value, cover, hessian }: &Leaf| SavedLeaf { value, cover, hessian };
        Self {
            output: tree.output,
            splits: tree.splits.iter().map(save_split).collect(),
            leaves: tree.leaves.iter().map(save_leaf).collect(),
            sets: tree.sets.clone(),
        }
    }
}

impl From<SavedTree> for Tree {
    /// Not checked yet.
    fn from(saved: SavedTree) -> Self {
        let child = |number: i32| match number {
            0.. => Child::split(number as usize),
            _ => Child::leaf(!number as usize),
        };
        let load_split = |split: SavedSplit| Split {
            column: split.column,
            test: match split.test {
                SavedTest::AtMost(threshold) => Test::AtMost(threshold),
                SavedTest::AtMostZeroMissing(threshold) => Test::AtMostZeroMissing(threshold),
                SavedTest::Present => Test::AtMost(f64::INFINITY),
                SavedTest::Absent => Test::AtMost(f64::NEG_INFINITY),
                SavedTest::Within(set) => Test::Within { set },
            },
            missing_left: split.missing_left,
            left: child(split.left),
            right: child(split.right),
            gain: split.gain,
            value: split.value,
            cover: split.cover,
            hessian: split.hessian,
        };
        let load_leaf = |SavedLeaf { value, cover, hessian }| Leaf { value, cover, hessian };
        Self {
            output: saved.output,
            splits: saved.splits.into_iter().map(load_split).collect(),
            leaves: saved.leaves.into_iter().map(load_leaf).collect(),
            sets: saved.sets,
        }
    }
}
