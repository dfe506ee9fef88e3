//! The same scoring code, compiled for the vector units that this machine may have.
//!
//! The only `unsafe` of the crate: calling a function compiled for AVX2 or AVX-512 once the
//! processor has said that it has them. The bodies are the safe, portable code of
//! [`dense`](super::dense), so that all levels give the same bits; the
//! portable level is what the tests hold the others against.
#![allow(unsafe_code)]

use super::block::{Block, LANES};
use super::dense::{Dense, Scratch};
use std::sync::OnceLock;

/// Which instructions to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The levels that this processor has, the portable one first.
pub(crate) fn available() -> Vec<Level> {
    #[allow(unused_mut)]
    let mut levels = vec![Level::Portable];
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt");
        if avx2 {
            levels.push(Level::Avx2);
        }
        if avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            levels.push(Level::Avx512);
        }
    }
    levels
}

/// The best level, or the one that the environment variable `FOREWARN_SIMD` (`scalar`, `avx2`,
/// `avx512`) limits it to. Read once.
pub(crate) fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let most = match std::env::var("FOREWARN_SIMD").as_deref() {
            Ok("scalar") => 1,
            Ok("avx2") => 2,
            _ => usize::MAX,
        };
        let levels = available();
        levels[most.min(levels.len()) - 1]
    })
}

/// Adds the leaf values of every tree to `sums`, at a level of [`available`].
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
        // SAFETY: a level other than the portable one is made in `available` alone, after the
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
