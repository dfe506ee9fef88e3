//! Focal loss: logistic loss that cares less about rows that are right already.

use super::{CHUNK, Derivatives, Loss, weighted_mean};
use crate::boost::ensemble::Link;
use crate::parallel;

/// `−(1 − p)^γ · ln p` with `p` the probability given to the row's own label (Lin et al. 2017).
#[derive(Debug)]
pub(crate) struct Focal {
    labels: Vec<bool>,
    weights: Option<Vec<f32>>,
    gamma: f64,
}

impl Focal {
    pub(crate) fn new(labels: &[bool], weights: Option<Vec<f32>>, gamma: f64) -> Self {
        Self { labels: labels.to_vec(), weights, gamma }
    }

    /// The raw score toward the row's own label, as that label's probability, the other's, and the
    /// logarithm of the former.
    fn chances(&self, score: f64, row: usize) -> (f64, f64, f64) {
        let margin = if self.labels[row] { score } else { -score };
        let log = -((-margin).max(0.0) + (-margin.abs()).exp().ln_1p());
        (log.exp(), 1.0 / (1.0 + margin.exp()), log)
    }
}

impl Loss for Focal {
    fn rows(&self) -> usize {
        self.labels.len()
    }

    fn start(&self) -> Vec<f64> {
        let positive = |row: usize| f64::from(u8::from(self.labels[row]));
        let rate = weighted_mean(self.rows(), self.weights.as_deref(), positive);
        vec![(rate / (1.0 - rate)).ln()]
    }

    fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]) {
        let gamma = self.gamma;
        parallel::chunks_mut(derivatives, CHUNK, |start, derivatives| {
            for (row, to) in (start..).zip(derivatives) {
                let (p, q, log) = self.chances(scores[row], row);
                let focus = q.powf(gamma);
                let by_margin = focus * (gamma * p * log - q);
                // Without its one negative term, γ · q · ln p: an upper bound, as the loss is not
                // convex where it is far off.
                let curvature = p * focus * (q * (1.0 + 2.0 * gamma) - gamma * gamma * p * log);
                let by_score = if self.labels[row] { by_margin } else { -by_margin };
                let weight = self.weights.as_ref().map_or(1.0, |weights| weights[row]);
                *to = [weight * by_score as f32, weight * curvature as f32];
            }
        });
    }

    fn value(&self, scores: &[f64]) -> f64 {
        weighted_mean(self.rows(), self.weights.as_deref(), |row| {
            let (_, q, log) = self.chances(scores[row], row);
            -q.powf(self.gamma) * log
        })
    }

    fn link(&self) -> Link {
        Link::Logistic { scale: 1.0 }
    }
}
