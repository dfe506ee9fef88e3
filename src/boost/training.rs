//! One training: the rows, and all that may come with them.

use super::early;
use super::ensemble::Ensemble;
use super::loss::Loss;
use super::objective::{Fitted, Objective, Scored};
use super::params::BoostingParams;
use super::prepare::{check_batch, check_column, flags};
use super::report::{TrainingReport, Warning};
use super::table::Table;
use super::train::{Boosting, HeldOut};
use crate::error::{Error, Result};
use crate::parallel;
use crate::traits::{Batch, Train};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use std::ops::ControlFlow;

/// Rounds without a better one after which training ends, where held-out rows are given and
/// [`EarlyStopping`](super::EarlyStopping) is not.
const PATIENCE: usize = 20;

/// Into how many parts rows are cut to score each by trees that were not grown on it.
const PARTS: usize = 5;

/// Columns that separate the classes better than this are reported.
const SUSPICIOUS: f64 = 0.999;

/// A round of boosting that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Round {
    /// Rounds that are over.
    pub done: usize,
    /// Rounds that there will be, unless training stops early.
    pub total: usize,
    /// The measure of the held-out rows, lower is better.
    pub held_out: Option<f64>,
}

/// Makes one number of the raw scores of the held-out rows, by output, then by row; lower is better.
type Measure<'a> = dyn FnMut(&[f64]) -> Result<f64> + 'a;

/// What is told of every round.
type Observer<'a> = dyn FnMut(&Round) -> ControlFlow<()> + 'a;

/// A training with more than a batch: see [`BoostingParams::training`].
pub struct Training<'a, O: Objective> {
    params: &'a BoostingParams<O>,
    batch: Batch<'a, [O::Label]>,
    held_out: Option<Batch<'a, [O::Label]>>,
    watch_only: bool,
    measure: Option<&'a mut Measure<'a>>,
    observer: Option<&'a mut Observer<'a>>,
    from: Option<&'a Ensemble>,
    names: Vec<String>,
}

impl<O: Objective> std::fmt::Debug for Training<'_, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Training").field("rows", &self.batch.x.nrows()).finish_non_exhaustive()
    }
}

impl<O: Objective> BoostingParams<O> {
    /// A training on a batch that can be told more before it runs: held-out rows, another measure of
    /// them, an observer, trees to start from, names of columns.
    ///
    /// ```
    /// use forewarn::boost::{EarlyStopping, FailureClassifierParams};
    /// use forewarn::ndarray::{Array2, s};
    /// use forewarn::prelude::*;
    /// use std::ops::ControlFlow;
    ///
    /// let x = Array2::from_shape_fn((400, 3), |(i, j)| ((i * 37 + j * 71) % 101) as f64);
    /// let failed: Vec<bool> = x.rows().into_iter().map(|row| row[0] + row[1] > 130.0).collect();
    /// let params = FailureClassifierParams::default().early_stopping(Some(EarlyStopping::after(10)));
    /// let model = params
    ///     .training(Batch::new(x.slice(s![..300, ..])).with_target(&failed[..300]))
    ///     .held_out(Batch::new(x.slice(s![300.., ..])).with_target(&failed[300..]))
    ///     .names(["load", "heat", "age"])
    ///     .observe(&mut |round| {
    ///         println!("{} of {}: {:?}", round.done, round.total, round.held_out);
    ///         ControlFlow::Continue(())
    ///     })
    ///     .run()?;
    /// assert_eq!(model.ensemble().feature_names()[1], "heat");
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn training<'a>(&'a self, batch: Batch<'a, [O::Label]>) -> Training<'a, O> {
        Training {
            params: self,
            batch,
            held_out: None,
            watch_only: false,
            measure: None,
            observer: None,
            from: None,
            names: Vec::new(),
        }
    }
}

impl<O: Objective> Train for BoostingParams<O> {
    type Target = [O::Label];
    type Model = O::Model;

    /// Grows trees. O(rounds · outputs · rows · columns · log leaves) at most; about two rows'
    /// worth of work a row of each tree is what comes of subtracting histograms.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range or a column that is not there,
    /// [`Error::Empty`], [`Error::Length`], [`Error::Infinite`], [`Error::NotACategory`],
    /// [`Error::NotANumber`] for what the batch holds, and what the objective makes of its labels.
    fn train(&self, batch: Batch<'_, [O::Label]>) -> Result<O::Model> {
        self.training(batch.reborrow()).run()
    }
}

impl<'a, O: Objective> Training<'a, O> {
    /// Rows to judge every round by. Training stops early by them as
    /// [`early_stopping`](BoostingParams::early_stopping) says, else after 20 rounds without a
    /// better one.
    #[must_use]
    pub fn held_out(self, batch: Batch<'a, [O::Label]>) -> Self {
        Self { held_out: Some(batch), ..self }
    }

    /// Judges held-out rows for the report alone: all rounds are done, and all trees kept.
    #[must_use]
    pub fn watch_only(self) -> Self {
        Self { watch_only: true, ..self }
    }

    /// Judges held-out rows by this instead of the loss: a function of their raw scores (by output,
    /// then by row), lower is better.
    #[must_use]
    pub fn measure(self, measure: &'a mut Measure<'a>) -> Self {
        Self { measure: Some(measure), ..self }
    }

    /// Tells an observer of every round; `Break` ends the training with
    /// [`Error::Cancelled`].
    #[must_use]
    pub fn observe(self, observer: &'a mut Observer<'a>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Adds trees to those of a model of the same objective and columns.
    #[must_use]
    pub fn continue_from(self, ensemble: &'a Ensemble) -> Self {
        Self { from: Some(ensemble), ..self }
    }

    /// Names the columns.
    #[must_use]
    pub fn names<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), ..self }
    }

    /// Trains.
    ///
    /// # Errors
    /// As [`Train::train`] of the settings; [`Error::Cancelled`]; [`Error::Incompatible`] for names
    /// that are not as many as the columns or not distinct, for trees to start from that were
    /// grown on something else, and for early stopping with a single row.
    pub fn run(mut self) -> Result<O::Model> {
        let params = self.params;
        params.check()?;
        let columns = self.batch.x.ncols();
        let categorical = flags(&params.categorical, columns)?;
        for &(column, _) in &params.monotone {
            check_column("monotone", column, columns)?;
            if categorical[column] {
                let reason = format!("column {column} is categorical: it has no direction");
                return Err(Error::Incompatible { reason });
            }
        }
        for &column in params.interactions.iter().flatten() {
            check_column("interactions", column, columns)?;
        }
        check_names(&self.names, columns)?;
        check_batch(&self.batch, &categorical)?;
        if let Some(held_out) = &self.held_out {
            if held_out.x.ncols() != columns {
                let found = held_out.x.ncols();
                return Err(Error::Width { expected: columns, found });
            }
            check_batch(held_out, &categorical)?;
        }
        let mut rows = Rows::of(&self.batch);
        let mut judged = self.held_out.as_ref().map(Rows::of);
        if let (Some(early), None) = (params.early_stopping, &judged) {
            let kinds: Vec<u32> = rows.labels().iter().map(O::kind).collect();
            let Some((kept, held)) = early::split(early.hold_out, &kinds, params.seed) else {
                let reason = "early stopping needs two rows: one to train on, one to judge by";
                return Err(Error::Incompatible { reason: reason.into() });
            };
            judged = Some(rows.take(&held));
            rows = rows.take(&kept);
        }
        self.fit(&categorical, &rows, judged.as_ref())
    }

    fn fit(
        &mut self,
        categorical: &[bool],
        rows: &Rows<'_, O::Label>,
        judged: Option<&Rows<'_, O::Label>>,
    ) -> Result<O::Model> {
        let params = self.params;
        let objective = &params.objective;
        let loss = objective.loss(rows.labels(), rows.weight())?;
        let wide = widened(objective, rows, rows.labels())?;
        let x = wide.as_ref().map_or_else(|| rows.x(), Array2::view);
        let wide_judged =
            judged.map(|judged| widened(objective, judged, rows.labels())).transpose()?.flatten();
        let judged_x = wide_judged.as_ref().map(Array2::view);
        let judged_x = judged_x.or_else(|| judged.map(Rows::x));
        let columns = x.ncols();
        let mut ensemble = match self.from {
            Some(from) => {
                let correction = objective.correction(rows.labels(), rows.weight());
                Self::checked_start(from, &*loss, columns, correction)?
            }
            None => Ensemble::new(columns, loss.start(), loss.link(), Vec::new()),
        };
        if !self.names.is_empty() {
            ensemble.names = std::mem::take(&mut self.names);
            if wide.is_some() {
                ensemble.names.push("period".to_owned());
            }
        }
        let mut flags = categorical.to_vec();
        flags.resize(columns, false);
        let table = Table::learn(x, &flags, params.max_bins, params.seed);
        let scores = by_output(&ensemble, x)?;
        let judge_loss = match judged {
            Some(judged) => {
                Some(objective.held_out_loss(judged.labels(), judged.weight(), rows.labels())?)
            }
            None => None,
        };
        let measure = self.measure.take();
        let judged_table = judged_x.map(|x| table.same_bins(x));
        let mut by_loss = |scores: &[f64]| match &judge_loss {
            Some(loss) => Ok(loss.value(scores)),
            None => Ok(f64::NAN),
        };
        let judge: &mut dyn FnMut(&[f64]) -> Result<f64> = match measure {
            Some(measure) => measure,
            None => &mut by_loss,
        };
        let held_out = match (judged_x, &judged_table) {
            (Some(x), Some(table)) => Some(HeldOut {
                table,
                scores: by_output(&ensemble, x)?,
                judge,
                patience: (!self.watch_only)
                    .then(|| params.early_stopping.map_or(PATIENCE, |early| early.patience)),
            }),
            _ => None,
        };
        let first = ensemble.trees.len() / loss.outputs();
        let parts = if judged.is_none() && objective.wants_held_out() { PARTS } else { 0 };
        if parts > 0 && self.from.is_some() {
            let reason = "calibration of trees that go on from others needs held-out rows: those \
                          others may have been grown on any of the rows";
            return Err(Error::Incompatible { reason: reason.into() });
        }
        let total = params.n_trees * (1 + parts);
        let observer = &mut self.observer;
        let mut tell = |done, held_out| match observer {
            Some(observer) => observer(&Round { done, total, held_out }),
            None => ControlFlow::Continue(()),
        };
        let (table, loss) = (&table, &*loss);
        let boosting = Boosting { params, table, loss, rounds: params.n_trees, first };
        let boosted = boosting.run(scores, held_out, &mut tell)?;
        ensemble.add_trees(boosted.trees);
        let report = TrainingReport {
            rounds: boosted.rounds,
            held_out: boosted.history,
            warnings: warnings(objective, table, rows, categorical.len()),
        };
        let raw = match boosted.scores {
            Some(scores) => scores,
            None => by_output(&ensemble, x)?,
        };
        // Rows that no tree was grown on: those held out, or all, each scored by trees of others.
        let judged_raw = match judged_x {
            Some(x) => Some(by_output(&ensemble, x)?),
            None if objective.wants_held_out() => {
                Some(self.out_of_part(categorical, rows, report.rounds)?)
            }
            None => None,
        };
        let held_out = judged_raw.as_ref().map(|raw| match judged {
            Some(judged) => judged.scored(raw),
            None => rows.scored(raw),
        });
        objective.finish(Fitted { ensemble, report, training: rows.scored(&raw), held_out })
    }

    /// Each row's raw score by trees that were grown on the other parts of the rows, as many rounds as
    /// on all of them.
    fn out_of_part(
        &mut self,
        categorical: &[bool],
        rows: &Rows<'_, O::Label>,
        rounds: usize,
    ) -> Result<Vec<f64>> {
        let params = self.params;
        let kinds: Vec<u32> = rows.labels().iter().map(O::kind).collect();
        let Some(parts) = early::parts(&kinds, PARTS, params.seed) else {
            let reason = "calibration needs two rows of each class, or held-out rows";
            return Err(Error::Incompatible { reason: reason.into() });
        };
        let mut raw = Vec::new();
        for (number, (others, part)) in parts.into_iter().enumerate() {
            let (others, judged) = (rows.take(&others), rows.take(&part));
            let loss = params.objective.loss(others.labels(), others.weight())?;
            let columns = others.x().ncols();
            let mut ensemble = Ensemble::new(columns, loss.start(), loss.link(), Vec::new());
            let table = Table::learn(others.x(), categorical, params.max_bins, params.seed);
            let scores = by_output(&ensemble, others.x())?;
            let (before, total) = (params.n_trees * (1 + number), params.n_trees * (1 + PARTS));
            let observer = &mut self.observer;
            let mut tell = |done, held_out| match observer {
                Some(observer) => observer(&Round { done: before + done, total, held_out }),
                None => ControlFlow::Continue(()),
            };
            let boosting = Boosting { params, table: &table, loss: &*loss, rounds, first: 0 };
            let boosted = boosting.run(scores, None, &mut tell)?;
            ensemble.add_trees(boosted.trees);
            let found = by_output(&ensemble, judged.x())?;
            raw.resize(rows.labels().len() * loss.outputs(), 0.0);
            for (output, found) in found.chunks_exact(part.len()).enumerate() {
                for (&row, &score) in part.iter().zip(found) {
                    raw[output * rows.labels().len() + row] = score;
                }
            }
        }
        Ok(raw)
    }

    /// The trees to add to, where they fit what is to be learned.
    fn checked_start(
        from: &Ensemble,
        loss: &dyn Loss,
        columns: usize,
        correction: f64,
    ) -> Result<Ensemble> {
        let found = (from.columns, from.n_outputs(), from.link);
        let expected = (columns, loss.outputs(), loss.link());
        if found != expected {
            let reason = format!(
                "trees of {} columns, {} outputs and link {:?} cannot be continued on {} columns, {} \
                 outputs and link {:?}",
                found.0, found.1, found.2, expected.0, expected.1, expected.2
            );
            return Err(Error::Incompatible { reason });
        }
        let mut start = from.clone();
        for score in &mut start.start {
            *score += correction;
        }
        Ok(start)
    }
}

/// The rows that stand for these, where the objective has such.
fn widened<O: Objective>(
    objective: &O,
    rows: &Rows<'_, O::Label>,
    training: &[O::Label],
) -> Result<Option<Array2<f64>>> {
    let repeated = objective.repeated(rows.labels(), training)?;
    Ok(repeated.map(|repeated| repeated.of(rows.x())))
}

/// Names are as many as the columns, and no two alike.
fn check_names(names: &[String], columns: usize) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    if names.len() != columns {
        return Err(Error::Length { what: "names", expected: columns, found: names.len() });
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            Err(Error::Incompatible { reason: format!("two columns have the name {:?}", pair[0]) })
        }
        None => Ok(()),
    }
}

/// Raw scores by output, then by row.
fn by_output(ensemble: &Ensemble, x: ArrayView2<'_, f64>) -> Result<Vec<f64>> {
    if ensemble.trees.is_empty() {
        return Ok(ensemble.start.iter().flat_map(|&start| vec![start; x.nrows()]).collect());
    }
    Ok(ensemble.raw(x)?.t().iter().copied().collect())
}

fn warnings<O: Objective>(
    objective: &O,
    table: &Table,
    rows: &Rows<'_, O::Label>,
    columns: usize,
) -> Vec<Warning> {
    let constant = (0..columns).filter(|column| table.columns.binary_search(column).is_err());
    let mut warnings: Vec<Warning> =
        constant.map(|column| Warning::ConstantColumn { column }).collect();
    let areas = parallel::map(table.width(), |index| {
        let home = &table.homes[index];
        let decode = home.decode();
        objective.suspicion(
            rows.labels(),
            &mut table.byte(home.byte).iter().map(|&b| decode[b as usize]),
        )
    });
    for (&column, roc_auc) in table.columns.iter().zip(areas) {
        if let Some(roc_auc) = roc_auc.filter(|&roc_auc| roc_auc > SUSPICIOUS) {
            warnings.push(Warning::LeakageSuspect { column, roc_auc });
        }
    }
    warnings
}

/// Rows of a batch: borrowed, or some of them copied. None weighs nothing.
struct Rows<'a, L> {
    batch: Batch<'a, [L]>,
    weight: Option<Array1<f64>>,
    copy: Option<(Array2<f64>, Vec<L>)>,
}

impl<'a, L: Clone> Rows<'a, L> {
    /// Rows that weigh nothing are left out: they must not take part in cutting columns into bins, in
    /// counting a leaf's rows, or in anything else.
    fn of(batch: &Batch<'a, [L]>) -> Self {
        let weight = batch.weight.map(|weight| weight.to_owned());
        let all = Self { batch: *batch, weight, copy: None };
        match &all.weight {
            Some(weight) if weight.iter().any(|&value| value == 0.0) => {
                let kept: Vec<usize> = (0..weight.len()).filter(|&row| weight[row] > 0.0).collect();
                all.take(&kept)
            }
            _ => all,
        }
    }

    fn take(&self, rows: &[usize]) -> Self {
        let labels = rows.iter().map(|&row| self.labels()[row].clone()).collect();
        Self {
            batch: self.batch,
            weight: self.weight.as_ref().map(|weight| weight.select(Axis(0), rows)),
            copy: Some((self.x().select(Axis(0), rows), labels)),
        }
    }

    fn x(&self) -> ArrayView2<'_, f64> {
        self.copy.as_ref().map_or_else(|| self.batch.x.reborrow(), |(x, _)| x.view())
    }

    fn labels(&self) -> &[L] {
        self.copy.as_ref().map_or(self.batch.y, |(_, labels)| labels)
    }

    fn weight(&self) -> Option<&[f64]> {
        self.weight.as_ref().and_then(|weight| weight.as_slice())
    }

    fn scored<'s>(&'s self, raw: &'s [f64]) -> Scored<'s, L> {
        Scored { labels: self.labels(), weight: self.weight(), raw }
    }
}
