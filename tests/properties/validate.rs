//! No row, group or later moment on both sides, whatever is asked for.

use forewarn::forest::IsolationForestParams;
use forewarn::ndarray::{Array1, Array2, Axis};
use forewarn::traits::{Batch, Score, Train};
use forewarn::validate::{
    Split, TimeFolds, Window, cross_score, group_holdout, group_k_fold, holdout, k_fold, time_split,
};
use forewarn::{Error, Result};
use proptest::prelude::*;

fn labels(most: usize) -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec(prop::bool::weighted(0.3), 2..=most)
}

fn count(rows: &[usize], labels: &[bool], class: bool) -> usize {
    rows.iter().filter(|&&row| labels[row] == class).count()
}

/// Ascending and apart.
fn apart(split: &Split) -> bool {
    split.train.is_sorted_by(|a, b| a < b)
        && split.test.is_sorted_by(|a, b| a < b)
        && split.test.iter().all(|row| split.train.binary_search(row).is_err())
}

/// Whether every row is tested on exactly once and trained on otherwise.
fn partition(splits: &[Split], rows: usize) -> bool {
    let mut tested: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
    tested.sort_unstable();
    let whole = |split: &Split| split.train.len() + split.test.len() == rows;
    tested == (0..rows).collect::<Vec<_>>() && splits.iter().all(|s| apart(s) && whole(s))
}

proptest! {
    #[test]
    fn folds_are_a_partition_and_alike(labels in labels(80), folds in 2..10_usize, seed in 0..9_u64) {
        let classes = [false, true].map(|class| labels.iter().filter(|l| **l == class).count());
        let possible = classes.iter().all(|&rows| rows == 0 || rows >= folds);
        let made = k_fold(&labels, folds, seed);
        prop_assert_eq!(made.is_ok(), possible);
        let Ok(made) = made else { return Ok(()) };
        prop_assert_eq!(made.len(), folds);
        let splits: Vec<Split> = made.collect();
        prop_assert!(partition(&splits, labels.len()));
        let spread = |of: &dyn Fn(&Split) -> usize| {
            splits.iter().map(of).max().unwrap() - splits.iter().map(of).min().unwrap()
        };
        prop_assert!(spread(&|split| split.test.len()) <= 1);
        prop_assert!(spread(&|split| count(&split.test, &labels, true)) <= 1);
    }

    #[test]
    fn a_holdout_has_its_share_of_both_classes(
        labels in labels(80), share in 0.01..0.99, seed in 0..9_u64,
    ) {
        let classes = [false, true].map(|class| labels.iter().filter(|l| **l == class).count());
        let made = holdout(&labels, share, seed);
        prop_assert_eq!(made.is_ok(), classes.iter().all(|&rows| rows != 1));
        let Ok(split) = made else { return Ok(()) };
        prop_assert!(apart(&split));
        prop_assert_eq!(split.train.len() + split.test.len(), labels.len());
        for (class, &rows) in [false, true].iter().zip(&classes).filter(|(_, rows)| **rows > 0) {
            let held = count(&split.test, &labels, *class);
            prop_assert!(held >= 1 && held < rows);
            let clamped = held == 1 || held == rows - 1;
            prop_assert!(clamped || (held as f64 - share * rows as f64).abs() <= 0.5 + 1e-9);
        }
    }

    #[test]
    fn no_group_is_on_both_sides(
        rows in prop::collection::vec((any::<bool>(), 0..12_u8), 2..80),
        folds in 2..8_usize,
        share in 0.05..0.95,
        seed in 0..9_u64,
    ) {
        let (labels, groups): (Vec<bool>, Vec<u8>) = rows.into_iter().unzip();
        let mut distinct = groups.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let names = |rows: &[usize]| rows.iter().map(|&row| groups[row]).collect::<Vec<_>>();
        let strangers = |split: &Split| {
            let train = names(&split.train);
            names(&split.test).iter().all(|group| !train.contains(group))
        };

        let made = group_k_fold(&labels, &groups, folds, seed);
        prop_assert_eq!(made.is_ok(), folds <= distinct.len());
        if let Ok(made) = made {
            let splits: Vec<Split> = made.collect();
            prop_assert!(partition(&splits, labels.len()));
            prop_assert!(splits.iter().all(|s| strangers(s) && !s.test.is_empty()));
        }
        let made = group_holdout(&labels, &groups, share, seed);
        prop_assert_eq!(made.is_ok(), distinct.len() >= 2);
        if let Ok(split) = made {
            prop_assert!(apart(&split) && strangers(&split));
            prop_assert!(!split.test.is_empty() && !split.train.is_empty());
            prop_assert_eq!(split.train.len() + split.test.len(), labels.len());
        }
    }

    #[test]
    fn what_is_learned_is_over_before_the_test(
        times in prop::collection::vec((0..40_i32).prop_map(f64::from), 2..80),
        folds in 1..6_usize,
        embargo in prop_oneof![Just(0.0), 0.0..10.0],
        window in prop_oneof![Just(Window::Expanding), (1.0..20.0).prop_map(Window::Rolling)],
    ) {
        let made = TimeFolds::new(folds).embargo(embargo).window(window).split(&times);
        let mut distinct = times.clone();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        if distinct.len() <= folds {
            let refused = matches!(made, Err(Error::OutOfRange { name: "folds", .. }));
            prop_assert!(refused);
            return Ok(());
        }
        let Ok(splits) = made else {
            prop_assert!(embargo > 0.0 || window != Window::Expanding);
            return Ok(());
        };
        let splits: Vec<Split> = splits.collect();
        prop_assert_eq!(splits.len(), folds);
        let mut end = f64::NEG_INFINITY;
        for split in &splits {
            prop_assert!(apart(split) && !split.train.is_empty() && !split.test.is_empty());
            let time = |rows: &[usize]| rows.iter().map(|&row| times[row]).collect::<Vec<_>>();
            let (train, test) = (time(&split.train), time(&split.test));
            let first = test.iter().copied().fold(f64::INFINITY, f64::min);
            prop_assert!(train.iter().all(|t| t + embargo <= first && *t < first));
            // Every row that may be learned from is.
            let from = match window {
                Window::Rolling(length) => first - embargo - length,
                _ => f64::NEG_INFINITY,
            };
            let known = times.iter().filter(|t| **t < first && **t + embargo <= first && **t >= from);
            prop_assert_eq!(known.count(), train.len());
            prop_assert!(first > end);
            end = test.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        }
        // The stretches follow each other to the end without a gap.
        let tested: usize = splits.iter().map(|split| split.test.len()).sum();
        let first = splits[0].test.iter().map(|&row| times[row]).fold(f64::INFINITY, f64::min);
        prop_assert_eq!(tested, times.iter().filter(|t| **t >= first).count());
    }

    #[test]
    fn by_time_and_group_both_hold(
        rows in prop::collection::vec((any::<bool>(), 0..6_u8, 0..30_i32), 8..80),
        folds in 1..4_usize,
        parts in 2..4_usize,
        embargo in 0.0..4.0,
    ) {
        let labels: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let groups: Vec<u8> = rows.iter().map(|row| row.1).collect();
        let times: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
        let made = TimeFolds::new(folds).embargo(embargo).split_groups(&times, &labels, &groups, parts, 1);
        let Ok(splits) = made else { return Ok(()) };
        prop_assert!(splits.len() <= folds * parts && splits.len() > 0);
        for split in splits {
            prop_assert!(apart(&split) && !split.train.is_empty() && !split.test.is_empty());
            for &test in &split.test {
                for &train in &split.train {
                    prop_assert!(groups[test] != groups[train]);
                    prop_assert!(times[train] + embargo <= times[test] && times[train] < times[test]);
                }
            }
        }
    }

    #[test]
    fn one_cut_in_time(
        times in prop::collection::vec(-20.0..20.0, 2..40), at in -20.0..20.0, embargo in 0.0..5.0,
    ) {
        let made = time_split(&times, at, embargo);
        let before = times.iter().filter(|t| **t < at && **t + embargo <= at).count();
        let after = times.iter().filter(|t| **t >= at).count();
        prop_assert_eq!(made.is_ok(), before > 0 && after > 0);
        if let Ok(split) = made {
            prop_assert!(apart(&split));
            prop_assert_eq!((split.train.len(), split.test.len()), (before, after));
        }
    }
}

#[test]
fn stretches_are_about_as_long_and_seeds_matter() {
    let times: Vec<f64> = (0..1000).map(|i| f64::from(i * 7 % 1000)).collect();
    let lengths: Vec<usize> =
        TimeFolds::new(4).split(&times).unwrap().map(|split| split.test.len()).collect();
    assert_eq!(lengths, [200; 4]);

    let labels = vec![false; 100];
    let folds = |seed| k_fold(&labels, 4, seed).unwrap().collect::<Vec<_>>();
    assert_eq!(folds(1), folds(1));
    assert_ne!(folds(1), folds(2));
}

/// Remembers what it was trained on: the sum of targets, weights and the first column.
#[derive(Clone)]
struct Sums;

struct SumsModel([f64; 3]);

impl Train for Sums {
    type Target = [f64];
    type Model = SumsModel;

    fn train(&self, batch: Batch<'_, [f64]>) -> Result<SumsModel> {
        let weights = batch.weight.map_or(0.0, |weight| weight.sum());
        Ok(SumsModel([batch.y.iter().sum(), weights, batch.x.column(0).sum()]))
    }
}

impl Score for SumsModel {
    fn n_features(&self) -> usize {
        2
    }

    fn score_one(&self, x: &[f64]) -> Result<f64> {
        Ok(self.0.iter().sum::<f64>() * 1000.0 + x[0])
    }
}

#[test]
fn each_model_sees_its_own_rows_targets_and_weights() -> Result<()> {
    let x = Array2::from_shape_fn((12, 2), |(i, j)| (i + j) as f64);
    let y: Vec<f64> = (0..12).map(|i| f64::from(i) * 100.0).collect();
    let weight = Array1::from_iter((0..12).map(|i| f64::from(i) * 10_000.0));
    let batch = Batch::new(x.view()).with_target(&y[..]).with_weight(weight.view());
    let splits: Vec<Split> = k_fold(&[false; 12], 3, 4)?.collect();
    let held_out = cross_score(&Sums, batch, splits.clone())?;
    assert_eq!(held_out.folds.len(), 3);
    for (fold, split) in held_out.folds.iter().zip(&splits) {
        let rows: f64 = split.train.iter().map(|&row| row as f64).sum();
        let expected: Vec<(usize, f64)> =
            split.test.iter().map(|&row| (row, rows * 10_101_000.0 + row as f64)).collect();
        assert_eq!(*fold, expected);
    }
    let rows = held_out.select(&(0..12).collect::<Vec<usize>>());
    let tested: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
    assert_eq!(rows, tested);
    assert_eq!(held_out.scores().len(), 12);
    Ok(())
}

#[test]
fn a_forest_is_cross_scored_as_by_hand() -> Result<()> {
    let x = Array2::from_shape_fn((90, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
    let params = IsolationForestParams::default().n_trees(20);
    let splits: Vec<Split> =
        TimeFolds::new(2).split(&(0..90).map(f64::from).collect::<Vec<_>>())?.collect();
    let held_out = cross_score(&params, Batch::new(x.view()), splits.clone())?;
    for (fold, split) in held_out.folds.iter().zip(splits) {
        let forest = params.train(Batch::new(x.select(Axis(0), &split.train).view()))?;
        let scores = forest.score(x.select(Axis(0), &split.test).view())?;
        assert_eq!(fold.iter().map(|entry| entry.1).collect::<Vec<_>>(), scores.to_vec());
    }
    Ok(())
}
