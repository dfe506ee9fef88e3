//! One feature against its baseline.

use super::categories::{CategoryShare, g_test};
use super::kolmogorov::{PValue, compare, sorted};
use super::stability::{StabilityBins, StabilityIndex, check_alpha, index};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// How bad a drift is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DriftSeverity {
    /// None, or none that can be told from chance, or too small to matter.
    None,
    /// Worth a note.
    Slight,
    /// Worth a look.
    Moderate,
    /// Not what it was.
    Severe,
}

impl std::fmt::Display for DriftSeverity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Slight => "slight",
            Self::Moderate => "moderate",
            Self::Severe => "severe",
        })
    }
}

/// What it takes to call a difference a drift.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct DriftParams {
    /// Probability of a drift where there is none; in a table, share of false ones among those found.
    /// Between 0 and 1. Default: 0.01.
    pub alpha: f64,
    /// Least effect of a drift: the share of values that are elsewhere now, from 0 to 1. It is
    /// [`Slight`](DriftSeverity::Slight) from here, moderate from twice and severe from four times as
    /// much. In a large sample the least difference is significant; this keeps it from being a
    /// drift. Default: 0.1.
    pub floor: f64,
    /// Bins of the stability index, from 2 to 1,000. Default: 10.
    pub bins: usize,
}

impl Default for DriftParams {
    fn default() -> Self {
        Self { alpha: 0.01, floor: 0.1, bins: 10 }
    }
}

/// What about a feature moved.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Moved {
    /// Numbers.
    Numeric {
        /// Medians before and after; NaN if all are missing.
        median: [f64; 2],
        /// Distances from lower to upper quartile, before and after; NaN if all are missing.
        spread: [f64; 2],
        /// The number at which the shares of values up to it differ most; NaN if all of one side are
        /// missing.
        location: f64,
    },
    /// Categories whose share changed, at most eight of them, the greatest change first.
    Categorical(Vec<CategoryShare>),
}

/// How one feature differs from its baseline.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeatureDrift {
    /// Its name.
    pub name: String,
    /// How bad it is: none unless both significant and large enough.
    pub severity: DriftSeverity,
    /// Probability of such a difference by chance: of the test of Kolmogorov and Smirnov or the
    /// likelihood-ratio test, and of that of missing shares, the lesser, doubled where both were made.
    pub p_value: f64,
    /// The same, adjusted for the number of features in a table (Benjamini & Hochberg 1995).
    pub adjusted: f64,
    /// Share of values that are elsewhere now, from 0 to 1: the greatest difference of cumulative
    /// shares of numbers, or half the sum of differences of shares of categories; or the difference
    /// of missing shares if that is greater.
    pub effect: f64,
    /// The stability index, missing values and all.
    pub stability: StabilityIndex,
    /// Share of missing values before and after.
    pub missing: [f64; 2],
    /// What moved.
    pub moved: Moved,
}

impl DriftParams {
    /// Sets [`alpha`](Self::alpha).
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// Sets [`floor`](Self::floor).
    #[must_use]
    pub fn floor(self, floor: f64) -> Self {
        Self { floor, ..self }
    }

    /// Sets [`bins`](Self::bins).
    #[must_use]
    pub fn bins(self, bins: usize) -> Self {
        Self { bins, ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_alpha(self.alpha)?;
        if !(0.0..=1.0).contains(&self.floor) {
            let allowed = "from 0 to 1";
            return Err(Error::OutOfRange { name: "floor", value: self.floor, allowed });
        }
        if !(2..=1_000).contains(&self.bins) {
            let allowed = "from 2 to 1,000";
            return Err(Error::OutOfRange { name: "bins", value: self.bins as f64, allowed });
        }
        Ok(())
    }

    /// A feature of numbers against its baseline. NaN is a missing value, whose share may drift too.
    ///
    /// ```
    /// use forewarn::trend::{DriftParams, DriftSeverity};
    ///
    /// let wave = |i: u32| f64::from(i * 7_919 % 1_009);
    /// let before: Vec<f64> = (0..1_000).map(wave).collect();
    /// let after: Vec<f64> = (0..500).map(|i| wave(i) + 300.0).collect();
    /// let drift = DriftParams::default().numeric("latency", &before, &after)?;
    /// assert_eq!(drift.severity, DriftSeverity::Moderate);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] for a sample without a row, or a baseline without a number;
    /// [`Error::OutOfRange`] for ±∞ or a setting outside its range.
    pub fn numeric(&self, name: &str, before: &[f64], after: &[f64]) -> Result<FeatureDrift> {
        self.check()?;
        let stability = StabilityBins::new(before, self.bins)?.index(after, self.alpha)?;
        let absent = |sample: &[f64]| sample.iter().filter(|value| value.is_nan()).count();
        let missing = Missing::new([before.len(), after.len()], [absent(before), absent(after)])?;
        let first = sorted(before, "baseline")?;
        let second = sorted(after, "sample").unwrap_or_default();
        let (p_value, effect, location) = if second.is_empty() {
            (1.0, 0.0, f64::NAN)
        } else {
            let test = compare(&first, &second, PValue::Automatic)?;
            (test.p_value, test.statistic, test.location)
        };
        let at = |sample: &[f64], share: f64| {
            let place = (share * sample.len() as f64) as usize;
            sample.get(place).copied().unwrap_or(f64::NAN)
        };
        let spread = |sample: &[f64]| at(sample, 0.75) - at(sample, 0.25);
        let moved = Moved::Numeric {
            median: [at(&first, 0.5), at(&second, 0.5)],
            spread: [spread(&first), spread(&second)],
            location,
        };
        Ok(self.conclude(name, p_value, effect, &missing, stability, moved))
    }

    /// A feature of categories against its baseline. An empty text is a missing value.
    ///
    /// # Errors
    /// [`Error::Empty`] for a sample without a row, or a baseline without a category;
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn categorical(
        &self,
        name: &str,
        before: &[impl AsRef<str>],
        after: &[impl AsRef<str>],
    ) -> Result<FeatureDrift> {
        self.check()?;
        let mut counts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
        for category in before {
            counts.entry(category.as_ref()).or_default()[0] += 1;
        }
        for category in after {
            counts.entry(category.as_ref()).or_default()[1] += 1;
        }
        let column = |side: usize| counts.values().map(|it| it[side]).collect::<Vec<u64>>();
        let absent = counts.get("").copied().unwrap_or_default().map(|count| count as usize);
        let missing = Missing::new([before.len(), after.len()], absent)?;
        let stability = index(&column(0), &column(1), self.alpha);
        counts.remove("");
        let column = |side: usize| counts.values().map(|it| it[side]).collect::<Vec<u64>>();
        let [n, m] = [0, 1].map(|side| column(side).iter().map(|&it| it as f64).sum::<f64>());
        if n == 0.0 {
            return Err(Error::Empty { what: "baseline" });
        }
        let (p_value, effect) = if m == 0.0 {
            (1.0, 0.0)
        } else {
            let test = g_test(&column(0), &column(1))?;
            (test.p_value, test.moved)
        };
        let mut shares: Vec<CategoryShare> = counts
            .into_iter()
            .map(|(category, [b, a])| CategoryShare {
                category: category.to_owned(),
                before: b as f64 / n,
                after: if m > 0.0 { a as f64 / m } else { 0.0 },
            })
            .filter(|share| share.before != share.after)
            .collect();
        let change = |share: &CategoryShare| (share.after - share.before).abs();
        shares.sort_by(|a, b| change(b).total_cmp(&change(a)));
        shares.truncate(8);
        let moved = Moved::Categorical(shares);
        Ok(self.conclude(name, p_value, effect, &missing, stability, moved))
    }

    fn conclude(
        &self,
        name: &str,
        p_value: f64,
        effect: f64,
        missing: &Missing,
        stability: StabilityIndex,
        moved: Moved,
    ) -> FeatureDrift {
        let p_value = match missing.p_value {
            Some(other) => (2.0 * p_value.min(other)).min(1.0),
            None => p_value,
        };
        let [before, after] = missing.shares;
        let mut drift = FeatureDrift {
            name: name.to_owned(),
            severity: DriftSeverity::None,
            p_value,
            adjusted: p_value,
            effect: effect.max((after - before).abs()),
            stability,
            missing: missing.shares,
            moved,
        };
        drift.judge(self);
        drift
    }
}

impl FeatureDrift {
    /// Sets the severity by the adjusted probability and the effect.
    pub(super) fn judge(&mut self, params: &DriftParams) {
        self.severity = if self.adjusted > params.alpha || self.effect < params.floor {
            DriftSeverity::None
        } else if self.effect >= 4.0 * params.floor {
            DriftSeverity::Severe
        } else if self.effect >= 2.0 * params.floor {
            DriftSeverity::Moderate
        } else {
            DriftSeverity::Slight
        };
    }
}

/// Missing values before and after.
struct Missing {
    shares: [f64; 2],
    /// None where nothing is missing.
    p_value: Option<f64>,
}

impl Missing {
    fn new(rows: [usize; 2], missing: [usize; 2]) -> Result<Self> {
        for (rows, what) in rows.into_iter().zip(["baseline", "sample"]) {
            if rows == 0 {
                return Err(Error::Empty { what });
            }
        }
        let counts = |side: usize| [missing[side] as u64, (rows[side] - missing[side]) as u64];
        let p_value =
            if missing == [0, 0] { None } else { Some(g_test(&counts(0), &counts(1))?.p_value) };
        let share = |side: usize| missing[side] as f64 / rows[side] as f64;
        Ok(Self { shares: [share(0), share(1)], p_value })
    }
}
