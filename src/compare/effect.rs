//! How large a difference is, in numbers without a unit.

use super::ranks::Ranked;
use super::sample::{mean, median, sorted};
use crate::error::Result;

/// Result of [`effect_size`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EffectSize {
    /// Probability that a value of the candidate is greater than one of the baseline, ties counted
    /// half. 0.5 where nothing differs; 0.56, 0.64 and 0.71 are often called small, medium and
    /// large.
    pub superiority: f64,
    /// Cliff's delta: share of pairs in which the candidate's value is greater, less the share in
    /// which it is less. From −1 to 1.
    pub cliffs_delta: f64,
    /// Mean of the candidate by that of the baseline; `None` unless both are of one sign.
    pub mean_ratio: Option<f64>,
    /// Median of the candidate by that of the baseline; `None` unless both are of one sign.
    pub median_ratio: Option<f64>,
}

/// How large a difference is. O(N log N) for N values in all.
///
/// # Errors
/// As [`mann_whitney`](super::mann_whitney).
///
/// ```
/// use forewarn::compare::effect_size;
///
/// let effect = effect_size(&[10.0, 20.0, 30.0], &[20.0, 30.0, 40.0, 30.0])?;
/// assert_eq!(effect.superiority, 9.5 / 12.0);
/// assert_eq!(effect.mean_ratio, Some(1.5));
/// assert_eq!(effect_size(&[0.0, 0.0], &[1.0])?.mean_ratio, None);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn effect_size(baseline: &[f64], candidate: &[f64]) -> Result<EffectSize> {
    let (a, b) = (sorted("baseline", baseline)?, sorted("candidate", candidate)?);
    let superiority = Ranked::new(&a, &b).u / (a.len() as f64 * b.len() as f64);
    Ok(EffectSize {
        superiority,
        cliffs_delta: 2.0 * superiority - 1.0,
        mean_ratio: ratio(mean(&a), mean(&b)),
        median_ratio: ratio(median(&a), median(&b)),
    })
}

/// A ratio that says by how much one is larger.
fn ratio(baseline: f64, candidate: f64) -> Option<f64> {
    (baseline * candidate.signum() > 0.0).then(|| candidate / baseline).filter(|it| it.is_finite())
}
