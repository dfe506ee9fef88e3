//! Failure classifiers of every kind, through the contract of all models.

use crate::rows::{Draw, normal_rows};
use crate::scorer::{Subject, contract};
use forewarn::Error;
use forewarn::boost::{
    ClassWeight, Classifier, ClassifierParams, FailureClassifier, FailureClassifierParams,
    Regressor, RegressorParams, Round,
};
use forewarn::calibrate::Method;
use forewarn::metrics;
use forewarn::ndarray::{Array2, ArrayView1};
use forewarn::prelude::{Batch, Score, Train};
use std::ops::ControlFlow;

fn params() -> FailureClassifierParams {
    FailureClassifierParams::default().n_trees(40)
}

/// Five columns, of which the second is missing now and then and the last holds codes.
fn table(seed: u64, rows: usize) -> Array2<f64> {
    let mut x = normal_rows(seed, rows, 5);
    let mut draw = Draw::new(seed + 100);
    x.column_mut(1).mapv_inplace(|value| if draw.unit() < 0.1 { f64::NAN } else { value });
    x.column_mut(4).mapv_inplace(|value| (3.0 * value.abs()).floor());
    x
}

/// High values of any column make failures likelier; the labels are noisy.
fn failures(seed: u64, x: &Array2<f64>) -> Vec<bool> {
    let mut draw = Draw::new(seed);
    let risk = |sum: f64| 1.0 / (1.0 + (4.0 - sum).exp());
    let known =
        |row: ArrayView1<'_, f64>| -> f64 { row.iter().filter(|value| !value.is_nan()).sum() };
    x.rows().into_iter().map(|row| draw.unit() < risk(known(row))).collect()
}

fn trained(params: &FailureClassifierParams) -> Subject<FailureClassifier> {
    let x = table(1, 800);
    let y = failures(2, &x);
    Subject {
        model: params.train(Batch::new(x.view()).with_target(&y[..])).expect("trains"),
        probe: table(3, 330),
        ordinary: vec![0.0, 0.0, 0.0, 0.0, 1.0],
        outlier: vec![3.0, 3.0, 3.0, 3.0, 6.0],
        tells_apart: true,
    }
}

contract! {
    plain: trained(&params());
    with_categories: trained(&params().categorical(vec![4]));
    balanced: trained(&params().class_weight(ClassWeight::Balanced));
    focal: trained(&params().focal(Some(2.0)));
    calibrated: trained(&params().calibration(Some(Method::Platt)));
}

#[test]
fn calibration_makes_boasting_modest() {
    let (x, fresh) = (table(5, 2000), table(6, 4000));
    let (y, truth) = (failures(7, &x), failures(8, &fresh));
    // So many trees of so small leaves that they know their rows by heart.
    let boasting = params().n_trees(300).min_rows(2).learning_rate(0.3);
    let loss = |params: &FailureClassifierParams| {
        let model = params.train(Batch::new(x.view()).with_target(&y[..])).expect("trains");
        let scores = model.score(fresh.view()).expect("scores").to_vec();
        let loss = metrics::log_loss(&truth, &scores).expect("a loss");
        let error =
            metrics::expected_calibration_error(&truth, &scores, metrics::Bins::EqualMass(15));
        (loss, error.expect("an error"))
    };
    let (before, off_before) = loss(&boasting);
    for method in [Method::Automatic, Method::Platt, Method::Beta, Method::Isotonic] {
        let (after, off_after) = loss(&boasting.clone().calibration(Some(method)));
        assert!(after < 0.75 * before, "{method:?}: {after} after {before}");
        assert!(off_after < 0.5 * off_before, "{method:?}: {off_after} after {off_before}");
    }
}

/// The trainings on parts can be watched and stopped as the first one, and need trees of their own.
#[test]
fn calibration_is_a_part_of_training() {
    let x = table(11, 400);
    let y = failures(12, &x);
    let settings = params().n_trees(10).calibration(Some(Method::Platt));
    let mut seen = Vec::new();
    let mut watch = |round: &Round| {
        seen.push((round.done, round.total));
        if round.done == 33 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let batch = Batch::new(x.view()).with_target(&y[..]);
    let stopped = settings.training(batch).observe(&mut watch).run().expect_err("stopped");
    assert!(matches!(stopped, Error::Cancelled { .. }));
    assert_eq!(seen, (1..=33).map(|done| (done, 60)).collect::<Vec<_>>());
    let batch = Batch::new(x.view()).with_target(&y[..]);
    let plain = params().n_trees(3).train(batch).expect("trains");
    let refused = settings.training(batch).continue_from(plain.ensemble()).run();
    assert!(refused.expect_err("refused").to_string().contains("needs held-out rows"));
}

/// The other models are saved too, and files of one kind are not read as another.
#[test]
fn saved_models_keep_their_kind() {
    let x = table(9, 500);
    let y = failures(10, &x);
    let classes: Vec<u32> = (0..500).map(|row| row % 3).collect();
    let targets: Vec<f64> = x.column(0).to_vec();
    let failing = params()
        .n_trees(3)
        .calibration(Some(Method::Isotonic))
        .train(Batch::new(x.view()).with_target(&y[..]))
        .expect("trains");
    let classifier = ClassifierParams::default()
        .n_trees(3)
        .train(Batch::new(x.view()).with_target(&classes[..]))
        .expect("trains");
    let regressor = RegressorParams::default()
        .n_trees(3)
        .train(Batch::new(x.view()).with_target(&targets[..]))
        .expect("trains");
    let bytes = [
        failing.to_bytes().expect("bytes"),
        classifier.to_bytes().expect("bytes"),
        regressor.to_bytes().expect("bytes"),
    ];
    assert_eq!(FailureClassifier::from_bytes(&bytes[0]), Ok(failing.clone()));
    assert_eq!(Classifier::from_bytes(&bytes[1]), Ok(classifier.clone()));
    assert_eq!(Regressor::from_bytes(&bytes[2]), Ok(regressor.clone()));
    assert!(Regressor::from_bytes(&bytes[1]).is_err());
    assert!(FailureClassifier::from_bytes(&bytes[2]).is_err());
    let text = serde_json::to_string(&classifier).expect("text");
    assert_eq!(serde_json::from_str::<Classifier>(&text).expect("a classifier"), classifier);
    let refused = serde_json::from_str::<FailureClassifier>(&text).expect_err("another model");
    assert!(refused.to_string().contains("another model's"), "{refused}");
    let newer = text.replacen("\"format\":1", "\"format\":2", 1);
    let refused = serde_json::from_str::<Classifier>(&newer).expect_err("a newer format");
    assert!(refused.to_string().contains("format version 2"), "{refused}");
    for cut in [0, 7, 19, bytes[0].len() / 2, bytes[0].len() - 1] {
        assert!(FailureClassifier::from_bytes(&bytes[0][..cut]).is_err());
    }
}
