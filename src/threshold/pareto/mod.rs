//! The generalised Pareto law: what lies beyond a high level.

mod fit;

pub(super) use fit::censored;

use crate::error::{Error, Result};

/// The generalised Pareto law of the excesses over a level.
///
/// Whatever a metric's law, its excesses over a high enough level follow this one nearly (Balkema & de
/// Haan 1974, Pickands 1975): `P(excess > y) = (1 + ξ·y/σ)^(−1/ξ)`, and `exp(−y/σ)` at shape `ξ = 0`.
/// A shape above 0 is a heavy tail (1/3 for Student's t with 3 degrees of freedom), 0 an exponential
/// one, below 0 one that ends, at `−σ/ξ`.
///
/// | fit | for |
/// |---|---|
/// | [`fit_moments`](Self::fit_moments) | speed: one pass; biased for shapes above 0.5 |
/// | [`fit_likelihood`](Self::fit_likelihood) | many excesses: the least error there is, asymptotically |
/// | [`fit_quasi_bayes`](Self::fit_quasi_bayes) | few excesses, any shape: never fails, error near the least |
///
/// All three are free of units: multiplying the excesses multiplies the scale and leaves the shape,
/// exactly for powers of two and to rounding for anything else. Each takes O(n log n) time.
///
/// ```
/// use forewarn::threshold::GeneralizedPareto;
///
/// // The 99 excesses at the percentiles of an exponential law of mean 2.
/// let excesses: Vec<f64> = (1..100).map(|i| -2.0 * (f64::from(i) / 100.0).ln()).collect();
/// let law = GeneralizedPareto::fit_quasi_bayes(&excesses)?;
/// assert!((law.scale() - 2.0).abs() < 0.2 && law.shape().abs() < 0.1);
/// let once_in_ten_thousand = law.quantile(1e-4)?;
/// assert!((law.tail_probability(once_in_ten_thousand) - 1e-4).abs() < 1e-12);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Saved"))]
pub struct GeneralizedPareto {
    scale: f64,
    shape: f64,
}

/// Below this size a shape is as good as 0: the two formulas differ by less than rounding does.
const NO_SHAPE: f64 = 1e-9;

impl GeneralizedPareto {
    /// The law of a scale `σ` and a shape `ξ`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless the scale is above 0 and finite, the shape finite.
    pub fn new(scale: f64, shape: f64) -> Result<Self> {
        if !(scale > 0.0 && scale < f64::INFINITY) {
            let allowed = "above 0 and finite";
            return Err(Error::OutOfRange { name: "scale", value: scale, allowed });
        }
        if !shape.is_finite() {
            return Err(Error::OutOfRange { name: "shape", value: shape, allowed: "finite" });
        }
        Ok(Self { scale, shape })
    }

    /// `σ`, in the metric's unit; above 0.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// `ξ`: the larger, the heavier the tail.
    #[must_use]
    pub fn shape(&self) -> f64 {
        self.shape
    }

    /// The probability of a larger excess, in `[0, 1]`: 1 at 0 and below, 0 beyond the end of a law
    /// that has one. NaN for NaN.
    #[must_use]
    pub fn tail_probability(&self, excess: f64) -> f64 {
        if excess.is_nan() {
            return f64::NAN;
        }
        let reach = excess.max(0.0) / self.scale;
        if self.shape.abs() < NO_SHAPE {
            return (-reach).exp();
        }
        // Beyond the end of the law the logarithm's argument is negative.
        let inside = (self.shape * reach).max(-1.0);
        (-inside.ln_1p() / self.shape).exp()
    }

    /// The excess that is exceeded with a probability in `(0, 1]`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for any other probability.
    pub fn quantile(&self, tail_probability: f64) -> Result<f64> {
        if tail_probability > 0.0 && tail_probability <= 1.0 {
            return Ok(self.exceeded_with(tail_probability));
        }
        let (value, allowed) = (tail_probability, "above 0 and at most 1");
        Err(Error::OutOfRange { name: "tail_probability", value, allowed })
    }

    /// The excess that is exceeded with that probability, which is in `(0, 1]`.
    pub(super) fn exceeded_with(&self, tail_probability: f64) -> f64 {
        let rarity = -tail_probability.ln();
        if self.shape.abs() < NO_SHAPE {
            return self.scale * rarity;
        }
        self.scale * ((self.shape * rarity).exp_m1() / self.shape)
    }

    /// Fits by probability-weighted moments, equivalently by L-moments: `ξ = 2 − λ₁/λ₂`,
    /// `σ = (1 − ξ)·λ₁`, from unbiased sample moments (Hosking & Wallis, "Parameter and quantile
    /// estimation for the generalized Pareto distribution", Technometrics 29, 1987).
    ///
    /// Where that law would end before the largest excess, its end is moved there (Dupuis & Tsao 1998);
    /// the shape is at least −1.
    ///
    /// # Errors
    /// [`Error::Empty`] for fewer than two excesses, [`Error::NotANumber`] or [`Error::OutOfRange`] for
    /// one that is not a number of at least 0, or if all are 0.
    pub fn fit_moments(excesses: &[f64]) -> Result<Self> {
        let (sorted, unit) = fit::prepare(excesses)?;
        Ok(fit::moments(&sorted).scaled(unit))
    }

    /// Fits by maximum likelihood: the inner maximum of the profile likelihood of `ξ/σ`, in one
    /// dimension (Grimshaw, "Computing maximum likelihood estimates for the generalized Pareto
    /// distribution", Technometrics 35, 1993).
    ///
    /// The likelihood grows without bound towards laws of shapes below −1 that end at the largest
    /// excess; these are left out, so the answer has a shape of at least −1, and is the uniform law up to
    /// the largest excess where the likelihood has no inner maximum.
    ///
    /// # Errors
    /// As [`fit_moments`](Self::fit_moments).
    pub fn fit_likelihood(excesses: &[f64]) -> Result<Self> {
        let (sorted, unit) = fit::prepare(excesses)?;
        Ok(fit::likelihood(&sorted).scaled(unit))
    }

    /// Fits by the mean of `ξ/σ` under the likelihood and a prior that knows the order of magnitude
    /// from the first quartile (Zhang & Stephens, "A new and efficient estimation method for the
    /// generalized Pareto distribution", Technometrics 51, 2009).
    ///
    /// # Errors
    /// As [`fit_moments`](Self::fit_moments).
    pub fn fit_quasi_bayes(excesses: &[f64]) -> Result<Self> {
        let (sorted, unit) = fit::prepare(excesses)?;
        Ok(fit::quasi_bayes(&sorted).scaled(unit))
    }

    /// The same law in a unit `unit` times as small.
    fn scaled(self, unit: f64) -> Self {
        let scale = (self.scale * unit).clamp(f64::MIN_POSITIVE, f64::MAX);
        Self { scale, shape: self.shape }
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    scale: f64,
    shape: f64,
}

#[cfg(feature = "serde")]
impl TryFrom<Saved> for GeneralizedPareto {
    type Error = Error;

    fn try_from(Saved { scale, shape }: Saved) -> Result<Self> {
        Self::new(scale, shape).map_err(crate::error::invalid)
    }
}
