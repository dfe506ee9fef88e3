//! The filters, compiled for the vector units that this machine may have: with AVX2 they take half the
//! time. The bodies are the same safe code and give the same bits.
#![allow(unsafe_code)]

use super::filter::{self, LANES, Model, Posterior, Seen};
use crate::columnar::level::Level;

/// [`filter::run`] at a level of [`available`](crate::columnar::level::available).
pub(super) fn run(
    level: Level,
    models: &[Model; LANES],
    seen: &[Seen],
    least: f64,
) -> [Posterior; LANES] {
    match level {
        Level::Portable => filter::run(models, seen, least),
        // SAFETY: a level other than the portable one is made in `available` alone, after the
        // processor was asked for every feature that the functions are compiled for.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { run_avx2(models, seen, least) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { run_avx512(models, seen, least) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2(models: &[Model; LANES], seen: &[Seen], least: f64) -> [Posterior; LANES] {
    filter::run(models, seen, least)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn run_avx512(models: &[Model; LANES], seen: &[Seen], least: f64) -> [Posterior; LANES] {
    filter::run(models, seen, least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columnar::level::available;
    use crate::rng::Stream;
    use crate::trend::structural::mixture::models;

    #[test]
    fn every_level_gives_the_same_bits() {
        let mut stream = Stream::new(5, 0);
        let seen: Vec<Seen> = (0..60)
            .map(|k| Seen {
                steps: if k % 9 == 4 { 2.5 } else { 1.0 },
                value: stream.normal(),
                season: [0; 4].map(|_| stream.normal()),
            })
            .collect();
        for group in models(true).chunk_by(|(a, _), (b, _)| a.shape() == b.shape()) {
            let lanes = std::array::from_fn(|lane| group[lane.min(group.len() - 1)].0);
            let written = |level| format!("{:?}", run(level, &lanes, &seen, 1e-3));
            let portable = written(Level::Portable);
            for level in available() {
                assert_eq!(written(level), portable, "{level:?}");
            }
        }
    }
}
