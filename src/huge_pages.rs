//! Large vectors on huge pages, where the system has them for who asks.
//!
//! Training reads rows that are scattered over tens of megabytes. On pages of 4 KiB nearly each of them
//! misses the processor's table of addresses as well as its caches, and in a virtual machine an address
//! is looked up in two tables of four levels. On pages of 2 MiB a node with a sixteenth of a million
//! rows was read in 31 ns a row instead of 40.

use std::mem::MaybeUninit;

/// Bytes from which on it is worth asking: two huge pages, so that one fits whole.
const LARGE: usize = 4 << 20;

/// The system takes whole small pages only, none of which may belong to others in part. Nowhere are they
/// larger.
#[cfg(target_os = "linux")]
const PAGE: usize = 1 << 16;

/// So many copies of a value.
pub(crate) fn filled<T: Clone>(value: T, count: usize) -> Vec<T> {
    let mut values = with_capacity(count);
    values.resize(count, value);
    values
}

/// An empty vector with room for so many values.
pub(crate) fn with_capacity<T>(count: usize) -> Vec<T> {
    let mut values = Vec::with_capacity(count);
    if count.saturating_mul(size_of::<T>()) >= LARGE {
        ask(values.spare_capacity_mut());
    }
    values
}

/// Asks for huge pages for memory that has not been touched. It is a wish: a system that has none
/// refuses, and nothing is lost.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn ask<T>(memory: &mut [MaybeUninit<T>]) {
    let bytes = size_of_val(memory);
    let start = memory.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(PAGE);
    let whole = bytes.saturating_sub(skipped) / PAGE * PAGE;
    if whole > 0 {
        // SAFETY: the range lies within memory that is borrowed mutably. The advice changes how the system
        // maps it, never what is in it.
        let _ = unsafe {
            libc::madvise(start.wrapping_add(skipped).cast(), whole, libc::MADV_HUGEPAGE)
        };
    }
}

#[cfg(not(target_os = "linux"))]
fn ask<T>(_memory: &mut [MaybeUninit<T>]) {}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked for changes nothing: as vectors made plainly, small, large and of nothing.
    #[test]
    fn vectors_are_what_they_would_be() {
        for count in [0, 1, 1_000, LARGE / 8 - 1, LARGE / 8 + 1, 1_000_003] {
            assert_eq!(filled(7.5, count), vec![7.5; count]);
            let mut numbers = with_capacity(count);
            numbers.extend(0..count);
            assert!(numbers.iter().copied().eq(0..count) && numbers.capacity() >= count);
        }
        assert_eq!(filled((), LARGE).len(), LARGE);
    }
}
