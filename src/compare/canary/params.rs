//! How a canary is judged.

use super::judge;
use super::{CanaryJudgement, CanaryMetric};
use crate::compare::Discovery;
use crate::error::{Error, Result};

/// What becomes of values that are NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MissingValues {
    /// They are left out. Whoever has fewer than
    /// [`least_values`](CanaryParams::least_values) left has no data.
    #[default]
    Skip,
    /// They are zeros: right for counts of what is only written down when it happens.
    Zero,
    /// They are an error.
    Refuse,
}

/// How a canary is judged. Every field has a setter of the same name.
///
/// ```
/// use forewarn::compare::{CanaryMetric, CanaryParams, Direction, Verdict};
///
/// // An hour of both, a value a minute.
/// let wave = |i: u32, phase: f64| (f64::from(i) * 2.4 + phase).sin();
/// let baseline: Vec<f64> = (0..60).map(|i| 120.0 + 9.0 * wave(i, 0.0)).collect();
/// let candidate: Vec<f64> = (0..60).map(|i| 131.0 + 9.0 * wave(i, 1.0)).collect();
/// let latency = CanaryMetric::samples("latency", &baseline, &candidate);
///
/// let judgement = CanaryParams::default().judge(&[latency])?;
/// assert_eq!(judgement.verdict, Verdict::RollBack);
///
/// // The same numbers, of a throughput.
/// let throughput = CanaryMetric::samples("throughput", &baseline, &candidate)
///     .direction(Direction::LowerIsWorse);
/// let judgement = CanaryParams::default().judge(&[throughput])?;
/// assert_eq!(judgement.verdict, Verdict::Promote);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct CanaryParams {
    /// Share of false ones among the metrics that are called worse, in (0, 0.5): also the probability
    /// that a canary in which nothing differs is rolled back. Default 0.05.
    pub alpha: f64,
    /// Relative worsening up to which a metric is not called worse however certain it is, at least 0:
    /// 0.05 is 5 % of the baseline. A metric can have its own. Default 0.
    pub tolerance: f64,
    /// Relative worsening that must not be missed, above 0. Until there are enough values to find it
    /// with probability [`power`](Self::power) the canary is held, not promoted. A metric can have its
    /// own. Default 0.1.
    pub margin: f64,
    /// Probability with which a worsening by [`margin`](Self::margin) has to be found, in (0, 1).
    /// Default 0.8.
    pub power: f64,
    /// Fewest values of either side that a metric is judged on, at least 2. Default 10.
    pub least_values: usize,
    /// How false discoveries over the metrics are controlled.
    pub discovery: Discovery,
}

impl Default for CanaryParams {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            tolerance: 0.0,
            margin: 0.1,
            power: 0.8,
            least_values: 10,
            discovery: Discovery::default(),
        }
    }
}

impl CanaryParams {
    /// Sets the share of false discoveries.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// Sets the relative worsening that is tolerated.
    #[must_use]
    pub fn tolerance(self, tolerance: f64) -> Self {
        Self { tolerance, ..self }
    }

    /// Sets the relative worsening that must not be missed.
    #[must_use]
    pub fn margin(self, margin: f64) -> Self {
        Self { margin, ..self }
    }

    /// Sets the probability with which it has to be found.
    #[must_use]
    pub fn power(self, power: f64) -> Self {
        Self { power, ..self }
    }

    /// Sets the fewest values that a metric is judged on.
    #[must_use]
    pub fn least_values(self, least_values: usize) -> Self {
        Self { least_values, ..self }
    }

    /// Sets how false discoveries are controlled.
    #[must_use]
    pub fn discovery(self, discovery: Discovery) -> Self {
        Self { discovery, ..self }
    }

    /// Judges a canary by its metrics. O(n log n) for the n values of each.
    ///
    /// # Errors
    /// [`Error::Empty`] without metrics, [`Error::OutOfRange`] for a setting outside its range or a
    /// value beyond ±1e150, [`Error::NotANumber`] for NaN in a metric that refuses it. A metric without
    /// values is no error: it has [no data](super::MetricOutcome::NoData).
    pub fn judge(&self, metrics: &[CanaryMetric<'_>]) -> Result<CanaryJudgement> {
        self.check()?;
        if metrics.is_empty() {
            return Err(Error::Empty { what: "metrics" });
        }
        judge::judge(self, metrics)
    }

    fn check(&self) -> Result<()> {
        let refuse = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        if !(self.alpha > 0.0 && self.alpha < 0.5) {
            return refuse("alpha", self.alpha, "between 0 and 0.5, both excluded");
        }
        check_tolerance(self.tolerance)?;
        check_margin(self.margin)?;
        if !(self.power > 0.0 && self.power < 1.0) {
            return refuse("power", self.power, "between 0 and 1, both excluded");
        }
        if self.least_values < 2 {
            return refuse("least_values", self.least_values as f64, "at least 2");
        }
        Ok(())
    }
}

pub(super) fn check_tolerance(value: f64) -> Result<()> {
    if (0.0..=1e6).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange { name: "tolerance", value, allowed: "from 0 to 1e6" })
}

pub(super) fn check_margin(value: f64) -> Result<()> {
    if value > 0.0 && value <= 1e6 {
        return Ok(());
    }
    Err(Error::OutOfRange { name: "margin", value, allowed: "above 0 and at most 1e6" })
}
