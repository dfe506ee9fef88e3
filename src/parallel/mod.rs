//! Work shared over the cores of the current rayon pool, or done in turn without the feature
//! `parallel`. Results never depend on which.

mod bell;
#[cfg(feature = "parallel")]
mod crew;

pub(crate) use bell::Bell;
#[cfg(feature = "parallel")]
pub(crate) use crew::{at_hand, together};
#[cfg(feature = "parallel")]
use std::sync::{Mutex, PoisonError};

/// Runs `work`.
#[cfg(not(feature = "parallel"))]
pub(crate) fn at_hand<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Runs `work`.
#[cfg(not(feature = "parallel"))]
pub(crate) fn together(work: impl Fn()) {
    work();
}

/// `f(0), f(1), …, f(count − 1)`.
#[cfg(feature = "parallel")]
pub(crate) fn map<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    use rayon::prelude::*;
    if crew::is_at_hand() {
        let mut results: Vec<Option<T>> = (0..count).map(|_| None).collect();
        chunks_mut(&mut results, 1, |index, result| result[0] = Some(f(index)));
        return results.into_iter().flatten().collect();
    }
    (0..count).into_par_iter().map(f).collect()
}

/// `f(0), f(1), …, f(count − 1)`.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    (0..count).map(f).collect()
}

/// As [`map`], with something that each thread makes once and uses again and again.
#[cfg(feature = "parallel")]
pub(crate) fn map_with<T: Send, W>(
    count: usize,
    workspace: impl Fn() -> W + Sync + Send,
    f: impl Fn(&mut W, usize) -> T + Sync + Send,
) -> Vec<T> {
    use rayon::prelude::*;
    (0..count).into_par_iter().map_init(workspace, f).collect()
}

/// As [`map`], with something that is made once and used again and again.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map_with<T: Send, W>(
    count: usize,
    workspace: impl Fn() -> W + Sync + Send,
    f: impl Fn(&mut W, usize) -> T + Sync + Send,
) -> Vec<T> {
    let mut workspace = workspace();
    (0..count).map(|index| f(&mut workspace, index)).collect()
}

/// Calls `f(first index, chunk)` on chunks of `size` values, the last one maybe shorter.
#[cfg(feature = "parallel")]
pub(crate) fn chunks_mut<T: Send>(
    values: &mut [T],
    size: usize,
    f: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    use rayon::prelude::*;
    if values.len() <= size {
        // Handing one chunk to another thread costs more than most chunks take. Nothing is no chunk.
        if !values.is_empty() {
            f(0, values);
        }
        return;
    }
    if crew::is_at_hand() {
        let chunks = Mutex::new(values.chunks_mut(size).enumerate());
        // Whoever is free takes the next: none is kept for a thread that the system does not run.
        let next = || chunks.lock().unwrap_or_else(PoisonError::into_inner).next();
        together(|| {
            while let Some((index, chunk)) = next() {
                f(index * size, chunk);
            }
        });
        return;
    }
    values.par_chunks_mut(size).enumerate().for_each(|(index, chunk)| f(index * size, chunk));
}

/// Calls `f(first index, chunk)` on chunks of `size` values, the last one maybe shorter.
#[cfg(not(feature = "parallel"))]
pub(crate) fn chunks_mut<T: Send>(
    values: &mut [T],
    size: usize,
    f: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    values.chunks_mut(size).enumerate().for_each(|(index, chunk)| f(index * size, chunk));
}

/// How many threads share the work.
pub(crate) fn threads() -> usize {
    #[cfg(feature = "parallel")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "parallel"))]
    return 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_no_chunk() {
        chunks_mut(&mut [0; 0], 1, |_, _| panic!("there is no chunk"));
    }
}
