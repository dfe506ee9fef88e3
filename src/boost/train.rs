//! The rounds of boosting.

use super::cell::{Cell, Sizes, round};
use super::grow::{Grown, Rules, grow};
use super::histogram::Histograms;
use super::loss::{Derivatives, Loss};
use super::params::{BoostingParams, Direction, RowSampling};
use super::sample::{offer, sample_rows};
use super::scan::{Limits, soft};
use super::table::Table;
use super::tree::{Next, Tree};
use crate::error::{Error, Result};
use crate::parallel;
use crate::rng::Stream;
use std::ops::ControlFlow;

/// Rows that a thread works on in one go: their scores and derivatives fit its cache.
const CHUNK: usize = 16_384;

/// Rows that trees are judged by, not grown on.
pub(crate) struct HeldOut<'a> {
    pub(crate) table: &'a Table,
    /// Raw scores before the first tree, by output, then by row.
    pub(crate) scores: Vec<f64>,
    /// Lower is better.
    pub(crate) judge: &'a mut dyn FnMut(&[f64]) -> Result<f64>,
    /// Rounds without a better one after which training ends; `None` to do, and keep, all.
    pub(crate) patience: Option<usize>,
}

/// What boosting gives.
#[derive(Debug, Default)]
pub(crate) struct Boosted {
    pub(crate) trees: Vec<Tree>,
    /// Of the held-out rows, after each round.
    pub(crate) history: Vec<f64>,
    /// Rounds up to the best one; all without held-out rows.
    pub(crate) rounds: usize,
    /// Raw scores of the rows, unless trees were dropped after they were added.
    pub(crate) scores: Option<Vec<f64>>,
}

/// Adds trees for a number of rounds, `scores` being the raw scores so far (by output, then by row) and `first` the rounds
/// behind them.
pub(crate) fn boost<O>(
    params: &BoostingParams<O>,
    rounds: usize,
    table: &Table,
    loss: &dyn Loss,
    mut scores: Vec<f64>,
    first: usize,
    mut held_out: Option<HeldOut<'_>>,
    tell: &mut dyn FnMut(usize, Option<f64>) -> ControlFlow<()>,
) -> Result<Boosted> {
    let (rows, outputs) = (table.rows, loss.outputs());
    let rules = rules(params, table);
    let mut derivatives = vec![[0.0; 2]; rows * outputs];
    let mut state = State {
        narrow: Histograms::new(table.bytes),
        wide: Histograms::new(table.bytes),
        narrow_cells: Vec::new(),
        wide_cells: Vec::new(),
        index: Vec::with_capacity(rows),
        scratch: vec![0; rows],
    };
    let mut boosted = Boosted::default();
    let (mut best, mut best_rounds) = (f64::INFINITY, 0);
    for done in 0..rounds {
        loss.derivatives(&scores, &mut derivatives);
        let mut stream = Stream::new(params.seed, (first + done) as u64);
        // One-side sampling begins when gradients tell rows apart (Ke et al. 2017).
        let sampling = match params.rows {
            RowSampling::Goss { .. } if (done as f64) < 1.0 / params.learning_rate => {
                RowSampling::All
            }
            other => other,
        };
        sample_rows(sampling, rows, &mut derivatives, &mut stream, &mut state.index);
        let mut split = false;
        for output in 0..outputs {
            if output > 0 {
                // Growing has rearranged them.
                state.index.sort_unstable();
            }
            let span = output * rows..(output + 1) * rows;
            let derivatives = &derivatives[span.clone()];
            let scores = &mut scores[span];
            let number = ((first + done) * outputs + output) as u64;
            let mut grown = state.grow(params, table, &rules, derivatives, number, &mut stream);
            fill_leaves(params, loss, output, &mut grown, &state.index, derivatives, scores);
            grown.tree.output = output as u32;
            add(table, &grown, &state.index, scores);
            if let Some(held_out) = &mut held_out {
                let rows = held_out.table.rows;
                let scores = &mut held_out.scores[output * rows..(output + 1) * rows];
                walk(held_out.table, &grown, scores);
            }
            split |= !grown.tree.splits.is_empty();
            boosted.trees.push(grown.tree);
        }
        boosted.rounds = done + 1;
        if let Some(held_out) = &mut held_out {
            let value = (held_out.judge)(&held_out.scores)?;
            boosted.history.push(value);
            if value < best || done == 0 {
                (best, best_rounds) = (value, done + 1);
            }
            if held_out.patience.is_some() {
                boosted.rounds = best_rounds;
            }
        }
        if tell(done + 1, boosted.history.last().copied()).is_break() {
            return Err(Error::Cancelled { done: done + 1, total: rounds });
        }
        let patience = held_out.as_ref().and_then(|held_out| held_out.patience);
        if patience.is_some_and(|patience| done + 1 - boosted.rounds >= patience) {
            break;
        }
        let drawn = params.rows != RowSampling::All
            || params.column_share * params.column_share_split < 1.0;
        if !split && (table.width() == 0 || !drawn) {
            // The next round would find no split either, and without one nothing is learned.
            boosted.rounds = boosted.rounds.min(done);
            break;
        }
    }
    let dropped = boosted.trees.len() > boosted.rounds * outputs;
    boosted.trees.truncate(boosted.rounds * outputs);
    boosted.scores = (!dropped).then_some(scores);
    Ok(boosted)
}

fn rules<O>(params: &BoostingParams<O>, table: &Table) -> Rules {
    let mut directions = vec![0; table.width()];
    for &(column, direction) in &params.monotone {
        if let Ok(index) = table.columns.binary_search(&column) {
            directions[index] = match direction {
                Direction::Increasing => 1,
                Direction::Decreasing => -1,
            };
        }
    }
    let companions = if params.interactions.is_empty() {
        Vec::new()
    } else {
        let together = |a: usize, b: usize| {
            a == b
                || params.interactions.iter().any(|group| group.contains(&a) && group.contains(&b))
        };
        let of = |&a: &usize| table.columns.iter().map(|&b| together(a, b)).collect();
        table.columns.iter().map(of).collect()
    };
    Rules {
        max_leaves: params.max_leaves,
        max_depth: params.max_depth.unwrap_or(usize::MAX),
        min_rows: params.min_rows,
        limits: Limits {
            l1: params.l1,
            l2: params.l2,
            min_gain: params.min_gain,
            min_hessian: params.min_hessian,
            min_rows: params.min_rows as f64,
        },
        directions,
        companions,
    }
}

/// Memory that is used again for every tree.
struct State {
    narrow: Histograms<u64>,
    wide: Histograms<[i64; 2]>,
    narrow_cells: Vec<u64>,
    wide_cells: Vec<[i64; 2]>,
    /// Rows of the tree, in the end by leaf.
    index: Vec<u32>,
    scratch: Vec<u32>,
}

impl State {
    fn grow<O>(
        &mut self,
        params: &BoostingParams<O>,
        table: &Table,
        rules: &Rules,
        derivatives: &[Derivatives],
        number: u64,
        stream: &mut Stream,
    ) -> Grown {
        let chunks = derivatives.len().div_ceil(CHUNK);
        let chunk = |index: usize| {
            Sizes::of(&derivatives[index * CHUNK..derivatives.len().min((index + 1) * CHUNK)])
        };
        let sizes = parallel::map(chunks, chunk).into_iter().fold(Sizes::default(), Sizes::and);
        let mut rest = Growing {
            table,
            rules,
            derivatives,
            sizes,
            number,
            index: &mut self.index,
            scratch: &mut self.scratch,
            stream,
            shares: [params.column_share, params.column_share_split],
        };
        if sizes.fit_one_word() {
            rest.run(&mut self.narrow_cells, &mut self.narrow)
        } else {
            rest.run(&mut self.wide_cells, &mut self.wide)
        }
    }
}

/// One tree's growing, for either kind of cell.
struct Growing<'a> {
    table: &'a Table,
    rules: &'a Rules,
    derivatives: &'a [Derivatives],
    sizes: Sizes,
    number: u64,
    index: &'a mut [u32],
    scratch: &'a mut [u32],
    stream: &'a mut Stream,
    shares: [f64; 2],
}

impl Growing<'_> {
    fn run<C: Cell>(&mut self, cells: &mut Vec<C>, histograms: &mut Histograms<C>) -> Grown {
        let scales = self.sizes.scales::<C>();
        cells.resize(self.derivatives.len(), C::default());
        parallel::chunks_mut(cells, CHUNK, |start, cells| {
            let rows = start..start + cells.len();
            round(self.derivatives, rows, scales, self.number, cells);
        });
        let width = self.table.width();
        let mut offered = vec![true; width];
        offer(&mut offered, self.shares[0], self.stream);
        let (share, stream) = (self.shares[1], &mut *self.stream);
        grow(
            self.table,
            self.rules,
            cells,
            scales,
            self.index,
            self.scratch,
            &offered,
            &mut |offered| offer(offered, share, stream),
            histograms,
        )
    }
}

/// Values of leaves and splits, from the derivatives as they are: histograms hold them rounded.
fn fill_leaves<O>(
    params: &BoostingParams<O>,
    loss: &dyn Loss,
    output: usize,
    grown: &mut Grown,
    index: &[u32],
    derivatives: &[Derivatives],
    scores: &[f64],
) {
    let sums = parallel::map(grown.rows.len(), |leaf| {
        let rows = &index[grown.rows[leaf].clone()];
        let [gradient, hessian] = sum(rows, derivatives);
        let value = loss.leaf_value(output, rows, scores);
        (gradient, hessian, rows.len() as f64, value)
    });
    let newton = |gradient: f64, hessian: f64| {
        let below = hessian + params.l2;
        if below > 0.0 { -soft(gradient, params.l1) / below } else { 0.0 }
    };
    // A step for all rows, from some of them, would be the chance of which ones were drawn.
    let by_chance = grown.rows.len() == 1 && index.len() < derivatives.len();
    let leaves = grown.tree.leaves.iter_mut().zip(&sums).zip(&grown.bounds);
    for ((leaf, &(gradient, hessian, cover, value)), bounds) in leaves {
        let value =
            if by_chance { 0.0 } else { value.unwrap_or_else(|| newton(gradient, hessian)) };
        leaf.value = value.clamp(bounds.low, bounds.high) * params.learning_rate;
        leaf.cover = cover;
        leaf.hessian = hessian;
    }
    // Backwards: children before parents.
    let mut below = vec![[0.0; 3]; grown.tree.splits.len()];
    for split in (0..grown.tree.splits.len()).rev() {
        let of = |child: super::tree::Child| match child.next() {
            Next::Split(split) => below[split],
            Next::Leaf(leaf) => [sums[leaf].0, sums[leaf].1, sums[leaf].2],
        };
        let (left, right) = (of(grown.tree.splits[split].left), of(grown.tree.splits[split].right));
        let [gradient, hessian, cover] = std::array::from_fn(|k| left[k] + right[k]);
        below[split] = [gradient, hessian, cover];
        let node = &mut grown.tree.splits[split];
        node.value = newton(gradient, hessian) * params.learning_rate;
        node.cover = cover;
        node.hessian = hessian;
    }
}

/// Four running sums: one alone would wait for each addition to finish.
fn sum(rows: &[u32], derivatives: &[Derivatives]) -> [f64; 2] {
    let mut sums = [[0.0; 2]; 4];
    for rows in rows.chunks(4) {
        for (sum, &row) in sums.iter_mut().zip(rows) {
            let [gradient, hessian] = derivatives[row as usize];
            sum[0] += f64::from(gradient);
            sum[1] += f64::from(hessian);
        }
    }
    std::array::from_fn(|k| (sums[0][k] + sums[1][k]) + (sums[2][k] + sums[3][k]))
}

/// Adds the tree's answers to the raw scores. Leaves hold their rows in ascending order, so that each
/// chunk of rows finds its own in every leaf: threads share the work without sharing memory.
fn add(table: &Table, grown: &Grown, index: &[u32], scores: &mut [f64]) {
    if index.len() < table.rows {
        walk(table, grown, scores);
        return;
    }
    parallel::chunks_mut(scores, CHUNK, |start, scores| {
        let end = start + scores.len();
        for (leaf, range) in grown.tree.leaves.iter().zip(&grown.rows) {
            let rows = &index[range.clone()];
            let first = rows.partition_point(|&row| (row as usize) < start);
            let rows = &rows[first..];
            let count = rows.partition_point(|&row| (row as usize) < end);
            for &row in &rows[..count] {
                scores[row as usize - start] += leaf.value;
            }
        }
    });
}

/// As [`add`], for rows that the tree was not grown on.
fn walk(table: &Table, grown: &Grown, scores: &mut [f64]) {
    let width = table.bytes;
    if width == 0 || grown.tree.splits.is_empty() {
        let value = grown.tree.leaves[0].value;
        scores.iter_mut().for_each(|score| *score += value);
        return;
    }
    parallel::chunks_mut(scores, CHUNK, |start, scores| {
        let bins = &table.by_row()[start * width..(start + scores.len()) * width];
        for (score, bins) in scores.iter_mut().zip(bins.chunks_exact(width)) {
            *score += grown.tree.leaves[grown.leaf_of(bins)].value;
        }
    });
}
