//! Python functions that are told of transitions.

use forewarn::breaker::{Reason, Transition};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use std::sync::{Mutex, PoisonError};

/// The functions, where the garbage collector finds them.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Mutex<Vec<Py<PyAny>>>);

impl Listeners {
    /// Adds a function; whether it is the first.
    pub(crate) fn add(&self, listener: Py<PyAny>) -> bool {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.push(listener);
        listeners.len() == 1
    }

    /// Calls them one after the other. What they raise must not be taken for an error of the call
    /// that brought the transition about.
    pub(crate) fn tell(&self, transition: &Transition) {
        Python::attach(|py| {
            let listeners: Vec<Py<PyAny>> = {
                let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                kept.iter().map(|listener| listener.clone_ref(py)).collect()
            };
            for listener in listeners {
                if let Err(error) = listener.call1(py, plain(transition)) {
                    error.write_unraisable(py, Some(listener.bind(py)));
                }
            }
        });
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(listeners) = self.0.try_lock() else { return Ok(()) };
        listeners.iter().try_for_each(|listener| visit.call(listener))
    }

    pub(crate) fn clear(&self) {
        // Dropped outside the lock: what is dropped may be anything.
        let listeners = self.0.try_lock().map(|mut listeners| std::mem::take(&mut *listeners));
        drop(listeners);
    }
}

/// From, to, when, generation, reason, open time: `forewarn.circuit_breaker.Transition`.
type PlainTransition = (&'static str, &'static str, f64, u64, &'static str, Option<f64>);

fn plain(it: &Transition) -> PlainTransition {
    let reason = match it.reason {
        Reason::FailureRate => "failure rate",
        Reason::SlowRate => "slow rate",
        Reason::Consecutive => "consecutive failures",
        Reason::Utility => "calls lost",
        Reason::OpenTimeOver => "open time over",
        Reason::ProbesSucceeded => "probes succeeded",
        Reason::ProbesFailed => "probes failed",
        Reason::RampCompleted => "ramp completed",
        Reason::RampCut => "ramp cut",
        Reason::RampFailed => "ramp failed",
        Reason::Forced => "forced",
        _ => "other",
    };
    let open_for = it.open_for.map(|time| time.as_secs_f64());
    (it.from.name(), it.to.name(), it.at.as_secs_f64(), it.generation, reason, open_for)
}
