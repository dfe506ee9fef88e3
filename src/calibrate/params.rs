//! Settings of a calibration, and how it is trained.

use super::logistic::log_odds;
use super::{Calibrator, Comparison, Curve, LARGEST_SCORE};
use crate::error::{Error, Result};
use crate::metrics::{check_values, check_weights};
use crate::pava::ties;
use std::hash::Hash;

/// How scores become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Method {
    /// Not at all: scores are taken at their word.
    Identity,
    /// [`Platt`](super::Platt) scaling.
    Platt,
    /// [`Beta`](super::Beta) calibration.
    Beta,
    /// [`Isotonic`](super::Isotonic) regression.
    Isotonic,
    /// Whichever of the four does best on rows left out, the simpler one unless another is clearly
    /// better: see [`CalibrationParams::compare`].
    Automatic,
}

/// What scores are before calibration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Scale {
    /// Probabilities, from 0 to 1. Curves are fitted to their log odds, those of `2⁻⁵²` and
    /// `1 − 2⁻⁵²` at most.
    Probability,
    /// Log odds or any other score of at most 1e100 in size, such as a raw score of boosted trees or
    /// the score of an isolation forest.
    LogOdds,
}

impl Scale {
    pub(super) fn check(self, index: usize, score: f64) -> Result<()> {
        let (ok, name, allowed) = match self {
            Self::Probability => ((0.0..=1.0).contains(&score), "probability", "from 0 to 1"),
            Self::LogOdds => (score.abs() <= LARGEST_SCORE, "score", "from -1e100 to 1e100"),
        };
        match ok {
            true => Ok(()),
            false if score.is_nan() => Err(Error::NotANumber { what: name, index }),
            false => Err(Error::OutOfRange { name, value: score, allowed }),
        }
    }

    pub(super) fn log_odds(self, score: f64) -> f64 {
        match self {
            Self::Probability => log_odds(score),
            Self::LogOdds => score,
        }
    }
}

/// Settings of a calibration. Every field has a setter of the same name.
///
/// ```
/// use forewarn::calibrate::{CalibrationParams, Method, Scale};
///
/// let scores = [-3.0, -1.0, 0.5, -2.0, 1.0, 4.0];
/// let failed = [false, false, true, false, false, true];
/// let params = CalibrationParams::default().method(Method::Platt).scale(Scale::LogOdds);
/// let calibrator = params.train(&failed, &scores, None)?;
/// let [low, high] = [calibrator.probability(-3.0)?, calibrator.probability(4.0)?];
/// assert!(low < 0.2 && high > 0.7);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct CalibrationParams {
    /// How scores become probabilities. Default automatic.
    pub method: Method,
    /// What scores are. Default probabilities.
    pub scale: Scale,
    /// Parts into which the rows are cut to compare methods, from 2 to 100; fewer where one class has
    /// fewer rows. Default 5.
    pub folds: usize,
    /// The parts follow from it. Default 0.
    pub seed: u64,
}

impl Default for CalibrationParams {
    fn default() -> Self {
        Self { method: Method::Automatic, scale: Scale::Probability, folds: 5, seed: 0 }
    }
}

impl CalibrationParams {
    /// Sets how scores become probabilities.
    #[must_use]
    pub fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// Sets what scores are.
    #[must_use]
    pub fn scale(self, scale: Scale) -> Self {
        Self { scale, ..self }
    }

    /// Sets the number of parts in which methods are compared.
    #[must_use]
    pub fn folds(self, folds: usize) -> Self {
        Self { folds, ..self }
    }

    /// Sets what the parts follow from.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Learns the curve from labelled rows that the model has not seen in training.
    ///
    /// `weights`: one a row, finite and at least 0; a row of weight 2 counts as two. Takes O(n log n)
    /// time, [`Method::Automatic`] about `3 · folds` times as long as one method.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for folds, [`Error::Empty`] without rows, [`Error::Length`] unless there
    /// is one score and weight a label, [`Error::NotANumber`] or [`Error::OutOfRange`] for a score
    /// that is not of the [`scale`](Self::scale) or a weight that cannot be one,
    /// [`Error::SingleClass`] unless rows of both classes weigh something.
    pub fn train(
        &self,
        labels: &[bool],
        scores: &[f64],
        weights: Option<&[f64]>,
    ) -> Result<Calibrator> {
        self.train_grouped(labels, scores, weights, None::<&[()]>)
    }

    /// As [`train`](Self::train), where rows of one group (one machine) are not independent:
    /// [`Method::Automatic`] never judges a curve by rows of a group that it has learned from.
    ///
    /// # Errors
    /// As [`train`](Self::train), and [`Error::Length`] unless there is one group a label.
    pub fn train_grouped<G: Eq + Hash>(
        &self,
        labels: &[bool],
        scores: &[f64],
        weights: Option<&[f64]>,
        groups: Option<&[G]>,
    ) -> Result<Calibrator> {
        let log_odds = self.prepare(labels, scores, weights)?;
        let method = match self.method {
            Method::Automatic => self.choose(labels, &log_odds, weights, groups)?.chosen,
            method => method,
        };
        let curve = Curve::train(method, &ties(labels, &log_odds, weights));
        Ok(Calibrator { scale: self.scale, curve })
    }

    /// What the four methods lose on rows left out, and which one [`Method::Automatic`] takes.
    ///
    /// The rows are cut into [`folds`](Self::folds) parts, stratified by label and without dividing a
    /// group; each method learns on the others and is judged by its log loss on the part. Taken is
    /// the first, in the order identity, Platt, beta, isotonic, whose loss is no more than one standard
    /// error above the least, the error being that of the mean difference from the least, row by row
    /// (or group by group). With fewer than two rows (or groups) of a class nothing can be compared:
    /// then nothing is changed. The method does not matter here.
    ///
    /// # Errors
    /// As [`train_grouped`](Self::train_grouped).
    ///
    /// ```
    /// use forewarn::calibrate::{CalibrationParams, Method};
    ///
    /// let said: Vec<f64> = (0..1000).map(|i| (i % 10) as f64 / 10.0).collect();
    /// let failed: Vec<bool> = (0..1000).map(|i| i / 10 % 10 < i % 10).collect();
    /// // Of the rows with 0.3, three in ten fail: there is nothing to gain.
    /// let comparison = CalibrationParams::default().compare::<()>(&failed, &said, None, None)?;
    /// assert_eq!(comparison.chosen, Method::Identity);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn compare<G: Eq + Hash>(
        &self,
        labels: &[bool],
        scores: &[f64],
        weights: Option<&[f64]>,
        groups: Option<&[G]>,
    ) -> Result<Comparison> {
        let log_odds = self.prepare(labels, scores, weights)?;
        self.choose(labels, &log_odds, weights, groups)
    }

    /// Checks settings and rows; scores as log odds.
    fn prepare(
        &self,
        labels: &[bool],
        scores: &[f64],
        weights: Option<&[f64]>,
    ) -> Result<Vec<f64>> {
        if !(2..=100).contains(&self.folds) {
            let allowed = "from 2 to 100";
            return Err(Error::OutOfRange { name: "folds", value: self.folds as f64, allowed });
        }
        check_values(labels, scores, ["scores", "score"])?;
        let log_odds = scores.iter().enumerate().map(|(index, &score)| {
            self.scale.check(index, score).map(|()| self.scale.log_odds(score))
        });
        let log_odds = log_odds.collect::<Result<Vec<f64>>>()?;
        if let Some(weights) = weights {
            check_weights(labels, weights)?;
            let sum: f64 = weights.iter().sum();
            if !sum.is_finite() {
                let (name, allowed) = ("the sum of the weights", "finite");
                return Err(Error::OutOfRange { name, value: sum, allowed });
            }
        }
        let weighs = |row: usize| weights.is_none_or(|weights| weights[row] > 0.0);
        let has = |class| labels.iter().enumerate().any(|(row, &l)| l == class && weighs(row));
        match (has(false), has(true)) {
            (true, true) => Ok(log_odds),
            (_, class) => Err(Error::SingleClass { class, count: labels.len() }),
        }
    }
}
