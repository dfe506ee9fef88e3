//! An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

#[global_allocator]
static COUNTING: Counting = Counting;

/// The system's allocator with counters.
struct Counting;

thread_local! {
    /// Allocations by this thread.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Bytes in use by all threads, and the most that were.
static IN_USE: AtomicIsize = AtomicIsize::new(0);
static MOST: AtomicIsize = AtomicIsize::new(0);

fn count(bytes: isize) {
    if bytes > 0 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
    }
    let now = IN_USE.fetch_add(bytes, Relaxed) + bytes;
    MOST.fetch_max(now, Relaxed);
}

// SAFETY: every method hands its arguments to the system's allocator unchanged and returns what
// that returns; counting touches no memory of the caller and does not allocate.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Allocations of this thread, and the most bytes in use beyond those at the start, during `f`.
pub(crate) fn counted<T>(f: impl FnOnce() -> T) -> (T, usize, usize) {
    let before = ALLOCATIONS.with(Cell::get);
    let start = IN_USE.load(Relaxed);
    MOST.store(start, Relaxed);
    let result = f();
    let allocations = ALLOCATIONS.with(Cell::get) - before;
    (result, allocations, (MOST.load(Relaxed) - start).max(0) as usize)
}
