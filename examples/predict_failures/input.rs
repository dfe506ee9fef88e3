//! From a table to rows with labels, and what says which of them belong together.

use crate::options::{Options, Source};
use forewarn::ndarray::{Array2, Axis};
use forewarn_datasets::{Kind, ReadOptions, Table};
use std::error::Error;

/// How far the labels of the fleet look ahead, in hours: two days to plan a repair.
const HORIZON: f64 = 48.0;

/// What the model learns from, and what the splits, the report and the picture need beside it.
pub(crate) struct Input {
    pub table: Table,
    /// The row in the table of each row here.
    pub rows: Vec<usize>,
    pub names: Vec<String>,
    pub x: Array2<f64>,
    pub categorical: Vec<usize>,
    pub labels: Vec<bool>,
    /// What a label says: "followed by a failure within 48 hours".
    pub label: String,
    /// The column of groups, and the group of each row.
    pub group: Option<(String, Vec<usize>)>,
    pub time: Option<Time>,
    /// Columns of the table that are neither features nor the label.
    pub excluded: Vec<String>,
}

/// When the rows were recorded.
pub(crate) struct Time {
    pub column: String,
    pub at: Vec<f64>,
    /// Whether `at` is in Unix seconds.
    pub dates: bool,
    /// How far the labels look ahead.
    pub gap: f64,
}

impl Input {
    pub(crate) fn read(options: &Options) -> Result<Self, Box<dyn Error>> {
        match &options.source {
            Source::Fleet => Self::fleet(&options.exclude),
            Source::File { path, label, group, time, gap } => {
                // Numbers of machines are names too.
                let kinds = group
                    .iter()
                    .fold(ReadOptions::default(), |kinds, group| kinds.kind(group, Kind::Category));
                let table = Table::read_with(path, &kinds)?;
                let labels = table.labels(label)?;
                let columns = [Some(label), group.as_ref(), time.as_ref()];
                let mut excluded = options.exclude.clone();
                for (at, column) in columns.iter().enumerate() {
                    let Some(column) = *column else { continue };
                    if columns[..at].contains(&Some(column)) || excluded.contains(column) {
                        return Err(format!("column {column:?} is given two parts to play").into());
                    }
                }
                excluded.extend(columns.into_iter().flatten().cloned());
                let rows = (0..table.n_rows()).collect();
                let time = time.as_deref().map(|column| (column, *gap));
                let said = format!("labelled {label}");
                Self::new(table, rows, (said, labels), group.as_deref(), time, excluded)
            }
        }
    }

    /// Which readings of the fleet are followed by a failure within the horizon.
    fn fleet(exclude: &[String]) -> Result<Self, Box<dyn Error>> {
        let table = Table::read(forewarn_datasets::path("fleet.csv"))?;
        let (at, left) = (table.timestamps("time")?, table.numbers("hours_to_failure")?);
        let end = at.iter().copied().fold(f64::MIN, f64::max);
        // Of a machine that ran on to the end, nobody knows what the next hours brought.
        let known = |row: &usize| !left[*row].is_nan() || at[*row] + HORIZON * 3600.0 <= end;
        let rows: Vec<usize> = (0..table.n_rows()).filter(known).collect();
        let labels = left.iter().map(|&left| left <= HORIZON).collect();
        let label = format!("followed by a failure within {HORIZON} hours");
        // Who a machine is and how long it runs is no symptom, and the rest is the answer.
        let known = ["time", "machine", "age_hours", "fault", "anomaly", "hours_to_failure"];
        let excluded = exclude.iter().cloned().chain(known.map(str::to_owned)).collect();
        let time = Some(("time", HORIZON * 3600.0));
        Self::new(table, rows, (label, labels), Some("machine"), time, excluded)
    }

    fn new(
        table: Table,
        rows: Vec<usize>,
        (label, labels): (String, Vec<bool>),
        group: Option<&str>,
        time: Option<(&str, f64)>,
        excluded: Vec<String>,
    ) -> Result<Self, Box<dyn Error>> {
        let left_out: Vec<&str> = excluded.iter().map(String::as_str).collect();
        let (names, x, categorical) = table.features(&left_out)?;
        let chosen = |values: &[f64], column: &str| -> Result<Vec<f64>, String> {
            let value = |&row: &usize| match values[row] {
                value if value.is_nan() => {
                    let (file, line) = (table.file(), table.line(row).unwrap_or_default());
                    Err(format!("{file}, line {line}, column {column:?}: a value is needed"))
                }
                value => Ok(value),
            };
            rows.iter().map(value).collect()
        };
        let group = match group {
            Some(column) => {
                let codes = chosen(table.codes(column)?, column)?;
                Some((column.to_owned(), codes.iter().map(|&code| code as usize).collect()))
            }
            None => None,
        };
        let time = match time {
            Some((column, gap)) => Some(Time {
                column: column.to_owned(),
                at: chosen(table.timestamps(column)?, column)?,
                dates: table.kind(column)? == Kind::Timestamp,
                gap,
            }),
            None => None,
        };
        let x = if rows.len() < table.n_rows() { x.select(Axis(0), &rows) } else { x };
        let labels = rows.iter().map(|&row| labels[row]).collect();
        Ok(Self { table, rows, names, x, categorical, labels, label, group, time, excluded })
    }

    /// The features and labels of some rows.
    pub(crate) fn take(&self, rows: &[usize]) -> (Array2<f64>, Vec<bool>) {
        (self.x.select(Axis(0), rows), rows.iter().map(|&row| self.labels[row]).collect())
    }

    /// The groups of some rows, where there are groups.
    pub(crate) fn groups(&self, rows: &[usize]) -> Option<Vec<usize>> {
        let (_, groups) = self.group.as_ref()?;
        Some(rows.iter().map(|&row| groups[row]).collect())
    }
}
