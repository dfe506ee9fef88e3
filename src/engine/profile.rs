//! What features were like in training: what is usual, what was ever seen, and how they were spread.

use super::features::{FeatureRows, Features, Subject};
use super::members::ANOMALY;
use super::members::Scores;
#[cfg(feature = "serde")]
use crate::error::Result;
use crate::trend::StabilityBins;

/// Rows that distributions are made of, evenly spread.
const SPREAD: usize = 20_000;

/// How far beyond what was seen is still the same, as a share of what was seen.
const MARGIN: f64 = 0.1;

/// Bins against which live rows are held.
const BINS: usize = 10;

/// One feature in training.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct Feature {
    /// Median of the rows that no failure followed; NaN if never known.
    #[cfg_attr(feature = "serde", serde(with = "super::number::unknown"))]
    usual: f64,
    /// Smallest and largest value of all rows; NaN if never known.
    #[cfg_attr(feature = "serde", serde(with = "super::number::unknown"))]
    low: f64,
    #[cfg_attr(feature = "serde", serde(with = "super::number::unknown"))]
    high: f64,
    /// Whether every row had a value.
    always: bool,
    /// Whether what is beyond all values seen says anything: ages pass them by themselves.
    counts: bool,
    bins: Option<StabilityBins>,
}

/// What is not known is the same as what is not known.
impl PartialEq for Feature {
    fn eq(&self, other: &Self) -> bool {
        let bits = |of: &Self| [of.usual, of.low, of.high].map(f64::to_bits);
        let rest = |of: &Self| (of.always, of.counts);
        bits(self) == bits(other) && rest(self) == rest(other) && self.bins == other.bins
    }
}

/// All features in training, and how abnormal its rows were.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Profile {
    features: Vec<Feature>,
    /// The median and the highest anomaly score of all rows.
    middle: f64,
    top: f64,
}

impl Profile {
    /// Of some rows and what the members said of them.
    pub(super) fn new(
        features: &Features,
        rows: &FeatureRows,
        of: &[usize],
        scores: &[Scores],
    ) -> Self {
        let every = of.len().div_ceil(SPREAD).max(1);
        let spread: Vec<usize> = of.iter().copied().step_by(every).collect();
        let subjects = features.subjects();
        let one = |column: usize| {
            let values = rows.x.column(column);
            let (mut low, mut high, mut always) = (f64::NAN, f64::NAN, true);
            for &row in of {
                let value = values[row];
                (low, high) = (low.min(value), high.max(value));
                always &= !value.is_nan();
            }
            let healthy = spread.iter().filter(|&&row| rows.fails[row] != Some(true));
            let known = |row: &usize| Some(values[*row]).filter(|value| !value.is_nan());
            let mut usual: Vec<f64> = healthy.filter_map(known).collect();
            let sample: Vec<f64> = spread.iter().map(|&row| values[row]).collect();
            Feature {
                usual: median(&mut usual),
                low,
                high,
                always,
                counts: subjects[column] != Subject::Life,
                bins: StabilityBins::new(&sample, BINS).ok(),
            }
        };
        let features = crate::parallel::map(subjects.len(), one);
        let mut anomalies: Vec<f64> = scores.iter().map(|scores| scores[ANOMALY]).collect();
        let top = anomalies.iter().copied().fold(0.0, f64::max);
        Self { features, middle: median(&mut anomalies), top }
    }

    /// The usual value of a feature.
    pub(super) fn usual(&self, column: usize) -> f64 {
        self.features[column].usual
    }

    pub(super) fn bins(&self, column: usize) -> Option<&StabilityBins> {
        self.features[column].bins.as_ref().filter(|_| self.features[column].counts)
    }

    /// Whether a feature has a value, or none, as no row of the training had.
    pub(super) fn is_new(&self, column: usize, value: f64) -> bool {
        let Feature { low, high, always, counts, .. } = self.features[column];
        if !counts {
            return false;
        }
        if value.is_nan() {
            return always;
        }
        let margin = MARGIN * (high - low);
        value < low - margin || value > high + margin
    }

    /// How far a row is from all in training: four times the share of features that are beyond what
    /// was seen, or how far its anomaly score is above the highest, against that above the median;
    /// from 0 to 1.
    pub(super) fn novelty(&self, row: &[f64], anomaly: f64) -> f64 {
        let new = row.iter().enumerate().filter(|&(column, &value)| self.is_new(column, value));
        let share = new.count() as f64 / row.len().max(1) as f64;
        let above = (anomaly - self.top) / (self.top - self.middle).max(1e-3);
        (4.0 * share).max(above).clamp(0.0, 1.0)
    }

    /// Whether a profile from a file is one.
    #[cfg(feature = "serde")]
    pub(super) fn check(&self, columns: usize) -> Result<()> {
        let feature = |feature: &Feature| feature.low <= feature.high || feature.low.is_nan();
        let shares = (0.0..=1.0).contains(&self.middle) && (0.0..=1.0).contains(&self.top);
        if self.features.len() == columns && self.features.iter().all(feature) && shares {
            return Ok(());
        }
        Err(crate::error::invalid("features that are not those of the plan"))
    }
}

/// NaN of nothing.
fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}
