//! From checked rows to a model: the trees, what held-out rows say of them, and what a calibration
//! learns from.

use super::early;
use super::ensemble::Ensemble;
use super::loss::Loss;
use super::objective::{Fitted, Objective};
use super::report::{TrainingReport, Warning};
use super::rows::{Arranged, Rows};
use super::table::Table;
use super::train::{Boosting, HeldOut};
use super::training::{Observer, Round, Training};
use crate::error::{Error, Result};
use crate::huge_pages::filled;
use crate::parallel;
use ndarray::{Array2, ArrayView2};
use std::cell::OnceCell;
use std::ops::ControlFlow;

/// Rounds without a better one after which training ends, where held-out rows are given and
/// [`EarlyStopping`](super::EarlyStopping) is not.
const PATIENCE: usize = 20;

/// Into how many parts rows are cut to score each by trees that were not grown on it.
const PARTS: usize = 5;

/// Columns that separate the classes better than this are reported.
const SUSPICIOUS: f64 = 0.999;

impl<O: Objective> Training<'_, O> {
    /// Trains on `rows`; `judged` are the rows held out from them, if any.
    pub(super) fn fit(
        &mut self,
        categorical: &[bool],
        rows: &Rows<'_, O::Label>,
        judged: Option<&Rows<'_, O::Label>>,
    ) -> Result<O::Model> {
        let params = self.params;
        let objective = &params.objective;
        let parts = if judged.is_none() && objective.wants_held_out() { PARTS } else { 0 };
        if parts > 0 && self.from.is_some() {
            let reason = "calibration of trees that go on from others needs held-out rows: those \
                          others may have been grown on any of the rows";
            return Err(Error::Incompatible { reason: reason.into() });
        }
        let loss = objective.loss(rows.labels(), rows.weight())?;
        let wide = widened(objective, rows, rows.labels())?;
        let x = wide.as_ref().map_or_else(|| rows.x(), Array2::view);
        let wide_judged =
            judged.map(|judged| widened(objective, judged, rows.labels())).transpose()?.flatten();
        let judged_x = wide_judged.as_ref().map(Array2::view);
        let judged_x = judged_x.or_else(|| judged.map(Rows::x));
        let columns = x.ncols();
        let mut ensemble = self.first(&*loss, rows, columns)?;
        let mut flags = categorical.to_vec();
        flags.resize(columns, false);
        let mut table = Table::learn(x, &flags, params.max_bins, params.seed);
        let warnings = warnings(objective, &table, rows, categorical.len());
        let scores = by_output(&ensemble, x)?;
        let judge_loss = judged
            .map(|judged| objective.held_out_loss(judged.labels(), judged.weight(), rows.labels()));
        let judge_loss = judge_loss.transpose()?;
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
        let total = params.n_trees * (1 + parts);
        let kept = OnceCell::new();
        let in_order = |order: &[u32]| of_arranged(objective, rows, order, &kept);
        // Rows that stand for others are in an order that the loss knows.
        let may = wide.is_none() && objective.takes_any_order();
        let in_order = may.then_some(&in_order as _);
        let (table, rounds) = (&mut table, params.n_trees);
        let boosting = Boosting { params, table, loss, in_order, rounds, first };
        let boosted = boosting.run(scores, held_out, &mut telling(&mut self.observer, 0, total))?;
        ensemble.add_trees(boosted.trees);
        let report = TrainingReport { rounds: boosted.rounds, held_out: boosted.history, warnings };
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
        let parts = early::parts(&kinds, rows.groups(), PARTS, params.seed)?;
        let mut raw = Vec::new();
        for (number, (others, part)) in parts.into_iter().enumerate() {
            let (others, judged) = (rows.take(&others), rows.take(&part));
            let loss = params.objective.loss(others.labels(), others.weight())?;
            let columns = others.x().ncols();
            let mut ensemble = Ensemble::new(columns, loss.start(), loss.link(), Vec::new());
            let mut table = Table::learn(others.x(), categorical, params.max_bins, params.seed);
            let scores = by_output(&ensemble, others.x())?;
            let (before, total) = (params.n_trees * (1 + number), params.n_trees * (1 + PARTS));
            let kept = OnceCell::new();
            let in_order = |order: &[u32]| of_arranged(&params.objective, &others, order, &kept);
            let in_order = params.objective.takes_any_order().then_some(&in_order as _);
            let (table, outputs) = (&mut table, loss.outputs());
            let boosting = Boosting { params, table, loss, in_order, rounds, first: 0 };
            let boosted =
                boosting.run(scores, None, &mut telling(&mut self.observer, before, total))?;
            ensemble.add_trees(boosted.trees);
            let found = by_output(&ensemble, judged.x())?;
            raw.resize(rows.labels().len() * outputs, 0.0);
            for (output, found) in found.chunks_exact(part.len()).enumerate() {
                for (&row, &score) in part.iter().zip(found) {
                    raw[output * rows.labels().len() + row] = score;
                }
            }
        }
        Ok(raw)
    }

    /// What trees are added to: those that are there already, or none.
    fn first(
        &mut self,
        loss: &dyn Loss,
        rows: &Rows<'_, O::Label>,
        columns: usize,
    ) -> Result<Ensemble> {
        let mut ensemble = match self.from {
            Some(from) => {
                let objective = &self.params.objective;
                let correction = objective.correction(rows.labels(), rows.weight());
                continued(from, loss, columns, &correction)?
            }
            None => Ensemble::new(columns, loss.start(), loss.link(), Vec::new()),
        };
        if !self.names.is_empty() {
            ensemble.names = std::mem::take(&mut self.names);
            // Rows that stand for others have one column more.
            if ensemble.names.len() < columns {
                ensemble.names.push("period".to_owned());
            }
        }
        Ok(ensemble)
    }
}

/// Tells an observer, if there is one, of rounds that follow so many others.
fn telling<'s, 'a>(
    observer: &'s mut Option<&'a mut Observer<'a>>,
    before: usize,
    total: usize,
) -> impl FnMut(usize, Option<f64>) -> ControlFlow<()> + use<'s, 'a> {
    move |done, held_out| match observer {
        Some(observer) => observer(&Round { done: before + done, total, held_out }),
        None => ControlFlow::Continue(()),
    }
}

/// The trees to add to, where they fit what is to be learned.
fn continued(
    from: &Ensemble,
    loss: &dyn Loss,
    columns: usize,
    correction: &[f64],
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
    for (score, correction) in start.start.iter_mut().zip(correction) {
        *score += correction;
    }
    Ok(start)
}

/// The loss of rows in another order; `kept` holds their labels and weights for it.
fn of_arranged<'a, O: Objective>(
    objective: &'a O,
    rows: &Rows<'_, O::Label>,
    order: &[u32],
    kept: &'a OnceCell<Arranged<O::Label>>,
) -> Result<Box<dyn Loss + 'a>> {
    let kept = kept.get_or_init(|| rows.arranged(order));
    objective.loss(&kept.labels, kept.weight.as_deref())
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

/// Raw scores by output, then by row.
fn by_output(ensemble: &Ensemble, x: ArrayView2<'_, f64>) -> Result<Vec<f64>> {
    if ensemble.trees.is_empty() {
        let rows = x.nrows();
        let mut scores = filled(0.0, rows * ensemble.start.len());
        for (scores, &start) in scores.chunks_exact_mut(rows.max(1)).zip(&ensemble.start) {
            scores.fill(start);
        }
        return Ok(scores);
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
