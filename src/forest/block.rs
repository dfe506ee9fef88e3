//! Rows turned to columns, a block at a time: what both training samples and scoring work on.

use ndarray::ArrayView2;

/// Rows scored together. A block of 30 columns as ranks (8 KB) and the cells of a tree (30 KB)
/// fit the first-level cache; what a node costs beside its vectors is shared by more rows than with 64,
/// which took a quarter longer.
pub(crate) const LANES: usize = 128;

/// Rows copied together.
const TILE: usize = 8;

/// Copies some rows, column by column: `values[column * rows + index] = x[row_of(index), column]`.
///
/// With `only`, just those columns, numbered 0, 1, … in the copy.
///
/// [`TILE`] rows at a time: each row is read along its cache lines, and each line written is written
/// whole. Going row by row instead would touch as many lines at a large power-of-two stride as
/// there are columns, which fall into the same few sets of the cache.
pub(crate) fn columns_of_rows<T: Copy + Into<f64>>(
    x: ArrayView2<'_, T>,
    rows: usize,
    row_of: impl Fn(usize) -> usize,
    only: Option<&[u32]>,
    values: &mut [f64],
) {
    let columns = only.map_or(x.ncols(), <[u32]>::len);
    debug_assert_eq!(values.len(), rows * columns);
    let mut start = 0;
    while start < rows {
        let end = (start + TILE).min(rows);
        let lines: [_; TILE] = std::array::from_fn(|k| x.row(row_of((start + k).min(end - 1))));
        if let (TILE, None, Some(lines)) = (end - start, only, contiguous(&lines)) {
            let lines = lines.map(|line| &line[..columns]);
            for (column, to) in values.chunks_exact_mut(rows).enumerate() {
                for (to, line) in to[start..end].iter_mut().zip(&lines) {
                    *to = line[column].into();
                }
            }
        } else {
            for (column, to) in values.chunks_exact_mut(rows).enumerate() {
                let from = only.map_or(column, |only| only[column] as usize);
                for (to, line) in to[start..end].iter_mut().zip(&lines) {
                    *to = line[from].into();
                }
            }
        }
        start = end;
    }
}

/// The rows as slices, where each is contiguous in memory.
fn contiguous<'a, T>(lines: &'a [ndarray::ArrayView1<'_, T>; TILE]) -> Option<[&'a [T]; TILE]> {
    if !lines.iter().all(|line| line.as_slice().is_some()) {
        return None;
    }
    Some(std::array::from_fn(|k| lines[k].as_slice().unwrap_or(&[])))
}

/// [`LANES`] rows, column by column. Lanes beyond the last row repeat it.
#[derive(Debug)]
pub(crate) struct Block {
    values: Vec<f64>,
    /// Whether any value is NaN or infinite.
    pub(crate) gaps: bool,
}

impl Block {
    pub(crate) fn new(columns: usize) -> Self {
        Self { values: vec![0.0; columns * LANES], gaps: false }
    }

    /// Loads rows `first..first + LANES`, as far as there are any.
    pub(crate) fn load<T: Copy + Into<f64>>(&mut self, x: ArrayView2<'_, T>, first: usize) {
        let last = x.nrows() - 1;
        columns_of_rows(x, LANES, |lane| (first + lane).min(last), None, &mut self.values);
        // A fold without branches, so that it vectorises.
        let odd = |value: &f64| u64::from(!value.is_finite());
        self.gaps = self.values.iter().map(odd).fold(0, |any, odd| any | odd) != 0;
    }

    /// The block's values of one column.
    pub(crate) fn column(&self, column: usize) -> &[f64; LANES] {
        self.values.as_chunks().0.get(column).unwrap_or(&[0.0; LANES])
    }

    /// All values: `values()[column * LANES + lane]`.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// Copies one row out.
    pub(crate) fn row(&self, lane: usize, row: &mut [f64]) {
        for (column, value) in row.iter_mut().enumerate() {
            *value = self.values[column * LANES + lane];
        }
    }
}
