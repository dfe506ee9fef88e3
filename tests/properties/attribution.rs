//! Contributions add up, on forests of every kind and rows of every kind.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::forest::{DepthLimit, Gain, IsolationForest, IsolationForestParams};
use forewarn::forest::{Missing, Scoring, Split, Subsample};
use forewarn::ndarray::{Array2, s};
use forewarn::traits::{Batch, Score, Train};
use proptest::prelude::*;

/// Columns of the tables below; the last one holds categories.
const COLUMNS: usize = 4;

fn split() -> impl Strategy<Value = Split> {
    let gain = prop_oneof![Just(Gain::Averaged), Just(Gain::AveragedVariance), Just(Gain::Pooled)];
    prop_oneof![
        Just(Split::Random),
        (0..4_usize).prop_map(|level| Split::Extended { level }),
        (gain, 1..4_usize, 1..4_usize).prop_map(|(gain, columns, candidates)| Split::Guided {
            gain,
            columns,
            candidates
        }),
    ]
}

fn params() -> impl Strategy<Value = IsolationForestParams> {
    let scoring = prop_oneof![Just(Scoring::Depth), Just(Scoring::Density)];
    let missing = prop_oneof![Just(Missing::Majority), Just(Missing::Spread)];
    let depth = prop_oneof![
        Just(DepthLimit::Balanced),
        Just(DepthLimit::Unlimited),
        Just(DepthLimit::At(3))
    ];
    let kinds = (split(), split(), scoring, missing, depth);
    (kinds, any::<bool>(), 1..6_usize, 1..60_usize, any::<u64>()).prop_map(
        |((first, second, scoring, missing, depth), penalty, n_trees, rows, seed)| {
            IsolationForestParams::default()
                .splits(vec![(0.6, first), (0.4, second)])
                .scoring(scoring)
                .missing(missing)
                .depth_limit(depth)
                .range_penalty(penalty && scoring == Scoring::Depth)
                .n_trees(n_trees)
                .subsample(Subsample::Rows(rows))
                .categorical(vec![COLUMNS - 1])
                .seed(seed)
        },
    )
}

/// A table with ties, gaps and far outliers, and a category.
fn table(rows: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Array2<f64>> {
    let quantity = prop_oneof![
        4 => (-3..4_i32).prop_map(f64::from),
        4 => -10.0..10.0,
        1 => Just(f64::NAN),
        1 => prop_oneof![Just(1e6), Just(-1e300)],
    ];
    let category = prop_oneof![6 => (0..5_i32).prop_map(f64::from), 1 => Just(f64::NAN)];
    let row = (proptest::array::uniform3(quantity), category);
    prop::collection::vec(row, rows).prop_map(|rows| {
        let values = rows.iter().flat_map(|([a, b, c], d)| [*a, *b, *c, *d]).collect();
        Array2::from_shape_vec((rows.len(), COLUMNS), values).unwrap()
    })
}

fn train(params: &IsolationForestParams, x: &Array2<f64>) -> IsolationForest {
    params.train(Batch::new(x.view())).unwrap()
}

proptest! {
    #[test]
    fn contributions_add_up_to_the_distance_from_the_expectation(
        params in params(),
        x in table(2..80),
        more in table(1..20),
    ) {
        let forest = train(&params, &x);
        let all = forest.explain(more.view())?;
        for (row, contributions) in more.rows().into_iter().zip(all.rows()) {
            let row = row.to_vec();
            let why = forest.explain_one(&row)?;
            prop_assert_eq!(why.score, forest.score_one(&row)?);
            prop_assert_eq!(why.expectation, forest.expectation());
            let sum = why.contributions.iter().sum::<f64>();
            prop_assert!((sum - (why.score - why.expectation)).abs() < 1e-11);
            prop_assert_eq!(&why.contributions, &contributions.to_vec());
            if params.missing == Missing::Spread {
                for (value, contribution) in row.iter().zip(&why.contributions) {
                    prop_assert!(!value.is_nan() || *contribution == 0.0);
                }
            }
        }
    }

    #[test]
    fn changes_add_up_to_the_difference_of_the_mean_scores(
        params in params(),
        x in table(2..60),
        before in table(1..20),
        during in table(1..20),
    ) {
        let forest = train(&params, &x);
        let change = forest.explain_change(before.view(), during.view())?;
        // Row by row, by other means than the change itself.
        let mut expected = [0.0; COLUMNS];
        for (rows, sign) in [(&before, -1.0), (&during, 1.0)] {
            let (mut score, count) = (0.0, rows.nrows() as f64);
            for row in rows.rows() {
                let why = forest.explain_one(&row.to_vec())?;
                score += why.score / count;
                for (sum, contribution) in expected.iter_mut().zip(&why.contributions) {
                    *sum += sign * contribution / count;
                }
            }
            let mean = if sign > 0.0 { change.during } else { change.before };
            prop_assert!((mean - score).abs() < 1e-12);
        }
        for (contribution, expected) in change.contributions.iter().zip(expected) {
            prop_assert!((contribution - expected).abs() < 1e-11);
        }
        let sum = change.contributions.iter().sum::<f64>();
        prop_assert!((sum - (change.during - change.before)).abs() < 1e-11);

        let back = forest.explain_change(during.view(), before.view())?;
        prop_assert_eq!((back.before, back.during), (change.during, change.before));
        for (there, back) in change.contributions.iter().zip(&back.contributions) {
            prop_assert_eq!(*there, -back);
        }
        let none = forest.explain_change(before.view(), before.view())?;
        prop_assert_eq!(none.contributions, [0.0; COLUMNS]);
        prop_assert_eq!(change.top(2), change.top(COLUMNS)[..2].to_vec());
    }

    #[test]
    fn the_top_is_sorted_and_complete(params in params(), x in table(2..40), k in 0..7_usize) {
        let why = train(&params, &x).explain_one(&x.row(0).to_vec())?;
        let top = why.top(k);
        prop_assert_eq!(top.len(), k.min(COLUMNS));
        prop_assert!(top.is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0)));
        let least = top.last().map_or(f64::INFINITY, |last| last.1);
        for (column, &contribution) in why.contributions.iter().enumerate() {
            let listed = top.contains(&(column, contribution));
            prop_assert!(listed || contribution <= least);
        }
    }

    #[test]
    fn importance_adds_up_and_knows_constant_columns(params in params(), x in table(20..60)) {
        let mut x = x;
        x.column_mut(1).fill(7.0);
        let forest = train(&params, &x);
        let importance = forest.importance();
        prop_assert!(importance.iter().all(|share| (0.0..=1.0).contains(share)));
        prop_assert_eq!(importance[1], 0.0);
        let sum = importance.sum();
        prop_assert!(sum == 0.0 || (sum - 1.0).abs() < 1e-12);
        // No tree asks for a constant column, so no row is explained by it.
        prop_assert!(forest.explain(x.view())?.column(1).iter().all(|&c| c == 0.0));
    }
}

/// One column only: the whole distance is its own.
#[test]
fn a_single_column_has_all_the_credit() {
    let x = Array2::from_shape_fn((300, 1), |(row, _)| f64::from((row as i32 * 37) % 101));
    let forest = train(&IsolationForestParams::default(), &x);
    let why = forest.explain_one(&[500.0]).unwrap();
    assert!(why.contributions[0] > 0.1);
    assert!((why.contributions[0] - (why.score - why.expectation)).abs() < 1e-14);
    assert_eq!(forest.importance()[0], 1.0);
}

/// Trees of one row say nothing of anything.
#[test]
fn without_splits_nothing_is_explained() {
    let x = Array2::from_shape_fn((10, 2), |(row, column)| (row * (column + 1)) as f64);
    let params = IsolationForestParams::default().subsample(Subsample::Rows(1));
    let forest = train(&params, &x);
    let why = forest.explain_one(&[3.0, 900.0]).unwrap();
    assert_eq!((why.score, why.expectation), (0.5, 0.5));
    assert_eq!(why.contributions, [0.0, 0.0]);
    assert_eq!(forest.importance().to_vec(), [0.0, 0.0]);
}

#[test]
fn values_of_other_types_are_explained_alike() {
    let x = Array2::from_shape_fn((100, 3), |(row, column)| ((row * (column + 3)) % 17) as f32);
    let forest = train(&IsolationForestParams::default(), &x.mapv(f64::from));
    let turned = x.t().as_standard_layout().into_owned().reversed_axes();
    let expected = forest.explain(x.mapv(f64::from).view()).unwrap();
    assert_eq!(forest.explain_values(x.view()).unwrap(), expected);
    assert_eq!(forest.explain_values(turned.view()).unwrap(), expected);
}

#[test]
fn bad_rows_are_refused_as_in_scoring() {
    let x = Array2::from_shape_fn((50, 2), |(row, column)| (row * (column + 1) % 13) as f64);
    let forest = train(&IsolationForestParams::default(), &x);
    let infinite = [1.0, f64::INFINITY];
    assert_eq!(forest.explain_one(&[1.0]).unwrap_err(), forest.score_one(&[1.0]).unwrap_err());
    assert_eq!(
        forest.explain_one(&infinite).unwrap_err(),
        forest.score_one(&infinite).unwrap_err()
    );
    let mut rows = x.clone();
    rows[[20, 0]] = f64::NEG_INFINITY;
    assert_eq!(forest.explain(rows.view()).unwrap_err(), forest.score(rows.view()).unwrap_err());
    let narrow = x.slice(s![.., ..1]);
    assert_eq!(forest.explain(narrow).unwrap_err(), forest.score(narrow).unwrap_err());
    assert_eq!(forest.explain(rows.slice(s![..0, ..])).unwrap().dim(), (0, 2));
}

#[test]
fn changes_refuse_empty_sets_and_bad_rows() {
    let x = Array2::from_shape_fn((50, 2), |(row, column)| (row * (column + 1) % 13) as f64);
    let forest = train(&IsolationForestParams::default(), &x);
    let (none, narrow) = (x.slice(s![..0, ..]), x.slice(s![.., ..1]));
    let error = forest.explain_change(none, x.view()).unwrap_err();
    assert_eq!(error.to_string(), "rows before is empty: at least one is needed");
    let error = forest.explain_change(x.view(), none).unwrap_err();
    assert_eq!(error.to_string(), "rows during is empty: at least one is needed");
    let mut bad = x.clone();
    bad[[20, 0]] = f64::INFINITY;
    for refused in [narrow, bad.view()] {
        let expected = forest.score(refused).unwrap_err();
        assert_eq!(forest.explain_change(refused, x.view()).unwrap_err(), expected);
        assert_eq!(forest.explain_change(x.view(), refused).unwrap_err(), expected);
    }
}

#[test]
fn changes_of_values_of_other_types_are_explained_alike() {
    let x = Array2::from_shape_fn((100, 3), |(row, column)| ((row * (column + 3)) % 17) as f32);
    let wide = x.mapv(f64::from);
    let forest = train(&IsolationForestParams::default(), &wide);
    let expected = forest.explain_change(wide.slice(s![..60, ..]), wide.slice(s![60.., ..]));
    let change = forest.explain_change(x.slice(s![..60, ..]), x.slice(s![60.., ..]));
    assert_eq!(change.unwrap(), expected.unwrap());
}
