//! The rows of a training, whichever of those given they are.

use super::objective::Scored;
use crate::traits::Batch;
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Rows of a batch: borrowed, or some of them copied. None weighs nothing.
pub(super) struct Rows<'a, L> {
    batch: Batch<'a, [L]>,
    weight: Option<Array1<f64>>,
    /// The number of each row's group, where some rows belong together.
    groups: Option<Vec<usize>>,
    copy: Option<(Array2<f64>, Vec<L>)>,
}

/// What is known of rows beside their values, in another order than theirs.
pub(super) struct Arranged<L> {
    pub(super) labels: Vec<L>,
    pub(super) weight: Option<Vec<f64>>,
}

impl<'a, L: Clone> Rows<'a, L> {
    /// Rows that weigh nothing are left out: they must not take part in cutting columns into bins, in
    /// counting a leaf's rows, or in anything else.
    pub(super) fn of(batch: &Batch<'a, [L]>, groups: Option<Vec<usize>>) -> Self {
        let weight = batch.weight.map(|weight| weight.to_owned());
        let all = Self { batch: *batch, weight, groups, copy: None };
        match &all.weight {
            Some(weight) if weight.iter().any(|&value| value == 0.0) => {
                let kept: Vec<usize> = (0..weight.len()).filter(|&row| weight[row] > 0.0).collect();
                all.take(&kept)
            }
            _ => all,
        }
    }

    pub(super) fn take(&self, rows: &[usize]) -> Self {
        let labels = rows.iter().map(|&row| self.labels()[row].clone()).collect();
        Self {
            batch: self.batch,
            weight: self.weight.as_ref().map(|weight| weight.select(Axis(0), rows)),
            groups: self.groups().map(|groups| rows.iter().map(|&row| groups[row]).collect()),
            copy: Some((self.x().select(Axis(0), rows), labels)),
        }
    }

    /// Labels and weights in another order.
    pub(super) fn arranged(&self, order: &[u32]) -> Arranged<L> {
        let labels = order.iter().map(|&row| self.labels()[row as usize].clone()).collect();
        let weight =
            self.weight().map(|weight| order.iter().map(|&row| weight[row as usize]).collect());
        Arranged { labels, weight }
    }

    pub(super) fn x(&self) -> ArrayView2<'_, f64> {
        self.copy.as_ref().map_or_else(|| self.batch.x.reborrow(), |(x, _)| x.view())
    }

    pub(super) fn labels(&self) -> &[L] {
        self.copy.as_ref().map_or(self.batch.y, |(_, labels)| labels)
    }

    pub(super) fn weight(&self) -> Option<&[f64]> {
        self.weight.as_ref().and_then(|weight| weight.as_slice())
    }

    pub(super) fn groups(&self) -> Option<&[usize]> {
        self.groups.as_deref()
    }

    pub(super) fn scored<'s>(&'s self, raw: &'s [f64]) -> Scored<'s, L> {
        let (labels, weight, groups) = (self.labels(), self.weight(), self.groups());
        Scored { labels, weight, groups, raw }
    }
}
