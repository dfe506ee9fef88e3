//! The readers of trees: LightGBM's text, XGBoost's two forms, and our own.

#[cfg(feature = "serde")]
use crate::envelope::{payload, sealed};
use crate::fuzzer::{Fuzzer, odd_rows};
use forewarn::Error;
#[cfg(feature = "serde")]
use forewarn::Result;
use forewarn::boost::Ensemble;
use std::path::Path;

/// Predicts some rows, and writes the model in all forms.
fn exercise(model: &Ensemble, seed: u64) {
    let columns = model.n_features();
    if columns > 10_000 {
        return;
    }
    let rows = odd_rows(columns, seed);
    let raw = model.raw(rows.view()).unwrap_or_else(|error| panic!("{error}: seed {seed}"));
    assert!(model.predict(rows.view()).is_ok(), "seed {seed}");
    #[cfg(feature = "serde")]
    {
        let saved = model.to_bytes().expect("a model can be written");
        assert_eq!(Ensemble::from_bytes(&saved).as_ref(), Ok(model), "seed {seed}");
    }
    match model.to_lightgbm() {
        Err(Error::Incompatible { .. }) => {}
        Err(error) => panic!("{error}: seed {seed}"),
        Ok(text) => {
            let again = Ensemble::from_lightgbm(&text);
            let again = again.unwrap_or_else(|error| panic!("{error}: seed {seed}"));
            let same = again.raw(rows.view()).expect("the same width");
            for (a, b) in raw.iter().zip(&same) {
                let equal = (a - b).abs() <= 1e-9 * a.abs().max(1.0) || a.to_bits() == b.to_bits();
                assert!(equal || !a.is_finite(), "{a} became {b}: seed {seed}");
            }
        }
    }
}

fn files(form: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/models");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("golden models")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == form))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no models of the form {form}");
    paths.iter().map(|path| std::fs::read(path).expect("a model")).collect()
}

#[test]
fn lightgbm_text() {
    let read = |file: &[u8]| Ensemble::from_lightgbm(&String::from_utf8_lossy(file));
    Fuzzer { name: "LightGBM text", seeds: files("txt"), read, exercise, beside: 1 << 20 }.run();
}

#[test]
fn xgboost_json() {
    // The sets of categories have a budget of their own.
    let read = Ensemble::from_xgboost;
    Fuzzer { name: "XGBoost JSON", seeds: files("json"), read, exercise, beside: 64 << 20 }.run();
}

#[test]
fn xgboost_ubj() {
    let read = Ensemble::from_xgboost;
    Fuzzer { name: "XGBoost UBJ", seeds: files("ubj"), read, exercise, beside: 64 << 20 }.run();
}

#[cfg(feature = "serde")]
#[test]
fn saved_ensembles() {
    fn read(inside: &[u8]) -> Result<Ensemble> {
        Ensemble::from_bytes(&sealed(*b"fw-trees", inside))
    }
    let inside =
        |model: Ensemble| payload(&model.to_bytes().expect("a model can be written")).to_vec();
    let texts = files("txt").into_iter().map(|file| {
        Ensemble::from_lightgbm(&String::from_utf8(file).expect("text")).expect("a model")
    });
    let others = files("json").into_iter().map(|file| Ensemble::from_xgboost(&file));
    let others = others.map(|model| model.expect("a model"));
    let seeds: Vec<_> = texts.chain(others).map(inside).collect();
    assert!(read(&seeds[0]).is_ok(), "the envelope is right");
    Fuzzer { name: "own form", seeds, read, exercise, beside: 4 << 20 }.run();
}
