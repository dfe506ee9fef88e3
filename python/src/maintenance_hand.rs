//! A Python function as the hand of a fleet.

use crate::errors::{Exception, Result};
use crate::maintenance_plain::{PlainRecord, plain_record};
use forewarn::engine::Fleet;
use forewarn::engine::action::ActionRecord;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use rayon::{ThreadPool, Yield};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// How long the pool's thread sleeps, at most, before it looks for other work.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// What a hand says: nothing, or why it could not act.
type Answer = std::result::Result<(), String>;

/// Judges on the pool's threads, and calls the hand on this one, which must be detached from the
/// interpreter: a function of Python's may count on the thread that it was given on.
pub(crate) fn act(
    pool: &ThreadPool,
    fleet: &mut Fleet,
    now: f64,
    hand: &Py<PyAny>,
) -> Result<Vec<ActionRecord>> {
    let (ask, asked) = mpsc::channel();
    let (answer, answered) = mpsc::channel();
    let (mut records, mut raised) = (None, None);
    pool.in_place_scope(|scope| {
        let records = &mut records;
        scope.spawn(move |_| {
            // `ask` is dropped with the work, which ends the loop below.
            let mut hand = |record: &ActionRecord| {
                let gone = |_| "the hand did not answer".to_owned();
                ask.send(plain_record(record)).map_err(|_| "nobody listens".to_owned())?;
                wait(&answered).map_err(gone)?
            };
            *records = Some(fleet.act(now, &mut hand));
        });
        while let Ok(record) = asked.recv() {
            if answer.send(call(hand, record, &mut raised)).is_err() {
                break;
            }
        }
    });
    match raised {
        Some(error) => Err(Exception::Python(error)),
        None => Ok(records.expect("the scope waits for the work, and rethrows its panic")?),
    }
}

/// The hand's answer. What it does may need a thread of this pool, perhaps the only one: work that
/// comes meanwhile is done here.
fn wait(answered: &Receiver<Answer>) -> std::result::Result<Answer, RecvTimeoutError> {
    loop {
        match answered.recv_timeout(BETWEEN_LOOKS) {
            Err(RecvTimeoutError::Timeout) => while rayon::yield_now() == Some(Yield::Executed) {},
            told => return told,
        }
    }
}

/// Exceptions become the reason. What ends the program rather than one action, as Ctrl-C does, is
/// kept, and the hand is not called again.
fn call(hand: &Py<PyAny>, record: PlainRecord, raised: &mut Option<PyErr>) -> Answer {
    if raised.is_some() {
        return Err("not tried: the one before was interrupted".to_owned());
    }
    Python::attach(|py| match hand.call1(py, record) {
        Ok(_) => Ok(()),
        Err(error) => {
            let reason = error.to_string();
            if !error.is_instance_of::<PyException>(py) {
                *raised = Some(error);
            }
            Err(reason)
        }
    })
}
