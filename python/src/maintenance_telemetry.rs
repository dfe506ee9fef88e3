//! Telemetry from columns.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::{Exception, Result, bad_value};
use crate::series::{Doubles, slice};
use forewarn::engine::telemetry::{Attribute, Telemetry};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

/// Names, and for each row the place of its own.
pub(crate) type Named<'py> = (Vec<String>, PyReadonlyArray1<'py, i64>);
/// What happened ("failure", "event", "maintenance"), to whom, when, of which kind or part.
type Happened<'py> = (String, Named<'py>, Doubles<'py>, Option<Named<'py>>);

/// What an entity is.
#[derive(FromPyObject)]
pub(crate) enum Value {
    #[pyo3(transparent, annotation = "number")]
    Number(f64),
    #[pyo3(transparent, annotation = "string")]
    Category(String),
}

impl Value {
    pub(crate) fn attribute(&self) -> Attribute<'_> {
        match self {
            Self::Number(value) => Attribute::Number(*value),
            Self::Category(value) => Attribute::Category(value),
        }
    }
}

/// The names of rows, one after the other; empty where there is none.
struct Names<'a> {
    list: &'a [String],
    places: &'a [i64],
}

impl<'a> Names<'a> {
    fn new(named: &'a Named<'_>, rows: usize) -> Result<Self> {
        let places = named.1.as_slice().map_err(|error| Exception::Python(error.into()))?;
        if places.len() != rows {
            return Err(bad_value(format!("{} names for {rows} rows", places.len())));
        }
        Ok(Self { list: &named.0, places })
    }

    fn of(&self, row: usize) -> &'a str {
        let place = usize::try_from(self.places[row]).ok();
        place.and_then(|place| self.list.get(place)).map_or("", String::as_str)
    }
}

/// What is known of a fleet.
#[pyclass(frozen, name = "Telemetry", module = "forewarn._core")]
#[derive(Debug)]
pub(crate) struct PyTelemetry {
    pub(crate) telemetry: Telemetry,
}

#[pymethods]
impl PyTelemetry {
    /// Rows of entities, times and metrics; what happened; what entities are.
    #[staticmethod]
    fn of(
        py: Python<'_>,
        entities: Named<'_>,
        times: Doubles<'_>,
        metrics: Vec<(String, Doubles<'_>)>,
        happened: Vec<Happened<'_>>,
        attributes: Vec<(String, String, Value)>,
    ) -> Result<Self> {
        let times = slice(&times)?;
        let names = Names::new(&entities, times.len())?;
        let labels: Vec<&str> = metrics.iter().map(|(name, _)| name.as_str()).collect();
        let columns = metrics.iter().map(|(_, values)| slice(values));
        let columns = columns.collect::<Result<Vec<&[f64]>>>()?;
        if let Some(other) = columns.iter().find(|column| column.len() != times.len()) {
            return Err(bad_value(format!("{} values for {} rows", other.len(), times.len())));
        }
        let tables = happened.iter().map(|(what, who, when, kind)| {
            let when = slice(when)?;
            let who = Names::new(who, when.len())?;
            let kind = kind.as_ref().map(|kind| Names::new(kind, when.len())).transpose()?;
            Ok((what.as_str(), who, when, kind))
        });
        let tables = tables.collect::<Result<Vec<_>>>()?;
        let telemetry = py.detach(|| {
            let mut telemetry = Telemetry::new(labels)?;
            let mut values = vec![0.0; columns.len()];
            for (row, &time) in times.iter().enumerate() {
                for (value, column) in values.iter_mut().zip(&columns) {
                    *value = column[row];
                }
                telemetry.observe(names.of(row), time, &values)?;
            }
            for (what, who, when, kind) in &tables {
                for (row, &time) in when.iter().enumerate() {
                    let entity = who.of(row);
                    let kind = kind.as_ref().map_or("", |kind| kind.of(row));
                    match *what {
                        "event" => telemetry.event(entity, time, kind)?,
                        "maintenance" => telemetry.maintain(entity, time, kind)?,
                        _ if kind.is_empty() => telemetry.fail(entity, time)?,
                        _ => telemetry.fail_of(entity, time, kind)?,
                    }
                }
            }
            for (entity, attribute, value) in &attributes {
                telemetry.describe(entity, attribute, value.attribute())?;
            }
            Ok::<Telemetry, forewarn::Error>(telemetry)
        })?;
        Ok(Self { telemetry })
    }

    /// The names of the entities, in the order in which they were first heard of.
    #[getter]
    fn entities(&self) -> &[String] {
        self.telemetry.entities()
    }

    /// The names of the metrics.
    #[getter]
    fn metrics(&self) -> &[String] {
        self.telemetry.metrics()
    }

    /// The failures of an entity, with their kinds.
    fn failures(&self, entity: &str) -> Vec<(f64, Option<&str>)> {
        self.telemetry.failures(entity)
    }

    /// What is odd about it, in words.
    fn report(&self, py: Python<'_>) -> String {
        py.detach(|| self.telemetry.report()).to_string()
    }
}
