//! Putting things into telemetry.

use super::attribute::{Attribute, Values};
use super::names::check_named;
use super::{Telemetry, check_time, check_values};
use crate::error::{Error, Result};

impl Telemetry {
    /// Readings of all metrics, in the order of [`metrics`](Self::metrics); NaN is missing.
    ///
    /// # Errors
    /// [`Error::Width`] for another number of values; [`Error::Infinite`] for ±∞, whose `row` counts
    /// all rows given so far; [`Error::OutOfRange`] for a value beyond ±1e150 or a time that is not
    /// within ±1e12; [`Error::Incompatible`] for an entity without a name. A refused row changes
    /// nothing.
    pub fn observe(&mut self, entity: &str, time: f64, values: &[f64]) -> Result<()> {
        check_time(time)?;
        check_values(self.given, values, self.metrics.len())?;
        let number = self.number(entity)?;
        self.records[number].push(time, values);
        self.given += 1;
        Ok(())
    }

    /// A reading of one metric: for sources that give each on its own. All metrics at one time make
    /// one row.
    ///
    /// # Errors
    /// As [`observe`](Self::observe); [`Error::Incompatible`] for a metric that was not declared.
    pub fn measure(&mut self, entity: &str, time: f64, metric: &str, value: f64) -> Result<()> {
        let Some(column) = self.metrics.find(metric) else {
            let known = self.metrics.list().join(", ");
            let reason = format!("metric {metric:?} is not known: the metrics are {known}");
            return Err(Error::Incompatible { reason });
        };
        let mut values = vec![f64::NAN; self.metrics.len()];
        values[column] = value;
        self.observe(entity, time, &values)
    }

    /// Rows of an entity, a time and all readings, from any source.
    ///
    /// # Errors
    /// As [`observe`](Self::observe), for the first row that is refused; those before it stay.
    ///
    /// ```
    /// use forewarn::engine::telemetry::Telemetry;
    ///
    /// let mut fleet = Telemetry::new(["load"])?;
    /// let file = "a,0,0.5\na,60,0.7\nb,0,0.1";
    /// fleet.observe_all(file.lines().map(|line| {
    ///     let mut fields = line.split(',');
    ///     let entity = fields.next().unwrap_or_default();
    ///     let mut number = || fields.next().and_then(|field| field.parse().ok()).unwrap_or(f64::NAN);
    ///     (entity, number(), [number()])
    /// }))?;
    /// assert_eq!(fleet.entities(), ["a", "b"]);
    /// assert_eq!(fleet.n_rows(), 3);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn observe_all<E: AsRef<str>, V: AsRef<[f64]>>(
        &mut self,
        rows: impl IntoIterator<Item = (E, f64, V)>,
    ) -> Result<()> {
        rows.into_iter().try_for_each(|(entity, time, values)| {
            self.observe(entity.as_ref(), time, values.as_ref())
        })
    }

    /// A table, column by column: who, when, and each metric with its name.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`observe`](Self::observe); [`Error::Length`] for columns of different
    /// lengths.
    ///
    /// ```
    /// use forewarn::engine::telemetry::Telemetry;
    ///
    /// let load = [0.5, 0.7, 0.1];
    /// let fleet = Telemetry::from_columns(&["a", "a", "b"], &[0.0, 60.0, 0.0], &[("load", &load)])?;
    /// assert_eq!(fleet.report().single_rows, ["b"]);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn from_columns<E: AsRef<str>>(
        entities: &[E],
        times: &[f64],
        metrics: &[(&str, &[f64])],
    ) -> Result<Self> {
        let mut telemetry = Self::new(metrics.iter().map(|&(name, _)| name))?;
        let expected = entities.len();
        let lengths = metrics.iter().map(|(_, values)| ("metric", values.len()));
        for (what, found) in lengths.chain([("times", times.len())]) {
            if found != expected {
                return Err(Error::Length { what, expected, found });
            }
        }
        let mut values = vec![0.0; metrics.len()];
        for (row, entity) in entities.iter().enumerate() {
            for (value, (_, column)) in values.iter_mut().zip(metrics) {
                *value = column[row];
            }
            telemetry.observe(entity.as_ref(), times[row], &values)?;
        }
        Ok(telemetry)
    }

    /// Something of a kind that happened: an error code, a restart, a warning.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time that is not within ±1e12; [`Error::Incompatible`] for an entity
    /// or kind without a name.
    pub fn event(&mut self, entity: &str, time: f64, kind: &str) -> Result<()> {
        check_named("kind of event", kind)?;
        let record = self.happened(entity, time)?;
        let kind = self.event_kinds.number("kind of event", kind)?;
        self.records[record].events.push((time, kind as u32));
        Ok(())
    }

    /// A part that was maintained or replaced.
    ///
    /// # Errors
    /// As [`event`](Self::event).
    pub fn maintain(&mut self, entity: &str, time: f64, part: &str) -> Result<()> {
        check_named("part", part)?;
        let record = self.happened(entity, time)?;
        let part = self.parts.number("part", part)?;
        self.records[record].maintenance.push((time, part as u32));
        Ok(())
    }

    /// A failure. Rows at that time or later belong to the life after it.
    ///
    /// # Errors
    /// As [`event`](Self::event).
    pub fn fail(&mut self, entity: &str, time: f64) -> Result<()> {
        let record = self.happened(entity, time)?;
        self.records[record].failures.push((time, None));
        Ok(())
    }

    /// A failure of a kind.
    ///
    /// # Errors
    /// As [`event`](Self::event).
    pub fn fail_of(&mut self, entity: &str, time: f64, kind: &str) -> Result<()> {
        check_named("kind of failure", kind)?;
        let record = self.happened(entity, time)?;
        let kind = self.failure_kinds.number("kind of failure", kind)?;
        self.records[record].failures.push((time, Some(kind as u32)));
        Ok(())
    }

    /// What an entity is, was, and will be; the last value given holds.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for a number where other entities have a category or the other way
    /// round, for ±∞, and for an entity or attribute without a name.
    pub fn describe<'a>(
        &mut self,
        entity: &str,
        attribute: &str,
        value: impl Into<Attribute<'a>>,
    ) -> Result<()> {
        let value = value.into();
        check_named("entity", entity)?;
        check_named("attribute", attribute)?;
        let code = if let Some(number) = self.attributes.find(attribute) {
            self.attribute_values[number].encode(attribute, value)?
        } else {
            let mut values = Values::of(value);
            let code = values.encode(attribute, value)?;
            self.attribute_values.push(values);
            code
        };
        let number = self.attributes.number("attribute", attribute)?;
        let entity = self.number(entity)?;
        let known = &mut self.records[entity].attributes;
        if known.len() <= number {
            known.resize(number + 1, f64::NAN);
        }
        known[number] = code;
        Ok(())
    }

    /// That an entity was watched until then, whether anything happened or not: without it, to its last
    /// row, event, maintenance or failure. What happened later is not known, so that rows nearer to it
    /// than the horizon have no label.
    ///
    /// # Errors
    /// As [`event`](Self::event).
    pub fn watched_until(&mut self, entity: &str, time: f64) -> Result<()> {
        self.happened(entity, time)?;
        Ok(())
    }

    /// The number of the record of an entity of which something is known at a time.
    fn happened(&mut self, entity: &str, time: f64) -> Result<usize> {
        check_time(time)?;
        let number = self.number(entity)?;
        let record = &mut self.records[number];
        record.until = record.until.max(time);
        Ok(number)
    }
}
