//! The forest: what is seen, what is learned, what is answered.

use super::columns::Column;
use super::params::StreamingForestParams;
use super::sample::Sample;
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::parallel;
use crate::rng::Stream;
use crate::traits::{Score, Update};
use ndarray::{Array1, ArrayView2, Axis};
use std::f64::consts::LN_2;

/// A random cut forest that learns from one row at a time; see the [module](super).
#[derive(Debug, Clone)]
pub struct StreamingForest {
    pub(super) params: StreamingForestParams,
    pub(super) n_features: usize,
    /// Rows learned from.
    pub(super) count: u64,
    /// The last `shingle` rows, the oldest first; NaN before the first.
    pub(super) recent: Vec<f64>,
    /// A scale a metric.
    pub(super) columns: Vec<Column>,
    /// What sides of the columns of `recent` are multiplied by.
    units: Vec<f64>,
    pub(super) trees: Vec<Tree>,
}

/// Why a row is abnormal.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StreamingExplanation {
    /// The score, higher is worse.
    pub score: f64,
    /// The part of the score that no metric is to blame for: of rows seen before.
    pub baseline: f64,
    /// A part of the score for each metric, at least 0; with the baseline they add up to the score.
    pub contributions: Vec<f64>,
}

/// Rows that every tree takes its turn on before the next rows come.
const CHUNK: usize = 256;

impl StreamingForest {
    pub(super) fn new(params: StreamingForestParams, n_features: usize) -> Self {
        let width = n_features * params.shingle;
        let trees = (0..params.n_trees).map(|_| Tree::new(params.sample_size, width)).collect();
        Self::with_trees(params, n_features, trees)
    }

    /// A forest that has seen nothing, but for its trees.
    pub(super) fn with_trees(
        params: StreamingForestParams,
        n_features: usize,
        trees: Vec<Tree>,
    ) -> Self {
        let width = n_features * params.shingle;
        Self {
            n_features,
            count: 0,
            recent: vec![f64::NAN; width],
            columns: vec![Column::NEW; n_features],
            units: vec![f64::INFINITY; width],
            trees,
            params,
        }
    }

    /// The settings it was built with.
    #[must_use]
    pub fn params(&self) -> &StreamingForestParams {
        &self.params
    }

    /// Rows learned from so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Scores a row, then learns from it: O(trees · depth · columns); nothing is
    /// allocated once the trees' samples are full.
    ///
    /// The score of the first row is 0; those of the first `sample_size` rows, judged by fewer rows
    /// than later ones, are rough.
    ///
    /// # Errors
    /// [`Error::Width`] and [`Error::Infinite`], with the forest left as it was.
    pub fn observe(&mut self, x: &[f64]) -> Result<f64> {
        self.check(x, 0)?;
        self.take_in(x);
        let sum: f64 =
            self.trees.iter().map(|tree| tree.score(&self.recent, &self.units, |_, _| ())).sum();
        self.learn_units();
        let keys = Keys::of(&self.params);
        for (index, tree) in self.trees.iter_mut().enumerate() {
            keys.learn(tree, index, self.count, &self.recent, &self.units);
        }
        self.count += 1;
        Ok(sum / self.params.n_trees as f64)
    }

    /// [`observe`](Self::observe) for each row in order, with the same bits; the trees work in
    /// parallel.
    ///
    /// # Errors
    /// As [`observe`](Self::observe), with the position of the first offending value; no row has
    /// then been learned from.
    pub fn observe_many(&mut self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        let mut row = vec![0.0; x.ncols()];
        for (index, values) in x.outer_iter().enumerate() {
            row.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
            self.check(&row, index)?;
        }
        let width = self.recent.len();
        let mut scores = Vec::with_capacity(x.nrows());
        let mut windows = vec![0.0; CHUNK * width];
        // The scales before and after each row.
        let mut units = vec![0.0; (CHUNK + 1) * width];
        let keys = Keys::of(&self.params);
        for chunk in x.axis_chunks_iter(Axis(0), CHUNK) {
            units[..width].copy_from_slice(&self.units);
            for (index, values) in chunk.outer_iter().enumerate() {
                row.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
                self.take_in(&row);
                self.learn_units();
                windows[index * width..][..width].copy_from_slice(&self.recent);
                units[(index + 1) * width..][..width].copy_from_slice(&self.units);
            }
            let first = self.count;
            let mut turns: Vec<(&mut Tree, [f64; CHUNK])> =
                self.trees.iter_mut().map(|tree| (tree, [0.0; CHUNK])).collect();
            parallel::chunks_mut(&mut turns, 1, |index, turn| {
                let (tree, scores) = &mut turn[0];
                for at in 0..chunk.nrows() {
                    let window = &windows[at * width..][..width];
                    let before = &units[at * width..][..width];
                    let after = &units[(at + 1) * width..][..width];
                    scores[at] = tree.score(window, before, |_, _| ());
                    keys.learn(tree, index, first + at as u64, window, after);
                }
            });
            let n_trees = self.params.n_trees as f64;
            scores.extend(
                (0..chunk.nrows())
                    .map(|at| turns.iter().map(|(_, scores)| scores[at]).sum::<f64>() / n_trees),
            );
            self.count += chunk.nrows() as u64;
        }
        Ok(Array1::from_vec(scores))
    }

    /// Why a row, seen now, would score what it does. Learns nothing.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn explain_one(&self, x: &[f64]) -> Result<StreamingExplanation> {
        self.check(x, 0)?;
        let window = self.window(x);
        let mut contributions = vec![0.0; self.n_features];
        let sum: f64 = self
            .trees
            .iter()
            .map(|tree| {
                tree.score(&window, &self.units, |column, part| {
                    contributions[column % self.n_features] += part;
                })
            })
            .sum();
        let n_trees = self.params.n_trees as f64;
        for part in &mut contributions {
            *part /= n_trees;
        }
        let score = sum / n_trees;
        // Rounding may leave a few units in the last place below 0.
        let baseline = (score - contributions.iter().sum::<f64>()).max(0.0);
        Ok(StreamingExplanation { score, baseline, contributions })
    }

    fn check(&self, x: &[f64], row: usize) -> Result<()> {
        if x.len() != self.n_features {
            return Err(Error::Width { expected: self.n_features, found: x.len() });
        }
        match x.iter().position(|value| value.is_infinite()) {
            Some(column) => Err(Error::Infinite { row, column, value: x[column] }),
            None => Ok(()),
        }
    }

    /// The last rows, with `x` as the newest.
    fn window(&self, x: &[f64]) -> Vec<f64> {
        self.recent[self.n_features..].iter().chain(x).copied().collect()
    }

    fn take_in(&mut self, x: &[f64]) {
        self.recent.copy_within(self.n_features.., 0);
        let newest = self.recent.len() - self.n_features;
        self.recent[newest..].copy_from_slice(x);
    }

    /// Learns the scales from the newest row.
    fn learn_units(&mut self) {
        let slowest = 1.0 / (self.params.half_life / LN_2).max(self.params.sample_size as f64);
        let newest = self.recent.len() - self.n_features;
        for (column, &value) in self.columns.iter_mut().zip(&self.recent[newest..]) {
            column.learn(value, slowest);
        }
        self.set_units();
    }

    /// Units follow from the columns.
    pub(super) fn set_units(&mut self) {
        for units in self.units.chunks_exact_mut(self.n_features) {
            units.iter_mut().zip(&self.columns).for_each(|(to, column)| *to = column.per_unit());
        }
    }
}

/// What decides which rows a tree holds.
struct Keys {
    seed: u64,
    decay: f64,
    n_trees: u64,
}

impl Keys {
    fn of(params: &StreamingForestParams) -> Self {
        Self { seed: params.seed, decay: LN_2 / params.half_life, n_trees: params.n_trees as u64 }
    }

    /// Lets a tree learn from the row seen at `time`. Each tree and row has random numbers of its
    /// own, so that a forest needs to save none, and the order of the trees does not matter.
    fn learn(&self, tree: &mut Tree, index: usize, time: u64, row: &[f64], units: &[f64]) {
        let mut stream = Stream::new(self.seed, time * self.n_trees + index as u64);
        let key = Sample::key(stream.unit(), self.decay, time as f64);
        tree.learn(row, units, key, &mut stream);
    }
}

impl Score for StreamingForest {
    fn n_features(&self) -> usize {
        self.n_features
    }

    /// What [`observe`](Self::observe) would answer, without learning.
    fn score_one(&self, x: &[f64]) -> Result<f64> {
        self.check(x, 0)?;
        let window = self.window(x);
        let sum: f64 =
            self.trees.iter().map(|tree| tree.score(&window, &self.units, |_, _| ())).sum();
        Ok(sum / self.params.n_trees as f64)
    }
}

impl Update for StreamingForest {
    fn update(&mut self, x: &[f64]) -> Result<()> {
        self.observe(x).map(|_| ())
    }
}
