//! Splitting a node's rows in two, in place and in order.

use crate::parallel;
use crate::prefetch::prefetch;

/// Rows that a thread splits in one go.
const CHUNK: usize = 32_768;

/// Rows read before any of them is written: a power of two, so that a mask keeps places within a block.
const BLOCK: usize = 32;

/// Where fewer than one row in so many belongs to the node, its bins are asked for in advance: the
/// processor foresees no more by itself.
const SPARSE: usize = 16;

/// Which bins go left: 1 for those, 0 for the others.
pub(crate) type GoLeft = [u8; 256];

/// Moves the rows that go left before the others and returns how many they are. Both sides keep
/// their order: ascending rows stay ascending, so that memory is read forwards all through the tree.
/// At most so many `threads` share the work.
pub(crate) fn partition(
    rows: &mut [u32],
    scratch: &mut [u32],
    bins: &[u8],
    go_left: &GoLeft,
    threads: usize,
) -> usize {
    let scratch = &mut scratch[..rows.len()];
    let is_sparse = rows.len() * SPARSE < bins.len();
    if rows.len() <= CHUNK || threads == 1 {
        let left = split(rows, scratch, bins, go_left, is_sparse);
        let right = rows.len() - left;
        rows[left..].copy_from_slice(&scratch[..right]);
        return left;
    }
    let mut parts: Vec<(&mut [u32], &mut [u32], usize)> = rows
        .chunks_mut(CHUNK)
        .zip(scratch.chunks_mut(CHUNK))
        .map(|(rows, scratch)| (rows, scratch, 0))
        .collect();
    parallel::chunks_mut(&mut parts, 1, |_, part| {
        for (rows, scratch, left) in part {
            *left = split(rows, scratch, bins, go_left, is_sparse);
        }
    });
    let counts: Vec<usize> = parts.into_iter().map(|(_, _, left)| left).collect();
    let mut left = 0;
    for (part, &count) in counts.iter().enumerate() {
        rows.copy_within(part * CHUNK..part * CHUNK + count, left);
        left += count;
    }
    let mut to = left;
    for (part, &count) in counts.iter().enumerate() {
        let start = part * CHUNK;
        let right = CHUNK.min(rows.len() - start) - count;
        rows[to..to + right].copy_from_slice(&scratch[start..start + right]);
        to += right;
    }
    left
}

/// Undoes [`partition`], whose first `left` rows went left: both sides ascend, and so will all.
pub(crate) fn merge(rows: &mut [u32], left: usize, scratch: &mut [u32]) {
    let scratch = &mut scratch[..left];
    scratch.copy_from_slice(&rows[..left]);
    let (mut from, mut to) = (left, 0);
    for &row in &*scratch {
        // What is written over has been read: `to` is behind `from` by the rows left in `scratch`.
        while from < rows.len() && rows[from] < row {
            rows[to] = rows[from];
            (from, to) = (from + 1, to + 1);
        }
        rows[to] = row;
        to += 1;
    }
}

/// Writes every row to both sides, and moves on only on the side that it belongs to: no branch to
/// mispredict. A block at a time, whose places need no check but a mask.
fn split(
    rows: &mut [u32],
    scratch: &mut [u32],
    bins: &[u8],
    go_left: &GoLeft,
    is_sparse: bool,
) -> usize {
    let count = rows.len();
    let scratch = &mut scratch[..count];
    let goes = |row: u32| usize::from(go_left[bins[row as usize] as usize]);
    let (mut left, mut start) = (0, 0);
    while let Some(block) = rows[start..].first_chunk::<BLOCK>() {
        let block = *block;
        let next = start + BLOCK;
        if is_sparse {
            rows[next..count.min(next + BLOCK)]
                .iter()
                .for_each(|&row| prefetch(bins, row as usize));
        }
        // `left` is at most `start`: what is written over has been read. Both slices are long enough.
        let to_left = rows[left..].first_chunk_mut::<BLOCK>();
        let to_right = scratch[start - left..].first_chunk_mut::<BLOCK>();
        let (Some(to_left), Some(to_right)) = (to_left, to_right) else { break };
        let mut found = 0;
        for (index, &row) in block.iter().enumerate() {
            to_left[found % BLOCK] = row;
            to_right[(index - found) % BLOCK] = row;
            found += goes(row);
        }
        (left, start) = (left + found, next);
    }
    for index in start..count {
        let row = rows[index];
        rows[left] = row;
        scratch[index - left] = row;
        left += goes(row);
    }
    left
}
