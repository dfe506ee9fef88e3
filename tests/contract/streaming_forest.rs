//! What a streaming forest refuses, and that a refusal changes nothing.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::forest::{StreamingForest, StreamingForestParams};
use forewarn::ndarray::{Array2, array};
use forewarn::prelude::{Score, Update};

fn small() -> StreamingForestParams {
    StreamingForestParams::default().n_trees(5).sample_size(16)
}

/// 40 rows learned.
fn used() -> StreamingForest {
    let mut forest = small().build(2).unwrap();
    let rows = Array2::from_shape_fn((40, 2), |(row, column)| ((row * 7 + column) % 11) as f64);
    forest.observe_many(rows.view()).unwrap();
    forest
}

#[test]
fn settings_out_of_range_are_named() {
    for (params, name) in [
        (small().n_trees(0), "n_trees"),
        (small().n_trees(1_001), "n_trees"),
        (small().sample_size(1), "sample_size"),
        (small().sample_size(65_537), "sample_size"),
        (small().shingle(0), "shingle"),
        (small().half_life(0.5), "half_life"),
        (small().half_life(f64::NAN), "half_life"),
        (small().half_life(f64::NEG_INFINITY), "half_life"),
    ] {
        let Err(Error::OutOfRange { name: found, .. }) = params.build(2) else {
            panic!("{params:?} was taken");
        };
        assert_eq!(found, name);
    }
    assert_eq!(small().build(0).unwrap_err(), Error::Empty { what: "columns" });
    let huge = small().n_trees(1_000).sample_size(65_536).build(1_000);
    assert!(matches!(huge, Err(Error::Incompatible { .. })));
    assert!(small().half_life(f64::INFINITY).build(2).is_ok());
}

#[test]
fn refused_rows_leave_the_forest_as_it_was() {
    let mut forest = used();
    let before = format!("{forest:?}");
    let width = Error::Width { expected: 2, found: 1 };
    let infinite = |row, value| Error::Infinite { row, column: 1, value };
    assert_eq!(forest.observe(&[1.0]).unwrap_err(), width);
    assert_eq!(forest.update(&[1.0]).unwrap_err(), width);
    assert_eq!(forest.score_one(&[1.0]).unwrap_err(), width);
    assert_eq!(forest.explain_one(&[1.0]).unwrap_err(), width);
    assert_eq!(forest.observe_many(array![[1.0], [2.0]].view()).unwrap_err(), width);
    let worst = f64::NEG_INFINITY;
    assert_eq!(forest.observe(&[1.0, worst]).unwrap_err(), infinite(0, worst));
    let rows = array![[1.0, 2.0], [3.0, f64::INFINITY]];
    assert_eq!(forest.observe_many(rows.view()).unwrap_err(), infinite(1, f64::INFINITY));
    assert_eq!(format!("{forest:?}"), before);
}

#[test]
fn nothing_one_row_and_rows_all_alike() {
    let mut forest = small().build(3).unwrap();
    assert_eq!(forest.score_one(&[1.0, 2.0, 3.0]).unwrap(), 0.0);
    assert_eq!(forest.observe_many(Array2::zeros((0, 3)).view()).unwrap().len(), 0);
    assert_eq!(forest.observe(&[f64::NAN; 3]).unwrap(), 0.0);
    for _ in 0..100 {
        let score = forest.observe(&[5.0; 3]).unwrap();
        assert!(score.is_finite() && score < 1.6, "{score}");
    }
    // A constant column that moves is what is cut off first, and says so.
    let explanation = forest.explain_one(&[5.0, 5.0, 5.1]).unwrap();
    assert!(explanation.score > 3.0, "{explanation:?}");
    assert!(explanation.contributions[2] > 0.99 * explanation.score);
    assert_eq!(explanation.contributions[..2], [0.0, 0.0]);
}

#[cfg(feature = "serde")]
#[test]
fn no_cut_or_changed_byte_is_taken_for_a_forest() {
    let bytes = used().to_bytes().unwrap();
    for end in 0..bytes.len() {
        assert!(StreamingForest::from_bytes(&bytes[..end]).is_err());
    }
    for at in 0..bytes.len() {
        let mut spoilt = bytes.clone();
        spoilt[at] ^= 0x20;
        assert!(StreamingForest::from_bytes(&spoilt).is_err(), "byte {at}");
    }
}
