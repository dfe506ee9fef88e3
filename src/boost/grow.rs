//! One tree: the leaf whose best split gains most is split, until there are enough.

use super::cell::Cell;
use super::frontier::Frontier;
use super::histogram::{Cells, Column, Histograms, subtract};
use super::partition::{GoLeft, merge, partition};
use super::scan::{Bounds, Limits, Sums};
use super::search::{Candidate, Search};
use super::tree::{Next, Tree};
use crate::parallel::{self, Bell};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Until there are so many leaves, threads split one of them together: of so few, most rows are often in
/// the leaf that is next, and who has another one would wait. Twice the threads, should these be more.
const TOGETHER: usize = 8;

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
    /// Puts the rows of some leaves in order again: split in advance, so many to the left, and then not.
    pub(crate) fn undo(&self, leaves: &[(usize, usize)], rows: &mut [u32], scratch: &mut [u32]) {
        for &(leaf, left) in leaves {
            merge(&mut rows[self.rows[leaf].clone()], left, scratch);
        }
    }

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
pub(crate) struct Open<'r, C> {
    /// Where its rows begin among those of the tree.
    pub(crate) start: usize,
    pub(crate) rows: &'r mut [u32],
    /// As much memory.
    pub(crate) scratch: &'r mut [u32],
    pub(crate) sums: Sums,
    pub(crate) depth: usize,
    pub(crate) bounds: Bounds,
    /// Columns that may be split on.
    pub(crate) allowed: Vec<bool>,
    pub(crate) histogram: Vec<Column<C>>,
    pub(crate) best: Option<Candidate>,
}

/// The two leaves that a split makes of one.
#[derive(Debug)]
pub(crate) struct Halves<'r, C> {
    pub(crate) candidate: Candidate,
    pub(crate) go_left: GoLeft,
    pub(crate) children: [Open<'r, C>; 2],
}

/// Of columns that could be split on, keeps those that the next split may use.
pub(crate) type SplitOffer<'a> = dyn FnMut(&mut [bool]) + Send + 'a;

/// What a tree is grown from.
pub(crate) struct Ground<'a, C> {
    pub(crate) search: Search<'a>,
    /// Derivatives by row, rounded.
    pub(crate) cells: Cells<'a, C>,
    /// Columns that the tree may use.
    pub(crate) offered: &'a [bool],
    /// What it says depends on how often it was asked; `None` to keep all columns.
    pub(crate) split_offer: Option<Mutex<&'a mut SplitOffer<'a>>>,
    pub(crate) histograms: &'a Histograms<C>,
    /// Of all rows, if it is there already.
    pub(crate) whole: Option<Vec<Column<C>>>,
}

impl<C: Cell> Ground<'_, C> {
    /// Grows a tree on `rows` (ascending), which are rearranged leaf by leaf, ascending in each.
    ///
    /// While there are few leaves, large ones, the threads split one of them together, then each one by
    /// itself. A thread that finds the best leaf in the hands of another splits one that is likely to be
    /// next: what it gets is kept until the tree comes to it, and undone if it never does. So the tree is
    /// the same on any number of threads, and a thread that the system puts aside holds up nobody for
    /// long.
    pub(crate) fn grow(mut self, rows: &mut [u32], scratch: &mut [u32]) -> Grown {
        let most = self.search.rules.max_leaves;
        let parts = self.histograms.parts(rows.len(), parallel::threads());
        let root = self.root(rows, scratch, parts);
        let frontier = Mutex::new(Frontier::new(root));
        let bell = Bell::default();
        if parts == 1 || self.split_offer.is_some() {
            self.split(&frontier, &bell, most, parts);
        } else {
            self.split(&frontier, &bell, most.min(TOGETHER.max(2 * parts)), parts);
            parallel::together(&|| self.split(&frontier, &bell, most, 1));
        }
        let frontier = frontier.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (grown, undone) = frontier.finish(self.histograms);
        grown.undo(&undone, rows, scratch);
        grown
    }

    /// Splits leaves until there are so many, each by at most so many `threads`. Several may call it at
    /// the same time.
    fn split(&self, frontier: &Mutex<Frontier<'_, C>>, bell: &Bell, leaves: usize, threads: usize) {
        let lock = || frontier.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let mut now = lock();
            if now.advance(&self.search, leaves) {
                return;
            }
            let rings = bell.rings();
            let Some((leaf, open, last)) = now.take(self.search.rules.max_leaves) else {
                drop(now);
                bell.wait(rings, Duration::MAX);
                continue;
            };
            drop(now);
            let waking = Waking { frontier, bell };
            let halves = self.halves(open, last, threads);
            lock().put(leaf, halves);
            drop(waking);
        }
    }

    pub(crate) fn root<'r>(
        &mut self,
        rows: &'r mut [u32],
        scratch: &'r mut [u32],
        threads: usize,
    ) -> Open<'r, C> {
        let histogram = self
            .whole
            .take()
            .unwrap_or_else(|| self.histograms.build(self.search.table, rows, self.cells, threads));
        let mut sums = Sums::default();
        if let Some(column) = histogram.first() {
            for &cell in column {
                sums.add(cell);
            }
        } else {
            for &row in rows.iter() {
                sums.add(self.cells.of(self.search.table, row as usize));
            }
        }
        let mut root = Open {
            start: 0,
            rows,
            scratch,
            sums,
            depth: 0,
            bounds: Bounds::NONE,
            allowed: self.offered.to_vec(),
            histogram,
            best: None,
        };
        root.best = self.best(&root, threads);
        root
    }

    fn best(&self, open: &Open<'_, C>, threads: usize) -> Option<Candidate> {
        let mut offered = open.allowed.clone();
        if let Some(offer) = &self.split_offer {
            offer.lock().unwrap_or_else(PoisonError::into_inner)(&mut offered);
        }
        self.search.best(open, &offered, threads)
    }

    /// Splits a leaf that has a best split. Children of the `last` are not split: nobody asks for their
    /// histograms.
    pub(crate) fn halves<'r>(
        &self,
        mut open: Open<'r, C>,
        last: bool,
        threads: usize,
    ) -> Halves<'r, C> {
        let (table, search) = (self.search.table, &self.search);
        let candidate = open.best.take().expect("a leaf that can be split");
        let go_left = search.go_left(&candidate);
        let bytes = table.byte(table.homes[candidate.column].byte);
        let count = partition(open.rows, open.scratch, bytes, &go_left, threads);
        let histogram = std::mem::take(&mut open.histogram);
        let mut children = search.children(open, &candidate, count);
        if last || children[0].depth >= search.rules.max_depth {
            self.histograms.give_back(histogram);
        } else {
            self.look_further(histogram, &mut children, threads);
        }
        Halves { candidate, go_left, children }
    }

    /// Histograms and best splits of two siblings, where they have rows enough to be split: the
    /// smaller's histogram is built, the larger's is what remains of the parent's.
    fn look_further(
        &self,
        parent: Vec<Column<C>>,
        [left, right]: &mut [Open<'_, C>; 2],
        threads: usize,
    ) {
        let enough = |open: &Open<'_, C>| open.rows.len() >= 2 * self.search.rules.min_rows;
        if !enough(left) && !enough(right) {
            self.histograms.give_back(parent);
            return;
        }
        let (smaller, larger) =
            if left.rows.len() <= right.rows.len() { (left, right) } else { (right, left) };
        smaller.histogram =
            self.histograms.build(self.search.table, smaller.rows, self.cells, threads);
        larger.histogram = parent;
        subtract(&mut larger.histogram, &smaller.histogram);
        for open in [smaller, larger] {
            if enough(open) {
                open.best = self.best(open, threads);
            } else {
                self.histograms.give_back(std::mem::take(&mut open.histogram));
            }
        }
    }
}

/// Once a leaf has been split, those who wait for it go on; should the thread panic instead, they give
/// up.
struct Waking<'a, 'r, C: Cell> {
    frontier: &'a Mutex<Frontier<'r, C>>,
    bell: &'a Bell,
}

impl<C: Cell> Drop for Waking<'_, '_, C> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.frontier.lock().unwrap_or_else(PoisonError::into_inner).give_up();
        }
        self.bell.ring();
    }
}
