//! Boosted trees, and what else a model answers with, as a Python object that never changes.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::boost_model::Model;
use crate::boost_settings::Settings;
use crate::boost_train::{Inputs, Labels, Lives, Report, Rows, report_of};
use crate::errors::Result;
use crate::pool::pool;
use crate::table::{Table, with_rows};
use forewarn::boost::{self, Importance};
use forewarn::ndarray::{Array3, Axis};
use forewarn::prelude::*;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};

/// Up to here waking other threads costs more than it saves.
const ON_THIS_THREAD: usize = 1_024;

/// A model of boosted trees. What its numbers mean, the caller knows.
///
/// `Boosted(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Boosted {
    model: Model,
}

/// A class and the arguments that make the object again.
type Reduced<'py> = (Bound<'py, PyType>, (Bound<'py, PyBytes>,));

impl Boosted {
    fn ensemble(&self) -> &boost::Ensemble {
        self.model.ensemble()
    }

    /// `ask` on the threads for `n_jobs`, or at once for few rows.
    fn asked<T: Send>(
        py: Python<'_>,
        rows: usize,
        n_jobs: Option<i64>,
        ask: impl FnOnce() -> forewarn::Result<T> + Send,
    ) -> Result<T> {
        if rows <= ON_THIS_THREAD {
            return Ok(py.detach(ask)?);
        }
        let pool = pool(py, n_jobs)?;
        Ok(py.detach(|| pool.install(ask))?)
    }
}

/// What `$ask` finds for the rows of `$x`, of either type of float, as an array for Python.
macro_rules! answers {
    ($py:ident, $x:ident, $n_jobs:ident, $ask:expr) => {
        Ok(with_rows!($x, $x => Self::asked($py, $x.nrows(), $n_jobs, || $ask))?.into_pyarray($py))
    };
}

#[pymethods]
impl Boosted {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { model: Model::from_bytes(data)? })
    }

    /// Grows trees, on top of those of `grown`; `progress(done, total, held_out)` may return False to
    /// stop.
    #[staticmethod]
    #[allow(clippy::too_many_arguments, reason = "only the package calls it")]
    fn train<'py>(
        py: Python<'py>,
        rows: Rows<'py>,
        groups: Option<PyReadonlyArray1<'py, i64>>,
        held_out: Option<Rows<'py>>,
        names: Vec<String>,
        settings: Settings,
        grown: Option<Bound<'py, Self>>,
        n_jobs: Option<i64>,
        progress: Option<Py<PyAny>>,
    ) -> Result<(Self, Report<'py>)> {
        let inputs = Inputs {
            rows: &rows,
            groups: groups.as_ref(),
            held_out: held_out.as_ref(),
            names,
            watch_only: settings.watch_only,
            grown: grown.as_ref().map(|grown| grown.get().ensemble()),
            pool: pool(py, n_jobs)?,
            progress: progress.as_ref(),
        };
        let model = match &rows.1 {
            Labels::Failures(_) => Model::Failures(inputs.train(py, &settings.failures()?)?),
            Labels::Classes(_) => Model::Classes(inputs.train(py, &settings.classes()?)?),
            Labels::Quantities(_) => Model::Quantities(inputs.train(py, &settings.quantities()?)?),
            Labels::Lives(_) => Model::Times(match settings.loss.as_str() {
                "cox" => inputs.train(py, &settings.cox())?,
                "hazard" => inputs.train(py, &settings.hazard()?)?,
                _ => inputs.train(py, &settings.aft()?)?,
            }),
        };
        let report = report_of(py, model.report());
        Ok((Self { model }, report))
    }

    /// Reads a model that LightGBM has saved as text.
    #[staticmethod]
    fn from_lightgbm(text: &str) -> Result<Self> {
        Ok(Self { model: Model::Trees(boost::Ensemble::from_lightgbm(text)?) })
    }

    /// Reads a model that XGBoost has saved as JSON or UBJSON.
    #[staticmethod]
    fn from_xgboost(data: &[u8]) -> Result<Self> {
        Ok(Self { model: Model::Trees(boost::Ensemble::from_xgboost(data)?) })
    }

    /// The trees as text that LightGBM reads.
    fn to_lightgbm(&self) -> Result<String> {
        Ok(self.ensemble().to_lightgbm()?)
    }

    /// Raw scores, rows × outputs.
    fn raw<'py>(
        &self,
        py: Python<'py>,
        x: Table<'_>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray2<f64>>> {
        answers!(py, x, n_jobs, self.ensemble().raw(x))
    }

    /// Predictions, rows × outputs: probabilities, or quantities.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        x: Table<'_>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray2<f64>>> {
        answers!(py, x, n_jobs, self.model.predict(x))
    }

    /// Raw scores after each round: rounds × rows × outputs.
    fn staged<'py>(
        &self,
        py: Python<'py>,
        x: Table<'_>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray3<f64>>> {
        let outputs = self.ensemble().n_outputs();
        let rounds = self.ensemble().n_trees() / outputs;
        answers!(py, x, n_jobs, {
            let mut stages = Array3::zeros((rounds, x.nrows(), outputs));
            self.ensemble().staged(x, |round, scores| {
                stages.index_axis_mut(Axis(0), round - 1).assign(&scores);
            })?;
            Ok(stages)
        })
    }

    /// The leaf that each row falls into, by its number in the tree: rows × trees.
    fn leaves<'py>(
        &self,
        py: Python<'py>,
        x: Table<'_>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray2<u32>>> {
        answers!(py, x, n_jobs, self.ensemble().leaves(x))
    }

    /// By how much the splits on each column lowered the training loss.
    fn gains<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.ensemble().importance(Importance::Gain).into_pyarray(py)
    }

    /// What each column adds to the raw score of each row: rows × outputs × (columns + 1), the last
    /// being what the others count from.
    fn contributions<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray2<'_, f64>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray3<f64>>> {
        let x = x.as_array();
        let found = Self::asked(py, usize::MAX, n_jobs, || self.ensemble().contributions(x))?;
        Ok(found.into_pyarray(py))
    }

    /// The raw scores of a row of which nothing is known, one an output.
    fn expectation<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.ensemble().expectation().into_pyarray(py)
    }

    /// The share of such rows that is alive after each of some times, counted from their ages.
    fn survival<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray2<'_, f64>,
        times: Vec<f64>,
        ages: Option<Vec<f64>>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray2<f64>>> {
        let x = x.as_array();
        let ask = || self.model.forecast(x, ages.as_deref())?.survival(&times);
        Ok(Self::asked(py, usize::MAX, n_jobs, ask)?.into_pyarray(py))
    }

    /// The time by which a failure has this probability, counted from their ages.
    fn time<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray2<'_, f64>,
        probability: f64,
        ages: Option<Vec<f64>>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray1<f64>>> {
        let x = x.as_array();
        let ask = || self.model.forecast(x, ages.as_deref())?.quantile(probability);
        Ok(Self::asked(py, usize::MAX, n_jobs, ask)?.into_pyarray(py))
    }

    /// Higher for rows that fail sooner.
    fn risk<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray2<'_, f64>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray1<f64>>> {
        let x = x.as_array();
        let ask = || self.model.times()?.score(x);
        Ok(Self::asked(py, usize::MAX, n_jobs, ask)?.into_pyarray(py))
    }

    /// Columns of the training rows.
    #[getter]
    fn n_features(&self) -> usize {
        self.model.n_features()
    }

    /// Numbers that are predicted for a row.
    #[getter]
    fn n_outputs(&self) -> usize {
        self.ensemble().n_outputs()
    }

    /// Whether predictions are not what the link makes of raw scores.
    #[getter]
    fn calibrated(&self) -> bool {
        matches!(&self.model, Model::Failures(model) if model.calibrator().is_some())
    }

    /// Whether the model can be asked for times.
    #[getter]
    fn knows_times(&self) -> bool {
        self.model.times().is_ok()
    }

    /// What makes predictions of raw scores: "logistic", "softmax", ….
    #[getter]
    fn link(&self) -> &'static str {
        self.model.link()
    }

    /// How many trees there are, over all outputs.
    #[getter]
    fn n_trees(&self) -> usize {
        self.ensemble().n_trees()
    }

    /// Names of the columns, where they are known.
    #[getter]
    fn feature_names(&self) -> Vec<String> {
        self.ensemble().feature_names().to_vec()
    }

    /// The compact binary form.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.model.to_bytes()?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Result<Reduced<'py>> {
        Ok((slf.get_type(), (slf.get().to_bytes(slf.py())?,)))
    }
}

/// Of the pairs of lives of which it is known which ended first, the share in which it had the higher
/// risk (Harrell's index).
#[pyfunction]
pub(crate) fn concordance(lives: Lives, risks: PyReadonlyArray1<'_, f64>) -> Result<f64> {
    let risks = risks.as_array().to_vec();
    Ok(forewarn::metrics::survival::concordance(&lives.0, &risks)?)
}
