//! Histograms of derivatives: for every byte of a row and its value, the sums over a node's rows.

use super::cell::Cell;
use super::row_bytes::{Rounding, RowBytes};
use super::table::Table;
use crate::parallel;
use crate::prefetch::prefetch;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bins a column, the missing one included: bytes index it without a check.
pub(crate) const BINS: usize = 256;

/// Sums by the value of one byte: a column's by bin, or of several columns that share it.
pub(crate) type Column<C> = [C; BINS];

/// Additions, rows times columns, that are worth a thread's while.
const SHARED: usize = 1 << 17;

/// Pairs of rows from now whose bins are asked for.
const AHEAD: usize = 6;

/// Where the rounded derivatives of rows are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cells<'a, C> {
    /// By row.
    Beside(&'a [C]),
    /// In the table, each with the bins of its row.
    Within,
}

impl<C: Cell> Cells<'_, C> {
    pub(crate) fn of(self, table: &Table, row: usize) -> C {
        let by_row = table.by_row();
        match self {
            Self::Beside(cells) => cells[row],
            Self::Within => {
                RowBytes::derivatives(&by_row.all()[row * by_row.stride()..], by_row.width())
            }
        }
    }
}

/// Builds histograms, and keeps their memory for the next ones.
#[derive(Debug)]
pub(crate) struct Histograms<C> {
    free: Mutex<Vec<Vec<Column<C>>>>,
    width: usize,
}

impl<C: Cell> Histograms<C> {
    pub(crate) fn new(width: usize) -> Self {
        Self { free: Mutex::default(), width }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<Column<C>>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn empty(&self) -> Vec<Column<C>> {
        let used = self.free().pop();
        match used {
            Some(mut columns) => {
                columns.as_flattened_mut().fill(C::default());
                columns
            }
            None => vec![[C::default(); BINS]; self.width],
        }
    }

    pub(crate) fn give_back(&self, columns: Vec<Column<C>>) {
        if !columns.is_empty() {
            self.free().push(columns);
        }
    }

    /// Into how many parts so many rows are worth cutting, for at most so many threads.
    pub(crate) fn parts(&self, rows: usize, threads: usize) -> usize {
        (rows * self.width / SHARED).clamp(1, threads)
    }

    /// The histogram of some rows, ascending, by at most so many threads. Sums of whole numbers do not
    /// depend on how the rows are shared between them.
    pub(crate) fn build(
        &self,
        table: &Table,
        rows: &[u32],
        cells: Cells<'_, C>,
        threads: usize,
    ) -> Vec<Column<C>> {
        if self.width == 0 {
            // All columns are constant.
            return Vec::new();
        }
        let parts = self.parts(rows.len(), threads);
        if parts == 1 {
            let mut columns = self.empty();
            add(table, rows, cells, &mut columns);
            return columns;
        }
        let size = rows.len().div_ceil(parts);
        let mut partial: Vec<_> = rows.chunks(size).map(|rows| (rows, self.empty())).collect();
        parallel::chunks_mut(&mut partial, 1, |_, part| {
            for (rows, columns) in part {
                add(table, rows, cells, columns);
            }
        });
        self.sum(partial.into_iter().map(|(_, columns)| columns))
    }

    /// Puts rounded derivatives into the rooms of all rows, and adds them up meanwhile: one pass over the
    /// table instead of two. By at most so many threads.
    pub(crate) fn build_putting(
        &self,
        by_row: &mut RowBytes,
        rounding: Rounding<'_>,
        threads: usize,
    ) -> Vec<Column<C>> {
        let stride = by_row.stride();
        let parts = self.parts(by_row.rows(), threads);
        let mut partial: Vec<_> = (0..parts).map(|_| self.empty()).collect();
        by_row.put_in_parts(rounding, &mut partial, |columns, rows, cells| {
            add_neighbours(rows, stride, |row, _| cells[row], columns);
        });
        self.sum(partial.into_iter())
    }

    fn sum(&self, mut partial: impl Iterator<Item = Vec<Column<C>>>) -> Vec<Column<C>> {
        let mut sum = partial.next().unwrap_or_default();
        for part in partial {
            for (to, from) in sum.as_flattened_mut().iter_mut().zip(part.as_flattened()) {
                *to = to.plus(*from);
            }
            self.give_back(part);
        }
        sum
    }
}

/// The sibling's histogram: what of the parent's is not the child's.
pub(crate) fn subtract<C: Cell>(parent: &mut [Column<C>], child: &[Column<C>]) {
    for (to, from) in parent.as_flattened_mut().iter_mut().zip(child.as_flattened()) {
        *to = to.minus(*from);
    }
}

fn add<C: Cell>(table: &Table, rows: &[u32], cells: Cells<'_, C>, columns: &mut [Column<C>]) {
    let width = columns.len();
    match cells {
        Cells::Beside(cells) => {
            let bring = |row: usize| prefetch(cells, row);
            add_rows(table.by_row(), rows, |row, _| cells[row], bring, columns);
        }
        Cells::Within => {
            let of = |_, bytes: &[u8]| RowBytes::derivatives(bytes, width);
            add_rows(table.by_row(), rows, of, |_| {}, columns);
        }
    }
}

/// `cell` finds the derivatives of a row, given all of its bytes; `bring` asks for them in advance.
#[inline(always)]
fn add_rows<C: Cell>(
    by_row: &RowBytes,
    rows: &[u32],
    cell: impl Fn(usize, &[u8]) -> C,
    bring: impl Fn(usize),
    columns: &mut [Column<C>],
) {
    let (bytes, stride) = (by_row.all(), by_row.stride());
    let (first, last) = match rows {
        [] => return,
        [first, .., last] => (*first as usize, *last as usize),
        [only] => (*only as usize, *only as usize),
    };
    if last - first + 1 == rows.len() {
        let bytes = &bytes[first * stride..(last + 1) * stride];
        add_neighbours(bytes, stride, |row, bytes| cell(first + row, bytes), columns);
        return;
    }
    let of = |row: u32| {
        let bytes = &bytes[row as usize * stride..(row as usize + 1) * stride];
        (bytes, cell(row as usize, bytes))
    };
    let (pairs, rest) = rows.as_chunks::<2>();
    for (index, &[one, other]) in pairs.iter().enumerate() {
        for &row in pairs.get(index + AHEAD).into_iter().flatten() {
            let row = row as usize;
            prefetch(bytes, row * stride);
            prefetch(bytes, row * stride + stride - 1);
            bring(row);
        }
        let ((one, cell), (other, other_cell)) = (of(one), of(other));
        add_two([one, other], [cell, other_cell], columns);
    }
    for &row in rest {
        let (bytes, cell) = of(row);
        add_row(bytes, cell, columns);
    }
}

/// Rows next to each other: the processor sees them coming. `cell` counts them from 0.
#[inline(always)]
fn add_neighbours<C: Cell>(
    bytes: &[u8],
    stride: usize,
    cell: impl Fn(usize, &[u8]) -> C,
    columns: &mut [Column<C>],
) {
    for (row, pair) in (0..).step_by(2).zip(bytes.chunks(2 * stride)) {
        let (one, other) = pair.split_at(stride);
        if other.is_empty() {
            add_row(one, cell(row, one), columns);
        } else {
            add_two([one, other], [cell(row, one), cell(row + 1, other)], columns);
        }
    }
}

/// Two rows in turn, column by column: a column's place is found once for both, and four bins are read
/// as one word. A sixth quicker than row by row.
#[inline(always)]
fn add_two<C: Cell>(bins: [&[u8]; 2], cells: [C; 2], columns: &mut [Column<C>]) {
    let [(words, rest), (other_words, other_rest)] =
        bins.map(|bins| bins[..columns.len()].as_chunks::<4>());
    let (fours, last) = columns.as_chunks_mut::<4>();
    for ((four, word), other) in fours.iter_mut().zip(words).zip(other_words) {
        let words = [word, other].map(|&word| u32::from_le_bytes(word));
        for (index, column) in four.iter_mut().enumerate() {
            for (word, cell) in words.into_iter().zip(cells) {
                let sum = &mut column[usize::from((word >> (8 * index)) as u8)];
                *sum = sum.plus(cell);
            }
        }
    }
    for (rest, cell) in [rest, other_rest].into_iter().zip(cells) {
        add_row(rest, cell, last);
    }
}

#[inline(always)]
fn add_row<C: Cell>(bins: &[u8], cell: C, columns: &mut [Column<C>]) {
    for (column, &bin) in columns.iter_mut().zip(bins) {
        let sum = &mut column[bin as usize];
        *sum = sum.plus(cell);
    }
}
