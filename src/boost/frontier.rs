//! The leaves of a growing tree, and which of them is split next.

use super::cell::Cell;
use super::grow::{Grown, Halves, Open};
use super::histogram::Histograms;
use super::partition::GoLeft;
use super::scan::Bounds;
use super::search::Search;
use super::tree::{self, Child, Split, Tree};
use std::ops::Range;

/// What has become of a leaf.
#[derive(Debug)]
enum State<'r, C> {
    Open(Open<'r, C>),
    /// A thread is at it.
    InHand,
    /// Its split is ready, should the tree come to it.
    Split(Box<Halves<'r, C>>),
}

#[derive(Debug)]
struct Leaf<'r, C> {
    /// That of its best split; −∞ if it has none.
    gain: f64,
    rows: Range<usize>,
    bounds: Bounds,
    /// The split that leads here, and whether to its left.
    parent: Option<(usize, bool)>,
    state: State<'r, C>,
}

impl<'r, C> Leaf<'r, C> {
    fn new(open: Open<'r, C>, parent: Option<(usize, bool)>) -> Self {
        Self {
            gain: open.best.as_ref().map_or(f64::NEG_INFINITY, |best| best.gain),
            rows: open.start..open.start + open.rows.len(),
            bounds: open.bounds,
            parent,
            state: State::Open(open),
        }
    }
}

/// A tree, as far as it has grown.
#[derive(Debug)]
pub(crate) struct Frontier<'r, C> {
    tree: Tree,
    rules: Vec<(usize, GoLeft)>,
    leaves: Vec<Leaf<'r, C>>,
    given_up: bool,
}

impl<'r, C: Cell> Frontier<'r, C> {
    pub(crate) fn new(root: Open<'r, C>) -> Self {
        let tree = Tree { output: 0, splits: Vec::new(), leaves: Vec::new(), sets: Vec::new() };
        Self { tree, rules: Vec::new(), leaves: vec![Leaf::new(root, None)], given_up: false }
    }

    /// The best leaf of some; the first of equals, so that the order is certain.
    fn best(&self, of: impl Fn(&Leaf<'r, C>) -> bool) -> Option<usize> {
        let with_split = |leaf: &Leaf<'r, C>| leaf.gain > f64::NEG_INFINITY && of(leaf);
        let leaves = (0..self.leaves.len()).rev().filter(|&leaf| with_split(&self.leaves[leaf]));
        leaves.max_by(|&a, &b| self.leaves[a].gain.total_cmp(&self.leaves[b].gain))
    }

    /// Splits the best leaf for as long as its split is ready. Whether there are so many leaves, or none
    /// that can be split.
    pub(crate) fn advance(&mut self, search: &Search<'_>, leaves: usize) -> bool {
        while self.leaves.len() < leaves && !self.given_up {
            let Some(best) = self.best(|_| true) else { return true };
            let leaf = &mut self.leaves[best];
            match std::mem::replace(&mut leaf.state, State::InHand) {
                State::Split(halves) => self.grow(best, *halves, search),
                other => {
                    leaf.state = other;
                    return false;
                }
            }
        }
        true
    }

    fn grow(&mut self, leaf: usize, halves: Halves<'r, C>, search: &Search<'_>) {
        let Halves { candidate, go_left, children: [left, right] } = halves;
        let number = self.tree.splits.len();
        link(&mut self.tree.splits, self.leaves[leaf].parent, Child::split(number));
        let test = search.test(&candidate, &mut self.tree.sets);
        self.tree.splits.push(Split {
            column: search.table.columns[candidate.column] as u32,
            test,
            missing_left: candidate.missing_left,
            left: Child::leaf(0),
            right: Child::leaf(0),
            gain: candidate.gain + search.rules.limits.min_gain,
            value: 0.0,
            cover: 0.0,
            hessian: 0.0,
        });
        self.rules.push((search.table.homes[candidate.column].byte, go_left));
        self.leaves[leaf] = Leaf::new(left, Some((number, true)));
        self.leaves.push(Leaf::new(right, Some((number, false))));
    }

    /// The best leaf that nobody has split, where it is likely to be among the `most` that there will be;
    /// and whether its split is the last.
    pub(crate) fn take(&mut self, most: usize) -> Option<(usize, Open<'r, C>, bool)> {
        let best = self.best(|leaf| matches!(leaf.state, State::Open(_)))?;
        let gain = self.leaves[best].gain;
        let before = self.leaves.iter().filter(|leaf| leaf.gain > gain).count();
        let splits = most - self.leaves.len();
        if before > 0 && 2 * before >= splits {
            return None;
        }
        match std::mem::replace(&mut self.leaves[best].state, State::InHand) {
            State::Open(open) => Some((best, open, splits == 1)),
            _ => None,
        }
    }

    pub(crate) fn put(&mut self, leaf: usize, halves: Halves<'r, C>) {
        self.leaves[leaf].state = State::Split(Box::new(halves));
    }

    /// After a panic: what is in hand will never be split.
    pub(crate) fn give_up(&mut self) {
        self.given_up = true;
    }

    /// The tree; and the leaves whose splits it has not come to, with the rows to the left of each.
    pub(crate) fn finish(mut self, histograms: &Histograms<C>) -> (Grown, Vec<(usize, usize)>) {
        let (mut rows, mut bounds, mut undone) = (Vec::new(), Vec::new(), Vec::new());
        for (index, leaf) in self.leaves.into_iter().enumerate() {
            link(&mut self.tree.splits, leaf.parent, Child::leaf(index));
            self.tree.leaves.push(tree::Leaf { value: 0.0, cover: 0.0, hessian: 0.0 });
            rows.push(leaf.rows);
            bounds.push(leaf.bounds);
            match leaf.state {
                State::Open(open) => histograms.give_back(open.histogram),
                State::InHand => {}
                State::Split(halves) => {
                    undone.push((index, halves.children[0].rows.len()));
                    halves
                        .children
                        .into_iter()
                        .for_each(|open| histograms.give_back(open.histogram));
                }
            }
        }
        (Grown { tree: self.tree, rows, bounds, rules: self.rules }, undone)
    }
}

fn link(splits: &mut [Split], parent: Option<(usize, bool)>, child: Child) {
    match parent {
        Some((parent, true)) => splits[parent].left = child,
        Some((parent, false)) => splits[parent].right = child,
        None => {}
    }
}
