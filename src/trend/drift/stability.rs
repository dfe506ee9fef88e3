//! The population stability index.

use super::categories::chi_squared_tail;
use super::kolmogorov::sorted;
use crate::error::{Error, Result};

/// Bins of a baseline: what a later sample is held against.
///
/// The edges are quantiles of the baseline; equal ones, where a value is common, are one. A value at
/// an edge belongs to the bin below. Missing values are a bin of their own where either sample has
/// any.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Saved"))]
pub struct StabilityBins {
    edges: Vec<f64>,
    counts: Vec<u64>,
    missing: u64,
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    edges: Vec<f64>,
    counts: Vec<u64>,
    missing: u64,
}

#[cfg(feature = "serde")]
impl TryFrom<Saved> for StabilityBins {
    type Error = Error;

    fn try_from(Saved { edges, counts, missing }: Saved) -> Result<Self> {
        let ascending = edges.windows(2).all(|pair| pair[0] < pair[1]);
        let some = counts.iter().any(|&count| count > 0);
        if !ascending || !edges.iter().all(|edge| edge.is_finite()) {
            return Err(crate::error::invalid("edges of bins must be finite and ascend"));
        }
        if counts.len() != edges.len() + 1 || !some {
            return Err(crate::error::invalid("there is a count for each bin, not all of them 0"));
        }
        Ok(Self { edges, counts, missing })
    }
}

/// How far a sample is from its baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StabilityIndex {
    /// Σ (a − b)·ln(a / b) over the bins' shares after and before; 0 is no difference. A bin that is
    /// empty on one side counts as half an observation there.
    pub index: f64,
    /// What it exceeds with a probability of alpha while nothing has changed.
    pub critical: f64,
    /// Probability of such an index, or a greater one, while nothing has changed.
    pub p_value: f64,
    /// Bins that occur, that of missing values included.
    pub bins: usize,
}

impl StabilityBins {
    /// As many bins as asked for, of about equally many values of the baseline; from 2 to 1,000 bins.
    /// Ten are usual.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for another number of bins and for ±∞; [`Error::Empty`] without a number.
    pub fn new(baseline: &[f64], bins: usize) -> Result<Self> {
        if !(2..=1_000).contains(&bins) {
            let allowed = "from 2 to 1,000";
            return Err(Error::OutOfRange { name: "bins", value: bins as f64, allowed });
        }
        let numbers = sorted(baseline, "baseline")?;
        let last = numbers.len() - 1;
        let at = |bin: usize| numbers[(bin * numbers.len() / bins).saturating_sub(1).min(last)];
        let mut edges: Vec<f64> = (1..bins).map(at).collect();
        edges.dedup();
        // Nothing would be above the greatest value.
        if edges.last() == Some(&numbers[last]) {
            edges.pop();
        }
        let mut found = Self { counts: vec![0; edges.len() + 1], edges, missing: 0 };
        (found.counts, found.missing) = found.count(baseline);
        Ok(found)
    }

    /// The greatest value of each bin but the last, which has none.
    #[must_use]
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// Values of the baseline in each bin.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Missing values of the baseline.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    fn count(&self, sample: &[f64]) -> (Vec<u64>, u64) {
        let mut counts = vec![0; self.counts.len()];
        let mut missing = 0;
        for &value in sample {
            if value.is_nan() {
                missing += 1;
            } else {
                counts[self.edges.partition_point(|&edge| edge < value)] += 1;
            }
        }
        (counts, missing)
    }

    /// The index of a sample, and what to hold it against.
    ///
    /// While nothing changes, the index by `1/n + 1/m`, for samples of `n` and `m`, follows the
    /// chi-squared law of one less than the number of bins (Yurdakul, "Statistical properties of
    /// population stability index", 2018). Fixed limits such as 0.1 and 0.25 are exceeded by chance
    /// in small samples, and by nothing that is not enormous in large ones.
    ///
    /// ```
    /// use forewarn::trend::StabilityBins;
    ///
    /// let wave = |i: u32| f64::from(i * 7_919 % 1_009);
    /// let before: Vec<f64> = (0..1_000).map(wave).collect();
    /// let after: Vec<f64> = (0..200).map(|i| wave(i) * 1.3).collect();
    /// let index = StabilityBins::new(&before, 10)?.index(&after, 0.01)?;
    /// assert!(index.index > index.critical && index.bins == 10);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] for an empty sample; [`Error::OutOfRange`] for ±∞ and for an alpha that is not
    /// between 0 and 1.
    pub fn index(&self, sample: &[f64], alpha: f64) -> Result<StabilityIndex> {
        check_alpha(alpha)?;
        if sample.is_empty() {
            return Err(Error::Empty { what: "sample" });
        }
        if let Some(&value) = sample.iter().find(|value| value.is_infinite()) {
            let allowed = "finite, or NaN where it is missing";
            return Err(Error::OutOfRange { name: "value", value, allowed });
        }
        let (mut after, missing) = self.count(sample);
        let mut before = self.counts.clone();
        before.push(self.missing);
        after.push(missing);
        Ok(index(&before, &after, alpha))
    }
}

/// The same of counts, of which each list has some.
pub(super) fn index(before: &[u64], after: &[u64], alpha: f64) -> StabilityIndex {
    let total = |counts: &[u64]| counts.iter().map(|&count| count as f64).sum::<f64>();
    let (n, m) = (total(before), total(after));
    let share = |count: u64, total: f64| (count as f64).max(0.5) / total;
    let occurring = || before.iter().zip(after).filter(|(b, a)| **b + **a > 0);
    let term = |(&b, &a): (&u64, &u64)| {
        let (b, a) = (share(b, n), share(a, m));
        (a - b) * (a / b).ln()
    };
    let index = occurring().map(term).sum::<f64>();
    let bins = occurring().count();
    let unit = 1.0 / n + 1.0 / m;
    let p_value = chi_squared_tail(index / unit, bins - 1);
    StabilityIndex { index, critical: unit * chi_squared_quantile(alpha, bins - 1), p_value, bins }
}

/// What a chi-squared number exceeds with this probability, by halving.
fn chi_squared_quantile(alpha: f64, degrees_of_freedom: usize) -> f64 {
    if degrees_of_freedom == 0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, degrees_of_freedom as f64 + 1.0);
    while chi_squared_tail(high, degrees_of_freedom) > alpha {
        high *= 2.0;
    }
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if chi_squared_tail(middle, degrees_of_freedom) > alpha {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

pub(super) fn check_alpha(alpha: f64) -> Result<()> {
    if !(alpha > 0.0 && alpha < 1.0) {
        let allowed = "between 0 and 1";
        return Err(Error::OutOfRange { name: "alpha", value: alpha, allowed });
    }
    Ok(())
}
