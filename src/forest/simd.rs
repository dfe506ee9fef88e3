//! The same scoring code, compiled for the vector units that this machine may have.
//!
//! `unsafe` is but the calling of a function compiled for AVX2 or AVX-512 once the processor has said
//! that it has them. The bodies are the safe, portable code of [`dense`](super::dense), so that all
//! levels give the same bits; the portable level is what the tests hold the others against.
#![allow(unsafe_code)]

use super::dense::{Block, Dense, LANES, Scratch};
use crate::columnar::level::Level;

/// Adds the leaf values of every tree to `sums`, at a level of [`available`](crate::columnar::level::available).
pub(crate) fn dense(
    level: Level,
    dense: &Dense,
    block: &Block,
    scratch: &mut Scratch,
    sums: &mut [f64; LANES],
) {
    match level {
        Level::Portable => {
            dense.rank(block, scratch);
            evaluate(dense, block, scratch, sums);
        }
        // SAFETY: a level other than the portable one is made in `level::available` alone, after the
        // processor was asked for every feature that the functions are compiled for.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe {
            rank_avx2(dense, block, scratch);
            evaluate_avx2(dense, block, scratch, sums);
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe {
            rank_avx2(dense, block, scratch);
            evaluate_avx512(dense, block, scratch, sums);
        },
    }
}

#[inline(always)]
fn evaluate(dense: &Dense, block: &Block, scratch: &mut Scratch, sums: &mut [f64; LANES]) {
    if block.gaps {
        dense.evaluate::<true>(scratch, sums);
    } else {
        dense.evaluate::<false>(scratch, sums);
    }
}

/// Serves AVX-512 too. With its wider vectors the compiler would rank many values side by side and
/// gather their thresholds, which takes longer than to rank them one by one; kept out of line, for
/// it would be compiled so again inside a caller with AVX-512.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
#[inline(never)]
fn rank_avx2(dense: &Dense, block: &Block, scratch: &mut Scratch) {
    dense.rank(block, scratch);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn evaluate_avx2(dense: &Dense, block: &Block, scratch: &mut Scratch, sums: &mut [f64; LANES]) {
    evaluate(dense, block, scratch, sums);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn evaluate_avx512(dense: &Dense, block: &Block, scratch: &mut Scratch, sums: &mut [f64; LANES]) {
    evaluate(dense, block, scratch, sums);
}
