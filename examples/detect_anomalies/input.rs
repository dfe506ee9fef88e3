//! From a table to features: as they are, or made from a single metric over time.

use crate::clock::time_column;
use crate::options::Options;
use forewarn::ndarray::{Array2, ArrayView1};
use forewarn_datasets::Table;
use std::error::Error;

/// Rows that the features of a single metric look back over.
pub(crate) const WINDOW: usize = 24;

/// What the forest learns from, and what the report and the picture need beside it.
pub(crate) struct Input {
    pub table: Table,
    pub names: Vec<String>,
    pub x: Array2<f64>,
    pub categorical: Vec<usize>,
    pub label: Option<Vec<bool>>,
    /// Columns of the table that are neither features nor the label.
    pub excluded: Vec<String>,
    /// Unix seconds of each row, where all are known.
    pub times: Option<Vec<f64>>,
    /// Name and values, where the table is one metric over time.
    pub metric: Option<(String, Vec<f64>)>,
}

impl Input {
    pub(crate) fn read(options: &Options) -> Result<Self, Box<dyn Error>> {
        let (path, label) = match &options.file {
            Some(path) => (path.clone(), options.label.clone()),
            None => (
                forewarn_datasets::path("fleet.csv"),
                options.label.clone().or(Some("anomaly".to_owned())),
            ),
        };
        let mut excluded = options.exclude.clone();
        if options.file.is_none() {
            // Who a machine is and how long it runs is no symptom, and the rest is the answer.
            let known = ["machine", "age_hours", "fault", "anomaly", "hours_to_failure"];
            excluded.extend(known.map(str::to_owned));
        }
        let table = Table::read(&path)?;
        let times = time_column(&table)?;
        // Unix seconds look like numbers, but are no more a feature than dates are.
        let times = times.map(|name| {
            excluded.push(name.clone());
            table.timestamps(&name).map(<[f64]>::to_vec)
        });
        let mut left_out: Vec<&str> = excluded.iter().map(String::as_str).collect();
        left_out.extend(label.as_deref());
        let (mut names, mut x, categorical) = table.features(&left_out)?;
        let labels = label.as_deref().map(|name| table.labels(name)).transpose()?;
        excluded.retain(|name| Some(name) != label.as_ref());

        let mut metric = None;
        if times.is_some() && names.len() == 1 && categorical.is_empty() {
            let values = x.column(0).to_vec();
            (names, x) = features_of_metric(&names[0], x.column(0));
            metric = Some((names[0].clone(), values));
        }
        // A row without a time has no place in a picture over time.
        let times = times.transpose()?.filter(|times| times.iter().all(|time| time.is_finite()));
        Ok(Self { table, names, x, categorical, label: labels, excluded, times, metric })
    }
}

/// A forest sees one row at a time. What makes a value abnormal in a series is what came before
/// it, so that goes into the row: the last change, and the level and unrest of the last rows.
fn features_of_metric(name: &str, values: ArrayView1<'_, f64>) -> (Vec<String>, Array2<f64>) {
    let names = [
        name.to_owned(),
        "change".to_owned(),
        format!("mean of {WINDOW} rows"),
        format!("deviation of {WINDOW} rows"),
    ];
    let mut x = Array2::from_elem((values.len(), names.len()), f64::NAN);
    let mut recent: Vec<f64> = Vec::with_capacity(WINDOW);
    for row in 0..values.len() {
        let first = (row + 1).saturating_sub(WINDOW);
        recent.clear();
        recent.extend((first..=row).map(|at| values[at]).filter(|value| !value.is_nan()));
        x[[row, 0]] = values[row];
        if row > 0 {
            x[[row, 1]] = values[row] - values[row - 1];
        }
        // A few rows at the start have too little before them: missing, which forests accept.
        if recent.len() >= WINDOW / 4 {
            let mean = recent.iter().sum::<f64>() / recent.len() as f64;
            let squares: f64 = recent.iter().map(|value| (value - mean).powi(2)).sum();
            x[[row, 2]] = mean;
            x[[row, 3]] = (squares / recent.len() as f64).sqrt();
        }
    }
    (names.to_vec(), x)
}
