//! Logistic loss: the negative log-likelihood of a label, its log-odds being the raw score.

use super::exp::exp;
use super::{CHUNK, Derivatives, Loss, weighted_mean};
use crate::boost::ensemble::Link;
use crate::boost::vector::logistic_rows;
use crate::columnar::level::level;
use crate::parallel;

/// `ln(1 + exp(−m))` with the margin `m = ±raw`, positive where the label is `true`.
#[derive(Debug)]
pub(crate) struct Logistic {
    /// 1 or −1.
    signs: Vec<f32>,
    weights: Option<Vec<f32>>,
}

impl Logistic {
    pub(crate) fn new(labels: &[bool], weights: Option<Vec<f32>>) -> Self {
        let signs = labels.iter().map(|&label| if label { 1.0 } else { -1.0 }).collect();
        Self { signs, weights }
    }
}

/// Both derivatives of each row.
#[inline(always)]
pub(crate) fn rows(scores: &[f64], signs: &[f32], derivatives: &mut [Derivatives]) {
    for (to, (&score, &sign)) in derivatives.iter_mut().zip(scores.iter().zip(signs)) {
        let odds = exp(sign * score as f32);
        // The probability of the other label. As 1 − p of this one it would round to 0 where
        // the model is sure, and so would the second derivative.
        let wrong = 1.0 / (1.0 + odds);
        *to = [-sign * wrong, wrong * (odds * wrong)];
    }
}

impl Loss for Logistic {
    fn rows(&self) -> usize {
        self.signs.len()
    }

    /// The log-odds of the base rate.
    fn start(&self) -> Vec<f64> {
        let positive = |row: usize| if self.signs[row] > 0.0 { 1.0 } else { 0.0 };
        let rate = weighted_mean(self.rows(), self.weights.as_deref(), positive);
        vec![(rate / (1.0 - rate)).ln()]
    }

    fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]) {
        parallel::chunks_mut(derivatives, CHUNK, |start, derivatives| {
            let rows = start..start + derivatives.len();
            let (scores, signs) = (&scores[rows.clone()], &self.signs[rows.clone()]);
            logistic_rows(level(), scores, signs, derivatives);
            if let Some(weights) = &self.weights {
                for (to, &weight) in derivatives.iter_mut().zip(&weights[rows]) {
                    *to = to.map(|value| value * weight);
                }
            }
        });
    }

    fn value(&self, scores: &[f64]) -> f64 {
        weighted_mean(self.rows(), self.weights.as_deref(), |row| {
            let margin = scores[row] * f64::from(self.signs[row]);
            (-margin).max(0.0) + (-margin.abs()).exp().ln_1p()
        })
    }

    fn link(&self) -> Link {
        Link::Logistic { scale: 1.0 }
    }
}
