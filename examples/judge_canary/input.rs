//! The metrics of both versions, from files or simulated.

use crate::options::Options;
use forewarn_datasets::canary::{PairParams, Shape};
use forewarn_datasets::{Kind, Table};
use std::error::Error;

/// A metric of both versions.
pub(crate) struct Metric {
    pub name: String,
    pub baseline: Vec<f64>,
    pub candidate: Vec<f64>,
}

pub(crate) fn read(options: &Options) -> Result<Vec<Metric>, Box<dyn Error>> {
    let Some([baseline, candidate]) = &options.files else { return simulated() };
    let (baseline, candidate) = (Table::read(baseline)?, Table::read(candidate)?);
    let asked = [&options.lower, &options.either, &options.advisory, &options.exclude];
    for name in asked.into_iter().flatten() {
        if !baseline.names().contains(&name.as_str()) {
            return Err(format!("{}: no column {name}", baseline.file()).into());
        }
    }
    let mut metrics = Vec::new();
    for name in baseline.names() {
        let in_both = candidate.names().contains(&name);
        let excluded = options.exclude.iter().any(|other| other == name);
        if excluded || !in_both || baseline.kind(name)? != Kind::Number {
            continue;
        }
        metrics.push(Metric {
            name: name.to_owned(),
            baseline: baseline.numbers(name)?.to_vec(),
            candidate: candidate.numbers(name)?.to_vec(),
        });
    }
    if metrics.is_empty() {
        return Err("the files have no column of numbers in common".into());
    }
    Ok(metrics)
}

/// Four hours of both, a value a minute, with memory from one minute to the next: of six metrics the
/// latency is worse.
fn simulated() -> Result<Vec<Metric>, Box<dyn Error>> {
    let metrics = [
        ("latency_ms", Shape::LogNormal, 0.5, 0.6),
        ("errors", Shape::Counts, 0.0, 0.0),
        ("cpu_percent", Shape::Normal, 0.8, 0.0),
        ("memory_mb", Shape::Normal, 0.9, 0.0),
        ("queue_length", Shape::LogNormal, 0.7, 0.0),
        ("disk_iops", Shape::Normal, 0.3, -0.4),
    ];
    let mut found = Vec::new();
    for (seed, (name, shape, memory, change)) in (1..).zip(metrics) {
        let params = PairParams { pairs: 1, values: 240, shape, memory, change, seed };
        for pair in params.simulate()? {
            let (baseline, candidate) = (pair.baseline, pair.candidate);
            found.push(Metric { name: name.to_owned(), baseline, candidate });
        }
    }
    Ok(found)
}
