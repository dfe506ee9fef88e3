//! The best split of a leaf, over all columns that it may use.

use super::categories::best_choice;
use super::cell::{Cell, Scales};
use super::cuts::Cuts;
use super::grow::{Open, Rules};
use super::histogram::{BINS, Column};
use super::partition::GoLeft;
use super::scan::{Bounds, Place, Sums, best_cut};
use super::table::Table;
use super::tree::{CategorySet, Test};
use crate::parallel;

/// The rule of a split, in bins.
#[derive(Debug, Clone)]
enum Rule {
    UpTo(u8),
    Among(Vec<u8>),
}

/// A split that could be made.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// Beyond the hurdle; above 0.
    pub(crate) gain: f64,
    /// By its number in the [`Table`].
    pub(crate) column: usize,
    rule: Rule,
    pub(crate) missing_left: bool,
    pub(crate) left: Sums,
}

/// Looks for the split of a leaf that gains most.
pub(crate) struct Search<'a> {
    pub(crate) table: &'a Table,
    pub(crate) rules: &'a Rules,
    pub(crate) scales: Scales,
}

/// Bins of all columns that are worth sharing a search over them.
const SHARED: usize = 1 << 14;

impl Search<'_> {
    fn place<C>(&self, open: &Open<'_, C>) -> Place {
        Place::new(open.sums, open.rows.len(), self.scales, self.rules.limits, open.bounds)
    }

    /// Among the columns that are `offered`, by at most so many threads.
    pub(crate) fn best<C: Cell>(
        &self,
        open: &Open<'_, C>,
        offered: &[bool],
        threads: usize,
    ) -> Option<Candidate> {
        let place = self.place(open);
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
        if bins < SHARED || threads == 1 {
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

    /// The rule on values.
    pub(crate) fn test(&self, candidate: &Candidate, sets: &mut Vec<CategorySet>) -> Test {
        match (&self.table.cuts[candidate.column], &candidate.rule) {
            (Cuts::Categories(codes), Rule::Among(bins)) => {
                let codes = bins.iter().filter_map(|&bin| codes.get(bin as usize).copied());
                sets.push(CategorySet::from_codes(codes));
                Test::Within { set: sets.len() as u32 - 1 }
            }
            // All values left, only the missing right: no cut lies there.
            (Cuts::Numeric(cuts), Rule::UpTo(bin)) => {
                Test::AtMost(cuts.get(*bin as usize).copied().unwrap_or(f64::MAX))
            }
            _ => unreachable!("a column's kind does not change"),
        }
    }

    /// The rule on bytes.
    pub(crate) fn go_left(&self, candidate: &Candidate) -> GoLeft {
        let mut go_left = [0; 256];
        go_left[self.table.cuts[candidate.column].bins()] = u8::from(candidate.missing_left);
        match &candidate.rule {
            Rule::Among(bins) => bins.iter().for_each(|&bin| go_left[bin as usize] = 1),
            Rule::UpTo(bin) => go_left[..=*bin as usize].fill(1),
        }
        self.table.homes[candidate.column].decode().map(|bin| go_left[bin as usize])
    }

    /// The two leaves that a split makes of one; its first `count` rows go left.
    pub(crate) fn children<'r, C: Cell>(
        &self,
        parent: Open<'r, C>,
        candidate: &Candidate,
        count: usize,
    ) -> [Open<'r, C>; 2] {
        let bounds = self.child_bounds(&parent, candidate, &self.place(&parent));
        let right = parent.sums.minus(candidate.left);
        let Open { start, rows, scratch, depth, mut allowed, .. } = parent;
        if let Some(companions) = self.rules.companions.get(candidate.column) {
            allowed.iter_mut().zip(companions).for_each(|(allowed, with)| *allowed &= with);
        }
        let (left_rows, right_rows) = rows.split_at_mut(count);
        let (left_scratch, right_scratch) = scratch.split_at_mut(count);
        let child = |start, rows, scratch, sums, bounds, allowed| Open {
            start,
            rows,
            scratch,
            sums,
            depth: depth + 1,
            bounds,
            allowed,
            histogram: Vec::new(),
            best: None,
        };
        [
            child(start, left_rows, left_scratch, candidate.left, bounds[0], allowed.clone()),
            child(start + count, right_rows, right_scratch, right, bounds[1], allowed),
        ]
    }

    /// Between the two children's values, the middle bounds both, so that no later split below one
    /// can undo their order.
    fn child_bounds<C>(
        &self,
        open: &Open<'_, C>,
        candidate: &Candidate,
        place: &Place,
    ) -> [Bounds; 2] {
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
