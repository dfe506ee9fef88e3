//! Counts and times that are mostly zero.

use super::counts::{Share, ShareTest, compare_shares};
use super::distributions::{normal_above, normal_quantile_above};
use super::ranks::{RankTest, mann_whitney};
use super::sample::{Alternative, check};
use crate::error::Result;

/// Result of [`compare_zero_inflated`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ZeroInflatedTest {
    /// How many values are not zero.
    pub present: ShareTest,
    /// How large those are; `None` where a sample has none.
    pub size: Option<RankTest>,
    /// Both together.
    pub p_value: f64,
}

/// Compares samples that are mostly zero by their two parts: how many values are not zero, and how
/// large those are.
///
/// A rank test of the whole finds either as long as both go the same way; the two parts find a
/// candidate whose errors are rarer but worse as well (Lachenbruch 2001). Their normal deviates z₁ and
/// z₂, which are independent when nothing differs, are joined as (z₁ + z₂) / √2 for one side, and as
/// z₁² + z₂², chi-squared with 2 degrees of freedom, for both. O(N log N).
///
/// # Errors
/// As [`mann_whitney`].
///
/// ```
/// use forewarn::compare::{Alternative, compare_zero_inflated};
///
/// let baseline: Vec<f64> = (0..200).map(|i| f64::from(u8::from(i % 10 == 0))).collect();
/// let candidate: Vec<f64> = (0..200).map(|i| 6.0 * f64::from(u8::from(i % 25 == 0))).collect();
/// let test = compare_zero_inflated(&baseline, &candidate, Alternative::TwoSided)?;
/// assert!(test.present.difference < 0.0);
/// assert_eq!(test.size.map(|size| size.superiority), Some(1.0));
/// assert!(test.p_value < 1e-4);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn compare_zero_inflated(
    baseline: &[f64],
    candidate: &[f64],
    alternative: Alternative,
) -> Result<ZeroInflatedTest> {
    check("baseline", baseline)?;
    check("candidate", candidate)?;
    let nonzero = |values: &[f64]| -> Vec<f64> {
        values.iter().copied().filter(|&value| value != 0.0).collect()
    };
    let (a, b) = (nonzero(baseline), nonzero(candidate));
    let present = compare_shares(
        Share::new(a.len() as u64, baseline.len() as u64),
        Share::new(b.len() as u64, candidate.len() as u64),
        alternative,
        0.95,
    )?;
    if a.is_empty() || b.is_empty() {
        return Ok(ZeroInflatedTest { present, size: None, p_value: present.p_value });
    }
    let size = mann_whitney(&a, &b, alternative)?;
    let deviates = [present.p_value, size.p_value].map(|p| match alternative {
        Alternative::TwoSided => deviate(p / 2.0),
        _ => deviate(p),
    });
    let p_value = match alternative {
        // The tail of chi-squared with 2 degrees of freedom is an exponential.
        Alternative::TwoSided => (-0.5 * (deviates[0].powi(2) + deviates[1].powi(2))).exp(),
        _ => normal_above((deviates[0] + deviates[1]) / std::f64::consts::SQRT_2),
    };
    Ok(ZeroInflatedTest { present, size: Some(size), p_value })
}

/// The normal value with this upper tail, finite for any p-value.
fn deviate(p_value: f64) -> f64 {
    normal_quantile_above(p_value.clamp(1e-300, 1.0 - 1e-15))
}
