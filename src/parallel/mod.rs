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

/// Portions of a [`map`]'s work for each thread.
const MANY: usize = 32;

/// Runs `work`.
#[cfg(not(feature = "parallel"))]
pub(crate) fn at_hand<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Runs `work`.
#[cfg(not(feature = "parallel"))]
pub(crate) fn together(work: &dyn Fn()) {
    work();
}

/// Runs `work`, which must do all there is to do on any number of threads, on as many as can use one of
/// `tasks` each.
#[cfg(feature = "parallel")]
fn share(tasks: usize, work: &(dyn Fn() + Sync)) {
    use rayon::prelude::*;
    if crew::is_at_hand() {
        together(work);
    } else {
        (0..tasks.min(threads())).into_par_iter().for_each(|_| work());
    }
}

/// `f(0), f(1), …, f(count − 1)`.
pub(crate) fn map<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    map_with(count, || (), |(), index| f(index))
}

/// As [`map`], with something that each thread makes once and uses again and again.
pub(crate) fn map_with<T: Send, W>(
    count: usize,
    workspace: impl Fn() -> W + Sync + Send,
    f: impl Fn(&mut W, usize) -> T + Sync + Send,
) -> Vec<T> {
    let mut results: Vec<Option<T>> = (0..count).map(|_| None).collect();
    // Some that take long must not be left to one thread, nor is one at a time worth the asking.
    let few = (count / (MANY * threads())).max(1);
    chunks_with(&mut results, few, workspace, |workspace, start, results| {
        for (index, result) in (start..).zip(results) {
            *result = Some(f(workspace, index));
        }
    });
    results.into_iter().flatten().collect()
}

/// Calls `f(first index, chunk)` on chunks of `size` values, the last one maybe shorter.
pub(crate) fn chunks_mut<T: Send>(
    values: &mut [T],
    size: usize,
    f: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    chunks_with(values, size, || (), |(), start, chunk| f(start, chunk));
}

/// As [`chunks_mut`], with something that each thread makes once and uses again and again.
///
/// Only the choice of the next chunk and the work on it depend on the types: the threads are rayon's for
/// all of them at once, which leaves the compiler a fifth less to translate.
#[cfg(feature = "parallel")]
fn chunks_with<T: Send, W>(
    values: &mut [T],
    size: usize,
    workspace: impl Fn() -> W + Sync,
    f: impl Fn(&mut W, usize, &mut [T]) + Sync,
) {
    let tasks = values.len().div_ceil(size);
    if tasks <= 1 {
        // Handing one chunk to another thread costs more than most chunks take. Nothing is no chunk.
        if tasks == 1 {
            f(&mut workspace(), 0, values);
        }
        return;
    }
    let chunks = Mutex::new(values.chunks_mut(size).enumerate());
    // Whoever is free takes the next: none is kept for a thread that the system does not run.
    let next = || chunks.lock().unwrap_or_else(PoisonError::into_inner).next();
    share(tasks, &|| {
        let mut own = None;
        while let Some((index, chunk)) = next() {
            f(own.get_or_insert_with(&workspace), index * size, chunk);
        }
    });
}

/// As [`chunks_mut`], with something that is made once and used again and again.
#[cfg(not(feature = "parallel"))]
fn chunks_with<T, W>(
    values: &mut [T],
    size: usize,
    workspace: impl Fn() -> W,
    f: impl Fn(&mut W, usize, &mut [T]),
) {
    let mut workspace = workspace();
    values
        .chunks_mut(size)
        .enumerate()
        .for_each(|(index, chunk)| f(&mut workspace, index * size, chunk));
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
