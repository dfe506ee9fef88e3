//! Rows turned to columns, a block at a time: what both training samples and scoring work on.

use ndarray::{ArrayView2, Axis};

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

/// `LANES` rows, column by column. Lanes beyond the last row repeat it.
#[derive(Debug)]
pub(crate) struct Block<const LANES: usize> {
    values: Vec<f64>,
    /// Whether any of the rows' values is NaN or infinite, in whatever column.
    pub(crate) gaps: bool,
}

impl<const LANES: usize> Block<LANES> {
    pub(crate) fn new(columns: usize) -> Self {
        Self { values: vec![0.0; columns * LANES], gaps: false }
    }

    /// Loads rows `first..first + LANES`, as far as there are any; with `only`, just those columns.
    ///
    /// The look for gaps goes along the rows as they lie in memory, and so brings them into the cache
    /// four times as fast as turning them would.
    pub(crate) fn load<T: Copy + Into<f64>>(
        &mut self,
        x: ArrayView2<'_, T>,
        first: usize,
        only: Option<&[u32]>,
    ) {
        let last = x.nrows() - 1;
        let rows = x.slice_axis(Axis(0), (first..x.nrows().min(first + LANES)).into());
        self.gaps = any_odd(rows);
        if rows.strides()[0] != 1 {
            let row_of = |lane: usize| (first + lane).min(last);
            columns_of_rows(x, LANES, row_of, only, &mut self.values);
            return;
        }
        // Columns that lie in one piece are copied.
        for (index, to) in self.values.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let column = only.map_or(index, |only| only[index] as usize);
            let mut value = 0.0;
            for (to, &from) in to.iter_mut().zip(rows.column(column)) {
                value = from.into();
                *to = value;
            }
            to[rows.nrows()..].fill(value);
        }
    }

    /// The block's values of one column, counted among those that were loaded.
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

/// Whether any value is NaN or infinite.
fn any_odd<T: Copy + Into<f64>>(rows: ArrayView2<'_, T>) -> bool {
    if let Some(values) = rows.as_slice() {
        return any_odd_of(values);
    }
    let along = Axis(usize::from(rows.strides()[0] != 1));
    rows.lanes(along).into_iter().any(|lane| match lane.to_slice() {
        Some(values) => any_odd_of(values),
        None => lane.iter().any(|&value| !value.into().is_finite()),
    })
}

/// Whether any value is NaN or infinite.
pub(crate) fn any_odd_of<T: Copy + Into<f64>>(values: &[T]) -> bool {
    /// The exponent's bits, all set in NaN and infinity, and the lowest of them.
    const EXPONENT: u64 = 0x7FF << 52;
    const LOWEST: u64 = 1 << 52;
    // Only where all are set, adding the lowest carries over to the sign. Integers, and no branch:
    // so it vectorises.
    let carry = |any, &value: &T| any | ((value.into().to_bits() & EXPONENT) + LOWEST);
    values.iter().fold(0, carry) >> 63 != 0
}
