//! How likely evidence is to reach a level within so many pairs when nothing differs.
//!
//! Ville's inequality speaks of all time, and of evidence that exceeds its level by nothing. Where it
//! is known how long a test can go on the probability is smaller; evidence for ranks and means is close
//! to that of Brownian motion, for which it can be computed.

use crate::compare::distributions::normal_above;
use std::f64::consts::{LN_2, TAU};

/// Moments that the time is cut into, evenly in its logarithm.
const MOMENTS: usize = 120;

/// By how many steps' deviations a walk overshoots a level on average (Siegmund 1985).
const OVERSHOOT: f64 = 0.5826;

/// A test that ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Horizon {
    /// Pairs at most.
    pub(super) pairs: u64,
    /// The prior's precision: as many pairs are one unit of time.
    pub(super) prior: f64,
    /// Whether evidence is for one side, or for both.
    pub(super) one_sided: bool,
}

impl Horizon {
    /// Probability that the logarithm of evidence ever reaches `level`, above 0.
    ///
    /// The time at which a Brownian motion first crosses the boundary b has the distribution F with
    /// P(W(t) > b(t)) = ∫ P(W(t) − W(s) > b(t) − b(s)) dF(s), solved from moment to moment.
    pub(super) fn crossing(&self, level: f64) -> f64 {
        let (first, last) = (1.0 / self.prior, self.pairs as f64 / self.prior);
        let factor = (last / first).powf(1.0 / MOMENTS as f64);
        let mut crossed: Vec<(f64, f64, f64)> = Vec::with_capacity(MOMENTS + 1);
        let mut before = 0.0;
        for moment in 0..=MOMENTS {
            let time = first * factor.powi(moment as i32);
            let boundary = self.boundary(level, time);
            let known: f64 = crossed
                .iter()
                .map(|&(at, then, mass)| {
                    mass * normal_above((boundary - then) / (time - at).sqrt())
                })
                .sum();
            let middle = if before > 0.0 { (before * time).sqrt() } else { 0.5 * time };
            let then = self.boundary(level, middle);
            let still = normal_above((boundary - then) / (time - middle).sqrt());
            let mass = ((normal_above(boundary / time.sqrt()) - known) / still).max(0.0);
            crossed.push((middle, then, mass));
            before = time;
            if first >= last {
                break;
            }
        }
        let one: f64 = crossed.iter().map(|(_, _, mass)| mass).sum();
        (if self.one_sided { one } else { 2.0 * one }).min(1.0)
    }

    /// The level that is reached with this probability, at most that of Ville's inequality.
    pub(super) fn level(&self, alpha: f64) -> f64 {
        let (mut low, mut high) = (1e-3, -alpha.ln());
        if self.crossing(high) > alpha {
            return high;
        }
        for _ in 0..30 {
            let middle = f64::midpoint(low, high);
            if self.crossing(middle) > alpha { low = middle } else { high = middle }
        }
        high
    }

    /// Where evidence reaches the level: with z = w / √(1 + t) its logarithm is
    /// z² / 2 − ½ ln(1 + t), and ln 2Φ(z) more for one side.
    fn boundary(&self, level: f64, time: f64) -> f64 {
        let goal = level + 0.5 * time.ln_1p();
        let z = if self.one_sided {
            // Newton's steps: the logarithm is convex where z is above 0, and within ln 2 of z² / 2.
            let mut z = (2.0 * goal).sqrt().max(0.5);
            for _ in 0..6 {
                let below = normal_above(-z);
                let density = (-0.5 * z * z).exp() / TAU.sqrt();
                let error = 0.5 * z * z + LN_2 + below.ln() - goal;
                z = (z - error / (z + density / below)).max(0.0);
            }
            z
        } else {
            (2.0 * goal).sqrt()
        };
        z * (1.0 + time).sqrt() + OVERSHOOT / self.prior.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A walk of as many steps, counted how often it crosses.
    #[test]
    fn walks_cross_as_often_as_said() {
        for (pairs, one_sided) in [(200, true), (2_000, true), (500, false)] {
            let horizon = Horizon { pairs, prior: 50.0, one_sided };
            let level = horizon.level(0.1);
            assert!((horizon.crossing(level) - 0.1).abs() < 1e-6);
            let mut crossed = 0;
            for walk in 0..4_000 {
                let mut stream = crate::rng::Stream::new(77, walk);
                let mut sum = 0.0;
                let crosses = (1..=pairs).any(|pair| {
                    sum += stream.normal();
                    let width = pair as f64 + 50.0;
                    let both = 0.5 * (50.0 / width).ln() + sum * sum / (2.0 * width);
                    let side = LN_2 + normal_above(-sum / width.sqrt()).ln();
                    both + if one_sided { side } else { 0.0 } >= level
                });
                crossed += u32::from(crosses);
            }
            let share = f64::from(crossed) / 4_000.0;
            // Four binomial deviations.
            assert!((share - 0.1).abs() < 0.019, "{pairs}: {share}");
        }
    }
}
