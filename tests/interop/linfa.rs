//! linfa's traits delegate to ours.

use forewarn::forest::{IsolationForest, IsolationForestParams};
use forewarn::ndarray::{Array1, Array2};
use forewarn::traits::{Batch, Score, Train};
use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};

fn rows() -> Array2<f64> {
    Array2::from_shape_fn((400, 3), |(i, j)| ((i * 37 + j * 11 + i * i) % 101) as f64)
}

#[test]
fn fit_is_train_and_predict_is_score() {
    let params = IsolationForestParams::default().seed(3);
    let dataset = DatasetBase::from(rows());
    let fitted: IsolationForest = params.fit(&dataset).unwrap();
    let trained = params.train(Batch::new(rows().view())).unwrap();
    assert_eq!(fitted, trained);
    let predicted: Array1<f64> = fitted.predict(&rows());
    assert_eq!(predicted, trained.score(rows().view()).unwrap());
}

#[test]
fn weights_are_passed_on() {
    let weight = Array1::from_shape_fn(400, |i| (i % 3) as f32);
    let params = IsolationForestParams::default();
    let dataset = DatasetBase::from(rows()).with_weights(weight.clone());
    let fitted = params.fit(&dataset).unwrap();
    let weight = weight.mapv(f64::from);
    let records = rows();
    let batch = Batch::new(records.view()).with_weight(weight.view());
    assert_eq!(fitted, params.train(batch).unwrap());
}

#[test]
fn rows_of_another_width_predict_nan() {
    let forest = IsolationForestParams::default().fit(&DatasetBase::from(rows())).unwrap();
    let predicted: Array1<f64> = forest.predict(&Array2::<f64>::zeros((2, 5)));
    assert!(predicted.iter().all(|score| score.is_nan()));
}
