//! The trained forest as a Python object that never changes: what would change it makes another.
//!
//! So one thread may score while another teaches, and a failure leaves everything as it was.
//! Higher scores are worse here, as in the library; `sklearn.py` turns the sign.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::pool::pool;
use crate::settings::Settings;
use crate::table::{Row, Table, with_rows};
use crate::watch::watch;
use forewarn::forest::{IsolationForest, Verdict};
use forewarn::ndarray::{Array1, ArrayView2, Axis, array};
use forewarn::prelude::*;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};

/// The first row, side by side in memory.
fn only_row<T: Copy + Into<f64>>(x: ArrayView2<'_, T>) -> Vec<f64> {
    x.row(0).iter().map(|&value| value.into()).collect()
}

/// Up to here the library scores on the calling thread anyway; waking another would only add time.
const ON_THIS_THREAD: usize = 1_024;

/// A trained isolation forest. Scores are in (0, 1); higher is worse.
///
/// `Forest(data)` reads what `to_bytes` wrote.
#[pyclass(frozen, module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct Forest {
    forest: IsolationForest,
}

type Progress = Option<Py<PyAny>>;
/// A class and the arguments that make the object again.
type Reduced<'py> = (Bound<'py, PyType>, (Bound<'py, PyBytes>,));
type Weight<'py> = Option<PyReadonlyArray1<'py, f64>>;

#[pymethods]
impl Forest {
    #[new]
    fn new(data: &[u8]) -> Result<Self> {
        Ok(Self { forest: IsolationForest::from_bytes(data)? })
    }

    /// Grows a forest; `progress(done, total)` may return False to stop.
    #[staticmethod]
    fn train(
        py: Python<'_>,
        x: Table<'_>,
        weight: Weight<'_>,
        settings: Settings,
        n_jobs: Option<i64>,
        progress: Progress,
    ) -> Result<Self> {
        let params = settings.params()?;
        let pool = pool(py, n_jobs)?;
        let weight = weight.as_ref().map(PyReadonlyArray::as_array);
        let forest = with_rows!(x, x => {
            watch(py, &pool, progress.as_ref(), |observer| {
                params.train_values(x, weight, &mut |done, total| observer((done, total)))
            })
        })?;
        Ok(Self { forest })
    }

    /// This forest and `more` trees.
    fn extend(
        &self,
        py: Python<'_>,
        x: Table<'_>,
        weight: Weight<'_>,
        more: usize,
        n_jobs: Option<i64>,
        progress: Progress,
    ) -> Result<Self> {
        let pool = pool(py, n_jobs)?;
        let weight = weight.as_ref().map(PyReadonlyArray::as_array);
        let mut forest = self.forest.clone();
        with_rows!(x, x => {
            watch(py, &pool, progress.as_ref(), |observer| {
                forest.extend_values(x, weight, more, &mut |done, total| observer((done, total)))
            })
        })?;
        Ok(Self { forest })
    }

    /// One forest of the trees of all.
    #[staticmethod]
    fn merge(forests: Vec<PyRef<'_, Self>>) -> Result<Self> {
        let forests = forests.iter().map(|forest| forest.forest.clone()).collect();
        Ok(Self { forest: IsolationForest::merge(forests)? })
    }

    /// This forest after verdicts: True confirms that a row is an anomaly, False rejects it.
    fn learn(
        &self,
        py: Python<'_>,
        x: PyReadonlyArray2<'_, f64>,
        confirmed: Vec<bool>,
        n_jobs: Option<i64>,
    ) -> Result<Self> {
        let verdicts: Vec<Verdict> = confirmed
            .into_iter()
            .map(|yes| if yes { Verdict::Confirmed } else { Verdict::Rejected })
            .collect();
        let pool = pool(py, n_jobs)?;
        let mut forest = self.forest.clone();
        let x = x.as_array();
        py.detach(|| pool.install(|| forest.learn(x, &verdicts)))?;
        Ok(Self { forest })
    }

    /// This forest with threshold and ranks learned from `x`.
    fn calibrate(
        &self,
        py: Python<'_>,
        x: PyReadonlyArray2<'_, f64>,
        contamination: Option<f64>,
        n_jobs: Option<i64>,
    ) -> Result<Self> {
        let pool = pool(py, n_jobs)?;
        let mut forest = self.forest.clone();
        let x = x.as_array();
        py.detach(|| pool.install(|| forest.calibrate(x, contamination)))?;
        Ok(Self { forest })
    }

    /// The scores of rows.
    fn score<'py>(
        &self,
        py: Python<'py>,
        x: Table<'_>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray1<f64>>> {
        let forest = &self.forest;
        let scores = with_rows!(x, x => match x.nrows() {
            1 => forest.score_one(&only_row(x)).map(|score| array![score]),
            2..=ON_THIS_THREAD => py.detach(|| forest.score_values(x)),
            _ => {
                let pool = pool(py, n_jobs)?;
                py.detach(|| pool.install(|| forest.score_values(x)))
            }
        })?;
        Ok(scores.into_pyarray(py))
    }

    /// The score of one row.
    fn score_one(&self, row: Row<'_>) -> Result<f64> {
        Ok(row.with(|row| self.forest.score_one(row))?)
    }

    /// For each score, the share of the training rows that scored lower.
    fn rank<'py>(
        &self,
        py: Python<'py>,
        scores: PyReadonlyArray1<'_, f64>,
    ) -> Result<Bound<'py, PyArray1<f64>>> {
        let scores = scores.as_array();
        let ranks: forewarn::Result<Vec<f64>> =
            py.detach(|| scores.iter().map(|&score| self.forest.rank(score)).collect());
        Ok(ranks?.into_pyarray(py))
    }

    /// What each column adds to each row's score above the expectation.
    fn explain<'py>(
        &self,
        py: Python<'py>,
        x: Table<'_>,
        n_jobs: Option<i64>,
    ) -> Result<Bound<'py, PyArray2<f64>>> {
        let forest = &self.forest;
        let contributions = with_rows!(x, x => if x.nrows() == 1 {
            let explanation = forest.explain_one(&only_row(x));
            explanation.map(|it| Array1::from(it.contributions).insert_axis(Axis(0)))
        } else {
            let pool = pool(py, n_jobs)?;
            py.detach(|| pool.install(|| forest.explain_values(x)))
        })?;
        Ok(contributions.into_pyarray(py))
    }

    /// What each column adds to one row's score above the expectation.
    fn explain_one<'py>(&self, py: Python<'py>, row: Row<'_>) -> Result<Bound<'py, PyArray1<f64>>> {
        let explanation = row.with(|row| self.forest.explain_one(row))?;
        Ok(explanation.contributions.into_pyarray(py))
    }

    /// The mean score of some rows, of later ones, and what each column adds to the rise between them.
    fn explain_change<'py>(
        &self,
        py: Python<'py>,
        before: PyReadonlyArray2<'_, f64>,
        during: PyReadonlyArray2<'_, f64>,
        n_jobs: Option<i64>,
    ) -> Result<(f64, f64, Bound<'py, PyArray1<f64>>)> {
        let pool = pool(py, n_jobs)?;
        let (before, during) = (before.as_array(), during.as_array());
        let change = py.detach(|| pool.install(|| self.forest.explain_change(before, during)))?;
        Ok((change.before, change.during, change.contributions.into_pyarray(py)))
    }

    /// The share of each column in what sets scores apart; sums to 1.
    fn importance<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.forest.importance().into_pyarray(py)
    }

    /// The score that contributions count from.
    #[getter]
    fn expectation(&self) -> f64 {
        self.forest.expectation()
    }

    /// Scores above it are called anomalies.
    #[getter]
    fn threshold(&self) -> f64 {
        self.forest.threshold()
    }

    /// Columns of the training rows.
    #[getter]
    fn n_features(&self) -> usize {
        self.forest.n_features()
    }

    /// How many trees there are.
    #[getter]
    fn n_trees(&self) -> usize {
        self.forest.n_trees()
    }

    /// How many rows each tree was grown on.
    #[getter]
    fn sample_size(&self) -> usize {
        self.forest.sample_size()
    }

    /// The compact binary form.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.forest.to_bytes()?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Result<Reduced<'py>> {
        Ok((slf.get_type(), (slf.get().to_bytes(slf.py())?,)))
    }
}
