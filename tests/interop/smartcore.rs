//! smartcore's cross-validation trains and scores with ours.

use forewarn::forest::IsolationForestParams;
use forewarn::ndarray::{Array2, Axis};
use forewarn::traits::{Batch, Score, Train};
use forewarn::{FromNumbers, SmartcoreEstimator};
use smartcore::api::{Predictor, SupervisedEstimator};
use smartcore::linalg::basic::arrays::{Array, Array2 as Matrix};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::model_selection::{BaseKFold, KFold, cross_val_predict};

fn rows() -> Array2<f64> {
    Array2::from_shape_fn((120, 3), |(i, j)| ((i * 37 + j * 11 + i * i) % 101) as f64)
}

fn matrix() -> DenseMatrix<f64> {
    DenseMatrix::from_iterator(rows().into_iter(), 120, 3, 0)
}

#[test]
fn cross_validation_gives_the_scores_of_each_fold_trained_by_hand() {
    let params = IsolationForestParams::default().seed(3);
    let folds = KFold::default().with_n_splits(4).with_shuffle(false);
    let predicted: Vec<f64> = cross_val_predict(
        SmartcoreEstimator::new(),
        &matrix(),
        &vec![0.0; 120],
        params.clone(),
        &folds,
    )
    .unwrap();
    for (train, test) in folds.split(&matrix()) {
        let forest = params.train(Batch::new(rows().select(Axis(0), &train).view())).unwrap();
        let scores = forest.score(rows().select(Axis(0), &test).view()).unwrap();
        let found: Vec<f64> = test.iter().map(|&row| predicted[row]).collect();
        assert_eq!(found, scores.to_vec());
    }
}

#[test]
fn errors_are_passed_on() {
    type Forest = SmartcoreEstimator<IsolationForestParams>;
    let y = vec![0.0; 120];
    let fitted = Forest::fit(&matrix(), &y, IsolationForestParams::default().n_trees(0));
    assert!(fitted.unwrap_err().to_string().contains("n_trees is 0: it must be at least 1"));

    let forest = Forest::fit(&matrix(), &y, IsolationForestParams::default()).unwrap();
    let narrow = DenseMatrix::from_iterator(vec![0.0; 4].into_iter(), 2, 2, 0);
    assert_eq!(narrow.shape(), (2, 2));
    let predicted: Result<Vec<f64>, _> = forest.predict(&narrow);
    assert!(predicted.unwrap_err().to_string().contains("2 columns given, 3 expected"));
    let nothing: Result<Vec<f64>, _> = Forest::new().predict(&narrow);
    assert!(nothing.unwrap_err().to_string().contains("not trained"));
    assert!(forest.into_model().is_some());
}

#[test]
fn labels_are_0_or_1() {
    assert_eq!(<[bool]>::from_numbers(vec![0.0, 1.0, -0.0]), Ok(vec![false, true, false]));
    let refused = <[bool]>::from_numbers(vec![0.5]).unwrap_err();
    assert_eq!(refused.to_string(), "label is 0.5: it must be 0 or 1");
    assert_eq!(<[f64]>::from_numbers(vec![0.5]), Ok(vec![0.5]));
}
