//! The one map from what can go wrong in Rust to Python's exceptions.

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::{PyErr, create_exception};

create_exception!(
    forewarn,
    CancelledError,
    PyRuntimeError,
    "Training was stopped by its progress callback; the estimator is as it was before."
);

create_exception!(
    forewarn,
    Rejected,
    PyRuntimeError,
    "A call that a circuit breaker did not let through; it was not made.

    ``state`` is the state of the circuit; ``retry_after`` says in how many seconds to come back, or
    is None while the circuit is forced open.

    Examples
    --------
    >>> from forewarn import CircuitBreaker, Rejected
    >>> breaker = CircuitBreaker(consecutive=3, open_time=5.0)
    >>> breaker.force('open')
    >>> try:
    ...     with breaker:
    ...         pass
    ... except Rejected as error:
    ...     print(error, error.state, error.retry_after)
    rejected: the circuit is forced open forced_open None
    "
);

/// What went wrong, and where: in the library, or in Python code that was called from here.
#[derive(Debug)]
pub(crate) enum Exception {
    Library(forewarn::Error),
    Python(PyErr),
}

pub(crate) type Result<T> = std::result::Result<T, Exception>;

impl From<forewarn::Error> for Exception {
    fn from(error: forewarn::Error) -> Self {
        Self::Library(error)
    }
}

impl From<PyErr> for Exception {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Exception> for PyErr {
    fn from(exception: Exception) -> Self {
        match exception {
            Exception::Python(error) => error,
            Exception::Library(error @ forewarn::Error::Cancelled { .. }) => {
                CancelledError::new_err(error.to_string())
            }
            // Every other error says which value was wrong and what is allowed.
            Exception::Library(error) => PyValueError::new_err(error.to_string()),
        }
    }
}

/// A bad argument, in the words of the Python side.
pub(crate) fn bad_value(message: String) -> Exception {
    Exception::Python(PyValueError::new_err(message))
}
