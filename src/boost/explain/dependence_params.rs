//! Settings of partial dependence.

use super::substitute::Scale;
use crate::error::{Error, Result};

/// Settings of [`Ensemble::dependence`](crate::boost::Ensemble::dependence). Every field has a setter of the same name.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DependenceParams {
    /// One column, or two different ones.
    pub columns: Vec<usize>,
    /// Values to try in each of the columns, none infinite, NaN for a missing one. Default: taken from
    /// the background.
    pub grids: Option<Vec<Vec<f64>>>,
    /// Values to try in a column, from 2, if they are taken from the background: that many quantiles,
    /// evenly spaced, or all the values within the range where they are no more. Of a column of
    /// categories all are tried. Default 20.
    pub points: usize,
    /// Smallest and largest of these quantiles, in `[0, 1]`. Default 0.05 and 0.95: beyond, there are
    /// few rows to support what the model says.
    pub range: (f64, f64),
    /// Whether to give the answer for each background row too (individual conditional expectation,
    /// Goldstein et al. 2015). Default no.
    pub individual: bool,
    /// In what units the model answers. Default predictions.
    pub scale: Scale,
}

impl DependenceParams {
    /// The defaults, for `columns`: one, or two.
    #[must_use]
    pub fn new(columns: impl Into<Vec<usize>>) -> Self {
        Self {
            columns: columns.into(),
            grids: None,
            points: 20,
            range: (0.05, 0.95),
            individual: false,
            scale: Scale::default(),
        }
    }

    /// Sets the columns.
    #[must_use]
    pub fn columns(mut self, columns: Vec<usize>) -> Self {
        self.columns = columns;
        self
    }

    /// Sets the values to try in each of the columns.
    #[must_use]
    pub fn grids(mut self, grids: Option<Vec<Vec<f64>>>) -> Self {
        self.grids = grids;
        self
    }

    /// Sets how many values to try in a column.
    #[must_use]
    pub fn points(mut self, points: usize) -> Self {
        self.points = points;
        self
    }

    /// Sets the smallest and the largest quantile to try.
    #[must_use]
    pub fn range(mut self, range: (f64, f64)) -> Self {
        self.range = range;
        self
    }

    /// Sets whether to give the answer for each background row too.
    #[must_use]
    pub fn individual(mut self, individual: bool) -> Self {
        self.individual = individual;
        self
    }

    /// Sets in what units the model answers.
    #[must_use]
    pub fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// Whether every setting is in its range, for a model of so many columns.
    pub(crate) fn check(&self, columns: usize) -> Result<()> {
        let out_of_range = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        if !(1..=2).contains(&self.columns.len()) {
            return out_of_range("number of columns", self.columns.len() as f64, "1 or 2");
        }
        if let Some(&column) = self.columns.iter().find(|&&column| column >= columns) {
            return out_of_range("column", column as f64, "below the number of columns");
        }
        if self.columns.len() == 2 && self.columns[0] == self.columns[1] {
            return out_of_range("second column", self.columns[1] as f64, "another than the first");
        }
        let (from, to) = self.range;
        if !(0.0..=1.0).contains(&from) {
            return out_of_range("start of range", from, "from 0 to 1");
        }
        if !(from..=1.0).contains(&to) {
            return out_of_range("end of range", to, "from the start of range to 1");
        }
        if self.points < 2 {
            return out_of_range("points", self.points as f64, "at least 2");
        }
        let Some(grids) = &self.grids else { return Ok(()) };
        if grids.len() != self.columns.len() {
            let (expected, found) = (self.columns.len(), grids.len());
            return Err(Error::Length { what: "grids", expected, found });
        }
        if grids.iter().any(Vec::is_empty) {
            return Err(Error::Empty { what: "grid" });
        }
        match grids.iter().flatten().find(|value| value.is_infinite()) {
            Some(&value) => out_of_range("grid value", value, "finite or NaN (missing)"),
            None => Ok(()),
        }
    }
}
