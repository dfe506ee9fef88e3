//! Forests of every kind, through the contract of all models and what forests promise beyond it.

use crate::rows::{Draw, normal_rows};
use crate::scorer::{Subject, bits, contract};
use forewarn::forest::{
    DepthLimit, Gain, IsolationForest, IsolationForestParams, Missing, Normalisation, Scoring,
    Split, Subsample,
};
use forewarn::ndarray::Array2;
use forewarn::prelude::{Batch, Score, Train};

const COLUMNS: usize = 5;

fn standard() -> IsolationForestParams {
    IsolationForestParams::standard().n_trees(40)
}

fn accurate() -> IsolationForestParams {
    IsolationForestParams::accurate().n_trees(30)
}

fn extended(level: usize) -> IsolationForestParams {
    standard().split(Split::Extended { level })
}

fn guided(gain: Gain, columns: usize) -> IsolationForestParams {
    standard().split(Split::Guided { gain, columns, candidates: 3 })
}

/// Every kind of split at once, drawn anew in every node.
fn mixture() -> IsolationForestParams {
    standard().splits(vec![
        (1.0, Split::Random),
        (0.5, Split::Extended { level: 2 }),
        (0.5, Split::Guided { gain: Gain::Averaged, columns: 1, candidates: 2 }),
        (0.25, Split::Guided { gain: Gain::Pooled, columns: 3, candidates: 2 }),
    ])
}

fn rows_a_tree(rows: usize) -> IsolationForestParams {
    standard().subsample(Subsample::Rows(rows))
}

/// Rows of which one value in twenty is missing.
fn with_gaps(mut x: Array2<f64>) -> Array2<f64> {
    let mut draw = Draw::new(99);
    x.mapv_inplace(|value| if draw.unit() < 0.05 { f64::NAN } else { value });
    x
}

/// `columns` normal columns; those that the settings declare categorical hold codes from 0 to 3,
/// and now and then a code that training may not have seen.
fn table(seed: u64, rows: usize, columns: usize, params: &IsolationForestParams) -> Array2<f64> {
    let mut x = normal_rows(seed, rows, columns);
    for &column in &params.categorical {
        x.column_mut(column).mapv_inplace(|value| (2.0 * value.abs()).floor());
    }
    x
}

fn subject_of(params: &IsolationForestParams, training: &Array2<f64>) -> Subject<IsolationForest> {
    let model = params.train(Batch::new(training.view())).expect("settings and rows are good");
    let columns = training.ncols();
    Subject {
        tells_apart: model.sample_size() > 2,
        model,
        probe: with_gaps(table(2, 330, columns, params)),
        ordinary: vec![0.0; columns],
        outlier: vec![9.0; columns],
    }
}

/// Trained on complete rows.
fn trained(params: &IsolationForestParams) -> Subject<IsolationForest> {
    subject_of(params, &table(1, 300, COLUMNS, params))
}

/// Trained on rows with gaps.
fn trained_with_gaps(params: &IsolationForestParams) -> Subject<IsolationForest> {
    subject_of(params, &with_gaps(table(1, 300, COLUMNS, params)))
}

fn merged() -> Subject<IsolationForest> {
    let mut subject = trained(&standard());
    let other = trained(&accurate().seed(7)).model;
    subject.model = IsolationForest::merge(vec![subject.model, other]).expect("alike enough");
    subject
}

fn extended_later() -> Subject<IsolationForest> {
    let mut subject = trained(&standard());
    // Scored once before, so that nothing made for the old trees may be left over.
    subject.model.score(subject.probe.view()).expect("these rows can be scored");
    let more = table(5, 300, COLUMNS, &standard());
    subject.model.extend(Batch::new(more.view()), 20).expect("rows are good");
    subject
}

fn one_column(params: &IsolationForestParams) -> Subject<IsolationForest> {
    subject_of(params, &table(1, 300, 1, params))
}

contract! {
    default: trained(&IsolationForestParams::default());
    standard_preset: trained(&IsolationForestParams::standard());
    fast_preset: trained(&IsolationForestParams::fast());
    accurate_preset: trained(&IsolationForestParams::accurate());
    extended_level_0: trained(&extended(0));
    extended_level_1: trained(&extended(1));
    extended_fully: trained(&extended(COLUMNS - 1));
    extended_beyond_the_columns: trained(&extended(99));
    extended_without_limit: trained(&extended(1).depth_limit(DepthLimit::Unlimited));
    extended_on_one_column: one_column(&extended(1));
    averaged_of_1_column: trained(&guided(Gain::Averaged, 1));
    averaged_of_2_columns: trained(&guided(Gain::Averaged, 2));
    averaged_of_5_columns: trained(&guided(Gain::Averaged, 5));
    pooled_of_1_column: trained(&guided(Gain::Pooled, 1));
    pooled_of_2_columns: trained(&guided(Gain::Pooled, 2));
    pooled_of_5_columns: trained(&guided(Gain::Pooled, 5));
    guided_on_one_column: one_column(&guided(Gain::Pooled, 2));
    mixed_splits: trained(&mixture());
    mixed_splits_and_gaps: trained_with_gaps(&mixture().missing(Missing::Spread));
    variances_of_1_column: trained(&guided(Gain::AveragedVariance, 1));
    variances_of_4_columns: trained(&guided(Gain::AveragedVariance, 4));
    range_penalty: trained(&standard().range_penalty(true));
    range_penalty_over_2_columns: trained(&guided(Gain::Averaged, 2).range_penalty(true));
    range_penalty_over_5_columns: trained(&guided(Gain::Pooled, 5).range_penalty(true));
    range_penalty_over_planes: trained(&extended(3).range_penalty(true));
    range_penalty_and_gaps: trained_with_gaps(
        &mixture().range_penalty(true).missing(Missing::Spread)
    );
    range_penalty_and_density: trained(&standard().range_penalty(true).scoring(Scoring::Density));
    unlimited_depth: trained(&standard().depth_limit(DepthLimit::Unlimited));
    depth_of_1: trained(&standard().depth_limit(DepthLimit::At(1)));
    density: trained(&standard().scoring(Scoring::Density));
    density_of_planes: trained(&extended(2).scoring(Scoring::Density));
    density_of_guided: trained(&guided(Gain::Pooled, 2).scoring(Scoring::Density));
    scikit_learn_normalisation: trained(&standard().normalisation(Normalisation::ScikitLearn));
    replacement: trained(&standard().replacement(true));
    half_of_the_columns: trained(&standard().feature_share(0.5));
    half_of_the_columns_guided: trained(&guided(Gain::Averaged, 2).feature_share(0.5));
    categorical: trained(&standard().categorical(vec![1, 4]));
    categorical_with_planes: trained(&mixture().categorical(vec![0]));
    categorical_only: trained(&standard().categorical((0..COLUMNS).collect()));
    gaps_to_the_majority: trained_with_gaps(&standard().missing(Missing::Majority));
    gaps_spread: trained_with_gaps(&standard().missing(Missing::Spread));
    gaps_spread_over_planes: trained_with_gaps(&extended(2).missing(Missing::Spread));
    gaps_in_categories: trained_with_gaps(
        &standard().categorical(vec![1, 4]).missing(Missing::Spread)
    );
    trees_of_1_row: trained(&rows_a_tree(1));
    trees_of_2_rows: trained(&rows_a_tree(2));
    trees_of_3_rows: trained(&rows_a_tree(3));
    trees_of_all_rows: trained(
        &standard().n_trees(20).subsample(Subsample::All).depth_limit(DepthLimit::Unlimited)
    );
    a_share_of_the_rows: trained(&standard().subsample(Subsample::Share(0.1)));
    one_tree: trained(&standard().n_trees(1));
    with_contamination: trained(&standard().contamination(Some(0.1)));
    merged_forests: merged();
    more_trees_later: extended_later();
}

#[test]
fn the_binary_form_keeps_every_bit() {
    let forests = [
        trained(&standard()),
        trained(&accurate().contamination(Some(0.05))),
        trained(&mixture().categorical(vec![0])),
        trained_with_gaps(&standard().missing(Missing::Spread).scoring(Scoring::Density)),
        trained(&rows_a_tree(1)),
        merged(),
    ];
    for Subject { model, probe, .. } in &forests {
        let bytes = model.to_bytes().expect("a forest can be written");
        let copy = IsolationForest::from_bytes(&bytes).expect("what was written can be read");
        assert!(copy == *model);
        assert_eq!(copy.to_bytes(), Ok(bytes), "written again it is the same");
        let (found, expected) = (copy.score(probe.view()), model.score(probe.view()));
        assert_eq!(bits(&found.expect("scores")), bits(&expected.expect("scores")));
    }
}

#[test]
fn narrow_numbers_score_as_their_values() -> forewarn::Result<()> {
    for params in [standard(), accurate(), extended(1).missing(Missing::Spread)] {
        let subject = trained(&params);
        let narrow = subject.probe.mapv(|value| value as f32);
        let wide = narrow.mapv(f64::from);
        let found = subject.model.score_values(narrow.view())?;
        assert_eq!(bits(&found), bits(&subject.model.score(wide.view())?));

        let narrow = table(1, 300, COLUMNS, &params).mapv(|value| value as f32);
        let wide = narrow.mapv(f64::from);
        let from_narrow = params.train_values(narrow.view(), None, &mut ())?;
        assert!(from_narrow == params.train(Batch::new(wide.view()))?);

        let whole = wide.mapv(|value| (100.0 * value) as i32);
        let found = subject.model.score_values(whole.view())?;
        assert_eq!(bits(&found), bits(&subject.model.score(whole.mapv(f64::from).view())?));
    }
    Ok(())
}

#[test]
fn narrow_infinities_are_refused_too() {
    let subject = trained(&standard());
    let mut narrow = subject.probe.mapv(|value| value as f32);
    narrow[[4, 2]] = f32::INFINITY;
    let refused = subject.model.score_values(narrow.view());
    let expected = "row 4, column 2 is inf: every value must be finite or NaN (missing)";
    assert_eq!(refused.map_err(|error| error.to_string()), Err(expected.to_owned()));
}
