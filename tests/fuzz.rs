//! Hostile model files: good ones with bytes, numbers and whole parts altered at random, given to
//! each reader. None may panic, hang, or ask for memory out of proportion; what is read must be a
//! model that predicts and can be written again.
//!
//! Each test tries a few thousand files. For as long as you like, with other files every time:
//!
//! ```text
//! FOREWARN_FUZZ_SECONDS=600 cargo test --release --test fuzz -- --nocapture
//! ```

#[path = "support/counting.rs"]
mod counting;
#[path = "support/rows.rs"]
mod rows;

use counting::counted;
use forewarn::boost::Ensemble;
use forewarn::ndarray::Array2;
use forewarn::{Error, Result};
use rows::Draw;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

/// Memory is counted over all threads.
static ALONE: Mutex<()> = Mutex::new(());

/// Files of each kind that are tried in an ordinary run.
const FILES: usize = 2_000;

/// Parts of a file that mean something to one reader or another.
const WORDS: [&str; 26] = [
    "-1",
    "0",
    "1",
    "-0.0",
    "3",
    "64",
    "2147483647",
    "-2147483648",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "1e308",
    "-1e308",
    "1e999",
    "4e-324",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "null",
    "{",
    "[",
    "\"",
    "\\u",
    "\n",
    "Tree=0\n",
]; // fmt: skip

struct Fuzzer {
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    read: fn(&[u8]) -> Result<Ensemble>,
    /// Bytes that reading may take beside a multiple of the file.
    beside: usize,
}

impl Fuzzer {
    fn run(&self) {
        let _alone = ALONE.lock();
        let seconds = std::env::var("FOREWARN_FUZZ_SECONDS").map(|seconds| seconds.parse());
        let seconds: Option<u64> = seconds.ok().map(|seconds| seconds.expect("whole seconds"));
        let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let seed = if seconds.is_some() { clock.as_nanos() as u64 } else { 7 };
        let start = Instant::now();
        let (mut files, mut models, mut most) = (0_usize, 0_usize, 0.0_f64);
        let mut slowest = Duration::ZERO;
        let goes_on = |files| match seconds {
            Some(seconds) => start.elapsed().as_secs() < seconds,
            None => files < FILES,
        };
        while goes_on(files) {
            // Each from its own seed, so that any can be had again.
            let file_seed = seed.wrapping_add(files as u64);
            let file = self.altered(&mut Draw::new(file_seed));
            let timed = || {
                let before = Instant::now();
                let counted = counted(|| self.read(&file, file_seed));
                (before.elapsed(), counted)
            };
            let (mut time, (model, _, bytes)) = timed();
            // Again, should other work on the machine have come between.
            for _ in 0..5 {
                if time <= slowest.max(Duration::from_millis(20)) {
                    break;
                }
                time = time.min(timed().0);
            }
            slowest = slowest.max(time);
            let allowed = self.beside + 64 * file.len();
            assert!(bytes <= allowed, "{bytes} bytes of {allowed}: seed {file_seed}");
            assert!(time.as_secs() < 1, "{time:?}: seed {file_seed}");
            most = most.max(bytes as f64 / file.len().max(1) as f64);
            if let Some(model) = model {
                models += 1;
                use_model(&model, file_seed);
            }
            files += 1;
        }
        println!(
            "{}: {files} files from seed {seed}, {models} of them models; at most {most:.0} bytes of \
             memory a byte, {slowest:?} a file",
            self.name
        );
        // The alterations must be small enough to get past the first line.
        assert!(models * 50 > files, "{models} models of {files} files");
        assert!(models < files, "nothing was refused");
    }

    fn read(&self, file: &[u8], seed: u64) -> Option<Ensemble> {
        match (self.read)(file) {
            Ok(model) => Some(model),
            Err(Error::InvalidModel { reason }) => {
                assert!(reason.len() < 300, "{} bytes of reason: seed {seed}", reason.len());
                None
            }
            Err(Error::NewerFormat { .. }) => None,
            Err(error) => panic!("{error}: seed {seed}"),
        }
    }

    fn altered(&self, draw: &mut Draw) -> Vec<u8> {
        let mut file = self.seeds[draw.below(self.seeds.len())].clone();
        for _ in 0..=draw.below(4) {
            let at = draw.below(file.len().max(1)).min(file.len());
            let end = (at + 1 + draw.below(200)).min(file.len());
            match draw.below(10) {
                0 => file.truncate(at),
                1 | 2 if at < file.len() => file[at] ^= 1 << draw.below(8),
                3 if at < file.len() => file[at] = [0, 0x7F, 0x80, 0xFF][draw.below(4)],
                4 => drop(file.drain(at..end)),
                5 => {
                    let part = file[at..end].to_vec();
                    let times = [1, 1, 1, 2, 300][draw.below(5)];
                    file.splice(at..at, part.repeat(times));
                }
                6 => {
                    let other = &self.seeds[draw.below(self.seeds.len())];
                    let from = draw.below(other.len());
                    let to = (from + 1 + draw.below(2_000)).min(other.len());
                    file.splice(at..end, other[from..to].iter().copied());
                }
                7 => {
                    let word = WORDS[draw.below(WORDS.len())];
                    file.splice(at..at, word.bytes());
                }
                _ => replace_number(&mut file, at, draw),
            }
        }
        file
    }
}

/// Puts another number in the place of the next one in the text, or of eight bytes.
fn replace_number(file: &mut Vec<u8>, at: usize, draw: &mut Draw) {
    let of_number = |byte: &u8| byte.is_ascii_digit() || b"+-.e".contains(byte);
    let Some(start) = file[at..].iter().position(u8::is_ascii_digit).map(|offset| at + offset)
    else {
        return;
    };
    let length = file[start..].iter().take_while(|byte| of_number(byte)).count();
    if draw.below(3) == 0 {
        let end = (start + 8).min(file.len());
        let number = [0, 1, u64::MAX, u64::from(u32::MAX), 1 << 62][draw.below(5)];
        file.splice(start..end, number.to_be_bytes());
    } else {
        file.splice(start..start + length, WORDS[draw.below(19)].bytes());
    }
}

/// Predicts some rows, and writes the model in all forms.
fn use_model(model: &Ensemble, seed: u64) {
    let columns = model.n_features();
    if columns > 10_000 {
        return;
    }
    let mut draw = Draw::new(seed);
    let rows = Array2::from_shape_fn((9, columns), |(row, _)| match row {
        0 => 0.0,
        1 => f64::NAN,
        2 => f64::MAX,
        3 => f64::MIN,
        4 => -0.5,
        5 => draw.below(100) as f64,
        _ => draw.normal(),
    });
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
    Fuzzer { name: "LightGBM text", seeds: files("txt"), read, beside: 1 << 20 }.run();
}

#[test]
fn xgboost_json() {
    // The sets of categories have a budget of their own.
    let read = Ensemble::from_xgboost;
    Fuzzer { name: "XGBoost JSON", seeds: files("json"), read, beside: 64 << 20 }.run();
}

#[test]
fn xgboost_ubj() {
    let read = Ensemble::from_xgboost;
    Fuzzer { name: "XGBoost UBJ", seeds: files("ubj"), read, beside: 64 << 20 }.run();
}

#[cfg(feature = "serde")]
#[test]
fn saved_ensembles() {
    // Only what is inside of the envelope: a checksum finds all else.
    const HEADER: usize = 8 + 4 + 8;
    fn read(payload: &[u8]) -> Result<Ensemble> {
        let mut file = b"fw-trees\x01\0\0\0".to_vec();
        file.extend((payload.len() as u64).to_le_bytes());
        file.extend(payload);
        let checksum = file.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        file.extend(checksum.to_le_bytes());
        Ensemble::from_bytes(&file)
    }
    let payload = |model: Ensemble| {
        let file = model.to_bytes().expect("a model can be written");
        file[HEADER..file.len() - 8].to_vec()
    };
    let texts = files("txt").into_iter().map(|file| {
        Ensemble::from_lightgbm(&String::from_utf8(file).expect("text")).expect("a model")
    });
    let others = files("json").into_iter().map(|file| Ensemble::from_xgboost(&file));
    let others = others.map(|model| model.expect("a model"));
    let seeds: Vec<_> = texts.chain(others).map(payload).collect();
    assert!(read(&seeds[0]).is_ok(), "the envelope is right");
    Fuzzer { name: "own form", seeds, read, beside: 4 << 20 }.run();
}
