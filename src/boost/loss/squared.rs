//! Losses of quantities that are all differences of prediction and target: squared, Huber, quantile.

use super::{CHUNK, Derivatives, Loss, weighted_mean};
use crate::boost::ensemble::Link;
use crate::parallel;

/// Which penalty a residual has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Penalty {
    /// `r² / 2`.
    Squared,
    /// `r² / 2` up to a size of `delta`, from there on a straight line.
    Huber(f64),
    /// `r · q` above the prediction, `−r · (1 − q)` below.
    Quantile(f64),
}

/// Penalties on the residual `r = target − raw`.
#[derive(Debug)]
pub(crate) struct Residual {
    targets: Vec<f64>,
    weights: Option<Vec<f32>>,
    penalty: Penalty,
}

impl Residual {
    pub(crate) fn new(targets: &[f64], weights: Option<Vec<f32>>, penalty: Penalty) -> Self {
        Self { targets: targets.to_vec(), weights, penalty }
    }

    /// The value that has a share `q` of the weight below it.
    fn quantile(q: f64, mut values: Vec<(f64, f64)>) -> f64 {
        values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = values.iter().map(|(_, weight)| weight).sum();
        let mut below = 0.0;
        for &(value, weight) in &values {
            below += weight;
            if below >= q * total {
                return value;
            }
        }
        values.last().map_or(0.0, |(value, _)| *value)
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| f64::from(weights[row]))
    }
}

impl Loss for Residual {
    fn rows(&self) -> usize {
        self.targets.len()
    }

    fn start(&self) -> Vec<f64> {
        let all = || (0..self.rows()).map(|row| (self.targets[row], self.weight(row))).collect();
        let mean = || weighted_mean(self.rows(), self.weights.as_deref(), |row| self.targets[row]);
        vec![match self.penalty {
            Penalty::Squared => mean(),
            // Near enough, and never far from most targets, as the mean may be.
            Penalty::Huber(_) => Self::quantile(0.5, all()),
            Penalty::Quantile(q) => Self::quantile(q, all()),
        }]
    }

    fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]) {
        parallel::chunks_mut(derivatives, CHUNK, |start, derivatives| {
            let rows = start..start + derivatives.len();
            let known = scores[rows.clone()].iter().zip(&self.targets[rows.clone()]);
            let pairs = derivatives.iter_mut().zip(known);
            match self.penalty {
                Penalty::Squared => {
                    pairs.for_each(|(to, (score, target))| *to = [(score - target) as f32, 1.0]);
                }
                Penalty::Huber(delta) => pairs.for_each(|(to, (score, target))| {
                    let off = score - target;
                    // The parabola that touches the straight part and lies above it all: its curvature
                    // makes Newton's step one that cannot overshoot (majorisation).
                    let curvature = (delta / off.abs()).min(1.0);
                    *to = [off.clamp(-delta, delta) as f32, curvature as f32];
                }),
                Penalty::Quantile(q) => pairs.for_each(|(to, (score, target))| {
                    *to = [if score < target { -q } else { 1.0 - q } as f32, 1.0];
                }),
            }
            if let Some(weights) = &self.weights {
                for (to, &weight) in derivatives.iter_mut().zip(&weights[rows]) {
                    *to = to.map(|value| value * weight);
                }
            }
        });
    }

    fn value(&self, scores: &[f64]) -> f64 {
        weighted_mean(self.rows(), self.weights.as_deref(), |row| {
            let residual = self.targets[row] - scores[row];
            match self.penalty {
                Penalty::Huber(delta) if residual.abs() > delta => {
                    delta * (residual.abs() - delta / 2.0)
                }
                Penalty::Squared | Penalty::Huber(_) => residual * residual / 2.0,
                Penalty::Quantile(q) => (q * residual).max((q - 1.0) * residual),
            }
        })
    }

    /// The quantile of the leaf's residuals: the loss has no curvature for Newton's method to use.
    fn leaf_value(&self, _output: usize, rows: &[u32], scores: &[f64]) -> Option<f64> {
        let Penalty::Quantile(q) = self.penalty else { return None };
        let residual = |&row: &u32| {
            let row = row as usize;
            (self.targets[row] - scores[row], self.weight(row))
        };
        Some(Self::quantile(q, rows.iter().map(residual).collect()))
    }

    fn link(&self) -> Link {
        Link::Identity
    }
}
