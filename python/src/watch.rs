//! Long work on a pool's threads while the calling thread reports progress and minds Ctrl-C.

use crate::errors::{Exception, Result};
use pyo3::call::PyCallArgs;
use pyo3::prelude::*;
use rayon::ThreadPool;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Signals are looked for at least this often.
const BETWEEN_CHECKS: Duration = Duration::from_millis(50);

/// What work says of each of its steps: the arguments of the callback.
pub(crate) trait Report: for<'py> PyCallArgs<'py> + Send {}

impl<R: for<'py> PyCallArgs<'py> + Send> Report for R {}

/// Is told of each step, and answers whether to go on.
pub(crate) type Observer<'a, R> = dyn FnMut(R) -> ControlFlow<()> + 'a;

/// Runs `work` detached from the interpreter.
///
/// Python delivers signals to its main thread alone, so `work` goes to the pool and the calling
/// thread waits for reports: each is passed to `callback`. An exception there, or Ctrl-C, stops the
/// work at its next report; a callback that returns `False` does so too.
pub(crate) fn watch<T: Send, R: Report>(
    py: Python<'_>,
    pool: &ThreadPool,
    callback: Option<&Py<PyAny>>,
    work: impl FnOnce(&mut Observer<'_, R>) -> forewarn::Result<T> + Send,
) -> Result<T> {
    let stop = AtomicBool::new(false);
    let mut outcome = None;
    let raised = py.detach(|| {
        let (reports, inbox) = mpsc::channel();
        let mut raised = None;
        pool.in_place_scope(|scope| {
            let (outcome, stop) = (&mut outcome, &stop);
            scope.spawn(move |_| {
                // `reports` is dropped with the work, which ends the loop below.
                let mut observer = |report: R| {
                    let listening = reports.send(report).is_ok();
                    if listening && !stop.load(Ordering::Relaxed) {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                };
                *outcome = Some(work(&mut observer));
            });
            loop {
                let report = match inbox.recv_timeout(BETWEEN_CHECKS) {
                    Ok(report) => Some(report),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                if stop.load(Ordering::Relaxed) {
                    continue;
                }
                match Python::attach(|py| attend(py, callback, report)) {
                    Ok(ControlFlow::Continue(())) => {}
                    Ok(ControlFlow::Break(())) => stop.store(true, Ordering::Relaxed),
                    Err(error) => {
                        raised = Some(error);
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            }
        });
        raised
    });
    match raised {
        Some(error) => Err(Exception::Python(error)),
        None => Ok(outcome.expect("the scope waits for the work, and rethrows its panic")?),
    }
}

/// Signals first, then the callback.
fn attend<R: Report>(
    py: Python<'_>,
    callback: Option<&Py<PyAny>>,
    report: Option<R>,
) -> PyResult<ControlFlow<()>> {
    py.check_signals()?;
    let (Some(callback), Some(report)) = (callback, report) else {
        return Ok(ControlFlow::Continue(()));
    };
    let answer = callback.bind(py).call1(report)?;
    let stop = answer.extract::<bool>().is_ok_and(|go_on| !go_on);
    Ok(if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}
