//! Rows, turned round: for a few rows at a time, all values of a column side by side.

use super::lanes::{LANES, Lanes};
use ndarray::ArrayView2;

/// Some rows of a table in blocks of [`LANES`].
pub(crate) struct Blocks {
    columns: usize,
    values: Vec<Lanes>,
}

impl Blocks {
    /// Rows `first..first + rows` of `x`. The last block is filled up with zeros.
    pub(crate) fn new(x: ArrayView2<'_, f64>, first: usize, rows: usize) -> Self {
        let columns = x.ncols();
        let mut values = vec![Lanes::all(0.0); rows.div_ceil(LANES) * columns];
        for row in 0..rows {
            let block = &mut values[row / LANES * columns..][..columns];
            for (to, &from) in block.iter_mut().zip(x.row(first + row)) {
                to.0[row % LANES] = from;
            }
        }
        Self { columns, values }
    }

    /// One after the other, one entry a column.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[Lanes]> {
        self.values.chunks_exact(self.columns)
    }
}
