//! Training: the trees, their calibration, the threshold, and a baseline to beat.

use crate::input::Input;
use crate::options::Options;
use crate::progress::Bar;
use crate::split::Plan;
use forewarn::boost::{FailureClassifier, FailureClassifierParams};
use forewarn::calibrate::{Calibrated, CalibrationParams, Calibrator, Method, Scale};
use forewarn::decide::{Decision, DecisionParams};
use forewarn::metrics;
use forewarn::ndarray::{Array2, ArrayView1};
use forewarn::prelude::{Batch, Result, Score, Train};
use forewarn::validate::cross_score;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// Everything that was learned from the rows to train on.
pub(crate) struct Fitted {
    pub model: Calibrated<FailureClassifier>,
    pub decision: Decision,
    /// What cross-validation and the training of the model took.
    pub took: [Duration; 2],
}

/// Trains on each part of the rows to score the others, so that calibration and the threshold are
/// learned from rows that no tree has seen; then on all of them.
pub(crate) fn train(input: &Input, plan: &Plan, options: &Options) -> Result<Fitted> {
    let (x, labels) = input.take(&plan.train);
    let batch = Batch::new(x.view()).with_target(&labels[..]);
    let settings = FailureClassifierParams::default()
        .categorical(input.categorical.clone())
        .seed(options.seed);
    let total = settings.n_trees * (plan.folds.len() + 1);
    let bar = RefCell::new(Bar::new("growing trees"));
    let params = Watched { settings, names: &input.names, bar, total, done: Cell::new(0) };

    let started = Instant::now();
    let scored = cross_score(&params, batch, plan.folds.iter().cloned())?;
    let validated = started.elapsed();
    let (known, said) = (scored.select(&labels), scored.scores());
    let groups = input.groups(&plan.train).map(|groups| scored.select(&groups));
    let calibrator = CalibrationParams::default().seed(options.seed).train_grouped(
        &known,
        &said,
        None,
        groups.as_deref(),
    )?;
    // Calibration keeps the order of rows, so it cannot make its own rows look better here.
    let honest = calibrator.probabilities(&said)?;
    let params_of_choice = DecisionParams::new(options.costs).seed(options.seed);
    let decision = match groups {
        Some(groups) => params_of_choice.choose_grouped(&known, &honest, &groups)?,
        None => params_of_choice.choose(&known, &honest)?,
    };

    let started = Instant::now();
    let model = Calibrated { model: params.train(batch)?, calibrator };
    Ok(Fitted { model, decision, took: [validated, started.elapsed()] })
}

/// Settings whose trainings move a bar, all of them the same one.
struct Watched<'a> {
    settings: FailureClassifierParams,
    names: &'a [String],
    bar: RefCell<Bar>,
    /// Rounds of all trainings.
    total: usize,
    /// Rounds of those that are over.
    done: Cell<usize>,
}

impl Train for Watched<'_> {
    type Target = [bool];
    type Model = FailureClassifier;

    fn train(&self, batch: Batch<'_, [bool]>) -> Result<FailureClassifier> {
        let before = self.done.get();
        let model = self
            .settings
            .training(Batch::new(batch.x.view()).with_target(batch.y))
            .names(self.names)
            .observe(&mut |round| self.bar.borrow_mut().advance(before + round.done, self.total))
            .run();
        self.done.set(before + self.settings.n_trees);
        model
    }
}

/// What can be had without learning much: an alarm on the one column that says most.
pub(crate) struct OneColumn {
    pub column: usize,
    /// 1 if high values are bad, −1 if low ones are.
    sign: f64,
    /// What a missing value counts as.
    median: f64,
    calibrator: Calibrator,
}

impl OneColumn {
    /// The column that ranks the rows best by itself; `None` if none is a quantity.
    pub(crate) fn train(input: &Input, rows: &[usize]) -> Result<Option<Self>> {
        let (x, labels) = input.take(rows);
        let params = CalibrationParams::default().method(Method::Isotonic).scale(Scale::LogOdds);
        let mut best: Option<(f64, Self)> = None;
        for column in (0..x.ncols()).filter(|column| !input.categorical.contains(column)) {
            let Some(median) = median(x.column(column)) else { continue };
            let mut alone = Self {
                column,
                sign: 1.0,
                median,
                calibrator: Calibrator::identity(Scale::LogOdds),
            };
            let area = metrics::roc_auc(&labels, &alone.scores(&x))?;
            if best.as_ref().is_none_or(|(most, _)| area.max(1.0 - area) > *most) {
                alone.sign = if area < 0.5 { -1.0 } else { 1.0 };
                best = Some((area.max(1.0 - area), alone));
            }
        }
        let Some((_, mut alone)) = best else { return Ok(None) };
        alone.calibrator = params.train(&labels, &alone.scores(&x), None)?;
        Ok(Some(alone))
    }

    pub(crate) fn probabilities(&self, x: &Array2<f64>) -> Result<Vec<f64>> {
        self.calibrator.probabilities(&self.scores(x))
    }

    fn scores(&self, x: &Array2<f64>) -> Vec<f64> {
        let known = |&value: &f64| if value.is_nan() { self.median } else { value };
        x.column(self.column).iter().map(|value| self.sign * known(value)).collect()
    }
}

fn median(values: ArrayView1<'_, f64>) -> Option<f64> {
    let mut known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    known.sort_unstable_by(f64::total_cmp);
    known.get(known.len() / 2).copied()
}

/// Time a row of scoring many rows at once, and one by one.
pub(crate) fn time_a_row(model: &impl Score, x: &Array2<f64>) -> Result<[Duration; 2]> {
    let started = Instant::now();
    model.score(x.view())?;
    let batch = started.elapsed().div_f64(x.nrows() as f64);
    let rows: Vec<Vec<f64>> = x.rows().into_iter().take(10_000).map(|row| row.to_vec()).collect();
    let started = Instant::now();
    for row in &rows {
        std::hint::black_box(model.score_one(row)?);
    }
    Ok([batch, started.elapsed().div_f64(rows.len() as f64)])
}
