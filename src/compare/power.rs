//! How likely a difference is to be found, and how many values that takes.

use super::distributions::{normal_above, normal_quantile_above};
use super::sample::{Alternative, check_share};
use crate::error::{Error, Result};

/// Probability that [`mann_whitney`](super::mann_whitney) finds the candidate greater (or, two-sided,
/// different) at a level, if a value of it is greater than one of the baseline's with probability
/// `superiority`.
///
/// Noether (1987): the deviation of U is taken to be what it is when nothing differs, which is close
/// for superiorities up to 0.7 and cautious beyond. The values must be independent. For
/// [`Alternative::Less`] give the superiority of the candidate all the same. O(1).
///
/// # Errors
/// [`Error::Empty`] for a size of 0, [`Error::OutOfRange`] for a superiority or level outside (0, 1).
///
/// ```
/// use forewarn::compare::{Alternative, rank_test_power};
///
/// let power = rank_test_power([64, 64], 0.64, 0.05, Alternative::TwoSided)?;
/// assert!((power - 0.78).abs() < 0.01);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn rank_test_power(
    sizes: [usize; 2],
    superiority: f64,
    level: f64,
    alternative: Alternative,
) -> Result<f64> {
    check_share("superiority", superiority)?;
    check_share("level", level)?;
    if sizes.contains(&0) {
        return Err(Error::Empty { what: "samples" });
    }
    let [n, m] = sizes.map(|size| size as f64);
    let distance = (12.0 * n * (m / (n + m + 1.0))).sqrt() * (superiority - 0.5);
    let critical = normal_quantile_above(alternative.tail(level));
    Ok(match alternative {
        Alternative::Greater => normal_above(critical - distance),
        Alternative::Less => normal_above(critical + distance),
        Alternative::TwoSided => {
            normal_above(critical - distance) + normal_above(critical + distance)
        }
    })
}

/// Values of each side with which [`mann_whitney`](super::mann_whitney) finds a difference with
/// probability `power`, as [`rank_test_power`] has it. O(1).
///
/// # Errors
/// [`Error::OutOfRange`] for a superiority, level or power outside (0, 1), or a superiority of 0.5,
/// which no number of values finds.
///
/// ```
/// use forewarn::compare::{Alternative, rank_test_size};
///
/// assert_eq!(rank_test_size(0.64, 0.05, 0.8, Alternative::TwoSided)?, 67);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn rank_test_size(
    superiority: f64,
    level: f64,
    power: f64,
    alternative: Alternative,
) -> Result<u64> {
    for (name, value) in [("superiority", superiority), ("level", level), ("power", power)] {
        check_share(name, value)?;
    }
    let distance = match alternative {
        Alternative::Greater => superiority - 0.5,
        Alternative::Less => 0.5 - superiority,
        Alternative::TwoSided => (superiority - 0.5).abs(),
    };
    if distance <= 0.0 {
        let allowed = "on the side that is looked for";
        return Err(Error::OutOfRange { name: "superiority", value: superiority, allowed });
    }
    let sum = (normal_quantile_above(alternative.tail(level)) + normal_quantile_above(1.0 - power))
        .max(0.0);
    Ok(((sum / distance).powi(2) / 6.0).ceil().max(1.0) as u64)
}

/// Trials of each side with which [`compare_shares`](super::compare_shares) finds a difference of two
/// shares with probability `power` (Fleiss, Levin and Paik 2003, without correction). O(1).
///
/// # Errors
/// [`Error::OutOfRange`] for a share outside [0, 1], shares that are equal, or a level or power outside
/// (0, 1).
///
/// ```
/// use forewarn::compare::{Alternative, share_test_size};
///
/// assert_eq!(share_test_size([0.01, 0.02], 0.05, 0.8, Alternative::TwoSided)?, 2_319);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn share_test_size(
    shares: [f64; 2],
    level: f64,
    power: f64,
    alternative: Alternative,
) -> Result<u64> {
    for (name, value) in [("level", level), ("power", power)] {
        check_share(name, value)?;
    }
    for value in shares {
        if !(0.0..=1.0).contains(&value) {
            return Err(Error::OutOfRange { name: "share", value, allowed: "from 0 to 1" });
        }
    }
    let [a, b] = shares;
    let distance = match alternative {
        Alternative::Greater => b - a,
        Alternative::Less => a - b,
        Alternative::TwoSided => (b - a).abs(),
    };
    if distance <= 0.0 {
        let allowed = "on the side of the baseline's that is looked for";
        return Err(Error::OutOfRange { name: "share", value: b, allowed });
    }
    let mean = f64::midpoint(a, b);
    let same = (2.0 * mean * (1.0 - mean)).sqrt() * normal_quantile_above(alternative.tail(level));
    let different = (a * (1.0 - a) + b * (1.0 - b)).sqrt() * normal_quantile_above(1.0 - power);
    Ok(((same + different).max(0.0) / distance).powi(2).ceil().max(1.0) as u64)
}
