//! Telling listeners of transitions.

use super::sync::{Mutex, lock};
use crate::breaker::Transition;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Listens to transitions.
pub(super) type Listener = Arc<dyn Fn(&Transition) + Send + Sync>;

/// Listeners, and transitions that they have not been told of. Takes little room where there are no
/// listeners, as in a registry of many breakers.
pub(super) struct Events(Mutex<Option<Box<Queue>>>);

#[derive(Default)]
struct Queue {
    listeners: Vec<Listener>,
    pending: VecDeque<Transition>,
    /// A thread is telling them; it will tell those that come meanwhile.
    telling: bool,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

impl Events {
    pub(super) fn new(listeners: Vec<Listener>) -> Self {
        let queue = Queue { listeners, ..Queue::default() };
        Self(Mutex::new((!queue.listeners.is_empty()).then(|| Box::new(queue))))
    }

    pub(super) fn listen(&self, listener: Listener) {
        lock(&self.0).get_or_insert_default().listeners.push(listener);
    }

    /// Queues a transition. Under the machine's lock: in the order of the transitions.
    pub(super) fn push(&self, transition: Transition) {
        if let Some(queue) = &mut *lock(&self.0) {
            queue.pending.push_back(transition);
        }
    }

    /// Tells of all that is queued, one after the other, outside any lock. If another thread is at it,
    /// or a listener has called back, that one goes on.
    pub(super) fn tell(&self) {
        loop {
            let mut events = lock(&self.0);
            let Some(queue) = events.as_mut().filter(|queue| !queue.telling) else { return };
            let Some(transition) = queue.pending.pop_front() else { return };
            queue.telling = true;
            let listeners = queue.listeners.clone();
            drop(events);
            for listener in &listeners {
                // A listener that panics must not take the call with it that it was told of.
                let _ = catch_unwind(AssertUnwindSafe(|| listener(&transition)));
            }
            if let Some(queue) = &mut *lock(&self.0) {
                queue.telling = false;
            }
        }
    }
}
