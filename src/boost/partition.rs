//! Splitting a node's rows in two, in place and in order.

use crate::parallel;
use crate::prefetch::prefetch;

/// Rows that a thread splits in one go.
const CHUNK: usize = 32_768;

/// Rows from now whose bins are asked for.
const AHEAD: usize = 32;

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
    if rows.len() <= CHUNK || threads == 1 {
        let left = split(rows, scratch, bins, go_left);
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
            *left = split(rows, scratch, bins, go_left);
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
/// mispredict.
fn split(rows: &mut [u32], scratch: &mut [u32], bins: &[u8], go_left: &GoLeft) -> usize {
    let (mut left, count) = (0, rows.len());
    for index in 0..count {
        let row = rows[index];
        prefetch(bins, rows[(index + AHEAD).min(count - 1)] as usize);
        let goes = usize::from(go_left[bins[row as usize] as usize]);
        // `left` and `index − left` are at most `index`: nothing unread is overwritten.
        rows[left] = row;
        scratch[index - left] = row;
        left += goes;
    }
    left
}
