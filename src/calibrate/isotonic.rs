//! Isotonic calibration: whatever rising curve the rows ask for.

use super::logistic::log_odds as to_log_odds;
#[cfg(feature = "serde")]
use crate::error::{Error, Result};
use crate::pava::{Tie, pool};

/// Isotonic calibration: the rising curve of greatest likelihood, made continuous.
///
/// Adjacent scores are pooled until the share of failures rises from block to block (pool adjacent
/// violators, weighted, equal scores together). That gives a staircase, which would make most scores
/// equal; instead a block's rate is taken at its centre, the mean of its scores, with a straight line
/// in log odds from centre to centre and the rate of the first and the last block beyond them. So
/// the ranking is kept everywhere between the outer centres, where a staircase loses it: over five
/// failure tables, each with boosted trees of plain and of balanced weights, the staircase and its
/// usual interpolation from edge to edge cost 0.009 to 0.04 of average precision on eight of the ten,
/// this curve never more than 0.004; and its log loss on held-out rows was below both on nine. (The
/// idea of centring:
/// Oron & Flournoy, "Centered isotonic regression", Statistics in Biopharmaceutical Research 9, 2017.)
///
/// A first block without failures is no proof that they cannot be, nor a last one of nothing else that
/// they must: their rates are `½/(w + 1)` and `(w + ½)/(w + 1)` for a weight of `w` (Krichevsky &
/// Trofimov's estimate), or that of the next block where this would be beyond it. It bends anywhere,
/// so it needs many rows: a thousand with a
/// hundred failures is a beginning. Training takes O(n) time after sorting; a prediction
/// O(log blocks).
///
/// Zadrozny & Elkan, "Transforming classifier scores into accurate multiclass probability estimates",
/// KDD 2002.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Saved"))]
pub struct Isotonic {
    /// Strictly ascending; at least one.
    centres: Vec<f64>,
    /// Never falling, as many as centres.
    log_odds: Vec<f64>,
}

impl Isotonic {
    /// The corners of the curve: score (or log odds) and calibrated log odds, both ascending.
    #[must_use]
    pub fn corners(&self) -> impl ExactSizeIterator<Item = (f64, f64)> + '_ {
        self.centres.iter().copied().zip(self.log_odds.iter().copied())
    }

    pub(super) fn train(ties: &[Tie]) -> Self {
        let (mut centres, mut log_odds) = (Vec::new(), Vec::new());
        let mut start = 0;
        let blocks = pool(ties);
        for (index, block) in blocks.iter().enumerate() {
            let ties = &ties[start..block.end];
            start = block.end;
            let offset = ties[0].score;
            let mean = ties.iter().map(|tie| tie.weight / block.weight * (tie.score - offset));
            // Within the block in spite of rounding, so that centres ascend.
            let centre = (offset + mean.sum::<f64>()).clamp(offset, ties[ties.len() - 1].score);
            centres.push(centre);
            let doubt = 0.5 / (block.weight + 1.0);
            // Rates rise strictly: only the first can be 0 and only the last 1.
            let rate = match block.rate() {
                0.0 => blocks.get(index + 1).map_or(doubt, |next| doubt.min(next.rate())),
                1.0 if index > 0 => (1.0 - doubt).max(blocks[index - 1].rate()),
                rate => rate,
            };
            log_odds.push(to_log_odds(rate));
        }
        Self { centres, log_odds }
    }

    pub(super) fn log_odds(&self, score: f64) -> f64 {
        let above = self.centres.partition_point(|&centre| centre < score);
        if above == 0 || above == self.centres.len() {
            return self.log_odds[above.min(self.centres.len() - 1)];
        }
        // `from < score ≤ to`, so the share is in (0, 1]; the last corner is met exactly.
        let (from, to) = (self.centres[above - 1], self.centres[above]);
        let (low, high) = (self.log_odds[above - 1], self.log_odds[above]);
        let share = (score - from) / (to - from);
        (low + (high - low) * share).min(high)
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    centres: Vec<f64>,
    log_odds: Vec<f64>,
}

#[cfg(feature = "serde")]
impl TryFrom<Saved> for Isotonic {
    type Error = Error;

    fn try_from(Saved { centres, log_odds }: Saved) -> Result<Self> {
        let bounded = |values: &[f64], most: f64| values.iter().all(|value| value.abs() <= most);
        let ascending = centres.is_sorted_by(|a, b| a < b) && log_odds.is_sorted();
        let paired = !centres.is_empty() && centres.len() == log_odds.len();
        if paired && ascending && bounded(&centres, super::LARGEST_SCORE) && bounded(&log_odds, 1e3)
        {
            return Ok(Self { centres, log_odds });
        }
        let reason = format!(
            "isotonic calibration whose {} centres and {} log odds do not ascend together",
            centres.len(),
            log_odds.len()
        );
        Err(Error::InvalidModel { reason })
    }
}
