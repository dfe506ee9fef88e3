//! Sine, exponential and logarithm from the four basic operations alone.
//!
//! The standard library's versions come from the platform, and their last bit differs between
//! platforms and releases. IEEE 754 fixes `+ − × ÷ √` to the bit, so that what is built from
//! these only is the same everywhere and for ever. Accuracy is a few units in the last place.

use std::f64::consts::{LN_2, SQRT_2, TAU};

/// Terms of the three series: enough for 1e-15 on the reduced arguments.
const TERMS: u32 = 14;

/// `sin(2π x)`: the argument counts whole turns.
pub(crate) fn sine(turns: f64) -> f64 {
    let mut x = turns - turns.floor();
    // Fold [0, 1) onto [−1/4, 1/4], where the series is short.
    x = if x > 0.75 {
        x - 1.0
    } else if x > 0.25 {
        0.5 - x
    } else {
        x
    };
    let angle = TAU * x;
    let mut term = angle;
    let mut sum = angle;
    for k in 1..TERMS {
        let k = f64::from(k);
        term *= -angle * angle / (2.0 * k * (2.0 * k + 1.0));
        sum += term;
    }
    sum
}

/// `e^x` for `|x| < 700`.
pub(crate) fn exponential(x: f64) -> f64 {
    debug_assert!(x.abs() < 700.0);
    let power = (x / LN_2).round();
    let rest = x - power * LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..=TERMS {
        term *= rest / f64::from(k);
        sum += term;
    }
    // 2^power, exact: the exponent field is the power plus 1023.
    sum * f64::from_bits(((power as i64 + 1023) as u64) << 52)
}

/// `ln x` for normal positive `x`.
pub(crate) fn logarithm(x: f64) -> f64 {
    debug_assert!(x.is_normal() && x > 0.0);
    let mut exponent = (x.to_bits() >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits((x.to_bits() & ((1 << 52) - 1)) | (1023 << 52));
    if mantissa > SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    // ln m = 2 artanh((m − 1)/(m + 1)), the argument within ±0.172.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let mut power = s;
    let mut sum = s;
    for k in 1..TERMS {
        power *= s * s;
        sum += power / f64::from(2 * k + 1);
    }
    2.0 * sum + exponent as f64 * LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_agrees_with_the_standard_library() {
        for step in -4000..4000 {
            let turns = f64::from(step) / 997.0;
            let expected = (TAU * turns).sin();
            assert!((sine(turns) - expected).abs() < 1e-14, "{turns}");
        }
    }

    #[test]
    fn exponential_agrees_with_the_standard_library() {
        for step in -4000..4000 {
            let x = f64::from(step) / 61.0;
            assert!((exponential(x) / x.exp() - 1.0).abs() < 3e-14, "{x}");
        }
    }

    #[test]
    fn logarithm_agrees_with_the_standard_library() {
        for step in 1..8000 {
            let x = (f64::from(step) / 11.0 - 300.0).exp();
            assert!((logarithm(x) - x.ln()).abs() < 1e-13, "{x}");
        }
        assert_eq!(logarithm(1.0), 0.0);
    }
}
