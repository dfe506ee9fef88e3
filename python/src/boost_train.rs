//! One training of boosted trees: arrays in, trees and what there is to say about them out.

use crate::errors::{Result, bad_value};
use crate::watch::{Observer, watch};
use forewarn::Lifetime;
use forewarn::boost::{self, BoostingParams, Objective, Round, TrainingReport, Warning};
use forewarn::ndarray::ArrayView1;
use forewarn::prelude::*;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::ThreadPool;
use std::sync::Arc;

/// What is to be learned of each row; the type of the array says what kind of model it is for.
#[derive(FromPyObject)]
pub(crate) enum Labels<'py> {
    #[pyo3(transparent, annotation = "bool array")]
    Failures(PyReadonlyArray1<'py, bool>),
    #[pyo3(transparent, annotation = "uint32 array")]
    Classes(PyReadonlyArray1<'py, u32>),
    #[pyo3(transparent, annotation = "float64 array")]
    Quantities(PyReadonlyArray1<'py, f64>),
    #[pyo3(transparent, annotation = "float64 array of two columns")]
    Lives(Lives),
}

/// When each row failed: after the first time and at the second at the latest. Two equal times are
/// that of the failure; where the second is infinite, the row was alive at the first; where the first
/// is not above 0, it had failed by the second.
pub(crate) struct Lives(pub(crate) Vec<Lifetime>);

impl<'a, 'py> FromPyObject<'a, 'py> for Lives {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let bounds: PyReadonlyArray2<'py, f64> = object.extract()?;
        let bounds = bounds.as_array();
        if bounds.ncols() != 2 {
            return Err(PyValueError::new_err("lives have two times each"));
        }
        let life = |bounds: ArrayView1<'_, f64>| match (bounds[0], bounds[1]) {
            (from, f64::INFINITY) => Lifetime::Alive(from),
            (from, to) if from == to => Lifetime::Failed(to),
            (from, to) if from <= 0.0 => Lifetime::FailedBy(to),
            (from, to) => Lifetime::Between(from, to),
        };
        Ok(Self(bounds.rows().into_iter().map(life).collect()))
    }
}

/// Labels of one type.
pub(crate) trait Label: Sized {
    /// The labels, if they are of this type.
    fn of<'a>(labels: &'a Labels<'_>) -> Option<&'a [Self]>;
}

macro_rules! label {
    ($type:ty, $kind:ident) => {
        impl Label for $type {
            fn of<'a>(labels: &'a Labels<'_>) -> Option<&'a [Self]> {
                match labels {
                    Labels::$kind(labels) => labels.as_slice().ok(),
                    _ => None,
                }
            }
        }
    };
}

label!(bool, Failures);
label!(u32, Classes);
label!(f64, Quantities);

impl Label for Lifetime {
    fn of<'a>(labels: &'a Labels<'_>) -> Option<&'a [Self]> {
        match labels {
            Labels::Lives(lives) => Some(&lives.0),
            _ => None,
        }
    }
}

/// Rows, labels, weights.
pub(crate) type Rows<'py> =
    (PyReadonlyArray2<'py, f64>, Labels<'py>, Option<PyReadonlyArray1<'py, f64>>);

/// Borrowed for less long: views do not shrink by themselves.
fn again<'a, L>(batch: &'a Batch<'_, [L]>) -> Batch<'a, [L]> {
    let weight = batch.weight.as_ref().map(|weight| weight.reborrow());
    Batch { x: batch.x.reborrow(), y: batch.y, weight }
}

fn batch<'a, L: Label>(rows: &'a Rows<'_>) -> Result<Batch<'a, [L]>> {
    let labels = L::of(&rows.1).ok_or_else(|| {
        bad_value("labels must be of one type, and side by side in memory".to_owned())
    })?;
    let batch = Batch::new(rows.0.as_array()).with_target(labels);
    Ok(match &rows.2 {
        Some(weight) => batch.with_weight(weight.as_array()),
        None => batch,
    })
}

/// What goes into a training beside its settings.
pub(crate) struct Inputs<'a, 'py> {
    pub(crate) rows: &'a Rows<'py>,
    /// The number of each row's group.
    pub(crate) groups: Option<&'a PyReadonlyArray1<'py, i64>>,
    pub(crate) held_out: Option<&'a Rows<'py>>,
    pub(crate) names: Vec<String>,
    /// Whether held-out rows are to be judged, but not to end the training.
    pub(crate) watch_only: bool,
    /// Trees to start from.
    pub(crate) grown: Option<&'a boost::Ensemble>,
    pub(crate) pool: Arc<ThreadPool>,
    pub(crate) progress: Option<&'a Py<PyAny>>,
}

impl Inputs<'_, '_> {
    pub(crate) fn train<O>(self, py: Python<'_>, params: &BoostingParams<O>) -> Result<O::Model>
    where
        O: Objective<Label: Label> + Send,
        O::Model: Send,
    {
        let rows = batch(self.rows)?;
        let held_out = self.held_out.map(batch).transpose()?;
        let groups = self.groups.map(PyReadonlyArray1::as_array);
        let (names, grown, watch_only) = (self.names, self.grown, self.watch_only);
        watch(py, &self.pool, self.progress, move |observer: &mut Observer<'_, _>| {
            let mut tell = |round: &Round| observer((round.done, round.total, round.held_out));
            let mut training = params.training(again(&rows)).names(names).observe(&mut tell);
            if let Some(held_out) = &held_out {
                training = training.held_out(again(held_out));
            }
            if let Some(groups) = groups.as_ref().and_then(|groups| groups.as_slice()) {
                training = training.groups(groups);
            }
            if watch_only {
                training = training.watch_only();
            }
            if let Some(grown) = grown {
                training = training.continue_from(grown);
            }
            training.run()
        })
    }
}

/// Rounds that were kept; the measure of the held-out rows by round; warnings, each with the column
/// that it is about.
pub(crate) type Report<'py> = (usize, Bound<'py, PyArray1<f64>>, Vec<(String, Option<usize>)>);

pub(crate) fn report_of(py: Python<'_>, report: TrainingReport) -> Report<'_> {
    let column = |warning: &Warning| match *warning {
        Warning::ConstantColumn { column } | Warning::LeakageSuspect { column, .. } => Some(column),
        _ => None,
    };
    let warnings = report.warnings.iter().map(|warning| (warning.to_string(), column(warning)));
    (report.rounds, report.held_out.into_pyarray(py), warnings.collect())
}
