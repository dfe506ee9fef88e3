//! Fleets in known layouts, and one that is simulated.

use crate::job::{Job, Running};
use forewarn::engine::EngineParams;
use forewarn::engine::telemetry::Telemetry;
use forewarn_datasets::fleet::{FleetParams, MODELS, SENSORS};
use forewarn_datasets::{Kind, ReadOptions, Table};
use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::path::{Path, PathBuf};

const HOUR: f64 = 3_600.0;

/// The simulator behind `datasets/fleet.csv`, but more machines for longer: that file holds six
/// failures, which are too few to be learned from and judged by. It ends when three are about to fail.
const FLEET: FleetParams = FleetParams {
    machines: 34,
    hours: 1_060,
    life_hours: 900.0,
    fault_rate: 0.004,
    missing_share: 0.004,
    seed: 1,
};

pub(crate) fn simulated() -> Result<Job, Box<dyn Error>> {
    let mut history = Telemetry::new(SENSORS.map(|sensor| sensor.name))?;
    for row in FLEET.simulate()?.rows {
        let (name, time) = (format!("m{:02}", row.machine + 1), row.time as f64);
        history.observe(&name, time, &row.sensors)?;
        history.describe(&name, "model", MODELS[row.model])?;
        if row.hours_to_failure == Some(1) {
            history.fail(&name, time + HOUR)?;
        }
    }
    Ok(job("Simulated fleet of pumps", "pump", EngineParams::default(), history))
}

/// A file as the committed fleet's: a row is the last before a failure where that is an hour off.
pub(crate) fn fleet(path: &Path) -> Result<Job, Box<dyn Error>> {
    let table = Table::read(path)?;
    let (times, left) = (table.timestamps("time")?, table.numbers("hours_to_failure")?);
    let (names, models) = (table.texts("machine")?, table.texts("model")?);
    let columns = SENSORS.map(|sensor| table.numbers(sensor.name));
    let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut history = Telemetry::new(SENSORS.map(|sensor| sensor.name))?;
    for row in 0..table.n_rows() {
        let name = text(&table, row, "machine", names[row])?;
        let values: Vec<f64> = columns.iter().map(|column| column[row]).collect();
        history.observe(name, times[row], &values)?;
        history.describe(name, "model", models[row].unwrap_or_default())?;
        if left[row] == 1.0 {
            history.fail(name, times[row] + HOUR)?;
        }
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(job(&name, "pump", EngineParams::default(), history))
}

/// NASA's turbofans: one file of engines that ran to failure, one of engines that still run.
pub(crate) fn cmapss(
    train: &Path,
    test: Option<&(PathBuf, Option<PathBuf>)>,
) -> Result<Job, Box<dyn Error>> {
    let beside = beside(train);
    let (test, left) = test.or(beside.as_ref()).ok_or_else(|| {
        format!("{}: which engines still run? name their file behind it", train.display())
    })?;
    let (mut history, last) = engines(train)?;
    for (unit, cycle) in last {
        // The last row of a life is the failing cycle's own.
        history.fail(&unit, cycle + 1.0)?;
    }
    let (telemetry, _) = engines(test)?;
    let left = match left {
        Some(path) => {
            let table = Table::read(path)?;
            let left = table.numbers("rul_cycles")?.to_vec();
            if left.len() != telemetry.entities().len() {
                let (file, engines) = (table.file(), telemetry.entities().len());
                return Err(format!("{file}: {} rows for {engines} engines", left.len()).into());
            }
            Some(left)
        }
        None => None,
    };
    let name = train.file_name().unwrap_or_default().to_string_lossy();
    // The benchmark tells times of up to 125 cycles to the last one, which is one before the failure.
    let mut params = EngineParams::cycles();
    params.lifetimes = params.lifetimes.map(|lifetimes| lifetimes.cap(Some(126.0)).seeds(5));
    let mut job = job(&format!("Turbofans, {name}"), "engine", params, history);
    job.running = Some(Running { telemetry, left });
    Ok(job)
}

/// The files of the engines that still run, where they have the usual names.
fn beside(train: &Path) -> Option<(PathBuf, Option<PathBuf>)> {
    let name = train.file_name()?.to_str()?;
    let part = |part: &str| Some(train.with_file_name(name.replacen("train", part, 1)));
    let there = |path: &PathBuf| path.is_file() && path != train;
    Some((part("test").filter(there)?, part("rul").filter(there)))
}

/// Engines cycle by cycle, and the last cycle of each.
fn engines(path: &Path) -> Result<(Telemetry, BTreeMap<String, f64>), Box<dyn Error>> {
    let table = Table::read(path)?;
    let (units, cycles) = (table.numbers("unit")?, table.numbers("cycle")?);
    let is_metric = |name: &&str| name.starts_with("sensor") || name.starts_with("setting");
    let metrics: Vec<&str> = table.names().into_iter().filter(is_metric).collect();
    let columns = metrics.iter().map(|name| table.numbers(name));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let (mut engines, mut last) = (Telemetry::new(metrics)?, BTreeMap::new());
    for (row, (unit, &cycle)) in units.iter().zip(cycles).enumerate() {
        let (name, values) = (format!("engine {unit}"), columns.iter().map(|column| column[row]));
        engines.observe(&name, cycle, &values.collect::<Vec<_>>())?;
        let latest: &mut f64 = last.entry(name).or_insert(cycle);
        *latest = latest.max(cycle);
    }
    Ok((engines, last))
}

/// Azure's machines every three hours: errors, replaced components and failures are told by the time
/// since or until them.
pub(crate) fn azure(path: &Path) -> Result<Job, Box<dyn Error>> {
    let table = Table::read_with(path, &ReadOptions::default().kind("machineID", Kind::Category))?;
    let (names, times) = (table.texts("machineID")?, table.numbers("t")?);
    let since = |name: &str, unit: f64| -> Result<Vec<f64>, Box<dyn Error>> {
        let lengths = table.numbers(name)?.iter().zip(times);
        // Times on the file's grid of hours.
        Ok(lengths.map(|(length, time)| ((time - length * unit) / HOUR).round() * HOUR).collect())
    };
    let errors =
        (1..=5).map(|n| Ok((format!("error {n}"), since(&format!("err{n}_since"), HOUR)?)));
    let errors = errors.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let parts = (1..=4)
        .map(|n| Ok((format!("component {n}"), since(&format!("comp{n}_age_d"), 24.0 * HOUR)?)));
    let parts = parts.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let failures = since("ttf_h", -HOUR)?;
    let (ages, models) = (table.numbers("age")?, table.numbers("model")?);
    let mut history = Telemetry::new(Vec::<String>::new())?;
    let mut told = HashSet::new();
    for row in 0..table.n_rows() {
        let number = text(&table, row, "machineID", names[row])?;
        let name = format!("machine {number}");
        history.observe(&name, times[row], &[])?;
        history.describe(&name, "age", ages[row])?;
        history.describe(&name, "model", models[row])?;
        let mut first = |what: &str, time: f64| {
            time.is_finite() && told.insert((number.to_owned(), what.to_owned(), time.to_bits()))
        };
        for (kind, at) in &errors {
            if first(kind, at[row]) {
                history.event(&name, at[row], kind)?;
            }
        }
        for (part, at) in &parts {
            if first(part, at[row]) {
                history.maintain(&name, at[row], part)?;
            }
        }
        if first("failure", failures[row]) {
            history.fail(&name, failures[row])?;
        }
    }
    Ok(job("Azure's machines", "machine", EngineParams::default(), history))
}

fn job(title: &str, noun: &'static str, params: EngineParams, history: Telemetry) -> Job {
    Job { title: title.to_owned(), noun, params, history, running: None, notes: Vec::new() }
}

/// A text that must be there.
fn text<'a>(
    table: &Table,
    row: usize,
    column: &str,
    text: Option<&'a str>,
) -> Result<&'a str, String> {
    text.ok_or_else(|| {
        let line = table.line(row).unwrap_or_default();
        format!("{}, line {line}, column {column:?}: a value is needed", table.file())
    })
}
