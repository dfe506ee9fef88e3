//! Splits and operating points that are impossible are refused with what would be possible.

use forewarn::Error;
use forewarn::forest::IsolationForestParams;
use forewarn::metrics::{
    Bins, History, brier_parts, calibration_table, expected_calibration_error,
    expected_calibration_error_weighted, recall_at_false_alarms, share_interval,
};
use forewarn::ndarray::{Array1, Array2};
use forewarn::traits::Batch;
use forewarn::validate::{
    TimeFolds, Window, cross_score, cross_with, group_holdout, group_k_fold, holdout, k_fold,
    time_split,
};

const LABELS: [bool; 6] = [true, false, true, false, true, false];

#[track_caller]
fn refused<T: std::fmt::Debug>(found: forewarn::Result<T>, message: &str) {
    assert_eq!(found.expect_err(message).to_string(), message);
}

#[test]
fn random_parts() {
    let few = "rows of the rarer class is 3: it must be at least one for each part";
    refused(k_fold(&LABELS, 4, 0), few);
    refused(k_fold(&LABELS, 1, 0), "folds is 1: it must be at least 2");
    refused(k_fold(&[], 2, 0), "labels is empty: at least one is needed");
    refused(
        k_fold(&[true], usize::MAX, 0),
        "rows of the rarer class is 1: it must be at least one for each part",
    );
    refused(
        holdout(&[true, false, false], 0.5, 0),
        "rows of the rarer class is 1: it must be at least one for each part",
    );
    for share in [0.0, 1.0, f64::NAN] {
        let message = format!("share is {share}: it must be above 0 and below 1");
        refused(holdout(&LABELS, share, 0), &message);
        refused(group_holdout(&LABELS, &[1, 2, 3, 4, 5, 6], share, 0), &message);
    }
    let groups = ["a", "a", "b", "b", "b", "a"];
    refused(
        group_k_fold(&LABELS, &groups, 3, 0),
        "folds is 3: it must be at most the number of groups",
    );
    refused(group_k_fold(&LABELS, &["a"], 2, 0), "groups has 1 entries, 6 expected");
    refused(group_holdout(&LABELS, &["a"; 6], 0.5, 0), "groups is 1: it must be at least 2");
}

#[test]
fn parts_by_time() {
    let times = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    refused(time_split(&times, 1.0, 0.0), "rows to train on is empty: at least one is needed");
    refused(time_split(&times, 7.0, 0.0), "rows to test on is empty: at least one is needed");
    refused(time_split(&times, 3.0, -1.0), "embargo is -1: it must be at least 0 and finite");
    refused(time_split(&[1.0, f64::NAN], 1.0, 0.0), "time 1 is NaN: a number is needed here");
    refused(time_split(&[1.0, f64::INFINITY], 1.0, 0.0), "time is inf: it must be finite");
    refused(time_split(&times, f64::NAN, 0.0), "at is NaN: it must be finite");

    refused(TimeFolds::new(0).split(&times), "folds is 0: it must be at least 1");
    let many = "it must be less than the number of distinct times";
    refused(TimeFolds::new(6).split(&times), &format!("folds is 6: {many}"));
    refused(TimeFolds::new(1).split(&[3.0; 9]), &format!("folds is 1: {many}"));
    assert!(TimeFolds::new(usize::MAX).split(&times).is_err());
    let window = TimeFolds::new(2).window(Window::Rolling(0.0));
    refused(window.split(&times), "window is 0: it must be above 0");
    let late = "rows to train on before the first stretch is empty: at least one is needed";
    refused(TimeFolds::new(2).embargo(3.0).split(&times), late);
    refused(
        TimeFolds::new(2).split_groups(&times, &LABELS[..2], &[1, 2], 2, 0),
        "labels has 2 entries, 6 expected",
    );
}

#[test]
fn cross_scoring() {
    let x = Array2::from_shape_fn((6, 2), |(i, j)| (i * j) as f64);
    let params = IsolationForestParams::default().n_trees(2);
    let splits = || k_fold(&LABELS, 2, 0).unwrap();
    let weight = Array1::ones(5);
    let batch = Batch::new(x.view()).with_weight(weight.view());
    refused(cross_score(&params, batch, splits()), "weights has 5 entries, 6 expected");
    let batch = Batch::new(x.view());
    let beyond = k_fold(&[false; 9], 2, 0).unwrap();
    let error = cross_score(&params, batch, beyond).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { name: "row", value, .. } if value >= 6.0));
    let short = cross_with(&params, batch, splits(), |_, _| Ok(vec![1.0]));
    assert!(matches!(short, Err(Error::Length { what: "answers", found: 1, .. })));
    let bad = cross_score(&IsolationForestParams::default().n_trees(0), batch, splits());
    assert!(matches!(bad, Err(Error::OutOfRange { name: "n_trees", .. })));
}

#[test]
fn calibration_measures() {
    let bins = Bins::EqualMass(3);
    let p = [0.5; 6];
    refused(
        expected_calibration_error(&LABELS, &p, Bins::EqualWidth(0)),
        "bins is 0: it must be at least 1",
    );
    refused(expected_calibration_error(&[], &[], bins), "labels is empty: at least one is needed");
    refused(
        expected_calibration_error(&LABELS, &[1.5; 6], bins),
        "probability is 1.5: it must be from 0 to 1",
    );
    refused(brier_parts(&LABELS, &[0.5]), "probabilities has 1 entries, 6 expected");
    refused(
        expected_calibration_error_weighted(&LABELS, &p, &[0.0; 6], bins),
        "the sum of the weights is 0: it must be above 0",
    );
    refused(
        calibration_table(&LABELS, &p, bins, 1.0),
        "confidence is 1: it must be above 0 and below 1",
    );
    // Any number of bins.
    for bins in [Bins::EqualMass(usize::MAX), Bins::EqualWidth(usize::MAX)] {
        // Alone, 0.3 and 0.5 are off by 0.3 and 0.5, the two 0 and the two 1 by 2 each.
        let p = [0.0, 1.0, 0.0, 0.3, 0.5, 1.0];
        let error = expected_calibration_error(&LABELS, &p, bins).unwrap();
        assert!((error - 4.8 / 6.0).abs() < 1e-12, "{error}");
    }
    refused(share_interval(0, 0, 0.9), "trials is empty: at least one is needed");
    refused(share_interval(3, 2, 0.9), "hits is 3: it must be at most the number of trials");
}

#[test]
fn operating_points() {
    let scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    refused(
        recall_at_false_alarms(&LABELS, &scores, -1.0),
        "most is -1: it must be at least 0 and finite",
    );
    let single = recall_at_false_alarms(&[true; 2], &[0.1, 0.2], 1.0);
    assert_eq!(single, Err(Error::SingleClass { class: true, count: 2 }));
    let history = History { labels: &LABELS, units: &[1; 6], times: &[0.0; 6] };
    assert!(history.at_threshold(&scores, 0.5, 1.0).is_ok());
    refused(history.at_threshold(&scores, 0.5, 0.0), "period is 0: it must be above 0 and finite");
    refused(
        history.at_threshold(&scores, f64::NAN, 1.0),
        "threshold 0 is NaN: a number is needed here",
    );
    refused(history.at_false_alarm_rate(&scores, 1.5, 1.0), "rate is 1.5: it must be from 0 to 1");
    refused(history.at_threshold(&[0.5], 0.5, 1.0), "scores has 1 entries, 6 expected");
    let short = History { units: &[1], ..history };
    refused(short.at_threshold(&scores, 0.5, 1.0), "units has 1 entries, 6 expected");
    let late = [0.0, 0.0, 0.0, f64::NAN, 0.0, 0.0];
    let late = History { times: &late, ..history };
    refused(late.at_threshold(&scores, 0.5, 1.0), "time 3 is NaN: a number is needed here");
}
