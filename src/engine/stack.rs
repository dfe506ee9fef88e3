//! From the scores of the members to one calibrated probability.

use super::judged::Judged;
use super::members::{MEMBERS, Scores};
use super::regression::{line, logistic, regression};
use crate::calibrate::{CalibrationParams, Calibrator, Method, Scale};
use crate::error::Result;

/// What the members weigh unless the rows clearly say otherwise: most the classifier, which alone learns
/// what is asked. Failures are few, and weights learned from a dozen of them rank worse than these, which
/// were chosen on simulated fleets.
const USUAL: Scores = [0.75, 0.05, 0.05, 0.15];

/// How much the usual weights are favoured by those that are learned, in failures: with this many
/// failures, data and favour count alike.
const FAVOUR: f64 = 30.0;

/// How many failures' worth of average precision others must be ahead of the usual weights.
const AHEAD: f64 = 2.0;

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
    /// Weights are the usual ones, those of a logistic regression without negative ones drawn towards
    /// them as if 30 failures spoke for it, or all on the best member: whichever ranks the rows of parts
    /// best that it was not learned from. The usual ones give way to what is ahead by more than two
    /// failures make, so that chance decides nothing.
    pub(super) fn train(judged: &Judged, present: [bool; MEMBERS], seed: u64) -> Result<Self> {
        let rows: Vec<usize> = (0..judged.fails.len()).collect();
        let mut stack = Self::usual(judged, &rows, present);
        let (mut usual, mut learned, mut alone) = (0.0, 0.0, [0.0; MEMBERS]);
        let mut total = 0.0;
        for fold in 0..judged.folds() {
            let (own, others): (Vec<usize>, Vec<usize>) =
                rows.iter().partition(|&&row| judged.fold[row] == fold);
            if !judged.both(&own) || !judged.both(&others) {
                continue;
            }
            let weight = judged.weight[own[0]];
            total += weight;
            let mut part = Self::usual(judged, &others, present);
            usual += weight * judged.precision(&own, |row| part.log_odds(&judged.scores[row]))?;
            part.learn(judged, &others, present);
            learned += weight * judged.precision(&own, |row| part.log_odds(&judged.scores[row]))?;
            for member in (0..MEMBERS).filter(|&member| present[member]) {
                let precision = judged.precision(&own, |row| judged.scores[row][member])?;
                alone[member] += weight * precision;
            }
        }
        let best = (0..MEMBERS).fold(0, |a, b| if alone[b] > alone[a] { b } else { a });
        let margin = total * AHEAD * judged.one_failure();
        if alone[best] > usual + margin && alone[best] > learned {
            stack.weights = [0.0; MEMBERS];
            stack.weights[best] = 1.0;
        } else if learned > usual + margin {
            stack.learn(judged, &rows, present);
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

    /// Lines and the usual weights, without calibration.
    fn usual(judged: &Judged, rows: &[usize], present: [bool; MEMBERS]) -> Self {
        let labels: Vec<bool> = rows.iter().map(|&row| judged.fails[row]).collect();
        let weight = Self::evened(judged, rows);
        let mut stack = Self {
            lines: [(0.0, 0.0); MEMBERS],
            intercept: 0.0,
            weights: [0.0; MEMBERS],
            calibrator: Calibrator::identity(Scale::LogOdds),
        };
        let members = || (0..MEMBERS).filter(|&member| present[member]);
        let sum: f64 = members().map(|member| USUAL[member]).sum();
        for member in members() {
            let scores: Vec<f64> = rows.iter().map(|&row| judged.scores[row][member]).collect();
            stack.lines[member] = line(&scores, &labels, &weight, judged.per_failure());
            stack.weights[member] = USUAL[member] / sum;
        }
        stack
    }

    /// Puts learned weights in the place of those that there are, and is drawn towards them.
    fn learn(&mut self, judged: &Judged, rows: &[usize], present: [bool; MEMBERS]) {
        let labels: Vec<bool> = rows.iter().map(|&row| judged.fails[row]).collect();
        let weight = Self::evened(judged, rows);
        let members: Vec<usize> = (0..MEMBERS).filter(|&member| present[member]).collect();
        let towards: Vec<f64> = members.iter().map(|&member| self.weights[member]).collect();
        let x: Vec<f64> = rows
            .iter()
            .flat_map(|&row| {
                members.iter().map(move |&member| (member, judged.scores[row][member]))
            })
            .map(|(member, score)| self.of_member(member, score))
            .collect();
        let favour = FAVOUR * judged.per_failure();
        let (intercept, weights) =
            regression(&x, members.len(), &labels, &weight, &towards, favour);
        // All zero only where no member tells anything: then the usual ones tell no less.
        if weights.iter().sum::<f64>() < 1e-6 {
            return;
        }
        self.intercept = intercept;
        members.iter().zip(weights).for_each(|(&member, weight)| self.weights[member] = weight);
    }

    /// What rows count, of mean 1, so that favour means the same.
    fn evened(judged: &Judged, rows: &[usize]) -> Vec<f64> {
        let mean = rows.iter().map(|&row| judged.weight[row]).sum::<f64>() / rows.len() as f64;
        rows.iter().map(|&row| judged.weight[row] / mean).collect()
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

    /// Average precision of rows that nothing was learned from: together, and of a member alone.
    fn precisions(knowledge: [f64; MEMBERS], member: usize) -> (Stack, f64, f64) {
        let stack = Stack::train(&judged(knowledge, 4_000, 1), [true; 4], 0).unwrap();
        assert!((stack.shares().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let new = judged(knowledge, 4_000, 4);
        let together: Vec<f64> = new.scores.iter().map(|row| stack.log_odds(row)).collect();
        let alone: Vec<f64> = new.scores.iter().map(|row| row[member]).collect();
        let of = |said: &[f64]| average_precision(&new.fails, said).unwrap();
        (stack, of(&together), of(&alone))
    }

    #[test]
    fn members_that_know_nothing_do_no_harm() {
        let (_, together, alone) = precisions([0.99, 0.1, 0.0, 0.0], 0);
        assert!(together > alone - 0.005, "{together} {alone}");
    }

    #[test]
    fn the_usual_weights_give_way_to_what_is_clearly_better() {
        let (stack, together, alone) = precisions([0.3, 0.0, 0.9, 0.0], 2);
        assert!(stack.shares()[2] > 0.5, "{:?}", stack.shares());
        assert!(together > alone - 0.01, "{together} {alone}");
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
