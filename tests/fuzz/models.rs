//! The readers of whole models: trees with a calibrator, a law of lifetimes, a report.

use crate::envelope::{payload, sealed};
use crate::fuzzer::{Fuzzer, odd_rows};
use crate::rows::normal_rows;
use forewarn::boost::{
    AftParams, BoostingParams, Classifier, ClassifierParams, CoxParams, FailureClassifier,
    FailureClassifierParams, FailureTime, Hazard, HazardParams, Objective, Regressor,
    RegressorParams,
};
use forewarn::calibrate::Method;
use forewarn::ndarray::Array2;
use forewarn::prelude::*;
use forewarn::{Lifetime, Result};

/// Wider models than this are not asked for predictions: rows would take the time.
const WIDEST: usize = 10_000;

fn table() -> Array2<f64> {
    let mut x = normal_rows(11, 120, 3);
    for (row, value) in x.column_mut(2).iter_mut().enumerate() {
        *value = (row % 5) as f64;
    }
    x
}

fn trained<O: Objective>(params: BoostingParams<O>, label: impl Fn(f64) -> O::Label) -> O::Model {
    let x = table();
    let y: Vec<O::Label> = x.rows().into_iter().map(|row| label(row[0] + row[2])).collect();
    let params = params.n_trees(4).max_leaves(4).categorical(vec![2]);
    let batch = Batch::new(x.view()).with_target(&y[..]);
    params.training(batch).names(["load", "heat", "place"]).run().expect("a model")
}

/// Fuzzes the reader of a model; `predict` says whether all rows were answered.
macro_rules! fuzzed {
    ($test:ident, $model:ident, $magic:literal, $seeds:expr, $predict:expr) => {
        #[test]
        fn $test() {
            fn read(inside: &[u8]) -> Result<$model> {
                $model::from_bytes(&sealed(*$magic, inside))
            }
            fn exercise(model: &$model, seed: u64) {
                let predict: fn(&$model, &Array2<f64>) -> Result<bool> = $predict;
                let columns = model.ensemble().n_features();
                if columns <= WIDEST {
                    match predict(model, &odd_rows(columns, seed)) {
                        Ok(all) => assert!(all, "not every row was answered: seed {seed}"),
                        Err(error) => panic!("{error}: seed {seed}"),
                    }
                }
                let saved = model.to_bytes().expect("a model can be written");
                assert_eq!($model::from_bytes(&saved).as_ref(), Ok(model), "seed {seed}");
            }
            let models: Vec<$model> = $seeds;
            let inside = |model: &$model| payload(&model.to_bytes().expect("written")).to_vec();
            let seeds: Vec<_> = models.iter().map(inside).collect();
            assert!(read(&seeds[0]).is_ok(), "the envelope is right");
            let name = stringify!($model);
            Fuzzer { name, seeds, read, exercise, beside: 4 << 20 }.run();
        }
    };
}

fuzzed!(
    failure_classifiers,
    FailureClassifier,
    b"fw-fails",
    [None, Some(Method::Platt), Some(Method::Beta), Some(Method::Isotonic)]
        .map(|method| {
            let params = FailureClassifierParams::default().calibration(method);
            trained(params, |level| level > 2.0)
        })
        .into(),
    |model, x| {
        let found = model.score(x.view())?;
        Ok(found.iter().all(|p| (0.0..=1.0).contains(p)))
    }
);

fuzzed!(
    classifiers,
    Classifier,
    b"fw-class",
    vec![trained(ClassifierParams::default(), |level| {
        u32::from(level > 1.0) + u32::from(level > 3.0)
    })],
    |model, x| {
        let found = model.probabilities(x.view())?;
        Ok(found.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-9))
    }
);

fuzzed!(
    regressors,
    Regressor,
    b"fw-regre",
    vec![
        trained(RegressorParams::default(), |level| level),
        trained(
            RegressorParams::default().loss(forewarn::boost::RegressionLoss::Poisson),
            f64::abs
        ),
    ],
    |model, x| Ok(model.score(x.view())?.iter().all(|quantity| !quantity.is_nan()))
);

fuzzed!(
    failure_times,
    FailureTime,
    b"fw-lives",
    {
        let life = |level: f64| Lifetime::observed((9.0 - level).max(1.0), level > 0.0);
        vec![
            trained(CoxParams::default(), life),
            trained(HazardParams::default().objective(Hazard::default().periods(4)), life),
            trained(AftParams::default(), life),
        ]
    },
    |model, x| {
        let x = x.slice(forewarn::ndarray::s![.., ..model.n_features()]);
        let forecast = model.forecast(x)?;
        let alive = forecast.survival(&[0.0, 1.0, 1e300])?;
        let median = forecast.median();
        let risks = model.score(x)?;
        Ok(alive.iter().all(|p| (0.0..=1.0).contains(p))
            && alive.rows().into_iter().all(|row| row[0] >= row[1] && row[1] >= row[2])
            && median.iter().all(|&time| time >= 0.0)
            && !risks.iter().any(|risk| risk.is_nan()))
    }
);
