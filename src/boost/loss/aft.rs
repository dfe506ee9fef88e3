//! Accelerated failure time: features stretch or shrink the time that is left.

use super::aft_distribution::{Distribution, Surprise};
use super::{Derivatives, Loss};
use crate::boost::ensemble::Link;
use crate::error::{Error, Result};
use crate::lifetime::Lifetime;
use crate::parallel;

/// Learns the logarithm of the lifetime: `ln T = s + σ Z`, where `Z` follows a
/// [`Distribution`] (Wei 1992, "The accelerated failure time model"; Barnwal, Cho and Hocking 2022,
/// "Survival regression with accelerated failure time model in XGBoost").
///
/// The loss is the mean of minus the logarithm of the likelihood, with `z = (ln t − s) / σ`:
/// `−ln(f(z) / (σ t))` of a failure at `t`, `−ln S(z)` of a life censored at `t`, `−ln F(z)` of a
/// failure by `t`, `−ln(F(z_b) − F(z_a))` of one between. All are convex in the score, so that the
/// second derivatives are exact.
///
/// At least one life must have ended.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Aft {
    /// How the logarithm of a lifetime is spread. Default normal.
    pub distribution: Distribution,
    /// The scale `σ` of that spread, from 0.001 to 1,000; `None`, the default, takes at every call the
    /// one under which the lifetimes are likeliest given the scores (the profile likelihood).
    pub scale: Option<f64>,
}

/// Scales that may be given, and among which one is looked for.
pub(crate) const SCALES: std::ops::RangeInclusive<f64> = 1e-3..=1e3;

impl Aft {
    /// Sets how the logarithm of a lifetime is spread.
    #[must_use]
    pub fn distribution(mut self, distribution: Distribution) -> Self {
        self.distribution = distribution;
        self
    }

    /// Sets the scale of the spread; `None` for the likeliest.
    #[must_use]
    pub fn scale(mut self, scale: Option<f64>) -> Self {
        self.scale = scale;
        self
    }
}

/// The likelihood of some lives.
#[derive(Debug)]
pub(crate) struct AftLoss<'a> {
    settings: Aft,
    /// The times are logarithms.
    lives: Vec<Lifetime>,
    weight: Option<&'a [f64]>,
    total: f64,
}

/// Rows that are summed up by one task: fixed, so that sums do not depend on the threads.
const TASK: usize = 4_096;

impl<'a> AftLoss<'a> {
    pub(crate) fn new(
        settings: Aft,
        lifetimes: &[Lifetime],
        weight: Option<&'a [f64]>,
    ) -> Result<Self> {
        if let Some(value) = settings.scale.filter(|scale| !SCALES.contains(scale)) {
            let allowed = "from 0.001 to 1,000";
            return Err(Error::OutOfRange { name: "scale", value, allowed });
        }
        Lifetime::check_all(lifetimes)?;
        let lives: Vec<Lifetime> = lifetimes
            .iter()
            .map(|&lifetime| match lifetime {
                Lifetime::Failed(time) => Lifetime::Failed(time.ln()),
                Lifetime::Alive(time) => Lifetime::Alive(time.ln()),
                Lifetime::FailedBy(time) => Lifetime::FailedBy(time.ln()),
                Lifetime::Between(from, to) if from == to => Lifetime::Failed(to.ln()),
                Lifetime::Between(from, to) => Lifetime::Between(from.ln(), to.ln()),
            })
            .collect();
        let weight_of = |row: usize| weight.map_or(1.0, |weight| weight[row]);
        if !lives.iter().enumerate().any(|(row, life)| life.has_failed() && weight_of(row) > 0.0) {
            let reason = "no life ended in failure: there is no time to learn".to_owned();
            return Err(Error::Incompatible { reason });
        }
        let total = (0..lives.len()).map(weight_of).sum();
        Ok(Self { settings, lives, weight, total })
    }

    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |weight| weight[row])
    }

    /// A row's surprise but for the logarithm of time, and how it changes with the logarithm of the
    /// scale.
    fn surprise(&self, row: usize, score: f64, scale: f64) -> (Surprise, f64) {
        let distribution = self.settings.distribution;
        let standard = |time: f64| (time - score) / scale;
        let along = |z: f64, surprise: Surprise| (surprise, -z * surprise.slope);
        match self.lives[row] {
            Lifetime::Failed(time) => {
                let z = standard(time);
                let (mut surprise, by_scale) = along(z, distribution.failed(z));
                surprise.value += scale.ln();
                (surprise, by_scale + 1.0)
            }
            Lifetime::Alive(time) => along(standard(time), distribution.alive(standard(time))),
            Lifetime::FailedBy(time) => {
                along(standard(time), distribution.failed_by(standard(time)))
            }
            Lifetime::Between(from, to) => {
                let (low, high) = (standard(from), standard(to));
                if Distribution::is_point(low, high) {
                    let z = f64::midpoint(low, high);
                    let (mut surprise, by_scale) = along(z, distribution.failed(z));
                    surprise.value -= (high - low).ln();
                    return (surprise, by_scale + 1.0);
                }
                let surprise = distribution.between(low, high);
                // Each end moves by itself: f(z) / (F(high) − F(low)) at each.
                let pull = |z: f64| z * (surprise.value - distribution.failed(z).value).exp();
                (surprise, pull(high) - pull(low))
            }
        }
    }

    /// Sum of `f(row)` by weight.
    fn sum<const N: usize>(&self, f: impl Fn(usize) -> [f64; N] + Sync + Send) -> [f64; N] {
        let add = |mut sum: [f64; N], more: [f64; N]| {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            sum
        };
        let tasks = self.rows().div_ceil(TASK);
        let part = |task: usize| {
            (task * TASK..self.rows().min((task + 1) * TASK)).fold([0.0; N], |sum, row| {
                let weight = self.weight(row);
                // A row that weighs nothing may be as surprising as it likes.
                if weight > 0.0 { add(sum, f(row).map(|value| value * weight)) } else { sum }
            })
        };
        parallel::map(tasks, part).into_iter().fold([0.0; N], add)
    }

    /// The scale that was given, or the likeliest at these scores.
    ///
    /// In `1 / σ` the loss is convex (the densities are log-concave), so its derivative by `ln σ` has
    /// one zero: bracketed by doubling, then found by the Illinois variant of the false position.
    pub(crate) fn scale(&self, score: impl Fn(usize) -> f64 + Sync + Send) -> f64 {
        if let Some(scale) = self.settings.scale {
            return scale;
        }
        let (least, most) = (SCALES.start().ln(), SCALES.end().ln());
        let slope = |log_scale: f64| {
            let scale = log_scale.exp();
            self.sum(|row| [self.surprise(row, score(row), scale).1])[0]
        };
        let mut low = self.guess_scale(&score).ln().clamp(least, most);
        let mut at_low = slope(low);
        // Positive beyond the zero: from the guess, to the other side of it.
        let step = if at_low > 0.0 { -0.25 } else { 0.25 };
        let (mut high, mut at_high) = (low, at_low);
        let mut stride = step;
        while at_high * at_low > 0.0 {
            if (high <= least && step < 0.0) || (high >= most && step > 0.0) {
                return high.exp();
            }
            (low, at_low) = (high, at_high);
            high = (high + stride).clamp(least, most);
            at_high = slope(high);
            stride *= 2.0;
        }
        for _ in 0..60 {
            if (high - low).abs() < 1e-9 || at_high == 0.0 {
                break;
            }
            let next = high - at_high * (high - low) / (at_high - at_low);
            let at_next = slope(next);
            if at_next * at_high < 0.0 {
                (low, at_low) = (high, at_high);
            } else {
                at_low *= 0.5;
            }
            if (next - high).abs() < 1e-9 {
                return next.exp();
            }
            (high, at_high) = (next, at_next);
        }
        high.exp()
    }

    /// Root of the mean square of how far the lives that ended are from their scores.
    fn guess_scale(&self, score: &(impl Fn(usize) -> f64 + Sync + Send)) -> f64 {
        let [squares, weights] = self.sum(|row| match self.lives[row] {
            Lifetime::Alive(_) => [0.0, 0.0],
            _ => [(self.middle(row) - score(row)).powi(2), 1.0],
        });
        (squares / weights).sqrt()
    }

    /// The logarithm of about when the life ended or was left.
    fn middle(&self, row: usize) -> f64 {
        match self.lives[row] {
            Lifetime::Failed(time) | Lifetime::Alive(time) | Lifetime::FailedBy(time) => time,
            Lifetime::Between(from, to) => f64::midpoint(from, to),
        }
    }
}

impl Loss for AftLoss<'_> {
    fn rows(&self) -> usize {
        self.lives.len()
    }

    /// The likeliest score, and with it scale, of all rows: each in turn until neither moves.
    fn start(&self) -> Vec<f64> {
        let mut score = self.sum(|row| [self.middle(row)])[0] / self.total;
        let mut scale = self.scale(|_| score);
        for _ in 0..100 {
            let [slope, curvature] = self.sum(|row| {
                let surprise = self.surprise(row, score, scale).0;
                [surprise.slope / scale, surprise.curvature / (scale * scale)]
            });
            // Far from the data the curvature vanishes: no step is longer than four scales.
            let longest = 4.0 * scale;
            let step = (slope / curvature.max(f64::MIN_POSITIVE)).clamp(-longest, longest);
            score += step;
            if step.abs() < 1e-9 * scale.max(1.0) {
                break;
            }
            scale = self.scale(|_| score);
        }
        vec![score]
    }

    fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]) {
        // At the likeliest scale the loss does not change with it, so that these are the derivatives of
        // the profile likelihood as well.
        let scale = self.scale(|row| scores[row]);
        parallel::chunks_mut(derivatives, TASK, |first, chunk| {
            for (row, to) in (first..).zip(chunk) {
                let weight = self.weight(row);
                let surprise = self.surprise(row, scores[row], scale).0;
                *to = if weight > 0.0 {
                    [
                        (-weight * surprise.slope / scale) as f32,
                        (weight * surprise.curvature / (scale * scale)) as f32,
                    ]
                } else {
                    [0.0; 2]
                };
            }
        });
    }

    fn value(&self, scores: &[f64]) -> f64 {
        let scale = self.scale(|row| scores[row]);
        let [sum] = self.sum(|row| {
            // The density is by time, not by its logarithm.
            let by_time = if let Lifetime::Failed(time) = self.lives[row] { time } else { 0.0 };
            [self.surprise(row, scores[row], scale).0.value + by_time]
        });
        sum / self.total
    }

    fn link(&self) -> Link {
        Link::Exponential
    }
}
