//! Measures of prediction intervals: how often they hold the truth, and how much they say.

use crate::error::{Error, Result};

/// Share of the true values that lie in their interval, both ends included.
///
/// Intervals that promise 90 % should cover about that share of rows they were not made from; look
/// at [`interval_width`] beside it, because wide enough intervals cover everything. Ends may be
/// infinite. O(n).
///
/// # Errors
/// [`Error::Empty`] without values, [`Error::Length`] unless there is one interval a value,
/// [`Error::NotANumber`] for NaN.
///
/// ```
/// use forewarn::metrics::interval_coverage;
///
/// let covered = interval_coverage(&[3.0, 5.0], &[1.0, 6.0], &[3.0, f64::INFINITY])?;
/// assert_eq!(covered, 0.5);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn interval_coverage(truth: &[f64], lower: &[f64], upper: &[f64]) -> Result<f64> {
    check_numbers("truth", truth, truth.len())?;
    check_numbers("lower", lower, truth.len())?;
    check_numbers("upper", upper, truth.len())?;
    let ends = lower.iter().zip(upper);
    let covered = truth.iter().zip(ends).filter(|(y, (low, high))| *low <= *y && *y <= *high);
    Ok(covered.count() as f64 / truth.len() as f64)
}

/// Mean width of prediction intervals; infinite as soon as one is. O(n).
///
/// An interval whose ends crossed holds nothing, and has width 0.
///
/// # Errors
/// As [`interval_coverage`].
///
/// ```
/// use forewarn::metrics::interval_width;
///
/// assert_eq!(interval_width(&[1.0, 6.0], &[3.0, 7.0])?, 1.5);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn interval_width(lower: &[f64], upper: &[f64]) -> Result<f64> {
    check_numbers("lower", lower, lower.len())?;
    check_numbers("upper", upper, lower.len())?;
    let width = |(low, high): (&f64, &f64)| if low < high { high - low } else { 0.0 };
    Ok(lower.iter().zip(upper).map(width).sum::<f64>() / lower.len() as f64)
}

/// `expected` numbers, at least one, none of them NaN.
pub(super) fn check_numbers(what: &'static str, values: &[f64], expected: usize) -> Result<()> {
    if values.len() != expected {
        return Err(Error::Length { what, expected, found: values.len() });
    }
    if values.is_empty() {
        return Err(Error::Empty { what });
    }
    match values.iter().position(|value| value.is_nan()) {
        Some(index) => Err(Error::NotANumber { what, index }),
        None => Ok(()),
    }
}
