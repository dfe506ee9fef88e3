//! The rounds of boosting.

use super::cell::{Cell, Sizes};
use super::grow::{Ground, Grown, Rules, SplitOffer};
use super::histogram::{Cells, Histograms};
use super::leaves::{add, fill_leaves, walk};
use super::loss::{Derivatives, Loss};
use super::order::{InOrder, arrange, by_leaf, matters, put_back};
use super::params::{BoostingParams, Direction, RowSampling};
use super::row_bytes::Rounding;
use super::sample::{Sample, offer};
use super::scan::Limits;
use super::search::Search;
use super::table::Table;
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::huge_pages::filled;
use crate::parallel;
use crate::rng::Stream;
use std::ops::ControlFlow;
use std::sync::Mutex;

/// Rows that a thread works on in one go: their scores and derivatives fit its cache.
pub(crate) const CHUNK: usize = 16_384;

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

/// Rounds of boosting to be done.
pub(crate) struct Boosting<'a, O> {
    pub(crate) params: &'a BoostingParams<O>,
    pub(crate) table: &'a mut Table,
    pub(crate) loss: Box<dyn Loss + 'a>,
    /// The loss of the rows in another order, where they may be put in one.
    pub(crate) in_order: Option<&'a InOrder<'a>>,
    /// Rounds to do.
    pub(crate) rounds: usize,
    /// Rounds that were done before.
    pub(crate) first: usize,
}

impl<O> Boosting<'_, O> {
    /// Adds trees, `scores` being the raw scores so far (by output, then by row). Rows of a large table
    /// are put in an [order](super::order) of their own after the first round, and left in it.
    pub(crate) fn run(
        mut self,
        mut scores: Vec<f64>,
        mut held_out: Option<HeldOut<'_>>,
        tell: &mut dyn FnMut(usize, Option<f64>) -> ControlFlow<()>,
    ) -> Result<Boosted> {
        let (rows, outputs) = (self.table.rows, self.loss.outputs());
        let rules = rules(self.params, self.table);
        let mut derivatives = filled([0.0; 2], rows * outputs);
        let mut state = State::new(self.table);
        let mut boosted = Boosted::default();
        let (mut best, mut best_rounds) = (f64::INFINITY, 0);
        let mut order = Vec::new();
        for done in 0..self.rounds {
            self.loss.derivatives(&scores, &mut derivatives);
            let mut stream = Stream::new(self.params.seed, (self.first + done) as u64);
            state.sample.draw(self.sampling(done), &mut derivatives, &mut stream);
            let mut split = false;
            for output in 0..outputs {
                let span = output * rows..(output + 1) * rows;
                let (derivatives, scores) = (&derivatives[span.clone()], &mut scores[span]);
                let number = ((self.first + done) * outputs + output) as u64;
                state.sample.reset();
                let mut grown = state.grow(&mut self, &rules, derivatives, number, &mut stream);
                let (index, loss) = (&state.sample.index, (&*self.loss, output));
                fill_leaves(self.params, loss, &mut grown, index, derivatives, scores);
                grown.tree.output = output as u32;
                add(self.table, &grown, &state.sample, scores);
                if let Some(held_out) = &mut held_out {
                    let rows = held_out.table.rows;
                    let scores = &mut held_out.scores[output * rows..(output + 1) * rows];
                    walk(held_out.table, &grown, scores);
                }
                split |= !grown.tree.splits.is_empty();
                if done == 0 && self.rounds > 1 && output == 0 && self.is_arranged() {
                    order = by_leaf(self.table, &grown, &state.sample);
                }
                boosted.trees.push(grown.tree);
            }
            if done == 0 && !order.is_empty() {
                self.arrange(&order, &mut scores, state.halves())?;
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
                return Err(Error::Cancelled { done: done + 1, total: self.rounds });
            }
            let patience = held_out.as_ref().and_then(|held_out| held_out.patience);
            if patience.is_some_and(|patience| done + 1 - boosted.rounds >= patience) {
                break;
            }
            if !split && !self.draws() {
                // The next round would find no split either, and without one nothing is learned.
                boosted.rounds = boosted.rounds.min(done);
                break;
            }
        }
        let dropped = boosted.trees.len() > boosted.rounds * outputs;
        boosted.trees.truncate(boosted.rounds * outputs);
        if !order.is_empty() {
            for scores in scores.chunks_exact_mut(rows) {
                put_back(scores, &order, state.halves());
            }
        }
        boosted.scores = (!dropped).then_some(scores);
        Ok(boosted)
    }

    fn is_arranged(&self) -> bool {
        self.in_order.is_some() && matters(self.table)
    }

    /// Puts all that is known of the rows in another order.
    fn arrange(
        &mut self,
        order: &[u32],
        scores: &mut [f64],
        [high, low]: [&mut [u32]; 2],
    ) -> Result<()> {
        let Some(in_order) = self.in_order else { return Ok(()) };
        for scores in scores.chunks_exact_mut(order.len()) {
            arrange(scores, order, [&mut *high, &mut *low]);
        }
        self.table.arrange(order);
        self.loss = in_order(order)?;
        Ok(())
    }

    /// One-side sampling begins when gradients tell rows apart (Ke et al. 2017).
    fn sampling(&self, done: usize) -> RowSampling {
        match self.params.rows {
            RowSampling::Goss { .. } if (done as f64) < 1.0 / self.params.learning_rate => {
                RowSampling::All
            }
            other => other,
        }
    }

    /// Whether another round may find splits where this one found none.
    fn draws(&self) -> bool {
        let params = self.params;
        let all = params.rows == RowSampling::All
            && params.column_share * params.column_share_split == 1.0;
        self.table.width() > 0 && !all
    }
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
    sample: Sample,
    scratch: Vec<u32>,
}

impl State {
    fn new(table: &Table) -> Self {
        Self {
            narrow: Histograms::new(table.bytes),
            wide: Histograms::new(table.bytes),
            narrow_cells: Vec::new(),
            wide_cells: Vec::new(),
            sample: Sample::all(table.rows),
            scratch: filled(0, table.rows),
        }
    }

    /// Memory of two half words a row, between trees.
    fn halves(&mut self) -> [&mut [u32]; 2] {
        let index = &mut self.sample.index;
        index.resize(self.scratch.len(), 0);
        [index, &mut self.scratch]
    }

    fn grow<O>(
        &mut self,
        boosting: &mut Boosting<'_, O>,
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
        let mut growing = Growing {
            table: &mut *boosting.table,
            rules,
            derivatives,
            sizes,
            number,
            index: &mut self.sample.index,
            scratch: &mut self.scratch,
            stream,
            shares: [boosting.params.column_share, boosting.params.column_share_split],
        };
        if sizes.fit_one_word() {
            growing.run(&mut self.narrow_cells, &self.narrow, growing.table.by_row().has_room())
        } else {
            growing.run(&mut self.wide_cells, &self.wide, false)
        }
    }
}

/// One tree's growing, for either kind of cell.
struct Growing<'a> {
    table: &'a mut Table,
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
    /// Rounds the derivatives into `memory`, or into the table if `within`, and grows a tree.
    fn run<C: Cell>(
        &mut self,
        memory: &mut Vec<C>,
        histograms: &Histograms<C>,
        within: bool,
    ) -> Grown {
        let scales = self.sizes.scales::<C>();
        let rounding = Rounding { derivatives: self.derivatives, scales, tree: self.number };
        let mut whole = None;
        let cells = if within {
            let all = self.index.len() == self.table.rows;
            let by_row = self.table.by_row_mut();
            if all {
                whole = Some(histograms.build_putting(by_row, rounding, parallel::threads()));
            } else {
                by_row.put_derivatives::<C>(rounding);
            }
            Cells::Within
        } else {
            if memory.is_empty() {
                *memory = filled(C::default(), self.derivatives.len());
            }
            parallel::chunks_mut(memory, CHUNK, |start, cells| rounding.round(start, cells));
            Cells::Beside(memory)
        };
        let mut offered = vec![true; self.table.width()];
        offer(&mut offered, self.shares[0], self.stream);
        let (share, stream) = (self.shares[1], &mut *self.stream);
        let mut draw = |offered: &mut [bool]| offer(offered, share, stream);
        let ground = Ground {
            search: Search { table: self.table, rules: self.rules, scales },
            cells,
            offered: &offered,
            split_offer: (share < 1.0).then(|| Mutex::new(&mut draw as &mut SplitOffer<'_>)),
            histograms,
            whole,
        };
        ground.grow(self.index, self.scratch)
    }
}
