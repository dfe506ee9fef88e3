//! Does what is called 20 % happen in 20 % of the cases?

use super::{check_weights, probability::check_probabilities, share_interval};
use crate::error::{Error, Result};
use crate::pava::{pool, ties};

/// How probabilities are cut into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Bins {
    /// So many bins of as equal a number of rows as ties allow: rows with one probability stay
    /// together. Where failures are rare, most rows lie near 0, and these bins follow them.
    EqualMass(usize),
    /// So many bins of equal width from 0 to 1, each with its upper edge and without its lower (but 0);
    /// those without rows are left out.
    EqualWidth(usize),
}

/// Rows of similar probability, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CalibrationBin {
    /// The lowest probability in it.
    pub from: f64,
    /// The highest probability in it.
    pub to: f64,
    /// Rows.
    pub count: usize,
    /// Their mean probability.
    pub predicted: f64,
    /// The share of them whose label is `true`.
    pub observed: f64,
    /// Lower end of the interval for the rate behind `observed`: [`share_interval`].
    pub low: f64,
    /// Upper end of that interval.
    pub high: f64,
}

/// The calibration table: what was predicted and what was observed, bin by bin; the points of a
/// reliability diagram.
///
/// A bin whose `predicted` lies outside `low..high` is off by more than chance explains, once in
/// `1 / (1 − confidence)` bins excepted. Takes O(n log n) time.
///
/// # Errors
/// As [`log_loss`](super::log_loss), and [`Error::OutOfRange`] for no bins or a confidence outside
/// `(0, 1)`.
///
/// ```
/// use forewarn::metrics::{Bins, calibration_table};
///
/// let said = [0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9];
/// let failed = [false, false, false, true, true, true, true, true];
/// let table = calibration_table(&failed, &said, Bins::EqualMass(2), 0.95)?;
/// assert_eq!(table.len(), 2);
/// assert_eq!((table[0].count, table[0].observed), (4, 0.25));
/// assert!(table[1].low < 0.9 && table[1].high == 1.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn calibration_table(
    labels: &[bool],
    probabilities: &[f64],
    bins: Bins,
    confidence: f64,
) -> Result<Vec<CalibrationBin>> {
    let order = by_probability(labels, probabilities)?;
    let table = cut(&order, probabilities, bins)?.into_iter().map(|rows| {
        let count = rows.len();
        let hits = rows.iter().filter(|&&row| labels[row]).count();
        let (low, high) = share_interval(hits, count, confidence)?;
        let sum: f64 = rows.iter().map(|&row| probabilities[row]).sum();
        Ok(CalibrationBin {
            from: probabilities[rows[0]],
            to: probabilities[rows[count - 1]],
            count,
            predicted: sum / count as f64,
            observed: hits as f64 / count as f64,
            low,
            high,
        })
    });
    table.collect()
}

/// Expected calibration error: the mean over the rows of `|predicted − observed|` of their bins.
///
/// 0 is perfect. It falls with fewer bins (one bin only compares the mean with the base rate) and, with
/// many, is above 0 by chance alone: compare values of the same bins and rows. 15 bins of equal mass
/// are a good habit (Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using
/// Bayesian binning", AAAI 2015, with equal widths; Nixon et al., "Measuring calibration in deep
/// learning", 2019, for equal mass). Takes O(n log n) time.
///
/// # Errors
/// As [`log_loss`](super::log_loss), and [`Error::OutOfRange`] for no bins.
///
/// ```
/// use forewarn::metrics::{Bins, expected_calibration_error};
///
/// let failed = [true, false, false, false];
/// let error = expected_calibration_error(&failed, &[0.5; 4], Bins::EqualMass(15))?;
/// assert_eq!(error, 0.25);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn expected_calibration_error(
    labels: &[bool],
    probabilities: &[f64],
    bins: Bins,
) -> Result<f64> {
    calibration_error(labels, probabilities, None, bins)
}

/// [`expected_calibration_error`] where row `i` counts `weights[i]` times. Bins are cut by number of
/// rows all the same.
///
/// # Errors
/// As [`expected_calibration_error`] and [`log_loss_weighted`](super::log_loss_weighted).
///
/// ```
/// use forewarn::metrics::{Bins, expected_calibration_error_weighted};
///
/// let (failed, weights) = ([true, false], [3.0, 1.0]);
/// let bins = Bins::EqualMass(1);
/// let error = expected_calibration_error_weighted(&failed, &[0.5; 2], &weights, bins)?;
/// assert_eq!(error, 0.25);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn expected_calibration_error_weighted(
    labels: &[bool],
    probabilities: &[f64],
    weights: &[f64],
    bins: Bins,
) -> Result<f64> {
    calibration_error(labels, probabilities, Some(weights), bins)
}

fn calibration_error(
    labels: &[bool],
    probabilities: &[f64],
    weights: Option<&[f64]>,
    bins: Bins,
) -> Result<f64> {
    let order = by_probability(labels, probabilities)?;
    let unit = weights.map_or(Ok(1.0), |weights| check_weights(labels, weights))?;
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row] / unit);
    // The weight of a bin times its mean difference is the size of its summed difference.
    let differences = cut(&order, probabilities, bins)?.into_iter().map(|rows| {
        let of =
            |&row: &usize| weight(row) * (probabilities[row] - f64::from(u8::from(labels[row])));
        rows.iter().map(of).sum::<f64>().abs()
    });
    let total: f64 = (0..labels.len()).map(weight).sum();
    Ok(differences.sum::<f64>() / total)
}

/// What a Brier score is made of: `brier = miscalibration − discrimination + uncertainty`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BrierParts {
    /// By how much the best monotone calibration would lower it; 0 is perfect.
    pub miscalibration: f64,
    /// By how much the ranking, calibrated at its best, is better than the base rate for all.
    pub discrimination: f64,
    /// What the base rate `r` for all gets, `r(1 − r)`: what no model can help.
    pub uncertainty: f64,
}

/// Divides the [`brier`](super::brier) score into what calibration, the ranking and the rows
/// themselves contribute.
///
/// The best monotone calibration is isotonic regression on these rows, so no bins have to be chosen,
/// the parts add up exactly, and none is below 0 (the CORP decomposition: Dimitriadis, Gneiting &
/// Jordan, "Stable reliability diagrams for probabilistic classifiers", PNAS 118, 2021). Takes
/// O(n log n) time.
///
/// # Errors
/// As [`log_loss`](super::log_loss).
///
/// ```
/// use forewarn::metrics::{brier, brier_parts};
///
/// let (failed, said) = ([false, false, true, false, true], [0.1, 0.2, 0.4, 0.5, 0.6]);
/// let parts = brier_parts(&failed, &said)?;
/// let sum = parts.miscalibration - parts.discrimination + parts.uncertainty;
/// assert!((sum - brier(&failed, &said)?).abs() < 1e-12);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn brier_parts(labels: &[bool], probabilities: &[f64]) -> Result<BrierParts> {
    let score = super::brier(labels, probabilities)?;
    let rows = labels.len() as f64;
    // A constant c costs h(1 − c)² + (n − h)c² of n rows with h failures; at h/n, h(n − h)/n.
    let least = |hits: f64, count: f64| hits * (count - hits) / count / rows;
    let calibrated: f64 = pool(&ties(labels, probabilities, None))
        .iter()
        .map(|block| least(block.positive, block.weight))
        .sum();
    let failures = labels.iter().filter(|&&label| label).count() as f64;
    let uncertainty = least(failures, rows);
    Ok(BrierParts {
        miscalibration: (score - calibrated).max(0.0),
        discrimination: (uncertainty - calibrated).max(0.0),
        uncertainty,
    })
}

/// The rows by rising probability, checked.
fn by_probability(labels: &[bool], probabilities: &[f64]) -> Result<Vec<usize>> {
    check_probabilities(labels, probabilities)?;
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
    Ok(order)
}

/// The sorted rows, cut into bins that are not empty.
fn cut<'a>(order: &'a [usize], probabilities: &[f64], bins: Bins) -> Result<Vec<&'a [usize]>> {
    let (Bins::EqualMass(count) | Bins::EqualWidth(count)) = bins;
    if count == 0 {
        return Err(Error::OutOfRange { name: "bins", value: 0.0, allowed: "at least 1" });
    }
    let rows = order.len();
    let mut parts = Vec::new();
    let mut start = 0;
    // Never more bins than rows: with more, each probability has a bin of its own.
    while start < rows {
        let first = probabilities[order[start]];
        let edge = match bins {
            // The edge of bin k is the probability at k/count of the way from the first row to the
            // last, and what equals it is below: the quantile bins of scikit-learn.
            Bins::EqualMass(_) => {
                // The first bin whose edge is not below the row: `(rows − 1) · bin / count ≥ start`.
                let last = rows as u128 - 1;
                let bin = (start as u128 * count as u128).div_ceil(last.max(1)).max(1);
                probabilities[order[(last * bin / count as u128) as usize]]
            }
            Bins::EqualWidth(_) => {
                let bin = (first * count as f64).ceil().max(1.0);
                // 0.7 × 10 is 7.000000000000001, and still in the bin that ends at 0.7.
                let before = (bin - 1.0) / count as f64;
                if first <= before && bin > 1.0 { before } else { bin / count as f64 }
            }
        };
        let end = order.partition_point(|&row| probabilities[row] <= edge.max(first));
        parts.push(&order[start..end]);
        start = end;
    }
    Ok(parts)
}
