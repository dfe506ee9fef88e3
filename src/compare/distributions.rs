//! Tails and quantiles that every comparison needs, by statrs.

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::beta::beta_reg;
use statrs::function::erf::{erfc, erfc_inv};
use std::f64::consts::SQRT_2;

/// Probability that a standard normal value is above `z`.
pub(super) fn normal_above(z: f64) -> f64 {
    0.5 * erfc(z / SQRT_2)
}

/// The value that a standard normal one is above with this probability, in (0, 1).
pub(super) fn normal_quantile_above(probability: f64) -> f64 {
    SQRT_2 * erfc_inv(2.0 * probability)
}

/// Degrees of freedom from which on Student's distribution is taken for the normal one: its tails
/// then differ by less than one part in 10,000 at any level that is tested at.
const NORMAL_FROM: f64 = 1e6;

/// Probability that a value of Student's distribution is above `t`. `freedom` must be above 0.
pub(super) fn student_above(t: f64, freedom: f64) -> f64 {
    if freedom >= NORMAL_FROM {
        return normal_above(t);
    }
    let tail = 0.5 * beta_reg(0.5 * freedom, 0.5, freedom / (freedom + t * t));
    if t > 0.0 { tail } else { 1.0 - tail }
}

/// The value that one of Student's distribution is above with this probability, in (0, 1).
pub(super) fn student_quantile_above(probability: f64, freedom: f64) -> f64 {
    if freedom >= NORMAL_FROM {
        return normal_quantile_above(probability);
    }
    // Valid: the scale is 1 and the degrees of freedom are above 0.
    StudentsT::new(0.0, 1.0, freedom)
        .map_or(f64::NAN, |distribution| -distribution.inverse_cdf(probability))
}

/// Probability of `hits` or more out of `trials`, each with probability `share`.
pub(super) fn binomial_at_least(hits: u64, trials: u64, share: f64) -> f64 {
    match hits {
        0 => 1.0,
        _ if hits > trials => 0.0,
        _ => beta_reg(hits as f64, (trials - hits + 1) as f64, share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// Expected values from `scipy.stats` 1.17.1: `norm`, `t` and `binom`.
    #[test]
    fn tails_agree_with_tables() {
        assert_relative_eq!(normal_above(1.96), 0.024_997_895_148_220_43, max_relative = 1e-10);
        assert_relative_eq!(
            normal_quantile_above(0.05),
            1.644_853_626_951_472_2,
            max_relative = 1e-10
        );
        assert_relative_eq!(student_above(2.0, 5.0), 0.050_969_739_414_929_17, max_relative = 1e-9);
        assert_relative_eq!(student_above(-2.0, 5.0), 0.949_030_260_585_070_9, max_relative = 1e-9);
        assert_relative_eq!(
            student_quantile_above(0.025, 7.5),
            2.333_039_626_864_974_5,
            max_relative = 1e-8
        );
        assert_relative_eq!(
            binomial_at_least(7, 10, 0.4),
            0.054_761_881_599_999_99,
            max_relative = 1e-9
        );
        assert_eq!([binomial_at_least(0, 3, 0.1), binomial_at_least(4, 3, 0.1)], [1.0, 0.0]);
    }
}
