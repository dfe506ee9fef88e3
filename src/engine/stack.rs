//! From the scores of the members to one calibrated probability.

use super::judged::Judged;
use super::members::{ANOMALY, CLASSIFIER, MEMBERS, Scores};
use super::regression::{line, logistic, regression};
use crate::calibrate::{CalibrationParams, Calibrator, Method, Scale};
use crate::error::Result;

/// How much the weights that average precision gives are favoured, in failures: with this many failures,
/// data and favour count alike.
const FAVOUR: f64 = 30.0;

/// What a member that is as good as the best is favoured to weigh beside it.
const BESIDE: f64 = 0.2;

/// By how much average precision, beside what two failures make, another member must be ahead of the
/// classifier to be called best: it alone learns what is asked.
const AHEAD: f64 = 0.02;

/// Log-odds beyond which nothing is told apart.
const FAR: f64 = 35.0;

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
    /// Weights are those of a logistic regression without negative ones, drawn as if 30 failures spoke for
    /// it towards the best member, with a little of the others that foretell, the less the worse they
    /// are. Where they rank the rows of parts that they were not learned from worse than the best
    /// member does, by more than one failure makes, that keeps all the weight.
    pub(super) fn train(judged: &Judged, present: [bool; MEMBERS], seed: u64) -> Result<Self> {
        let rows: Vec<usize> = (0..judged.fails.len()).collect();
        let mut stack = Self::combined(judged, &rows, present)?;
        let best = Self::best(judged, present)?;
        let mut alone = [0.0; MEMBERS];
        alone[best] = 1.0;
        let folds = judged.folds();
        let (mut together, mut single) = (0.0, 0.0);
        let mut margin = 0.0;
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
            margin += weight * judged.one_failure();
        }
        if together + margin < single {
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
        let towards = Self::favoured(judged, rows, &members)?;
        let x: Vec<f64> = rows
            .iter()
            .flat_map(|&row| {
                let of = |&member: &usize| stack.of_member(member, judged.scores[row][member]);
                members.iter().map(of).collect::<Vec<f64>>()
            })
            .collect();
        let (intercept, weights) =
            regression(&x, members.len(), &labels, &weight, &towards, FAVOUR * per_failure);
        stack.intercept = intercept;
        for (&member, weight) in members.iter().zip(weights) {
            stack.weights[member] = weight;
        }
        if stack.weights.iter().sum::<f64>() < 1e-6 {
            members
                .iter()
                .zip(towards)
                .for_each(|(&member, weight)| stack.weights[member] = weight);
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
        for (&member, precision) in members.iter().zip(Self::precisions(judged, rows, members)?) {
            let ahead = if member == CLASSIFIER { AHEAD + 2.0 * judged.one_failure() } else { 0.0 };
            let precision = precision + ahead;
            if precision > best.1 {
                best = (member, precision);
            }
        }
        Ok(best.0)
    }

    /// The average precision of each member in the parts.
    fn precisions(judged: &Judged, rows: &[usize], members: &[usize]) -> Result<Vec<f64>> {
        let (mut sums, mut total) = (vec![0.0; members.len()], 0.0);
        for fold in 0..judged.folds() {
            let own: Vec<usize> =
                rows.iter().copied().filter(|&row| judged.fold[row] == fold).collect();
            if !judged.both(&own) {
                continue;
            }
            let weight = judged.weight[own[0]];
            for (sum, &member) in sums.iter_mut().zip(members) {
                *sum += weight * judged.precision(&own, |row| judged.scores[row][member])?;
            }
            total += weight;
        }
        Ok(sums.into_iter().map(|sum| sum / f64::max(total, 1e-300)).collect())
    }

    /// What members are favoured to weigh: the others that foretell up to a fifth each, by the square of
    /// how far above chance they are against the best, which has the rest.
    fn favoured(judged: &Judged, rows: &[usize], members: &[usize]) -> Result<Vec<f64>> {
        let best = Self::best_of(judged, rows, members)?;
        let precisions = Self::precisions(judged, rows, members)?;
        let failing = rows.iter().filter(|&&row| judged.fails[row]).count();
        let chance = failing as f64 / rows.len() as f64;
        let above = |precision: f64| (precision - chance).max(0.0);
        let most = precisions.iter().fold(1e-9, |most: f64, &precision| most.max(above(precision)));
        let beside = |(&member, &precision): (&usize, &f64)| match member {
            ANOMALY => 0.0,
            _ if member == best => 0.0,
            _ => BESIDE * (above(precision) / most).powi(2),
        };
        let mut towards: Vec<f64> = members.iter().zip(&precisions).map(beside).collect();
        let rest = 1.0 - towards.iter().sum::<f64>();
        for (weight, _) in towards.iter_mut().zip(members).filter(|(_, member)| **member == best) {
            *weight = rest;
        }
        Ok(towards)
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

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests {
    use super::*;
    use crate::metrics::average_precision;
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
}
