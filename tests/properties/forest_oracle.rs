//! Forests against the papers, transcribed literally in [`oracle`](crate::oracle)
//! and [`literal`](crate::literal).

use crate::literal::{Grown, Literal, grow};
use crate::oracle::{Oracle, Rule, Saved, average_path_length, rows_of_leaf};
use crate::rows::{Draw, normal_rows};
use forewarn::Result;
use forewarn::forest::{
    DepthLimit, Gain, IsolationForest, IsolationForestParams, Missing, Scoring, Split, Subsample,
};
use forewarn::ndarray::{Array2, ArrayView1};
use forewarn::prelude::{Batch, Score, Train};

fn params() -> IsolationForestParams {
    IsolationForestParams::standard().n_trees(40)
}

fn guided(gain: Gain, columns: usize, candidates: usize) -> Split {
    Split::Guided { gain, columns, candidates }
}

/// Settings whose scoring takes a way of its own through the code.
fn kinds() -> Vec<IsolationForestParams> {
    vec![
        params(),
        params().depth_limit(DepthLimit::Unlimited),
        params().subsample(Subsample::All).depth_limit(DepthLimit::Unlimited).n_trees(10),
        params().subsample(Subsample::Rows(1)),
        params().subsample(Subsample::Rows(2)),
        params().subsample(Subsample::Rows(3)),
        params().split(Split::Extended { level: 0 }),
        params().split(Split::Extended { level: 1 }),
        params().split(Split::Extended { level: 2 }).depth_limit(DepthLimit::Unlimited),
        params().split(Split::Extended { level: 4 }),
        params().split(guided(Gain::Averaged, 1, 3)),
        params().split(guided(Gain::Pooled, 2, 3)).depth_limit(DepthLimit::Unlimited),
        params().splits(vec![(1.0, Split::Random), (1.0, Split::Extended { level: 3 })]),
        params().feature_share(0.5).replacement(true),
        params().split(guided(Gain::AveragedVariance, 4, 2)).range_penalty(true),
        params().split(guided(Gain::Averaged, 1, 2)).range_penalty(true),
        params().split(Split::Extended { level: 1 }).range_penalty(true),
        params().range_penalty(true).depth_limit(DepthLimit::Unlimited),
        params().categorical(vec![2]).range_penalty(true),
        params().categorical(vec![1, 3]),
        params().categorical(vec![0]).split(Split::Extended { level: 2 }),
    ]
}

/// Whole numbers, so that values meet thresholds' neighbours and each other; some gaps.
fn table(rows: usize, columns: usize, gaps: f64) -> Array2<f64> {
    let mut draw = Draw::new(17);
    normal_rows(16, rows, columns)
        .mapv_into(|value| if draw.unit() < gaps { f64::NAN } else { (3.0 * value.abs()).round() })
}

fn trained(params: &IsolationForestParams, rows: &Array2<f64>) -> IsolationForest {
    params.train(Batch::new(rows.view())).expect("settings and rows are good")
}

#[test]
fn scores_are_the_papers() -> Result<()> {
    for missing in [Missing::Majority, Missing::Spread] {
        for (columns, gaps) in [(5, 0.0), (5, 0.2), (1, 0.0), (1, 0.2)] {
            let rows = table(300, columns, gaps);
            let probe = table(150, columns, 0.2);
            for params in kinds() {
                let mut params = params.missing(missing);
                params.categorical.retain(|column| *column < columns);
                let forest = trained(&params, &rows);
                let oracle = Oracle::of(&forest);
                let scores = forest.score(probe.view())?;
                for (row, score) in probe.outer_iter().zip(&scores) {
                    let expected = oracle.score(&row.to_vec());
                    assert!(
                        (score - expected).abs() <= 1e-12,
                        "{score}, but {expected} literally, for {row} with {params:?}"
                    );
                }
            }
        }
    }
    Ok(())
}

/// Sends rows down a saved tree that was grown on all of them, and checks what every node says of
/// how many there were.
fn recount(tree: &Saved, rows: &[ArrayView1<'_, f64>], depth: usize) {
    match tree {
        Saved::Leaf { value } => {
            let expected = depth as f64 + average_path_length(rows.len());
            assert!((value - expected).abs() < 1e-12, "{value}, but {expected} by its rows");
        }
        Saved::Inner { rule, left_share, range, left, right } => {
            if let Some(range) = range {
                let reached = rows.iter().filter_map(|row| rule.distance(&row.to_vec()));
                // Sums of coordinates round.
                let furthest = reached.fold(0.0, f64::max);
                assert!(furthest <= *range * (1.0 + 1e-12), "a training row is out of range");
            }
            let side = |row: &ArrayView1<'_, f64>| rule.goes_left(&row.to_vec());
            let known = rows.iter().filter(|row| side(row).is_some()).count();
            let went_left = rows.iter().filter(|row| side(row) == Some(true)).count();
            let share = if known == 0 { 0.5 } else { went_left as f64 / known as f64 };
            assert_eq!(*left_share, share);
            let (to_left, to_right): (Vec<_>, Vec<_>) =
                rows.iter().copied().partition(|row| side(row).unwrap_or(share >= 0.5));
            recount(left, &to_left, depth + 1);
            recount(right, &to_right, depth + 1);
        }
    }
}

#[test]
fn leaves_and_shares_are_those_of_the_training_rows() {
    for gaps in [0.0, 0.2] {
        let rows = table(300, 5, gaps);
        for params in kinds() {
            let params = params.subsample(Subsample::All).replacement(false).n_trees(5);
            for tree in &Oracle::of(&trained(&params, &rows)).trees {
                recount(tree, &rows.outer_iter().collect::<Vec<_>>(), 0);
            }
        }
    }
}

#[test]
fn every_tree_is_grown_on_the_subsample() {
    let rows = normal_rows(16, 500, 4);
    for subsample in [1, 2, 3, 17, 256, 499] {
        for replacement in [false, true] {
            let params = params().subsample(Subsample::Rows(subsample)).replacement(replacement);
            let oracle = Oracle::of(&trained(&params, &rows));
            assert_eq!(oracle.sample_size, subsample);
            for tree in &oracle.trees {
                let mut sum = 0;
                tree.leaves(0, &mut |depth, value| sum += rows_of_leaf(value, depth));
                assert_eq!(sum, subsample);
            }
        }
    }
}

#[test]
fn depth_is_limited_as_asked() {
    let rows = normal_rows(16, 500, 4);
    let highest = |params: IsolationForestParams| {
        let trees = Oracle::of(&trained(&params, &rows)).trees;
        trees.iter().map(Saved::height).max().expect("trees")
    };
    // ceil(log2(psi)) of at least 2 rows, as scikit-learn's `test_max_samples_attribute` and
    // `_max_depth` have it. All are reached: a tree of random splits is never that balanced.
    for (rows, limit) in [(2, 1), (3, 2), (4, 2), (5, 3), (64, 6), (65, 7), (256, 8), (500, 9)] {
        assert_eq!(highest(params().subsample(Subsample::Rows(rows))), limit, "{rows} rows");
    }
    assert_eq!(highest(params().depth_limit(DepthLimit::At(3))), 3);
    let unlimited = params().depth_limit(DepthLimit::Unlimited);
    assert!(highest(unlimited.clone()) > 9);
    // Without a limit every row of these ends up alone.
    for tree in &Oracle::of(&trained(&unlimited, &rows)).trees {
        tree.leaves(0, &mut |depth, value| assert_eq!(rows_of_leaf(value, depth), 1));
    }
}

/// The share of the rows that went left, of every split.
fn shares(tree: &Saved, visit: &mut dyn FnMut(f64)) {
    if let Saved::Inner { left_share, left, right, .. } = tree {
        visit(*left_share);
        shares(left, visit);
        shares(right, visit);
    }
}

#[test]
fn splits_leave_no_side_empty_but_for_planes() {
    let rows = table(300, 5, 0.1);
    for params in kinds() {
        let planes = params.splits.iter().any(|(_, kind)| matches!(kind, Split::Extended { .. }));
        if planes && params.depth_limit != DepthLimit::Unlimited {
            continue;
        }
        // With gaps sent to one side, known values may all lie on the other.
        let whole = rows.mapv(|value| if value.is_nan() { 0.0 } else { value });
        for tree in &Oracle::of(&trained(&params, &whole)).trees {
            shares(tree, &mut |share| assert!(share > 0.0 && share < 1.0, "{share}, {params:?}"));
        }
    }
}

#[test]
fn average_path_lengths() {
    for rows in [1, 2, 3, 4, 5, 10, 16, 255, 256, 257, 1_000] {
        let forest =
            trained(&params().n_trees(1).subsample(Subsample::All), &normal_rows(1, rows, 1));
        let saved = serde_json::to_value(&forest).expect("a forest can be written");
        let found = saved["average_path"].as_f64().expect("a number");
        let expected = average_path_length(rows);
        assert!((found - expected).abs() <= 1e-13 * expected, "c({rows}): {found}, {expected}");
    }
}

/// The mean path length of every probe row over many trees grown literally, with its standard
/// error.
fn literal_paths(
    how: Literal,
    rows: &Array2<f64>,
    (psi, limit, trees): (usize, usize, usize),
    probe: &Array2<f64>,
) -> Vec<(f64, f64)> {
    let mut draw = Draw::new(1_234);
    let (mut sums, mut squares) = (vec![0.0; probe.nrows()], vec![0.0; probe.nrows()]);
    for _ in 0..trees {
        let mut numbers: Vec<usize> = (0..rows.nrows()).collect();
        let sample: Vec<Vec<f64>> = (0..psi)
            .map(|_| rows.row(numbers.swap_remove(draw.below(numbers.len()))).to_vec())
            .collect();
        let tree: Grown = grow(&sample, 0, limit, how, &mut draw);
        for (index, row) in probe.outer_iter().enumerate() {
            let path = tree.path_length(&row.to_vec(), 0);
            sums[index] += path;
            squares[index] += path * path;
        }
    }
    let count = trees as f64;
    let summary = |(sum, square): (&f64, &f64)| {
        let mean = sum / count;
        (mean, ((square / count - mean * mean).max(0.0) / count).sqrt())
    };
    sums.iter().zip(&squares).map(summary).collect()
}

#[test]
fn growing_follows_the_papers() -> Result<()> {
    let rows = normal_rows(16, 200, 3);
    let mut probe = normal_rows(18, 15, 3);
    probe.row_mut(0).fill(6.0);
    probe.row_mut(1).fill(0.0);
    let (psi, limit, trees) = (32, 5, 1_500);
    let both = |gain, columns, candidates| {
        let literal = Literal::Guided { gain, columns, candidates };
        (literal, guided(gain, columns, candidates))
    };
    for (how, split) in [
        (Literal::Random, Split::Random),
        (Literal::Extended, Split::Extended { level: 2 }),
        both(Gain::Averaged, 1, 2),
        both(Gain::AveragedVariance, 3, 1),
        both(Gain::Pooled, 2, 2),
    ] {
        let expected = literal_paths(how, &rows, (psi, limit, trees), &probe);
        let params = params().n_trees(trees).subsample(Subsample::Rows(psi)).split(split);
        let forest = trained(&params, &rows);
        for (score, (mean, error)) in forest.score(probe.view())?.iter().zip(expected) {
            let found = -score.log2() * average_path_length(psi);
            // Both means have the same standard error; five of the difference's.
            let allowed = 5.0 * (2.0_f64.sqrt() * error).max(0.002);
            assert!(
                (found - mean).abs() < allowed,
                "{found}, but {mean} ± {error} literally, by {how:?}"
            );
        }
    }
    Ok(())
}

/// Sum along a row's path of `log2(share of rows / share of volume)`, with the ranges of the rows
/// in every node; trees of axis-parallel splits grown on all rows.
fn log_density(tree: &Saved, rows: &[ArrayView1<'_, f64>], x: &[f64]) -> f64 {
    let Saved::Inner { rule, left, right, .. } = tree else { return 0.0 };
    let Rule::Axis { column, threshold } = rule else { panic!("not parallel to an axis") };
    let of_column = || rows.iter().map(|row| row[*column]);
    let low = of_column().fold(f64::INFINITY, f64::min);
    let high = of_column().fold(f64::NEG_INFINITY, f64::max);
    let (to_left, to_right): (Vec<_>, Vec<_>) =
        rows.iter().copied().partition(|row| row[*column] <= *threshold);
    let left_volume = (threshold - low) / (high - low);
    let (side, kept, volume) = if x[*column] <= *threshold {
        (left, to_left, left_volume)
    } else {
        (right, to_right, 1.0 - left_volume)
    };
    let share = kept.len() as f64 / rows.len() as f64;
    (share / volume.max(1e-6)).log2() + log_density(side, &kept, x)
}

#[test]
fn densities_are_shares_of_rows_over_shares_of_volume() -> Result<()> {
    let rows = normal_rows(16, 200, 3);
    for split in [Split::Random, guided(Gain::Pooled, 1, 2)] {
        let params = params().n_trees(10).subsample(Subsample::All).scoring(Scoring::Density);
        let forest = trained(&params.split(split), &rows);
        let trees = Oracle::of(&forest).trees;
        let all: Vec<_> = rows.outer_iter().collect();
        let probe = normal_rows(18, 40, 3);
        for (row, score) in probe.outer_iter().zip(&forest.score(probe.view())?) {
            let sum: f64 = trees.iter().map(|tree| log_density(tree, &all, &row.to_vec())).sum();
            let expected = 1.0 / (1.0 + 2.0_f64.powf(sum / trees.len() as f64));
            assert!((score - expected).abs() < 1e-9, "{score}, but {expected} literally");
        }
    }
    Ok(())
}

#[test]
fn merged_forests_average_over_all_trees() -> Result<()> {
    let rows = normal_rows(16, 300, 3);
    let small = trained(&params().n_trees(30).subsample(Subsample::Rows(64)), &rows);
    let large = trained(&params().n_trees(10).seed(9), &rows);
    let path = |forest: &IsolationForest, x: &[f64]| -> Result<f64> {
        Ok(-forest.score_one(x)?.log2() * average_path_length(forest.sample_size()))
    };
    let mut merged = IsolationForest::merge(vec![large.clone(), small.clone()])?;
    assert_eq!((merged.n_trees(), merged.threshold()), (40, 0.5));
    let scale = (30.0 * average_path_length(64) + 10.0 * average_path_length(256)) / 40.0;
    for row in rows.outer_iter() {
        let row = row.to_vec();
        let mean = (30.0 * path(&small, &row)? + 10.0 * path(&large, &row)?) / 40.0;
        let expected = 2.0_f64.powf(-mean / scale);
        assert!((merged.score_one(&row)? - expected).abs() < 1e-12);
    }
    // Trees added later, with the first forest's settings, count as much as those before.
    merged.extend(Batch::new(rows.view()), 20)?;
    let scale = (40.0 * scale + 20.0 * average_path_length(256)) / 60.0;
    let saved = serde_json::to_value(&merged).expect("a forest can be written");
    let found = saved["average_path"].as_f64().expect("a number");
    assert!((found - scale).abs() < 1e-12, "{found}, {scale}");
    Ok(())
}
