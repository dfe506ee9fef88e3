//! From the scores of the members to one calibrated probability.

use super::members::{CLASSIFIER, MEMBERS, Scores};
use crate::calibrate::{CalibrationParams, Calibrator, Method, Scale};
use crate::error::Result;
use crate::metrics::average_precision;

/// Newton steps at most; a handful are needed.
const STEPS: usize = 50;

/// How much a weight of one member alone is favoured, in failures: with this many failures, data and
/// favour count alike.
const FAVOUR: f64 = 30.0;

/// By how much average precision another member must be ahead of the classifier to be called best: it
/// alone learns what is asked.
const AHEAD: f64 = 0.02;

/// Log-odds beyond which nothing is told apart.
const FAR: f64 = 35.0;

/// Rows that were scored by members that had not learned from them.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) scores: Vec<Scores>,
    pub(super) fails: Vec<bool>,
    pub(super) entity: Vec<usize>,
    /// The part that was set aside when they were scored.
    pub(super) fold: Vec<usize>,
    /// What each counts.
    pub(super) weight: Vec<f64>,
    /// Failures among them.
    pub(super) failures: usize,
}

impl Judged {
    fn folds(&self) -> usize {
        self.fold.iter().max().map_or(0, |last| last + 1)
    }

    /// Whether there are rows of both kinds among some.
    fn both(&self, rows: &[usize]) -> bool {
        let of = |class| rows.iter().any(|&row| self.fails[row] == class);
        of(true) && of(false)
    }

    /// The average precision of a score of some rows.
    fn precision(&self, rows: &[usize], score: impl Fn(usize) -> f64) -> Result<f64> {
        let labels: Vec<bool> = rows.iter().map(|&row| self.fails[row]).collect();
        average_precision(&labels, &rows.iter().map(|&row| score(row)).collect::<Vec<f64>>())
    }
}

/// A probability of many scores: the log-odds of each by a line, a weighted sum, and a calibration.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Stack {
    /// Intercept and slope of the log-odds of each member.
    lines: [(f64, f64); MEMBERS],
    intercept: f64,
    weights: [f64; MEMBERS],
    calibrator: Calibrator,
}

impl Stack {
    /// Learns from rows of both kinds. `present`: the members that there are.
    ///
    /// Weights are those of a logistic regression without negative ones, drawn towards the best member
    /// alone as if 30 failures spoke for it. Where they rank the rows of parts that they were not
    /// learned from worse than that member does, it keeps all the weight.
    pub(super) fn train(judged: &Judged, present: [bool; MEMBERS], seed: u64) -> Result<Self> {
        let rows: Vec<usize> = (0..judged.fails.len()).collect();
        let mut stack = Self::combined(judged, &rows, present)?;
        let best = Self::best(judged, present)?;
        let mut alone = [0.0; MEMBERS];
        alone[best] = 1.0;
        let folds = judged.folds();
        let (mut together, mut single, mut judges) = (0.0, 0.0, 0);
        for fold in 0..folds {
            let (own, others): (Vec<usize>, Vec<usize>) =
                rows.iter().partition(|&&row| judged.fold[row] == fold);
            if !judged.both(&own) || !judged.both(&others) {
                continue;
            }
            let part = Self::combined(judged, &others, present)?;
            let all = |row: usize| part.log_odds(&judged.scores[row]);
            let one = |row: usize| judged.scores[row][best];
            let weight = judged.weight[own[0]];
            together += weight * judged.precision(&own, all)?;
            single += weight * judged.precision(&own, one)?;
            judges += 1;
        }
        if judges > 0 && together < single {
            (stack.intercept, stack.weights) = (0.0, alone);
        }
        let log_odds: Vec<f64> = judged.scores.iter().map(|row| stack.log_odds(row)).collect();
        let (fails, weight, entity) = (&judged.fails, Some(&judged.weight[..]), &judged.entity[..]);
        let params = CalibrationParams::default().scale(Scale::LogOdds).seed(seed);
        // Isotonic curves have steps: rows that a step makes alike would be ranked no more.
        let candidates = params.compare(fails, &log_odds, weight, Some(entity))?.candidates;
        let rising = candidates.iter().filter(|candidate| candidate.method != Method::Isotonic);
        let best = rising.min_by(|a, b| a.loss.total_cmp(&b.loss));
        let method = best.map_or(Method::Platt, |candidate| candidate.method);
        stack.calibrator =
            params.method(method).train_grouped(fails, &log_odds, weight, Some(entity))?;
        Ok(stack)
    }

    /// Lines and weights, without calibration.
    fn combined(judged: &Judged, rows: &[usize], present: [bool; MEMBERS]) -> Result<Self> {
        let labels: Vec<bool> = rows.iter().map(|&row| judged.fails[row]).collect();
        // Of mean 1, so that the favour means the same.
        let mean = rows.iter().map(|&row| judged.weight[row]).sum::<f64>() / rows.len() as f64;
        let weight: Vec<f64> = rows.iter().map(|&row| judged.weight[row] / mean).collect();
        let positive = judged.fails.iter().filter(|&&fails| fails).count() as f64;
        let per_failure = (positive / judged.failures.max(1) as f64).max(1.0);
        let mut stack = Self {
            lines: [(0.0, 0.0); MEMBERS],
            intercept: 0.0,
            weights: [0.0; MEMBERS],
            calibrator: Calibrator::identity(Scale::LogOdds),
        };
        let members: Vec<usize> = (0..MEMBERS).filter(|&member| present[member]).collect();
        for &member in &members {
            let scores: Vec<f64> = rows.iter().map(|&row| judged.scores[row][member]).collect();
            stack.lines[member] = line(&scores, &labels, &weight, per_failure);
        }
        let best = Self::best_of(judged, rows, &members)?;
        let x: Vec<f64> = rows
            .iter()
            .flat_map(|&row| {
                let of = |&member: &usize| stack.of_member(member, judged.scores[row][member]);
                members.iter().map(of).collect::<Vec<f64>>()
            })
            .collect();
        let towards: Vec<f64> = members.iter().map(|&m| f64::from(u8::from(m == best))).collect();
        let (intercept, weights) =
            regression(&x, members.len(), &labels, &weight, &towards, FAVOUR * per_failure);
        stack.intercept = intercept;
        for (&member, weight) in members.iter().zip(weights) {
            stack.weights[member] = weight;
        }
        if stack.weights.iter().sum::<f64>() < 1e-6 {
            stack.weights[best] = 1.0;
        }
        Ok(stack)
    }

    fn best(judged: &Judged, present: [bool; MEMBERS]) -> Result<usize> {
        let rows: Vec<usize> = (0..judged.fails.len()).collect();
        let members: Vec<usize> = (0..MEMBERS).filter(|&member| present[member]).collect();
        Self::best_of(judged, &rows, &members)
    }

    /// The member with the greatest average precision in the parts, the classifier unless another is
    /// clearly ahead.
    fn best_of(judged: &Judged, rows: &[usize], members: &[usize]) -> Result<usize> {
        let mut best = (members[0], -1.0);
        for &member in members {
            let (mut sum, mut total) = (0.0, 0.0);
            for fold in 0..judged.folds() {
                let own: Vec<usize> =
                    rows.iter().copied().filter(|&row| judged.fold[row] == fold).collect();
                if judged.both(&own) {
                    let weight = judged.weight[own[0]];
                    sum += weight * judged.precision(&own, |row| judged.scores[row][member])?;
                    total += weight;
                }
            }
            let start = if member == CLASSIFIER { AHEAD } else { 0.0 };
            let precision = start + sum / f64::max(total, 1e-300);
            if precision > best.1 {
                best = (member, precision);
            }
        }
        Ok(best.0)
    }

    /// The log-odds that a member says.
    pub(super) fn of_member(&self, member: usize, score: f64) -> f64 {
        let (intercept, slope) = self.lines[member];
        (intercept + slope * score).clamp(-FAR, FAR)
    }

    /// The probability that a member says.
    pub(super) fn probability_of_member(&self, member: usize, score: f64) -> f64 {
        logistic(self.of_member(member, score))
    }

    /// What all say together, before calibration.
    pub(super) fn log_odds(&self, scores: &Scores) -> f64 {
        let weighted = |member: usize| match self.weights[member] {
            0.0 => 0.0,
            weight => weight * self.of_member(member, scores[member]),
        };
        self.intercept + (0..MEMBERS).map(weighted).sum::<f64>()
    }

    /// What all say together.
    pub(super) fn probability(&self, scores: &Scores) -> Result<f64> {
        self.calibrator.probability(self.log_odds(scores))
    }

    /// The weights, which add up to 1.
    pub(super) fn shares(&self) -> [f64; MEMBERS] {
        let sum: f64 = self.weights.iter().sum();
        self.weights.map(|weight| weight / sum)
    }

    /// Whether a stack from a file is one.
    #[cfg(feature = "serde")]
    pub(super) fn check(&self, present: [bool; MEMBERS]) -> Result<()> {
        let finite = |value: f64| value.abs() <= 1e12;
        let lines = self.lines.iter().all(|line| finite(line.0) && (0.0..=1e12).contains(&line.1));
        let weights = self.weights.iter().zip(present);
        let ok = weights.clone().all(|(&w, there)| (0.0..=1e6).contains(&w) && (there || w == 0.0));
        let some = self.weights.iter().sum::<f64>() > 0.0;
        if lines
            && ok
            && some
            && finite(self.intercept)
            && self.calibrator.scale() == Scale::LogOdds
        {
            return Ok(());
        }
        Err(crate::error::invalid("weights of members that no training gives"))
    }
}

/// `1 / (1 + e^(−x))`.
pub(super) fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// Intercept and slope, at least 0, of the log-odds of a score.
fn line(scores: &[f64], labels: &[bool], weight: &[f64], per_failure: f64) -> (f64, f64) {
    let count = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let spread = (scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / count).sqrt();
    if !(spread > 0.0 && spread.is_finite()) {
        return (regression(&[], 0, labels, weight, &[], 0.0).0, 0.0);
    }
    let scaled: Vec<f64> = scores.iter().map(|score| (score - mean) / spread).collect();
    let (intercept, weights) = regression(&scaled, 1, labels, weight, &[0.0], 0.01 * per_failure);
    let slope = weights[0] / spread;
    (intercept - slope * mean, slope)
}

/// The intercept and the weights, none negative, that minimise
/// `Σ weight · log loss + favour / 2 · Σ (w − towards)²`. `x`: rows × columns.
///
/// Newton's method, each step of which minimises the quadratic approximation over weights of at least 0
/// by going through them in turn.
fn regression(
    x: &[f64],
    columns: usize,
    labels: &[bool],
    weight: &[f64],
    towards: &[f64],
    favour: f64,
) -> (f64, Vec<f64>) {
    let positive: f64 =
        labels.iter().zip(weight).filter(|(label, _)| **label).map(|(_, w)| w).sum();
    let count: f64 = weight.iter().sum();
    let size = columns + 1;
    let mut at = vec![0.0; size];
    at[0] = ((positive + 0.5) / (count - positive + 0.5)).ln();
    at[1..].copy_from_slice(towards);
    if columns > 0 && towards.iter().any(|&weight| weight > 0.0) {
        // The members are log-odds themselves.
        at[0] = 0.0;
    }
    let row = |index: usize| &x[index * columns..(index + 1) * columns];
    let score = |at: &[f64], index: usize| {
        at[0] + row(index).iter().zip(&at[1..]).map(|(x, w)| x * w).sum::<f64>()
    };
    let loss = |at: &[f64]| {
        let of = |(index, &label): (usize, &bool)| {
            let signed = if label { -score(at, index) } else { score(at, index) };
            weight[index] * (signed.max(0.0) + (-signed.abs()).exp().ln_1p())
        };
        let penalty: f64 = at[1..].iter().zip(towards).map(|(w, t)| (w - t).powi(2)).sum();
        labels.iter().enumerate().map(of).sum::<f64>() + favour / 2.0 * penalty
    };
    let mut best = loss(&at);
    for _ in 0..STEPS {
        let mut gradient = vec![0.0; size];
        let mut curvature = vec![0.0; size * size];
        for (index, &label) in labels.iter().enumerate() {
            let p = logistic(score(&at, index));
            let slope = weight[index] * (p - f64::from(u8::from(label)));
            let bend = weight[index] * p * (1.0 - p);
            let value = |column: usize| if column == 0 { 1.0 } else { row(index)[column - 1] };
            for a in 0..size {
                gradient[a] += slope * value(a);
                for b in 0..=a {
                    curvature[a * size + b] += bend * value(a) * value(b);
                }
            }
        }
        for a in 0..size {
            for b in 0..a {
                curvature[b * size + a] = curvature[a * size + b];
            }
            if a > 0 {
                gradient[a] += favour * (at[a] - towards[a - 1]);
                curvature[a * size + a] += favour;
            }
            curvature[a * size + a] += 1e-9;
        }
        let step = step(&gradient, &curvature, &at);
        let mut share = 1.0;
        let mut next;
        let mut reached;
        loop {
            next = at.iter().zip(&step).map(|(a, s)| a + share * s).collect::<Vec<f64>>();
            reached = loss(&next);
            if reached <= best || share < 1e-6 {
                break;
            }
            share /= 2.0;
        }
        let gained = best - reached;
        if gained <= 0.0 || !reached.is_finite() {
            break;
        }
        (at, best) = (next, reached);
        if gained < 1e-10 * best.abs() {
            break;
        }
    }
    let weights = at.split_off(1);
    (at[0], weights)
}

/// The step that minimises `g·s + s·H·s / 2` while no weight becomes negative.
fn step(gradient: &[f64], curvature: &[f64], at: &[f64]) -> Vec<f64> {
    let size = at.len();
    let mut step = vec![0.0; size];
    for _ in 0..500 {
        let mut moved = 0.0_f64;
        for a in 0..size {
            let slope: f64 = gradient[a]
                + curvature[a * size..(a + 1) * size]
                    .iter()
                    .zip(&step)
                    .map(|(h, s)| h * s)
                    .sum::<f64>();
            let mut to = step[a] - slope / curvature[a * size + a];
            if a > 0 {
                to = to.max(-at[a]);
            }
            moved = moved.max((to - step[a]).abs());
            step[a] = to;
        }
        if moved < 1e-12 {
            break;
        }
    }
    step
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// Rows of which the members know the given shares of the truth.
    fn judged(knowledge: [f64; MEMBERS], rows: usize, seed: u64) -> Judged {
        let mut stream = Stream::new(seed, 0);
        let mut judged = Judged { failures: 200, ..Judged::default() };
        for row in 0..rows {
            let truth = stream.normal();
            let fails = stream.unit() < logistic(3.0 * truth - 3.0);
            judged.scores.push(knowledge.map(|know| know * truth + (1.0 - know) * stream.normal()));
            judged.fails.push(fails);
            judged.entity.push(row % 20);
            judged.fold.push(row * 3 / rows);
            judged.weight.push(1.0);
        }
        judged
    }

    #[test]
    fn one_that_knows_all_weighs_nearly_all() {
        let stack = Stack::train(&judged([0.99, 0.1, 0.0, 0.0], 4_000, 1), [true; 4], 0).unwrap();
        assert!(stack.shares()[0] > 0.9, "{:?}", stack.shares());
        assert!((stack.shares().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn equals_share_and_beat_each_alone() {
        let data = judged([0.6, 0.6, 0.6, 0.0], 4_000, 2);
        let stack = Stack::train(&data, [true; 4], 0).unwrap();
        let new = judged([0.6, 0.6, 0.6, 0.0], 4_000, 3);
        let together: Vec<f64> = new.scores.iter().map(|row| stack.log_odds(row)).collect();
        let together = average_precision(&new.fails, &together).unwrap();
        for member in 0..3 {
            assert!(stack.shares()[member] > 0.2, "{:?}", stack.shares());
            let alone: Vec<f64> = new.scores.iter().map(|row| row[member]).collect();
            assert!(together > average_precision(&new.fails, &alone).unwrap() + 0.05);
        }
    }

    /// Against the stationarity conditions: the gradient is 0 where a weight is above 0, and not
    /// negative where it is 0.
    #[test]
    fn the_regression_is_at_its_minimum() {
        let data = judged([0.6, 0.3, 0.0, 0.0], 1_000, 4);
        let x: Vec<f64> = data.scores.iter().flat_map(|row| [row[0], row[1], -row[0]]).collect();
        let towards = [1.0, 0.0, 0.0];
        let (intercept, weights) = regression(&x, 3, &data.fails, &data.weight, &towards, 5.0);
        let mut gradient = [0.0; 4];
        for (row, &fails) in x.chunks(3).zip(&data.fails) {
            let score: f64 = intercept + row.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>();
            let slope = logistic(score) - f64::from(u8::from(fails));
            gradient[0] += slope;
            (0..3).for_each(|column| gradient[column + 1] += slope * row[column]);
        }
        assert!(gradient[0].abs() < 1e-3, "{gradient:?}");
        for column in 0..3 {
            let slope = gradient[column + 1] + 5.0 * (weights[column] - towards[column]);
            let at_bound = weights[column] < 1e-9;
            assert!(if at_bound { slope > -1e-3 } else { slope.abs() < 1e-3 }, "{column}: {slope}");
        }
        assert_eq!(weights[2], 0.0);
    }
}
