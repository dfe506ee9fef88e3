//! What can be sent, shared, boxed and kept across an unwinding: part of the interface, though no
//! signature says so.

use forewarn::calibrate::{Calibrated, CalibrationParams, Calibrator, PriorShift};
use forewarn::decide::{Decision, DecisionParams};
use forewarn::forest::{
    IsolationForest, IsolationForestParams, StreamingForest, StreamingForestParams,
};
use forewarn::prelude::{Batch, Score, Train, Tune, Update};
use forewarn::validate::{Split, Splits, TimeFolds};
use forewarn::{Error, Result};
use std::panic::{RefUnwindSafe, UnwindSafe};

fn shared<T: Send + Sync + UnwindSafe + RefUnwindSafe + 'static>() {}

fn value<T: Clone + PartialEq + std::fmt::Debug>() {}

#[test]
fn models_settings_and_errors_go_anywhere() {
    shared::<IsolationForest>();
    shared::<IsolationForestParams>();
    shared::<StreamingForest>();
    shared::<StreamingForestParams>();
    shared::<Calibrated<IsolationForest>>();
    shared::<CalibrationParams>();
    shared::<DecisionParams>();
    shared::<Splits>();
    shared::<Error>();
    shared::<Batch<'static>>();
    value::<IsolationForest>();
    value::<IsolationForestParams>();
    value::<StreamingForestParams>();
    value::<Calibrator>();
    value::<CalibrationParams>();
    value::<PriorShift>();
    value::<Decision>();
    value::<DecisionParams>();
    value::<Split>();
    value::<TimeFolds>();
    value::<Error>();
}

#[test]
fn an_error_is_small_enough_to_be_returned_everywhere() {
    // Every row scored returns a `Result`: a large error would make each of them large.
    assert!(size_of::<Error>() <= 64, "{} bytes", size_of::<Error>());
}

/// Counts what it is told.
struct Counter(u32);

impl Score for Counter {
    fn n_features(&self) -> usize {
        1
    }

    fn score_one(&self, x: &[f64]) -> Result<f64> {
        Ok(x[0] + f64::from(self.0))
    }
}

impl Update for Counter {
    fn update(&mut self, _x: &[f64]) -> Result<()> {
        self.0 += 1;
        Ok(())
    }
}

impl Tune for Counter {
    type Feedback = bool;
    type Setting = u32;

    fn setting(&self) -> u32 {
        self.0
    }

    fn observe(&mut self, feedback: bool) -> Result<()> {
        self.0 += u32::from(feedback);
        Ok(())
    }
}

#[test]
fn every_trait_works_behind_a_pointer() -> Result<()> {
    let rows = forewarn::ndarray::array![[1.0], [2.0], [3.0]];
    let train: Box<dyn Train<Target = (), Model = IsolationForest>> =
        Box::new(IsolationForestParams::standard());
    let scorers: Vec<Box<dyn Score>> =
        vec![Box::new(train.train(Batch::new(rows.view()))?), Box::new(Counter(0))];
    for scorer in &scorers {
        assert_eq!(scorer.n_features(), 1);
        assert_eq!(scorer.score(rows.view())?.len(), 3);
    }
    let mut update: Box<dyn Update> = Box::new(Counter(0));
    update.update(&[1.0])?;
    assert_eq!(update.score_one(&[1.0])?, 2.0);
    let mut tune: Box<dyn Tune<Feedback = bool, Setting = u32>> = Box::new(Counter(0));
    tune.observe(true)?;
    assert_eq!(tune.setting(), 1);
    Ok(())
}

#[test]
fn a_batch_is_copied_with_its_weights() {
    let rows = forewarn::ndarray::array![[1.0], [2.0]];
    let weights = forewarn::ndarray::array![1.0, 2.0];
    let labels = [true, false];
    let batch = Batch::new(rows.view()).with_weight(weights.view()).with_target(&labels[..]);
    let copy = batch;
    assert_eq!(copy.x, batch.x);
    assert_eq!(copy.y, labels);
    assert_eq!(copy.weight, Some(weights.view()));
}
