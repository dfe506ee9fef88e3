//! Which rows to train on, which to test on.

use std::iter::FusedIterator;

/// Row numbers of one test. Those made here ascend and have no row in common; make your own where
/// the parts are given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows to test on.
    pub test: Vec<usize>,
}

/// Between which times the rows of one test lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    /// Training rows are at this time or later.
    pub(super) train_from: f64,
    /// Test rows are at this time or later, training rows before it.
    pub(super) test_from: f64,
    /// Test rows are before this time.
    pub(super) test_to: f64,
    /// Training rows are at least so long before `test_from`.
    pub(super) embargo: f64,
}

/// Several [`Split`]s, made one at a time: an iterator.
///
/// Takes O(n) memory, whatever the number of splits, and O(n) time for each.
#[derive(Debug, Clone)]
pub struct Splits {
    rows: usize,
    /// The fold of each row; empty if rows are only split by time.
    fold: Vec<u32>,
    /// The time of each row; empty if rows are not split by time.
    times: Vec<f64>,
    /// What is to come, in reverse: the fold that is tested, and the span.
    pending: Vec<(Option<u32>, Option<Span>)>,
}

impl Splits {
    /// Each fold in turn.
    pub(super) fn by_fold(fold: Vec<u32>, folds: usize) -> Self {
        let pending = (0..folds as u32).rev().map(|fold| (Some(fold), None)).collect();
        Self { rows: fold.len(), fold, times: Vec::new(), pending }
    }

    /// Each span in turn, and in it each fold, if there are folds. A split without rows on either
    /// side is left out.
    pub(super) fn by_time(
        times: Vec<f64>,
        spans: &[Span],
        fold: Vec<u32>,
        folds: Option<usize>,
    ) -> Self {
        let folds: Vec<Option<u32>> = match folds {
            None => vec![None],
            Some(folds) => (0..folds as u32).map(Some).collect(),
        };
        let mut splits = Self { rows: times.len(), fold, times, pending: Vec::new() };
        for span in spans.iter().rev() {
            for &fold in folds.iter().rev() {
                let split = splits.split(fold, Some(*span));
                if !split.train.is_empty() && !split.test.is_empty() {
                    splits.pending.push((fold, Some(*span)));
                }
            }
        }
        splits
    }

    fn split(&self, fold: Option<u32>, span: Option<Span>) -> Split {
        let mut split = Split::default();
        for row in 0..self.rows {
            let inside = fold.is_none_or(|fold| self.fold[row] == fold);
            let outside = fold.is_none_or(|fold| self.fold[row] != fold);
            let (before, during) = span.map_or((true, true), |span| {
                let time = self.times[row];
                let known = time < span.test_from && time + span.embargo <= span.test_from;
                let within = span.test_from <= time && time < span.test_to;
                (known && span.train_from <= time, within)
            });
            if inside && during {
                split.test.push(row);
            } else if outside && before {
                split.train.push(row);
            }
        }
        split
    }
}

impl Iterator for Splits {
    type Item = Split;

    fn next(&mut self) -> Option<Split> {
        self.pending.pop().map(|(fold, span)| self.split(fold, span))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.pending.len(), Some(self.pending.len()))
    }
}

impl ExactSizeIterator for Splits {}

impl FusedIterator for Splits {}
