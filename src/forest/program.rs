//! A forest made ready to score: which of the scoring programs serve which rows.

use super::dense::{self, Block, Dense, LANES, Scratch};
use super::options::Missing;
use super::simd;
use super::tree::{Rule, Tree};
use super::walk::{CODES, Walk};
use crate::columnar::level::level;
use std::sync::OnceLock;

/// Scoring programs, each compiled when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    dense: OnceLock<Option<Dense>>,
    /// For rows without missing values.
    walk: OnceLock<AnyWalk>,
    /// For rows with missing values that follow the majority.
    full_walk: OnceLock<AnyWalk>,
}

/// Walking programs by the number of columns in a node.
#[derive(Debug)]
enum AnyWalk {
    One(Walk<1, false, false>),
    Two(Walk<2, false, false>),
    Four(Walk<4, false, false>),
    OnePenalised(Walk<1, true, false>),
    TwoPenalised(Walk<2, true, false>),
    FourPenalised(Walk<4, true, false>),
    OneFull(Walk<1, true, true>),
    TwoFull(Walk<2, true, true>),
    FourFull(Walk<4, true, true>),
    /// Many categories, or planes of many columns: the trees themselves are walked.
    None,
}

/// Calls a method of whichever walk there is, or evaluates the last argument.
macro_rules! with_walk {
    ($any:expr, $walk:ident => $call:expr, $otherwise:expr) => {
        match $any {
            AnyWalk::One($walk) => $call,
            AnyWalk::Two($walk) => $call,
            AnyWalk::Four($walk) => $call,
            AnyWalk::OnePenalised($walk) => $call,
            AnyWalk::TwoPenalised($walk) => $call,
            AnyWalk::FourPenalised($walk) => $call,
            AnyWalk::OneFull($walk) => $call,
            AnyWalk::TwoFull($walk) => $call,
            AnyWalk::FourFull($walk) => $call,
            AnyWalk::None => $otherwise,
        }
    };
}

impl AnyWalk {
    /// The leanest walk that serves the trees; a full one with `gaps` or where there are categories.
    fn compile(trees: &[Tree], gaps: bool) -> Self {
        let (mut columns, mut penalised, mut full) = (1, false, gaps);
        for tree in trees {
            for node in &tree.nodes {
                penalised |= node.margin != f64::INFINITY;
                if let Rule::Plane { terms, .. } = node.rule {
                    // A plane of one column still has a coefficient; a walk of one does without.
                    columns = columns.max(terms.max(2));
                }
            }
            full |= !tree.sets.is_empty();
            // The last bit of a word stands for all codes never seen.
            if tree.sets.iter().any(|set| set.codes.last().is_some_and(|&code| code + 1 >= CODES)) {
                return Self::None;
            }
        }
        match (columns, penalised, full) {
            (1, false, false) => Self::One(Walk::compile(trees)),
            (2, false, false) => Self::Two(Walk::compile(trees)),
            (3 | 4, false, false) => Self::Four(Walk::compile(trees)),
            (1, true, false) => Self::OnePenalised(Walk::compile(trees)),
            (2, true, false) => Self::TwoPenalised(Walk::compile(trees)),
            (3 | 4, true, false) => Self::FourPenalised(Walk::compile(trees)),
            (1, _, true) => Self::OneFull(Walk::compile(trees)),
            (2, _, true) => Self::TwoFull(Walk::compile(trees)),
            (3 | 4, _, true) => Self::FourFull(Walk::compile(trees)),
            _ => Self::None,
        }
    }
}

/// What a thread needs to score blocks.
#[derive(Debug)]
pub(crate) struct Workspace {
    dense: Option<Scratch>,
    row: Vec<f64>,
}

/// The trees of a forest and how to score with them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scorer<'a> {
    pub(crate) trees: &'a [Tree],
    pub(crate) columns: usize,
    pub(crate) missing: Missing,
    pub(crate) programs: &'a Programs,
}

impl Scorer<'_> {
    fn dense(&self) -> Option<&Dense> {
        let compile = || {
            let worthwhile = dense::worthwhile(self.trees);
            worthwhile.then(|| Dense::compile(self.trees, self.columns)).flatten()
        };
        self.programs.dense.get_or_init(compile).as_ref()
    }

    fn walk(&self, gaps: bool) -> &AnyWalk {
        let walk = if gaps { &self.programs.full_walk } else { &self.programs.walk };
        walk.get_or_init(|| AnyWalk::compile(self.trees, gaps))
    }

    pub(crate) fn workspace(&self) -> Workspace {
        Workspace { dense: self.dense().map(Dense::scratch), row: vec![0.0; self.columns] }
    }

    /// Sum over the trees of the leaf values, for every row of a block.
    pub(crate) fn sum_block(&self, block: &Block, workspace: &mut Workspace) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        let follow = self.missing == Missing::Majority;
        let mut served = true;
        if let (Some(dense), Some(scratch)) = (self.dense(), &mut workspace.dense) {
            simd::dense(level(), dense, block, scratch, &mut sums);
        } else {
            let (walk, sums) = (self.walk(block.gaps && follow), &mut sums);
            with_walk!(walk, walk => walk.add_values(block.values(), sums), served = false);
        }
        // All programs send rows with missing values to the majority's side or anywhere; spread over
        // both sides they go through the trees one by one.
        let spread = block.gaps && !follow;
        if !served || spread {
            for (lane, sum) in sums.iter_mut().enumerate() {
                block.row(lane, &mut workspace.row);
                if !served || workspace.row.iter().any(|value| value.is_nan()) {
                    *sum = self.sum_plain(&workspace.row);
                }
            }
        }
        sums
    }

    /// Sum over the trees of the leaf values of one row; allocates nothing once compiled, but for
    /// missing values under [`Missing::Spread`].
    pub(crate) fn sum_one(&self, x: &[f64]) -> f64 {
        let gaps = x.iter().any(|value| value.is_nan());
        if gaps && self.missing == Missing::Spread {
            return self.sum_plain(x);
        }
        with_walk!(self.walk(gaps), walk => walk.sum_one(x), self.sum_plain(x))
    }

    /// The plain way, tree by tree: what all others are equal to, bit for bit.
    pub(crate) fn sum_plain(&self, x: &[f64]) -> f64 {
        self.trees
            .iter()
            .map(|tree| tree.value(x, self.missing))
            .fold(0.0, |sum, value| sum + value)
    }
}
