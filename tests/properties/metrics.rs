//! Metrics against their definitions, computed pair by pair and threshold by threshold.

use forewarn::metrics::{
    average_precision, average_precision_weighted, brier, brier_weighted, event_recall, lead_times,
    log_loss, log_loss_weighted, precision_at_top, recall_at_top, roc_auc, roc_auc_weighted,
};
use proptest::prelude::*;

/// Up to `most` rows with both classes and scores from so few values that ties are common.
fn ranked(most: usize) -> impl Strategy<Value = (Vec<bool>, Vec<f64>)> {
    let row = (any::<bool>(), (-4..5_i32).prop_map(|score| f64::from(score) / 4.0));
    prop::collection::vec(row, 2..=most)
        .prop_map(|rows| rows.into_iter().unzip())
        .prop_filter("both classes", |(labels, _): &(Vec<bool>, Vec<f64>)| {
            labels.contains(&true) && labels.contains(&false)
        })
}

/// Every pair of a positive and a negative row.
fn naive_roc_auc(labels: &[bool], scores: &[f64]) -> f64 {
    let (mut won, mut pairs) = (0.0, 0.0);
    for (i, _) in labels.iter().enumerate().filter(|(_, label)| **label) {
        for (j, _) in labels.iter().enumerate().filter(|(_, label)| !**label) {
            pairs += 1.0;
            won += if scores[i] > scores[j] {
                1.0
            } else if scores[i] == scores[j] {
                0.5
            } else {
                0.0
            };
        }
    }
    won / pairs
}

/// Precision and recall at every threshold that is a score.
fn naive_average_precision(labels: &[bool], scores: &[f64]) -> f64 {
    let positive = labels.iter().filter(|label| **label).count() as f64;
    let mut thresholds = scores.to_vec();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    thresholds.dedup();
    let (mut area, mut recall_before) = (0.0, 0.0);
    for threshold in thresholds {
        let found: Vec<bool> =
            labels.iter().zip(scores).filter(|(_, s)| **s >= threshold).map(|(l, _)| *l).collect();
        let true_found = found.iter().filter(|label| **label).count() as f64;
        let recall = true_found / positive;
        area += (recall - recall_before) * true_found / found.len() as f64;
        recall_before = recall;
    }
    area
}

/// Mean over every order of the rows that is sorted by score of the positives in the first few.
fn naive_found_in_first(labels: &[bool], scores: &[f64], first: usize) -> f64 {
    fn orders(left: &mut Vec<usize>, taken: &mut Vec<usize>, visit: &mut impl FnMut(&[usize])) {
        if left.is_empty() {
            visit(taken);
        }
        for at in 0..left.len() {
            let row = left.remove(at);
            taken.push(row);
            orders(left, taken, visit);
            taken.pop();
            left.insert(at, row);
        }
    }
    let (mut found, mut sorted_orders) = (0_usize, 0_usize);
    orders(&mut (0..labels.len()).collect(), &mut Vec::new(), &mut |order| {
        if order.windows(2).all(|pair| scores[pair[0]] >= scores[pair[1]]) {
            sorted_orders += 1;
            found += order[..first].iter().filter(|row| labels[**row]).count();
        }
    });
    found as f64 / sorted_orders as f64
}

/// Each entry as often as its count says.
fn repeat<T: Copy>(values: &[T], counts: &[usize]) -> Vec<T> {
    values.iter().zip(counts).flat_map(|(value, count)| vec![*value; *count]).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12
}

proptest! {
    #[test]
    fn roc_auc_is_the_share_of_pairs_won((labels, scores) in ranked(60)) {
        let auc = roc_auc(&labels, &scores)?;
        prop_assert!(close(auc, naive_roc_auc(&labels, &scores)));
        let upside_down: Vec<f64> = scores.iter().map(|score| -score).collect();
        prop_assert!(close(auc, 1.0 - roc_auc(&labels, &upside_down)?));
        let stretched: Vec<f64> = scores.iter().map(|score| score.exp()).collect();
        prop_assert_eq!(auc, roc_auc(&labels, &stretched)?);
    }

    #[test]
    fn average_precision_is_the_stepwise_sum((labels, scores) in ranked(60)) {
        let value = average_precision(&labels, &scores)?;
        prop_assert!(close(value, naive_average_precision(&labels, &scores)));
        prop_assert!(value > 0.0 && value <= 1.0);
    }

    #[test]
    fn the_top_is_the_mean_over_all_orders_of_ties(
        (labels, scores) in ranked(6),
        taken in 1..=6_usize,
    ) {
        let taken = taken.min(labels.len());
        let share = taken as f64 / labels.len() as f64;
        let found = naive_found_in_first(&labels, &scores, taken);
        let positive = labels.iter().filter(|label| **label).count() as f64;
        prop_assert!(close(recall_at_top(&labels, &scores, share)?, found / positive));
        prop_assert!(close(precision_at_top(&labels, &scores, share)?, found / taken as f64));
    }

    #[test]
    fn a_whole_weight_is_a_repeated_row(
        (labels, scores) in ranked(30),
        counts in prop::collection::vec(0..4_usize, 30),
    ) {
        let counts = &counts[..labels.len()];
        let (many_labels, many_scores) = (repeat(&labels, counts), repeat(&scores, counts));
        prop_assume!(many_labels.contains(&true) && many_labels.contains(&false));
        // An odd unit, so that scaling is tested too.
        let weights: Vec<f64> = counts.iter().map(|count| *count as f64 * 0.3).collect();
        let chance = |scores: &[f64]| -> Vec<f64> {
            scores.iter().map(|score| f64::midpoint(*score, 1.0)).collect()
        };
        let (few, many) = (chance(&scores), chance(&many_scores));
        prop_assert!(close(
            roc_auc_weighted(&labels, &scores, &weights)?,
            roc_auc(&many_labels, &many_scores)?
        ));
        prop_assert!(close(
            average_precision_weighted(&labels, &scores, &weights)?,
            average_precision(&many_labels, &many_scores)?
        ));
        prop_assert!(close(
            log_loss_weighted(&labels, &few, &weights)?,
            log_loss(&many_labels, &many)?
        ));
        prop_assert!(close(
            brier_weighted(&labels, &few, &weights)?,
            brier(&many_labels, &many)?
        ));
    }

    #[test]
    fn event_recall_looks_into_every_window(
        alarms in prop::collection::vec(prop::bool::weighted(0.2), 1..40),
        ends in prop::collection::vec((0..40_usize, 1..10_usize), 1..6),
    ) {
        let windows: Vec<_> = ends
            .iter()
            .map(|(start, length)| {
                let start = start % alarms.len();
                start..(start + length).min(alarms.len())
            })
            .collect();
        let noticed = windows.iter().filter(|window| alarms[(*window).clone()].contains(&true));
        let expected = noticed.count() as f64 / windows.len() as f64;
        prop_assert_eq!(event_recall(&windows, &alarms)?, expected);
    }

    #[test]
    fn lead_times_look_back_to_the_previous_failure(
        alarms in prop::collection::vec(prop::bool::weighted(0.2), 1..40),
        failures in prop::collection::btree_set(0..=40_usize, 1..6),
        horizon in 1..12_usize,
    ) {
        let failures: Vec<usize> =
            failures.into_iter().filter(|failure| *failure <= alarms.len()).collect();
        prop_assume!(!failures.is_empty());
        let mut expected = Vec::new();
        for (at, &failure) in failures.iter().enumerate() {
            let previous = at.checked_sub(1).map(|before| failures[before]);
            let mut lead = None;
            for back in 1..=horizon.min(failure) {
                if Some(failure - back) == previous {
                    break;
                }
                if alarms[failure - back] {
                    lead = Some(back);
                }
            }
            expected.push(lead);
        }
        prop_assert_eq!(lead_times(&failures, horizon, &alarms)?, expected);
    }
}
