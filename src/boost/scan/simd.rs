//! The search among cuts, compiled for the vector units that this machine may have: with AVX2 it takes
//! little more than half the time, with AVX-512 a third. The body is the same safe code and gives the
//! same bits.
#![allow(unsafe_code)]

use super::{Place, free};
use crate::boost::cell::Cell;
use crate::columnar::level::Level;

/// [`free::best`] at a level of [`available`](crate::columnar::level::available).
pub(super) fn best<C: Cell>(level: Level, left: &[C], missing: C, place: &Place) -> (f64, usize) {
    match level {
        Level::Portable => free::best(left, missing, place),
        // SAFETY: a level other than the portable one is made in `available` alone, after the
        // processor was asked for every feature that the functions are compiled for.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { best_avx2(left, missing, place) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { best_avx512(left, missing, place) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn best_avx2<C: Cell>(left: &[C], missing: C, place: &Place) -> (f64, usize) {
    free::best(left, missing, place)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn best_avx512<C: Cell>(left: &[C], missing: C, place: &Place) -> (f64, usize) {
    free::best(left, missing, place)
}

#[cfg(test)]
mod tests {
    use super::super::{Bounds, Limits, Sums};
    use super::*;
    use crate::boost::cell::Scales;
    use crate::columnar::level::available;
    use crate::rng::Stream;

    /// One cut after the other, by the gains of both sides on their own.
    fn naive<C: Cell>(left: &[C], missing: C, place: &Place) -> Vec<f64> {
        let (all_g, all_h) = place.floats(place.sums);
        let gain = |&cell: &C| {
            let mut sums = Sums::default();
            sums.add(cell.plus(missing));
            let (g, h) = place.floats(sums);
            if h < place.least || all_h - h < place.least {
                return f64::NEG_INFINITY;
            }
            place.gain(g, h) + place.gain(all_g - g, all_h - h)
        };
        left.iter().map(gain).collect()
    }

    fn every_level_finds_the_best<C: Cell>(size: i64) {
        let mut stream = Stream::new(12, 0);
        for case in 0..600 {
            let count = stream.below(256);
            // Few different values: many cuts are equal, and the first one counts.
            let kinds = if case % 3 == 0 { 2 } else { 1_000 };
            let mut draw = || stream.below(kinds) as i64;
            let rows = [(); 257].map(|()| ((draw() - draw()) * size, draw() * size));
            let (mut sum, mut left) = (C::default(), Vec::new());
            for &(gradient, hessian) in &rows[..count] {
                sum = sum.plus(C::pack(gradient, hessian));
                left.push(sum);
            }
            let missing =
                if case % 2 == 0 { C::default() } else { C::pack(rows[256].0, rows[256].1) };
            let mut sums = Sums::default();
            sums.add(sum.plus(missing).plus(C::pack(7 * size, 9 * size)));
            let least = if case % 5 == 0 { 0.0 } else { 40.0 * size as f64 / 256.0 };
            let (l1, l2) = (f64::from(case % 4), f64::from(case % 7));
            let limits = Limits { l1, l2, min_gain: 0.0, min_hessian: least, min_rows: 0.0 };
            let scales = Scales { gradient: 256.0, hessian: 256.0 };
            let place = Place::new(sums, 1_000, scales, limits, Bounds::NONE);
            let gains = naive(&left, missing, &place);
            let most = gains.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let (gain, index) = best(Level::Portable, &left, missing, &place);
            if most.is_finite() {
                assert!((gain - most).abs() <= 1e-12 * most, "{case}: {gain}, {most}");
                assert!((gains[index] - most).abs() <= 1e-12 * most, "{case}: {index}");
                assert!(gains[..index].iter().all(|&before| before < most), "{case}: {index}");
            } else {
                assert_eq!((gain, index), (f64::NEG_INFINITY, 0), "{case}");
            }
            for level in available() {
                let found = best(level, &left, missing, &place);
                assert_eq!(found.0.to_bits(), gain.to_bits(), "{case}, {level:?}");
                assert_eq!(found.1, index, "{case}, {level:?}");
            }
        }
    }

    #[test]
    fn every_level_finds_the_first_of_the_best_cuts() {
        every_level_finds_the_best::<u64>(1);
        every_level_finds_the_best::<[i64; 2]>(1 << 35);
    }
}
