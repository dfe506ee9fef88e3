//! The shapes that batches are predicted in.

use crate::columnar::block;

/// Rows predicted together. What a split costs beside its vectors is shared by more rows than with 128;
/// with 256 rows, the ranks of 28 columns and the cells of a tree of 31 leaves still fit the
/// first-level cache, and four AVX-512 registers hold a byte for each.
pub(super) const LANES: usize = 256;

/// The values of a block, column by column.
pub(super) type Block = block::Block<LANES>;

/// A byte a row, on whole cache lines: a vector load across two lines costs two.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Bytes(pub(super) [u8; LANES]);
