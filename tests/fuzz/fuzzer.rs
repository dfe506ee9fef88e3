//! Files altered at random, and what must hold whichever reader is given them.

use crate::counting::counted;
use crate::rows::Draw;
use forewarn::ndarray::Array2;
use forewarn::{Error, Result};
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

/// A reader, and files to alter for it.
pub(crate) struct Fuzzer<M> {
    pub(crate) name: &'static str,
    pub(crate) seeds: Vec<Vec<u8>>,
    pub(crate) read: fn(&[u8]) -> Result<M>,
    /// Predicts with what was read, and writes it; panics, naming the seed, where it cannot.
    pub(crate) exercise: fn(&M, u64),
    /// Bytes that reading may take beside a multiple of the file.
    pub(crate) beside: usize,
}

impl<M> Fuzzer<M> {
    pub(crate) fn run(&self) {
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
                (self.exercise)(&model, file_seed);
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

    fn read(&self, file: &[u8], seed: u64) -> Option<M> {
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

/// Rows with everything that a model may be asked for: zeros, missing values, the largest numbers.
pub(crate) fn odd_rows(columns: usize, seed: u64) -> Array2<f64> {
    let mut draw = Draw::new(seed);
    Array2::from_shape_fn((9, columns), |(row, _)| match row {
        0 => 0.0,
        1 => f64::NAN,
        2 => f64::MAX,
        3 => f64::MIN,
        4 => -0.5,
        5 => draw.below(100) as f64,
        _ => draw.normal(),
    })
}
