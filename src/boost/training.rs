//! One training: the rows, and all that may come with them.

use super::early;
use super::ensemble::Ensemble;
use super::objective::Objective;
use super::params::BoostingParams;
use super::prepare::{check_batch, check_column, check_names, flags};
use super::rows::Rows;
use crate::error::{Error, Result};
use crate::groups::number;
use crate::parallel;
use crate::traits::{Batch, Train};
use std::hash::Hash;
use std::ops::ControlFlow;

/// Values of a table, rows times columns, that are worth keeping threads at hand for.
const SHARED: usize = 1 << 17;

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
pub(super) type Observer<'a> = dyn FnMut(&Round) -> ControlFlow<()> + 'a;

/// A training with more than a batch: see [`BoostingParams::training`].
pub struct Training<'a, O: Objective> {
    pub(super) params: &'a BoostingParams<O>,
    batch: Batch<'a, [O::Label]>,
    held_out: Option<Batch<'a, [O::Label]>>,
    pub(super) watch_only: bool,
    pub(super) measure: Option<&'a mut Measure<'a>>,
    pub(super) observer: Option<&'a mut Observer<'a>>,
    pub(super) from: Option<&'a Ensemble>,
    pub(super) names: Vec<String>,
    groups: Option<Vec<usize>>,
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
            groups: None,
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

    /// Says which rows of the batch belong together: one group (a machine) a row. Rows that are held out
    /// [at random](super::HoldOut::Random), and the parts of the rows that a calibration without held-out
    /// rows learns from, are then whole groups: trees are judged by machines that they do not know.
    ///
    /// ```
    /// use forewarn::boost::FailureClassifierParams;
    /// use forewarn::calibrate::Method;
    /// use forewarn::ndarray::Array2;
    /// use forewarn::prelude::*;
    ///
    /// // Forty machines, of which some fail; the second column is the machine's own.
    /// let machine: Vec<usize> = (0..400).map(|row| row / 10).collect();
    /// let failed: Vec<bool> = machine.iter().map(|machine| machine * 7 % 11 < 5).collect();
    /// let x = Array2::from_shape_fn((400, 2), |(row, column)| match column {
    ///     0 => (row * 37 % 101) as f64,
    ///     _ => (machine[row] * 17 % 40) as f64,
    /// });
    /// let params = FailureClassifierParams::default().calibration(Some(Method::Platt));
    /// let model =
    ///     params.training(Batch::new(x.view()).with_target(&failed[..])).groups(&machine).run()?;
    /// // Nothing that was learned by heart holds for another machine.
    /// assert!((0.1..0.9).contains(&model.score_one(&[50.0, 17.0])?));
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    #[must_use]
    pub fn groups<G: Eq + Hash>(self, groups: &[G]) -> Self {
        Self { groups: Some(number(groups).0), ..self }
    }

    /// Trains.
    ///
    /// # Errors
    /// As [`Train::train`] of the settings; [`Error::Cancelled`]; [`Error::Incompatible`] for names
    /// that are not as many as the columns or not distinct, for trees to start from that were
    /// grown on something else, for early stopping with a single row, and for groups of which too few
    /// have rows of some class; [`Error::Length`] unless there is one group a row, and
    /// [`Error::OutOfRange`] for a single group where two are needed.
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
        if let Some(groups) =
            self.groups.as_ref().filter(|groups| groups.len() != self.batch.y.len())
        {
            let (expected, found) = (self.batch.y.len(), groups.len());
            return Err(Error::Length { what: "groups", expected, found });
        }
        let mut rows = Rows::of(&self.batch, self.groups.take());
        let mut judged = self.held_out.as_ref().map(|held_out| Rows::of(held_out, None));
        if let (Some(early), None) = (params.early_stopping, &judged) {
            let kinds: Vec<u32> = rows.labels().iter().map(O::kind).collect();
            let (kept, held) = early::split(early.hold_out, &kinds, rows.groups(), params.seed)?;
            judged = Some(rows.take(&held));
            rows = rows.take(&kept);
        }
        if rows.x().len() < SHARED {
            return self.fit(&categorical, &rows, judged.as_ref());
        }
        parallel::at_hand(|| self.fit(&categorical, &rows, judged.as_ref()))
    }
}
