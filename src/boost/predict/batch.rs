//! What an [`Ensemble`] can be asked for.

use super::block::LANES;
use crate::boost::ensemble::Ensemble;
use crate::columnar::level::{Level, level};
use crate::error::{Error, Result};
use crate::parallel;
use ndarray::{Array2, ArrayView2, Axis};
use std::sync::atomic::{AtomicBool, Ordering};

/// Fewest and most rows of one task: more than the making of its workspace costs, and so many that
/// threads get equal shares.
const TASK: (usize, usize) = (1_024, 16_384);

/// Rows that are faster walked one by one than evaluated as a block.
const FEW: usize = 16;

impl Ensemble {
    /// Raw scores, rows × outputs: the starting score plus the leaf of every tree.
    ///
    /// Values of any type that converts to `f64` without loss. The same bits in batches of any size
    /// and on any number of threads. Time: O(rows · (columns + splits)), for 100 trees of 31 leaves
    /// and 28 columns about 0.1 microseconds a row and core; rows or columns in one piece of memory
    /// are fastest. The first call makes the trees ready.
    ///
    /// # Errors
    /// [`Error::Width`] for another number of columns, [`Error::Infinite`] for ±∞.
    pub fn raw<T>(&self, x: ArrayView2<'_, T>) -> Result<Array2<f64>>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        self.batch(x, level(), |_| {})
    }

    /// Predictions, rows × outputs: [raw scores](Self::raw) through the [link](Self::link).
    ///
    /// # Errors
    /// As [`raw`](Self::raw).
    pub fn predict<T>(&self, x: ArrayView2<'_, T>) -> Result<Array2<f64>>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        self.batch(x, level(), |scores| self.link.apply(scores))
    }

    /// Raw scores that `finish` has been given, row by row.
    pub(super) fn batch<T>(
        &self,
        x: ArrayView2<'_, T>,
        level: Level,
        finish: impl Fn(&mut [f64]) + Send + Sync,
    ) -> Result<Array2<f64>>
    where
        T: Copy + Into<f64> + Send + Sync,
    {
        if x.ncols() != self.columns {
            return Err(Error::Width { expected: self.columns, found: x.ncols() });
        }
        let outputs = self.n_outputs();
        let mut scores = Array2::zeros((x.nrows(), outputs));
        let suspect = AtomicBool::new(false);
        let share = x.nrows().div_ceil(4 * parallel::threads()).clamp(TASK.0, TASK.1);
        let task = share.next_multiple_of(LANES) * outputs;
        if let Some(scores) = scores.as_slice_mut() {
            parallel::chunks_mut(scores, task, |start, scores| {
                if self.task(x, start / outputs, level, scores) {
                    suspect.store(true, Ordering::Relaxed);
                }
                scores.chunks_exact_mut(outputs).for_each(&finish);
            });
        }
        // Whatever a bad value led to is thrown away with the error.
        if suspect.into_inner() {
            self.check_rows(x)?;
        }
        Ok(scores)
    }

    /// Raw scores of the rows from `first` on; whether any value may be infinite.
    fn task<T>(&self, x: ArrayView2<'_, T>, first: usize, level: Level, scores: &mut [f64]) -> bool
    where
        T: Copy + Into<f64>,
    {
        let outputs = self.n_outputs();
        let mut infinite = false;
        let mut sums = vec![[0.0; LANES]; outputs];
        let mut scratch = None;
        let mut row = Vec::new();
        for (index, scores) in scores.chunks_mut(LANES * outputs).enumerate() {
            let first = first + index * LANES;
            if scores.len() < FEW * outputs {
                for (index, scores) in scores.chunks_exact_mut(outputs).enumerate() {
                    row.clear();
                    row.extend(x.row(first + index).iter().map(|&value| value.into()));
                    infinite |= self.score_row(&row, scores);
                }
                continue;
            }
            let dense = self.dense();
            let scratch = scratch.get_or_insert_with(|| dense.scratch());
            scratch.block.load(x, first, dense.only());
            infinite |= scratch.block.gaps && any_infinite(x, first, scores.len() / outputs);
            for (sums, &start) in sums.iter_mut().zip(&self.start) {
                sums.fill(start);
            }
            dense.add(level, || self.walk(), scratch, &mut sums);
            for (lane, scores) in scores.chunks_exact_mut(outputs).enumerate() {
                for (score, sums) in scores.iter_mut().zip(&sums) {
                    *score = sums[lane];
                }
            }
        }
        infinite
    }
}

fn any_infinite<T: Copy + Into<f64>>(x: ArrayView2<'_, T>, first: usize, rows: usize) -> bool {
    let rows = x.slice_axis(Axis(0), (first..first + rows).into());
    rows.iter().any(|&value| value.into().is_infinite())
}
