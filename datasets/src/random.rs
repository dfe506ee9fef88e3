//! Random streams: `(seed, index)` names a stream of xoshiro256++, and every distribution is an
//! explicit formula of its uniform draws. No dependency can change a simulated value.

use crate::exact::{exponential, logarithm};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};

/// One independent stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream number `index` under `seed`.
    ///
    /// The seed is mixed before the index is added, so that neighbouring seeds share no stream.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mixed = SplitMix64::seed_from_u64(seed).next_u64();
        let mut words =
            SplitMix64::seed_from_u64(mixed ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut state = [0_u8; 32];
        for bytes in state.chunks_exact_mut(8) {
            bytes.copy_from_slice(&words.next_u64().to_le_bytes());
        }
        Self(Xoshiro256PlusPlus::from_seed(state))
    }

    /// Uniform in `[0, 1)`, with 53 random bits.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `[low, high)`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with the given probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform in `0..n` for `1 <= n < 2^32`: the high half of a product, uneven by less than
    /// 2^-32, which no simulation can tell.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (((self.0.next_u64() >> 32) * n as u64) >> 32) as usize
    }

    /// Exponential with mean 1: `−ln(1 − u)`.
    pub(crate) fn exponential(&mut self) -> f64 {
        -logarithm(1.0 - self.unit())
    }

    /// Standard normal: the quantile of one uniform draw.
    pub(crate) fn normal(&mut self) -> f64 {
        // The half step keeps the argument off 0, where the quantile is infinite.
        normal_quantile(self.unit() + 0.5 / (1_u64 << 53) as f64)
    }

    /// `e^(sigma N)`: log-normal with median 1.
    pub(crate) fn log_normal(&mut self, sigma: f64) -> f64 {
        exponential(sigma * self.normal())
    }
}

/// `a_t = φ a_(t−1) + σ √(1 − φ²) N_t`: noise with memory, standard deviation σ at every time.
#[derive(Debug, Clone)]
pub(crate) struct Wander {
    memory: f64,
    step: f64,
    value: f64,
}

impl Wander {
    pub(crate) fn new(memory: f64, deviation: f64, stream: &mut Stream) -> Self {
        let step = deviation * (1.0 - memory * memory).sqrt();
        Self { memory, step, value: deviation * stream.normal() }
    }

    pub(crate) fn next(&mut self, stream: &mut Stream) -> f64 {
        self.value = self.memory * self.value + self.step * stream.normal();
        self.value
    }
}

/// Quantile of the standard normal for `p` in `(0, 1)`: algorithm AS 241 (PPND16) of Wichura,
/// "The percentage points of the normal distribution", Applied Statistics 37 (1988), 477–484;
/// about 16 digits.
fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(r, &CENTRE_OVER, &CENTRE_UNDER);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-logarithm(tail)).sqrt();
    let size = if r <= 5.0 {
        ratio(r - 1.6, &MIDDLE_OVER, &MIDDLE_UNDER)
    } else {
        ratio(r - 5.0, &FAR_OVER, &FAR_UNDER)
    };
    if q < 0.0 { -size } else { size }
}

/// Ratio of two polynomials given from the constant term up.
fn ratio(x: f64, over: &[f64; 8], under: &[f64; 8]) -> f64 {
    let polynomial = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
    polynomial(over) / polynomial(under)
}

const CENTRE_OVER: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const CENTRE_UNDER: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_854,
];
const MIDDLE_OVER: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    7.745_450_142_783_414e-4,
];
const MIDDLE_UNDER: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const FAR_OVER: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    0.296_560_571_828_504_87,
    0.026_532_189_526_576_124,
    0.001_242_660_947_388_078_4,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_UNDER: [f64; 8] = [
    1.0,
    0.599_832_206_555_888,
    0.136_929_880_922_735_8,
    0.014_875_361_290_850_615,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from `scipy.special.ndtri`.
    #[test]
    fn normal_quantile_agrees_with_tables() {
        let known = [
            (1e-16, -8.222_082_216_130_435),
            (1e-12, -7.034_483_825_301_131),
            (1e-8, -5.612_001_244_174_789),
            (1e-4, -3.719_016_485_455_680_4),
            (0.001, -3.090_232_306_167_813),
            (0.0228, -1.999_077_214_971_77),
            (0.0749, -1.440_238_267_527_963_5),
            (0.0751, -1.438_825_392_752_540_3),
            (0.1, -1.281_551_565_544_600_4),
            (0.25, -0.674_489_750_196_081_7),
            (0.4, -0.253_347_103_135_799_7),
            (0.49, -0.025_068_908_258_711_06),
        ];
        for (p, expected) in known {
            let found = normal_quantile(p);
            assert!((found / expected - 1.0).abs() < 1e-13, "{p}: {found} {expected}");
            // Only where 1 − p does not lose digits.
            if p > 1e-3 {
                assert!((normal_quantile(1.0 - p) / -expected - 1.0).abs() < 1e-12, "{p}");
            }
        }
        assert_eq!(normal_quantile(0.5), 0.0);
    }

    /// The first numbers of xoshiro256++ from the state 1, 2, 3, 4, as its authors' C program
    /// (<https://prng.di.unimi.it/xoshiro256plusplus.c>) gives them.
    #[test]
    fn the_generator_is_xoshiro256plusplus() {
        let mut state = [0_u8; 32];
        for (at, word) in [1_u64, 2, 3, 4].iter().enumerate() {
            state[8 * at..8 * at + 8].copy_from_slice(&word.to_le_bytes());
        }
        let mut generator = Xoshiro256PlusPlus::from_seed(state);
        for expected in [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386] {
            assert_eq!(generator.next_u64(), expected);
        }
    }

    /// Pins the stream: these may never change, or every simulated data set changes. The decimals
    /// and the whole numbers are from a transcription to Python with the quantiles of
    /// `scipy.special.ndtri`.
    #[test]
    fn values_are_stable() {
        let mut stream = Stream::new(7, 3);
        let drawn = [stream.unit(), stream.normal(), stream.exponential(), stream.log_normal(0.5)];
        let expected = [
            0.513_263_339_409_351_4,
            -0.951_781_194_472_788_6,
            0.135_623_173_536_392_25,
            1.042_273_842_675_567_3,
        ];
        for (found, expected) in drawn.iter().zip(expected) {
            assert!((found / expected - 1.0_f64).abs() < 1e-14, "{found} {expected}");
        }
        let bits = [
            4_602_798_284_713_490_199,
            13_830_120_139_265_584_015,
            4_594_054_360_080_945_825,
            4_607_372_803_262_138_612,
        ];
        assert_eq!(drawn.map(f64::to_bits), bits);
        assert_eq!([(); 6].map(|()| stream.below(10)), [5, 2, 7, 7, 9, 7]);
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut stream = Stream::new(1, 0);
        let n = 200_000;
        let mut sums = [0.0; 5];
        for _ in 0..n {
            let normal = stream.normal();
            let values = [
                stream.unit(),
                normal,
                normal * normal,
                stream.exponential(),
                stream.below(7) as f64,
            ];
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value / f64::from(n));
        }
        // Five standard errors of each mean, the largest of them sqrt(4 / n) for `below`.
        for (found, expected) in sums.into_iter().zip([0.5, 0.0, 1.0, 1.0, 3.0]) {
            assert!(
                (found - expected).abs() < 5.0 * (4.0 / f64::from(n)).sqrt(),
                "{found} {expected}"
            );
        }
    }

    #[test]
    fn streams_differ_by_seed_and_index() {
        let first = |seed, index| Stream::new(seed, index).unit().to_bits();
        let all = [first(0, 0), first(0, 1), first(1, 0), first(1, 1), first(2, 0)];
        for (at, value) in all.iter().enumerate() {
            assert!(!all[..at].contains(value));
        }
    }

    #[test]
    fn wander_keeps_its_deviation() {
        let mut stream = Stream::new(5, 0);
        let mut wander = Wander::new(0.8, 2.0, &mut stream);
        let n = 100_000;
        let mean_square =
            (0..n).map(|_| wander.next(&mut stream).powi(2)).sum::<f64>() / f64::from(n);
        assert!((mean_square - 4.0).abs() < 0.15, "{mean_square}");
    }
}
