//! Telemetry, failures, events and maintenance from files of the user's own.

use crate::clock::time_column;
use crate::options::Files;
use forewarn::engine::telemetry::Telemetry;
use forewarn_datasets::{Kind, ReadOptions, Table};
use std::error::Error;
use std::path::Path;

/// Names of columns that say which machine, in lower case.
const ENTITIES: [&str; 14] = [
    "machine",
    "machineid",
    "machine_id",
    "entity",
    "unit",
    "asset",
    "device",
    "device_id",
    "host",
    "hostname",
    "service",
    "serial_number",
    "name",
    "id",
];

/// What is in the files, and what was left out.
pub(crate) fn read(files: &Files) -> Result<(Telemetry, Vec<String>), Box<dyn Error>> {
    let readings = Events::open(&files.telemetry, files)?;
    let mut notes = Vec::new();
    let mut fleet = telemetry(&readings, files, &mut notes)?;
    if let Some(path) = &files.failures {
        let failures = Events::open(path, files)?;
        for row in 0..failures.table.n_rows() {
            let (entity, time) = failures.at(row)?;
            fleet.fail(entity, time).map_err(|error| failures.blame(row, &error))?;
        }
    } else {
        notes.push(
            "no --failures: what is not normal can be detected, failures not foretold".into(),
        );
    }
    if let Some(path) = &files.events {
        let events = Events::open(path, files)?;
        let kinds = events.texts("kind of event")?;
        for (row, kind) in kinds.iter().enumerate() {
            let (entity, time) = events.at(row)?;
            fleet.event(entity, time, kind).map_err(|error| events.blame(row, &error))?;
        }
    }
    if let Some(path) = &files.maintenance {
        let maintenance = Events::open(path, files)?;
        let parts = maintenance.texts("part")?;
        for (row, part) in parts.iter().enumerate() {
            let (entity, time) = maintenance.at(row)?;
            fleet.maintain(entity, time, part).map_err(|error| maintenance.blame(row, &error))?;
        }
    }
    Ok((fleet, notes))
}

/// The readings, with texts that never change as attributes.
fn telemetry(
    readings: &Events,
    files: &Files,
    notes: &mut Vec<String>,
) -> Result<Telemetry, Box<dyn Error>> {
    let table = &readings.table;
    for column in &files.exclude {
        // A column that is not there is refused.
        table.kind(column)?;
    }
    let free = |name: &&str| {
        *name != readings.time
            && *name != readings.entity
            && !files.exclude.iter().any(|out| out == name)
    };
    let (mut metrics, mut attributes) = (Vec::new(), Vec::new());
    for name in table.names().into_iter().filter(free) {
        match table.kind(name)? {
            Kind::Number => metrics.push((name, table.numbers(name)?)),
            Kind::Category => attributes.push((name, table.texts(name)?)),
            Kind::Timestamp => notes.push(format!("column {name:?} left out: a second time")),
        }
    }
    let mut fleet = Telemetry::new(metrics.iter().map(|(name, _)| *name))?;
    let mut values = vec![0.0; metrics.len()];
    for row in 0..table.n_rows() {
        let (entity, time) = readings.at(row)?;
        for (value, (_, column)) in values.iter_mut().zip(&metrics) {
            *value = column[row];
        }
        fleet.observe(entity, time, &values).map_err(|error| readings.blame(row, &error))?;
    }
    for (name, texts) in attributes {
        let mut first = std::collections::HashMap::new();
        let mut known = texts.iter().enumerate().filter_map(|(row, text)| Some((row, (*text)?)));
        let constant = known.all(|(row, text)| {
            readings.at(row).is_ok_and(|(entity, _)| *first.entry(entity).or_insert(text) == text)
        });
        if constant {
            for (entity, text) in first {
                fleet.describe(entity, name, text)?;
            }
        } else {
            notes.push(format!("column {name:?} left out: a text that changes over time"));
        }
    }
    Ok(fleet)
}

/// A file in which every row has a time and a machine.
struct Events {
    table: Table,
    time: String,
    entity: String,
    times: Vec<f64>,
    entities: Vec<Option<String>>,
}

impl Events {
    fn open(path: &Path, files: &Files) -> Result<Self, Box<dyn Error>> {
        let first = Table::read(path)?;
        let time = match &files.time {
            Some(column) => column.clone(),
            None => time_column(&first)?.ok_or_else(|| wanted(&first, "times", "--time"))?,
        };
        let entity = match &files.entity {
            Some(column) => column.clone(),
            None => entity_column(&first, &time)?
                .ok_or_else(|| wanted(&first, "machines", "--entity"))?,
        };
        if time == entity {
            return Err(
                format!("{}: column {time:?} is given two parts to play", first.file()).into()
            );
        }
        // Numbers of machines are names too, and cycles are no dates.
        let dates =
            if first.kind(&time)? == Kind::Timestamp { Kind::Timestamp } else { Kind::Number };
        let kinds = ReadOptions::default().kind(&entity, Kind::Category).kind(&time, dates);
        let table = Table::read_with(path, &kinds)?;
        let times = table.timestamps(&time).or_else(|_| table.numbers(&time))?.to_vec();
        let entities =
            table.texts(&entity)?.into_iter().map(|text| text.map(str::to_owned)).collect();
        Ok(Self { table, time, entity, times, entities })
    }

    /// Which machine, and when.
    fn at(&self, row: usize) -> Result<(&str, f64), String> {
        let missing = |column: &str| {
            let line = self.table.line(row).unwrap_or_default();
            format!("{}, line {line}, column {column:?}: a value is needed", self.table.file())
        };
        let entity = self.entities[row].as_deref().ok_or_else(|| missing(&self.entity))?;
        let time = Some(self.times[row]).filter(|time| time.is_finite());
        Ok((entity, time.ok_or_else(|| missing(&self.time))?))
    }

    /// What each row is about: the first column that is neither a time nor the machine.
    fn texts(&self, what: &str) -> Result<Vec<String>, Box<dyn Error>> {
        let names = self.table.names();
        let column = names.into_iter().find(|name| *name != self.time && *name != self.entity);
        let column =
            column.ok_or_else(|| format!("{}: no column with a {what}", self.table.file()))?;
        let kinds = ReadOptions::default().kind(column, Kind::Category);
        let table = Table::read_with(self.table.file(), &kinds)?;
        let texts = table.texts(column)?.into_iter().enumerate().map(|(row, text)| {
            let line = table.line(row).unwrap_or_default();
            let missing =
                || format!("{}, line {line}, column {column:?}: a value is needed", table.file());
            text.map(str::to_owned).ok_or_else(missing)
        });
        Ok(texts.collect::<Result<_, _>>()?)
    }

    /// An error with its line.
    fn blame(&self, row: usize, error: &forewarn::Error) -> String {
        format!("{}, line {}: {error}", self.table.file(), self.table.line(row).unwrap_or_default())
    }
}

fn wanted(table: &Table, what: &str, option: &str) -> String {
    let names = table.names();
    format!("{}: no column of {what}; name one of {names:?} with {option}", table.file())
}

/// The column named as one that says which machine, or the first of texts.
fn entity_column(table: &Table, time: &str) -> Result<Option<String>, Box<dyn Error>> {
    let names = table.names();
    for known in ENTITIES {
        if let Some(name) = names.iter().find(|name| name.to_lowercase() == known) {
            return Ok(Some((*name).to_owned()));
        }
    }
    for name in names {
        if name != time && table.kind(name)? == Kind::Category {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}
