//! `NumPy` arrays as rows: float32 or float64, any memory order, borrowed and never copied.

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::FromPyObject;

/// A two-dimensional array of either type of float.
#[derive(FromPyObject)]
pub(crate) enum Table<'py> {
    #[pyo3(transparent, annotation = "float64 array")]
    Double(PyReadonlyArray2<'py, f64>),
    #[pyo3(transparent, annotation = "float32 array")]
    Single(PyReadonlyArray2<'py, f32>),
}

/// Evaluates `$body` with `$view` bound to the rows, once for each type of float.
macro_rules! with_rows {
    ($table:expr, $view:ident => $body:expr) => {
        match &$table {
            $crate::table::Table::Double(array) => {
                let $view = array.as_array();
                $body
            }
            $crate::table::Table::Single(array) => {
                let $view = array.as_array();
                $body
            }
        }
    };
}
pub(crate) use with_rows;

/// One row: an array where it is one already, else any sequence of numbers.
#[derive(FromPyObject)]
pub(crate) enum Row<'py> {
    #[pyo3(transparent, annotation = "float64 array")]
    Array(PyReadonlyArray1<'py, f64>),
    #[pyo3(transparent, annotation = "sequence of numbers")]
    Sequence(Vec<f64>),
}

impl Row<'_> {
    /// Calls `f` with the values side by side in memory; only strided arrays are copied for that.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&[f64]) -> T) -> T {
        match self {
            Self::Sequence(values) => f(values),
            Self::Array(array) => match array.as_slice() {
                Ok(values) => f(values),
                Err(_) => f(&array.as_array().to_vec()),
            },
        }
    }
}
