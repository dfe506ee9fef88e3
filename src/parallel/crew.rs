//! Threads of the pool that stay at hand from one small piece of shared work to the next.
//!
//! A thread of rayon that finds nothing to do gives its turn back to the system some thirty times
//! before it sleeps. Where other work wants the processor, each of those times costs a time slice of
//! some milliseconds; the pieces of work that a training shares take a tenth of one. Threads of a crew
//! never give a turn back: they look again and again for as long as the next piece may take to come, and
//! then sleep. And nobody waits for a thread that has not begun.

use super::Bell;
use rayon::Yield;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Work of others in the pool does not wake a thread that is at hand: so often it looks by itself.
const NAP: Duration = Duration::from_millis(1);

thread_local! {
    /// The crew that the current thread may share work with.
    static CURRENT: RefCell<Option<Arc<Crew>>> = const { RefCell::new(None) };
}

/// Threads at hand.
#[derive(Debug)]
struct Crew {
    helpers: usize,
    /// Rung for every piece of work.
    bell: Bell,
    dismissed: AtomicBool,
}

/// Keeps the other threads of the pool at hand while `work` runs, for what it shares through
/// [`together`]. They do the jobs of others in the pool as well.
pub(crate) fn at_hand<R>(work: impl FnOnce() -> R) -> R {
    let inside = rayon::current_thread_index().is_some();
    let helpers = rayon::current_num_threads() - usize::from(inside);
    if helpers == 0 || is_at_hand() {
        return work();
    }
    let (bell, dismissed) = (Bell::default(), AtomicBool::new(false));
    let crew = Arc::new(Crew { helpers, bell, dismissed });
    rayon::in_place_scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| crew.attend());
        }
        let _hired = Hired::new(&crew);
        work()
    })
}

/// Whether the current thread has a crew.
pub(crate) fn is_at_hand() -> bool {
    CURRENT.with_borrow(Option::is_some)
}

/// Runs `work` on this thread and on those of its crew that come before it is done here: it must do all
/// there is to do, on any number of threads.
pub(crate) fn together(work: &(dyn Fn() + Sync)) {
    let Some(crew) = CURRENT.with_borrow(Clone::clone) else { return work() };
    let door = Door::default();
    rayon::in_place_scope(|scope| {
        for _ in 0..crew.helpers {
            scope.spawn(|_| {
                if let Some(_guest) = door.enter() {
                    work();
                }
            });
        }
        crew.bell.ring();
        let _closing = Closing(&door);
        work();
    });
}

impl Crew {
    /// Does what work there is in the pool, until dismissed.
    fn attend(&self) {
        while !self.dismissed.load(Ordering::SeqCst) {
            let rings = self.bell.rings();
            if rayon::yield_now() != Some(Yield::Executed) && !self.dismissed.load(Ordering::SeqCst)
            {
                self.bell.wait(rings, NAP);
            }
        }
    }
}

/// The crew of the current thread until this is dropped, be it by a panic.
struct Hired<'a>(&'a Crew);

impl<'a> Hired<'a> {
    fn new(crew: &'a Arc<Crew>) -> Self {
        CURRENT.set(Some(Arc::clone(crew)));
        Self(crew)
    }
}

impl Drop for Hired<'_> {
    fn drop(&mut self) {
        CURRENT.set(None);
        self.0.dismissed.store(true, Ordering::SeqCst);
        self.0.bell.ring();
    }
}

/// Where threads come to a piece of work.
#[derive(Default)]
struct Door {
    inside: AtomicUsize,
    closed: AtomicBool,
    /// Rung by the last to leave once it is closed.
    bell: Bell,
}

impl Door {
    fn enter(&self) -> Option<Guest<'_>> {
        self.inside.fetch_add(1, Ordering::SeqCst);
        let guest = Guest(self);
        (!self.closed.load(Ordering::SeqCst)).then_some(guest)
    }
}

/// A thread inside.
struct Guest<'a>(&'a Door);

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        let others = self.0.inside.fetch_sub(1, Ordering::SeqCst) - 1;
        if others == 0 && self.0.closed.load(Ordering::SeqCst) {
            self.0.bell.ring();
        }
    }
}

/// When this is dropped nobody comes any more, and all have left.
struct Closing<'a>(&'a Door);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::SeqCst);
        loop {
            let rings = self.0.bell.rings();
            if self.0.inside.load(Ordering::SeqCst) == 0 {
                return;
            }
            self.0.bell.wait(rings, Duration::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

    use super::*;
    use crate::parallel::{chunks_mut, map};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    /// Pieces of work of many sizes, each checked.
    fn much_work() {
        at_hand(|| {
            assert!(is_at_hand() || rayon::current_num_threads() == 1);
            for count in 0..300 {
                let mut values = vec![0; count];
                chunks_mut(&mut values, 1 + count % 7, |start, chunk| {
                    for (index, value) in (start..).zip(chunk) {
                        *value += index + 1;
                    }
                });
                assert!(values.into_iter().eq(1..=count));
                assert!(
                    map(count, |index| index * index).into_iter().eq((0..count).map(|i| i * i))
                );
            }
        });
        assert!(!is_at_hand());
    }

    #[test]
    fn every_piece_is_done_once() {
        for threads in [1, 2, 5] {
            pool(threads).install(much_work);
        }
        much_work(); // From outside of any pool.
    }

    #[test]
    fn several_crews_of_one_pool_get_done() {
        let pool = pool(2);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| pool.install(much_work));
            }
        });
    }

    #[test]
    fn others_in_the_pool_are_not_held_up() {
        let pool = pool(2);
        pool.install(|| {
            at_hand(|| {
                let (to, from) = std::sync::mpsc::channel();
                rayon::spawn(move || to.send(rayon::current_thread_index()).unwrap());
                // This thread waits without helping: the job is done by the one at hand.
                let other = from.recv().unwrap();
                assert_ne!(other, rayon::current_thread_index());
            });
        });
    }

    #[test]
    fn a_panic_reaches_the_caller() {
        let pool = pool(3);
        for bad in [0, 17, 99] {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                pool.install(|| {
                    at_hand(|| map(100, |index| assert_ne!(index, bad, "a bad one")).len())
                })
            }));
            assert!(outcome.is_err());
            assert!(!pool.install(is_at_hand));
        }
        pool.install(much_work);
    }
}
