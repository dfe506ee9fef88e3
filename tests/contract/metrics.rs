//! What the metrics refuse.

use forewarn::error::Error;
use forewarn::metrics::{
    average_precision, average_precision_weighted, brier, brier_weighted, event_recall, lead_times,
    log_loss, log_loss_weighted, precision_at_top, recall_at_top, roc_auc, roc_auc_weighted,
};

const LABELS: [bool; 3] = [true, false, true];

type Metric = fn(&[bool], &[f64]) -> forewarn::Result<f64>;

/// Every metric of one value a row, by name, with equal weights where it takes some.
fn metrics() -> Vec<(&'static str, Metric)> {
    vec![
        ("roc_auc", roc_auc),
        ("roc_auc_weighted", |l, s| roc_auc_weighted(l, s, &vec![1.0; l.len()])),
        ("average_precision", average_precision),
        ("average_precision_weighted", |l, s| {
            average_precision_weighted(l, s, &vec![1.0; l.len()])
        }),
        ("recall_at_top", |l, s| recall_at_top(l, s, 0.5)),
        ("precision_at_top", |l, s| precision_at_top(l, s, 0.5)),
        ("log_loss", log_loss),
        ("log_loss_weighted", |l, p| log_loss_weighted(l, p, &vec![1.0; l.len()])),
        ("brier", brier),
        ("brier_weighted", |l, p| brier_weighted(l, p, &vec![1.0; l.len()])),
    ]
}

#[test]
fn every_metric_refuses_what_it_cannot_measure() {
    for (name, metric) in metrics() {
        assert_eq!(metric(&[], &[]), Err(Error::Empty { what: "labels" }), "{name}");
        assert!(
            matches!(
                metric(&LABELS, &[0.5]),
                Err(Error::Length { expected: 3, found: 1, what: "scores" | "probabilities" })
            ),
            "{name}"
        );
        assert!(
            matches!(
                metric(&LABELS, &[0.5, 0.5, f64::NAN]),
                Err(Error::NotANumber { index: 2, what: "score" | "probability" })
            ),
            "{name}"
        );
        assert!(metric(&LABELS, &[0.0, 1.0, 0.5]).is_ok(), "{name}");
    }
}

#[test]
fn a_ranking_needs_both_classes() {
    for (name, metric) in metrics() {
        let ranks = name.contains("roc") || name.contains("average") || name.contains("recall");
        for class in [false, true] {
            let measured = metric(&[class; 2], &[0.1, 0.2]);
            if ranks {
                assert_eq!(measured, Err(Error::SingleClass { class, count: 2 }), "{name}");
            } else {
                assert!(measured.is_ok(), "{name}");
            }
        }
    }
    // A class whose every row weighs nothing is not there.
    let one_sided = roc_auc_weighted(&[true, false], &[0.1, 0.2], &[0.0, 1.0]);
    assert_eq!(one_sided, Err(Error::SingleClass { class: false, count: 2 }));
}

#[test]
fn a_probability_is_between_0_and_1() {
    for (name, metric) in metrics()
        .into_iter()
        .filter(|(name, _)| name.starts_with("log_loss") || name.starts_with("brier"))
    {
        for value in [-0.1, 1.1, f64::INFINITY] {
            let error = metric(&LABELS, &[0.5, value, 0.5]).expect_err(name);
            assert_eq!(
                error.to_string(),
                format!("probability is {value}: it must be from 0 to 1"),
                "{name}"
            );
        }
    }
}

#[test]
fn weights_are_finite_and_not_all_0() {
    for metric in [roc_auc_weighted, average_precision_weighted, log_loss_weighted, brier_weighted]
    {
        let with = |weights: &[f64]| metric(&LABELS, &[0.1, 0.2, 0.3], weights);
        assert!(with(&[1.0, 1.0, 0.0]).is_ok());
        assert_eq!(with(&[1.0]), Err(Error::Length { what: "weights", expected: 3, found: 1 }));
        assert_eq!(
            with(&[1.0, f64::NAN, 1.0]),
            Err(Error::NotANumber { what: "weight", index: 1 })
        );
        for value in [-1.0, f64::INFINITY] {
            assert!(matches!(
                with(&[1.0, value, 1.0]),
                Err(Error::OutOfRange { name: "weight", value: found, .. }) if found == value
            ));
        }
        assert_eq!(
            with(&[0.0; 3]).map_err(|error| error.to_string()),
            Err("the sum of the weights is 0: it must be above 0".to_string())
        );
    }
}

#[test]
fn a_share_is_above_0_and_at_most_1() {
    for metric in [recall_at_top, precision_at_top] {
        for share in [0.0, -0.5, 1.000_001, f64::NAN] {
            let refused = metric(&LABELS, &[0.1, 0.2, 0.3], share);
            assert!(
                matches!(refused, Err(Error::OutOfRange { name: "share", .. })),
                "{share}: {refused:?}"
            );
        }
        assert!(metric(&LABELS, &[0.1, 0.2, 0.3], 1.0).is_ok());
    }
}

#[test]
fn windows_and_failures_lie_within_the_alarms() {
    let alarms = [false, true, false];
    assert_eq!(event_recall(&[], &alarms), Err(Error::Empty { what: "windows" }));
    for (window, value) in [(1..1, 1.0), (0..4, 4.0), (7..9, 9.0)] {
        let refused = event_recall(&[0..2, window], &alarms);
        assert!(
            matches!(refused, Err(Error::OutOfRange { name: "window.end", value: v, .. }) if v == value),
            "{refused:?}"
        );
    }
    assert_eq!(event_recall(&[0..3, 1..2], &alarms), Ok(1.0));

    assert_eq!(lead_times(&[], 1, &alarms), Err(Error::Empty { what: "failures" }));
    assert!(matches!(lead_times(&[1], 0, &alarms), Err(Error::OutOfRange { name: "horizon", .. })));
    for failures in [[2, 2], [2, 1], [3, 4]] {
        assert!(
            matches!(
                lead_times(&failures, 1, &alarms),
                Err(Error::OutOfRange { name: "failure", value, .. }) if value == failures[1] as f64
            ),
            "{failures:?}"
        );
    }
    assert_eq!(lead_times(&[2, 3], 1, &alarms), Ok(vec![Some(1), None]));
}
