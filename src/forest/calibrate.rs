//! From scores to decisions: the threshold, and a score's rank among the training rows.

#[cfg(feature = "serde")]
use crate::error::{Error, Result};

/// How the scores of the training rows are distributed: quantiles that grow denser towards the
/// top, where alarms are decided.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(crate) struct Calibration {
    /// How many scores there were.
    pub(crate) rows: u64,
    /// Their quantiles at [`level`]s 0, 1, …, ascending.
    pub(crate) quantiles: Vec<f64>,
}

/// Quantiles kept: 2 KB.
pub(crate) const QUANTILES: usize = 256;

/// The share of rows below quantile `index`: `1 − rows^(−index / 255)`, from 0 up to
/// `1 − 1/rows`. Each step leaves the same fraction of the rows above it, so that one in a million
/// is told from one in a thousand.
fn level(index: usize, rows: u64) -> f64 {
    1.0 - (rows as f64).powf(-(index as f64) / (QUANTILES - 1) as f64)
}

impl Calibration {
    /// Of at least one score; sorts them.
    pub(crate) fn new(scores: &mut [f64]) -> Self {
        scores.sort_unstable_by(f64::total_cmp);
        let rows = scores.len() as u64;
        let at = |index: usize| {
            let position = level(index, rows) * rows as f64;
            scores[(position as usize).min(scores.len() - 1)]
        };
        Self { rows, quantiles: (0..QUANTILES).map(at).collect() }
    }

    /// The share of the training rows with a lower score, in `[0, 1]`; between the quantiles by a
    /// straight line.
    pub(crate) fn rank(&self, score: f64) -> f64 {
        let above = self.quantiles.partition_point(|&quantile| quantile < score);
        if above == 0 {
            return 0.0;
        }
        if above == self.quantiles.len() {
            return 1.0;
        }
        let (low, high) = (self.quantiles[above - 1], self.quantiles[above]);
        let (from, to) = (level(above - 1, self.rows), level(above, self.rows));
        from + (to - from) * (score - low) / (high - low)
    }

    /// Whether what was read from a file can be one.
    #[cfg(feature = "serde")]
    pub(crate) fn check(&self) -> Result<()> {
        // Scores, so that ranks between them are numbers: `(score − −∞) / (∞ − −∞)` would be none.
        let scores = self.quantiles.iter().all(|quantile| (0.0..=1.0).contains(quantile));
        let ascending = scores && self.quantiles.is_sorted();
        if self.rows >= 1 && self.quantiles.len() == QUANTILES && ascending {
            return Ok(());
        }
        let reason = format!(
            "calibration of {} quantiles, {QUANTILES} ascending scores expected",
            self.quantiles.len()
        );
        Err(Error::InvalidModel { reason })
    }
}

/// A threshold that `round(share · n)` of the scores lie strictly above: midway between the last
/// of them and the next. With ties across that place no threshold has exactly that many above; then
/// it is the tied score, and fewer lie above. O(n).
pub(crate) fn threshold(scores: &mut [f64], share: f64) -> f64 {
    let above = (scores.len() as f64 * share).round_ties_even() as usize;
    if above == 0 {
        return scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    }
    // Descending: `scores[..above]` are the highest. A share of at most a half leaves one below.
    let (_, &mut highest_below, _) = scores.select_nth_unstable_by(above, |a, b| b.total_cmp(a));
    let lowest_above = scores[..above].iter().copied().fold(f64::INFINITY, f64::min);
    let middle = f64::midpoint(lowest_above, highest_below);
    if middle < lowest_above { middle } else { highest_below }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_has_exactly_the_share_above_it() {
        let scores: Vec<f64> = (0..1_000).map(|i| f64::from(i * 7919 % 1_000) / 1_000.0).collect();
        for share in [0.001, 0.01, 0.1234, 0.5] {
            let threshold = threshold(&mut scores.clone(), share);
            let above = scores.iter().filter(|&&score| score > threshold).count();
            assert_eq!(above, (share * 1_000.0).round() as usize);
        }
    }

    #[test]
    fn ties_never_put_more_above() {
        let threshold = threshold(&mut [0.5, 0.5, 0.5, 0.4, 0.9], 0.4);
        assert_eq!(threshold, 0.5);
    }

    #[test]
    fn neighbouring_floats_are_told_apart() {
        let low = 0.5_f64;
        assert_eq!(threshold(&mut [low, low.next_up()], 0.5), low);
    }

    #[test]
    fn ranks_follow_the_scores() {
        let mut scores: Vec<f64> = (0..100_000).map(|i| f64::from(i) / 100_000.0).collect();
        let calibration = Calibration::new(&mut scores);
        for (score, rank) in [(0.25, 0.25), (0.5, 0.5), (0.999, 0.999), (0.9999, 0.9999)] {
            assert!((calibration.rank(score) - rank).abs() < 0.02 * (1.0 - rank), "{score}");
        }
        assert_eq!(calibration.rank(-1.0), 0.0);
        assert_eq!(calibration.rank(2.0), 1.0);
    }
}
