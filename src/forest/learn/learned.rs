//! What a forest keeps of the verdicts it was given.

use super::super::calibrate::Calibration;
#[cfg(feature = "serde")]
use super::super::check::check_row;
#[cfg(feature = "serde")]
use super::super::tree::Tree;
use super::params::{LearnParams, Verdict};
#[cfg(feature = "serde")]
use crate::error::{Error, Result};
use ndarray::ArrayView2;
use std::cmp::Ordering;
#[cfg(feature = "serde")]
use std::ops::RangeInclusive;

/// Share of the verdicts that must be rejections for confirmed rows to ask for a whole margin.
const ENOUGH_REJECTED: f64 = 0.1;

/// What a verdict asks for at least, in margins.
const STEP: f64 = 0.05;

/// One row that was judged.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Judged {
    /// `None` where missing: not every format can write NaN.
    row: Vec<Option<f64>>,
    verdict: Verdict,
}

impl Judged {
    fn order(&self, other: &Self) -> Ordering {
        let value = |a: &Option<f64>, b: &Option<f64>| match (a, b) {
            (Some(a), Some(b)) => a.total_cmp(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        let rows = self.row.iter().zip(&other.row).map(|(a, b)| value(a, b));
        let first = rows.fold(Ordering::Equal, Ordering::then);
        first.then(self.verdict.cmp(&other.verdict))
    }
}

/// What the trees were before verdicts changed them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Before {
    /// Values of every tree's leaves, in the order of its nodes.
    pub(super) leaves: Vec<Vec<f64>>,
    /// Of the scores that those leaves gave: where the alarm level lies.
    pub(super) calibration: Calibration,
}

/// All verdicts, in an order of their own, and the way back.
///
/// Without `before` the verdicts are suspended: the trees are as they were trained.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(crate) struct Learned {
    pub(super) params: LearnParams,
    /// Ascending, so that neither order nor batches matter.
    judged: Vec<Judged>,
    pub(crate) before: Option<Before>,
}

impl Learned {
    pub(super) fn len(&self) -> usize {
        self.judged.len()
    }

    pub(super) fn add(&mut self, x: ArrayView2<'_, f64>, verdicts: &[Verdict]) {
        let present = |value: &f64| (!value.is_nan()).then_some(*value);
        let new = x
            .outer_iter()
            .zip(verdicts)
            .map(|(row, &verdict)| Judged { row: row.iter().map(present).collect(), verdict });
        self.judged.extend(new);
        self.judged.sort_by(Judged::order);
    }

    /// The rows, NaN where missing, with their verdicts.
    pub(super) fn rows(&self) -> impl Iterator<Item = (Vec<f64>, Verdict)> {
        let value = |value: &Option<f64>| value.unwrap_or(f64::NAN);
        self.judged
            .iter()
            .map(move |judged| (judged.row.iter().map(value).collect(), judged.verdict))
    }

    /// How far a row that lies `before` above the alarm level should lie above it.
    ///
    /// A rejected row, one margin below. A confirmed one, one margin above where at least a tenth
    /// of the verdicts are rejections; the fewer there are, the less is wrong with the ranking as
    /// it is, and the less is asked for. Every verdict asks for some step, however small.
    pub(super) fn target(&self, verdict: Verdict, before: f64) -> f64 {
        match verdict {
            Verdict::Rejected => (before - STEP).min(-1.0),
            Verdict::Confirmed => {
                let rejected =
                    self.judged.iter().filter(|judged| judged.verdict == Verdict::Rejected).count();
                let share = rejected as f64 / self.judged.len() as f64;
                (before + STEP).max((share / ENOUGH_REJECTED).min(1.0))
            }
        }
    }

    /// What a verdict weighs against the other kind: the root of how much rarer it is, so that a
    /// few confirmed rows are heard among many rejected ones. 1 where both are given alike.
    pub(super) fn balance(&self, verdict: Verdict) -> f64 {
        let alike = self.judged.iter().filter(|judged| judged.verdict == verdict).count();
        let kinds = if alike == self.judged.len() { 1 } else { 2 };
        (self.judged.len() as f64 / (kinds * alike) as f64).sqrt()
    }

    /// Takes over another forest's verdicts. Both forests' verdicts must be suspended.
    pub(crate) fn absorb(&mut self, other: Self) {
        if self.judged.is_empty() {
            self.params = other.params;
        }
        self.judged.extend(other.judged);
        self.judged.sort_by(Judged::order);
    }

    /// Whether it can belong to a forest of these trees: for what was read from a file.
    #[cfg(feature = "serde")]
    pub(crate) fn check(
        &self,
        categorical: &[bool],
        trees: &[Tree],
        possible_leaves: impl Fn(u32) -> RangeInclusive<f64>,
    ) -> Result<()> {
        let columns = categorical.len();
        let invalid = |reason: String| Err(Error::InvalidModel { reason });
        self.params.check().or_else(|error| invalid(format!("learning with {error}")))?;
        for Judged { row, .. } in &self.judged {
            if row.len() != columns {
                let width = row.len();
                return invalid(format!("a verdict on {width} columns, {columns} expected"));
            }
            let row: Vec<f64> = row.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
            check_row(&row, categorical).or_else(|error| invalid(format!("a verdict: {error}")))?;
        }
        if !self.judged.is_sorted_by(|a, b| a.order(b).is_le()) {
            return invalid("verdicts out of order".to_owned());
        }
        let Some(before) = &self.before else { return Ok(()) };
        before.calibration.check()?;
        let leaves = |tree: &Tree| tree.nodes.iter().filter(|node| node.child == 0).count();
        let lengths = before.leaves.iter().map(Vec::len);
        if self.judged.is_empty() || !lengths.eq(trees.iter().map(leaves)) {
            return invalid("leaf values before learning that are not the trees'".to_owned());
        }
        for (tree, values) in trees.iter().zip(&before.leaves) {
            let depths = tree.depths();
            let leaves = (0..tree.nodes.len()).filter(|&index| tree.nodes[index].child == 0);
            for (leaf, value) in leaves.zip(values) {
                if !possible_leaves(depths[leaf]).contains(value) {
                    return invalid(format!("a leaf value before learning is {value}"));
                }
            }
        }
        Ok(())
    }
}
