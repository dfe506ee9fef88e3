//! What a sequential test measures, and when it stops.

use super::SequentialTest;
use crate::compare::Direction;
use crate::error::{Error, Result};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Measure {
    /// Which of two values is larger, whatever their distribution: exact for any, outliers harmless.
    /// The estimate is the probability that a value of the candidate is greater.
    #[default]
    Ranks,
    /// Means: exact where differences are normal, otherwise as good as the central limit theorem. The
    /// estimate is their difference.
    Means,
    /// Means of values that lie in a range: exact whatever they are, and slower to decide the larger
    /// the range is by their spread.
    Bounded {
        /// No value is below.
        low: f64,
        /// No value is above.
        high: f64,
    },
    /// Shares: every value is 0 or 1. Exact.
    Shares,
}

/// What a sequential test measures, and when it stops. Every field has a setter of the same name.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct SequentialTestParams {
    /// What is compared. Default [`Measure::Ranks`].
    pub measure: Measure,
    /// Which way it gets worse. Default [`Direction::HigherIsWorse`].
    pub direction: Direction,
    /// Probability that equal versions are ever called different, however often one looks; in
    /// (0, 0.5). Default 0.05.
    pub alpha: f64,
    /// Effect that the test is best at, in standard deviations of single values, from 0.001 to 10; it
    /// changes how soon others are found, not how often there are false ones. Default 0.2.
    pub effect: f64,
    /// Worsening from which on it matters, above 0: in the unit of the values, as a difference of
    /// shares, or for ranks how far the probability is above 0.5. As soon as the confidence sequence
    /// excludes it the test ends with [`Harmless`](super::SequentialDecision::Harmless); `None` for
    /// never. Default `None`.
    pub margin: Option<f64>,
    /// Pairs after which the test ends without a decision, at least 1; `None` for never. From 100 on,
    /// tests of ranks and means then ask for less evidence: as much as is reached within so many
    /// pairs with probability alpha, as good as the central limit theorem. Default `None`.
    pub most_pairs: Option<u64>,
}

impl Default for SequentialTestParams {
    fn default() -> Self {
        Self {
            measure: Measure::default(),
            direction: Direction::default(),
            alpha: 0.05,
            effect: 0.2,
            margin: None,
            most_pairs: None,
        }
    }
}

impl SequentialTestParams {
    /// Sets what is compared.
    #[must_use]
    pub fn measure(self, measure: Measure) -> Self {
        Self { measure, ..self }
    }

    /// Sets which way it gets worse.
    #[must_use]
    pub fn direction(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    /// Sets the probability of a false decision.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// Sets the effect that the test is best at.
    #[must_use]
    pub fn effect(self, effect: f64) -> Self {
        Self { effect, ..self }
    }

    /// Sets the worsening from which on it matters.
    #[must_use]
    pub fn margin(self, margin: Option<f64>) -> Self {
        Self { margin, ..self }
    }

    /// Sets the pairs after which the test ends.
    #[must_use]
    pub fn most_pairs(self, most_pairs: Option<u64>) -> Self {
        Self { most_pairs, ..self }
    }

    /// A test that has seen nothing yet.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn start(self) -> Result<SequentialTest> {
        self.check()?;
        Ok(SequentialTest::new(self))
    }

    /// Pairs that it takes on average until a difference of [`effect`](Self::effect) is found, about;
    /// for [`Measure::Bounded`] up to several times more where the range is wide.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn pairs_needed(self) -> Result<u64> {
        Ok(self.start()?.state().still_needed)
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        if !(self.alpha > 0.0 && self.alpha < 0.5) {
            return refuse("alpha", self.alpha, "between 0 and 0.5, both excluded");
        }
        if !(0.001..=10.0).contains(&self.effect) {
            return refuse("effect", self.effect, "from 0.001 to 10 standard deviations");
        }
        if let Some(margin) = self.margin
            && !(margin > 0.0 && margin < f64::INFINITY)
        {
            return refuse("margin", margin, "above 0 and finite, or none");
        }
        if self.most_pairs == Some(0) {
            return refuse("most_pairs", 0.0, "at least 1, or none");
        }
        if let Measure::Bounded { low, high } = self.measure {
            if low.is_nan() || low.abs() > 1e150 {
                return refuse("low", low, "from -1e150 to 1e150");
            }
            if !(high > low && high <= 1e150) {
                return refuse("high", high, "above low and at most 1e150");
            }
        }
        Ok(())
    }
}
