//! What explaining many rows has in common: the trees' plans, the points, the blocks of rows.

use super::blocks::Blocks;
use super::kernel::{Game, MOST, Scratch};
use super::lanes::Lanes;
use super::plan::Plan;
use super::quadrature::{Point, gauss};
use super::simd;
use super::single::{Rule, Single};
use crate::boost::ensemble::Ensemble;
use crate::boost::tree::Tree;
use crate::columnar::level::Level;

/// What explanations of an ensemble need to know beside its trees.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// One a tree.
    plans: Vec<Plan>,
    /// `rules[n]` has `n` points.
    rules: Vec<Vec<Point>>,
    /// Passes over each tree, for single rows.
    passes: Vec<Vec<Rule>>,
}

/// An ensemble, prepared to be explained.
pub(crate) struct Explainer<'a> {
    pub(crate) ensemble: &'a Ensemble,
    prepared: &'a Prepared,
    level: Level,
}

impl Prepared {
    pub(crate) fn new(ensemble: &Ensemble) -> Self {
        // In turn: others of the pool may wait for this, and a thread that shared out the work could
        // pick up one of those that do.
        let plans = ensemble.trees.iter().map(|tree| Plan::new(tree, ensemble.columns));
        let plans: Vec<Plan> = plans.collect();
        let mut needed: Vec<usize> = plans.iter().map(points).collect();
        needed.sort_unstable();
        needed.dedup();
        let mut rules = vec![Vec::new(); needed.last().map_or(0, |most| most + 1)];
        for n in needed {
            rules[n] = gauss(n);
        }
        let pass = |plan: &Plan| {
            let points = rules[points(plan)].chunks(MOST);
            points.map(|points| Rule::new(plan, points)).collect()
        };
        let passes = plans.iter().map(pass).collect();
        Self { plans, rules, passes }
    }
}

impl<'a> Explainer<'a> {
    /// The first one prepares the ensemble for all.
    pub(crate) fn new(ensemble: &'a Ensemble, level: Level) -> Self {
        Self { ensemble, prepared: ensemble.prepared(), level }
    }

    /// Trees with their plans.
    pub(crate) fn trees(&self) -> impl Iterator<Item = (&'a Tree, &Plan)> {
        self.ensemble.trees.iter().zip(&self.prepared.plans)
    }

    /// Adds the contributions in one tree and game of all the rows in `blocks` to `credits`, whose
    /// entries for the columns of the first block begin at `start`, and those of the next at
    /// `start + stride`.
    pub(crate) fn add(
        &self,
        (tree, plan): (&Tree, &Plan),
        game: Game,
        blocks: &Blocks,
        scratch: &mut Scratch,
        credits: &mut [Lanes],
        (start, stride): (usize, usize),
    ) {
        for points in self.prepared.rules[points(plan)].chunks(MOST) {
            scratch.prepare(plan, points, game);
            for (index, block) in blocks.iter().enumerate() {
                let credits = &mut credits[start + index * stride..][..self.ensemble.columns];
                simd::pass(self.level, scratch, tree, plan, block, credits);
            }
        }
    }

    /// As [`add`](Self::add) of the whole game, for one row: the same bits in less time.
    pub(crate) fn add_one(&self, row: &[f64], single: &mut Single, credits: &mut [f64]) {
        for ((tree, plan), passes) in self.trees().zip(&self.prepared.passes) {
            let start = tree.output as usize * self.ensemble.columns;
            let credits = &mut credits[start..][..self.ensemble.columns];
            for rule in passes {
                single.pass(self.level, (tree, plan), rule, row, credits);
            }
        }
    }

    /// The raw score of each output for a row of which nothing is known.
    pub(crate) fn expectation(&self) -> Vec<f64> {
        let mut expectation = self.ensemble.start.clone();
        for (tree, plan) in self.trees() {
            expectation[tree.output as usize] += plan.expectation;
        }
        expectation
    }
}

/// Points of the quadrature: a path of D columns makes a polynomial of degree D − 1.
fn points(plan: &Plan) -> usize {
    plan.distinct.div_ceil(2)
}
