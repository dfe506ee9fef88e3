//! What is known of a fleet: readings, events, maintenance, failures, attributes.
//!
//! An entity is whatever fails as a whole: a machine, a service, a disk, a queue. Times are Unix
//! seconds or those of any other clock with one origin for all, such as cycles since an engine was
//! new.
//!
//! ```
//! use forewarn::engine::telemetry::Telemetry;
//!
//! let mut fleet = Telemetry::new(["temperature", "vibration"])?;
//! fleet.observe("pump 1", 7_200.0, &[41.5, f64::NAN])?;
//! fleet.observe("pump 1", 3_600.0, &[41.0, 0.8])?; // late: put in its place
//! fleet.measure("pump 1", 7_200.0, "vibration", 0.9)?; // fills a gap
//! fleet.event("pump 1", 5_000.0, "overload")?;
//! fleet.maintain("pump 1", 6_000.0, "bearing")?;
//! fleet.fail("pump 1", 9_000.0)?;
//! fleet.describe("pump 1", "model", "B200")?;
//! fleet.describe("pump 1", "power", 7.5)?;
//!
//! let report = fleet.report();
//! assert_eq!((report.rows, report.late_rows, report.repeated_rows), (2, 1, 1));
//! assert_eq!(report.contradicted_values, 0);
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # Rules
//! - Rows may come in any order. They are used in order of time.
//! - Of several rows of one entity at one time, the first given stands, and later ones fill its gaps.
//! - A failure ends a life. A row at that time or later belongs to the next one: where the last row of
//!   a life shows the failure itself, give the failure a later time, such as that of the row that would
//!   have been next.
//! - NaN is a missing value; ±∞ is refused, with its row.
//! - Nothing is put right silently: see [`Telemetry::report`].

mod attribute;
mod fill;
pub(in crate::engine) mod names;
pub(in crate::engine) mod record;
mod report;

pub use attribute::Attribute;
pub(in crate::engine) use attribute::Values;
pub use report::{TelemetryReport, Vanished};

use crate::error::{Error, Result};
use names::Names;
use record::Record;

/// Times are at most this far from 0: beyond, an `f64` would not tell milliseconds apart.
pub(in crate::engine) const LATEST: f64 = 1e12;

/// Values are at most this far from 0: the squares of larger ones would overflow.
pub(in crate::engine) const LARGEST: f64 = 1e150;

/// What is known of a fleet. See the [module](self) for an example and the rules.
///
/// Takes `8 (metrics + 1)` bytes a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Telemetry {
    pub(in crate::engine) metrics: Names,
    pub(in crate::engine) event_kinds: Names,
    pub(in crate::engine) parts: Names,
    pub(in crate::engine) failure_kinds: Names,
    pub(in crate::engine) attributes: Names,
    pub(in crate::engine) attribute_values: Vec<Values>,
    pub(in crate::engine) entities: Names,
    pub(in crate::engine) records: Vec<Record>,
    /// Rows given.
    given: usize,
}

impl Telemetry {
    /// Nothing yet, of these metrics; none where only events are known.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for a metric without a name or two of one name.
    pub fn new<S: Into<String>>(metrics: impl IntoIterator<Item = S>) -> Result<Self> {
        Ok(Self { metrics: Names::distinct("metric", metrics)?, ..Self::default() })
    }

    /// The names of the metrics.
    #[must_use]
    pub fn metrics(&self) -> &[String] {
        self.metrics.list()
    }

    /// The names of the entities, in the order in which they were first heard of.
    #[must_use]
    pub fn entities(&self) -> &[String] {
        self.entities.list()
    }

    /// The kinds of events so far.
    #[must_use]
    pub fn event_kinds(&self) -> &[String] {
        self.event_kinds.list()
    }

    /// The parts that were maintained so far.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        self.parts.list()
    }

    /// The kinds of failures so far.
    #[must_use]
    pub fn failure_kinds(&self) -> &[String] {
        self.failure_kinds.list()
    }

    /// The attributes so far.
    #[must_use]
    pub fn attributes(&self) -> &[String] {
        self.attributes.list()
    }

    /// Rows of readings that were given; [`report`](Self::report) counts those of distinct times.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.given
    }

    /// The failures of an entity in order of time, with their kinds; none if it is unknown.
    #[must_use]
    pub fn failures(&self, entity: &str) -> Vec<(f64, Option<&str>)> {
        let record = self.entities.find(entity).map(|entity| &self.records[entity]);
        let failures = record.map_or(&[][..], |record| &record.failures);
        let name = |kind: u32| self.failure_kinds.list()[kind as usize].as_str();
        let mut failures: Vec<_> =
            failures.iter().map(|&(time, kind)| (time, kind.map(name))).collect();
        failures.sort_by(|a, b| a.0.total_cmp(&b.0));
        failures
    }

    /// What is odd about it. O(n log n) where rows came out of order, else O(n).
    #[must_use]
    pub fn report(&self) -> TelemetryReport {
        TelemetryReport::of(self)
    }

    /// What is known of one entity alone; nothing if it is unknown.
    pub(in crate::engine) fn only(&self, entity: &str) -> Self {
        let mut alone = Self {
            metrics: self.metrics.clone(),
            event_kinds: self.event_kinds.clone(),
            parts: self.parts.clone(),
            failure_kinds: self.failure_kinds.clone(),
            attributes: self.attributes.clone(),
            attribute_values: self.attribute_values.clone(),
            ..Self::default()
        };
        if let Some(number) = self.entities.find(entity)
            && let Ok(only) = alone.number(entity)
        {
            alone.records[only] = self.records[number].clone();
            alone.given = self.records[number].rows(self.metrics.len()).times.len();
        }
        alone
    }

    /// The number of an entity, which gets a record if it was never heard of.
    fn number(&mut self, entity: &str) -> Result<usize> {
        let number = self.entities.number("entity", entity)?;
        if number == self.records.len() {
            self.records.push(Record::new());
        }
        Ok(number)
    }
}

/// Whether this can be a time.
pub(in crate::engine) fn check_time(time: f64) -> Result<()> {
    if (-LATEST..=LATEST).contains(&time) {
        return Ok(());
    }
    Err(Error::OutOfRange { name: "time", value: time, allowed: "from -1e12 to 1e12" })
}

/// Whether these can be the readings of a row.
pub(in crate::engine) fn check_values(row: usize, values: &[f64], metrics: usize) -> Result<()> {
    if values.len() != metrics {
        return Err(Error::Width { expected: metrics, found: values.len() });
    }
    for (column, &value) in values.iter().enumerate() {
        if value.is_infinite() {
            return Err(Error::Infinite { row, column, value });
        }
        if value.abs() > LARGEST {
            let allowed = "from -1e150 to 1e150, or NaN if missing";
            return Err(Error::OutOfRange { name: "value", value, allowed });
        }
    }
    Ok(())
}
