//! A forest made ready to score: which of the scoring programs serve which rows.

use super::block::{Block, LANES};
use super::dense::{self, Dense, Scratch};
use super::options::Missing;
use super::simd;
use super::tree::{Rule, Tree};
use super::walk::Walk;
use std::sync::OnceLock;

/// Scoring programs, each compiled when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    dense: OnceLock<Option<Dense>>,
    walk: OnceLock<AnyWalk>,
}

/// Walking programs by the number of columns in a node, without and with a range penalty.
#[derive(Debug)]
enum AnyWalk {
    One(Walk<1, false>),
    Two(Walk<2, false>),
    Four(Walk<4, false>),
    OnePenalised(Walk<1, true>),
    TwoPenalised(Walk<2, true>),
    FourPenalised(Walk<4, true>),
    /// Categories, or planes of many columns: the trees themselves are walked.
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
            AnyWalk::None => $otherwise,
        }
    };
}

impl AnyWalk {
    fn compile(trees: &[Tree]) -> Self {
        let (mut columns, mut penalised) = (1, false);
        for node in trees.iter().flat_map(|tree| &tree.nodes) {
            penalised |= node.margin != f64::INFINITY;
            match node.rule {
                Rule::Category { .. } => return Self::None,
                // A plane of one column still has a coefficient, which a walk of one does without.
                Rule::Plane { terms, .. } => columns = columns.max(terms.max(2)),
                Rule::Axis { .. } | Rule::Leaf => {}
            }
        }
        match (columns, penalised) {
            (1, false) => Self::One(Walk::compile(trees)),
            (2, false) => Self::Two(Walk::compile(trees)),
            (3 | 4, false) => Self::Four(Walk::compile(trees)),
            (1, true) => Self::OnePenalised(Walk::compile(trees)),
            (2, true) => Self::TwoPenalised(Walk::compile(trees)),
            (3 | 4, true) => Self::FourPenalised(Walk::compile(trees)),
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

    fn walk(&self) -> &AnyWalk {
        self.programs.walk.get_or_init(|| AnyWalk::compile(self.trees))
    }

    pub(crate) fn workspace(&self) -> Workspace {
        Workspace { dense: self.dense().map(Dense::scratch), row: vec![0.0; self.columns] }
    }

    /// Sum over the trees of the leaf values, for every row of a block.
    pub(crate) fn sum_block(&self, block: &Block, workspace: &mut Workspace) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        let mut served = true;
        if let (Some(dense), Some(scratch)) = (self.dense(), &mut workspace.dense) {
            simd::dense(simd::level(), dense, block, scratch, &mut sums);
            if dense::handles(self.missing) {
                return sums;
            }
        } else {
            let sums = &mut sums;
            with_walk!(self.walk(), walk => walk.add_values(block.values(), sums), served = false);
        }
        if !served || block.gaps {
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
        if x.iter().any(|value| value.is_nan()) {
            return self.sum_plain(x);
        }
        with_walk!(self.walk(), walk => walk.sum_one(x), self.sum_plain(x))
    }

    /// The plain way, tree by tree: what all others are equal to, bit for bit.
    pub(crate) fn sum_plain(&self, x: &[f64]) -> f64 {
        self.trees
            .iter()
            .map(|tree| tree.value(x, self.missing))
            .fold(0.0, |sum, value| sum + value)
    }
}
