//! What a forest refuses, and in which words.

use crate::rows::normal_rows;
use forewarn::forest::{
    DepthLimit, Gain, IsolationForest, IsolationForestParams, Normalisation, Scoring, Split,
    Subsample, Verdict,
};
use forewarn::ndarray::{Array1, Array2, array};
use forewarn::prelude::{Batch, Score, Train};
use forewarn::{Error, Result};

fn params() -> IsolationForestParams {
    IsolationForestParams::standard().n_trees(10)
}

fn trained(params: &IsolationForestParams) -> Result<IsolationForest> {
    params.train(Batch::new(normal_rows(3, 50, 3).view()))
}

/// The words with which training was refused.
fn words(trained: Result<IsolationForest>) -> String {
    trained.expect_err("this cannot be trained").to_string()
}

#[test]
fn settings_out_of_their_ranges() {
    let share = "it must be greater than 0 and at most 1";
    let probability = "it must be greater than 0 and finite";
    let contamination = "it must be greater than 0 and at most 0.5";
    let guided = |columns, candidates| Split::Guided { gain: Gain::Pooled, columns, candidates };
    let cases = [
        (params().n_trees(0), "n_trees is 0: it must be at least 1".to_owned()),
        (
            params().n_trees(16_777_217),
            "n_trees is 16777217: it must be small enough for a forest of at most 16,777,216 trees"
                .to_owned(),
        ),
        (
            params().subsample(Subsample::Rows(0)),
            "subsample rows is 0: it must be at least 1".to_owned(),
        ),
        (params().subsample(Subsample::Share(0.0)), format!("subsample share is 0: {share}")),
        (params().subsample(Subsample::Share(1.5)), format!("subsample share is 1.5: {share}")),
        (
            params().subsample(Subsample::Share(f64::NAN)),
            format!("subsample share is NaN: {share}"),
        ),
        (params().feature_share(0.0), format!("feature_share is 0: {share}")),
        (params().feature_share(-0.5), format!("feature_share is -0.5: {share}")),
        (params().feature_share(1.01), format!("feature_share is 1.01: {share}")),
        (params().feature_share(f64::NAN), format!("feature_share is NaN: {share}")),
        (
            params().depth_limit(DepthLimit::At(0)),
            "depth limit is 0: it must be at least 1".to_owned(),
        ),
        (params().splits(vec![]), "splits is empty: at least one is needed".to_owned()),
        (
            params().splits(vec![(0.0, Split::Random)]),
            format!("split probability is 0: {probability}"),
        ),
        (
            params().splits(vec![(1.0, Split::Random), (-1.0, Split::Random)]),
            format!("split probability is -1: {probability}"),
        ),
        (
            params().splits(vec![(f64::NAN, Split::Random)]),
            format!("split probability is NaN: {probability}"),
        ),
        (
            params().splits(vec![(f64::INFINITY, Split::Random)]),
            format!("split probability is inf: {probability}"),
        ),
        (
            params().split(guided(0, 1)),
            "guided split columns is 0: it must be at least 1".to_owned(),
        ),
        (
            params().split(guided(1, 0)),
            "guided split candidates is 0: it must be at least 1".to_owned(),
        ),
        (params().contamination(Some(0.0)), format!("contamination is 0: {contamination}")),
        (params().contamination(Some(0.6)), format!("contamination is 0.6: {contamination}")),
        (params().contamination(Some(-0.1)), format!("contamination is -0.1: {contamination}")),
        (params().contamination(Some(f64::NAN)), format!("contamination is NaN: {contamination}")),
        (
            params().categorical(vec![0, 3]),
            "categorical column is 3: it must be less than the number of columns".to_owned(),
        ),
    ];
    for (params, expected) in cases {
        assert_eq!(words(trained(&params)), expected);
    }
}

#[test]
fn settings_at_the_ends_of_their_ranges() {
    for params in [
        params().n_trees(1),
        params().split(Split::Extended { level: usize::MAX }),
        params().subsample(Subsample::Rows(usize::MAX)),
        params().subsample(Subsample::Share(f64::MIN_POSITIVE)),
        params().subsample(Subsample::Share(1.0)),
        params().feature_share(f64::MIN_POSITIVE),
        params().depth_limit(DepthLimit::At(u32::MAX)),
        params().splits(vec![(5e-324, Split::Random), (1e300, Split::Extended { level: 0 })]),
        params().split(Split::Guided { gain: Gain::Pooled, columns: usize::MAX, candidates: 1 }),
        params().contamination(Some(0.5)),
        params().contamination(Some(f64::MIN_POSITIVE)),
        params().categorical(vec![]),
        params().seed(u64::MAX),
    ] {
        let forest = trained(&params).expect("in range");
        assert!(forest.score_one(&[0.0; 3]).is_ok_and(|score| (0.0..=1.0).contains(&score)));
    }
}

#[test]
fn nothing_to_learn_from() {
    let train =
        |rows, columns| words(params().train(Batch::new(Array2::zeros((rows, columns)).view())));
    assert_eq!(train(0, 3), "rows is empty: at least one is needed");
    assert_eq!(train(3, 0), "columns is empty: at least one is needed");
    assert_eq!(train(0, 0), "rows is empty: at least one is needed");
}

#[test]
fn infinities_in_training() {
    // Rows that no tree draws are not looked at.
    let params = || params().subsample(Subsample::All);
    for value in [f64::INFINITY, f64::NEG_INFINITY] {
        let mut rows = normal_rows(3, 40_000, 3);
        rows[[20_000, 1]] = value;
        rows[[30_000, 0]] = value;
        let refused = params().train(Batch::new(rows.view()));
        assert_eq!(refused, Err(Error::Infinite { row: 20_000, column: 1, value }));
        // Also where memory order is another, and where a part of a table is a view.
        let turned = rows.t().as_standard_layout().into_owned();
        assert_eq!(params().train(Batch::new(turned.t())), refused);
    }
}

#[test]
fn weights_that_are_none() {
    let rows = normal_rows(3, 4, 2);
    let train = |weights: Array1<f64>| {
        words(params().train(Batch::new(rows.view()).with_weight(weights.view())))
    };
    assert_eq!(
        train(array![1.0, 1.0, -2.0, 1.0]),
        "weight is -2: it must be finite and at least 0"
    );
    assert_eq!(
        train(array![1.0, f64::INFINITY, 1.0, 1.0]),
        "weight is inf: it must be finite and at least 0"
    );
    assert_eq!(
        train(array![0.0, 0.0, 0.0, 0.0]),
        "sum of weights is 0: it must be greater than 0 and finite"
    );
    assert_eq!(
        train(array![1e308, 1e308, 1.0, 1.0]),
        "sum of weights is inf: it must be greater than 0 and finite"
    );
    assert_eq!(train(array![1.0, 1.0, 1.0, f64::NAN]), "weight 3 is NaN: a number is needed here");
    assert_eq!(train(array![1.0, 1.0, 1.0]), "weight has 3 entries, 4 expected");
}

#[test]
fn categories_that_are_none() -> Result<()> {
    let params = params().categorical(vec![1]);
    let rows = Array2::from_shape_fn((60, 2), |(row, _)| (row % 3) as f64);
    let forest = params.train(Batch::new(rows.view()))?;
    for value in [1.5, -1.0, 70_000.0, 65_536.0, 1e300] {
        let refused = Error::NotACategory { row: 7, column: 1, value, largest: 65_535 };
        let mut bad = rows.clone();
        bad[[7, 1]] = value;
        assert_eq!(params.train(Batch::new(bad.view())), Err(refused.clone()));
        assert_eq!(forest.score(bad.view()), Err(refused));
        assert_eq!(
            forest.score_one(&[0.0, value]),
            Err(Error::NotACategory { row: 0, column: 1, value, largest: 65_535 })
        );
        // What is no category may well be a quantity.
        assert!(forest.score_one(&[value, 0.0]).is_ok());
    }
    assert_eq!(
        forest.score_one(&[0.0, 1.5]).map_err(|error| error.to_string()),
        Err("row 0, column 1 is 1.5: a categorical column holds whole numbers from 0 to 65535"
            .to_owned())
    );
    for value in [0.0, -0.0, 65_535.0, f64::NAN] {
        assert!(forest.score_one(&[0.0, value]).is_ok(), "{value}");
    }
    Ok(())
}

#[test]
fn thresholds_and_ranks() -> Result<()> {
    let rows = normal_rows(3, 50, 3);
    let mut forest = trained(&params())?;
    let before = forest.clone();
    for threshold in [-0.1, 1.1, f64::NAN] {
        let refused = forest.set_threshold(threshold).map_err(|error| error.to_string());
        let expected = format!("threshold is {threshold}: it must be between 0 and 1");
        assert_eq!(refused, Err(expected));
    }
    assert_eq!(forest.rank(f64::NAN), Err(Error::NotANumber { what: "score", index: 0 }));
    for contamination in [0.0, 0.51, f64::NAN] {
        let refused = forest.calibrate(rows.view(), Some(contamination));
        assert!(matches!(refused, Err(Error::OutOfRange { name: "contamination", .. })));
    }
    let none = Array2::zeros((0, 3));
    assert_eq!(forest.calibrate(none.view(), None), Err(Error::Empty { what: "rows" }));
    let narrow = Array2::zeros((5, 2));
    let refused = Err(Error::Width { expected: 3, found: 2 });
    assert_eq!(forest.calibrate(narrow.view(), None), refused);
    assert!(forest == before, "what was refused changed nothing");
    Ok(())
}

#[test]
fn more_trees_on_bad_rows() -> Result<()> {
    let mut forest = trained(&params())?;
    let before = forest.clone();
    let rows = normal_rows(4, 20, 3);
    let mut infinite = rows.clone();
    infinite[[19, 2]] = f64::INFINITY;
    let heavy = Array1::from_elem(20, -1.0);
    let mut refused = |batch: Batch<'_>| forest.extend(batch, 5).expect_err("bad rows").to_string();
    assert_eq!(refused(Batch::new(Array2::zeros((4, 2)).view())), "2 columns given, 3 expected");
    assert_eq!(
        refused(Batch::new(Array2::zeros((0, 3)).view())),
        "rows is empty: at least one is needed"
    );
    assert_eq!(
        refused(Batch::new(infinite.view())),
        "row 19, column 2 is inf: every value must be finite or NaN (missing)"
    );
    assert_eq!(
        refused(Batch::new(rows.view()).with_weight(heavy.view())),
        "weight is -1: it must be finite and at least 0"
    );
    assert!(forest == before, "what was refused changed nothing");
    Ok(())
}

#[test]
fn more_trees_on_a_bad_row_that_no_tree_draws() -> Result<()> {
    // Only the threshold and the ranks look at it, when the trees are grown.
    let mut bad = normal_rows(4, 2_000, 3);
    bad[[1_999, 2]] = f64::INFINITY;
    let few = params().n_trees(1).subsample(Subsample::Rows(2)).contamination(Some(0.1));
    let mut forest = trained(&few)?;
    forest.learn(normal_rows(3, 2, 3).view(), &[Verdict::Confirmed, Verdict::Rejected])?;
    let (before, scores) = (forest.clone(), forest.score(normal_rows(5, 9, 3).view())?);
    let refused = Error::Infinite { row: 1_999, column: 2, value: f64::INFINITY };
    assert_eq!(forest.extend(Batch::new(bad.view()), 1), Err(refused));
    assert!(forest == before, "what was refused changed nothing");
    assert_eq!(forest.score(normal_rows(5, 9, 3).view())?, scores);
    let many = forest.extend(Batch::new(normal_rows(4, 20, 3).view()), usize::MAX);
    assert!(matches!(many, Err(Error::OutOfRange { name: "more", .. })));
    assert!(forest == before);
    Ok(())
}

#[test]
fn forests_that_do_not_go_together() -> Result<()> {
    assert_eq!(IsolationForest::merge(vec![]), Err(Error::Empty { what: "forests" }));
    let forest = trained(&params())?;
    let merged_with = |other: &IsolationForestParams| -> Result<String> {
        Ok(words(IsolationForest::merge(vec![forest.clone(), trained(other)?])))
    };
    assert_eq!(
        merged_with(&params().scoring(Scoring::Density))?,
        "forests with scoring Depth and Density cannot be merged"
    );
    assert_eq!(
        merged_with(&params().normalisation(Normalisation::ScikitLearn))?,
        "forests with normalisation Exact and ScikitLearn cannot be merged"
    );
    assert_eq!(
        merged_with(&params().missing(forewarn::forest::Missing::Spread))?,
        "forests with missing values policy Majority and Spread cannot be merged"
    );
    let codes = Array2::from_shape_fn((30, 3), |(row, _)| (row % 4) as f64);
    let categorical = params().categorical(vec![2]).train(Batch::new(codes.view()))?;
    assert_eq!(
        words(IsolationForest::merge(vec![forest.clone(), categorical])),
        "forests with categorical columns [] and [2] cannot be merged"
    );
    let narrow = params().train(Batch::new(normal_rows(3, 50, 2).view()))?;
    let refused = IsolationForest::merge(vec![forest, narrow]);
    assert_eq!(refused, Err(Error::Width { expected: 3, found: 2 }));
    Ok(())
}

#[test]
fn a_merged_forest_has_no_ranks_until_it_is_shown_rows() -> Result<()> {
    let rows = normal_rows(3, 50, 3);
    let mut merged = IsolationForest::merge(vec![trained(&params())?, trained(&params())?])?;
    assert_eq!(
        merged.rank(0.5).map_err(|error| error.to_string()),
        Err("a merged forest has no ranks until `calibrate` shows it rows".to_owned())
    );
    merged.calibrate(rows.view(), Some(0.1))?;
    assert!(merged.rank(merged.threshold()).is_ok_and(|rank| (rank - 0.9).abs() < 0.03));
    Ok(())
}
