//! Measures of a probability: not only the order counts, but whether the number can be believed.

use super::{check_values, check_weights};
use crate::error::{Error, Result};

/// Logarithmic loss: the mean of `−ln(p)` over the rows, where `p` is the probability that was
/// given to what then happened.
///
/// 0 is perfect; `ln 2 ≈ 0.693` is what a constant 0.5 gets; a probability that is certain and
/// wrong is punished hard, as if it were `f64::EPSILON ≈ 2.2e-16` off certainty, which costs 36.
/// That limit is scikit-learn's (`log_loss`); without it one such row would make the mean
/// infinite. Labels may be of one class.
///
/// `probabilities` are of the label being `true`. Takes `O(n)` time, no memory.
///
/// # Errors
/// [`Error::Empty`] without labels, [`Error::Length`] unless there is one probability a label,
/// [`Error::NotANumber`] for NaN, [`Error::OutOfRange`] for a probability below 0 or above 1.
///
/// ```
/// use forewarn::metrics::log_loss;
///
/// let value = log_loss(&[true, false], &[0.5, 0.75])?;
/// assert_eq!(value, (2.0_f64.ln() + 4.0_f64.ln()) / 2.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn log_loss(labels: &[bool], probabilities: &[f64]) -> Result<f64> {
    mean_loss(labels, probabilities, None, surprise)
}

/// [`log_loss`] where row `i` counts `weights[i]` times.
///
/// Weights are finite and at least 0, with a positive sum. Takes `O(n)` time, no memory.
///
/// # Errors
/// As [`log_loss`], and [`Error::Length`], [`Error::NotANumber`] or [`Error::OutOfRange`] for
/// the weights.
///
/// ```
/// use forewarn::metrics::log_loss_weighted;
///
/// let value = log_loss_weighted(&[true, false], &[0.5, 0.75], &[3.0, 1.0])?;
/// assert_eq!(value, (3.0 * 2.0_f64.ln() + 4.0_f64.ln()) / 4.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn log_loss_weighted(labels: &[bool], probabilities: &[f64], weights: &[f64]) -> Result<f64> {
    mean_loss(labels, probabilities, Some(weights), surprise)
}

/// Brier score: the mean squared distance of the probability from what happened, 1 or 0.
///
/// 0 is perfect and 1 the worst; a constant `p` gets at best `p(1 − p)`, at the share of `true`
/// labels (Brier 1950, "Verification of forecasts expressed in terms of probability", halved as
/// is usual for two classes). Gentler than [`log_loss`] on a rare gross mistake. Labels may be of
/// one class.
///
/// `probabilities` are of the label being `true`. Takes `O(n)` time, no memory.
///
/// # Errors
/// As [`log_loss`].
///
/// ```
/// use forewarn::metrics::brier;
///
/// assert_eq!(brier(&[true, false], &[0.5, 0.75])?, (0.25 + 0.5625) / 2.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn brier(labels: &[bool], probabilities: &[f64]) -> Result<f64> {
    mean_loss(labels, probabilities, None, squared_distance)
}

/// [`brier`] where row `i` counts `weights[i]` times.
///
/// Weights are finite and at least 0, with a positive sum. Takes `O(n)` time, no memory.
///
/// # Errors
/// As [`log_loss_weighted`].
///
/// ```
/// use forewarn::metrics::brier_weighted;
///
/// assert_eq!(brier_weighted(&[true, false], &[0.5, 0.75], &[1.0, 0.0])?, 0.25);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn brier_weighted(labels: &[bool], probabilities: &[f64], weights: &[f64]) -> Result<f64> {
    mean_loss(labels, probabilities, Some(weights), squared_distance)
}

/// What [`log_loss`] is the mean of.
pub(crate) fn surprise(label: bool, probability: f64) -> f64 {
    let clipped = probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
    // `ln_1p` keeps the digits of a small probability that `1 − p` would round away.
    if label { -clipped.ln() } else { -(-clipped).ln_1p() }
}

fn squared_distance(label: bool, probability: f64) -> f64 {
    (probability - f64::from(u8::from(label))).powi(2)
}

fn mean_loss(
    labels: &[bool],
    probabilities: &[f64],
    weights: Option<&[f64]>,
    loss: fn(bool, f64) -> f64,
) -> Result<f64> {
    check_probabilities(labels, probabilities)?;
    let unit = weights.map_or(Ok(1.0), |weights| check_weights(labels, weights))?;
    let (mut sum, mut total) = (0.0, 0.0);
    for (row, (&label, &probability)) in labels.iter().zip(probabilities).enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[row] / unit);
        sum += weight * loss(label, probability);
        total += weight;
    }
    Ok(sum / total)
}

/// As many probabilities as labels, at least one, each from 0 to 1.
pub(crate) fn check_probabilities(labels: &[bool], probabilities: &[f64]) -> Result<()> {
    check_values(labels, probabilities, ["probabilities", "probability"])?;
    match probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        Some(&value) => {
            Err(Error::OutOfRange { name: "probability", value, allowed: "from 0 to 1" })
        }
        None => Ok(()),
    }
}
