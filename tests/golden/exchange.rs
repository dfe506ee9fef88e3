//! Models of LightGBM and XGBoost with what their own libraries predict from them
//! (`make_models.py` made both; the first line of each table names the library and its version).

use crate::rows::Draw;
use forewarn::boost::{
    ClassifierParams, Ensemble, FailureClassifierParams, RegressionLoss, RegressorParams,
};
use forewarn::ndarray::{Array2, Axis, concatenate, s};
use forewarn::prelude::{Batch, Train};
use std::fs;
use std::path::{Path, PathBuf};

/// Their sums are of 32 bits: the error grows with the size of the number.
const TOLERANCE: f64 = 1e-6;

/// Rows, raw scores and predictions, side by side.
struct Case {
    name: String,
    library: String,
    file: PathBuf,
    model: Ensemble,
    table: Array2<f64>,
}

impl Case {
    fn rows(&self) -> Array2<f64> {
        self.table.slice(s![.., ..self.model.n_features()]).to_owned()
    }

    /// Largest difference of raw scores and of predictions, relative where they are over 1.
    fn differences(&self, model: &Ensemble) -> [f64; 2] {
        let (columns, outputs) = (model.n_features(), model.n_outputs());
        let raw = model.raw(self.rows().view()).expect("rows of the right width");
        let predictions = model.predict(self.rows().view()).expect("as before");
        [(raw, columns), (predictions, columns + outputs)].map(|(ours, first)| {
            let theirs = self.table.slice(s![.., first..first + outputs]);
            let differences =
                ours.iter().zip(theirs).map(|(a, b)| (a - b).abs() / b.abs().max(1.0));
            // Keeps NaN, which `max` would drop.
            differences.fold(0.0, |most, d| if d <= most { most } else { d })
        })
    }
}

fn read(file: &Path) -> Ensemble {
    let bytes = fs::read(file).expect("a model");
    let model = if file.extension().is_some_and(|form| form == "txt") {
        Ensemble::from_lightgbm(str::from_utf8(&bytes).expect("text"))
    } else {
        Ensemble::from_xgboost(&bytes)
    };
    model.unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn cases(folder: &Path) -> Vec<Case> {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let mut tables: Vec<_> = files.filter(|f| f.extension().is_some_and(|e| e == "csv")).collect();
    tables.sort();
    let case = |path: PathBuf| {
        let forms = ["txt", "json", "ubj"].map(|form| path.with_extension(form));
        let file = forms.into_iter().find(|file| file.exists()).expect("a model with each table");
        let text = fs::read_to_string(&path).expect("a table");
        let (library, rest) = text.split_once('\n').expect("a comment");
        let (header, body) = rest.split_once('\n').expect("a header");
        let columns = header.split(',').count();
        let values = body.lines().flat_map(|line| line.split(','));
        let values: Vec<f64> = values.map(|value| value.parse().expect("a number")).collect();
        let table = Array2::from_shape_vec((values.len() / columns, columns), values);
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let (model, library) = (read(&file), library.trim_start_matches("# ").to_owned());
        Case { name, library, file, model, table: table.expect("lines of one length") }
    };
    tables.into_iter().map(case).collect()
}

fn committed() -> Vec<Case> {
    let cases = cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/models"));
    assert_eq!(cases.len(), 11, "models in the repository");
    cases
}

/// Models that were trained here, on missing values and categories, with what they predict.
fn trained() -> Vec<Case> {
    let mut draw = Draw::new(5);
    let x = Array2::from_shape_fn((3_000, 5), |(_, column)| match column {
        _ if draw.unit() < 0.1 => f64::NAN,
        3 => draw.below(12) as f64,
        4 => draw.below(300) as f64,
        _ => draw.normal(),
    });
    // Values of a category that are missing tell something too.
    let risk = |row: usize| {
        let known = |column: usize| if x[[row, column]].is_nan() { 5.0 } else { x[[row, column]] };
        known(0) + (known(3) * 2.0).sin() + (known(4) * 0.7).cos()
    };
    let y: Vec<f64> = (0..x.nrows()).map(|row| risk(row) + draw.normal()).collect();
    let failed: Vec<bool> = y.iter().map(|&y| y > 1.0).collect();
    let kind: Vec<u32> = y.iter().map(|&y| u32::from(y > 0.0) + u32::from(y > 2.0)).collect();
    let count: Vec<f64> = y.iter().map(|&y| y.abs().floor()).collect();
    let batch = Batch::new(x.view());
    let binary = FailureClassifierParams::default().n_trees(20).categorical(vec![3, 4]);
    let several = ClassifierParams::default().n_trees(10).categorical(vec![3, 4]);
    let counts = RegressorParams::default().n_trees(20).categorical(vec![3, 4]);
    let counts = counts.loss(RegressionLoss::Poisson);
    let binary = binary.train(batch.with_target(&failed[..])).expect("good rows");
    let several = several.train(batch.with_target(&kind[..])).expect("good rows");
    let counts = counts.train(batch.with_target(&count[..])).expect("good rows");
    let models = [
        ("binary", binary.ensemble()),
        ("several", several.ensemble()),
        ("counts", counts.ensemble()),
    ];
    let case = |(name, model): (&str, &Ensemble)| {
        let raw = model.raw(x.view()).expect("its own rows");
        let predictions = model.predict(x.view()).expect("its own rows");
        let table = concatenate(Axis(1), &[x.view(), raw.view(), predictions.view()]);
        let (name, library) = (format!("forewarn_{name}"), "forewarn".to_owned());
        let file = PathBuf::from(&name);
        Case { name, library, file, model: model.clone(), table: table.expect("as many rows") }
    };
    models.map(case).into()
}

#[test]
fn models_of_others_predict_what_their_libraries_do() {
    for case in committed() {
        for difference in case.differences(&case.model) {
            assert!(difference <= TOLERANCE, "{}: {difference:e}", case.name);
        }
        assert_ne!(case.table.nrows(), 0);
    }
}

#[test]
fn what_is_written_as_lightgbm_text_predicts_the_same() {
    for case in committed().into_iter().chain(trained()) {
        let text = case.model.to_lightgbm();
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let again = Ensemble::from_lightgbm(&text).expect("what was written");
        for difference in case.differences(&again) {
            assert!(difference <= TOLERANCE, "{}: {difference:e}", case.name);
        }
        // Splits may be numbered anew by reading; from then on nothing changes.
        let second = again.to_lightgbm().expect("what was read");
        let third = Ensemble::from_lightgbm(&second).and_then(|model| model.to_lightgbm());
        assert_eq!(third, Ok(second), "{}", case.name);
    }
}

#[test]
fn announced_sizes_of_trees_are_theirs() {
    // LightGBM finds each tree by them.
    for case in committed() {
        let written = case.model.to_lightgbm().expect("written before");
        let original = fs::read_to_string(&case.file).unwrap_or_default();
        for text in [written, original].iter().filter(|text| text.starts_with("tree\n")) {
            let sizes = text.lines().find_map(|line| line.strip_prefix("tree_sizes="));
            let mut rest = &text[text.find("Tree=0").expect("a tree")..];
            for (tree, size) in sizes.expect("sizes").split(' ').enumerate() {
                assert!(rest.starts_with(&format!("Tree={tree}\n")), "{}", case.name);
                rest = &rest[size.parse().expect("a number")..];
            }
            assert!(rest.starts_with("end of trees"), "{}", case.name);
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn saved_ensembles_come_back_bit_for_bit() {
    for case in committed().into_iter().chain(trained()) {
        let bytes = case.model.to_bytes().expect("an ensemble can be written");
        assert_eq!(Ensemble::from_bytes(&bytes).as_ref(), Ok(&case.model), "{}", case.name);
        let text = serde_json::to_string(&case.model).expect("an ensemble can be written");
        let copy: Ensemble = serde_json::from_str(&text).expect("what was written");
        assert_eq!(copy, case.model, "{}", case.name);
    }
}

#[test]
#[ignore = "needs a folder of models: see benches/peers/exchange.py"]
fn folder_of_models() {
    // Beside each model `NAME.written` is left, for LightGBM to read, and three of our own with a
    // table `NAME.predicted`.
    let folder = std::env::var("FOREWARN_MODELS").expect("FOREWARN_MODELS names a folder");
    let folder = Path::new(&folder);
    let mut failed = 0;
    for mut case in trained() {
        case.file = folder.join(&case.name);
        let lines = case.table.rows().into_iter().map(|row| {
            let values: Vec<_> = row.iter().map(|value| format!("{value:?}")).collect();
            values.join(",")
        });
        let text = format!("# forewarn\n(header)\n{}\n", lines.collect::<Vec<_>>().join("\n"));
        fs::write(case.file.with_extension("predicted"), text).expect("written");
        let text = case.model.to_lightgbm().expect("what was trained");
        fs::write(case.file.with_extension("written"), text).expect("written");
    }
    for case in cases(folder) {
        let [raw, prediction] = case.differences(&case.model);
        let (rows, library) = (case.table.nrows(), &case.library);
        println!("{:36} {library:16} {rows:6} rows  raw {raw:.1e}  {prediction:.1e}", case.name);
        failed += u32::from(!(raw <= TOLERANCE && prediction <= TOLERANCE));
        match case.model.to_lightgbm() {
            Ok(text) => fs::write(case.file.with_extension("written"), text).expect("written"),
            Err(error) => println!("    not written: {error}"),
        }
    }
    assert_eq!(failed, 0, "models that differ by more than {TOLERANCE:e}");
}
