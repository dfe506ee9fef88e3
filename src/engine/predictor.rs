//! Members, their weights, and what follows from what they say.

use super::action::ActionCosts;
use super::assessment::TimeToFailure;
use super::judged::Judged;
use super::members::{ANOMALY, MEMBERS, Members, Scores};
use super::profile::Profile;
use super::remaining::TimeLeft;
use super::stack::Stack;
use crate::decide::{Costs, DecisionParams};
use crate::error::Result;

/// Bootstrap resamples behind the interval of the threshold.
const RESAMPLES: usize = 100;

/// What makes a probability of the members' scores.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Foresight {
    pub(super) stack: Stack,
    pub(super) threshold: f64,
    pub(super) time_left: Option<TimeLeft>,
}

/// Members and what is made of their scores; without foresight they can only detect.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Predictor {
    pub(super) members: Members,
    pub(super) profile: Profile,
    pub(super) foresight: Option<Foresight>,
}

/// What is said of a row, in numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finding {
    pub(super) probability: Option<f64>,
    pub(super) alert: bool,
    pub(super) time_to_failure: Option<TimeToFailure>,
    pub(super) confidence: f64,
    pub(super) reliability: f64,
    pub(super) anomaly: f64,
    pub(super) abnormal: bool,
    pub(super) novelty: f64,
}

impl Foresight {
    /// Learns weights, calibration and threshold of rows that the members had not seen.
    pub(super) fn train(
        judged: &Judged,
        present: [bool; MEMBERS],
        costs: &ActionCosts,
        time_left: Option<TimeLeft>,
        seed: u64,
    ) -> Result<Self> {
        let stack = Stack::train(judged, present, seed)?;
        let threshold = threshold(judged, &stack, costs, seed)?;
        Ok(Self { stack, threshold, time_left })
    }
}

/// The probability from which on an alert costs less than none: the one that is right for exact
/// probabilities, unless the rows say that another is clearly cheaper.
fn threshold(judged: &Judged, stack: &Stack, costs: &ActionCosts, seed: u64) -> Result<f64> {
    let exact = costs.act_from();
    let miss = costs.prevented * costs.failure - costs.action;
    if !(miss > 0.0 && costs.action > 0.0) {
        return Ok(exact);
    }
    let of = |scores: &Scores| stack.probability(scores);
    let probabilities = judged.scores.iter().map(of).collect::<Result<Vec<f64>>>()?;
    let scale = costs.action.max(miss);
    let costs = Costs { miss: miss / scale, false_alarm: costs.action / scale };
    if !(costs.miss > 1e-90 && costs.false_alarm > 1e-90) {
        return Ok(exact);
    }
    let decision = DecisionParams::new(costs).resamples(RESAMPLES).seed(seed).choose_grouped(
        &judged.fails,
        &probabilities,
        &judged.entity,
    )?;
    let within = decision.threshold.low <= exact && exact <= decision.threshold.high;
    Ok(if within { exact } else { decision.chosen.threshold })
}

impl Predictor {
    /// What is said of a row with these scores. `shift` is added to the log-odds of the probability.
    pub(super) fn find(&self, row: &[f64], scores: &Scores, shift: f64) -> Result<Finding> {
        let anomaly = scores[ANOMALY];
        let novelty = self.profile.novelty(row, anomaly);
        let rank = self.members.detector.rank(anomaly)?;
        let abnormal = anomaly > self.members.detector.threshold();
        let Some(Foresight { stack, threshold, time_left }) = &self.foresight else {
            return Ok(Finding {
                probability: None,
                alert: false,
                time_to_failure: None,
                confidence: if abnormal { rank } else { 1.0 - novelty },
                reliability: 1.0 - novelty,
                anomaly: rank,
                abnormal,
                novelty,
            });
        };
        let probability = shifted(stack.probability(scores)?, shift);
        let shares = stack.shares();
        let apart = |member: usize| match shares[member] {
            0.0 => 0.0,
            share => {
                let own = shifted(stack.probability_of_member(member, scores[member]), shift);
                share * (own - probability).abs()
            }
        };
        let disagreement: f64 = (0..MEMBERS).map(apart).sum();
        let alert = probability >= *threshold;
        let said = if alert { probability } else { 1.0 - probability };
        let reliability = (1.0 - novelty) * (1.0 - disagreement.min(1.0));
        let confidence = reliability * said + (1.0 - reliability) * said.min(0.5);
        let answer = self.members.time_left(scores);
        Ok(Finding {
            probability: Some(probability),
            alert,
            time_to_failure: time_left.as_ref().zip(answer).map(|(left, answer)| left.of(answer)),
            confidence,
            reliability,
            anomaly: rank,
            abnormal,
            novelty,
        })
    }
}

/// A probability whose log-odds are higher by so much; the same bits if by nothing.
fn shifted(probability: f64, shift: f64) -> f64 {
    if shift == 0.0 {
        return probability;
    }
    let odds = probability / (1.0 - probability) * shift.exp();
    (odds / (1.0 + odds)).clamp(f64::EPSILON, 1.0 - f64::EPSILON)
}
