//! The expected values are scikit-learn 1.9.1's, of `sklearn.metrics`, on the same arrays; the
//! comment at each names the call.

use approx::assert_relative_eq;
use forewarn::metrics::{
    average_precision, average_precision_weighted, brier, brier_weighted, event_recall, lead_times,
    log_loss, log_loss_weighted, precision_at_top, recall_at_top, roc_auc, roc_auc_weighted,
};

/// Ten rows by hand: ties within a class and across classes, a weight of 0, probabilities of
/// exactly 0 and 1 on the wrong side.
const LABELS: [bool; 10] = [true, false, true, false, false, true, false, false, true, false];
const SCORES: [f64; 10] = [0.9, 0.8, 0.8, 0.5, 0.5, 0.5, 0.3, 0.2, 0.2, -1.0];
const PROBABILITIES: [f64; 10] = [0.9, 0.8, 0.7, 0.5, 0.4, 0.55, 0.3, 0.2, 0.0, 1.0];
const WEIGHTS: [f64; 10] = [1.0, 2.0, 0.5, 0.0, 3.0, 1.5, 1.0, 0.25, 2.0, 1.0];

/// A thousand rows by formula. In Python, with `i = numpy.arange(1000)`:
/// `labels = (i * i) % 7 == 1`, `scores = (i * 37) % 101 + 20 * labels`,
/// `probabilities = (i * 53) % 997 / 1000`, `weights = i % 5 / 4`.
struct Thousand {
    labels: Vec<bool>,
    scores: Vec<f64>,
    probabilities: Vec<f64>,
    weights: Vec<f64>,
}

fn thousand() -> Thousand {
    let label = |i: u32| (i * i) % 7 == 1;
    let rows = || 0..1000_u32;
    Thousand {
        labels: rows().map(label).collect(),
        scores: rows().map(|i| f64::from((i * 37) % 101 + 20 * u32::from(label(i)))).collect(),
        probabilities: rows().map(|i| f64::from((i * 53) % 997) / 1000.0).collect(),
        weights: rows().map(|i| f64::from(i % 5) / 4.0).collect(),
    }
}

#[test]
fn roc_auc_is_scikit_learns() -> forewarn::Result<()> {
    // roc_auc_score(labels, scores)
    assert_relative_eq!(roc_auc(&LABELS, &SCORES)?, 0.708_333_333_333_333_4);
    // roc_auc_score(labels, scores, sample_weight=weights)
    assert_relative_eq!(
        roc_auc_weighted(&LABELS, &SCORES, &WEIGHTS)?,
        0.503_448_275_862_068_9,
        max_relative = 1e-14
    );
    let Thousand { labels, scores, weights, .. } = thousand();
    assert_relative_eq!(roc_auc(&labels, &scores)?, 0.678_596_491_228_070_2, max_relative = 1e-14);
    assert_relative_eq!(
        roc_auc_weighted(&labels, &scores, &weights)?,
        0.681_874_680_344_637_7,
        max_relative = 1e-14
    );
    Ok(())
}

#[test]
fn average_precision_is_scikit_learns() -> forewarn::Result<()> {
    // average_precision_score(labels, scores)
    assert_relative_eq!(
        average_precision(&LABELS, &SCORES)?,
        0.652_777_777_777_777_8,
        max_relative = 1e-14
    );
    // average_precision_score(labels, scores, sample_weight=weights)
    assert_relative_eq!(
        average_precision_weighted(&LABELS, &SCORES, &WEIGHTS)?,
        0.533_134_920_634_920_5,
        max_relative = 1e-14
    );
    let Thousand { labels, scores, weights, .. } = thousand();
    assert_relative_eq!(
        average_precision(&labels, &scores)?,
        0.532_990_134_350_360_9,
        max_relative = 1e-13
    );
    assert_relative_eq!(
        average_precision_weighted(&labels, &scores, &weights)?,
        0.536_795_162_814_820_6,
        max_relative = 1e-13
    );
    Ok(())
}

#[test]
fn log_loss_is_scikit_learns_with_its_limit_at_certainty() -> forewarn::Result<()> {
    // log_loss(labels, probabilities)
    assert_relative_eq!(
        log_loss(&LABELS, &PROBABILITIES)?,
        7.654_040_845_059_947_5,
        max_relative = 1e-14
    );
    // log_loss(labels, probabilities, sample_weight=weights)
    assert_relative_eq!(
        log_loss_weighted(&LABELS, &PROBABILITIES, &WEIGHTS)?,
        9.344_916_504_820_043,
        max_relative = 1e-14
    );
    let Thousand { labels, probabilities, weights, .. } = thousand();
    assert_relative_eq!(
        log_loss(&labels, &probabilities)?,
        0.982_486_260_028_176_3,
        max_relative = 1e-13
    );
    assert_relative_eq!(
        log_loss_weighted(&labels, &probabilities, &weights)?,
        0.998_585_575_433_089_3,
        max_relative = 1e-13
    );
    Ok(())
}

#[test]
fn brier_is_scikit_learns() -> forewarn::Result<()> {
    // brier_score_loss(labels, probabilities)
    assert_relative_eq!(brier(&LABELS, &PROBABILITIES)?, 0.348_25, max_relative = 1e-14);
    // brier_score_loss(labels, probabilities, sample_weight=weights)
    assert_relative_eq!(
        brier_weighted(&LABELS, &PROBABILITIES, &WEIGHTS)?,
        0.426_020_408_163_265_3,
        max_relative = 1e-14
    );
    let Thousand { labels, probabilities, weights, .. } = thousand();
    assert_relative_eq!(brier(&labels, &probabilities)?, 0.331_217_531, max_relative = 1e-13);
    assert_relative_eq!(
        brier_weighted(&labels, &probabilities, &weights)?,
        0.335_168_091,
        max_relative = 1e-13
    );
    Ok(())
}

#[test]
fn the_top_of_distinct_scores_is_scikit_learns() -> forewarn::Result<()> {
    let labels = thousand().labels;
    // scores = (i * 37) % 1009 + 20 * labels + i / 2000: all distinct
    let scores: Vec<f64> = (0..1000_u32)
        .map(|i| {
            let bonus = 20 * u32::from(labels[i as usize]);
            f64::from((i * 37) % 1009 + bonus) + f64::from(i) / 2000.0
        })
        .collect();
    // found = numpy.isin(i, numpy.argsort(-scores)[:50]); recall_score(labels, found)
    assert_relative_eq!(
        recall_at_top(&labels, &scores, 0.05)?,
        0.063_157_894_736_842_11,
        max_relative = 1e-14
    );
    // precision_score(labels, found)
    assert_relative_eq!(precision_at_top(&labels, &scores, 0.05)?, 0.36);
    Ok(())
}

#[test]
fn the_top_is_so_many_rows() -> forewarn::Result<()> {
    // One positive row, ranked 8th of 100: whether it is found tells how many rows are taken.
    let labels: Vec<bool> = (0..100).map(|i| i == 7).collect();
    let scores: Vec<f64> = (0..100).map(|i| -f64::from(i)).collect();
    // 0.07 × 100 is a little above 7 in floating point, and still 7 rows.
    assert_eq!(recall_at_top(&labels, &scores, 0.07)?, 0.0);
    assert_eq!(recall_at_top(&labels, &scores, 0.08)?, 1.0);
    assert_eq!(precision_at_top(&labels, &scores, 0.08)?, 1.0 / 8.0);
    // Never no row at all.
    let first: Vec<bool> = (0..100).map(|i| i == 0).collect();
    assert_eq!(recall_at_top(&first, &scores, 1e-9)?, 1.0);
    assert_eq!(precision_at_top(&[false, false], &[1.0, 2.0], 1.0)?, 0.0);
    Ok(())
}

#[test]
fn extreme_scores_and_weights_do_no_harm() -> forewarn::Result<()> {
    let labels = [true, false, true, false];
    assert_eq!(roc_auc(&labels, &[f64::INFINITY, -1e300, 5e-324, f64::NEG_INFINITY])?, 1.0);
    // Zero is zero, whatever its sign.
    assert_eq!(roc_auc(&[true, false], &[-0.0, 0.0])?, 0.5);
    for unit in [1e308, 1.0, 1e-300] {
        let weights = [unit, 0.5 * unit, 0.5 * unit, unit];
        let auc = roc_auc_weighted(&labels, &[4.0, 3.0, 2.0, 1.0], &weights)?;
        // Of the pairs' weight 1.5 × 1.5, only the pair of the middle rows, 0.25, is lost.
        assert_relative_eq!(auc, 8.0 / 9.0, max_relative = 1e-14);
        let loss = log_loss_weighted(&labels, &[0.0, 1.0, 0.0, 1.0], &weights)?;
        assert_relative_eq!(loss, -f64::EPSILON.ln(), max_relative = 1e-14);
    }
    Ok(())
}

#[test]
fn events_and_lead_times_by_hand() -> forewarn::Result<()> {
    //             0      1     2      3      4     5      6      7     8      9
    let alarms = [false, true, false, false, true, false, false, true, false, false];
    // The second window ends right before an alarm, the third begins with it.
    assert_eq!(event_recall(&[0..3, 2..4, 4..5, 8..10], &alarms)?, 0.5);
    // 4: the alarm at 1. 6: the alarm at the failure 4 is no warning. 10: the alarm at 7 is
    // 3 rows before.
    assert_eq!(lead_times(&[4, 6, 10], 3, &alarms)?, [Some(3), None, Some(3)]);
    // With a shorter horizon, 1 and 7 are too early.
    assert_eq!(lead_times(&[4, 6, 10], 2, &alarms)?, [None; 3]);
    // Nothing can warn of a failure at the very start.
    assert_eq!(lead_times(&[0, 2], usize::MAX, &alarms)?, [None, Some(1)]);
    Ok(())
}
