//! The thresholds that a set of verdicts asks for: one maximum of one concave posterior.
//!
//! An incident of height `s` in group `g` is real with probability
//! ```text
//! p = sigmoid(line + slope (s − base − offset_g)),   line = ln(cost of a false alarm / of a miss)
//! base ~ N(promised, spread²),   offset_g ~ N(0, group_spread²)
//! ```
//! so that at `s = base + offset_g`, and only there, an alarm costs what none does. Groups with few
//! verdicts stay close to the common base: partial pooling, as in any hierarchical model.

use super::params::ThresholdTunerParams;
use super::verdict::{Judged, Opinion};

/// Changes below it are rounding.
const TOLERANCE: f64 = 1e-10;

/// Newton's method needs about six; halving of steps a few more.
const MOST_STEPS: usize = 100;

/// Thresholds by group.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Thresholds {
    pub(super) base: f64,
    /// Group and offset, ascending by group; other groups have none.
    pub(super) offsets: Vec<(u64, f64)>,
}

impl Thresholds {
    pub(super) fn of(&self, group: u64) -> f64 {
        match self.offsets.binary_search_by_key(&group, |entry| entry.0) {
            Ok(at) => self.base + self.offsets[at].1,
            Err(_) => self.base,
        }
    }

    /// As near to `target` as moves between `least` and `most` of each threshold lead.
    pub(super) fn towards(&self, target: &Self, least: f64, most: f64) -> Self {
        let near = |from: f64, to: f64| from + (to - from).clamp(least, most);
        let base = near(self.base, target.base);
        let mut groups: Vec<u64> =
            target.offsets.iter().chain(&self.offsets).map(|entry| entry.0).collect();
        groups.sort_unstable();
        groups.dedup();
        let offset = |group| (group, near(self.of(group), target.of(group)) - base);
        Self { base, offsets: groups.into_iter().map(offset).collect() }
    }
}

/// What one verdict says: weights of "real" and "false" at one height.
#[derive(Debug, Clone, Copy)]
struct Example {
    group: usize,
    height: f64,
    real: f64,
    not: f64,
}

/// The posterior and where it is evaluated.
struct Posterior<'a> {
    params: &'a ThresholdTunerParams,
    examples: Vec<Example>,
    groups: usize,
}

/// A point: the base and the offsets, as shares of their spreads. Spreads of 0 need no case.
#[derive(Clone)]
struct Point {
    base: f64,
    offsets: Vec<f64>,
}

impl Posterior<'_> {
    fn log_odds(&self, point: &Point, example: &Example) -> f64 {
        let params = self.params;
        let threshold = params.promised()
            + params.spread * point.base
            + params.group_spread * point.offsets[example.group];
        params.costs.line() + params.slope * (example.height - threshold)
    }

    /// Minus its logarithm, up to a constant.
    fn value(&self, point: &Point) -> f64 {
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let losses = self.examples.iter().map(|example| {
            let odds = self.log_odds(point, example);
            example.real * softplus(-odds) + example.not * softplus(odds)
        });
        let squares = point.offsets.iter().chain([&point.base]).map(|x| x * x / 2.0);
        losses.sum::<f64>() + squares.sum::<f64>()
    }

    /// Newton's step. The matrix is an arrow: groups meet in the base only, so O(verdicts).
    fn step(&self, point: &Point) -> Point {
        let (to_base, to_group) =
            (self.params.slope * self.params.spread, self.params.slope * self.params.group_spread);
        let mut base = (point.base, 1.0);
        let mut groups: Vec<(f64, f64, f64)> =
            point.offsets.iter().map(|&x| (x, 1.0, 0.0)).collect();
        for example in &self.examples {
            let p = 1.0 / (1.0 + (-self.log_odds(point, example)).exp());
            let pull = example.real * (1.0 - p) - example.not * p;
            let curve = (example.real + example.not) * p * (1.0 - p);
            base.0 += to_base * pull;
            base.1 += to_base * to_base * curve;
            let group = &mut groups[example.group];
            group.0 += to_group * pull;
            group.1 += to_group * to_group * curve;
            group.2 += to_base * to_group * curve;
        }
        for (slope, curve, mixed) in &groups {
            base.0 -= mixed * slope / curve;
            base.1 -= mixed * mixed / curve;
        }
        let of_base = -base.0 / base.1;
        let offset = |(slope, curve, mixed): &(f64, f64, f64)| -(slope + mixed * of_base) / curve;
        Point { base: of_base, offsets: groups.iter().map(offset).collect() }
    }
}

/// The thresholds of greatest posterior density. The order of the verdicts makes no difference but
/// rounding.
pub(super) fn fit(params: &ThresholdTunerParams, verdicts: &[Judged]) -> Thresholds {
    let mut ids: Vec<u64> = verdicts.iter().map(|judged| judged.incident.group).collect();
    ids.sort_unstable();
    ids.dedup();
    // What no threshold could silence says nothing of where one should lie.
    let within_reach = |judged: &&Judged| judged.incident.height < params.highest();
    let examples = verdicts.iter().filter(within_reach).map(|judged| {
        let real = f64::from(u8::from(judged.opinion != Opinion::FalseAlarm));
        Example {
            group: ids.partition_point(|id| *id < judged.incident.group),
            height: judged.incident.height,
            real,
            not: 1.0 - real + f64::from(judged.others),
        }
    });
    let posterior = Posterior { params, examples: examples.collect(), groups: ids.len() };
    let point = maximum(&posterior);
    // The prior ends at the bounds; that of a group at what was asked for until it missed something.
    let base = params.promised() + params.spread * point.base;
    let bounded = |low: f64, value: f64| value.clamp(low, params.highest());
    let common = bounded(params.promised(), base);
    let offset = |(&id, &x): (&u64, &f64)| {
        let missed =
            |judged: &Judged| judged.incident.group == id && judged.opinion == Opinion::Missed;
        let low = if verdicts.iter().any(missed) { params.lowest() } else { params.promised() };
        (id, bounded(low, base + params.group_spread * x) - common)
    };
    Thresholds { base: common, offsets: ids.iter().zip(&point.offsets).map(offset).collect() }
}

fn maximum(posterior: &Posterior<'_>) -> Point {
    let mut point = Point { base: 0.0, offsets: vec![0.0; posterior.groups] };
    let mut value = posterior.value(&point);
    for _ in 0..MOST_STEPS {
        let step = posterior.step(&point);
        let size = step.offsets.iter().chain([&step.base]).fold(0.0, |a: f64, b| a.max(b.abs()));
        if size <= TOLERANCE {
            break;
        }
        // Full steps overshoot where the likelihood is flat: halve until the value falls.
        let mut share = 1.0;
        let next = loop {
            let next = Point {
                base: point.base + share * step.base,
                offsets: point
                    .offsets
                    .iter()
                    .zip(&step.offsets)
                    .map(|(x, s)| x + share * s)
                    .collect(),
            };
            let found = posterior.value(&next);
            if found < value {
                value = found;
                break Some(next);
            }
            share /= 2.0;
            if share < TOLERANCE {
                break None;
            }
        };
        match next {
            Some(next) => point = next,
            None => break,
        }
    }
    point
}
