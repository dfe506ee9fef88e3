//! Random streams: `(seed, index)` names a stream of xoshiro256++, whatever thread draws from it.
//!
//! Every drawing function but the normal quantile is written out here, so that a new version of a
//! dependency cannot change a trained model unnoticed; `tests` below pin the values.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};
use statrs::function::erf::erfc_inv;

/// One independent stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream number `index` under `seed`.
    ///
    /// The seed goes through SplitMix64 before the index is added, so that streams of
    /// neighbouring seeds do not overlap: with `seed + index` as the generator's seed, seeds 1
    /// and 2 would share 99 of 100 trees.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mixed = SplitMix64::seed_from_u64(seed).next_u64();
        let mut words =
            SplitMix64::seed_from_u64(mixed ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut state = [0_u8; 32];
        words.fill_bytes(&mut state);
        Self(Xoshiro256PlusPlus::from_seed(state))
    }

    /// Uniform in `[0, 1)`, with 53 random bits.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in `0..n` without modulo bias (Lemire 2019, multiply and reject). `n` must be > 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        let reject_under = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(n);
            if product as u64 >= reject_under {
                return (product >> 64) as usize;
            }
        }
    }

    /// Standard normal, by the inverse distribution function: one draw a value.
    pub(crate) fn normal(&mut self) -> f64 {
        // The half step keeps the argument off 0, where the quantile is infinite.
        let u = self.unit() + 0.5 / (1_u64 << 53) as f64;
        -std::f64::consts::SQRT_2 * erfc_inv(2.0 * u)
    }

    /// `size` distinct numbers below `n`, in no particular order: Floyd's algorithm, O(size)
    /// whatever `n` is. `size` must not exceed `n`, nor `n` 2³² − 1.
    pub(crate) fn distinct(&mut self, n: usize, size: usize) -> Vec<u32> {
        let mut seen = Seen::new(size);
        let mut drawn = Vec::with_capacity(size);
        for last in n - size..n {
            let number = self.below(last + 1) as u32;
            let number = if seen.insert(number) { number } else { last as u32 };
            seen.insert(number);
            drawn.push(number);
        }
        drawn
    }
}

/// A set of numbers in one flat table, four slots a number; linear probing.
#[derive(Debug)]
pub(crate) struct Seen {
    slots: Vec<u32>,
    /// Leaves as many bits of a hash as number the slots.
    shift: u32,
}

const FREE: u32 = u32::MAX;

impl Seen {
    pub(crate) fn new(size: usize) -> Self {
        let slots = (4 * size).next_power_of_two().max(2);
        Self { slots: vec![FREE; slots], shift: 64 - slots.ilog2() }
    }

    fn slot(&self, number: u32) -> usize {
        let hash = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut slot = (hash >> self.shift) as usize;
        while self.slots[slot] != FREE && self.slots[slot] != number {
            slot = (slot + 1) % self.slots.len();
        }
        slot
    }

    pub(crate) fn contains(&self, number: u32) -> bool {
        self.slots[self.slot(number)] == number
    }

    pub(crate) fn insert(&mut self, number: u32) -> bool {
        let slot = self.slot(number);
        let new = self.slots[slot] == FREE;
        self.slots[slot] = number;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trained models depend on these: they may never change. Expected values from a transcription
    /// of the published algorithms (SplitMix64, xoshiro256++, Lemire 2019, Floyd) in Python, with
    /// the normal quantile of its standard library.
    #[test]
    fn values_are_stable() {
        let mut stream = Stream::new(42, 7);
        assert_eq!(
            [stream.unit(), stream.unit()],
            [0.963_497_898_976_524_3, 0.853_795_887_033_680_1]
        );
        assert_eq!([stream.below(10), stream.below(1_000_000)], [8, 389_085]);
        assert_eq!(stream.distinct(100, 4), [25, 13, 68, 84]);
        assert!((stream.normal() - 0.969_240_018_906_462_4).abs() < 1e-12);
    }

    #[test]
    fn streams_of_neighbouring_seeds_share_nothing() {
        let first = |seed, index| Stream::new(seed, index).unit();
        for index in 0..100 {
            for other in 0..100 {
                assert_ne!(first(1, index), first(2, other), "{index} and {other}");
            }
        }
    }

    #[test]
    fn normal_values_have_the_moments_of_a_normal() {
        let mut stream = Stream::new(0, 0);
        let values: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let moment = |power| values.iter().map(|v: &f64| v.powi(power)).sum::<f64>() / 100_000.0;
        // Six standard errors: sqrt(1), sqrt(2), sqrt(15), sqrt(96) over sqrt(100,000).
        assert!(moment(1).abs() < 0.019);
        assert!((moment(2) - 1.0).abs() < 0.027);
        assert!(moment(3).abs() < 0.074);
        assert!((moment(4) - 3.0).abs() < 0.186);
    }

    #[test]
    fn below_reaches_every_number_equally_often() {
        let mut stream = Stream::new(5, 5);
        let mut counts = [0_u32; 7];
        (0..70_000).for_each(|_| counts[stream.below(7)] += 1);
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 560), "{counts:?}");
    }

    #[test]
    fn distinct_numbers_are_distinct() {
        for (n, size) in [(1, 1), (10, 10), (1_000_000, 300), (300, 299)] {
            let mut drawn = Stream::new(1, n as u64).distinct(n, size);
            drawn.sort_unstable();
            drawn.dedup();
            assert_eq!(drawn.len(), size);
            assert!(drawn.iter().all(|&number| (number as usize) < n));
        }
    }
}
