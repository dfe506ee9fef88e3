//! Where a model goes from here, and when it first reaches a level.

use super::filter::Posterior;
use super::wild::Wild;
use statrs::function::erf::{erfc, erfc_inv};
use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2, TAU};

/// Harmonics of a phase: cosine and sine of one and two cycles.
pub(in crate::trend) fn harmonics(phase: f64) -> [f64; 4] {
    let (sine, cosine) = (TAU * phase).sin_cos();
    // Double angles.
    [cosine, sine, cosine * cosine - sine * sine, 2.0 * sine * cosine]
}

impl Added {
    /// The lower of each.
    fn min(self, other: Self) -> Self {
        let (noise, wild) = (self.noise.min(other.noise), self.wild.min(other.wild));
        Self { noise, wild, rough: self.rough }
    }
}

/// A posterior made ready for many questions. Times are steps from the last observation.
#[derive(Debug, Clone)]
pub(in crate::trend) struct Path {
    posterior: Posterior,
    /// Phase of the season now, and cycles in a step.
    phase: f64,
    pace: f64,
    /// Level now, without noise.
    now: f64,
    /// The phase at which the season is highest; NaN without a season.
    crest: f64,
    /// What is added to the path at each of [`SLOTS`] phases; only the first without a season.
    lifts: [Added; SLOTS],
}

/// Phases at which a season is looked at.
const SLOTS: usize = 32;

/// What noise adds to a path that rises like this one.
#[derive(Debug, Clone, Copy)]
struct Added {
    /// By noise that comes again and again, in deviations.
    noise: Lift,
    /// By single wild observations.
    wild: Lift,
    /// Variance by which a season is not what its harmonics say.
    rough: f64,
}

/// No model is the truth: what is not known is taken to vary so many times as much as they say.
const DOUBT: f64 = 2.0;
/// A season may be early or late by so many steps.
const LATE: f64 = 1.0;

/// How far above its path a metric gets: the median, and the deviation around it.
#[derive(Debug, Clone, Copy)]
struct Lift {
    middle: f64,
    spread: f64,
}

const NONE: Added = {
    let lift = Lift { middle: 0.0, spread: 0.0 };
    Added { noise: lift, wild: lift, rough: 0.0 }
};

/// Expected draws above it at which it was not yet passed with probability 0.84, 0.5 and 0.16.
const PASSED: [f64; 3] = [0.174_353, std::f64::consts::LN_2, 1.832_581];

impl Lift {
    /// From the height at which so many draws above it are expected.
    fn new(height: impl Fn(f64) -> f64) -> Self {
        let [high, middle, low] = PASSED.map(height);
        Self { middle, spread: 0.5 * (high - low) }
    }

    /// The lower of this one and of one from heights, which are only asked for where they matter.
    fn or_lower(self, height: impl Fn(f64) -> f64) -> Self {
        if self.middle < height(PASSED[1]) { self } else { Self::new(height) }
    }

    /// The lower of the two.
    fn min(self, other: Self) -> Self {
        if other.middle < self.middle { other } else { self }
    }
}

/// Mean and variances of the metric at one time to come.
#[derive(Debug, Clone, Copy)]
pub(in crate::trend) struct Ahead {
    pub(in crate::trend) mean: f64,
    /// Of where the path is: what is not known of level, slope and season.
    pub(in crate::trend) unknown: f64,
    /// Of the wandering on the way.
    pub(in crate::trend) wandering: f64,
    /// Of a single observation around its path.
    pub(in crate::trend) noise: f64,
}

impl Path {
    pub(in crate::trend) fn new(posterior: &Posterior, phase: f64, pace: f64, wild: &Wild) -> Self {
        let lifts = [NONE; SLOTS];
        let mut path =
            Self { posterior: *posterior, phase, pace, now: 0.0, crest: f64::NAN, lifts };
        path.now = path.ahead(0.0).mean;
        let deviation = path.ahead(1e6).noise.sqrt().max(1e-300);
        let share = path.draw() / deviation;
        let rising = |rise: f64| Added {
            noise: Lift::new(|draws| excess(rise * share * draws)),
            wild: Lift::new(|draws| wild.above(rise * draws)),
            rough: 0.0,
        };
        let trend = posterior.mean[1];
        if posterior.model.harmonics == 0 {
            path.lifts = [rising(trend.max(0.0)); SLOTS];
            return path;
        }
        let heights: [f64; SLOTS] = std::array::from_fn(|slot| {
            let h = harmonics(slot as f64 / SLOTS as f64);
            (0..4).map(|k| h[k] * posterior.mean[posterior.states - 4 + k]).sum()
        });
        let crest = (0..SLOTS).max_by(|&a, &b| heights[a].total_cmp(&heights[b])).unwrap_or(0);
        path.crest = crest as f64 / SLOTS as f64;
        // Around the crest a path stays near its height for a while.
        let near = heights[crest] - deviation - wild.mean;
        let slots = heights.iter().filter(|&&height| height >= near).count();
        let steps = slots as f64 / SLOTS as f64 / pace;
        let top = Added {
            noise: Lift::new(|draws| top(draws / steps * path.draw())),
            wild: Lift::new(|draws| wild.top(draws / steps)),
            rough: 0.0,
        };
        for (slot, added) in path.lifts.iter_mut().enumerate() {
            let around = heights[(slot + 1) % SLOTS] - heights[(slot + SLOTS - 1) % SLOTS];
            let steepness = 0.5 * around * SLOTS as f64 * pace;
            let rise = trend + steepness;
            let steep = rise > 0.0 && heights[slot] < near;
            *added = if steep { rising(rise).min(top) } else { top };
            added.rough = (LATE * steepness).powi(2);
        }
        path
    }

    /// Mean slope a step over the next `steps`.
    pub(in crate::trend) fn slope(&self) -> f64 {
        self.posterior.mean[1]
    }

    pub(in crate::trend) fn ahead(&self, steps: f64) -> Ahead {
        let Posterior { model, states, mean, covariance, scale, .. } = &self.posterior;
        let mut h = [0.0; 7];
        (h[0], h[1]) = (1.0, steps);
        let mut fresh = 0.0;
        if model.bend.is_some() {
            h[2] = 0.5 * steps * steps;
        }
        if let Some((variance, correlation)) = model.memory {
            let kept =
                if steps < 50.0 / (1.0 - correlation) { correlation.powf(steps) } else { 0.0 };
            h[2 + usize::from(model.bend.is_some())] = kept;
            fresh = variance * (1.0 - kept * kept);
        }
        if model.harmonics > 0 {
            h[states - 4..*states].copy_from_slice(&harmonics(self.phase + steps * self.pace));
        }
        let (mut value, mut unknown) = (0.0, 0.0);
        for i in 0..*states {
            value += h[i] * mean[i];
            let row: f64 = (0..*states).map(|j| covariance[i][j] * h[j]).sum();
            unknown += h[i] * row;
        }
        Ahead {
            mean: value,
            unknown: scale
                * (unknown.max(0.0)
                    + model.slope * steps.powi(3) / 3.0
                    + model.bend.unwrap_or(0.0) * steps.powi(5) / 20.0),
            wandering: scale * model.level * steps,
            noise: scale * (model.noise + fresh),
        }
    }

    /// The probability that the metric has been at `level` or above within `steps`, if it is
    /// below now; `steps` itself must be where the path is highest.
    ///
    /// The first passage of a Brownian motion whose drift is not known (Whitmore 1986, "Normal-gamma
    /// mixtures of inverse Gaussian distributions"), noise taken as the median of its maximum.
    pub(in crate::trend) fn reached(&self, level: f64, steps: f64, wild: &Wild) -> f64 {
        let ahead = self.ahead(steps);
        let deviation = ahead.noise.sqrt();
        let drift = (ahead.mean - self.now) / steps;
        let draws = (steps / self.draw()).max(1.0);
        let phase = if self.crest.is_nan() { 0.0 } else { self.phase + steps * self.pace };
        let slot = ((phase - phase.floor()) * SLOTS as f64 + 0.5) as usize % SLOTS;
        let added = &self.lifts[slot];
        let reach = added.noise.or_lower(|above| top(above / draws));
        let single = added.wild.or_lower(|above| wild.top(above / steps.max(1.0)));
        let extra = (deviation * reach.middle + wild.mean).max(single.middle);
        let spread = (deviation * reach.spread).max(single.spread).powi(2) + added.rough;
        let room = level - self.now - extra;
        let unknown = DOUBT * (ahead.unknown + spread);
        let total = (unknown + ahead.wandering).sqrt();
        let short = level - extra - ahead.mean;
        if total <= 0.0 {
            return if short <= 0.0 { 1.0 } else { 0.0 };
        }
        let direct = upper(short / total);
        if ahead.wandering <= 0.0 || room <= 0.0 {
            return if room <= 0.0 && ahead.unknown <= 0.0 { 1.0 } else { direct };
        }
        // Paths that were there and came back.
        let variance = ahead.wandering / steps;
        let doubt = unknown / (steps * steps);
        let exponent = 2.0 * room / variance * (drift + doubt * room / variance);
        let far = (room + drift * steps + 2.0 * doubt * room * steps / variance) / total;
        (direct + (exponent + upper_logarithm(far)).exp()).min(1.0)
    }

    /// Steps between two observations whose noise has little in common.
    fn draw(&self) -> f64 {
        match self.posterior.model.memory {
            Some((_, correlation)) => (0.15 * (1.0 + correlation) / (1.0 - correlation)).max(1.0),
            None => 1.0,
        }
    }

    /// The last time up to `steps` at which the season was highest.
    pub(in crate::trend) fn crest_before(&self, steps: f64) -> Option<f64> {
        let phase = self.phase + steps * self.pace;
        let back = (phase - self.crest).rem_euclid(1.0) / self.pace;
        (back < steps).then_some(steps - back)
    }
}

/// No draw of noise is farther from its path, in deviations.
const HIGHEST: f64 = 9.0;

/// How many deviations above a path that rises by `rise` deviations a draw one draw in all is
/// expected: where `φ(z) − z Q(z) = rise`.
fn excess(rise: f64) -> f64 {
    if rise >= 0.4 {
        return 0.0;
    }
    // Newton's steps on the logarithm, which is concave: from the second on they come down to the root.
    let wanted = rise.max(f64::MIN_POSITIVE).ln();
    let mut z = 0.0;
    for _ in 0..12 {
        let tail = upper(z);
        let left = (-0.5 * z * z).exp() / TAU.sqrt() - z * tail;
        let step = (left.ln() - wanted) * left / tail;
        z = (z + step).min(HIGHEST);
        if step.abs() < 1e-9 || z == HIGHEST && step > 0.0 {
            break;
        }
    }
    z.max(0.0)
}

/// The upper quantile of the standard normal, no less than 0.
fn top(share: f64) -> f64 {
    if share >= 0.5 { 0.0 } else { SQRT_2 * erfc_inv(2.0 * share) }
}

/// The upper tail of the standard normal.
pub(in crate::trend) fn upper(z: f64) -> f64 {
    0.5 * erfc(z * FRAC_1_SQRT_2)
}

/// Its logarithm, where the tail itself may be 0.
fn upper_logarithm(z: f64) -> f64 {
    if z < 8.0 {
        return upper(z).ln();
    }
    -0.5 * z * z - (z * TAU.sqrt()).ln() - 1.0 / (z * z)
}
