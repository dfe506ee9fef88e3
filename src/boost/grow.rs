//! One tree: the leaf whose best split gains most is split, until there are enough.

use super::categories::best_choice;
use super::cell::{Cell, Scales};
use super::cuts::Cuts;
use super::histogram::{BINS, Column, Histograms, subtract};
use super::partition::{GoLeft, partition};
use super::scan::{Bounds, Limits, Place, Sums, best_cut};
use super::table::Table;
use super::tree::{CategorySet, Child, Leaf, Next, Split, Test, Tree};
use crate::parallel;
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

/// The rule of a split, in bins.
#[derive(Debug, Clone)]
enum Rule {
    UpTo(u8),
    Among(Vec<u8>),
}

#[derive(Debug, Clone)]
struct Candidate {
    gain: f64,
    column: usize,
    rule: Rule,
    missing_left: bool,
    left: Sums,
}

/// A leaf that may still be split.
#[derive(Debug)]
struct Open<C> {
    rows: Range<usize>,
    sums: Sums,
    depth: usize,
    bounds: Bounds,
    /// Columns that may be split on.
    allowed: Vec<bool>,
    histogram: Vec<Column<C>>,
    best: Option<Candidate>,
    /// The split that leads here, and whether to its left.
    parent: Option<(usize, bool)>,
}

/// Grows a tree on `rows` (ascending), which are rearranged leaf by leaf, ascending in each.
///
/// `offered`: columns that this tree may use; `split_offer`: those of them that the next split may.
pub(crate) fn grow<C: Cell>(
    table: &Table,
    rules: &Rules,
    cells: &[C],
    scales: Scales,
    rows: &mut [u32],
    scratch: &mut [u32],
    offered: &[bool],
    split_offer: &mut dyn FnMut(&mut [bool]),
    histograms: &mut Histograms<C>,
) -> Grown {
    let mut tree = Tree { output: 0, splits: Vec::new(), leaves: Vec::new(), sets: Vec::new() };
    let search = Search { table, rules, scales };
    let histogram = histograms.build(table, rows, cells);
    let mut sums = Sums::default();
    match histogram.first() {
        Some(column) => column.iter().for_each(|&cell| sums.add(cell)),
        None => rows.iter().for_each(|&row| sums.add(cells[row as usize])),
    }
    let mut root = Open {
        rows: 0..rows.len(),
        sums,
        depth: 0,
        bounds: Bounds::NONE,
        allowed: offered.to_vec(),
        histogram,
        best: None,
        parent: None,
    };
    root.best = search.best(&root, split_offer);
    let mut leaves = vec![root];
    let mut byte_rules = Vec::new();
    while leaves.len() < rules.max_leaves {
        let gain = |leaf: &Open<C>| leaf.best.as_ref().map_or(f64::NEG_INFINITY, |best| best.gain);
        // The first of equals, so that the order is certain.
        let most =
            (0..leaves.len()).rev().max_by(|&a, &b| gain(&leaves[a]).total_cmp(&gain(&leaves[b])));
        let Some(index) = most else { break };
        let Some(candidate) = leaves[index].best.take() else { break };
        let (table_column, number) = (candidate.column, tree.splits.len());
        let (test, go_left) = search.rule(&candidate, &mut tree.sets);
        let byte = table.homes[table_column].byte;
        let parent = &mut leaves[index];
        let range = parent.rows.clone();
        let count = partition(&mut rows[range.clone()], scratch, table.byte(byte), &go_left);
        byte_rules.push((byte, go_left));
        link(&mut tree.splits, parent.parent, Child::split(number));
        let place = search.place(parent);
        tree.splits.push(Split {
            column: table.columns[table_column] as u32,
            test,
            missing_left: candidate.missing_left,
            left: Child::leaf(0),
            right: Child::leaf(0),
            gain: candidate.gain + rules.limits.min_gain,
            value: 0.0,
            cover: 0.0,
            hessian: 0.0,
        });
        let [low_bounds, high_bounds] = search.child_bounds(parent, &candidate, &place);
        let mut allowed = std::mem::take(&mut parent.allowed);
        if let Some(companions) = rules.companions.get(table_column) {
            allowed.iter_mut().zip(companions).for_each(|(allowed, with)| *allowed &= with);
        }
        let depth = parent.depth + 1;
        let parent_histogram = std::mem::take(&mut parent.histogram);
        let child = |rows: Range<usize>, sums, bounds, left, allowed| Open {
            rows,
            sums,
            depth,
            bounds,
            allowed,
            histogram: Vec::new(),
            best: None,
            parent: Some((number, left)),
        };
        let right_sums = parent.sums.minus(candidate.left);
        let middle = range.start + count;
        let mut left =
            child(range.start..middle, candidate.left, low_bounds, true, allowed.clone());
        let mut right = child(middle..range.end, right_sums, high_bounds, false, allowed);
        // The last split's children are not split: nobody asks for their histograms.
        let last = leaves.len() + 1 == rules.max_leaves || depth >= rules.max_depth;
        let splittable = |open: &Open<C>| !last && open.rows.len() >= 2 * rules.min_rows.max(1);
        if splittable(&left) || splittable(&right) {
            let (smaller, larger) = if left.rows.len() <= right.rows.len() {
                (&mut left, &mut right)
            } else {
                (&mut right, &mut left)
            };
            smaller.histogram = histograms.build(table, &rows[smaller.rows.clone()], cells);
            larger.histogram = parent_histogram;
            subtract(&mut larger.histogram, &smaller.histogram);
            for open in [&mut left, &mut right] {
                if splittable(open) {
                    open.best = search.best(open, split_offer);
                } else {
                    histograms.give_back(std::mem::take(&mut open.histogram));
                }
            }
        } else {
            histograms.give_back(parent_histogram);
        }
        leaves[index] = left;
        leaves.push(right);
    }
    let (mut ranges, mut bounds) = (Vec::new(), Vec::new());
    for (index, leaf) in leaves.into_iter().enumerate() {
        link(&mut tree.splits, leaf.parent, Child::leaf(index));
        tree.leaves.push(Leaf { value: 0.0, cover: 0.0, hessian: 0.0 });
        if !leaf.histogram.is_empty() {
            histograms.give_back(leaf.histogram);
        }
        ranges.push(leaf.rows);
        bounds.push(leaf.bounds);
    }
    Grown { tree, rows: ranges, bounds, rules: byte_rules }
}

fn link(splits: &mut [Split], parent: Option<(usize, bool)>, child: Child) {
    match parent {
        Some((parent, true)) => splits[parent].left = child,
        Some((parent, false)) => splits[parent].right = child,
        None => {}
    }
}

struct Search<'a> {
    table: &'a Table,
    rules: &'a Rules,
    scales: Scales,
}

/// Bins of all columns that are worth sharing a search over them.
const SHARED: usize = 1 << 14;

impl Search<'_> {
    fn place<C>(&self, open: &Open<C>) -> Place {
        Place::new(open.sums, open.rows.len(), self.scales, self.rules.limits, open.bounds)
    }

    fn best<C: Cell>(
        &self,
        open: &Open<C>,
        split_offer: &mut dyn FnMut(&mut [bool]),
    ) -> Option<Candidate> {
        let place = self.place(open);
        let mut offered = open.allowed.clone();
        split_offer(&mut offered);
        let of = |column: usize| {
            if offered[column] { self.best_of(&open.histogram, column, &place) } else { None }
        };
        let width = self.table.width();
        let bins: usize = self.table.cuts.iter().map(Cuts::bins).sum();
        // The first of equals, whichever thread finds it.
        let better = |a: Option<Candidate>, b: Option<Candidate>| match (&a, &b) {
            (Some(x), Some(y)) if y.gain > x.gain => b,
            (None, _) => b,
            _ => a,
        };
        if bins < SHARED || parallel::threads() == 1 {
            (0..width).map(of).fold(None, better)
        } else {
            parallel::map(width, of).into_iter().fold(None, better)
        }
    }

    fn best_of<C: Cell>(
        &self,
        histogram: &[Column<C>],
        column: usize,
        place: &Place,
    ) -> Option<Candidate> {
        let home = &self.table.homes[column];
        let histogram = &histogram[home.byte];
        if home.is_alone() {
            self.best_of_own(histogram, column, place)
        } else {
            let mut space = [C::default(); BINS];
            self.best_of_own(home.unfold(histogram, place.sums, &mut space), column, place)
        }
    }

    fn best_of_own<C: Cell>(
        &self,
        histogram: &Column<C>,
        column: usize,
        place: &Place,
    ) -> Option<Candidate> {
        match &self.table.cuts[column] {
            Cuts::Numeric(cuts) => {
                let direction = self.rules.directions[column];
                let cut = best_cut(histogram, cuts.len() + 1, place, direction)?;
                Some(Candidate {
                    gain: cut.gain,
                    column,
                    rule: Rule::UpTo(cut.bin),
                    missing_left: cut.missing_left,
                    left: cut.left,
                })
            }
            Cuts::Categories(codes) => {
                let choice = best_choice(histogram, codes.len(), place)?;
                let missing = codes.len() as u8 + 1;
                Some(Candidate {
                    gain: choice.gain,
                    column,
                    missing_left: choice.bins.contains(&missing),
                    rule: Rule::Among(choice.bins),
                    left: choice.left,
                })
            }
        }
    }

    /// The rule on values, and on bytes.
    fn rule(&self, candidate: &Candidate, sets: &mut Vec<CategorySet>) -> (Test, GoLeft) {
        let mut go_left = [0; 256];
        let cuts = &self.table.cuts[candidate.column];
        go_left[cuts.bins()] = u8::from(candidate.missing_left);
        let test = match (cuts, &candidate.rule) {
            (Cuts::Categories(codes), Rule::Among(bins)) => {
                bins.iter().for_each(|&bin| go_left[bin as usize] = 1);
                let codes = bins.iter().filter_map(|&bin| codes.get(bin as usize).copied());
                sets.push(CategorySet::from_codes(codes));
                Test::Within { set: sets.len() as u32 - 1 }
            }
            (Cuts::Numeric(cuts), Rule::UpTo(bin)) => {
                go_left[..=*bin as usize].fill(1);
                // All values left, only the missing right: no cut lies there.
                Test::AtMost(cuts.get(*bin as usize).copied().unwrap_or(f64::MAX))
            }
            _ => unreachable!("a column's kind does not change"),
        };
        let decode = self.table.homes[candidate.column].decode();
        (test, decode.map(|bin| go_left[bin as usize]))
    }

    /// Between the two children's values, the middle bounds both, so that no later split below one
    /// can undo their order.
    fn child_bounds<C>(&self, open: &Open<C>, candidate: &Candidate, place: &Place) -> [Bounds; 2] {
        let direction = self.rules.directions[candidate.column];
        if direction == 0 {
            return [open.bounds; 2];
        }
        let value = |sums| {
            let (gradient, hessian) = place.floats(sums);
            place.value(gradient, hessian)
        };
        let left = value(candidate.left);
        let right = value(open.sums.minus(candidate.left));
        let middle = left / 2.0 + right / 2.0;
        let below = Bounds { high: middle, ..open.bounds };
        let above = Bounds { low: middle, ..open.bounds };
        if direction > 0 { [below, above] } else { [above, below] }
    }
}
