//! Poisson loss: counts, whose logarithm of the mean is the raw score.

use super::{CHUNK, Derivatives, Loss, weighted_mean};
use crate::boost::ensemble::Link;
use crate::parallel;

/// The second derivative is taken this much further up: where the loss is nearly flat, Newton's step
/// would otherwise go far beyond where its parabola holds. LightGBM's and XGBoost's value.
const CAUTION: f64 = 0.7;

/// `exp(raw) − target · raw`: the negative log-likelihood but for what the score cannot change.
#[derive(Debug)]
pub(crate) struct Poisson {
    targets: Vec<f64>,
    weights: Option<Vec<f32>>,
}

impl Poisson {
    /// Targets are at least 0, and not all of them 0.
    pub(crate) fn new(targets: &[f64], weights: Option<Vec<f32>>) -> Self {
        Self { targets: targets.to_vec(), weights }
    }
}

impl Loss for Poisson {
    fn rows(&self) -> usize {
        self.targets.len()
    }

    fn start(&self) -> Vec<f64> {
        let mean = weighted_mean(self.rows(), self.weights.as_deref(), |row| self.targets[row]);
        vec![mean.ln()]
    }

    fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]) {
        parallel::chunks_mut(derivatives, CHUNK, |start, derivatives| {
            for (row, to) in (start..).zip(derivatives) {
                let mean = scores[row].min(80.0).exp();
                let weight = self.weights.as_ref().map_or(1.0, |weights| f64::from(weights[row]));
                let caution = CAUTION.exp();
                *to = [
                    (weight * (mean - self.targets[row])) as f32,
                    (weight * mean * caution) as f32,
                ];
            }
        });
    }

    fn value(&self, scores: &[f64]) -> f64 {
        weighted_mean(self.rows(), self.weights.as_deref(), |row| {
            scores[row].exp() - self.targets[row] * scores[row]
        })
    }

    fn link(&self) -> Link {
        Link::Exponential
    }
}
