//! Measures of the top of a ranking: the rows that somebody will look at.

use super::check_scores;
use crate::error::{Error, Result};

/// Recall in the top of the ranking: the share of all `true` rows that are among the
/// highest-scoring rows.
///
/// `share`, in `(0, 1]`, is the part of the rows that is looked at: `round(share × n)` rows, at
/// least one. Where rows of equal score straddle that line, the result is the expectation over
/// which of them are taken, so it never depends on the order of the rows.
///
/// From 0 to 1; a random order gives `share` on average, and no order more than the rows looked
/// at divided by the `true` rows. Scores may be infinite. Takes `O(n)` time and memory.
///
/// # Errors
/// [`Error::Empty`] without labels, [`Error::Length`] unless there is one score a label,
/// [`Error::NotANumber`] for a score that is NaN, [`Error::OutOfRange`] for a share outside
/// `(0, 1]`, [`Error::SingleClass`] when all labels are alike.
///
/// ```
/// use forewarn::metrics::recall_at_top;
///
/// let failed = [true, false, true, false, false, false, false, true, false, false];
/// let risk = [9.0, 3.0, 8.0, 2.0, 1.0, 0.0, 1.0, 3.0, 1.0, 2.0];
/// assert_eq!(recall_at_top(&failed, &risk, 0.2)?, 2.0 / 3.0);
/// // The third row looked at is one of two that score alike, and one of those failed.
/// assert_eq!(recall_at_top(&failed, &risk, 0.3)?, 2.5 / 3.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn recall_at_top(labels: &[bool], scores: &[f64], share: f64) -> Result<f64> {
    let (found, _) = found_at_top(labels, scores, share)?;
    let positive = labels.iter().filter(|&&label| label).count();
    if positive == 0 || positive == labels.len() {
        return Err(Error::SingleClass { class: positive > 0, count: labels.len() });
    }
    Ok(found / positive as f64)
}

/// Precision in the top of the ranking: the share of the highest-scoring rows that are `true`.
///
/// The rows looked at are those of [`recall_at_top`], ties included. From 0 to 1; a random order
/// gives the share of `true` labels on average. It is defined for labels of one class too.
///
/// Scores may be infinite. Takes `O(n)` time and memory.
///
/// # Errors
/// As [`recall_at_top`], save that labels may all be alike.
///
/// ```
/// use forewarn::metrics::precision_at_top;
///
/// let failed = [true, false, true, false];
/// assert_eq!(precision_at_top(&failed, &[0.9, 0.8, 0.7, 0.1], 0.5)?, 0.5);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn precision_at_top(labels: &[bool], scores: &[f64], share: f64) -> Result<f64> {
    let (found, taken) = found_at_top(labels, scores, share)?;
    Ok(found / taken as f64)
}

/// How many `true` rows are to be expected among the rows looked at, and how many those are.
fn found_at_top(labels: &[bool], scores: &[f64], share: f64) -> Result<(f64, usize)> {
    check_scores(labels, scores)?;
    if !(share > 0.0 && share <= 1.0) {
        let allowed = "above 0 and at most 1";
        return Err(Error::OutOfRange { name: "share", value: share, allowed });
    }
    // Rounded to the nearest, because 0.07 × 100 is 7.000000000000001.
    let taken = ((share * labels.len() as f64).round() as usize).clamp(1, labels.len());

    let mut order = scores.to_vec();
    let (_, &mut lowest, _) = order.select_nth_unstable_by(taken - 1, |a, b| b.total_cmp(a));

    let (mut above, mut found_above) = (0_usize, 0_usize);
    let (mut tied, mut found_tied) = (0_usize, 0_usize);
    for (&label, &score) in labels.iter().zip(scores) {
        if score > lowest {
            above += 1;
            found_above += usize::from(label);
        } else if score == lowest {
            tied += 1;
            found_tied += usize::from(label);
        }
    }
    // `lowest` is in the list, so `tied` is at least 1.
    let expected = found_tied as f64 * ((taken - above) as f64 / tied as f64);
    Ok((found_above as f64 + expected, taken))
}
