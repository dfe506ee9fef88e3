//! Gauss–Legendre quadrature on [0, 1]: `n` points integrate polynomials of degree `2n − 1` exactly.

use std::f64::consts::PI;

/// A point and its weight; the weights of a rule add up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) at: f64,
    pub(crate) weight: f64,
}

/// The rule with `n` ≥ 1 points, ascending. O(n²).
///
/// The points are the zeros of the Legendre polynomial `P_n`, found by Newton's method from the usual
/// asymptotic guesses (Abramowitz & Stegun 1964, 25.4.30 and 22.16.6), moved from [−1, 1].
pub(crate) fn gauss(n: usize) -> Vec<Point> {
    (0..n)
        .map(|index| {
            let mut x = -(PI * (index as f64 + 0.75) / (n as f64 + 0.5)).cos();
            // Each step doubles the correct digits, of which the guess has three or more.
            for _ in 0..4 {
                let (value, slope) = legendre(n, x);
                x -= value / slope;
            }
            let slope = legendre(n, x).1;
            Point { at: f64::midpoint(1.0, x), weight: 1.0 / ((1.0 - x * x) * slope * slope) }
        })
        .collect()
}

/// `P_n(x)` and its derivative, for |x| < 1.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
    }
    (value, n as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monomials_are_integrated_exactly() {
        for n in [1, 2, 3, 5, 8, 20, 100] {
            let points = gauss(n);
            for degree in 0..2 * n {
                let sum: f64 = points.iter().map(|p| p.weight * p.at.powi(degree as i32)).sum();
                let exact = 1.0 / (degree + 1) as f64;
                assert!((sum - exact).abs() < 1e-14, "{n} points, degree {degree}: {sum}");
            }
        }
    }

    #[test]
    fn one_degree_more_is_too_much() {
        for n in 1..5 {
            let sum: f64 = gauss(n).iter().map(|p| p.weight * p.at.powi(2 * n as i32)).sum();
            assert!((sum - 1.0 / (2 * n + 1) as f64).abs() > 1e-7, "{n}");
        }
    }
}
