//! One side's largest values, and what they say of the next one.

use super::params::MOST_EXCESSES;
use crate::threshold::pareto::{GeneralizedPareto, censored};

/// What a side needs to know of the settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TailSettings {
    /// Alarms an observation on this side.
    pub(super) rate: f64,
    /// The share of observations in the tail.
    pub(super) share: f64,
    /// Values kept.
    pub(super) capacity: usize,
    /// Weight of the observations at which it is halved.
    pub(super) memory: u64,
    /// Whether atoms are rationed.
    pub(super) rationed: bool,
}

/// From so many alarms among the remembered observations on, the threshold lies between two of
/// them; before, on the fitted law.
const ENOUGH_ALARMS: f64 = 8.0;

/// A law needs so many excesses.
const FEWEST_EXCESSES: usize = 5;

/// A largest value that should be met so seldom has come from elsewhere.
const IMPLAUSIBLE: f64 = 0.01;

/// Surprise is told apart down to this probability.
const LEAST_PROBABILITY: f64 = 1e-16;

/// A generalised Pareto law beyond a level.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Fit {
    pub(super) level: f64,
    pub(super) law: GeneralizedPareto,
    /// Values above the level among those kept.
    pub(super) count: f64,
}

impl Fit {
    /// The tail probability to aim at so that on average over the error of the fit the one wanted is
    /// attained: by the delta method, `E[p] = p·(1 + v/2)`, where the variance of `ln p` at a rarity of
    /// `t = −ln p` is `v = (2t² − t³ + t⁴/4)/count` at shape 0 (Smith 1987).
    fn cautious(&self, probability: f64) -> f64 {
        let rarity = -probability.ln();
        let square = rarity * rarity;
        let variance = square * (2.0 - rarity + 0.25 * square) / self.count;
        probability / (1.0 + 0.5 * variance)
    }
}

/// The largest values of a random subset of the past that was chosen without regard to them.
///
/// A new value of an exchangeable stream is among the `k` largest of itself and the subset with a
/// probability of exactly `k / (weight + 1)`, whatever its law: that is what the threshold rests on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tail {
    /// In descending order; never more than the capacity.
    pub(super) values: Vec<f64>,
    /// Observations that the subset stands for.
    pub(super) weight: u64,
    /// Every value of the subset above it is kept. −∞ as long as all are.
    pub(super) floor: f64,
    /// Values of the subset that equal the floor and are not kept.
    pub(super) at_floor: u64,
    /// Whether the floor itself may raise an alarm: it is an atom that is rationed.
    pub(super) floor_is_rare: bool,
    /// The largest value that raises no alarm, atoms aside.
    pub(super) threshold: f64,
    pub(super) fit: Option<Fit>,
    /// Values kept since the law was fitted.
    pub(super) since_fit: u32,
    /// Decisions made on rationed atoms.
    pub(super) turn: u32,
}

/// The answer of one side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict {
    pub(super) alarm: bool,
    /// The largest value that would have raised none.
    pub(super) threshold: f64,
    /// Of a value at least as extreme.
    pub(super) probability: f64,
    /// Whether an atom's ration was decided on.
    rationed: bool,
}

impl Tail {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            values: Vec::with_capacity(capacity),
            weight: 0,
            floor: f64::NEG_INFINITY,
            at_floor: 0,
            floor_is_rare: false,
            threshold: f64::INFINITY,
            fit: None,
            since_fit: 0,
            turn: 0,
        }
    }

    /// A side that is not watched: no value is above its floor.
    pub(super) fn unwatched() -> Self {
        Self { floor: f64::INFINITY, ..Self::new(0) }
    }

    /// Judges a value that is not below the floor.
    pub(super) fn judge(&self, value: f64, settings: &TailSettings) -> Verdict {
        let alarms = settings.rate * (self.weight + 1) as f64;
        let above = self.values.partition_point(|&kept| kept > value);
        let until = self.values.partition_point(|&kept| kept >= value);
        let gone = if value == self.floor { self.at_floor } else { 0 };
        let (above, ties) = (above as f64, (until - above) as f64 + gone as f64);
        let mut threshold = self.threshold;
        let mut rationed = false;
        let mut alarm = value > threshold;
        if ties > 0.0 {
            // The place of the value among its equals is the next of an evenly spread sequence.
            let always = above + ties + 1.0 <= alarms;
            rationed = !always && above < alarms && self.is_rare(above + ties, settings);
            let ration = settings.rationed && above + self.place() * (ties + 1.0) <= alarms;
            alarm = always || (rationed && ration);
            if alarm && value <= threshold {
                threshold = value.next_down();
            } else if !alarm {
                threshold = threshold.max(value);
            }
        }
        let rank = (above + 0.5 * (ties + 1.0)) / (self.weight + 1) as f64;
        let probability = match &self.fit {
            Some(fit) if above < ENOUGH_ALARMS && value > fit.level => {
                let beyond = fit.law.tail_probability(value - fit.level);
                let most = (ENOUGH_ALARMS + 0.5) / (self.weight + 1) as f64;
                (fit.count / self.weight as f64 * beyond).min(most)
            }
            _ => rank,
        };
        let probability = probability.clamp(LEAST_PROBABILITY, 1.0);
        Verdict { alarm, threshold, probability, rationed }
    }

    /// Learns a value that is not below the floor.
    pub(super) fn keep(&mut self, value: f64, verdict: &Verdict, settings: &TailSettings) {
        self.turn = self.turn.wrapping_add(u32::from(verdict.rationed));
        if value == self.floor {
            self.at_floor += 1;
            return;
        }
        if self.values.len() == settings.capacity {
            // Both what leaves and what never enters is at most the new floor.
            let last = self.values[self.values.len() - 1];
            self.at_floor = 1;
            self.floor = value.min(last);
            if value <= last {
                return;
            }
            self.values.pop();
        }
        let place = self.values.partition_point(|&kept| kept >= value);
        self.values.insert(place, value);
        self.since_fit += 1;
    }

    /// Counts an observation that is not above the floor.
    #[inline]
    pub(super) fn pass(&mut self, value: f64) {
        self.at_floor += u64::from(value == self.floor);
    }

    /// Counts an observation, whatever its value, and now and then takes stock.
    #[inline]
    pub(super) fn count(&mut self, settings: &TailSettings) {
        self.weight += 1;
        if self.weight.is_multiple_of(STOCK_TAKING) {
            self.refresh(settings);
        }
    }

    /// Brings law and threshold up to date, and forgets what is to be forgotten.
    pub(super) fn refresh(&mut self, settings: &TailSettings) {
        if self.weight >= settings.memory {
            self.halve();
        }
        if self.fit.is_none() || self.since_fit as usize > self.values.len() / 16 {
            self.fit = self.fitted(settings);
            self.since_fit = 0;
        }
        let alarms = settings.rate * (self.weight + 1) as f64;
        self.threshold = self.threshold_for(alarms);
        let above = self.values.partition_point(|&kept| kept > self.floor);
        let all = self.values.len() as f64 + self.at_floor as f64;
        self.floor_is_rare = (above as f64) < alarms && self.is_rare(all, settings);
    }

    /// Whether so many values are few enough to be in the tail: what is common belongs to the body,
    /// however rare all that is above it.
    fn is_rare(&self, values: f64, settings: &TailSettings) -> bool {
        values <= settings.share * self.weight as f64
    }

    /// Whether a value must be judged, or can be in the body.
    #[inline]
    pub(super) fn is_reached_by(&self, value: f64) -> bool {
        value > self.floor || (value == self.floor && self.floor_is_rare)
    }

    /// Every other observation leaves the subset: of the largest values the first, third and so on,
    /// so that the ranks of the rest are halved without bias.
    fn halve(&mut self) {
        let kept = self.values.len() / 2;
        for place in 0..kept {
            self.values[place] = self.values[2 * place + 1];
        }
        self.values.truncate(kept);
        self.weight /= 2;
        self.at_floor /= 2;
        self.since_fit = u32::MAX;
        // So few values above the floor: the metric has sunk, and a lower floor is needed.
        if self.floor > f64::NEG_INFINITY && kept < self.values.capacity() / 4 {
            self.values.clear();
            (self.weight, self.floor, self.fit) = (0, f64::NEG_INFINITY, None);
        }
    }

    fn fitted(&self, settings: &TailSettings) -> Option<Fit> {
        let weight = self.weight as f64;
        let wanted = (settings.share * weight).max((weight / 4.0).min(30.0));
        let count = (wanted as usize).min(self.values.len().checked_sub(1)?);
        let level = self.values[count];
        let count = self.values[..count].partition_point(|&value| value > level);
        if count < FEWEST_EXCESSES {
            return None;
        }
        let (mut excesses, mut scratch) = ([0.0; MOST_EXCESSES], [0.0; MOST_EXCESSES]);
        for (to, from) in excesses.iter_mut().zip(&self.values[..count]) {
            *to = (from - level).min(f64::MAX);
        }
        let law = censored(&excesses[..count], count.div_ceil(16), &mut scratch)?;
        Some(Fit { level, law, count: count as f64 })
    }

    /// The value that so many of the remembered observations and the next one exceed.
    fn threshold_for(&self, alarms: f64) -> f64 {
        match &self.fit {
            Some(fit) if alarms < ENOUGH_ALARMS && alarms < fit.count => {
                let excess = fit.law.exceeded_with(fit.cautious(alarms / fit.count));
                let threshold = (fit.level + excess).min(f64::MAX);
                let largest = self.values[0];
                let beyond = fit.count * fit.law.tail_probability(largest - fit.level);
                if alarms < 1.0 && beyond > IMPLAUSIBLE {
                    threshold.max(largest)
                } else {
                    threshold
                }
            }
            _ if alarms < 1.0 || self.values.is_empty() => f64::INFINITY,
            _ => self.between(alarms),
        }
    }

    /// The place between two kept values where, were the tail between them exponential, so many
    /// would lie above on average. The j-th largest leaves j of n + 1 above itself.
    fn between(&self, alarms: f64) -> f64 {
        let above = alarms.floor();
        let Some(&lower) = self.values.get(above as usize) else {
            return self.values[self.values.len() - 1];
        };
        let upper = self.values[above as usize - 1];
        let share = above * ((above + 1.0) / alarms - 1.0);
        (lower * (1.0 - share) + upper * share).clamp(lower, upper)
    }

    /// Where a value stands among its equals, in (0, 1): the golden ratio's multiples leave no gaps.
    fn place(&self) -> f64 {
        let turn = (self.turn.wrapping_mul(2_654_435_769)).wrapping_add(1 << 31);
        (f64::from(turn) + 0.5) / 4_294_967_296.0
    }

    /// The share of observations above the floor; at most 1.
    pub(super) fn share(&self) -> f64 {
        (self.values.len() as f64 / self.weight.max(1) as f64).min(1.0)
    }
}

/// Observations between two takings of stock.
const STOCK_TAKING: u64 = 256;
