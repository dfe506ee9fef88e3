//! What training lowers: one loss a file, each with its first and second derivatives.
//!
//! A [`Loss`] is made from the targets and weights of the training rows, and is from then on a
//! function of the raw scores alone.

mod aft;
mod aft_distribution;
mod cox;
mod exp;
mod focal;
mod hazard;
pub(super) mod logistic;
mod poisson;
mod softmax;
mod squared;
#[cfg(test)]
mod survival_tests;
#[cfg(test)]
mod tests;

pub use aft::Aft;
pub(crate) use aft::{AftLoss, SCALES};
pub use aft_distribution::Distribution;
pub use cox::Cox;
pub(crate) use cox::CoxLoss;
pub(crate) use focal::Focal;
pub use hazard::Hazard;
pub(crate) use hazard::{HazardLoss, Periods};
pub(crate) use logistic::Logistic;
pub(crate) use poisson::Poisson;
pub(crate) use softmax::Softmax;
pub(crate) use squared::{Penalty, Residual};

use super::ensemble::Link;

/// Rows that a thread works on in one go.
const CHUNK: usize = 16_384;

/// The mean of a function of the rows, by weight.
fn weighted_mean(rows: usize, weights: Option<&[f32]>, of: impl Fn(usize) -> f64) -> f64 {
    match weights {
        None => (0..rows).map(of).sum::<f64>() / rows as f64,
        Some(weights) => {
            let total: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
            let sum: f64 = weights.iter().enumerate().map(|(i, &w)| f64::from(w) * of(i)).sum();
            sum / total
        }
    }
}

/// First and second derivative of a row's weighted loss by its raw score.
pub type Derivatives = [f32; 2];

/// A loss over some rows whose targets and weights it knows.
///
/// Raw scores and derivatives are laid out by output, then by row: `scores[output * rows + row]`.
pub trait Loss: Sync {
    /// Rows.
    fn rows(&self) -> usize;

    /// Raw scores a row: 1, or one a class.
    fn outputs(&self) -> usize {
        1
    }

    /// The raw scores that are best if they must be the same for every row, one an output. Finite.
    fn start(&self) -> Vec<f64>;

    /// Writes the derivatives at `scores`. Second derivatives are at least 0; a loss that is not
    /// convex gives an upper bound of them.
    fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]);

    /// The mean loss at `scores`, by weight.
    fn value(&self, scores: &[f64]) -> f64;

    /// The best step for rows that share a leaf, where Newton's (`−Σg / (Σh + λ)`) is not it: the
    /// quantile of the residuals, for the quantile loss. `scores` are those of `output`, by row.
    fn leaf_value(&self, _output: usize, _rows: &[u32], _scores: &[f64]) -> Option<f64> {
        None
    }

    /// How raw scores become predictions.
    fn link(&self) -> Link;
}
