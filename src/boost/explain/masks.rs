//! Which of a leaf's conditions rows meet, as bits, and rows that meet the same ones as one group.

use crate::boost::tree::{Child, Next, Tree};
use ndarray::ArrayView2;

/// A leaf with the way to it. The conditions of splits on the same column are one condition.
#[derive(Debug)]
pub(crate) struct LeafPath {
    pub(crate) value: f64,
    /// The columns that the way asks for, each once.
    pub(crate) columns: Vec<u32>,
    /// The mask of a row that meets all conditions: one bit a column, in words of 64.
    pub(crate) full: Vec<u64>,
    /// Splits on the way, whether it goes left there, and the position of the column in `columns`.
    conditions: Vec<(u32, bool, u32)>,
}

impl LeafPath {
    /// The paths of all the leaves of a tree. O(leaves · depth²), of distinct columns.
    pub(crate) fn all(tree: &Tree) -> Vec<Self> {
        let mut split_parents = vec![None; tree.splits.len()];
        let mut leaf_parents = vec![None; tree.leaves.len()];
        for (index, split) in tree.splits.iter().enumerate() {
            let mut set = |child: Child, left: bool| match child.next() {
                Next::Split(below) => split_parents[below] = Some((index, left)),
                Next::Leaf(leaf) => leaf_parents[leaf] = Some((index, left)),
            };
            set(split.left, true);
            set(split.right, false);
        }
        let path = |(leaf, parent): (usize, &Option<(usize, bool)>)| {
            let value = tree.leaves[leaf].value;
            let (columns, full, conditions) = (Vec::new(), Vec::new(), Vec::new());
            let mut path = Self { value, columns, full, conditions };
            let mut next = *parent;
            while let Some((split, left)) = next {
                let column = tree.splits[split].column;
                let known = path.columns.iter().position(|&other| other == column);
                let position = known.unwrap_or_else(|| {
                    path.columns.push(column);
                    path.columns.len() - 1
                });
                path.conditions.push((split as u32, left, position as u32));
                next = split_parents[split];
            }
            path.full.resize(path.columns.len().div_ceil(64), u64::MAX);
            if let Some(last) = path.full.last_mut() {
                *last >>= 63 - (path.columns.len() - 1) % 64;
            }
            path
        };
        leaf_parents.iter().enumerate().map(path).collect()
    }

    /// Words of a mask.
    pub(crate) fn words(&self) -> usize {
        self.full.len()
    }

    /// Writes for each of the rows that `sides` knows which conditions it meets.
    fn masks(&self, sides: &Sides, masks: &mut Vec<u64>) {
        let words = self.words();
        masks.clear();
        (0..sides.rows).for_each(|_| masks.extend_from_slice(&self.full));
        for &(split, left, position) in &self.conditions {
            let (word, bit) = (position as usize / 64, position % 64);
            let sides = &sides.left[split as usize * sides.rows..][..sides.rows];
            for (mask, &side) in masks.chunks_exact_mut(words).zip(sides) {
                mask[word] &= !(u64::from(side != left) << bit);
            }
        }
    }
}

/// Where some rows go at each split of a tree.
#[derive(Debug)]
pub(crate) struct Sides {
    pub(crate) rows: usize,
    /// By split, then by row.
    left: Vec<bool>,
}

impl Sides {
    /// Of rows `first..first + rows` of `x`.
    pub(crate) fn new(tree: &Tree, x: ArrayView2<'_, f64>, first: usize, rows: usize) -> Self {
        let mut left = Vec::with_capacity(tree.splits.len() * rows);
        for split in &tree.splits {
            let values = x.column(split.column as usize);
            left.extend((first..first + rows).map(|row| tree.goes_left(split, values[row])));
        }
        Self { rows, left }
    }
}

/// Rows in groups that meet the same conditions of a leaf.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// The masks of the groups, one after the other, in the order of their first rows.
    pub(crate) masks: Vec<u64>,
    /// The group of each row.
    pub(crate) of_row: Vec<u32>,
    row_masks: Vec<u64>,
    /// A hash table of groups, with linear probing.
    slots: Vec<u32>,
}

const FREE: u32 = u32::MAX;

impl Groups {
    /// Groups the rows that `sides` knows by the conditions of `path`, which has any.
    pub(crate) fn find(&mut self, path: &LeafPath, sides: &Sides) {
        path.masks(sides, &mut self.row_masks);
        let words = path.words();
        self.masks.clear();
        self.of_row.clear();
        self.slots.clear();
        self.slots.resize((2 * sides.rows).next_power_of_two().max(2), FREE);
        let shift = 64 - self.slots.len().ilog2();
        for mask in self.row_masks.chunks_exact(words) {
            let mix = |hash: u64, &word: &u64| {
                (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
            };
            let hash = mask.iter().fold(0, mix).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut slot = (hash >> shift) as usize;
            let group = loop {
                match self.slots[slot] {
                    FREE => {
                        let group = (self.masks.len() / words) as u32;
                        self.masks.extend_from_slice(mask);
                        self.slots[slot] = group;
                        break group;
                    }
                    group if self.masks[group as usize * words..][..words] == *mask => break group,
                    _ => slot = (slot + 1) % self.slots.len(),
                }
            };
            self.of_row.push(group);
        }
    }
}
