//! What trainings promise: early stopping, continuing, class weights, constraints, sampling.

use crate::rows::{Draw, normal_rows};
use forewarn::boost::{
    ClassWeight, ClassifierParams, Direction, EarlyStopping, FailureClassifierParams, HoldOut,
    RegressionLoss, RegressorParams, RowSampling,
};
use forewarn::metrics;
use forewarn::ndarray::{Array2, s};
use forewarn::prelude::{Batch, Score, Train};

fn params() -> FailureClassifierParams {
    FailureClassifierParams::default().n_trees(60)
}

/// Failures are rare, and only the first two columns tell.
fn rare(seed: u64, rows: usize) -> (Array2<f64>, Vec<bool>) {
    let x = normal_rows(seed, rows, 4);
    let mut draw = Draw::new(seed + 1);
    let risk = |row: usize| 1.0 / (1.0 + (3.5 - 1.5 * x[(row, 0)] - x[(row, 1)].powi(2)).exp());
    let y = (0..rows).map(|row| draw.unit() < risk(row)).collect();
    (x, y)
}

#[test]
fn early_stopping_keeps_the_best_round() {
    let (x, y) = rare(1, 3000);
    let (test, truth) = rare(2, 2000);
    let settings = params().n_trees(400).early_stopping(Some(EarlyStopping::after(15)));
    let batch = Batch::new(x.view()).with_target(&y[..]);
    let held_out = Batch::new(test.view()).with_target(&truth[..]);
    let model = settings.training(batch).held_out(held_out).run().expect("trains");
    let report = model.report();
    let best = report.held_out.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(report.held_out[report.rounds - 1], best);
    assert_eq!(report.held_out.len(), report.rounds + 15);
    assert_eq!(model.ensemble().n_trees(), report.rounds);
    let loss = metrics::log_loss(&truth, &model.score(test.view()).expect("scores").to_vec());
    assert!((loss.expect("a loss") - best).abs() < 1e-9);
    // Another measure: the ranking.
    let mut precision = |raw: &[f64]| metrics::average_precision(&truth, raw).map(|value| -value);
    let held_out = Batch::new(test.view()).with_target(&truth[..]);
    let model = settings
        .training(Batch::new(x.view()).with_target(&y[..]))
        .held_out(held_out)
        .measure(&mut precision)
        .run()
        .expect("trains");
    let scores = model.score(test.view()).expect("scores").to_vec();
    let found = metrics::average_precision(&truth, &scores).expect("a precision");
    let best = model.report().held_out.iter().copied().fold(f64::INFINITY, f64::min);
    assert!((found + best).abs() < 1e-9);
}

#[test]
fn a_share_is_held_out_where_none_is_given() {
    let (x, y) = rare(3, 2000);
    let model = params()
        .early_stopping(Some(EarlyStopping::after(5)))
        .train(Batch::new(x.view()).with_target(&y[..]))
        .expect("trains");
    assert!(!model.report().held_out.is_empty());
    let held_back = |ensemble: &forewarn::boost::Ensemble| ensemble.n_trees();
    assert!(held_back(model.ensemble()) < 60);
    // Of rows in order of time, the last ones: the same as giving them.
    let last = EarlyStopping { patience: 5, hold_out: HoldOut::Last(0.25) };
    let by_share = params()
        .early_stopping(Some(last))
        .train(Batch::new(x.view()).with_target(&y[..]))
        .expect("trains");
    let given = params()
        .early_stopping(Some(EarlyStopping::after(5)))
        .training(Batch::new(x.slice(s![..1500, ..])).with_target(&y[..1500]))
        .held_out(Batch::new(x.slice(s![1500.., ..])).with_target(&y[1500..]))
        .run()
        .expect("trains");
    assert_eq!(by_share, given);
}

#[test]
fn trees_continue_where_others_ended() {
    let (x, y) = rare(4, 2000);
    let batch = || Batch::new(x.view()).with_target(&y[..]);
    let whole = params().train(batch()).expect("trains");
    let half = params().n_trees(30);
    let first = half.train(batch()).expect("trains");
    let second = half.training(batch()).continue_from(first.ensemble()).run().expect("trains");
    // Raw scores come from other sums, but rounding them differently changes next to nothing.
    assert_eq!(second.ensemble().n_trees(), 60);
    let (a, b) = (whole.score(x.view()).expect("scores"), second.score(x.view()).expect("scores"));
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-9));
}

#[test]
fn weighing_failures_up_leaves_probabilities_alone() {
    let (x, y) = rare(5, 20_000);
    let (test, truth) = rare(6, 20_000);
    let rate = truth.iter().filter(|&&label| label).count() as f64 / 20_000.0;
    let weights = [ClassWeight::Equal, ClassWeight::Balanced, ClassWeight::Failure(5.0)];
    for class_weight in weights {
        let model = params()
            .class_weight(class_weight)
            .train(Batch::new(x.view()).with_target(&y[..]))
            .expect("trains");
        let mean = model.score(test.view()).expect("scores").mean().expect("rows");
        // A weight of 10 left in would predict some four times too many.
        assert!((mean - rate).abs() < 0.2 * rate, "{mean} for {rate} with {class_weight:?}");
        // Nor is it taken off twice by a training that goes on.
        let more = params().class_weight(class_weight);
        let batch = Batch::new(x.view()).with_target(&y[..]);
        let model = more.training(batch).continue_from(model.ensemble()).run().expect("trains");
        let mean = model.score(test.view()).expect("scores").mean().expect("rows");
        assert!((mean - rate).abs() < 0.25 * rate, "{mean} for {rate} with {class_weight:?}");
    }
}

#[test]
fn predictions_move_only_as_told() {
    let (x, y) = rare(7, 3000);
    let targets: Vec<f64> =
        x.rows().into_iter().map(|row| (3.0 * row[0]).sin() + row[0] - 0.5 * row[1]).collect();
    let directions = vec![(0, Direction::Increasing), (1, Direction::Decreasing)];
    let classifier = params()
        .monotone(directions.clone())
        .train(Batch::new(x.view()).with_target(&y[..]))
        .expect("trains");
    let regressor = RegressorParams::default()
        .monotone(directions)
        .train(Batch::new(x.view()).with_target(&targets[..]))
        .expect("trains");
    let models: [&dyn Score; 2] = [&classifier, &regressor];
    for model in models {
        for row in x.slice(s![..100, ..]).rows() {
            let mut row = row.to_vec();
            for (column, sign) in [(0, 1.0), (1, -1.0)] {
                let kept = row[column];
                let mut before = f64::NEG_INFINITY;
                for step in -30..30 {
                    row[column] = sign * f64::from(step) * 0.1;
                    let score = model.score_one(&row).expect("scores");
                    assert!(score >= before - 1e-12, "{score} after {before}");
                    before = score;
                }
                row[column] = kept;
            }
        }
    }
}

#[test]
fn columns_meet_only_as_told() {
    let x = normal_rows(8, 3000, 3);
    let targets: Vec<f64> = x.rows().into_iter().map(|row| row[0] * row[1] + row[2]).collect();
    let model = RegressorParams::default()
        .interactions(vec![vec![0, 2]])
        .train(Batch::new(x.view()).with_target(&targets[..]))
        .expect("trains");
    // Columns 0 and 1 never meet: what one adds does not depend on the other.
    let score = |a: f64, b: f64| model.score_one(&[a, b, 0.3]).expect("scores");
    for (a, b) in [(-1.0, 1.0), (0.5, 2.0), (-2.0, -0.3)] {
        let mixed = score(a, b) - score(a, 0.0) - score(0.0, b) + score(0.0, 0.0);
        assert!(mixed.abs() < 1e-9, "{mixed}");
    }
}

#[test]
fn samples_of_rows_and_columns_learn_as_well() {
    let (x, y) = rare(9, 8000);
    let (test, truth) = rare(10, 8000);
    let area = |params: &FailureClassifierParams| {
        let model = params.train(Batch::new(x.view()).with_target(&y[..])).expect("trains");
        let scores = model.score(test.view()).expect("scores").to_vec();
        metrics::roc_auc(&truth, &scores).expect("an area")
    };
    let all = area(&params());
    let goss = RowSampling::Goss { top: 0.2, rest: 0.1 };
    for params in [
        params().rows(RowSampling::Share(0.5)),
        params().rows(goss),
        params().column_share(0.5),
        params().column_share_split(0.5),
        params().focal(Some(1.0)),
        params().max_depth(Some(3)),
        params().max_bins(15),
    ] {
        let found = area(&params);
        assert!(found > all - 0.03, "{found} instead of {all} with {params:?}");
    }
}

#[test]
fn quantities_are_what_their_losses_ask_for() {
    let x = normal_rows(11, 6000, 2);
    let mut draw = Draw::new(12);
    // Noise that leans to one side, so that mean, median and other quantiles differ.
    let noisy: Vec<f64> =
        x.rows().into_iter().map(|row| row[0] - 2.0 * draw.unit().ln() - 2.0).collect();
    let model = |loss, targets: &[f64]| {
        let params = RegressorParams::default().loss(loss).min_rows(100);
        params.train(Batch::new(x.view()).with_target(targets)).expect("trains")
    };
    for share in [0.1, 0.5, 0.9] {
        let scores =
            model(RegressionLoss::Quantile(share), &noisy).score(x.view()).expect("scores");
        let below = noisy.iter().zip(&scores).filter(|(target, score)| target <= score).count();
        let found = below as f64 / 6000.0;
        assert!((found - share).abs() < 0.03, "{found} below, not {share}");
    }
    let mean = model(RegressionLoss::Squared, &noisy).score(x.view()).expect("scores").mean();
    let truth = noisy.iter().sum::<f64>() / 6000.0;
    assert!((mean.expect("rows") - truth).abs() < 0.02);
    // One target a million off moves a mean, but not Huber's loss.
    let mut off = noisy.clone();
    off[17] = 1e6;
    let scores = model(RegressionLoss::Huber(1.0), &off).score(x.view()).expect("scores");
    let worst = scores.iter().zip(x.column(0)).map(|(score, x)| (score - x).abs());
    assert!(worst.fold(0.0, f64::max) < 4.0);
    let counts: Vec<f64> = noisy.iter().map(|value| value.exp().min(30.0).floor()).collect();
    let scores = model(RegressionLoss::Poisson, &counts).score(x.view()).expect("scores");
    let truth = counts.iter().sum::<f64>() / 6000.0;
    assert!(scores.iter().all(|&score| score > 0.0));
    assert!((scores.mean().expect("rows") - truth).abs() < 0.05 * truth);
}

#[test]
fn several_classes_are_told_apart() {
    let x = normal_rows(13, 3000, 3);
    let classes: Vec<u32> = x
        .rows()
        .into_iter()
        .map(|row| if row[0] > 0.5 { 2 } else { u32::from(row[1] > 0.0) })
        .collect();
    for balanced in [false, true] {
        let params = ClassifierParams::default().n_trees(30).balanced(balanced);
        let model = params.train(Batch::new(x.view()).with_target(&classes[..])).expect("trains");
        let shares = model.probabilities(x.view()).expect("probabilities");
        assert_eq!(shares.dim(), (3000, 3));
        let mut right = 0;
        for (row, &class) in shares.rows().into_iter().zip(&classes) {
            assert!((row.sum() - 1.0).abs() < 1e-12);
            right += u32::from(row.iter().all(|&share| share <= row[class as usize]));
        }
        assert!(right > 2900, "{right} of 3,000 right");
    }
}
