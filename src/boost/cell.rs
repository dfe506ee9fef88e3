//! Derivatives as whole numbers, so that their sums are exact.
//!
//! A histogram adds up first and second derivatives of many rows. In floating point the sum depends
//! on the order, so on how rows are shared between threads, and a sibling's histogram, which is the
//! parent's less the other child's, is left with rounding errors where it should be zero. Whole
//! numbers have neither trouble. Both derivatives are scaled by a power of two and rounded up or down
//! at random in proportion to the remainder (Shi et al. 2022, "Quantized training of gradient
//! boosting decision trees"): over many rows the errors cancel. Leaf values are not taken from these
//! sums but from the derivatives themselves.

use super::loss::Derivatives;

/// One entry of a histogram: sums of both derivatives.
pub(crate) trait Cell: Copy + Default + Send + Sync + PartialEq {
    /// How large a sum of absolute first, or of second derivatives may become.
    const LIMIT: f64;

    fn pack(gradient: i64, hessian: i64) -> Self;
    fn gradient(self) -> i64;
    fn hessian(self) -> i64;
    /// A sum of one kind as a float; in vector instructions, if it is known to fit 32 bits.
    fn float(sum: i64) -> f64;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;

    /// One row's derivatives in four bytes, two for each. They must fit: those of 65,536 rows or more whose
    /// sums keep to one word do, being at most 2¹⁴, which is the word's [`LIMIT`](Self::LIMIT) over the rows.
    #[inline(always)]
    fn to_room(self) -> [u8; 4] {
        let [a, b] = (self.gradient() as i16).to_le_bytes();
        let [c, d] = (self.hessian() as u16).to_le_bytes();
        [a, b, c, d]
    }

    #[inline(always)]
    fn from_room([a, b, c, d]: [u8; 4]) -> Self {
        Self::pack(i16::from_le_bytes([a, b]).into(), u16::from_le_bytes([c, d]).into())
    }
}

/// Both sums in one word, the first derivatives' in the upper half: one addition a row and column,
/// and half of the cache.
impl Cell for u64 {
    const LIMIT: f64 = (1_u32 << 30) as f64;

    #[inline(always)]
    fn pack(gradient: i64, hessian: i64) -> Self {
        ((gradient << 32) + hessian) as u64
    }

    #[inline(always)]
    fn gradient(self) -> i64 {
        // The lower half is a sum of numbers that are not negative and never borrows.
        self as i64 >> 32
    }

    #[inline(always)]
    fn hessian(self) -> i64 {
        i64::from(self as u32)
    }

    #[inline(always)]
    fn float(sum: i64) -> f64 {
        f64::from(sum as i32)
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

/// For derivatives of very different sizes, whose small ones would be lost in half a word.
impl Cell for [i64; 2] {
    const LIMIT: f64 = (1_u64 << 52) as f64;

    #[inline(always)]
    fn pack(gradient: i64, hessian: i64) -> Self {
        [gradient, hessian]
    }

    #[inline(always)]
    fn gradient(self) -> i64 {
        self[0]
    }

    #[inline(always)]
    fn hessian(self) -> i64 {
        self[1]
    }

    #[inline(always)]
    fn float(sum: i64) -> f64 {
        sum as f64
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        [self[0] + other[0], self[1] + other[1]]
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        [self[0] - other[0], self[1] - other[1]]
    }
}

/// What the derivatives of one tree's rows are like.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sizes {
    largest: [f32; 2],
    squares: f64,
    rows: usize,
}

impl Sizes {
    pub(crate) fn of(derivatives: &[Derivatives]) -> Self {
        let mut largest = [[0.0_f32; 2]; 8];
        let mut squares = [0.0_f32; 8];
        let mut total = 0.0;
        for block in derivatives.chunks(1024) {
            for lanes in block.chunks(8) {
                for ((largest, squares), [g, h]) in largest.iter_mut().zip(&mut squares).zip(lanes)
                {
                    largest[0] = largest[0].max(g.abs());
                    largest[1] = largest[1].max(*h);
                    *squares += g * g;
                }
            }
            total += squares.iter().map(|&square| f64::from(square)).sum::<f64>();
            squares = [0.0; 8];
        }
        let largest =
            largest.into_iter().fold([0.0_f32; 2], |a, b| [a[0].max(b[0]), a[1].max(b[1])]);
        Self { largest, squares: total, rows: derivatives.len() }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            largest: std::array::from_fn(|k| self.largest[k].max(other.largest[k])),
            squares: self.squares + other.squares,
            rows: self.rows + other.rows,
        }
    }

    /// Powers of two by which the derivatives are multiplied, so that no sum leaves its [`Cell`].
    pub(crate) fn scales<C: Cell>(&self) -> Scales {
        let scale = |largest: f32| {
            if largest > 0.0 {
                // One more for each row: rounding up adds less than 1.
                let levels = (C::LIMIT / self.rows as f64 - 1.0).clamp(1.0, MOST_LEVELS);
                (levels / f64::from(largest)).log2().floor().clamp(-100.0, 100.0).exp2()
            } else {
                1.0
            }
        };
        Scales { gradient: scale(self.largest[0]), hessian: scale(self.largest[1]) }
    }

    /// Whether typical first derivatives are at least eight units in one word: rounding them then
    /// adds less than a thousandth to the variance of their sums.
    pub(crate) fn fit_one_word(&self) -> bool {
        let typical = (self.squares / self.rows.max(1) as f64).sqrt();
        typical * self.scales::<u64>().gradient >= 8.0
    }
}

/// Whole numbers of this size and a fraction fit an `f32`.
const MOST_LEVELS: f64 = (1_u32 << 20) as f64;

/// Half a step of the random sixteen bits above it, so that whole numbers stay what they are.
const JUST_ABOVE_MINUS_HALF: f32 = -0.5 + 0.5 / 65_536.0;

/// The nearest whole number of one below 2²¹, by adding a number so large that fractions do not fit
/// beside it: unlike `round`, every processor has a vector instruction for it.
#[inline(always)]
fn nearest(value: f32) -> i32 {
    const SHIFT: f32 = 12_582_912.0; // 1.5 · 2²³
    (value + SHIFT).to_bits() as i32 - SHIFT.to_bits() as i32
}

/// What derivatives were multiplied by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scales {
    pub(crate) gradient: f64,
    pub(crate) hessian: f64,
}

/// Rounds the derivatives of rows from `first` on. What is added before rounding down follows from the
/// row's number and the tree's alone.
#[inline(always)]
pub(crate) fn round<C: Cell>(
    derivatives: &[Derivatives],
    first: u32,
    scales: Scales,
    tree: u64,
    cells: &mut [C],
) {
    let (scale_g, scale_h) = (scales.gradient as f32, scales.hessian as f32);
    let salt = (tree as u32).wrapping_mul(0x85EB_CA6B).wrapping_add(0x27D4_EB2F);
    let pairs = cells.iter_mut().zip(derivatives);
    for (row, (cell, &[g, h])) in (first..).zip(pairs) {
        // Two rounds of a multiplicative hash; sixteen of its bits to either derivative.
        let mut hash = (row ^ salt).wrapping_mul(0x9E37_79B1);
        hash = (hash ^ hash >> 15).wrapping_mul(0x85EB_CA77);
        let upper = (hash >> 16) as f32 * (1.0 / 65_536.0) + JUST_ABOVE_MINUS_HALF;
        let lower = (hash & 0xFFFF) as f32 * (1.0 / 65_536.0) + JUST_ABOVE_MINUS_HALF;
        let gradient = nearest(g * scale_g + upper);
        let hessian = nearest(h * scale_h + lower);
        *cell = C::pack(i64::from(gradient), i64::from(hessian));
    }
}
