//! How much each column matters to the whole ensemble.

use super::substitute::{Scale, Substitute};
use crate::boost::ensemble::Ensemble;
use crate::error::{Error, Result};
use crate::parallel;
use crate::rng::Stream;
use ndarray::{Array1, Array2, ArrayView2};

/// What of its splits counts for a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Importance {
    /// By how much they lowered the training loss. Favours columns with many values.
    Gain,
    /// How many there are.
    Splits,
    /// The training rows that came through, by weight.
    Cover,
}

/// What a loss owes to each column: made by
/// [`permutation_importance`](Ensemble::permutation_importance).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PermutationImportance {
    /// The loss of the rows as they are.
    pub baseline: f64,
    /// By how much the loss rises when a column is shuffled, the mean over the repeats: one a column.
    pub mean: Vec<f64>,
    /// The standard deviation over the repeats (divided by one less than there are; 0 for one).
    pub deviation: Vec<f64>,
}

impl Ensemble {
    /// What the splits on each column add up to, over all trees: one number a column. O(splits).
    ///
    /// From training alone: it says what the model uses, not what helps on new rows. For that see
    /// [`permutation_importance`](Self::permutation_importance).
    #[must_use]
    pub fn importance(&self, kind: Importance) -> Array1<f64> {
        let mut importance = Array1::zeros(self.columns);
        for split in self.trees.iter().flat_map(|tree| &tree.splits) {
            importance[split.column as usize] += match kind {
                Importance::Gain => split.gain,
                Importance::Splits => 1.0,
                Importance::Cover => split.cover,
            };
        }
        importance
    }

    /// By how much a loss rises when a column is shuffled among the rows of `x`, `repeats` times for
    /// each column.
    ///
    /// `loss` is given predictions, rows × outputs (probabilities where the [link](Self::link) makes
    /// them), and answers with one number, higher for worse; of a score that is higher for better,
    /// give the negative. Give rows that were not trained on. A column whose knowledge another column
    /// shares has little to lose.
    ///
    /// O(columns · repeats · rows · trees · depth), on all cores; the same bits for the same seed on
    /// any number of them. Columns that no split asks for have 0, without a try.
    ///
    /// Source: Breiman 2001 ("Random forests"), as in Fisher, Rudin & Dominici 2019.
    ///
    /// ```
    /// use forewarn::boost::FailureClassifierParams;
    /// use forewarn::ndarray::{Array2, ArrayView2};
    /// use forewarn::prelude::*;
    ///
    /// // Parts wear out (column 0), the sooner the hotter they run (column 1).
    /// let x = Array2::from_shape_fn((500, 3), |(i, j)| (i * [37, 71, 53][j] % [101, 103, 107][j]) as f64);
    /// let failed: Vec<bool> = x.rows().into_iter().map(|row| row[0] + row[1] > 150.0).collect();
    /// let model = FailureClassifierParams::default().train(Batch::new(x.view()).with_target(&failed[..]))?;
    /// let ensemble = model.ensemble();
    /// let brier = |found: ArrayView2<'_, f64>| {
    ///     let gap = |(p, &failed): (&f64, &bool)| (p - f64::from(u8::from(failed))).powi(2);
    ///     found.iter().zip(&failed).map(gap).sum::<f64>() / failed.len() as f64
    /// };
    /// let importance = ensemble.permutation_importance(x.view(), brier, 5, 0)?;
    /// assert!(importance.mean[0] > 0.05 && importance.mean[1] > 0.05);
    /// assert!(importance.mean[2] < 0.01);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`raw`](Self::raw); [`Error::Empty`] without rows, [`Error::OutOfRange`] without repeats,
    /// [`Error::NotANumber`] for the column at which the loss was NaN.
    pub fn permutation_importance(
        &self,
        x: ArrayView2<'_, f64>,
        loss: impl Fn(ArrayView2<'_, f64>) -> f64 + Sync + Send,
        repeats: usize,
        seed: u64,
    ) -> Result<PermutationImportance> {
        self.check_rows(x)?;
        if x.nrows() == 0 {
            return Err(Error::Empty { what: "rows" });
        }
        if repeats == 0 {
            let (value, allowed) = (0.0, "at least 1");
            return Err(Error::OutOfRange { name: "repeats", value, allowed });
        }
        let substitute = Substitute::new(self, Scale::Prediction, x, None);
        let of = |value: &dyn Fn(usize, usize) -> f64| {
            let mut predictions = Array2::zeros((x.nrows(), self.n_outputs()));
            for (row, mut to) in predictions.rows_mut().into_iter().enumerate() {
                if let Some(to) = to.as_slice_mut() {
                    substitute.predict(row, |column| value(row, column), to);
                }
            }
            loss(predictions.view())
        };
        let baseline = of(&|row, column| x[(row, column)]);
        if baseline.is_nan() {
            return Err(Error::NotANumber { what: "loss", index: 0 });
        }
        let splits = self.importance(Importance::Splits);
        let rise = |task: usize| {
            let shuffled = task / repeats;
            if splits[shuffled] == 0.0 {
                return 0.0;
            }
            let order = shuffle(x.nrows(), &mut Stream::new(seed, task as u64));
            let value = |row: usize, column: usize| {
                x[(if column == shuffled { order[row] } else { row }, column)]
            };
            of(&value) - baseline
        };
        let rises = parallel::map(self.columns * repeats, rise);
        if let Some(at) = rises.iter().position(|rise| rise.is_nan()) {
            return Err(Error::NotANumber { what: "loss without column", index: at / repeats });
        }
        let moments = |rises: &[f64]| {
            let mean = rises.iter().sum::<f64>() / repeats as f64;
            let squares = rises.iter().map(|rise| (rise - mean).powi(2)).sum::<f64>();
            (mean, (squares / (repeats.max(2) - 1) as f64).sqrt())
        };
        let (mean, deviation) = rises.chunks_exact(repeats).map(moments).unzip();
        Ok(PermutationImportance { baseline, mean, deviation })
    }
}

/// The numbers below `n`, shuffled (Fisher & Yates).
fn shuffle(n: usize, stream: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last, stream.below(last + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;
    use crate::boost::ensemble::Link;
    use crate::boost::tree::{Child, Split, Test, Tree};

    /// 0 up to a threshold of 49.5 in column 1 of 3, else 1.
    fn stump() -> Ensemble {
        let split = oracle::split(1, Test::AtMost(49.5), Child::leaf(0), Child::leaf(1), 100.0);
        let leaves = vec![oracle::leaf(0.0, 50.0), oracle::leaf(1.0, 50.0)];
        let tree = Tree { output: 0, splits: vec![split], leaves, sets: Vec::new() };
        oracle::ensemble(3, vec![tree])
    }

    #[test]
    fn importance_adds_up_over_trees() {
        let mut model = stump();
        model.trees.push(model.trees[0].clone());
        let other = Split { column: 2, gain: 0.5, cover: 30.0, ..model.trees[0].splits[0] };
        model.trees[1].splits[0] = other;
        model.trees.push(model.trees[1].clone());
        assert_eq!(model.importance(Importance::Gain).to_vec(), [0.0, 1.0, 1.0]);
        assert_eq!(model.importance(Importance::Splits).to_vec(), [0.0, 1.0, 2.0]);
        assert_eq!(model.importance(Importance::Cover).to_vec(), [0.0, 100.0, 60.0]);
    }

    /// Of n rows, one half 0 and one half 1, a shuffle leaves 2K wrong, K hypergeometric with mean
    /// n / 4 and variance n² / 16 (n − 1).
    #[test]
    fn shuffling_costs_what_it_must() {
        let x = Array2::from_shape_fn((100, 3), |(row, column)| (row * (column + 1)) as f64 / 2.0);
        let model = stump();
        let truth = model.raw(x.view()).unwrap();
        let loss = |found: ArrayView2<'_, f64>| (&found - &truth).mapv(f64::abs).mean().unwrap();
        let found = model.permutation_importance(x.view(), loss, 400, 7).unwrap();
        assert_eq!(found.baseline, 0.0);
        assert_eq!([found.mean[0], found.mean[2]], [0.0; 2]);
        assert_eq!([found.deviation[0], found.deviation[2]], [0.0; 2]);
        let deviation = 0.5 / 99.0_f64.sqrt();
        // Five standard errors.
        assert!((found.mean[1] - 0.5).abs() < 5.0 * deviation / 20.0);
        assert!((found.deviation[1] - deviation).abs() < 5.0 * deviation / 800.0_f64.sqrt());
        assert_eq!(model.permutation_importance(x.view(), loss, 400, 7).unwrap(), found);
        assert_ne!(model.permutation_importance(x.view(), loss, 400, 8).unwrap(), found);
        let once = model.permutation_importance(x.view(), loss, 1, 7).unwrap();
        assert_eq!(once.deviation, [0.0; 3]);
    }

    #[test]
    fn the_loss_is_given_predictions() {
        let mut model = stump();
        model.link = Link::Exponential;
        let x = ndarray::array![[0.0, 0.0, 0.0], [0.0, 99.0, 0.0]];
        let loss = |found: ArrayView2<'_, f64>| found.sum();
        let found = model.permutation_importance(x.view(), loss, 3, 0).unwrap();
        assert!((found.baseline - (1.0 + std::f64::consts::E)).abs() < 1e-15);
    }

    #[test]
    fn what_cannot_be_measured_is_an_error() {
        let (model, x) = (stump(), Array2::zeros((2, 3)));
        let none = Array2::zeros((0, 3));
        let measure = |x: &Array2<f64>, loss: f64, repeats| {
            model.permutation_importance(x.view(), |_| loss, repeats, 0).unwrap_err()
        };
        assert_eq!(measure(&none, 1.0, 1), Error::Empty { what: "rows" });
        let error = Error::OutOfRange { name: "repeats", value: 0.0, allowed: "at least 1" };
        assert_eq!(measure(&x, 1.0, 0), error);
        assert_eq!(measure(&x, f64::NAN, 1), Error::NotANumber { what: "loss", index: 0 });
    }
}
