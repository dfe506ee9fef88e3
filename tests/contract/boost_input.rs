//! What boosting refuses, and in which words; and what it takes although it looks odd.

use crate::rows::{Draw, normal_rows};
use forewarn::boost::{
    BoostingParams, ClassWeight, ClassifierParams, Direction, EarlyStopping, FailureClassifier,
    FailureClassifierParams, HoldOut, RegressionLoss, RegressorParams, RowSampling, Warning,
};
use forewarn::ndarray::{Array1, Array2, Axis, array, concatenate, s};
use forewarn::prelude::{Batch, Score, Train};
use forewarn::{Error, Result};
use std::ops::ControlFlow;

fn params() -> FailureClassifierParams {
    FailureClassifierParams::default().n_trees(5)
}

/// Rows whose first column tells the classes apart, but for some noise.
fn some_data() -> (Array2<f64>, Vec<bool>) {
    let x = normal_rows(3, 200, 3);
    let mut draw = Draw::new(4);
    let y = x.column(0).iter().map(|&value| value + draw.normal() > 0.5).collect();
    (x, y)
}

fn trained(params: &FailureClassifierParams) -> Result<FailureClassifier> {
    let (x, y) = some_data();
    params.train(Batch::new(x.view()).with_target(&y[..]))
}

/// The words with which something was refused.
fn words<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("this should have been refused"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn settings_out_of_their_ranges() {
    let share = "it must be greater than 0 and at most 1";
    let penalty = "it must be at least 0 and finite";
    let early =
        |patience, share| Some(EarlyStopping { patience, hold_out: HoldOut::Random(share) });
    let cases = [
        (params().n_trees(0), "n_trees is 0: it must be from 1 to 1,048,576".to_owned()),
        (params().learning_rate(0.0), format!("learning_rate is 0: {share}")),
        (params().learning_rate(1.5), format!("learning_rate is 1.5: {share}")),
        (params().learning_rate(f64::NAN), format!("learning_rate is NaN: {share}")),
        (params().max_leaves(1), "max_leaves is 1: it must be from 2 to 65,536".to_owned()),
        (params().max_depth(Some(0)), "max_depth is 0: it must be at least 1".to_owned()),
        (params().min_rows(0), "min_rows is 0: it must be at least 1".to_owned()),
        (params().min_hessian(-1.0), format!("min_hessian is -1: {penalty}")),
        (params().min_gain(f64::INFINITY), format!("min_gain is inf: {penalty}")),
        (params().l1(-0.1), format!("l1 is -0.1: {penalty}")),
        (params().l2(f64::NAN), format!("l2 is NaN: {penalty}")),
        (params().max_bins(1), "max_bins is 1: it must be from 2 to 255".to_owned()),
        (params().max_bins(256), "max_bins is 256: it must be from 2 to 255".to_owned()),
        (params().rows(RowSampling::Share(0.0)), format!("rows is 0: {share}")),
        (
            params().rows(RowSampling::Goss { top: 0.5, rest: 0.6 }),
            "rest is 0.6: it must be greater than 0 and at most 1 - top".to_owned(),
        ),
        (params().column_share(2.0), format!("column_share is 2: {share}")),
        (params().column_share_split(-1.0), format!("column_share_split is -1: {share}")),
        (params().early_stopping(early(0, 0.1)), "patience is 0: it must be at least 1".to_owned()),
        (
            params().early_stopping(early(5, 1.0)),
            "hold_out is 1: it must be greater than 0 and below 1".to_owned(),
        ),
        (
            params().class_weight(ClassWeight::Failure(0.0)),
            "class_weight is 0: it must be greater than 0 and at most 1e12".to_owned(),
        ),
        (
            params().focal(Some(-1.0)),
            "focal is -1: it must be greater than 0 and at most 10".to_owned(),
        ),
        (
            params().categorical(vec![3]),
            "categorical is 3: it must be below the number of columns".to_owned(),
        ),
        (
            params().monotone(vec![(7, Direction::Increasing)]),
            "monotone is 7: it must be below the number of columns".to_owned(),
        ),
        (
            params().interactions(vec![vec![0, 9]]),
            "interactions is 9: it must be below the number of columns".to_owned(),
        ),
        (
            params().categorical(vec![0]).monotone(vec![(0, Direction::Decreasing)]),
            "column 0 is categorical: it has no direction".to_owned(),
        ),
    ];
    for (params, expected) in cases {
        assert_eq!(words(trained(&params)), expected);
    }
}

#[test]
fn batches_that_cannot_be() {
    let (x, y) = some_data();
    let batch = || Batch::new(x.view()).with_target(&y[..]);
    let none = Array2::zeros((0, 3));
    let refused = |batch: Batch<'_, [bool]>| params().train(batch).expect_err("refused");
    let empty = Batch::new(none.view()).with_target(&[][..]);
    assert_eq!(refused(empty), Error::Empty { what: "rows" });
    let narrow = Array2::zeros((200, 0));
    let empty = Batch::new(narrow.view()).with_target(&y[..]);
    assert_eq!(refused(empty), Error::Empty { what: "columns" });
    assert_eq!(
        refused(Batch::new(x.view()).with_target(&y[..199])),
        Error::Length { what: "labels", expected: 200, found: 199 }
    );
    for class in [false, true] {
        let all = [class; 200];
        assert_eq!(
            refused(Batch::new(x.view()).with_target(&all[..])),
            Error::SingleClass { class, count: 200 }
        );
    }
    let with = |at, value| {
        let mut weight = Array1::ones(200);
        weight[at] = value;
        words(params().train(batch().with_weight(weight.view())))
    };
    assert_eq!(with(7, f64::NAN), "weight 7 is NaN: a number is needed here");
    assert_eq!(with(7, -1.0), "weight is -1: it must be from 0 to 1e30");
    assert_eq!(with(7, f64::INFINITY), "weight is inf: it must be from 0 to 1e30");
    assert_eq!(
        refused(batch().with_weight(Array1::zeros(200).view())).to_string(),
        "the sum of the weights is 0: it must be greater than 0"
    );
    assert_eq!(
        refused(batch().with_weight(Array1::ones(3).view())),
        Error::Length { what: "weights", expected: 200, found: 3 }
    );
    let mut wrong = x.clone();
    wrong[(150, 2)] = f64::NEG_INFINITY;
    assert_eq!(
        refused(Batch::new(wrong.view()).with_target(&y[..])),
        Error::Infinite { row: 150, column: 2, value: f64::NEG_INFINITY }
    );
    for code in [-1.0, 0.5, 2_000_000.0] {
        let mut wrong = x.mapv(|value| value.abs().floor());
        wrong[(3, 1)] = code;
        let refused = params()
            .categorical(vec![1])
            .train(Batch::new(wrong.view()).with_target(&y[..]))
            .expect_err("no code");
        assert_eq!(
            refused,
            Error::NotACategory { row: 3, column: 1, value: code, largest: 1_048_575 }
        );
    }
}

#[test]
fn what_comes_with_a_batch_must_fit_it() {
    let (x, y) = some_data();
    let settings = params();
    let training = || settings.training(Batch::new(x.view()).with_target(&y[..]));
    assert_eq!(words(training().names(["a", "b"]).run()), "names has 2 entries, 3 expected");
    assert_eq!(words(training().names(["a", "b", "a"]).run()), "two columns have the name \"a\"");
    let narrow = x.slice(s![.., ..2]);
    let held_out = Batch::new(narrow).with_target(&y[..]);
    assert_eq!(
        training().held_out(held_out).run().expect_err("narrow"),
        Error::Width { expected: 3, found: 2 }
    );
    let other = RegressorParams::default()
        .n_trees(2)
        .train(Batch::new(x.view()).with_target(&x.column(0).to_vec()[..]))
        .expect("trains");
    let refused = words(training().continue_from(other.ensemble()).run());
    assert!(refused.contains("cannot be continued"), "{refused}");
    let mut stop = |round: &forewarn::boost::Round| {
        if round.done == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert_eq!(
        training().observe(&mut stop).run().expect_err("stopped"),
        Error::Cancelled { done: 3, total: 5 }
    );
    let one = params().early_stopping(Some(EarlyStopping::after(3)));
    let two_rows = array![[0.0], [1.0]];
    let labels = [false, true];
    let batch = Batch::new(two_rows.view()).with_target(&labels[..]);
    assert!(one.train(batch).is_err(), "one row is left, of a single class");
}

#[test]
fn classes_and_targets_that_cannot_be() {
    let (x, _) = some_data();
    let classes = |labels: &[u32]| {
        words(ClassifierParams::default().train(Batch::new(x.view()).with_target(labels)))
    };
    assert_eq!(classes(&[0; 200]), "all 200 rows are of class 0: two are needed");
    let mut labels = [0; 200];
    labels[5] = 2;
    assert_eq!(classes(&labels), "no row is of class 1, but some are of class 2");
    labels[5] = 10_000;
    assert_eq!(classes(&labels), "class is 10000: it must be below 10,000");
    labels[5] = u32::MAX;
    assert!(classes(&labels).starts_with("class is 4294967294"));
    let quantity = |loss, value: f64| {
        let mut targets = vec![1.0; 200];
        targets[9] = value;
        let params = RegressorParams::default().loss(loss);
        words(params.train(Batch::new(x.view()).with_target(&targets[..])))
    };
    let squared = RegressionLoss::Squared;
    assert_eq!(quantity(squared, f64::NAN), "target 9 is NaN: a number is needed here");
    assert_eq!(quantity(squared, f64::INFINITY), "target is inf: it must be from -1e18 to 1e18");
    assert_eq!(
        quantity(RegressionLoss::Poisson, -2.0),
        "target is -2: it must be at least 0 for Poisson loss"
    );
    assert_eq!(
        quantity(RegressionLoss::Quantile(1.0), 0.0),
        "quantile is 1: it must be greater than 0 and below 1"
    );
    assert_eq!(
        quantity(RegressionLoss::Huber(0.0), 0.0),
        "delta is 0: it must be greater than 0 and finite"
    );
}

#[test]
fn small_and_odd_tables_train() {
    // Two rows, fewer than a leaf must hold: the base rate.
    let x = array![[1.0], [2.0]];
    let labels = [false, true];
    let batch = Batch::new(x.view()).with_target(&labels[..]);
    let model = params().train(batch).expect("two rows");
    assert_eq!(model.score_one(&[1.0]), Ok(0.5));
    // Five, of which every tree is offered four: still the base rate, whichever they are.
    let five = array![[1.0], [2.0], [3.0], [4.0], [5.0]];
    let two_of_five = [false, true, false, true, false];
    let drawn = params().rows(RowSampling::Share(0.8)).min_rows(3);
    let model = drawn.train(Batch::new(five.view()).with_target(&two_of_five[..])).expect("five");
    assert!((model.score_one(&[1.0]).expect("scores") - 0.4).abs() < 1e-12);
    // Leaves of one row each.
    let model = params().min_rows(1).min_hessian(0.0).train(batch).expect("two rows");
    let score = |value: f64| model.score_one(&[value]).expect("scores");
    assert!(score(2.0) > score(1.0));
    // Nothing to split on: constant, and wholly missing.
    let (informative, y) = some_data();
    let constant = Array2::from_shape_fn((200, 2), |(_, j)| if j == 0 { 3.0 } else { f64::NAN });
    let batch = Batch::new(constant.view()).with_target(&y[..]);
    let model = params().train(batch).expect("constant columns");
    let rate = y.iter().filter(|&&label| label).count() as f64 / 200.0;
    assert!((model.score_one(&[5.0, 1.0]).expect("scores") - rate).abs() < 1e-12);
    let both = [Warning::ConstantColumn { column: 0 }, Warning::ConstantColumn { column: 1 }];
    assert_eq!(model.report().warnings, both);
    // Beside a column that tells something they do no harm.
    let x = concatenate![Axis(1), constant, informative];
    let model = params().train(Batch::new(x.view()).with_target(&y[..])).expect("trains");
    assert_eq!(model.report().warnings, both);
    let plain = trained(&params()).expect("trains");
    assert_eq!(model.score(x.view()), plain.score(informative.view()));
}

#[test]
fn values_of_any_size() {
    let (x, y) = some_data();
    // Timestamps with milliseconds, the largest and smallest floats: cuts depend on order alone.
    let plain = trained(&params()).expect("trains").score(x.view()).expect("scores");
    for change in [|v: f64| 1.7e9 + v * 1e-3, |v: f64| v * 4e307, |v: f64| v * 1e-307] {
        let moved = x.mapv(change);
        let model = params().train(Batch::new(moved.view()).with_target(&y[..])).expect("trains");
        let scores = model.score(moved.view()).expect("scores");
        assert!(scores.iter().zip(&plain).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}

#[test]
fn a_hundred_thousand_categories() {
    let rows = 120_000;
    let mut draw = Draw::new(8);
    let x = Array2::from_shape_fn((rows, 1), |_| draw.below(100_000) as f64);
    let y: Vec<bool> = x.iter().map(|&code| (code as usize).is_multiple_of(7)).collect();
    let model = params()
        .categorical(vec![0])
        .train(Batch::new(x.view()).with_target(&y[..]))
        .expect("trains");
    // A code that was never seen, and one beyond all codes.
    assert!(model.score_one(&[1_000_000.0]).is_ok());
    assert!(model.score_one(&[f64::NAN]).is_ok());
}

#[test]
fn rows_that_weigh_nothing_are_not_there() {
    let (x, y) = some_data();
    let weight = Array1::from_shape_fn(200, |row| if row % 3 == 0 { 0.0 } else { 2.0 });
    let kept: Vec<usize> = (0..200).filter(|row| row % 3 != 0).collect();
    let some = x.select(Axis(0), &kept);
    let labels: Vec<bool> = kept.iter().map(|&row| y[row]).collect();
    let weighted = params()
        .train(Batch::new(x.view()).with_target(&y[..]).with_weight(weight.view()))
        .expect("trains");
    let twos = Array1::from_elem(labels.len(), 2.0);
    let without = params()
        .train(Batch::new(some.view()).with_target(&labels[..]).with_weight(twos.view()))
        .expect("trains");
    assert_eq!(weighted, without);
}

#[test]
fn a_column_that_knows_too_much_is_reported() {
    let (mut x, y) = some_data();
    for (value, &label) in x.column_mut(1).iter_mut().zip(&y) {
        *value = if label { -5.0 } else { 5.0 } + *value * 0.1;
    }
    let model = params().train(Batch::new(x.view()).with_target(&y[..])).expect("trains");
    let expected = [Warning::LeakageSuspect { column: 1, roc_auc: 1.0 }];
    assert_eq!(model.report().warnings, expected);
    assert_eq!(
        expected[0].to_string(),
        "column 1 alone has a ROC AUC of 1.0000: was it known before the failure?"
    );
}

#[test]
fn any_objective_has_the_same_defaults() {
    let [a, b] = [BoostingParams::default(), FailureClassifierParams::default()];
    assert_eq!(a, b);
}
