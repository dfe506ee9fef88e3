//! The score of the PHM 2008 challenge on remaining life.

use super::intervals::check_numbers;
use crate::error::Result;

/// The PHM 2008 challenge's score of predicted remaining lives, in cycles: 0 is perfect, higher is
/// worse.
///
/// `Σ exp(−d / 13) − 1` over the units predicted too low (`d = predicted − true < 0`) plus
/// `Σ exp(d / 10) − 1` over those predicted too high: a failure that comes before it was expected
/// costs more than a part replaced too early (Saxena et al. 2008, "Damage propagation modeling for
/// aircraft engine run-to-failure simulation", PHM). It is a sum, so that it grows with the number
/// of units, and one gross mistake outweighs all else. O(n).
///
/// # Errors
/// [`Error::Empty`](crate::Error::Empty) without values, [`Error::Length`](crate::Error::Length)
/// unless there is one prediction a true value, [`Error::NotANumber`](crate::Error::NotANumber) for
/// NaN.
///
/// ```
/// use forewarn::metrics::phm08_score;
///
/// let early = phm08_score(&[100.0], &[90.0])?;
/// let late = phm08_score(&[100.0], &[110.0])?;
/// assert_eq!(late, 1.0_f64.exp_m1());
/// assert!(early < late);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn phm08_score(truth: &[f64], predicted: &[f64]) -> Result<f64> {
    check_numbers("truth", truth, truth.len())?;
    check_numbers("predicted", predicted, truth.len())?;
    let cost = |(truth, predicted): (&f64, &f64)| {
        let error = predicted - truth;
        if error < 0.0 { (-error / 13.0).exp_m1() } else { (error / 10.0).exp_m1() }
    };
    Ok(truth.iter().zip(predicted).map(cost).sum())
}
