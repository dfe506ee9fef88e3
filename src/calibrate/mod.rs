//! Probabilities that mean what they say: from scores to the share of such rows that failed.
//!
//! A model's probabilities are usually too sure or too timid, and a score is no probability at all.
//! Calibration learns, on labelled rows that the model was *not* trained on, a rising curve from
//! scores to probabilities. The ranking stays, so everything that judges only the order stays too.
//!
//! ```
//! use forewarn::calibrate::{CalibrationParams, Method};
//! use forewarn::metrics::log_loss;
//!
//! // A model that is too sure: what it gives 0.99 fails in 7 cases of 10.
//! let said: Vec<f64> = (0..400).map(|i| if i % 2 == 0 { 0.99 } else { 0.01 }).collect();
//! let failed: Vec<bool> = (0..400).map(|i| if i % 2 == 0 { i % 20 < 14 } else { i % 20 < 6 }).collect();
//!
//! let calibrator = CalibrationParams::default().train(&failed, &said, None)?;
//! let honest = calibrator.probabilities(&said)?;
//! assert!((honest[0] - 0.7).abs() < 0.01);
//! assert!(log_loss(&failed, &honest)? < log_loss(&failed, &said)?);
//! assert_ne!(calibrator.method(), Method::Identity);
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # Which method
//! | method | parameters | for |
//! |---|---|---|
//! | [`Platt`] | 2 | few rows, scores that are no probabilities |
//! | [`Beta`] | 3 | probabilities distorted differently at either end |
//! | [`Isotonic`] | as many as the rows ask for | a thousand rows and more |
//! | [`Method::Automatic`] | | the least cross-validated log loss; may decide to change nothing |
//!
//! # What holds for all of them
//! - Probabilities never fall as the score rises. [`Platt`] and [`Beta`] keep different scores
//!   different (unless a slope is 0); [`Isotonic`] does between its outer corners.
//! - Probabilities lie in `[2⁻⁵², 1 − 2⁻⁵²]`, the range that
//!   [`log_loss`](crate::metrics::log_loss) tells apart: nothing is ever called certain.
//! - A row of weight 2 counts as two rows.
//!
//! # Limits
//! - The rows must be new to the model: on its own training rows nearly every model looks too timid.
//! - A calibrated model says what was true when it was calibrated. Where the base rate changes,
//!   [`PriorShift`] corrects it; where the machine changes, only new labels help.
//!   [`expected_calibration_error`](crate::metrics::expected_calibration_error) and
//!   [`calibration_table`](crate::metrics::calibration_table) show how things stand.

mod automatic;
mod beta;
mod calibrated;
mod isotonic;
mod logistic;
mod params;
mod platt;
mod prior;

pub use automatic::{Candidate, Comparison};
pub use beta::Beta;
pub use calibrated::Calibrated;
pub use isotonic::Isotonic;
pub use params::{CalibrationParams, Method, Scale};
pub use platt::Platt;
pub use prior::PriorShift;

#[cfg(feature = "serde")]
use crate::error::Error;
use crate::error::Result;
use crate::pava::Tie;
use logistic::logistic;

/// Largest score by size: far beyond, differences of scores would overflow.
pub(crate) const LARGEST_SCORE: f64 = 1e100;

/// A curve from scores to probabilities.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Curve {
    /// The probability as it was given; of log odds, their logistic function.
    Identity,
    /// A straight line in log odds.
    Platt(Platt),
    /// A line that bends once.
    Beta(Beta),
    /// A line with many corners.
    Isotonic(Isotonic),
}

impl Curve {
    /// Trains on ties whose scores are log odds. `method` is not [`Method::Automatic`].
    fn train(method: Method, ties: &[Tie]) -> Self {
        match method {
            Method::Platt => Self::Platt(Platt::train(ties)),
            Method::Beta => Self::Beta(Beta::train(ties)),
            Method::Isotonic => Self::Isotonic(Isotonic::train(ties)),
            Method::Identity | Method::Automatic => Self::Identity,
        }
    }

    fn log_odds(&self, score: f64) -> f64 {
        match self {
            Self::Identity => score,
            Self::Platt(platt) => platt.log_odds(score),
            Self::Beta(beta) => beta.log_odds(score),
            Self::Isotonic(isotonic) => isotonic.log_odds(score),
        }
    }

    /// The probability at log odds, off certainty.
    fn probability(&self, score: f64) -> f64 {
        off_certainty(logistic(self.log_odds(score)))
    }
}

fn off_certainty(p: f64) -> f64 {
    p.clamp(f64::EPSILON, 1.0 - f64::EPSILON)
}

/// Turns scores into probabilities, as [`CalibrationParams::train`] learned it.
///
/// Saved with serde, it carries a format version; a file that no training can have made is refused.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "Saved", try_from = "Saved"))]
pub struct Calibrator {
    scale: Scale,
    curve: Curve,
}

impl Calibrator {
    /// Changes nothing: scores of that scale are taken at their word.
    #[must_use]
    pub fn identity(scale: Scale) -> Self {
        Self { scale, curve: Curve::Identity }
    }

    /// What scores are.
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// The curve with its parameters, in log odds where scores are probabilities.
    #[must_use]
    pub fn curve(&self) -> &Curve {
        &self.curve
    }

    /// The method that made the curve; never [`Method::Automatic`].
    #[must_use]
    pub fn method(&self) -> Method {
        match self.curve {
            Curve::Identity => Method::Identity,
            Curve::Platt(_) => Method::Platt,
            Curve::Beta(_) => Method::Beta,
            Curve::Isotonic(_) => Method::Isotonic,
        }
    }

    /// The probability of failure at a score, in `[2⁻⁵², 1 − 2⁻⁵²]`.
    ///
    /// # Errors
    /// [`NotANumber`](crate::Error::NotANumber) for NaN, [`OutOfRange`](crate::Error::OutOfRange) for a
    /// probability outside `[0, 1]` or log odds beyond ±1e100.
    pub fn probability(&self, score: f64) -> Result<f64> {
        self.scale.check(0, score)?;
        Ok(self.at(score))
    }

    /// [`probability`](Self::probability) of each score.
    ///
    /// # Errors
    /// As [`probability`](Self::probability), for the first score that cannot be.
    pub fn probabilities(&self, scores: &[f64]) -> Result<Vec<f64>> {
        let one = |(index, &score)| self.scale.check(index, score).map(|()| self.at(score));
        scores.iter().enumerate().map(one).collect()
    }

    fn at(&self, score: f64) -> f64 {
        match (&self.curve, self.scale) {
            // Not by way of log odds, which would round it.
            (Curve::Identity, Scale::Probability) => off_certainty(score),
            (curve, scale) => curve.probability(scale.log_odds(score)),
        }
    }
}

/// The newest format of a saved calibrator.
#[cfg(feature = "serde")]
const FORMAT: u32 = 1;

#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    format: u32,
    scale: Scale,
    curve: Curve,
}

#[cfg(feature = "serde")]
impl From<Calibrator> for Saved {
    fn from(Calibrator { scale, curve }: Calibrator) -> Self {
        Self { format: FORMAT, scale, curve }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<Saved> for Calibrator {
    type Error = Error;

    fn try_from(Saved { format, scale, curve }: Saved) -> Result<Self> {
        match format {
            FORMAT => Ok(Self { scale, curve }),
            0 => Err(Error::InvalidModel { reason: "format version 0 never was".into() }),
            found => Err(Error::NewerFormat { found, newest: FORMAT }),
        }
    }
}
