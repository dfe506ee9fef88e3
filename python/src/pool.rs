//! Threads: one pool for each number of jobs that was ever asked for, kept for the next call.

use crate::errors::{Exception, Result, bad_value};
use pyo3::Python;
use pyo3::exceptions::PyRuntimeError;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

struct Kept {
    /// Threads do not survive a fork: a child that waited for its parent's would wait for ever.
    process: u32,
    threads: usize,
    pool: Arc<ThreadPool>,
}

/// Pools of a parent process stay in a forked child's list, never used and never dropped: dropping
/// one would ask its threads, which are not there, to end.
static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

/// The pool for `n_jobs` as joblib counts: `None` and −1 are all cores, −2 all but one.
///
/// The list is only locked by threads that are attached to the interpreter, which are not in the
/// middle of that when one of them forks.
pub(crate) fn pool(_attached: Python<'_>, n_jobs: Option<i64>) -> Result<Arc<ThreadPool>> {
    let threads = threads(n_jobs)?;
    let process = std::process::id();
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let found = kept.iter().find(|kept| kept.process == process && kept.threads == threads);
    if let Some(found) = found {
        return Ok(Arc::clone(&found.pool));
    }
    let builder =
        ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("forewarn-{i}"));
    let pool = Arc::new(builder.build().map_err(|error| {
        let message = format!("cannot start {threads} threads: {error}");
        Exception::Python(PyRuntimeError::new_err(message))
    })?);
    kept.push(Kept { process, threads, pool: Arc::clone(&pool) });
    Ok(pool)
}

fn threads(n_jobs: Option<i64>) -> Result<usize> {
    match n_jobs.unwrap_or(-1) {
        0 => Err(bad_value("n_jobs is 0: it must be at least 1, or negative, or None".to_owned())),
        jobs @ 1.. => Ok(jobs as usize),
        jobs => Ok((cores() + 1).saturating_sub(jobs.unsigned_abs() as usize).max(1)),
    }
}

/// Asked once: the answer comes from files on some systems.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}
