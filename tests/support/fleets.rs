//! Telemetry of simulated and real fleets, for engines.
#![allow(dead_code)] // Not every user uses all of it.

use forewarn::engine::EngineParams;
use forewarn::engine::features::{FeatureParams, MetricStatistic};
use forewarn::engine::telemetry::Telemetry;
use forewarn_datasets::fleet::{FleetParams, MODELS, SENSORS};
use forewarn_datasets::{Table, data_file};
use std::collections::HashSet;

/// Machines that are replaced when they fail.
pub(crate) fn simulated(machines: usize, hours: usize, seed: u64) -> Telemetry {
    let params = FleetParams { machines, hours, seed, ..FleetParams::default() };
    let fleet = params.simulate().expect("a fleet");
    let mut telemetry = Telemetry::new(SENSORS.iter().map(|sensor| sensor.name)).expect("names");
    let mut ages = vec![0; machines];
    for row in &fleet.rows {
        let name = format!("m{:03}", row.machine);
        let time = row.time as f64;
        if row.age_hours < ages[row.machine] {
            telemetry.fail(&name, time - 1.0).expect("a time");
        }
        ages[row.machine] = row.age_hours;
        telemetry.observe(&name, time, &row.sensors).expect("a row");
        telemetry.describe(&name, "model", MODELS[row.model]).expect("a model");
    }
    telemetry
}

/// The first `units` engines of a file of C-MAPSS; those of training files fail after their last row.
pub(crate) fn cmapss(file: &str, units: usize) -> Option<Telemetry> {
    let path = data_file(&format!("cmapss/{file}.csv.gz"), "C-MAPSS")?;
    let table = Table::read(path).expect("a table");
    let names: Vec<String> = (1..=3)
        .map(|setting| format!("setting_{setting}"))
        .chain((1..=21).map(|sensor| format!("sensor_{sensor}")))
        .collect();
    let column = |name: &str| table.numbers(name).expect("a column");
    let columns: Vec<&[f64]> = names.iter().map(|name| column(name)).collect();
    let (unit, cycle) = (column("unit"), column("cycle"));
    let mut telemetry = Telemetry::new(names.iter().map(String::as_str)).expect("names");
    for row in 0..table.n_rows() {
        if unit[row] > units as f64 {
            break;
        }
        let name = format!("unit {}", unit[row]);
        let values: Vec<f64> = columns.iter().map(|column| column[row]).collect();
        telemetry.observe(&name, cycle[row], &values).expect("a row");
        if file.starts_with("train") && unit.get(row + 1) != Some(&unit[row]) {
            telemetry.fail(&name, cycle[row] + 1.0).expect("a time");
        }
    }
    Some(telemetry)
}

/// The cycles that the engines of a test file had left, at most 125.
pub(crate) fn remaining_cycles(file: &str) -> Option<Vec<f64>> {
    let table = Table::read(data_file(&format!("cmapss/{file}.csv.gz"), "C-MAPSS")?);
    let table = table.expect("a table");
    let left = table.numbers("rul_cycles").expect("a column");
    Some(left.iter().map(|left| left.min(125.0)).collect())
}

/// Each so many-th machine of Azure's events, whose columns are features already.
pub(crate) fn azure(every: usize) -> Option<(Telemetry, EngineParams)> {
    let table = Table::read(data_file("azure_pdm_events_3h.csv.gz", "Azure's machines")?);
    let table = table.expect("a table");
    let column = |name: &str| table.numbers(name).expect("a column");
    let names: Vec<&str> = table.names();
    let own = ["machineID", "t", "y", "ttf_h"];
    let names: Vec<&str> = names.into_iter().filter(|name| !own.contains(name)).collect();
    let columns: Vec<&[f64]> = names.iter().map(|name| column(name)).collect();
    let (machine, time, left) = (column("machineID"), column("t"), column("ttf_h"));
    let mut telemetry = Telemetry::new(names.iter().copied()).expect("names");
    let mut failures = HashSet::new();
    for row in (0..table.n_rows()).filter(|&row| (machine[row] as usize).is_multiple_of(every)) {
        let name = format!("machine {}", machine[row]);
        let values: Vec<f64> = columns.iter().map(|column| column[row]).collect();
        telemetry.observe(&name, time[row], &values).expect("a row");
        let failure = time[row] + 3_600.0 * left[row];
        if !failure.is_nan() && failures.insert((machine[row] as u64, failure as i64)) {
            telemetry.fail(&name, failure).expect("a time");
        }
    }
    let features = FeatureParams::default()
        .windows(Vec::new())
        .statistics(Vec::new())
        .of_metric(vec![MetricStatistic::Last])
        .half_lives(Vec::new())
        .new_life(false);
    let params = EngineParams::default();
    // Every column is a feature of its own.
    let classifier = params.classifier.clone().column_share_split(1.0);
    Some((telemetry, params.features(features).classifier(classifier)))
}
