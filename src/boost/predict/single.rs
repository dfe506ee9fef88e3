//! One row at a time, without allocation.

use crate::boost::ensemble::Ensemble;
use crate::columnar::block::any_odd_of;
use crate::error::{Error, Result};

impl Ensemble {
    /// Raw scores of one row, one an output, into `scores`: the same bits as from
    /// [`raw`](Self::raw). 100 trees of 31 leaves take less than a microsecond. The first call
    /// makes the trees ready; after it nothing is allocated.
    ///
    /// # Errors
    /// [`Error::Width`] for another number of columns, [`Error::Length`] unless `scores` has an
    /// entry an output, [`Error::Infinite`] for ±∞. `scores` is then of no meaning.
    pub fn raw_one(&self, row: &[f64], scores: &mut [f64]) -> Result<()> {
        if row.len() != self.columns {
            return Err(Error::Width { expected: self.columns, found: row.len() });
        }
        if scores.len() != self.n_outputs() {
            let (expected, found) = (self.n_outputs(), scores.len());
            return Err(Error::Length { what: "scores", expected, found });
        }
        if self.score_row(row, scores) {
            let infinite = row.iter().copied().enumerate().find(|(_, value)| value.is_infinite());
            if let Some((column, value)) = infinite {
                return Err(Error::Infinite { row: 0, column, value });
            }
        }
        Ok(())
    }

    /// Predictions of one row, one an output, into `predictions`: the same bits as from
    /// [`predict`](Self::predict).
    ///
    /// # Errors
    /// As [`raw_one`](Self::raw_one).
    pub fn predict_one(&self, row: &[f64], predictions: &mut [f64]) -> Result<()> {
        self.raw_one(row, predictions)?;
        self.link.apply(predictions);
        Ok(())
    }

    /// The raw score of one row, of an ensemble with one output.
    ///
    /// # Errors
    /// As [`raw_one`](Self::raw_one); [`Error::Length`] for an ensemble with several outputs.
    pub fn raw_value(&self, row: &[f64]) -> Result<f64> {
        let mut score = [0.0];
        self.raw_one(row, &mut score)?;
        Ok(score[0])
    }

    /// The prediction for one row, of an ensemble with one output.
    ///
    /// # Errors
    /// As [`raw_value`](Self::raw_value).
    pub fn predict_value(&self, row: &[f64]) -> Result<f64> {
        let mut prediction = [0.0];
        self.predict_one(row, &mut prediction)?;
        Ok(prediction[0])
    }

    /// Raw scores of a row of the right width; whether any of its values is infinite.
    pub(super) fn score_row(&self, row: &[f64], scores: &mut [f64]) -> bool {
        scores.copy_from_slice(&self.start);
        let gaps = any_odd_of(row);
        match self.sieve() {
            Some(sieve) => sieve.add_row(row, scores),
            None => self.walk().add_row(row, gaps, scores),
        }
        gaps && row.iter().any(|value| value.is_infinite())
    }
}
