//! `c(n)`: the average path length of an unsuccessful search in a binary search tree of n keys.

use super::options::Normalisation;
use statrs::consts::EULER_MASCHERONI;
use statrs::function::gamma::digamma;

/// `c(n)`; 0 for n ≤ 1, where nothing is left to isolate.
///
/// Exactly, `c(n) = 2 H(n−1) − 2 (n−1)/n`, which is `2 (H_n − 1)`; with `H_n = ψ(n + 1) + γ` by
/// the digamma function. Liu et al. (2008) approximate `H(n−1)` by `ln(n−1) + γ`, which makes
/// `c(3)` too small by 0.46: visible in small leaves, where anomalies are decided.
pub(crate) fn average_path_length(n: usize, normalisation: Normalisation) -> f64 {
    let rows = n as f64;
    match (n, normalisation) {
        (0 | 1, _) => 0.0,
        (2, _) => 1.0,
        (3..=SUMMED, Normalisation::Exact) => {
            2.0 * (2..=n).rev().map(|k| 1.0 / k as f64).sum::<f64>()
        }
        (_, Normalisation::Exact) => 2.0 * (digamma(rows + 1.0) + EULER_MASCHERONI - 1.0),
        (_, Normalisation::ScikitLearn) => {
            2.0 * ((rows - 1.0).ln() + EULER_MASCHERONI) - 2.0 * (rows - 1.0) / rows
        }
    }
}

/// Up to here the harmonic number is summed, smallest terms first: right to the last bit or two,
/// where the digamma's asymptotic series loses a few.
const SUMMED: usize = 256;

/// `c(0) … c(n)` at once, for leaves.
pub(crate) fn table(n: usize, normalisation: Normalisation) -> Vec<f64> {
    (0..=n.min(SUMMED)).map(|k| average_path_length(k, normalisation)).collect()
}

/// `c(n)` from the table where it reaches, else computed.
pub(crate) fn lookup(table: &[f64], n: usize, normalisation: Normalisation) -> f64 {
    table.get(n).copied().unwrap_or_else(|| average_path_length(n, normalisation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn exact_values_by_hand() {
        // 2 (1/2 + 1/3) = 5/3; 2 (1/2 + 1/3 + 1/4) = 13/6.
        assert_eq!(average_path_length(1, Normalisation::Exact), 0.0);
        assert_eq!(average_path_length(2, Normalisation::Exact), 1.0);
        assert_relative_eq!(average_path_length(3, Normalisation::Exact), 5.0 / 3.0);
        assert_relative_eq!(average_path_length(4, Normalisation::Exact), 13.0 / 6.0);
    }

    #[test]
    fn sum_and_digamma_agree() {
        for n in [SUMMED + 1, 1_000, 100_000] {
            let summed = 2.0 * (2..=n).rev().map(|k| 1.0 / k as f64).sum::<f64>();
            assert_relative_eq!(
                average_path_length(n, Normalisation::Exact),
                summed,
                max_relative = 1e-13
            );
        }
    }

    #[test]
    fn scikit_learn_values() {
        // sklearn/ensemble/tests/test_iforest.py, test_iforest_average_path_length.
        let at_five = 2.0 * (4.0_f64.ln() + EULER_MASCHERONI) - 8.0 / 5.0;
        assert_relative_eq!(average_path_length(5, Normalisation::ScikitLearn), at_five);
        let at_999 = 2.0 * (998.0_f64.ln() + EULER_MASCHERONI) - 2.0 * 998.0 / 999.0;
        assert_relative_eq!(average_path_length(999, Normalisation::ScikitLearn), at_999);
    }
}
