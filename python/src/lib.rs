//! Python bindings: the module `forewarn._core`, which the package `forewarn` is written on.

mod errors;
mod forest;
mod pool;
mod settings;
mod table;
mod watch;

#[pyo3::pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use crate::errors::CancelledError;
    #[pymodule_export]
    use crate::forest::Forest;
}
