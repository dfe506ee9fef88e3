//! What takes the time of a batch, once in portable code and once for each kind of vector unit.
//!
//! Ranking is the same portable code at all levels. Chains of splits are written out with intrinsics,
//! for the compiler would not keep their lanes in registers, and so is the look-up of leaf values with
//! AVX-512. All levels give the same bits: bytes are compared and chosen, and the only arithmetic
//! is one addition a row and tree. The portable level is what the tests hold the others against.
//!
//! `unsafe` are the loads and stores of whole registers, from and to arrays of their size, and the
//! calls of functions compiled for instructions that a [`Level`] says the processor has.
#![allow(unsafe_code)]

use super::block::{Block, Bytes, LANES};
use super::chain::Program;
use super::source::Sources;
use crate::columnar::level::Level;

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256i, __m512d, __m512i, _mm_set1_epi64x, _mm256_blendv_epi8, _mm256_cmpgt_epi8,
    _mm256_loadu_si256, _mm256_set1_epi8, _mm256_storeu_si256, _mm512_add_pd,
    _mm512_cmpgt_epi8_mask, _mm512_cvtepu8_epi64, _mm512_loadu_pd, _mm512_loadu_si512,
    _mm512_mask_blend_epi8, _mm512_mask_blend_pd, _mm512_permutex2var_pd, _mm512_set1_epi8,
    _mm512_set1_epi64, _mm512_storeu_pd, _mm512_storeu_si512, _mm512_test_epi64_mask,
};

/// The values of a tree's leaves, by their numbers, in a table that one byte can index; as small
/// a table as will do.
#[derive(Debug)]
pub(super) enum LeafValues {
    UpTo32(Box<[f64; 32]>),
    UpTo64(Box<[f64; 64]>),
    UpTo256(Box<[f64; 256]>),
}

impl LeafValues {
    /// At most 256 values.
    pub(super) fn new(values: &[f64]) -> Self {
        fn table<const N: usize>(values: &[f64]) -> [f64; N] {
            let mut table = [0.0; N];
            table[..values.len()].copy_from_slice(values);
            table
        }
        match values.len() {
            ..=32 => Self::UpTo32(Box::new(table(values))),
            33..=64 => Self::UpTo64(Box::new(table(values))),
            _ => Self::UpTo256(Box::new(table(values))),
        }
    }
}

/// Makes the rows of bytes that splits compare.
pub(super) fn fill(level: Level, sources: &Sources, block: &Block, rows: &mut [Bytes]) {
    match level {
        Level::Portable => sources.fill(block, rows),
        // With the wider vectors of AVX-512, ranking is not faster.
        // SAFETY: a level other than the portable one is made in `level::available` alone, after the
        // processor was asked for every feature that functions here are compiled for.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 | Level::Avx512 => unsafe { fill_avx2(sources, block, rows) },
    }
}

/// Runs a tree's chains: the cell `program.result` then has the leaf that each row falls into.
pub(super) fn evaluate<const GAPS: bool>(
    level: Level,
    program: &Program,
    rows: &[Bytes],
    cells: &mut [Bytes],
) {
    match level {
        Level::Portable => evaluate_portable::<GAPS>(program, rows, cells),
        // SAFETY: as in `fill`.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { evaluate_avx2::<GAPS>(program, rows, cells) },
        // SAFETY: as in `fill`.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { evaluate_avx512::<GAPS>(program, rows, cells) },
    }
}

/// Adds the values of the leaves that rows fall into.
pub(super) fn add(level: Level, values: &LeafValues, leaves: &Bytes, sums: &mut [f64; LANES]) {
    match (level, values) {
        // SAFETY: as in `fill`.
        #[cfg(target_arch = "x86_64")]
        (Level::Avx512, LeafValues::UpTo32(values)) => unsafe { add_avx512(values, leaves, sums) },
        // SAFETY: as in `fill`.
        #[cfg(target_arch = "x86_64")]
        (Level::Avx512, LeafValues::UpTo64(values)) => unsafe { add_avx512(values, leaves, sums) },
        (_, LeafValues::UpTo32(values)) => add_portable(values, leaves, sums),
        (_, LeafValues::UpTo64(values)) => add_portable(values, leaves, sums),
        (_, LeafValues::UpTo256(values)) => add_portable(values, leaves, sums),
    }
}

fn evaluate_portable<const GAPS: bool>(program: &Program, rows: &[Bytes], cells: &mut [Bytes]) {
    for chain in &program.chains {
        let mut lanes = Bytes([chain.leaf; LANES]);
        for step in &chain.steps {
            let row = &rows[if GAPS { step.row_with_gaps } else { step.row } as usize];
            let other = &cells[usize::from(step.other)];
            for ((lane, &byte), &other) in lanes.0.iter_mut().zip(&row.0).zip(&other.0) {
                // A mask, not an `if`: that would be compiled to a choice of what to load, lane
                // by lane.
                let greater = 0_u8.wrapping_sub(u8::from(byte as i8 > step.byte));
                *lane ^= (*lane ^ other) & greater;
            }
        }
        cells[usize::from(chain.out)] = lanes;
    }
}

/// `N` is a power of two.
fn add_portable<const N: usize>(values: &[f64; N], leaves: &Bytes, sums: &mut [f64; LANES]) {
    for (sum, &leaf) in sums.iter_mut().zip(&leaves.0) {
        *sum += values[usize::from(leaf) % N];
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn fill_avx2(sources: &Sources, block: &Block, rows: &mut [Bytes]) {
    sources.fill(block, rows);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn evaluate_avx2<const GAPS: bool>(program: &Program, rows: &[Bytes], cells: &mut [Bytes]) {
    for chain in &program.chains {
        let mut lanes = [_mm256_set1_epi8(chain.leaf as i8); LANES / 32];
        for step in &chain.steps {
            let row = &rows[if GAPS { step.row_with_gaps } else { step.row } as usize];
            let other = &cells[usize::from(step.other)];
            let byte = _mm256_set1_epi8(step.byte);
            let registers = row.0.as_chunks().0.iter().zip(other.0.as_chunks().0);
            for (lanes, (row, other)) in lanes.iter_mut().zip(registers) {
                let greater = _mm256_cmpgt_epi8(load_avx2(row), byte);
                *lanes = _mm256_blendv_epi8(*lanes, load_avx2(other), greater);
            }
        }
        let out = &mut cells[usize::from(chain.out)];
        for (out, &lanes) in out.0.as_chunks_mut().0.iter_mut().zip(&lanes) {
            store_avx2(out, lanes);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn evaluate_avx512<const GAPS: bool>(program: &Program, rows: &[Bytes], cells: &mut [Bytes]) {
    for chain in &program.chains {
        let mut lanes = [_mm512_set1_epi8(chain.leaf as i8); LANES / 64];
        for step in &chain.steps {
            let row = &rows[if GAPS { step.row_with_gaps } else { step.row } as usize];
            let other = &cells[usize::from(step.other)];
            let byte = _mm512_set1_epi8(step.byte);
            let registers = row.0.as_chunks().0.iter().zip(other.0.as_chunks().0);
            for (lanes, (row, other)) in lanes.iter_mut().zip(registers) {
                let greater = _mm512_cmpgt_epi8_mask(load_avx512(row), byte);
                *lanes = _mm512_mask_blend_epi8(greater, *lanes, load_avx512(other));
            }
        }
        let out = &mut cells[usize::from(chain.out)];
        for (out, &lanes) in out.0.as_chunks_mut().0.iter_mut().zip(&lanes) {
            store_avx512(out, lanes);
        }
    }
}

/// Looks eight leaves up at once, in tables of sixteen values that two registers hold each. `N` is 32
/// or 64.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn add_avx512<const N: usize>(values: &[f64; N], leaves: &Bytes, sums: &mut [f64; LANES]) {
    let mut tables = [load_values(&[0.0; 8]); 8];
    for (table, values) in tables.iter_mut().zip(values.as_chunks().0) {
        *table = load_values(values);
    }
    let (bit4, bit5) = (_mm512_set1_epi64(16), _mm512_set1_epi64(32));
    for (sums, leaves) in sums.as_chunks_mut().0.iter_mut().zip(leaves.0.as_chunks().0) {
        let leaves = _mm512_cvtepu8_epi64(_mm_set1_epi64x(i64::from_le_bytes(*leaves)));
        let of = |first: usize| _mm512_permutex2var_pd(tables[first], leaves, tables[first + 1]);
        let above = |bit| _mm512_test_epi64_mask(leaves, bit);
        let mut found = _mm512_mask_blend_pd(above(bit4), of(0), of(2));
        if N > 32 {
            let upper = _mm512_mask_blend_pd(above(bit4), of(4), of(6));
            found = _mm512_mask_blend_pd(above(bit5), found, upper);
        }
        let sum = _mm512_add_pd(load_values(sums), found);
        // SAFETY: `sums` is an array of eight numbers, as many as a register holds.
        unsafe { _mm512_storeu_pd(sums.as_mut_ptr(), sum) };
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn load_avx2(from: &[u8; 32]) -> __m256i {
    // SAFETY: the array is as large as the register; the load needs no alignment.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn store_avx2(to: &mut [u8; 32], lanes: __m256i) {
    // SAFETY: the array is as large as the register; the store needs no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), lanes) };
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn load_avx512(from: &[u8; 64]) -> __m512i {
    // SAFETY: the array is as large as the register; the load needs no alignment.
    unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn store_avx512(to: &mut [u8; 64], lanes: __m512i) {
    // SAFETY: the array is as large as the register; the store needs no alignment.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), lanes) };
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn load_values(from: &[f64; 8]) -> __m512d {
    // SAFETY: the array is as large as the register; the load needs no alignment.
    unsafe { _mm512_loadu_pd(from.as_ptr()) }
}
