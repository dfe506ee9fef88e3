//! One-dimensional arrays as slices, where they lie.

use crate::errors::{Exception, Result};
use numpy::PyReadonlyArray1;
use pyo3::PyErr;

/// Doubles of an array whose values are side by side, as the Python side hands them over.
pub(crate) type Doubles<'py> = PyReadonlyArray1<'py, f64>;

/// The values of an array.
pub(crate) fn slice<'a>(array: &'a Doubles<'_>) -> Result<&'a [f64]> {
    array.as_slice().map_err(|error| Exception::Python(PyErr::from(error)))
}
