//! Numbers for threads: small, and at any time no two alive have the same.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};

/// Not numbered yet.
const NEW: usize = usize::MAX;

/// A number that nobody owns: of threads that are ending.
const NOBODY: usize = usize::MAX - 1;

thread_local! {
    // Without a destructor, so that reading it costs one load.
    static SLOT: Cell<usize> = const { Cell::new(NEW) };
    static GUARD: Guard = Guard::new();
}

/// Numbers given back, the smallest first, and the first that was never given.
static FREE: Mutex<(BinaryHeap<Reverse<usize>>, usize)> = Mutex::new((BinaryHeap::new(), 0));

/// Gives the number back when the thread ends. The lock orders what its next owner does after all
/// that this one did.
struct Guard(usize);

impl Guard {
    fn new() -> Self {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = free.0.pop().map(|Reverse(slot)| slot);
        Self(slot.unwrap_or_else(|| {
            free.1 += 1;
            free.1 - 1
        }))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Whatever the thread still does while it ends, it does as nobody.
        SLOT.set(NOBODY);
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        free.0.push(Reverse(self.0));
    }
}

// Under exploration, threads say themselves which number they have.
#[cfg(loom)]
loom::thread_local! {
    pub(super) static EXPLORED: Cell<usize> = Cell::new(0);
}

#[cfg(loom)]
pub(super) fn slot() -> usize {
    EXPLORED.with(Cell::get)
}

/// The number of this thread.
#[cfg(not(loom))]
#[inline]
pub(super) fn slot() -> usize {
    let slot = SLOT.get();
    if slot == NEW { assign() } else { slot }
}

#[cfg_attr(loom, allow(dead_code))]
#[cold]
fn assign() -> usize {
    let slot = GUARD.try_with(|guard| guard.0).unwrap_or(NOBODY);
    SLOT.set(slot);
    slot
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::slot;
    use std::collections::HashSet;
    use std::sync::{Arc, Barrier};

    #[test]
    fn living_threads_have_distinct_numbers_that_are_used_again() {
        let mut largest = 0;
        for _ in 0..50 {
            let barrier = Arc::new(Barrier::new(4));
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let barrier = barrier.clone();
                    std::thread::spawn(move || {
                        let slots = [slot(), slot()];
                        barrier.wait();
                        slots
                    })
                })
                .collect();
            let slots: Vec<_> =
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
            assert!(slots.iter().all(|[first, second]| first == second));
            let distinct: HashSet<_> = slots.iter().map(|slots| slots[0]).collect();
            assert_eq!(distinct.len(), 4);
            largest = largest.max(slots.iter().map(|slots| slots[0]).max().unwrap_or(0));
        }
        // Other tests may hold numbers meanwhile, but not 200 of them.
        assert!(largest < 150, "{largest}");
    }
}
