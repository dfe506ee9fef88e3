//! Kolmogorov and Smirnov's test of two samples.

use super::{paths, supremum};
use crate::error::{Error, Result};

/// How the probability of a test is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PValue {
    /// Exact up to samples of 10,000, asymptotic above.
    Automatic,
    /// Over all orders of the two samples: O(n·m·D) for sizes n, m and statistic D.
    Exact,
    /// As if the smaller sample's law were compared with a known one: O(n·m / (n + m)) at most.
    Asymptotic,
}

/// The largest sample for which [`PValue::Automatic`] is exact.
const LARGEST_EXACT: usize = 10_000;

/// The outcome of [`kolmogorov_smirnov`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KolmogorovSmirnov {
    /// The greatest difference of the two shares of values up to any number: from 0 to 1.
    pub statistic: f64,
    /// The number at which the shares differ most.
    pub location: f64,
    /// Whether, there, more of the second sample is above than of the first.
    pub higher: bool,
    /// Probability of such a statistic, or a greater one, if both samples are of one continuous law.
    /// With ties it is too large rather than too small.
    pub p_value: f64,
}

/// Whether two samples are of one law: the two-sided test of Kolmogorov and Smirnov.
///
/// Missing values (NaN) are left out. The sizes may be any: nothing overflows.
///
/// ```
/// use forewarn::trend::{PValue, kolmogorov_smirnov};
///
/// let before: Vec<f64> = (0..40).map(f64::from).collect();
/// let after: Vec<f64> = (0..40).map(|i| f64::from(i) + 15.0).collect();
/// let test = kolmogorov_smirnov(&before, &after, PValue::Automatic)?;
/// assert_eq!((test.statistic, test.higher), (0.375, true));
/// assert!(test.p_value < 0.01);
/// # Ok::<(), forewarn::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] for a sample without a number; [`Error::OutOfRange`] for ±∞ and, for
/// [`PValue::Exact`], where more than 4·10⁹ pairs would have to be looked at.
pub fn kolmogorov_smirnov(
    first: &[f64],
    second: &[f64],
    p_value: PValue,
) -> Result<KolmogorovSmirnov> {
    let (first, second) = (sorted(first, "first sample")?, sorted(second, "second sample")?);
    compare(&first, &second, p_value)
}

/// The same of samples in order.
pub(super) fn compare(first: &[f64], second: &[f64], p_value: PValue) -> Result<KolmogorovSmirnov> {
    let (n, m) = (first.len() as u64, second.len() as u64);
    let (mut i, mut j) = (0, 0);
    // The difference of the shares times n·m, which is a whole number.
    let (mut greatest, mut location, mut higher) = (0_u128, first[0].min(second[0]), false);
    while i < first.len() && j < second.len() {
        let value = first[i].min(second[j]);
        i += first[i..].iter().take_while(|&&it| it <= value).count();
        j += second[j..].iter().take_while(|&&it| it <= value).count();
        let (a, b) = (i as u128 * u128::from(m), j as u128 * u128::from(n));
        if a.abs_diff(b) > greatest {
            (greatest, location, higher) = (a.abs_diff(b), value, a > b);
        }
    }
    let statistic = greatest as f64 / (n as f64 * m as f64);
    let exact = match p_value {
        PValue::Automatic => n.max(m) <= LARGEST_EXACT as u64,
        PValue::Exact => true,
        PValue::Asymptotic => false,
    };
    let p_value = if exact {
        let pairs = n as f64 * m as f64;
        if pairs > 4e9 {
            let allowed = "at most 4e9 pairs: let it be asymptotic";
            return Err(Error::OutOfRange { name: "exact p-value", value: pairs, allowed });
        }
        paths::outside(n, m, greatest as u64)
    } else {
        let effective = (n as f64 * m as f64 / (n + m) as f64).round_ties_even();
        supremum::tail(effective as u64, statistic)
    };
    Ok(KolmogorovSmirnov { statistic, location, higher, p_value: p_value.clamp(0.0, 1.0) })
}

/// The numbers of a sample in order.
pub(super) fn sorted(sample: &[f64], what: &'static str) -> Result<Vec<f64>> {
    if let Some(&value) = sample.iter().find(|value| value.is_infinite()) {
        let allowed = "finite, or NaN where it is missing";
        return Err(Error::OutOfRange { name: "value", value, allowed });
    }
    let mut numbers: Vec<f64> = sample.iter().copied().filter(|value| !value.is_nan()).collect();
    if numbers.is_empty() {
        return Err(Error::Empty { what });
    }
    numbers.sort_unstable_by(f64::total_cmp);
    Ok(numbers)
}
