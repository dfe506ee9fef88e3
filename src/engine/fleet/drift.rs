//! Whether live rows look like those of the training.

use crate::engine::features::Features;
use crate::engine::profile::Profile;

/// A feature that no longer looks as it did in training.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DriftNote {
    /// The feature.
    pub feature: String,
    /// The population stability index of the live rows against training: `Σ (a − b) ln(a / b)` over the
    /// shares of bins.
    pub index: f64,
    /// In words.
    pub text: String,
}

/// From this index on a distribution is said to have shifted: the limit in common use.
const SHIFTED: f64 = 0.25;

/// Rows below which nothing is said, and above which counts are halved, so that the past fades.
const FEWEST: u64 = 200;
const MOST: u64 = 100_000;

/// How often live rows fell into the bins of the training: bins of all features in turn, each with one
/// more for missing values.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Live {
    rows: u64,
    counts: Vec<u64>,
}

impl Live {
    pub(super) fn new(profile: &Profile, columns: usize) -> Self {
        let bins = |column| profile.bins(column).map_or(0, |bins| bins.counts().len() + 1);
        Self { rows: 0, counts: vec![0; (0..columns).map(bins).sum()] }
    }

    pub(super) fn add(&mut self, profile: &Profile, row: &[f64]) {
        let mut start = 0;
        for (column, &value) in row.iter().enumerate() {
            let Some(bins) = profile.bins(column) else { continue };
            let count = bins.counts().len();
            let bin = if value.is_nan() {
                count
            } else {
                bins.edges().partition_point(|&edge| edge < value)
            };
            self.counts[start + bin] += 1;
            start += count + 1;
        }
        self.rows += 1;
        if self.rows >= MOST {
            self.rows /= 2;
            self.counts.iter_mut().for_each(|count| *count /= 2);
        }
    }

    /// Features that have shifted, the furthest first; none of too few rows.
    pub(super) fn drifted(&self, profile: &Profile, features: &Features) -> Vec<DriftNote> {
        let mut notes = Vec::new();
        let mut start = 0;
        for (column, name) in features.names().iter().enumerate() {
            let Some(bins) = profile.bins(column) else { continue };
            let counts = bins.counts();
            let live = &self.counts[start..=start + counts.len()];
            start += counts.len() + 1;
            if self.rows < FEWEST {
                continue;
            }
            let mut before = counts.to_vec();
            before.push(bins.missing());
            let index = index(&before, live);
            if index >= SHIFTED {
                let text =
                    format!("{name} no longer looks as in training: stability index {index:.2}");
                notes.push(DriftNote { feature: name.clone(), index, text });
            }
        }
        notes.sort_by(|a, b| b.index.total_cmp(&a.index));
        notes
    }

    /// Whether counts from a file go with a profile.
    #[cfg(feature = "serde")]
    pub(super) fn check(&self, profile: &Profile, columns: usize) -> crate::Result<()> {
        let room = Self::new(profile, columns).counts.len();
        let few = self.counts.iter().all(|&count| count <= MOST);
        if self.counts.len() == room && self.rows < MOST && few {
            return Ok(());
        }
        Err(crate::error::invalid("live counts of other features than the engine's"))
    }
}

/// The population stability index; an empty bin counts as half a row.
fn index(before: &[u64], after: &[u64]) -> f64 {
    let share = |counts: &[u64]| {
        let total: u64 = counts.iter().sum();
        let total = total.max(1) as f64;
        counts.iter().map(|&count| (count as f64).max(0.5) / total).collect::<Vec<f64>>()
    };
    let (b, a) = (share(before), share(after));
    let bins = b.iter().zip(&a).zip(before.iter().zip(after));
    // A bin that is empty on both sides says nothing.
    bins.filter(|(_, (b, a))| **b + **a > 0).map(|((b, a), _)| (a - b) * (a / b).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::index;

    #[test]
    fn the_index_is_that_of_its_formula() {
        assert_eq!(index(&[50, 50, 0], &[50, 50, 0]), 0.0);
        // (0.8 − 0.5) ln(0.8 / 0.5) + (0.2 − 0.5) ln(0.2 / 0.5)
        let expected = 0.3 * 1.6_f64.ln() - 0.3 * 0.4_f64.ln();
        assert!((index(&[50, 50], &[80, 20]) - expected).abs() < 1e-12);
    }
}
