//! Data that is odd but allowed: what a forest makes of it, and that it never panics.

use crate::rows::{Draw, normal_rows};
use forewarn::Result;
use forewarn::forest::{
    DepthLimit, Gain, IsolationForest, IsolationForestParams, Missing, Scoring, Split, Subsample,
};
use forewarn::ndarray::{Array1, Array2, Axis, array, concatenate, s};
use forewarn::prelude::{Batch, Score, Train};

const NAN: f64 = f64::NAN;

fn params() -> IsolationForestParams {
    IsolationForestParams::standard().n_trees(50)
}

/// One forest of every kind that treats its data in a way of its own.
fn kinds() -> Vec<IsolationForestParams> {
    let averaged = Split::Guided { gain: Gain::Averaged, columns: 2, candidates: 2 };
    let variance = Split::Guided { gain: Gain::AveragedVariance, columns: 4, candidates: 2 };
    let pooled = Split::Guided { gain: Gain::Pooled, columns: 1, candidates: 2 };
    vec![
        params(),
        params().depth_limit(DepthLimit::Unlimited),
        params().missing(Missing::Spread),
        params().split(Split::Extended { level: 1 }),
        params().split(Split::Extended { level: 9 }).depth_limit(DepthLimit::Unlimited),
        params().split(averaged).depth_limit(DepthLimit::Unlimited),
        params().split(pooled).missing(Missing::Spread),
        params().split(variance).range_penalty(true),
        params().range_penalty(true).depth_limit(DepthLimit::Unlimited),
        params().split(Split::Extended { level: 2 }).range_penalty(true),
        params().feature_share(0.5),
    ]
}

fn trained(params: &IsolationForestParams, rows: &Array2<f64>) -> IsolationForest {
    params.train(Batch::new(rows.view())).expect("odd, but allowed")
}

fn scores(forest: &IsolationForest, rows: &Array2<f64>) -> Array1<f64> {
    forest.score(rows.view()).expect("odd, but allowed")
}

#[test]
fn a_single_row_teaches_nothing() {
    for params in kinds() {
        let forest = trained(&params, &array![[1.0, 2.0, 3.0]]);
        assert_eq!(forest.sample_size(), 1);
        let rows = array![[1.0, 2.0, 3.0], [1e9, 0.0, -1e9], [NAN, NAN, NAN]];
        assert_eq!(scores(&forest, &rows), array![0.5, 0.5, 0.5]);
        assert!(
            forest.anomalies(rows.view()).is_ok_and(|found| found == array![false, false, false])
        );
    }
}

#[test]
fn where_all_rows_are_alike_no_row_is_an_anomaly() {
    // The number of trees matters: the mean of as many equal path lengths is not always
    // that length again in floating point.
    for rows in [2, 3, 5, 10, 37, 100, 256, 400] {
        let alike = Array2::from_elem((rows, 3), 1.25);
        for n_trees in [1, 3, 7, 10, 49, 50, 100, 200] {
            for params in kinds() {
                let forest = trained(&params.n_trees(n_trees), &alike);
                let probe = array![[1.25, 1.25, 1.25], [1e9, 1.25, -1e9], [NAN, 1.25, NAN]];
                for score in scores(&forest, &probe) {
                    assert!((score - 0.5).abs() <= 1e-12, "{score}");
                }
                let anomalies = forest.anomalies(probe.view()).expect("good rows");
                assert_eq!(anomalies, array![false, false, false], "{rows} rows, {n_trees} trees");
            }
        }
    }
}

#[test]
fn fewer_rows_than_the_subsample_are_all_used() {
    for rows in [2, 10, 255, 257] {
        let forest = trained(&params(), &normal_rows(8, rows, 3));
        assert_eq!(forest.sample_size(), rows.min(256));
    }
    let forest = trained(&params().subsample(Subsample::Rows(5_000)), &normal_rows(8, 300, 3));
    assert_eq!(forest.sample_size(), 300);
    // A mean path length against c(256) would call ten ordinary rows anomalies: 0.7 to 0.9.
    let ten = normal_rows(8, 10, 3);
    let mean = scores(&trained(&params(), &ten), &ten).mean().expect("ten scores");
    assert!((0.4..0.6).contains(&mean), "{mean}");
}

#[test]
fn rows_of_no_weight_are_not_drawn() -> Result<()> {
    let mut rows = normal_rows(8, 300, 2);
    rows.slice_mut(s![200.., ..]).fill(100.0);
    let weights = Array1::from_shape_fn(300, |row| if row < 200 { 1.0 } else { 0.0 });
    let weighted = params().train(Batch::new(rows.view()).with_weight(weights.view()))?;
    assert_eq!(weighted.sample_size(), 200);
    let without =
        trained(&params().subsample(Subsample::All), &rows.slice(s![..200, ..]).to_owned());
    let (found, expected) = (weighted.score_one(&[100.0; 2])?, without.score_one(&[100.0; 2])?);
    assert!(found > 0.7 && (found - expected).abs() < 0.05, "{found}, {expected}");
    Ok(())
}

#[test]
fn equal_weights_are_no_weights_in_the_mean() -> Result<()> {
    let rows = normal_rows(8, 500, 2);
    let ones = Array1::from_elem(500, 0.25);
    let many = params().n_trees(400);
    let weighted = many.train(Batch::new(rows.view()).with_weight(ones.view()))?;
    let difference =
        (scores(&weighted, &rows) - scores(&trained(&many, &rows), &rows)).mapv(f64::abs);
    assert!(difference.mean().is_some_and(|mean| mean < 0.01), "{difference}");
    Ok(())
}

#[test]
fn constant_columns_are_passed_over() {
    // Every split is spent on a column that varies: the trees are those of these columns alone,
    // as in the peers, up to the random numbers drawn on the way.
    let varying = normal_rows(8, 400, 2);
    let constant = Array2::from_elem((400, 8), 7.0);
    let both = concatenate![Axis(1), varying, constant];
    for params in [params().n_trees(300), params().split(Split::Extended { level: 1 }).n_trees(300)]
    {
        let alone = scores(&trained(&params, &varying), &varying);
        let among = scores(&trained(&params, &both), &both);
        let difference = (&alone - &among).mapv(f64::abs);
        assert!(difference.mean().is_some_and(|mean| mean < 0.015), "{:?}", difference.mean());
    }
}

#[test]
fn a_constant_column_that_changes_later_goes_unnoticed() -> Result<()> {
    let mut rows = normal_rows(8, 300, 3);
    rows.column_mut(1).fill(7.0);
    let forest = trained(&params(), &rows);
    assert_eq!(forest.score_one(&[0.0, 7.0, 0.0])?, forest.score_one(&[0.0, -1e9, 0.0])?);
    Ok(())
}

#[test]
fn one_row_apart_from_many_alike_stands_out() {
    for params in kinds().into_iter().filter(|params| params.feature_share == 1.0) {
        let mut rows = Array2::zeros((100, 3));
        rows.row_mut(99).fill(5.0);
        let forest = trained(&params, &rows);
        let probe = array![[0.0, 0.0, 0.0], [5.0, 5.0, 5.0]];
        let found = scores(&forest, &probe);
        assert!(found[0] < 0.52 && found[1] > 0.6, "{found} with {params:?}");
    }
}

#[test]
fn missing_values_are_data() -> Result<()> {
    let mut draw = Draw::new(4);
    let mut rows = normal_rows(8, 500, 4);
    rows.mapv_inplace(|value| if draw.unit() < 0.1 { NAN } else { value });
    for params in kinds() {
        let forest = trained(&params, &rows);
        let found = scores(&forest, &rows);
        assert!(found.iter().all(|score| *score > 0.0 && *score < 1.0));
        // A gap hides nothing about the other columns.
        let (gap, whole) = (forest.score_one(&[NAN, 9.0, 9.0, 9.0])?, forest.score_one(&[0.0; 4])?);
        assert!(gap > whole, "{gap}, {whole} with {params:?}");
    }
    Ok(())
}

#[test]
fn a_row_without_any_value_scores_as_training_expects() -> Result<()> {
    // Spread over all leaves by their rows, the path length of nothing known is the mean over the
    // training rows.
    let rows = normal_rows(8, 200, 3);
    let all = params().subsample(Subsample::All).missing(Missing::Spread);
    let forest = trained(&all, &rows);
    let path = |score: f64| -score.log2();
    let mean = scores(&forest, &rows).mapv(path).mean().expect("200 scores");
    let unknown = path(forest.score_one(&[NAN; 3])?);
    assert!((unknown - mean).abs() < 1e-12, "{unknown}, {mean}");
    Ok(())
}

#[test]
fn a_column_without_any_value_is_passed_over() {
    let varying = normal_rows(8, 400, 3);
    let mut rows = concatenate![Axis(1), varying, Array2::from_elem((400, 1), NAN)];
    for params in kinds() {
        let forest = trained(&params, &rows);
        let without = scores(&forest, &rows);
        rows.column_mut(3).fill(12.0);
        assert_eq!(scores(&forest, &rows), without, "{params:?}");
        rows.column_mut(3).fill(NAN);
    }
    let nothing = Array2::from_elem((50, 2), NAN);
    for params in kinds() {
        let forest = trained(&params, &nothing);
        let found = scores(&forest, &array![[0.0, 1.0], [NAN, NAN]]);
        assert!(found.iter().all(|score| (score - 0.5).abs() < 1e-12), "{found}");
    }
}

#[test]
fn a_category_never_seen_takes_the_smaller_side() -> Result<()> {
    // One split, most rows in category 0: whatever is not of the larger side is isolated.
    let mut codes = vec![0.0; 90];
    codes.extend([1.0; 10]);
    let rows = Array2::from_shape_vec((100, 1), codes).expect("a hundred values");
    let params = params().categorical(vec![0]).subsample(Subsample::All);
    let forest = trained(&params.depth_limit(DepthLimit::At(1)), &rows);
    let (common, rare) = (forest.score_one(&[0.0])?, forest.score_one(&[1.0])?);
    assert!(rare > common);
    for unseen in [2.0, 17.0, 65_535.0] {
        assert_eq!(forest.score_one(&[unseen])?, rare);
    }
    // 90 of 100 rows: a missing code goes with them, or nine parts of ten do.
    assert_eq!(forest.score_one(&[NAN])?, common);
    Ok(())
}

/// Ranks of the scores among each other.
fn ranks(scores: &Array1<f64>) -> Vec<f64> {
    scores.iter().map(|score| scores.iter().filter(|other| *other < score).count() as f64).collect()
}

/// Pearson's correlation.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(x, y)| f(x - mean_a, y - mean_b)).sum()
    };
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

#[test]
fn extreme_scales_are_not_flattened() {
    // Shift and scale of columns that hold 0.1 ± 1: huge, tiny, subnormal, timestamps in
    // milliseconds, values a few units in the last place apart. Subnormals lose digits,
    // and coefficients over so small deviations are capped, for they would overflow.
    let scales =
        [(0.0, 1e300), (0.0, 1e39), (0.0, 1e-39), (0.0, 1e-310), (1e8, 1e-3), (1.7e9, 1e-3)];
    let plain = normal_rows(8, 256, 3);
    for params in kinds().into_iter().filter(|params| params.feature_share == 1.0) {
        let params = params.n_trees(200);
        let expected = scores(&trained(&params, &plain), &plain);
        for (shift, scale) in scales {
            let rows = plain.mapv(|value| shift + scale * value);
            let found = scores(&trained(&params, &rows), &rows);
            let same = correlation(&ranks(&found), &ranks(&expected));
            let least = if scale < f64::MIN_POSITIVE { 0.97 } else { 0.99 };
            assert!(same > least, "{shift} + {scale} x: {same} with {params:?}");
            let moved = (&found - &expected).mapv(f64::abs).mean().expect("256 scores");
            assert!(moved < 0.01, "{shift} + {scale} x: moved by {moved} with {params:?}");
        }
    }
}

#[test]
fn the_whole_range_of_floats_is_no_overflow() {
    let extremes =
        [f64::MAX, f64::MIN, 1e300, -1e300, 0.0, -0.0, 5e-324, -5e-324, f64::MIN_POSITIVE, 1.0];
    let mut draw = Draw::new(5);
    let rows = Array2::from_shape_fn((300, 3), |_| extremes[draw.below(extremes.len())]);
    for scoring in [Scoring::Depth, Scoring::Density] {
        for params in kinds() {
            let params = params.scoring(scoring);
            let forest = trained(&params, &rows);
            let found = scores(&forest, &rows);
            assert!(
                found.iter().all(|score| (0.0..=1.0).contains(score)),
                "{found} with {params:?}"
            );
            let ordinary = scores(&forest, &array![[0.5, 1e-200, -1e200], [NAN, 1e308, NAN]]);
            assert!(ordinary.iter().all(|score| (0.0..=1.0).contains(score)), "{params:?}");
        }
    }
}

#[test]
fn neighbouring_floats_are_told_apart() {
    // Two values, one unit in the last place apart, half of the rows each; a third is beyond.
    for low in [1.0, 5e-324, 1e300, -1e-300, 0.0] {
        let high = f64::next_up(low);
        let rows = Array2::from_shape_fn((64, 1), |(row, _)| if row == 0 { high } else { low });
        for scoring in [Scoring::Depth, Scoring::Density] {
            for params in [params(), params().split(Split::Extended { level: 0 })] {
                let params = params.scoring(scoring).depth_limit(DepthLimit::Unlimited);
                let found = scores(&trained(&params, &rows), &rows);
                assert!(found[0] > found[1] + 0.1, "{low}: {found} with {params:?}");
            }
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn forests_of_odd_data_can_be_saved() -> Result<()> {
    let extremes = [f64::MAX, f64::MIN, 1.7e308, -1.6e308, 5e-324, 0.0, NAN];
    let mut draw = Draw::new(6);
    let rows = Array2::from_shape_fn((200, 4), |_| extremes[draw.below(extremes.len())]);
    for scoring in [Scoring::Depth, Scoring::Density] {
        for params in kinds() {
            let forest = trained(&params.scoring(scoring), &rows);
            let copy = IsolationForest::from_bytes(&forest.to_bytes()?)?;
            assert!(copy == forest);
            assert_eq!(copy.score(rows.view())?, forest.score(rows.view())?);
            let text = serde_json::to_string(&forest).expect("JSON");
            let copy: IsolationForest = serde_json::from_str(&text).expect("what was written");
            assert!(copy == forest);
        }
    }
    Ok(())
}

#[test]
fn a_very_wide_table() -> Result<()> {
    let rows = normal_rows(9, 100, 700);
    for params in kinds() {
        let forest = trained(&params, &rows);
        for (row, score) in rows.outer_iter().zip(&forest.score(rows.view())?) {
            assert_eq!(forest.score_one(&row.to_vec())?.to_bits(), score.to_bits());
        }
    }
    Ok(())
}

#[test]
fn very_many_trees() -> Result<()> {
    // More results of nodes than a 16-bit number counts, were each tree given its own.
    let rows = normal_rows(9, 256, 2);
    let part = trained(&params().n_trees(250), &rows);
    let forest = IsolationForest::merge(vec![part; 100])?;
    for (row, score) in rows.outer_iter().zip(&forest.score(rows.view())?) {
        assert_eq!(forest.score_one(&row.to_vec())?.to_bits(), score.to_bits());
    }
    Ok(())
}
