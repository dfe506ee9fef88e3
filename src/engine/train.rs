//! Training: folds, members, weights, figures.

use super::card::{Mode, ModelCard, warnings};
use super::evaluation::Evaluation;
use super::features::{FeatureRows, Features};
use super::figures::figures;
use super::folds::{Fold, Folds};
use super::judged::{Answers, Judged, failures_of};
use super::members::{Lesson, MEMBERS, Members};
use super::model::{Engine, TrainingStage};
use super::params::EngineParams;
use super::predictor::{Foresight, Predictor};
use super::profile::Profile;
use super::telemetry::Telemetry;
use crate::error::{Error, Result};
use ndarray::Axis;
use std::ops::ControlFlow;

/// Is told of every stage.
type Observer<'a> = dyn FnMut(&TrainingStage) -> ControlFlow<()> + 'a;

/// Stages of training members.
const STAGES: usize = 4;

/// Fewest failures from which a member of a fold learns.
const LEAST: usize = 2;

impl EngineParams {
    /// Learns from the history of a fleet: makes features, keeps the last part back, learns from the rest
    /// and tells how good that was on what was kept back, then learns from everything.
    ///
    /// **Weights.** The members (a boosted classifier, a survival curve, the time left, and an anomaly
    /// score) are trained on growing parts of the history and score what comes next, which none of
    /// them has seen. The probability is a weighted sum of their log-odds: with the usual weights, 0.75
    /// for the classifier, 0.15 for the anomaly score and 0.05 for each other, unless on parts that they
    /// were not learned from those of a logistic regression ("stacking", Wolpert 1992; Breiman 1996) or a
    /// member alone rank better by more than two failures make: weights learned from a dozen failures
    /// follow chance. The sum is calibrated on the same rows ([`calibrate`](crate::calibrate)), and so
    /// is the alert threshold chosen by the stated costs ([`decide`](crate::decide)).
    ///
    /// **Honesty.** Between what is learned from and what is set aside there is a gap of one horizon, so
    /// that no label looks into the time set aside; lives are cut off at its beginning. The
    /// [evaluation](Engine::evaluation) is of an ensemble that had seen nothing of the part kept back;
    /// the one that answers is then trained on everything, and its weights, calibration and threshold
    /// learn from the part kept back as well.
    ///
    /// Without failures, or with fewer than [`least_failures`](Self::least_failures), the engine learns to
    /// detect only, and says so in the card and in a warning.
    ///
    /// O(folds · rows · features · trees); 8 bytes a feature and row.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting, [`Error::Empty`] for telemetry without rows.
    pub fn train(&self, telemetry: &Telemetry) -> Result<Engine> {
        self.train_observed(telemetry, &mut |_| ControlFlow::Continue(()))
    }

    /// As [`train`](Self::train), with an observer that is told of every stage when it begins, and may
    /// stop it.
    ///
    /// # Errors
    /// As [`train`](Self::train); [`Error::Cancelled`].
    pub fn train_observed(
        &self,
        telemetry: &Telemetry,
        observer: &mut dyn FnMut(&TrainingStage) -> ControlFlow<()>,
    ) -> Result<Engine> {
        self.check()?;
        let total = 3 + (self.folds + 2) * STAGES;
        let mut training = Training { params: self, observer, done: 0, total };
        training.stage("features")?;
        let features = self.features.plan(telemetry)?;
        let rows = features.rows(telemetry)?;
        let mut warnings = warnings(telemetry, &rows);
        let categorical = features.categorical();
        let data = Data { features: &features, rows: &rows, categorical: &categorical };
        let failures = failures_of(&rows, &(0..rows.time.len()).collect::<Vec<_>>());
        let card = |mode| ModelCard::of(self, &features, &rows, failures, mode);
        let (labelled, fails) = rows.labelled();
        let all_fail = !labelled.is_empty() && fails.iter().all(|&fails| fails);
        if failures < self.least_failures || all_fail {
            warnings.push(match failures {
                0 => "no row is followed by a failure: the engine only detects what is not normal"
                    .to_owned(),
                _ if all_fail => "every row with a known outcome is followed by a failure: the engine \
                                  only detects what is not normal"
                    .to_owned(),
                _ => format!(
                    "{failures} failures are fewer than the {} that foretelling needs: the engine only \
                     detects what is not normal",
                    self.least_failures
                ),
            });
            return training.detector(&data, card(Mode::DetectOnly), warnings);
        }
        match training.foresight(&data, &mut warnings)? {
            Some((predictor, evaluation)) => {
                training.finish()?;
                let evaluation = Evaluation { warnings, ..evaluation };
                Ok(Engine::new(self.clone(), card(Mode::Predict), evaluation, features, predictor))
            }
            None => training.detector(&data, card(Mode::DetectOnly), warnings),
        }
    }
}

/// What is learned from.
struct Data<'a> {
    features: &'a Features,
    rows: &'a FeatureRows,
    categorical: &'a [usize],
}

/// A training that is under way.
struct Training<'a, 'b> {
    params: &'a EngineParams,
    observer: &'a mut Observer<'b>,
    done: usize,
    total: usize,
}

impl Training<'_, '_> {
    fn stage(&mut self, name: &'static str) -> Result<()> {
        let stage = TrainingStage { name, done: self.done, total: self.total };
        if (self.observer)(&stage).is_break() {
            return Err(Error::Cancelled { done: self.done, total: self.total });
        }
        self.done = (self.done + 1).min(self.total);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.done = self.total;
        self.stage("done")
    }

    /// The engine that only detects.
    fn detector(
        &mut self,
        data: &Data<'_>,
        card: ModelCard,
        warnings: Vec<String>,
    ) -> Result<Engine> {
        self.stage("detector")?;
        let all: Vec<usize> = (0..data.rows.time.len()).collect();
        let lesson = Lesson {
            params: self.params,
            rows: data.rows,
            categorical: data.categorical,
            train: &all,
            until: f64::INFINITY,
        };
        let members = Members {
            horizon: self.params.features.horizon,
            detector: lesson.detector()?,
            classifier: None,
            survival: None,
            remaining: Vec::new(),
        };
        let scores = members.score(data.rows.x.view())?;
        let profile = Profile::new(data.features, data.rows, &all, &scores);
        let predictor = Predictor { members, profile, foresight: None };
        let evaluation = Evaluation::detect_only(warnings, card.from, card.until);
        self.finish()?;
        Ok(Engine::new(self.params.clone(), card, evaluation, data.features.clone(), predictor))
    }

    /// Members of a fold; `None` where there is nothing to learn from.
    fn members(&mut self, data: &Data<'_>, fold: &Fold) -> Result<Option<Members>> {
        let lesson = Lesson {
            params: self.params,
            rows: data.rows,
            categorical: data.categorical,
            train: &fold.train,
            until: fold.until,
        };
        let of = |class| fold.train.iter().any(|&row| lesson.fails(row) == Some(class));
        let failing: Vec<usize> =
            fold.train.iter().copied().filter(|&row| lesson.fails(row) == Some(true)).collect();
        if !of(false) || failures_of(data.rows, &failing) < LEAST {
            self.done = (self.done + STAGES).min(self.total);
            return Ok(None);
        }
        self.stage("detector")?;
        let detector = lesson.detector()?;
        self.stage("classifier")?;
        let classifier = Some(lesson.classifier()?);
        self.stage("survival")?;
        let survival = lesson.survival()?;
        self.stage("time left")?;
        let remaining = lesson.remaining()?;
        let horizon = self.params.features.horizon;
        Ok(Some(Members { horizon, detector, classifier, survival, remaining }))
    }

    /// What rows count that members of this fold scored: the square of the share of all failures
    /// that these learned from. Members that saw few are not like those that will answer.
    fn worth(rows: &FeatureRows, fold: &Fold) -> f64 {
        let failing = |row: &usize| rows.fails[*row] == Some(true);
        let learned = fold.train.iter().filter(|row| failing(row)).count() as f64;
        let all = (0..rows.fails.len()).filter(failing).count().max(1) as f64;
        (learned / all).powi(2).max(1e-6)
    }

    /// The ensemble, and how good it was without what was kept back; `None` where no fold has enough to
    /// learn from and to judge by.
    fn foresight(
        &mut self,
        data: &Data<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<Option<(Predictor, Evaluation)>> {
        let rows = data.rows;
        let folds = Folds::new(self.params, rows)?;
        let mut judged = Judged::default();
        let mut answers = Answers::default();
        let mut present = None;
        let mut skipped = 0;
        for (index, fold) in folds.inner.iter().enumerate() {
            let Some(members) = self.members(data, fold)? else {
                skipped += 1;
                continue;
            };
            let scores = members.score(rows.x.select(Axis(0), &fold.test).view())?;
            let there = members.present();
            present = Some(present.map_or(there, |before: [bool; MEMBERS]| {
                std::array::from_fn(|member| before[member] && there[member])
            }));
            let weight = Self::worth(rows, fold);
            judged.add(rows, &fold.test, &scores, (index, weight));
            answers.add((self.params.cap(), weight), rows, &fold.test, &members, &scores)?;
        }
        if skipped > 0 {
            warnings.push(format!(
                "{skipped} of {} parts had too few failures before them to learn from",
                folds.inner.len()
            ));
        }
        let last = self.members(data, &folds.last)?;
        let held: Vec<usize> = folds.last.test.clone();
        let mut evaluation = None;
        if let (Some(members), Some(present), true) = (&last, present, judged.known()) {
            let present = and(present, members.present());
            self.stage("figures")?;
            let learned = &folds.last.train;
            let scores = members.score(rows.x.select(Axis(0), learned).view())?;
            let profile = Profile::new(data.features, rows, learned, &scores);
            let time_left = answers.time_left(self.params);
            let costs = &self.params.policy.costs;
            let foresight = Foresight::train(&judged, present, costs, time_left, self.params.seed)?;
            let foresight = Some(foresight);
            let predictor = Predictor { members: members.clone(), profile, foresight };
            evaluation = Some(figures(self.params, &predictor, rows, &held, warnings)?);
        }
        if let Some(members) = &last {
            let scores = members.score(rows.x.select(Axis(0), &held).view())?;
            let there = members.present();
            present = Some(present.map_or(there, |before| and(before, there)));
            let weight = Self::worth(rows, &folds.last);
            judged.add(rows, &held, &scores, (folds.inner.len(), weight));
            answers.add((self.params.cap(), weight), rows, &held, members, &scores)?;
        }
        let (Some(present), true) = (present, judged.known()) else {
            warnings.push(
                "the failures came so that no part of the history could be judged by another: the \
                 engine only detects what is not normal"
                    .to_owned(),
            );
            return Ok(None);
        };
        let everything =
            Fold { train: (0..rows.time.len()).collect(), until: f64::INFINITY, test: Vec::new() };
        let Some(members) = self.members(data, &everything)? else { return Ok(None) };
        let present = and(present, members.present());
        self.stage("weights")?;
        let scores = members.score(rows.x.view())?;
        let profile = Profile::new(data.features, rows, &everything.train, &scores);
        let time_left = answers.time_left(self.params);
        let costs = &self.params.policy.costs;
        let foresight = Foresight::train(&judged, present, costs, time_left, self.params.seed)?;
        let evaluation = evaluation.unwrap_or_else(|| {
            warnings.push(
                "too few failures came before the part kept back: there are no figures".into(),
            );
            Evaluation::unknown(foresight.threshold)
        });
        let members = members.weighing(&foresight.stack.shares());
        Ok(Some((Predictor { members, profile, foresight: Some(foresight) }, evaluation)))
    }
}

fn and(a: [bool; MEMBERS], b: [bool; MEMBERS]) -> [bool; MEMBERS] {
    std::array::from_fn(|member| a[member] && b[member])
}
