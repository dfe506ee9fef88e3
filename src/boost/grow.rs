//! One tree: the leaf whose best split gains most is split, until there are enough.

use super::cell::{Cell, Scales};
use super::histogram::{Column, Histograms, subtract};
use super::partition::{GoLeft, partition};
use super::scan::{Bounds, Limits, Sums};
use super::search::{Candidate, Search};
use super::table::Table;
use super::tree::{Child, Leaf, Next, Split, Tree};
use std::ops::Range;

/// What the growing of every tree of a training has in common.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) max_leaves: usize,
    pub(crate) max_depth: usize,
    pub(crate) min_rows: usize,
    pub(crate) limits: Limits,
    /// By column of the [`Table`]: 1 if predictions may only rise with it, −1 if only fall, else 0.
    pub(crate) directions: Vec<i8>,
    /// By column of the table: which columns may follow it on a path. Empty: all may.
    pub(crate) companions: Vec<Vec<bool>>,
}

/// A tree whose leaves have no values yet, and the rows in each.
#[derive(Debug)]
pub(crate) struct Grown {
    pub(crate) tree: Tree,
    /// By leaf: its range of the rows handed to [`grow`].
    pub(crate) rows: Vec<Range<usize>>,
    /// By leaf: what its value must be within.
    pub(crate) bounds: Vec<Bounds>,
    /// By split: the byte of a row of the [`Table`], and its values that go left.
    pub(crate) rules: Vec<(usize, GoLeft)>,
}

impl Grown {
    /// The leaf that a row's bytes lead to.
    #[inline]
    pub(crate) fn leaf_of(&self, bytes: &[u8]) -> usize {
        let mut next = self.tree.root().next();
        loop {
            match next {
                Next::Leaf(leaf) => return leaf,
                Next::Split(index) => {
                    let (byte, go_left) = &self.rules[index];
                    let split = &self.tree.splits[index];
                    let left = go_left[bytes[*byte] as usize] == 1;
                    next = if left { split.left } else { split.right }.next();
                }
            }
        }
    }
}

/// A leaf that may still be split.
#[derive(Debug)]
pub(crate) struct Open<C> {
    pub(crate) rows: Range<usize>,
    pub(crate) sums: Sums,
    pub(crate) depth: usize,
    pub(crate) bounds: Bounds,
    /// Columns that may be split on.
    pub(crate) allowed: Vec<bool>,
    pub(crate) histogram: Vec<Column<C>>,
    pub(crate) best: Option<Candidate>,
    /// The split that leads here, and whether to its left.
    pub(crate) parent: Option<(usize, bool)>,
}

/// What a tree is grown from.
pub(crate) struct Ground<'a, C> {
    pub(crate) table: &'a Table,
    pub(crate) rules: &'a Rules,
    /// Derivatives by row, rounded.
    pub(crate) cells: &'a [C],
    pub(crate) scales: Scales,
    /// Columns that the tree may use.
    pub(crate) offered: &'a [bool],
    /// Of columns that could be split on, keeps those that the next split may use.
    pub(crate) split_offer: &'a mut dyn FnMut(&mut [bool]),
    pub(crate) histograms: &'a mut Histograms<C>,
}

impl<C: Cell> Ground<'_, C> {
    /// Grows a tree on `rows` (ascending), which are rearranged leaf by leaf, ascending in each.
    pub(crate) fn grow(mut self, rows: &mut [u32], scratch: &mut [u32]) -> Grown {
        let (table, rules) = (self.table, self.rules);
        let search = Search { table, rules, scales: self.scales };
        let mut tree = Tree { output: 0, splits: Vec::new(), leaves: Vec::new(), sets: Vec::new() };
        let mut byte_rules = Vec::new();
        let mut leaves = vec![self.root(&search, rows)];
        while leaves.len() < rules.max_leaves {
            let gain =
                |leaf: &Open<C>| leaf.best.as_ref().map_or(f64::NEG_INFINITY, |best| best.gain);
            // The first of equals, so that the order is certain.
            let most = (0..leaves.len())
                .rev()
                .max_by(|&a, &b| gain(&leaves[a]).total_cmp(&gain(&leaves[b])));
            let Some(index) = most else { break };
            let Some(candidate) = leaves[index].best.take() else { break };
            let (test, go_left) = search.rule(&candidate, &mut tree.sets);
            let byte = table.homes[candidate.column].byte;
            let parent = &mut leaves[index];
            let count =
                partition(&mut rows[parent.rows.clone()], scratch, table.byte(byte), &go_left);
            byte_rules.push((byte, go_left));
            let number = tree.splits.len();
            link(&mut tree.splits, parent.parent, Child::split(number));
            let [mut left, mut right] = search.children(parent, &candidate, number, count);
            tree.splits.push(Split {
                column: table.columns[candidate.column] as u32,
                test,
                missing_left: candidate.missing_left,
                left: Child::leaf(0),
                right: Child::leaf(0),
                gain: candidate.gain + rules.limits.min_gain,
                value: 0.0,
                cover: 0.0,
                hessian: 0.0,
            });
            let histogram = std::mem::take(&mut parent.histogram);
            // The last split's children are not split: nobody asks for their histograms.
            let last = leaves.len() + 1 == rules.max_leaves || left.depth >= rules.max_depth;
            if last {
                self.histograms.give_back(histogram);
            } else {
                self.look_further(&search, rows, histogram, [&mut left, &mut right]);
            }
            leaves[index] = left;
            leaves.push(right);
        }
        let (mut ranges, mut bounds) = (Vec::new(), Vec::new());
        for (index, leaf) in leaves.into_iter().enumerate() {
            link(&mut tree.splits, leaf.parent, Child::leaf(index));
            tree.leaves.push(Leaf { value: 0.0, cover: 0.0, hessian: 0.0 });
            if !leaf.histogram.is_empty() {
                self.histograms.give_back(leaf.histogram);
            }
            ranges.push(leaf.rows);
            bounds.push(leaf.bounds);
        }
        Grown { tree, rows: ranges, bounds, rules: byte_rules }
    }

    fn root(&mut self, search: &Search<'_>, rows: &[u32]) -> Open<C> {
        let histogram = self.histograms.build(self.table, rows, self.cells);
        let mut sums = Sums::default();
        match histogram.first() {
            Some(column) => column.iter().for_each(|&cell| sums.add(cell)),
            None => rows.iter().for_each(|&row| sums.add(self.cells[row as usize])),
        }
        let mut root = Open {
            rows: 0..rows.len(),
            sums,
            depth: 0,
            bounds: Bounds::NONE,
            allowed: self.offered.to_vec(),
            histogram,
            best: None,
            parent: None,
        };
        root.best = search.best(&root, self.split_offer);
        root
    }

    /// Histograms and best splits of two siblings, where they have rows enough to be split: the
    /// smaller's histogram is built, the larger's is what remains of the parent's.
    fn look_further(
        &mut self,
        search: &Search<'_>,
        rows: &[u32],
        parent: Vec<Column<C>>,
        [left, right]: [&mut Open<C>; 2],
    ) {
        let enough = |open: &Open<C>| open.rows.len() >= 2 * self.rules.min_rows;
        if !enough(left) && !enough(right) {
            self.histograms.give_back(parent);
            return;
        }
        let (smaller, larger) =
            if left.rows.len() <= right.rows.len() { (left, right) } else { (right, left) };
        smaller.histogram =
            self.histograms.build(self.table, &rows[smaller.rows.clone()], self.cells);
        larger.histogram = parent;
        subtract(&mut larger.histogram, &smaller.histogram);
        for open in [smaller, larger] {
            if open.rows.len() >= 2 * self.rules.min_rows {
                open.best = search.best(open, self.split_offer);
            } else {
                self.histograms.give_back(std::mem::take(&mut open.histogram));
            }
        }
    }
}

fn link(splits: &mut [Split], parent: Option<(usize, bool)>, child: Child) {
    match parent {
        Some((parent, true)) => splits[parent].left = child,
        Some((parent, false)) => splits[parent].right = child,
        None => {}
    }
}
