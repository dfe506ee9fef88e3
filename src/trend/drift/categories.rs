//! Two lists of counts: tests of whether their shares are the same.

use crate::error::{Error, Result};
use statrs::function::gamma::gamma_ur;

/// The outcome of [`chi_squared_test`] or [`g_test`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ContingencyTest {
    /// Pearson's sum, or twice the log-likelihood ratio.
    pub statistic: f64,
    /// Categories that occur, less one.
    pub degrees_of_freedom: usize,
    /// Probability of such a statistic, or a greater one, if the shares are the same, by the
    /// chi-squared law: good where most expected counts are 5 or more.
    pub p_value: f64,
    /// Half the sum of differences of shares: the share of all that is in another category now. From
    /// 0 to 1.
    pub moved: f64,
    /// Cramér's V: from 0 to 1.
    pub association: f64,
}

/// How the share of a category changed.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CategoryShare {
    /// The category.
    pub category: String,
    /// Its share before; 0 if it is new.
    pub before: f64,
    /// Its share after; 0 if it is gone.
    pub after: f64,
}

/// Pearson's chi-squared test, without Yates's correction, of whether two lists of counts, by
/// category, have the same shares. Categories that occur in neither do not count.
///
/// ```
/// use forewarn::trend::chi_squared_test;
///
/// let test = chi_squared_test(&[50, 30, 20], &[30, 40, 30])?;
/// assert!((test.statistic - 8.43).abs() < 0.01 && test.degrees_of_freedom == 2);
/// assert!((test.moved - 0.2).abs() < 1e-12);
/// # Ok::<(), forewarn::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] for lists of unequal length; [`Error::Empty`] for a list whose sum is 0.
pub fn chi_squared_test(before: &[u64], after: &[u64]) -> Result<ContingencyTest> {
    test(before, after, |found, expected| (found - expected).powi(2) / expected)
}

/// The likelihood-ratio test of the same question, better where counts are small.
///
/// # Errors
/// As [`chi_squared_test`].
pub fn g_test(before: &[u64], after: &[u64]) -> Result<ContingencyTest> {
    let term = |found: f64, expected: f64| {
        if found > 0.0 { 2.0 * found * (found / expected).ln() } else { 0.0 }
    };
    test(before, after, term)
}

fn test(before: &[u64], after: &[u64], term: impl Fn(f64, f64) -> f64) -> Result<ContingencyTest> {
    if before.len() != after.len() {
        let (expected, found) = (before.len(), after.len());
        return Err(Error::Length { what: "counts after", expected, found });
    }
    // As floats: sums of counts may be beyond any whole number.
    let total = |counts: &[u64]| counts.iter().map(|&count| count as f64).sum::<f64>();
    let (n, m) = (total(before), total(after));
    for (sum, what) in [(n, "counts before"), (m, "counts after")] {
        if sum == 0.0 {
            return Err(Error::Empty { what });
        }
    }
    let (mut statistic, mut pearson, mut moved, mut occurring) = (0.0, 0.0, 0.0, 0_usize);
    for (&a, &b) in before.iter().zip(after) {
        let (a, b) = (a as f64, b as f64);
        if a + b > 0.0 {
            occurring += 1;
            moved += (a / n - b / m).abs() / 2.0;
            let expected = [(a + b) * (n / (n + m)), (a + b) * (m / (n + m))];
            for (found, expected) in [a, b].into_iter().zip(expected) {
                statistic += term(found, expected);
                pearson += (found - expected).powi(2) / expected;
            }
        }
    }
    let degrees_of_freedom = occurring - 1;
    let p_value = chi_squared_tail(statistic, degrees_of_freedom);
    let association = (pearson / (n + m)).sqrt().min(1.0);
    Ok(ContingencyTest { statistic, degrees_of_freedom, p_value, moved, association })
}

/// The probability that a chi-squared number is at least this; 1 without degrees of freedom.
pub(super) fn chi_squared_tail(statistic: f64, degrees_of_freedom: usize) -> f64 {
    if degrees_of_freedom == 0 || statistic <= 0.0 {
        return 1.0;
    }
    gamma_ur(degrees_of_freedom as f64 / 2.0, statistic / 2.0)
}
