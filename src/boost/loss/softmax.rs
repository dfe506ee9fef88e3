//! Softmax loss: the negative log-likelihood of one class among several.

use super::exp::exp;
use super::{CHUNK, Derivatives, Loss, weighted_mean};
use crate::boost::ensemble::Link;
use crate::parallel;

/// `ln Σ exp(raw_j) − raw_class`.
#[derive(Debug)]
pub(crate) struct Softmax {
    classes: Vec<u32>,
    outputs: usize,
    weights: Option<Vec<f32>>,
}

impl Softmax {
    /// Every class from 0 up to `outputs` has a row of positive weight.
    pub(crate) fn new(classes: &[u32], outputs: usize, weights: Option<Vec<f32>>) -> Self {
        Self { classes: classes.to_vec(), outputs, weights }
    }

    /// `ln Σ exp(raw_j)` of a row.
    fn normaliser(&self, scores: &[f64], row: usize) -> f64 {
        let of_row = || scores[row..].iter().step_by(self.rows());
        // The largest goes to exp(0): without it, a raw score over 709 overflows.
        let largest = of_row().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + of_row().map(|&score| (score - largest).exp()).sum::<f64>().ln()
    }
}

impl Loss for Softmax {
    fn rows(&self) -> usize {
        self.classes.len()
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    /// The logarithms of the classes' shares.
    fn start(&self) -> Vec<f64> {
        let share = |class: u32| {
            let is = |row: usize| f64::from(u8::from(self.classes[row] == class));
            weighted_mean(self.rows(), self.weights.as_deref(), is).ln()
        };
        (0..self.outputs as u32).map(share).collect()
    }

    fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]) {
        let rows = self.rows();
        let mut normalisers = vec![0.0; rows];
        parallel::chunks_mut(&mut normalisers, CHUNK, |start, normalisers| {
            for (row, to) in (start..).zip(normalisers) {
                *to = self.normaliser(scores, row);
            }
        });
        // The diagonal alone of the second derivatives; the factor makes up for the rest
        // (Friedman, Hastie & Tibshirani 2000, section 5).
        let factor = self.outputs as f32 / (self.outputs as f32 - 1.0);
        for (class, derivatives) in derivatives.chunks_exact_mut(rows).enumerate() {
            let scores = &scores[class * rows..(class + 1) * rows];
            parallel::chunks_mut(derivatives, CHUNK, |start, derivatives| {
                for (row, to) in (start..).zip(derivatives) {
                    let p = exp((scores[row] - normalisers[row]) as f32);
                    let weight = self.weights.as_ref().map_or(1.0, |weights| weights[row]);
                    let is = if self.classes[row] as usize == class { 1.0 } else { 0.0 };
                    *to = [weight * (p - is), weight * factor * p * (1.0 - p).max(0.0)];
                }
            });
        }
    }

    fn value(&self, scores: &[f64]) -> f64 {
        weighted_mean(self.rows(), self.weights.as_deref(), |row| {
            let own = scores[self.classes[row] as usize * self.rows() + row];
            self.normaliser(scores, row) - own
        })
    }

    fn link(&self) -> Link {
        Link::Softmax
    }
}
