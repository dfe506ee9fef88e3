//! Evidence that grows by pairs: e-processes, whose mean is 1 at any time when nothing differs.
//!
//! By Ville's inequality such a process ever reaches 1/α with probability α at most. Each kind keeps a
//! few sums; each mixes over effects, of either sign, by a prior centred at 0 whose width is the effect
//! that the test is best at. One side's evidence is twice that for both times the posterior probability
//! of its sign: the prior's other half is left out.

use super::Measure;
use super::reference::Reference;
use crate::compare::distributions::{normal_above, student_above};
use statrs::function::beta::{beta_reg, ln_beta};
use std::f64::consts::LN_2;

/// Bets on bounded values: 16 of them, each 1.5 times the one before.
const BETS: i32 = 16;
const GROWTH: f64 = 1.5;

/// The largest share of the wealth that a bet stakes on there being a difference.
const LARGEST_SHARE: f64 = 0.99;

/// The largest bet of the confidence sequence, by an inequality that asks for less.
const LARGEST_BET: f64 = 0.55;

/// What there is of it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Evidence {
    /// Pairs.
    pub(super) pairs: u64,
    /// Of the differences, candidate less baseline, in the unit that is bet on.
    pub(super) mean: f64,
    /// Sum of squares of the differences about their mean.
    pub(super) squares: f64,
    /// Pairs of which the candidate's value is greater, and less.
    pub(super) signs: [u64; 2],
    /// What values are ranked by.
    pub(super) reference: Reference,
    /// Of bounded values: logarithms of what each bet on either side has grown to.
    pub(super) wealth: [[f64; BETS as usize]; 2],
}

impl Evidence {
    pub(super) fn new() -> Self {
        Self {
            pairs: 0,
            mean: 0.0,
            squares: 0.0,
            signs: [0; 2],
            reference: Reference::default(),
            wealth: [[0.0; BETS as usize]; 2],
        }
    }

    /// Adds a pair.
    pub(super) fn add(&mut self, measure: Measure, baseline: f64, candidate: f64) {
        let difference = match measure {
            Measure::Ranks => self.reference.difference(baseline, candidate),
            Measure::Means | Measure::Shares => candidate - baseline,
            Measure::Bounded { low, high } => (candidate - baseline) / (high - low),
        };
        if matches!(measure, Measure::Bounded { .. }) {
            for (wealth, side) in self.wealth.iter_mut().zip([1.0, -1.0]) {
                for (power, wealth) in (0..).zip(wealth) {
                    *wealth += (side * LARGEST_SHARE * GROWTH.powi(-power) * difference).ln_1p();
                }
            }
        }
        self.pairs += 1;
        let from_mean = difference - self.mean;
        self.mean += from_mean / self.pairs as f64;
        self.squares += from_mean * (difference - self.mean);
        self.signs[0] += u64::from(candidate > baseline);
        self.signs[1] += u64::from(candidate < baseline);
    }

    fn count(&self) -> f64 {
        self.pairs as f64
    }

    pub(super) fn sum(&self) -> f64 {
        self.mean * self.count()
    }

    /// Sum of squares of the differences.
    pub(super) fn sum_of_squares(&self) -> f64 {
        self.squares + self.count() * self.mean * self.mean
    }

    /// Logarithms of the evidence that the candidate is greater, and less.
    pub(super) fn sides(&self, measure: Measure, prior: f64) -> [f64; 2] {
        if self.pairs == 0 {
            return [0.0; 2];
        }
        match measure {
            Measure::Ranks => self.ranks(prior),
            Measure::Means => self.means(prior),
            Measure::Bounded { .. } => self.wealth.map(|wealth| mixed(|bet| wealth[bet as usize])),
            Measure::Shares => self.shares(prior),
        }
    }

    /// Signs of differences are fair coins when nothing differs, whatever their sizes: exp(λs − λ²s²/2)
    /// has a mean of at most 1 then. Mixed over normal λ (de la Peña, Klass and Lai 2004).
    fn ranks(&self, prior: f64) -> [f64; 2] {
        // Ranks' differences have a variance of 1/6.
        let prior = prior / 6.0;
        let (sum, width) = (self.sum(), self.sum_of_squares() + prior);
        let both = 0.5 * (prior / width).ln() + sum * sum / (2.0 * width);
        let z = sum / width.sqrt();
        [-z, z].map(|z| both + LN_2 + normal_above(z).max(f64::MIN_POSITIVE).ln())
    }

    /// The Bayes factor of the mean, in unknown standard deviations, being normal about 0 instead of 0;
    /// the standard deviation has Haar's prior on both sides, for which the factor is an e-process
    /// (Wang and Ramdas 2024).
    fn means(&self, prior: f64) -> [f64; 2] {
        let n = self.count();
        let total = self.sum_of_squares();
        let left = total - self.sum() * self.sum() / (n + prior);
        let shrunk = 0.5 * (prior / (n + prior)).ln();
        if !(total > 0.0 && left > 0.0) {
            // All differences are 0.
            return [shrunk; 2];
        }
        let both = shrunk + 0.5 * n * (total / left).ln();
        let t = self.sum() / (n + prior) / (left / (n * (n + prior))).sqrt();
        [-t, t].map(|t| both + LN_2 + student_above(t, n).max(f64::MIN_POSITIVE).ln())
    }

    /// Of pairs that differ, each side is the larger one in half when shares are equal: mixed over a
    /// beta-distributed probability.
    fn shares(&self, prior: f64) -> [f64; 2] {
        // The standard deviation of the prior, from its width in standard deviations of pairs.
        let deviation = (0.75 * (2.0 / prior).sqrt()).min(0.45);
        let shape = (0.25 / (deviation * deviation) - 1.0) / 2.0;
        let [more, less] = self.signs.map(|signs| signs as f64);
        let both =
            (more + less) * LN_2 + ln_beta(shape + more, shape + less) - ln_beta(shape, shape);
        let greater = beta_reg(shape + less, shape + more, 0.5);
        [greater, 1.0 - greater].map(|share| both + LN_2 + share.max(f64::MIN_POSITIVE).ln())
    }

    /// Evidence that the mean of differences in [−1, 1] is above `null` (`side` 1) or below (−1), by
    /// bets on it: with ξ = ±(d − null) / 2 ≥ −1, ln(1 + λξ) ≥ λξ + (ln(1 − λ) + λ) ξ² (Fan, Grama and
    /// Liu 2015), so that two sums are all there is to keep. Falls as `null` rises for λ ≤ 0.55.
    pub(super) fn bounded(&self, null: f64, side: f64) -> f64 {
        let n = self.count();
        let sum = 0.5 * side * (self.sum() - n * null);
        let squares = 0.25 * (self.squares + n * (self.mean - null).powi(2));
        mixed(|bet| {
            let bet = LARGEST_BET * GROWTH.powi(-bet);
            bet * sum + ((-bet).ln_1p() + bet) * squares
        })
    }

    /// The same of differences that are −1, 0 or 1, without the inequality.
    pub(super) fn counted(&self, null: f64, side: f64) -> f64 {
        let [more, less] = self.signs.map(|signs| signs as f64);
        let level = self.count() - more - less;
        mixed(|bet| {
            let stake = 0.5 * LARGEST_SHARE * GROWTH.powi(-bet);
            let gain = |value: f64| (stake * side * (value - null)).ln_1p();
            more * gain(1.0) + level * gain(0.0) + less * gain(-1.0)
        })
    }
}

/// Logarithm of the mean over the bets.
fn mixed(logarithm: impl Fn(i32) -> f64) -> f64 {
    let each = || (0..BETS).map(&logarithm);
    let largest = each().fold(f64::NEG_INFINITY, f64::max);
    largest + (each().map(|it| (it - largest).exp()).sum::<f64>() / f64::from(BETS)).ln()
}
