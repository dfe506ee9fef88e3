//! The shapes that batches are predicted in.

use crate::columnar::block;

/// Rows predicted together. What a split costs beside its vectors is shared by more rows than with 128;
/// with 256 rows, the ranks of 28 columns and the cells of a tree of 31 leaves still fit the
/// first-level cache, and four AVX-512 registers hold a byte for each.
pub(super) const LANES: usize = 256;

/// Bytes of a vector register: 512 bits.
pub(super) const REGISTER: usize = 64;

/// The values of a block, column by column.
pub(super) type Block = block::Block<LANES>;

/// A byte a row, on whole cache lines: a vector load across two lines costs two.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Bytes(pub(super) [u8; LANES]);

impl Bytes {
    /// As many bytes as fit a register, one group after the other.
    #[inline(always)]
    pub(super) fn registers(&self) -> &[[u8; REGISTER]] {
        self.0.as_chunks().0
    }

    /// [`registers`](Self::registers), to be written.
    #[inline(always)]
    pub(super) fn registers_mut(&mut self) -> &mut [[u8; REGISTER]] {
        self.0.as_chunks_mut().0
    }
}
