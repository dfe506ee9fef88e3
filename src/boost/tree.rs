//! One regression tree: splits and leaves in two lists, in an order that a walk can trust.

use crate::error::{Error, Result};

/// A set of category codes, as one bit a code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct CategorySet {
    /// Bit `c % 64` of word `c / 64` is code `c`.
    pub(crate) words: Vec<u64>,
}

impl CategorySet {
    pub(crate) fn from_codes(codes: impl IntoIterator<Item = u32>) -> Self {
        let mut set = Self::default();
        codes.into_iter().for_each(|code| set.insert(code));
        set
    }

    pub(crate) fn insert(&mut self, code: u32) {
        let word = code as usize / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (code % 64);
    }

    pub(crate) fn contains(&self, code: u32) -> bool {
        self.words.get(code as usize / 64).is_some_and(|word| word >> (code % 64) & 1 == 1)
    }

    /// Where a value goes: its whole part is the code, truncated toward zero as in LightGBM (−0.5 is
    /// category 0); missing and negative values follow `missing_left`.
    #[inline]
    pub(crate) fn goes_left(&self, value: f64, missing_left: bool) -> bool {
        let code = value.trunc();
        if code >= 0.0 {
            code <= f64::from(u32::MAX) && self.contains(code as u32)
        } else {
            missing_left
        }
    }

    /// The codes, ascending.
    pub(crate) fn codes(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index as u32 * 64 + bit)
        })
    }
}

/// Numbers no further from 0 are zero to [`Test::AtMostZeroMissing`]: LightGBM's `kZeroThreshold`, a
/// number of 32 bits.
pub(crate) const NEARLY_ZERO: f64 = 1e-35_f32 as f64;

/// What a split asks of its column's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Test {
    /// Left if the value is at most this; missing values follow [`Split::missing_left`].
    AtMost(f64),
    /// As [`AtMost`](Self::AtMost), where numbers that are nearly zero (at most [`NEARLY_ZERO`] away)
    /// count as missing too: LightGBM's `zero_as_missing`. Only models that were read have it.
    AtMostZeroMissing(f64),
    /// Left if the whole part of the value is a code in `sets[set]`. Codes outside of it, ones never
    /// seen among them, go right; missing and negative values follow [`Split::missing_left`].
    Within {
        /// Index into [`Tree::sets`].
        set: u32,
    },
}

/// Where a split leads: to another split of the tree or to a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Child(i32);

/// [`Child`], told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Index into [`Tree::splits`].
    Split(usize),
    /// Index into [`Tree::leaves`].
    Leaf(usize),
}

impl Child {
    pub(crate) fn split(index: usize) -> Self {
        Self(index as i32)
    }

    pub(crate) fn leaf(index: usize) -> Self {
        Self(!(index as i32))
    }

    pub(crate) fn next(self) -> Next {
        if self.0 >= 0 { Next::Split(self.0 as usize) } else { Next::Leaf(!self.0 as usize) }
    }
}

/// A decision and what training saw there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    pub(crate) column: u32,
    pub(crate) test: Test,
    /// Where a missing value goes.
    pub(crate) missing_left: bool,
    pub(crate) left: Child,
    pub(crate) right: Child,
    /// By how much the split lowered the training loss (second-order estimate).
    pub(crate) gain: f64,
    /// What the node would answer as a leaf, after the learning rate.
    pub(crate) value: f64,
    /// Training rows that came through, by weight: what path-dependent explanations average with.
    pub(crate) cover: f64,
    /// Sum of the second derivatives of those rows.
    pub(crate) hessian: f64,
}

/// An answer and what training saw there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Leaf {
    /// Added to the raw score: the learning rate is in it.
    pub(crate) value: f64,
    /// As [`Split::cover`].
    pub(crate) cover: f64,
    /// As [`Split::hessian`].
    pub(crate) hessian: f64,
}

/// One tree.
///
/// Invariants, which [`Tree::check`] establishes for trees from outside: there is one leaf more than
/// there are splits; split 0 is the root; a split's children that are splits have larger indices than
/// it; every other split and every leaf is the child of exactly one split. So a walk ends, and a list
/// worked backwards has children before parents.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    /// Which of the ensemble's outputs the tree adds to.
    pub(crate) output: u32,
    pub(crate) splits: Vec<Split>,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) sets: Vec<CategorySet>,
}

impl Tree {
    /// A tree that says the same of every row.
    pub(crate) fn constant(output: u32, leaf: Leaf) -> Self {
        Self { output, splits: Vec::new(), leaves: vec![leaf], sets: Vec::new() }
    }

    pub(crate) fn root(&self) -> Child {
        if self.splits.is_empty() { Child::leaf(0) } else { Child::split(0) }
    }

    /// Where a value goes.
    #[inline]
    pub(crate) fn goes_left(&self, split: &Split, value: f64) -> bool {
        match split.test {
            Test::AtMost(threshold) => {
                if value.is_nan() {
                    split.missing_left
                } else {
                    value <= threshold
                }
            }
            Test::AtMostZeroMissing(threshold) => {
                let missing = value.is_nan() || value.abs() <= NEARLY_ZERO;
                if missing { split.missing_left } else { value <= threshold }
            }
            Test::Within { set } => self.sets[set as usize].goes_left(value, split.missing_left),
        }
    }

    /// The leaf that a row falls into. `value` gives the row's value in a column.
    #[inline]
    pub(crate) fn leaf_of(&self, value: impl Fn(usize) -> f64) -> usize {
        let mut next = self.root().next();
        loop {
            match next {
                Next::Leaf(leaf) => return leaf,
                Next::Split(index) => {
                    let split = &self.splits[index];
                    let left = self.goes_left(split, value(split.column as usize));
                    next = if left { split.left } else { split.right }.next();
                }
            }
        }
    }

    /// The length of the longest path, in splits.
    pub(crate) fn depth(&self) -> usize {
        let mut depths = vec![0_usize; self.splits.len()];
        let mut deepest = 0;
        for (index, split) in self.splits.iter().enumerate() {
            for child in [split.left, split.right] {
                match child.next() {
                    Next::Split(below) => depths[below] = depths[index] + 1,
                    Next::Leaf(_) => deepest = deepest.max(depths[index] + 1),
                }
            }
        }
        deepest
    }

    /// Whether a tree from outside is one: the invariants above, columns within the table, finite
    /// numbers.
    pub(crate) fn check(&self, columns: usize, outputs: usize) -> Result<()> {
        let invalid = |reason: String| Err(Error::InvalidModel { reason });
        if self.output as usize >= outputs {
            return invalid(format!("a tree for output {} of {outputs}", self.output));
        }
        if self.leaves.len() != self.splits.len() + 1 || self.leaves.len() > i32::MAX as usize {
            let (leaves, splits) = (self.leaves.len(), self.splits.len());
            return invalid(format!("a tree of {splits} splits with {leaves} leaves"));
        }
        let mut split_seen = vec![false; self.splits.len()];
        let mut leaf_seen = vec![false; self.leaves.len()];
        for (index, split) in self.splits.iter().enumerate() {
            if split.column as usize >= columns {
                return invalid(format!("a split on column {} of {columns}", split.column));
            }
            match split.test {
                Test::AtMost(value) | Test::AtMostZeroMissing(value) if value.is_nan() => {
                    return invalid("a threshold that is NaN".into());
                }
                Test::AtMostZeroMissing(value) if value.is_infinite() => {
                    return invalid("an infinite threshold where zeros are missing".into());
                }
                Test::Within { set } if set as usize >= self.sets.len() => {
                    return invalid(format!("category set {set} of {}", self.sets.len()));
                }
                _ => {}
            }
            let numbers = [split.gain, split.value, split.cover, split.hessian];
            if numbers.iter().any(|number| !number.is_finite()) {
                return invalid(format!("split {index} holds a number that is not finite"));
            }
            for child in [split.left, split.right] {
                let (seen, at) = match child.next() {
                    Next::Split(below) if below <= index => {
                        return invalid(format!("split {index} leads back to split {below}"));
                    }
                    Next::Split(below) => (&mut split_seen, below),
                    Next::Leaf(leaf) => (&mut leaf_seen, leaf),
                };
                match seen.get_mut(at) {
                    Some(seen) if !*seen => *seen = true,
                    Some(_) => return invalid(format!("two ways lead to one node, {at}")),
                    None => return invalid(format!("split {index} leads to node {at}: not there")),
                }
            }
        }
        // Each of the 2n children is a new node, so with n splits and n + 1 leaves none is unreached.
        for leaf in &self.leaves {
            if [leaf.value, leaf.cover, leaf.hessian].iter().any(|number| !number.is_finite()) {
                return invalid("a leaf holds a number that is not finite".into());
            }
        }
        Ok(())
    }
}
