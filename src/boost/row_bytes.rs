//! The bins of all rows, one row after the other, each with room for its rounded derivatives where that
//! saves time.
//!
//! The rows of a node are scattered over the table. In a table that no cache holds, each costs the cache
//! lines that its bins are in and one more for its derivatives, of which the next row of the node uses
//! nothing. A row of up to 28 bytes with its derivatives beside it is one line or two: a node with a
//! sixteenth of a million rows is read in 21 ns a row instead of 31 (28 columns, huge pages).

use super::cell::{Cell, Scales};
use super::loss::Derivatives;
use super::vector::round_rows;
use crate::columnar::level::level;
use crate::huge_pages::with_capacity;
use crate::parallel;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Bytes that both derivatives of a row take.
const ROOM: usize = 4;

/// Rows of more bytes have no room: writing the derivatives goes through all of their cache lines.
const WIDEST: usize = 28;

/// Of fewer rows there is no need, and their derivatives are rounded to more levels than fit 16 bits.
const FEWEST: usize = 1 << 16;

/// Rows that a thread works on in one go, and those whose derivatives are rounded together.
const CHUNK: usize = 16_384;
const BLOCK: usize = 256;

/// A table of bytes.
#[derive(Debug)]
pub(crate) struct RowBytes {
    memory: Vec<u8>,
    /// Where the first row begins: with a cache line.
    start: usize,
    rows: usize,
    /// Bytes a row without the room.
    width: usize,
    /// From one row to the next.
    stride: usize,
}

impl RowBytes {
    /// Rows of zeros.
    pub(crate) fn new(rows: usize, width: usize) -> Self {
        Self::with_stride(rows, width, width.max(1))
    }

    /// The same, with room for derivatives if it is worth it.
    pub(crate) fn for_training(rows: usize, width: usize) -> Self {
        if rows < FEWEST || width == 0 || width > WIDEST {
            return Self::new(rows, width);
        }
        Self::with_stride(rows, width, (width + ROOM).next_multiple_of(ROOM))
    }

    fn with_stride(rows: usize, width: usize, stride: usize) -> Self {
        Self::within(Vec::new(), rows, width, stride)
    }

    /// In memory that was used for something else, if there is enough of it.
    fn within(mut memory: Vec<u8>, rows: usize, width: usize, stride: usize) -> Self {
        let bytes = rows * stride + LINE;
        if memory.capacity() < bytes {
            memory = with_capacity(bytes);
        }
        memory.resize(bytes, 0);
        let start = memory.as_ptr().align_offset(LINE).min(LINE);
        Self { memory, start, rows, width, stride }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    pub(crate) fn has_room(&self) -> bool {
        self.stride > self.width.max(1)
    }

    /// Everything, a stride after the other.
    pub(crate) fn all(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.rows * self.stride]
    }

    pub(crate) fn all_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.rows * self.stride]
    }

    /// The bins of one row.
    #[inline]
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        &self.all()[row * self.stride..row * self.stride + self.width]
    }

    /// The bins of the rows from `start` on.
    pub(crate) fn from(&self, start: usize) -> impl Iterator<Item = &[u8]> {
        let width = self.width;
        self.all()[start * self.stride..].chunks_exact(self.stride).map(move |row| &row[..width])
    }

    /// How much memory it takes.
    pub(crate) fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// The memory, for something else.
    pub(crate) fn into_memory(self) -> Vec<u8> {
        self.memory
    }

    /// The rows in another order, in `memory` if it suffices.
    pub(crate) fn arranged(&self, order: &[u32], memory: Vec<u8>) -> Self {
        let stride = self.stride;
        let mut to = Self::within(memory, self.rows, self.width, stride);
        parallel::chunks_mut(to.all_mut(), CHUNK * stride, |start, to| {
            for (to, &row) in to.chunks_exact_mut(stride).zip(&order[start / stride..]) {
                let row = row as usize;
                to.copy_from_slice(&self.all()[row * stride..(row + 1) * stride]);
            }
        });
        to
    }

    /// Puts rounded derivatives into the rooms of their rows. Their sums must keep to one word: see
    /// [`Cell::to_room`].
    pub(crate) fn put_derivatives<C: Cell>(&mut self, rounding: Rounding<'_>) {
        let (width, stride) = (self.width, self.stride);
        parallel::chunks_mut(self.all_mut(), CHUNK * stride, |start, rows| {
            put::<C>(rows, [width, stride], start / stride, rounding, |_, _| {});
        });
    }

    /// The same, cut into so many parts for as many threads. `then` is told of the rows of a few hundred at
    /// a time, while they are in the cache, with their derivatives.
    pub(crate) fn put_in_parts<C: Cell, S: Send>(
        &mut self,
        rounding: Rounding<'_>,
        states: &mut [S],
        then: impl Fn(&mut S, &[u8], &[C]) + Send + Sync,
    ) {
        let (width, stride) = (self.width, self.stride);
        let size = self.rows.div_ceil(states.len()).max(1);
        let spans = self.all_mut().chunks_mut(size * stride).enumerate();
        let mut parts: Vec<_> = spans.zip(states).collect();
        parallel::chunks_mut(&mut parts, 1, |_, part| {
            for ((number, rows), state) in part {
                let then = |rows: &[u8], cells: &[C]| then(state, rows, cells);
                put(rows, [width, stride], *number * size, rounding, then);
            }
        });
    }

    /// What is in the room of a row, given all of its bytes.
    #[inline(always)]
    pub(crate) fn derivatives<C: Cell>(bytes: &[u8], width: usize) -> C {
        let room = bytes[width..].first_chunk::<ROOM>();
        C::from_room(room.copied().unwrap_or_default())
    }
}

/// How the derivatives of a tree's rows are rounded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounding<'a> {
    /// By row.
    pub(crate) derivatives: &'a [Derivatives],
    pub(crate) scales: Scales,
    /// The tree's number: it decides, with the row's, which are rounded up.
    pub(crate) tree: u64,
}

impl Rounding<'_> {
    /// Of the rows from `first` on.
    pub(crate) fn round<C: Cell>(&self, first: usize, cells: &mut [C]) {
        let derivatives = &self.derivatives[first..first + cells.len()];
        round_rows(level(), derivatives, first as u32, self.scales, self.tree, cells);
    }
}

/// Puts derivatives into some rows, of which the first has this number.
fn put<C: Cell>(
    rows: &mut [u8],
    [width, stride]: [usize; 2],
    first: usize,
    rounding: Rounding<'_>,
    mut then: impl FnMut(&[u8], &[C]),
) {
    let mut cells = [C::default(); BLOCK];
    for (block, rows) in rows.chunks_mut(BLOCK * stride).enumerate() {
        let cells = &mut cells[..rows.len() / stride];
        rounding.round(first + block * BLOCK, cells);
        for (row, cell) in rows.chunks_exact_mut(stride).zip(&*cells) {
            row[width..width + ROOM].copy_from_slice(&cell.to_room());
        }
        then(rows, cells);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against plain rows, with room and without.
        #[test]
        fn rows_come_back(
            width in 0..40_usize,
            order in (1_u32..200).prop_flat_map(|rows| Just((0..rows).collect::<Vec<_>>()).prop_shuffle()),
            has_room in any::<bool>(),
            memory in 0..20_000_usize,
        ) {
            let rows = order.len();
            let plain: Vec<Vec<u8>> = (0..rows)
                .map(|row| (0..width).map(|column| (31 * row + column) as u8).collect())
                .collect();
            let stride = if has_room { width + ROOM } else { width.max(1) };
            let mut table = RowBytes::with_stride(rows, width, stride);
            prop_assert_eq!(table.all().as_ptr().align_offset(LINE), 0);
            for (to, from) in table.all_mut().chunks_exact_mut(stride).zip(&plain) {
                to[..width].copy_from_slice(from);
            }
            prop_assert_eq!(table.has_room(), has_room);
            prop_assert!(table.from(0).eq(plain.iter().map(Vec::as_slice)));
            prop_assert!(table.from(rows / 2).eq(plain[rows / 2..].iter().map(Vec::as_slice)));
            let arranged = table.arranged(&order, vec![7; memory]);
            for (to, &from) in order.iter().enumerate() {
                prop_assert_eq!(arranged.row(to), &plain[from as usize]);
            }
        }
    }

    #[test]
    fn large_narrow_tables_have_room() {
        let has_room = |rows, width| RowBytes::for_training(rows, width).has_room();
        assert!(has_room(FEWEST, 1) && has_room(FEWEST, WIDEST));
        assert!(!has_room(FEWEST - 1, 5) && !has_room(FEWEST, WIDEST + 1) && !has_room(FEWEST, 0));
    }
}
