//! When failures are rarer or more frequent now than in the rows that a model was trained on.

use super::off_certainty;
use crate::error::{Error, Result};

/// Corrects probabilities for a changed base rate.
///
/// If the classes look as they always did and only their shares changed, from a base rate `π` in
/// training to `π′` now, then the odds of every row change by one factor:
///
/// ```text
/// p′ / (1 − p′) = p / (1 − p) · [π′ / (1 − π′)] / [π / (1 − π)]
/// ```
///
/// That is so where negatives were sampled down or classes weighted for training (then `π` is the
/// base rate with those weights), or where a fleet ages. It is not so where failures begin to look
/// different.
///
/// Elkan, "The foundations of cost-sensitive learning", IJCAI 2001, theorem 2; Saerens, Latinne &
/// Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities", Neural
/// Computation 14 (2002).
///
/// ```
/// use forewarn::calibrate::PriorShift;
///
/// // Trained on as many failures as not; in service 1 row in 100 is one.
/// let shift = PriorShift::new(0.5, 0.01)?;
/// assert!((shift.correct(0.9)? - 0.09 / (0.09 + 0.99)).abs() < 1e-12);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Saved"))]
pub struct PriorShift {
    trained: f64,
    now: f64,
}

impl PriorShift {
    /// From the base rate in training to the one now.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless both are above 0 and below 1.
    pub fn new(trained: f64, now: f64) -> Result<Self> {
        Ok(Self { trained: rate("trained", trained)?, now: rate("now", now)? })
    }

    /// Estimates the base rate now from calibrated probabilities of unlabelled rows: the one of
    /// greatest likelihood, which the expectation–maximisation of Saerens et al. climbs to.
    ///
    /// The log likelihood `Σ ln(π′/π · pᵢ + (1 − π′)/(1 − π) · (1 − pᵢ))` is concave in `π′`, so its
    /// maximum is found by halving an interval. Where it lies at 0 or 1, the base rate is the nearest
    /// that can be corrected with, `2⁻⁵²` or `1 − 2⁻⁵²`. It needs probabilities that are calibrated
    /// for the base rate `trained`, and some hundred rows. Takes O(n) time, 64 passes.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::Empty`] without probabilities, [`Error::NotANumber`] or
    /// [`Error::OutOfRange`] for one that is none.
    ///
    /// ```
    /// use forewarn::calibrate::PriorShift;
    ///
    /// // At a base rate of 0.5, 0.8 and 0.2 would be equally frequent.
    /// let probabilities: Vec<f64> = (0..100).map(|i| if i % 10 < 3 { 0.8 } else { 0.2 }).collect();
    /// let shift = PriorShift::estimate(0.5, &probabilities)?;
    /// // The rate π′ at which 0.8 has share 0.3: 0.8 π′ + 0.2 (1 − π′) = 0.3.
    /// assert!((shift.now() - 1.0 / 6.0).abs() < 1e-9);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn estimate(trained: f64, probabilities: &[f64]) -> Result<Self> {
        let trained = rate("trained", trained)?;
        if probabilities.is_empty() {
            return Err(Error::Empty { what: "probabilities" });
        }
        (0..probabilities.len()).try_for_each(|row| check(row, probabilities[row]))?;
        // With r = p/π and s = (1 − p)/(1 − π), the slope at π′ is Σ (r − s)/(s + π′(r − s)).
        let slope = |now: f64| -> f64 {
            probabilities
                .iter()
                .map(|&p| {
                    let p = off_certainty(p);
                    let (r, s) = (p / trained, (1.0 - p) / (1.0 - trained));
                    (r - s) / (s + now * (r - s))
                })
                .sum()
        };
        let (mut low, mut high) = (f64::EPSILON, 1.0 - f64::EPSILON);
        for _ in 0..64 {
            // In the middle by ratio while the rate is small, so that rare failures keep their digits.
            let middle = if high < 0.5 { (low * high).sqrt() } else { f64::midpoint(low, high) };
            if slope(middle) > 0.0 { low = middle } else { high = middle }
        }
        Self::new(trained, f64::midpoint(low, high))
    }

    /// The base rate in training.
    #[must_use]
    pub fn trained(&self) -> f64 {
        self.trained
    }

    /// The base rate now.
    #[must_use]
    pub fn now(&self) -> f64 {
        self.now
    }

    /// The probability under the base rate now, in `[2⁻⁵², 1 − 2⁻⁵²]`. Rises with `probability`.
    ///
    /// # Errors
    /// [`Error::NotANumber`] for NaN, [`Error::OutOfRange`] outside `[0, 1]`.
    pub fn correct(&self, probability: f64) -> Result<f64> {
        check(0, probability)?;
        let failure = probability / self.trained * self.now;
        let other = (1.0 - probability) / (1.0 - self.trained) * (1.0 - self.now);
        Ok(off_certainty(failure / (failure + other)))
    }
}

fn check(index: usize, probability: f64) -> Result<()> {
    super::Scale::Probability.check(index, probability)
}

fn rate(name: &'static str, value: f64) -> Result<f64> {
    if value > 0.0 && value < 1.0 {
        return Ok(value);
    }
    Err(Error::OutOfRange { name, value, allowed: "above 0 and below 1" })
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    trained: f64,
    now: f64,
}

#[cfg(feature = "serde")]
impl TryFrom<Saved> for PriorShift {
    type Error = Error;

    fn try_from(Saved { trained, now }: Saved) -> Result<Self> {
        Self::new(trained, now).map_err(|error| Error::InvalidModel { reason: error.to_string() })
    }
}
