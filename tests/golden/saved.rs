//! Files of boosted models that the first version wrote: users have such files, and every later version
//! must read them and predict the same.
//!
//! The predictions that are expected were computed by the version that wrote the files. How models are
//! trained may change; what a file says may not.
#![cfg(feature = "serde")]

use forewarn::boost::{
    AftParams, BoostingParams, Classifier, ClassifierParams, CoxParams, FailureClassifier,
    FailureClassifierParams, FailureTime, Hazard, HazardParams, Objective, Regressor,
    RegressorParams,
};
use forewarn::calibrate::Method;
use forewarn::ndarray::{Array1, Array2, array};
use forewarn::prelude::*;
use forewarn::{Lifetime, Result};

/// Expected to this precision: exponentials may differ in their last bits between platforms.
const PRECISION: f64 = 1e-13;

/// A row that is typical, one with missing values, one with a place never seen.
fn asked() -> Array2<f64> {
    array![[30.0, 40.0, 3.0], [f64::NAN, 3.0, f64::NAN], [52.0, 0.5, 77.0]]
}

fn check(name: &str, found: &Array1<f64>, expected: [f64; 3]) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= PRECISION * expected.abs(), "{name}: {found:?}");
    }
}

#[test]
fn failure_classifiers() -> Result<()> {
    let model = FailureClassifier::from_bytes(include_bytes!("models/forewarn1_failures.bin"))?;
    assert_eq!(model.ensemble().feature_names(), ["load", "heat", "place"]);
    assert_eq!(model.calibrator().map(forewarn::calibrate::Calibrator::method), Some(Method::Beta));
    assert_eq!(model.report().rounds, 3);
    check(
        "failures",
        &model.score(asked().view())?,
        [0.797_817_966_679_243_5, 0.105_385_354_980_940_18, 0.700_754_732_574_383_6],
    );
    Ok(())
}

#[test]
fn classifiers() -> Result<()> {
    let model = Classifier::from_bytes(include_bytes!("models/forewarn1_classes.bin"))?;
    assert_eq!((model.ensemble().n_outputs(), model.ensemble().n_trees()), (3, 9));
    let found = model.probabilities(asked().view())?;
    check(
        "class 0",
        &found.column(0).to_owned(),
        [0.186_139_896_880_955_17, 0.220_887_010_824_302_9, 0.196_752_889_362_822_79],
    );
    check(
        "class 2",
        &found.column(2).to_owned(),
        [0.193_851_662_561_920_13, 0.220_071_524_423_868_68, 0.282_734_387_918_866_96],
    );
    Ok(())
}

#[test]
fn regressors() -> Result<()> {
    let model = Regressor::from_bytes(include_bytes!("models/forewarn1_quantities.bin"))?;
    assert_eq!(model.ensemble().n_trees(), 3);
    check(
        "quantities",
        &model.score(asked().view())?,
        [48.129_246_212_986_544, 42.356_961_772_006_365, 48.129_246_212_986_544],
    );
    Ok(())
}

#[test]
fn failure_times() -> Result<()> {
    let files: [(&str, &[u8], [f64; 3]); 3] = [
        (
            "cox",
            include_bytes!("models/forewarn1_cox.bin"),
            [0.130_936_823_542_957_38, 0.093_367_512_203_065_2, 0.130_936_823_542_957_38],
        ),
        (
            "hazard",
            include_bytes!("models/forewarn1_hazard.bin"),
            [0.252_328_651_193_306_6, 0.252_328_651_193_306_6, 0.299_639_814_882_513_6],
        ),
        (
            "aft",
            include_bytes!("models/forewarn1_aft.bin"),
            [0.054_203_817_889_230_77, 0.030_318_664_703_795_31, 0.069_130_247_038_744_72],
        ),
    ];
    for (name, file, expected) in files {
        let model = FailureTime::from_bytes(file)?;
        assert_eq!(model.n_features(), 3, "{name}");
        check(name, &model.forecast(asked().view())?.failure_within(20.0)?, expected);
    }
    Ok(())
}

fn trained<O: Objective>(
    params: BoostingParams<O>,
    label: fn(f64) -> O::Label,
) -> Result<O::Model> {
    let x = Array2::from_shape_fn((120, 3), |(row, column)| match (row, column) {
        (row, 2) => (row % 5) as f64,
        (row, column) if (row + column) % 11 == 0 => f64::NAN,
        (row, column) => ((row * 37 + column * 11) % 53) as f64,
    });
    let level = |row: usize| ((row * 37) % 53 + 10 * (row % 5)) as f64;
    let y: Vec<O::Label> = (0..120).map(|row| label(level(row))).collect();
    let params = params.n_trees(3).max_leaves(4).categorical(vec![2]);
    let batch = Batch::new(x.view()).with_target(&y[..]);
    params.training(batch).names(["load", "heat", "place"]).run()
}

#[test]
#[ignore = "writes the files that the tests above read; for a new format, under new names"]
fn write_files_of_the_newest_format() -> Result<()> {
    let life = |level: f64| Lifetime::observed(95.0 - level, level > 20.0);
    let failures = FailureClassifierParams::default().calibration(Some(Method::Beta));
    let periods = HazardParams::default().objective(Hazard::default().periods(4));
    let class = |level| u32::from(level > 30.0) + u32::from(level > 60.0);
    let files = [
        ("failures", trained(failures, |level| level > 50.0)?.to_bytes()?),
        ("classes", trained(ClassifierParams::default(), class)?.to_bytes()?),
        ("quantities", trained(RegressorParams::default(), |level| level)?.to_bytes()?),
        ("cox", trained(CoxParams::default(), life)?.to_bytes()?),
        ("hazard", trained(periods, life)?.to_bytes()?),
        ("aft", trained(AftParams::default(), life)?.to_bytes()?),
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/models");
    for (name, bytes) in files {
        std::fs::write(folder.join(format!("forewarn_newest_{name}.bin")), bytes).expect("written");
    }
    Ok(())
}
