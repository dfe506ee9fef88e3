//! A table cut into bins: what trees are grown on.

use super::binner::Binner;
use super::bundle::{Home, bundle, pack};
use super::cuts::{CUT_ROWS, Cuts};
use super::row_bytes::RowBytes;
use crate::huge_pages::with_capacity;
use crate::parallel;
use crate::rng::Stream;
use ndarray::ArrayView2;
use std::ops::Range;

/// Rows binned together.
const BLOCK: usize = 256;

/// Rows that a thread bins in one go.
const CHUNK: usize = 16 * BLOCK;

/// Columns whose cuts are learned together: a cache line of a row serves both. The values of more would
/// take memory on every thread, 2 MiB of 16 for four columns of 100,000 rows.
const GATHERED: usize = 2;

/// Columns turned together from rows: a cache line of a row serves all of them.
const TURNED: usize = 8;

/// One byte a value, both by row and by column: histograms read whole rows, partitions one column.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) rows: usize,
    /// Columns with more than one bin, by their number in the original table: the others cannot
    /// be split on.
    pub(crate) columns: Vec<usize>,
    /// The cuts of [`columns`](Self::columns).
    pub(crate) cuts: Vec<Cuts>,
    /// Where each of [`columns`](Self::columns) is found in a row.
    pub(crate) homes: Vec<Home>,
    /// Bytes a row.
    pub(crate) bytes: usize,
    by_row: RowBytes,
    by_column: Vec<u8>,
}

impl Table {
    /// Learns cuts and bins all rows. O(rows · columns · log bins), and a sort of at most
    /// [`CUT_ROWS`] values a column. Values are finite or NaN, codes of categories below 2³².
    pub(crate) fn learn<T: Copy + Into<f64> + Sync>(
        x: ArrayView2<'_, T>,
        categorical: &[bool],
        max_bins: usize,
        seed: u64,
    ) -> Self {
        let rows = x.nrows();
        let sample: Option<Vec<u32>> = (rows > CUT_ROWS).then(|| {
            let mut sample = Stream::new(seed, u64::MAX).distinct(rows, CUT_ROWS);
            sample.sort_unstable();
            sample
        });
        let groups = parallel::map(x.ncols().div_ceil(GATHERED), |group| {
            let first = group * GATHERED;
            let columns = first..(first + GATHERED).min(x.ncols());
            let values = gather(x, columns.clone(), sample.as_deref());
            let learn = |(column, mut values): (usize, Vec<f64>)| {
                let all = values.len();
                values.retain(|value| !value.is_nan());
                let cuts = if categorical[column] {
                    Cuts::categories(values.iter().map(|&value| value as u32).collect(), max_bins)
                } else {
                    Cuts::numeric(&values, max_bins)
                };
                // Beside values only: missing ones alone tell no row from another.
                (cuts, !values.is_empty() && values.len() < all)
            };
            columns.zip(values).map(learn).collect::<Vec<_>>()
        });
        let learned = groups.into_iter().flatten();
        let (mut columns, mut cuts) = (Vec::new(), Vec::new());
        for (column, (learned, missing)) in learned.enumerate() {
            let bins = match &learned {
                Cuts::Numeric(cuts) => cuts.len() + 1,
                Cuts::Categories(codes) => codes.len(),
            };
            if bins + usize::from(missing) > 1 {
                columns.push(column);
                cuts.push(learned);
            }
        }
        let by_row = bin(x, &columns, &cuts, RowBytes::for_training(rows, columns.len()));
        let bins: Vec<usize> = cuts.iter().map(|cuts| cuts.bins() + 1).collect();
        let (homes, bytes) = bundle(&by_row, &bins);
        let packed = (bytes < columns.len())
            .then(|| pack(&by_row, &homes, RowBytes::for_training(rows, bytes)));
        Self::new(columns, cuts, homes, packed.unwrap_or(by_row))
    }

    /// Other rows of the same columns, in the same bins.
    ///
    /// Of columns that share a byte, a row never seen may have several set: only one is kept.
    pub(crate) fn same_bins<T: Copy + Into<f64> + Sync>(&self, x: ArrayView2<'_, T>) -> Self {
        let (rows, width) = (x.nrows(), self.columns.len());
        let mut by_row = bin(x, &self.columns, &self.cuts, RowBytes::new(rows, width));
        if self.bytes < width {
            by_row = pack(&by_row, &self.homes, RowBytes::new(rows, self.bytes));
        }
        Self::new(self.columns.clone(), self.cuts.clone(), self.homes.clone(), by_row)
    }

    fn new(columns: Vec<usize>, cuts: Vec<Cuts>, homes: Vec<Home>, by_row: RowBytes) -> Self {
        let by_column = turned(&by_row, with_capacity(by_row.capacity()));
        let (rows, bytes) = (by_row.rows(), by_row.width());
        Self { rows, columns, cuts, homes, bytes, by_row, by_column }
    }

    /// Puts the rows in another order, in no more memory: they move to where the columns were, and the
    /// columns to where they were.
    pub(crate) fn arrange(&mut self, order: &[u32]) {
        let arranged = self.by_row.arranged(order, std::mem::take(&mut self.by_column));
        let memory = std::mem::replace(&mut self.by_row, arranged).into_memory();
        self.by_column = turned(&self.by_row, memory);
    }

    /// How many columns can be split on.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Every row's bytes, one row after the other.
    pub(crate) fn by_row(&self) -> &RowBytes {
        &self.by_row
    }

    /// The same, to put derivatives beside the bins.
    pub(crate) fn by_row_mut(&mut self) -> &mut RowBytes {
        &mut self.by_row
    }

    /// One of the bytes of every row.
    pub(crate) fn byte(&self, byte: usize) -> &[u8] {
        &self.by_column[byte * self.rows..(byte + 1) * self.rows]
    }
}

/// The values of neighbouring columns, of all rows or some of them, a column at a time.
fn gather<T: Copy + Into<f64>>(
    x: ArrayView2<'_, T>,
    columns: Range<usize>,
    sample: Option<&[u32]>,
) -> Vec<Vec<f64>> {
    let rows = sample.map_or(x.nrows(), <[u32]>::len);
    let mut values: Vec<Vec<f64>> = columns.clone().map(|_| Vec::with_capacity(rows)).collect();
    for start in (0..rows).step_by(BLOCK) {
        let block = start..(start + BLOCK).min(rows);
        for (column, values) in columns.clone().zip(&mut values) {
            match sample {
                Some(rows) => {
                    values.extend(
                        rows[block.clone()].iter().map(|&row| x[(row as usize, column)].into()),
                    );
                }
                None => values.extend(block.clone().map(|row| x[(row, column)].into())),
            }
        }
    }
    values
}

/// The bins of all rows, row by row, in `by_row`.
fn bin<T: Copy + Into<f64> + Sync>(
    x: ArrayView2<'_, T>,
    columns: &[usize],
    cuts: &[Cuts],
    mut by_row: RowBytes,
) -> RowBytes {
    if columns.is_empty() {
        return by_row;
    }
    let stride = by_row.stride();
    let binners: Vec<Binner<'_>> = cuts.iter().map(Binner::new).collect();
    parallel::chunks_mut(by_row.all_mut(), CHUNK * stride, |start, chunk| {
        let first = start / stride;
        let mut values = [0.0; BLOCK];
        let mut bins = [0; BLOCK];
        for (block, to) in chunk.chunks_mut(BLOCK * stride).enumerate() {
            let (first, count) = (first + block * BLOCK, to.len() / stride);
            for (index, (&column, binner)) in columns.iter().zip(&binners).enumerate() {
                for (offset, value) in values[..count].iter_mut().enumerate() {
                    *value = x[(first + offset, column)].into();
                }
                binner.bin(&values[..count], &mut bins[..count]);
                for (row, &bin) in to.chunks_exact_mut(stride).zip(&bins) {
                    row[index] = bin;
                }
            }
        }
    });
    by_row
}

/// Rows turned to columns, in memory that is large enough.
fn turned(by_row: &RowBytes, mut by_column: Vec<u8>) -> Vec<u8> {
    let rows = by_row.rows();
    by_column.resize(rows * by_row.width(), 0);
    parallel::chunks_mut(&mut by_column, (TURNED * rows).max(1), |start, group| {
        let first = start / rows;
        let count = group.len() / rows;
        for block in (0..rows).step_by(BLOCK) {
            let end = (block + BLOCK).min(rows);
            for column in 0..count {
                let to = &mut group[column * rows + block..column * rows + end];
                for (to, row) in to.iter_mut().zip(by_row.from(block)) {
                    *to = row[first + column];
                }
            }
        }
    });
    by_column
}
