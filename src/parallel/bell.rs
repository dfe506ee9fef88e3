//! How a thread that waits for another learns that it need not any more.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

/// How often a waiting thread looks again before it sleeps: some fifty microseconds.
const LOOKS: usize = 2_500;

/// What is rung whenever something has changed.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rings: AtomicUsize,
    asleep: Mutex<Vec<Thread>>,
}

impl Bell {
    /// How often it was rung.
    pub(crate) fn rings(&self) -> usize {
        self.rings.load(Ordering::SeqCst)
    }

    /// Wakes all who wait.
    pub(crate) fn ring(&self) {
        self.rings.fetch_add(1, Ordering::SeqCst);
        let asleep =
            std::mem::take(&mut *self.asleep.lock().unwrap_or_else(PoisonError::into_inner));
        asleep.iter().for_each(Thread::unpark);
    }

    /// Waits until it was rung more often than so many times, but not much longer than `most`. A thread
    /// first looks for a while: to put it to sleep and to wake it takes longer than most waits do.
    pub(crate) fn wait(&self, rings: usize, most: Duration) {
        let rung = || self.rings() != rings;
        for _ in 0..LOOKS {
            spin_loop();
            if rung() {
                return;
            }
        }
        let asleep = || self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        let me = thread::current();
        asleep().push(me.clone());
        // Who rings counts first and then looks who sleeps: one of the two sees the other.
        if !rung() {
            thread::park_timeout(most);
        }
        asleep().retain(|other| other.id() != me.id());
    }
}
