//! What every model that scores must do, whatever it is made of. A new model passes through
//! all of it by one line of [`contract!`].

use forewarn::ndarray::{Array1, Array2, ArrayView2, Axis, ShapeBuilder, s};
use forewarn::{Error, Result, prelude::Score};
use serde::{Serialize, de::DeserializeOwned};

/// A model with rows to try it on.
pub(crate) struct Subject<M> {
    pub(crate) model: M,
    /// Some blocks of rows and a part of one, some with gaps.
    pub(crate) probe: Array2<f64>,
    /// A row from the middle of the training data.
    pub(crate) ordinary: Vec<f64>,
    /// A row far from all of it.
    pub(crate) outlier: Vec<f64>,
    /// Whether the model has seen enough to tell these two apart; if not, they score the same.
    pub(crate) tells_apart: bool,
}

/// Tests a model: its name, and how to make its [`Subject`].
macro_rules! contract {
    ($($name:ident: $subject:expr;)*) => {$(
        mod $name {
            use super::*;
            use crate::scorer as check;

            #[test]
            fn one_by_one() {
                check::one_by_one(&$subject.model, &$subject.probe);
            }

            #[test]
            fn provided_batch() {
                check::provided_batch(&$subject.model, &$subject.probe);
            }

            #[test]
            fn layouts() {
                check::layouts(&$subject.model, &$subject.probe);
            }

            #[test]
            fn width() {
                check::width(&$subject.model);
            }

            #[test]
            fn infinities() {
                check::infinities(&$subject.model, &$subject.probe);
            }

            #[test]
            fn no_rows() {
                check::no_rows(&$subject.model);
            }

            #[test]
            fn higher_is_worse() {
                check::higher_is_worse(&$subject);
            }

            #[test]
            fn shared_by_threads() {
                check::shared_by_threads(&$subject.model, &$subject.probe);
            }

            #[test]
            fn clones() {
                check::clones(&$subject.model, &$subject.probe);
            }

            #[test]
            fn json() {
                check::json(&$subject.model, &$subject.probe);
            }
        }
    )*};
}
pub(crate) use contract;

/// Scores to the last bit.
pub(crate) fn bits(scores: &Array1<f64>) -> Vec<u64> {
    scores.iter().map(|score| score.to_bits()).collect()
}

pub(crate) fn scores(model: &dyn Score, x: ArrayView2<'_, f64>) -> Array1<f64> {
    model.score(x).expect("these rows can be scored")
}

pub(crate) fn one_by_one(model: &dyn Score, probe: &Array2<f64>) {
    let batch = scores(model, probe.view());
    assert_eq!(batch.len(), probe.nrows());
    for (row, (values, score)) in probe.outer_iter().zip(&batch).enumerate() {
        let one = model.score_one(&values.to_vec()).expect("this row can be scored");
        assert_eq!(one.to_bits(), score.to_bits(), "row {row}: {one} alone, {score} in the batch");
        assert!((0.0..=1.0).contains(score), "row {row} scores {score}");
    }
}

/// Only what [`Score`] requires, so that its provided methods are at work.
struct Required<'a>(&'a dyn Score);

impl Score for Required<'_> {
    fn n_features(&self) -> usize {
        self.0.n_features()
    }

    fn score_one(&self, x: &[f64]) -> Result<f64> {
        self.0.score_one(x)
    }
}

pub(crate) fn provided_batch(model: &dyn Score, probe: &Array2<f64>) {
    let provided = Required(model);
    assert_eq!(bits(&scores(&provided, probe.view())), bits(&scores(model, probe.view())));

    let mut bad = probe.clone();
    bad[[3, 0]] = f64::NEG_INFINITY;
    assert_eq!(provided.score(bad.view()), model.score(bad.view()));
    let wide = Array2::zeros((2, model.n_features() + 1));
    assert_eq!(provided.score(wide.view()), model.score(wide.view()));
}

pub(crate) fn layouts(model: &dyn Score, probe: &Array2<f64>) {
    let expected = bits(&scores(model, probe.view()));

    let mut by_column = Array2::zeros(probe.raw_dim().f());
    by_column.assign(probe);
    assert!(!by_column.is_standard_layout() || probe.ncols() == 1);
    assert_eq!(bits(&scores(model, by_column.view())), expected, "columns in one piece");

    // Every value two apart in both directions, with infinities between: none may be read.
    let mut spread = Array2::from_elem((2 * probe.nrows(), 2 * probe.ncols()), f64::INFINITY);
    spread.slice_mut(s![..;2, ..;2]).assign(probe);
    assert_eq!(bits(&scores(model, spread.slice(s![..;2, ..;2]))), expected, "with strides");

    let mut upside_down = probe.clone();
    upside_down.invert_axis(Axis(0));
    let reversed: Vec<u64> = expected.iter().rev().copied().collect();
    assert_eq!(bits(&scores(model, upside_down.view())), reversed, "last row first");

    let part = probe.slice(s![65..129, ..]);
    assert_eq!(bits(&scores(model, part)), expected[65..129], "a part of the rows");
}

pub(crate) fn width(model: &dyn Score) {
    let expected = model.n_features();
    for found in [0, expected - 1, expected + 1] {
        let refused = Error::Width { expected, found };
        assert_eq!(model.score_one(&vec![0.0; found]), Err(refused.clone()));
        assert_eq!(model.score(Array2::zeros((3, found)).view()), Err(refused.clone()));
        assert_eq!(refused.to_string(), format!("{found} columns given, {expected} expected"));
    }
}

pub(crate) fn infinities(model: &dyn Score, probe: &Array2<f64>) {
    let column = model.n_features() - 1;
    for value in [f64::INFINITY, f64::NEG_INFINITY] {
        for row in [0, 77, probe.nrows() - 1] {
            let mut bad = probe.clone();
            bad[[row, column]] = value;
            // A later one is not the one to be named.
            bad[[probe.nrows() - 1, column]] = value;
            assert_eq!(model.score(bad.view()), Err(Error::Infinite { row, column, value }));
            let alone = model.score_one(&bad.row(row).to_vec());
            assert_eq!(alone, Err(Error::Infinite { row: 0, column, value }));
        }
    }
}

pub(crate) fn no_rows(model: &dyn Score) {
    let nothing = Array2::zeros((0, model.n_features()));
    assert_eq!(model.score(nothing.view()), Ok(Array1::zeros(0)));
}

pub(crate) fn higher_is_worse<M: Score>(subject: &Subject<M>) {
    let score = |x: &[f64]| subject.model.score_one(x).expect("this row can be scored");
    let (ordinary, outlier) = (score(&subject.ordinary), score(&subject.outlier));
    if subject.tells_apart {
        assert!(outlier > ordinary, "outlier {outlier}, ordinary row {ordinary}");
    } else {
        assert_eq!(outlier, ordinary);
    }
}

pub(crate) fn shared_by_threads(model: &dyn Score, probe: &Array2<f64>) {
    // The first use of a model may set something up; here several threads come first at once.
    let found: Vec<Vec<u64>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| bits(&scores(model, probe.view())))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let alone = bits(&scores(model, probe.view()));
    assert!(found.iter().all(|scores| *scores == alone));
}

pub(crate) fn clones<M: Score + Clone + PartialEq>(model: &M, probe: &Array2<f64>) {
    let expected = bits(&scores(model, probe.view()));
    let clone = model.clone();
    assert!(clone == *model, "a clone equals its model");
    assert_eq!(bits(&scores(&clone, probe.view())), expected);
}

pub(crate) fn json<M>(model: &M, probe: &Array2<f64>)
where
    M: Score + PartialEq + Serialize + DeserializeOwned,
{
    let text = serde_json::to_string(model).expect("a model can be written");
    let copy: M = serde_json::from_str(&text).expect("what was written can be read");
    assert!(copy == *model, "what was read equals what was written");
    assert_eq!(bits(&scores(&copy, probe.view())), bits(&scores(model, probe.view())));
}
