//! The time left: what is known of it, and what a model's answer says about it.

use super::assessment::TimeToFailure;
use crate::Lifetime;
use crate::error::Result;
use crate::metrics::survival::KaplanMeier;

/// Most that a life may count: those that are watched longest are few.
const HEAVIEST: f64 = 10.0;

/// Fewest rows of a bin, and about how many bins there are.
const LEAST: usize = 60;
const BINS: usize = 30;

/// The time left of a life, up to the limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Which of the lives.
    pub(super) index: usize,
    pub(super) left: f64,
    pub(super) weight: f64,
}

/// The lives whose time left is known up to `cap`: they failed, or were watched for so long. Each counts
/// for those like it that were not, by the inverse of the probability of having been watched
/// (Kaplan–Meier of the censoring; Robins and Rotnitzky 1992).
pub(super) fn remaining(lives: &[Lifetime], cap: f64) -> Result<Vec<Known>> {
    if lives.is_empty() {
        return Ok(Vec::new());
    }
    let censoring = KaplanMeier::of_censoring(lives)?;
    let mut known = Vec::with_capacity(lives.len());
    for (index, life) in lives.iter().enumerate() {
        let left = match *life {
            Lifetime::Failed(time) => time.min(cap),
            Lifetime::Alive(time) if time >= cap => cap,
            _ => continue,
        };
        let watched = censoring.survival_before(left);
        let weight = if watched > 0.0 { (1.0 / watched).min(HEAVIEST) } else { HEAVIEST };
        known.push(Known { index, left, weight });
    }
    Ok(known)
}

/// Quantiles of the time left at some answers of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct Bin {
    answer: f64,
    low: f64,
    middle: f64,
    high: f64,
}

/// What the time left was where the model, which had not seen it, gave such an answer.
///
/// Held-out rows are sorted by the answer and cut into bins; each has the quantiles of the true times
/// left in it. Between the middles of bins they change along a line. That is conformal prediction by
/// groups (Vovk's Mondrian one) of answers: within a bin, a new row is as likely as the others to be beyond
/// a quantile. Since rows of one life are alike, the ends of intervals are those of a rank among lives.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct TimeLeft {
    cap: f64,
    coverage: f64,
    bins: Vec<Bin>,
}

impl TimeLeft {
    /// From answers, what was known, and how many lives it is of; `None` without enough of either.
    pub(super) fn new(
        answers: &[f64],
        known: &[Known],
        lives: usize,
        cap: f64,
        coverage: f64,
    ) -> Option<Self> {
        if known.len() < LEAST.min(20) || lives < 2 {
            return None;
        }
        let mut order: Vec<usize> = (0..known.len()).collect();
        order.sort_by(|&a, &b| answers[a].total_cmp(&answers[b]));
        // What is beyond the limit is all alike: bins have as many rows each of which the time is told.
        let told = known.iter().filter(|known| known.left < cap).count();
        let share_of_told = (told / BINS).max(LEAST / 3).max(1);
        let (mut starts, mut in_bin) = (vec![0], 0);
        for (place, &row) in order.iter().enumerate() {
            let rows = place - starts[starts.len() - 1];
            if in_bin >= share_of_told && rows >= LEAST && known.len() - place >= LEAST {
                starts.push(place);
                in_bin = 0;
            }
            in_bin += usize::from(known[row].left < cap);
        }
        starts.push(known.len());
        // The rank of a new life among so many: ⌈(n + 1) coverage⌉ of n.
        let share = (coverage * (1.0 + 1.0 / lives as f64)).min(1.0);
        let bins = starts.windows(2).map(|bin| {
            let rows = &order[bin[0]..bin[1]];
            let answer = rows.iter().map(|&row| answers[row]).sum::<f64>() / rows.len() as f64;
            let mut left: Vec<(f64, f64)> =
                rows.iter().map(|&row| (known[row].left, known[row].weight)).collect();
            left.sort_by(|a, b| a.0.total_cmp(&b.0));
            let high = quantile(&left, f64::midpoint(1.0, share));
            // An interval without an upper end can be missed on one side only.
            let tail = if high >= cap { 1.0 - share } else { (1.0 - share) / 2.0 };
            Bin { answer, low: quantile(&left, tail), middle: quantile(&left, 0.5), high }
        });
        Some(Self { cap, coverage, bins: bins.collect() })
    }

    /// What an answer says.
    pub(super) fn of(&self, answer: f64) -> TimeToFailure {
        let next = self.bins.partition_point(|bin| bin.answer < answer);
        let (before, after) = (next.saturating_sub(1), next.min(self.bins.len() - 1));
        let (a, b) = (&self.bins[before], &self.bins[after]);
        let width = b.answer - a.answer;
        let share = if width > 0.0 { ((answer - a.answer) / width).clamp(0.0, 1.0) } else { 0.0 };
        let between = |from: f64, to: f64| from + share * (to - from);
        let end = |time: f64| if time >= self.cap * (1.0 - 1e-9) { f64::INFINITY } else { time };
        TimeToFailure {
            median: end(between(a.middle, b.middle)),
            expected: answer.clamp(0.0, self.cap),
            earliest: between(a.low, b.low).max(0.0),
            latest: end(between(a.high, b.high)),
            confidence: self.coverage,
        }
    }

    /// Whether one from a file is possible.
    #[cfg(feature = "serde")]
    pub(super) fn check(&self) -> Result<()> {
        let bin = |bin: &Bin| {
            bin.answer.is_finite()
                && 0.0 <= bin.low
                && bin.low <= bin.middle
                && bin.middle <= bin.high
                && bin.high <= self.cap
        };
        let sorted = self.bins.windows(2).all(|pair| pair[0].answer <= pair[1].answer);
        let share = self.coverage > 0.0 && self.coverage < 1.0;
        let cap = self.cap > 0.0 && self.cap <= 1e13;
        if !self.bins.is_empty() && self.bins.iter().all(bin) && sorted && share && cap {
            return Ok(());
        }
        Err(crate::error::invalid("times left that no rows have"))
    }
}

/// The first value at which the weights up to it reach a share of all. Values rise.
fn quantile(values: &[(f64, f64)], share: f64) -> f64 {
    let total: f64 = values.iter().map(|value| value.1).sum();
    let mut sum = 0.0;
    for &(value, weight) in values {
        sum += weight;
        if sum >= share * total {
            return value;
        }
    }
    values.last().map_or(0.0, |value| value.0)
}
