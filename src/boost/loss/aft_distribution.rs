//! The distributions of the logarithm of a lifetime, and their surprises: minus the logarithm of how
//! likely an observation is, with derivatives that hold far out in the tails.

use statrs::function::erf::{erfc, erfc_inv};
use std::f64::consts::{LN_2, PI, SQRT_2};

/// How the logarithm of a lifetime is spread around what is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Distribution {
    /// Normal: lifetimes are log-normal. The hazard rises, then falls slowly.
    #[default]
    Normal,
    /// Logistic: lifetimes are log-logistic. As the normal, with heavier tails.
    Logistic,
    /// The smallest of many (Gumbel): lifetimes follow Weibull's law. The hazard rises all the time
    /// for a scale below 1 (wear), and falls for one above 1 (early failures).
    ExtremeValue,
}

/// Minus a log likelihood, with its derivatives by the standardised time `z`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Surprise {
    pub(crate) value: f64,
    pub(crate) slope: f64,
    pub(crate) curvature: f64,
}

/// Where `e^z` stops growing, so that no single row outweighs all others in single precision. Only
/// extreme values have it, 15 scales late.
const LARGEST_EXPONENT: f64 = 15.0;

/// Below this width, relative to how fast the normal density changes, an interval is a point.
const POINT: f64 = 1e-6;

impl Distribution {
    /// Of the density at `z`.
    pub(crate) fn failed(self, z: f64) -> Surprise {
        match self {
            Self::Normal => {
                Surprise { value: 0.5 * (z * z + (2.0 * PI).ln()), slope: z, curvature: 1.0 }
            }
            Self::Logistic => {
                let below = logistic(z);
                Surprise {
                    value: softplus(z) + softplus(-z),
                    slope: (z / 2.0).tanh(),
                    curvature: 2.0 * below * (1.0 - below),
                }
            }
            Self::ExtremeValue => {
                let hazard = capped_exp(z);
                Surprise { value: hazard - z, slope: hazard - 1.0, curvature: hazard }
            }
        }
    }

    /// Of lying above `z`: the value is the cumulative hazard, the slope the hazard.
    pub(crate) fn alive(self, z: f64) -> Surprise {
        match self {
            Self::Normal => {
                let (value, slope, excess) = normal_tail(z);
                Surprise { value, slope, curvature: slope * excess }
            }
            Self::Logistic => {
                let below = logistic(z);
                Surprise { value: softplus(z), slope: below, curvature: below * logistic(-z) }
            }
            Self::ExtremeValue => {
                let hazard = capped_exp(z);
                Surprise { value: hazard, slope: hazard, curvature: hazard }
            }
        }
    }

    /// Of lying at `z` or below.
    pub(crate) fn failed_by(self, z: f64) -> Surprise {
        match self {
            // Symmetric about 0.
            Self::Normal | Self::Logistic => {
                let mirrored = self.alive(-z);
                Surprise { slope: -mirrored.slope, ..mirrored }
            }
            Self::ExtremeValue => {
                let hazard = capped_exp(z);
                // −ln(1 − e^(−h)), h / (e^h − 1) and the derivative of that.
                let odds = hazard.exp_m1();
                if hazard < 1e-5 {
                    // The series: both quotients below lose their digits.
                    let slope = -1.0 + hazard / 2.0;
                    return Surprise { value: -z + hazard / 2.0, slope, curvature: hazard / 2.0 };
                }
                let ratio = if odds.is_finite() { hazard / odds } else { 0.0 };
                Surprise {
                    value: -(-(-hazard).exp_m1()).ln(),
                    slope: -ratio,
                    // h e^h / (e^h − 1) = h + h / (e^h − 1)
                    curvature: (ratio * (hazard + ratio - 1.0)).max(0.0),
                }
            }
        }
    }

    /// Whether an interval is so narrow that the density at its middle says all, and differences
    /// between its ends would be of rounding only.
    pub(crate) fn is_point(low: f64, high: f64) -> bool {
        high - low < POINT / (1.0 + f64::midpoint(low, high).abs())
    }

    /// Of lying above `low` and at `high` or below, which is not a [point](Self::is_point). Both move
    /// together in the derivatives.
    pub(crate) fn between(self, low: f64, high: f64) -> Surprise {
        let width = high - low;
        match self {
            Self::Normal => normal_between(low, high),
            Self::Logistic => {
                let (above, below) = (self.alive(low), self.failed_by(high));
                Surprise {
                    // F(high) − F(low) = S(low) F(high) (1 − e^(−width)).
                    value: above.value + below.value - (-(-width).exp_m1()).ln(),
                    slope: above.slope + below.slope,
                    curvature: above.curvature + below.curvature,
                }
            }
            Self::ExtremeValue => {
                // e^(−h(low)) (1 − e^(−d)), where the difference d of the hazards moves as e^z too.
                let step = if width > 40.0 { width } else { width.exp_m1().ln() };
                let (above, below) = (self.alive(low), self.failed_by(low + step));
                Surprise {
                    value: above.value + below.value,
                    slope: above.slope + below.slope,
                    curvature: above.curvature + below.curvature,
                }
            }
        }
    }

    /// The `z` at which the cumulative hazard is `hazard` (above 0): the inverse of
    /// [`alive`](Self::alive)'s value.
    pub(crate) fn at_hazard(self, hazard: f64) -> f64 {
        match self {
            Self::Normal => normal_at_hazard(hazard),
            // ln(e^h − 1)
            Self::Logistic => hazard + (-(-hazard).exp_m1()).ln(),
            Self::ExtremeValue => hazard.ln(),
        }
    }
}

fn capped_exp(z: f64) -> f64 {
    z.min(LARGEST_EXPONENT).exp()
}

fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// `ln(1 + e^z)`.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// Of the standard normal: `−ln Q(z)`, where `Q` is the share above `z`; the hazard
/// `m = φ(z) / Q(z)`; and `m − z`, which no difference could give when it is near 0.
fn normal_tail(z: f64) -> (f64, f64, f64) {
    if z < 5.0 {
        let above = 0.5 * erfc(z / SQRT_2);
        let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        let hazard = density / above;
        // Nearly all lies above: the logarithm of the rest keeps its digits.
        let value = if z < -1.0 { -(-0.5 * erfc(-z / SQRT_2)).ln_1p() } else { -above.ln() };
        return (value, hazard, hazard - z);
    }
    // Laplace's continued fraction m = z + 1/(z + 2/(z + 3/(z + …))), here to the last bit.
    let excess = (1..60).rev().fold(0.0, |rest, k| f64::from(k) / (z + rest));
    let hazard = z + excess;
    (0.5 * z * z + 0.5 * (2.0 * PI).ln() + hazard.ln(), hazard, excess)
}

/// Of the standard normal: `−ln(Φ(high) − Φ(low))`.
fn normal_between(low: f64, high: f64) -> Surprise {
    if low + high < 0.0 {
        // Into the upper tail, where the difference of what lies above keeps its digits.
        let mirrored = normal_between(-high, -low);
        return Surprise { slope: -mirrored.slope, ..mirrored };
    }
    let (above_low, hazard, excess) = normal_tail(low);
    let (above_high, hazard_high, _) = normal_tail(high);
    // Of what lies above `low`, the share that lies above `high` too.
    let beyond = (above_low - above_high).exp();
    let within = -(above_low - above_high).exp_m1();
    let slope = (hazard - hazard_high * beyond) / within;
    // slope² − (φ(low) low − φ(high) high) / (Φ(high) − Φ(low))
    let curvature = if beyond == 0.0 {
        hazard * excess
    } else {
        slope * slope - (hazard * low - hazard_high * beyond * high) / within
    };
    // It lies in [0, 1]: what is lost to rounding, in narrow intervals, is known to be near 1.
    Surprise { value: above_low - within.ln(), slope, curvature: curvature.clamp(0.0, 1.0) }
}

/// Inverse of the cumulative hazard of the standard normal.
fn normal_at_hazard(hazard: f64) -> f64 {
    let mut z = if hazard < LN_2 {
        // Little lies below: from that side.
        -SQRT_2 * erfc_inv(-2.0 * (-hazard).exp_m1())
    } else if hazard < 600.0 {
        SQRT_2 * erfc_inv(2.0 * (-hazard).exp())
    } else {
        (2.0 * hazard - (4.0 * PI * hazard).ln()).sqrt()
    };
    // Newton, where the cumulative hazard is nearly quadratic: two steps leave rounding only. In the
    // lower tail it is nearly exponential, and the inverse above exact enough.
    if hazard > LN_2 {
        for _ in 0..3 {
            let (value, slope, _) = normal_tail(z);
            z -= (value - hazard) / slope;
        }
    }
    z
}
