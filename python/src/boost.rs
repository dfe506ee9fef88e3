//! Boosted trees as a Python object that never changes.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::boost_settings::Settings;
use crate::boost_train::{Inputs, Labels, Report, Rows, report_of};
use crate::errors::Result;
use crate::pool::pool;
use crate::table::{Table, with_rows};
use forewarn::boost::{self, Importance};
use forewarn::ndarray::Array3;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};

/// Up to here waking other threads costs more than it saves.
const ON_THIS_THREAD: usize = 1_024;

/// Trees that are added up. What their sums mean, the caller knows.
///
/// `Ensemble(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Ensemble {
    ensemble: boost::Ensemble,
}

/// A class and the arguments that make the object again.
type Reduced<'py> = (Bound<'py, PyType>, (Bound<'py, PyBytes>,));

impl Ensemble {
    /// `ask` on the threads for `n_jobs`, or at once for few rows.
    fn asked<T: Send>(
        py: Python<'_>,
        rows: usize,
        n_jobs: Option<i64>,
        ask: impl FnOnce() -> forewarn::Result<T> + Send,
    ) -> Result<T> {
        Ok(match rows {
            ..=ON_THIS_THREAD => py.detach(ask),
            _ => {
                let pool = pool(py, n_jobs)?;
                py.detach(|| pool.install(ask))
            }
        }?)
    }
}

#[pymethods]
impl Ensemble {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { ensemble: boost::Ensemble::from_bytes(data)? })
    }

    /// Grows trees, on top of those of `grown`; `progress(done, total, held_out)` may return False to
    /// stop.
    #[staticmethod]
    #[allow(clippy::too_many_arguments, reason = "only the package calls it")]
    fn train<'py>(
        py: Python<'py>,
        rows: Rows<'py>,
        held_out: Option<Rows<'py>>,
        names: Vec<String>,
        settings: Settings,
        grown: Option<PyRef<'py, Self>>,
        n_jobs: Option<i64>,
        progress: Option<Py<PyAny>>,
    ) -> Result<(Self, Report<'py>)> {
        let inputs = Inputs {
            rows: &rows,
            held_out: held_out.as_ref(),
            names,
            watch_only: settings.watch_only,
            grown: grown.as_ref().map(|grown| &grown.ensemble),
            pool: pool(py, n_jobs)?,
            progress: progress.as_ref(),
        };
        let (ensemble, report) = match &rows.1 {
            Labels::Failures(_) => {
                let model = inputs.train(py, &settings.failures()?)?;
                (model.ensemble().clone(), report_of(py, model.report()))
            }
            Labels::Classes(_) => {
                let model = inputs.train(py, &settings.classes()?)?;
                (model.ensemble().clone(), report_of(py, model.report()))
            }
            Labels::Quantities(_) => {
                let model = inputs.train(py, &settings.quantities()?)?;
                (model.ensemble().clone(), report_of(py, model.report()))
            }
        };
        Ok((Self { ensemble }, report))
    }

    /// Raw scores, rows × outputs.
    fn raw<'py>(
        &self,
        py: Python<'py>,
        x: Table<'_>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray2<f64>>> {
        let scores =
            with_rows!(x, x => Self::asked(py, x.nrows(), n_jobs, || self.ensemble.raw(x)))?;
        Ok(scores.into_pyarray(py))
    }

    /// Predictions, rows × outputs: probabilities, or quantities.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        x: Table<'_>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray2<f64>>> {
        let predictions =
            with_rows!(x, x => Self::asked(py, x.nrows(), n_jobs, || self.ensemble.predict(x)))?;
        Ok(predictions.into_pyarray(py))
    }

    /// Raw scores after each round: rounds × rows × outputs.
    fn staged<'py>(
        &self,
        py: Python<'py>,
        x: Table<'_>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray3<f64>>> {
        let outputs = self.ensemble.n_outputs();
        let rounds = self.ensemble.n_trees() / outputs;
        let stages = with_rows!(x, x => Self::asked(py, x.nrows(), n_jobs, || {
            let mut stages = Array3::zeros((rounds, x.nrows(), outputs));
            let mut to = stages.outer_iter_mut();
            self.ensemble.staged(x, |_, scores| {
                if let Some(mut to) = to.next() {
                    to.assign(&scores);
                }
            })?;
            drop(to);
            Ok(stages)
        }))?;
        Ok(stages.into_pyarray(py))
    }

    /// The leaf that each row falls into, by its number in the tree: rows × trees.
    fn leaves<'py>(
        &self,
        py: Python<'py>,
        x: Table<'_>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray2<u32>>> {
        let leaves =
            with_rows!(x, x => Self::asked(py, x.nrows(), n_jobs, || self.ensemble.leaves(x)))?;
        Ok(leaves.into_pyarray(py))
    }

    /// By how much the splits on each column lowered the training loss.
    fn gains<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.ensemble.importance(Importance::Gain).into_pyarray(py)
    }

    /// Columns of the training rows.
    #[getter]
    fn n_features(&self) -> usize {
        self.ensemble.n_features()
    }

    /// Numbers that are predicted for a row.
    #[getter]
    fn n_outputs(&self) -> usize {
        self.ensemble.n_outputs()
    }

    /// How many trees there are, over all outputs.
    #[getter]
    fn n_trees(&self) -> usize {
        self.ensemble.n_trees()
    }

    /// Names of the columns, where they are known.
    #[getter]
    fn feature_names(&self) -> Vec<String> {
        self.ensemble.feature_names().to_vec()
    }

    /// The compact binary form.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.ensemble.to_bytes()?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Result<Reduced<'py>> {
        Ok((slf.get_type(), (slf.get().to_bytes(slf.py())?,)))
    }
}
