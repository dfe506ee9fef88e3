//! Robust lines through a series.

use super::medians::repeated;
use super::select::Slopes;
use crate::error::{Error, Result};
use crate::trend::middle::median_of;
use statrs::function::erf::erfc_inv;

/// A robust line `value = intercept + slope · time`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrendLine {
    /// Change of the value in a unit of time.
    pub slope: f64,
    /// The value at time 0.
    pub intercept: f64,
    /// The lower end of the slope's confidence interval; NaN where there is none.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl TrendLine {
    /// The value at a time.
    #[must_use]
    pub fn at(&self, time: f64) -> f64 {
        self.intercept + self.slope * time
    }
}

/// The median of the slopes of all pairs of observations, with a confidence interval: it bears 29 %
/// of wild values.
///
/// Times need no order; pairs of one time have no slope and are left out, and so are NaN values. The
/// intercept is the line through the medians of times and values. The interval is that of Kendall's
/// rank correlation, ties taken into account, and takes residuals to be independent.
///
/// Theil, "A rank-invariant method of linear and polynomial regression analysis" (1950); Sen,
/// "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968); the selection of
/// a slope in O(n log n): Matoušek, "Randomized optimal algorithm for slope selection" (1991).
///
/// ```
/// let times: Vec<f64> = (0..50).map(f64::from).collect();
/// let mut values: Vec<f64> = times.iter().map(|time| 3.0 + 0.5 * time).collect();
/// values[10] = 1e6;
/// let line = forewarn::trend::theil_sen(&times, &values, 0.95)?;
/// assert!((line.slope - 0.5).abs() < 1e-12 && line.lower <= 0.5 && line.upper >= 0.5);
/// # Ok::<(), forewarn::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`], [`Error::Infinite`] for ±∞ (column 0 is the time, column 1 the value),
/// [`Error::NotANumber`] for a time, [`Error::OutOfRange`] for a confidence not between 0 and 1,
/// [`Error::Empty`] where no two observations have different times.
pub fn theil_sen(times: &[f64], values: &[f64], confidence: f64) -> Result<TrendLine> {
    if !(confidence > 0.0 && confidence < 1.0) {
        let allowed = "between 0 and 1, both excluded";
        return Err(Error::OutOfRange { name: "confidence", value: confidence, allowed });
    }
    let points = points(times, values)?;
    let slopes = Slopes::new(points);
    let count = slopes.count();
    if count == 0 {
        return Err(Error::Empty { what: "pairs of observations at different times" });
    }
    let slope = f64::midpoint(slopes.ranked((count - 1) / 2), slopes.ranked(count / 2));
    // The quantile is below 0: what is subtracted makes more.
    let quantile = -std::f64::consts::SQRT_2 * erfc_inv(1.0 - confidence);
    let deviation = quantile * slopes.variance().max(0.0).sqrt();
    let total = count as f64;
    let upper = (((total - deviation) / 2.0).round_ties_even() as u64).min(count - 1);
    let lower = f64::midpoint(total, deviation).round_ties_even() as i64 - 1;
    let intercept = slopes.middle_value() - slope * slopes.middle_time();
    Ok(TrendLine {
        slope,
        intercept,
        lower: slopes.ranked(lower.max(0) as u64),
        upper: slopes.ranked(upper),
    })
}

/// The median over all observations of the median of the slopes to all others: it bears half of
/// the values to be wild. O(n log n) in time on average; O(n²) at worst, where many medians are nearly
/// one, and for up to 256 observations. O(n) in memory.
///
/// Times need no order; pairs of one time have no slope and are left out, and so are NaN values. The
/// intercept is the median of what the slope leaves over. There is no interval: `lower` and
/// `upper` are NaN.
///
/// Siegel, "Robust regression using repeated medians", Biometrika 69 (1982); after Matoušek, Mount &
/// Netanyahu, "Efficient randomized algorithms for the repeated median line estimator" (1998).
///
/// ```
/// let times: Vec<f64> = (0..50).map(f64::from).collect();
/// let value = |&time: &f64| if time < 20.0 { 1e6 - time * time } else { 3.0 + 0.5 * time };
/// let values: Vec<f64> = times.iter().map(value).collect();
/// let line = forewarn::trend::repeated_medians(&times, &values)?;
/// assert!((line.slope - 0.5).abs() < 1e-12 && (line.at(10.0) - 8.0).abs() < 1e-9);
/// # Ok::<(), forewarn::Error>(())
/// ```
///
/// # Errors
/// Those of [`theil_sen`].
pub fn repeated_medians(times: &[f64], values: &[f64]) -> Result<TrendLine> {
    let points = points(times, values)?;
    let empty = Error::Empty { what: "pairs of observations at different times" };
    let slope = repeated(points.clone()).ok_or(empty)?;
    let mut rest: Vec<f64> = points.iter().map(|(time, value)| value - slope * time).collect();
    let intercept = median_of(&mut rest).unwrap_or(f64::NAN);
    Ok(TrendLine { slope, intercept, lower: f64::NAN, upper: f64::NAN })
}

/// Observations without gaps.
fn points(times: &[f64], values: &[f64]) -> Result<Vec<(f64, f64)>> {
    if times.len() != values.len() {
        let (expected, found) = (times.len(), values.len());
        return Err(Error::Length { what: "values", expected, found });
    }
    for (row, pair) in times.iter().zip(values).enumerate() {
        if pair.0.is_nan() {
            return Err(Error::NotANumber { what: "time", index: row });
        }
        for (column, value) in [*pair.0, *pair.1].into_iter().enumerate() {
            if value.is_infinite() {
                return Err(Error::Infinite { row, column, value });
            }
        }
    }
    let all = times.iter().copied().zip(values.iter().copied());
    Ok(all.filter(|(_, value)| !value.is_nan()).collect())
}
