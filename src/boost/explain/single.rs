//! The walks of the [kernel](super::kernel) for one row: side by side are not rows but the points of
//! the quadrature. The same operations in the same order, so the same bits; of a block of rows only
//! one would be used, which takes several times as long.
#![allow(unsafe_code)]

use super::kernel::MOST;
use super::lanes::{LANES, Lanes};
use super::plan::{Node, Plan};
use super::quadrature::Point;
use crate::boost::tree::{Child, Next, Tree};
use crate::columnar::level::Level;

const _: () = assert!(MOST == LANES, "the points of a pass fill the lanes");

/// Room to work in, used again for each tree.
#[derive(Debug, Default)]
pub(crate) struct Single {
    splits: Vec<Split>,
}

/// What is known of a split and the row.
#[derive(Debug, Clone, Copy)]
struct Split {
    /// Which way the row goes, as 0 or 1; neither way where an earlier split on the same column has
    /// sent it off the path.
    left: f64,
    right: f64,
    /// By how much knowing the column changes the share that goes left.
    pulls: f64,
    /// `t / F(t) · pulls`, by point.
    step: Lanes,
    /// On the way down what the path to the split passes on, on the way up what lies below it, by point.
    state: Lanes,
}

impl Split {
    const NONE: Self = Self {
        left: 0.0,
        right: 0.0,
        pulls: 0.0,
        step: Lanes([0.0; LANES]),
        state: Lanes([1.0; LANES]),
    };
}

/// Points and weights side by side, how many there are, and what they make of a tree's splits. No row
/// changes it, and dividing takes as long as all the rest.
#[derive(Debug)]
pub(crate) struct Rule {
    at: Lanes,
    weight: Lanes,
    points: usize,
    /// Of the splits behind others on the same column, in their order.
    behind: Vec<Behind>,
}

/// Of a split behind others on the same column: `t / F(t)`, and the weights by `share / F(t)²`.
#[derive(Debug)]
struct Behind {
    at: Lanes,
    weight: Lanes,
}

impl Rule {
    /// Some points, at most [`MOST`].
    pub(crate) fn new(plan: &Plan, points: &[Point]) -> Self {
        // Lanes without a point count nothing; their point is 1, so that nothing is divided by 0.
        let (mut at, mut weight) = (Lanes::all(1.0), Lanes::all(0.0));
        for (lane, point) in points.iter().enumerate() {
            (at.0[lane], weight.0[lane]) = (point.at, point.weight);
        }
        let behind = plan.nodes.iter().filter(|node| node.before.is_some()).map(|node| {
            let factor = factor(at, node);
            let share = weight * Lanes::all(node.share_before);
            Behind {
                at: at.with(factor, |at, factor| at / factor),
                weight: share.with(factor, |share, factor| share / (factor * factor)),
            }
        });
        Self { at, weight, points: points.len(), behind: behind.collect() }
    }
}

impl Single {
    /// Adds the contributions of a row in one tree at some points to `credits` (one entry a column).
    pub(crate) fn pass(
        &mut self,
        level: Level,
        (tree, plan): (&Tree, &Plan),
        rule: &Rule,
        row: &[f64],
        credits: &mut [f64],
    ) {
        match level {
            Level::Portable => self.walk(tree, plan, rule, row, credits),
            // SAFETY: a level other than the portable one is made in `available` alone, after the
            // processor was asked for every feature that the functions are compiled for.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { walk_avx2(self, tree, plan, rule, row, credits) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { walk_avx512(self, tree, plan, rule, row, credits) },
        }
    }

    #[inline(always)]
    fn walk(&mut self, tree: &Tree, plan: &Plan, rule: &Rule, row: &[f64], credits: &mut [f64]) {
        self.splits.resize(plan.nodes.len().max(self.splits.len()), Split::NONE);
        self.down(tree, plan, rule, row);
        self.up(tree, plan, rule, credits);
    }

    /// From the root: where the row goes, and what passes each split.
    #[inline(always)]
    fn down(&mut self, tree: &Tree, plan: &Plan, rule: &Rule, row: &[f64]) {
        if let Some(root) = self.splits.first_mut() {
            root.state = Lanes::all(1.0);
        }
        let mut behind = rule.behind.iter();
        for (index, (split, node)) in tree.splits.iter().zip(&plan.nodes).enumerate() {
            let value = row[split.column as usize];
            let on_path = match node.before {
                None => 1.0,
                Some((before, true)) => self.splits[before as usize].left,
                Some((before, false)) => self.splits[before as usize].right,
            };
            let left = f64::from(u8::from(tree.goes_left(split, value))) * on_path;
            let right = on_path - left;
            let pulls = left * node.share_right - right * node.share_left;
            let at = match node.before {
                None => rule.at,
                Some(_) => behind.next().map_or(rule.at, |behind| behind.at),
            };
            let step = at * Lanes::all(pulls);
            let state = self.splits[index].state;
            self.splits[index] = Split { left, right, pulls, step, state };
            if let Next::Split(below) = node.left.next() {
                self.splits[below].state = state * (Lanes::all(node.share_left) + step);
            }
            if let Next::Split(below) = node.right.next() {
                self.splits[below].state = state * (Lanes::all(node.share_right) - step);
            }
        }
    }

    /// From the leaves: what lies below each split, and with what has come down the contribution of its
    /// column.
    #[inline(always)]
    fn up(&mut self, tree: &Tree, plan: &Plan, rule: &Rule, credits: &mut [f64]) {
        let mut behind = rule.behind.iter().rev();
        for (index, node) in plan.nodes.iter().enumerate().rev() {
            let below = |child: Child| match child.next() {
                Next::Split(split) => self.splits[split].state,
                Next::Leaf(leaf) => Lanes::all(tree.leaves[leaf].value),
            };
            let (left, right) = (below(node.left), below(node.right));
            let Split { pulls, step, state: above, .. } = self.splits[index];
            self.splits[index].state = (Lanes::all(node.share_left) + step) * left
                + (Lanes::all(node.share_right) - step) * right;
            let weights = match node.before {
                None => rule.weight,
                Some(_) => behind.next().map_or(rule.weight, |behind| behind.weight),
            };
            if pulls == 0.0 {
                continue;
            }
            let parts = weights * above * (left - right);
            let credit = parts.0[..rule.points].iter().fold(0.0, |sum, part| sum + part);
            credits[node.column as usize] += credit * pulls;
        }
    }
}

/// `F(t)` of a split behind others on the same column.
#[inline(always)]
fn factor(at: Lanes, node: &Node) -> Lanes {
    at + (Lanes::all(1.0) - at) * Lanes::all(node.share_before)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn walk_avx2(
    single: &mut Single,
    tree: &Tree,
    plan: &Plan,
    rule: &Rule,
    row: &[f64],
    credits: &mut [f64],
) {
    single.walk(tree, plan, rule, row, credits);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn walk_avx512(
    single: &mut Single,
    tree: &Tree,
    plan: &Plan,
    rule: &Rule,
    row: &[f64],
    credits: &mut [f64],
) {
    single.walk(tree, plan, rule, row, credits);
}
