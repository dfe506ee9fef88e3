//! What is asked for, and the metric that is read.

use crate::clock::time_column;
use crate::text::picture;
use forewarn_datasets::exhaustion::{ExhaustionSeriesParams, Growth};
use forewarn_datasets::{Kind, Table};
use std::error::Error;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
When is it full?

usage: forecast_exhaustion [FILE.csv | FILE.csv.gz] [options]

The file has a column of times and one of numbers. Without a file it takes a simulated disk with a
daily rhythm, in percent.

  --column COLUMN       the metric [the first column of numbers]
  --capacity NUMBER     the value at which it is exhausted [100; with --falling 0]
  --falling             it falls to that value, as free space does
  --output FILE.svg     where to draw [target/exhaustion.svg, or exhaustion.svg without target/]
  --help                this text
";

pub(crate) struct Options {
    pub file: Option<PathBuf>,
    pub column: Option<String>,
    pub capacity: f64,
    pub falling: bool,
    pub output: PathBuf,
}

impl Options {
    /// `None` where help was asked for.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let (mut file, mut column, mut capacity, mut output) = (None, None, None, None);
        let mut falling = false;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--help" | "-h" => return Ok(None),
                "--falling" => falling = true,
                "--column" => column = Some(value()?),
                "--capacity" => capacity = Some(crate::text::number("--capacity", &value()?)?),
                "--output" => output = Some(PathBuf::from(value()?)),
                _ if argument.starts_with('-') => {
                    return Err(format!("unknown option {argument}; --help lists them all"));
                }
                _ => file = Some(PathBuf::from(argument)),
            }
        }
        let capacity = capacity.unwrap_or(if falling { 0.0 } else { 100.0 });
        let output = output.unwrap_or_else(|| picture("exhaustion.svg"));
        Ok(Some(Self { file, column, capacity, falling, output }))
    }
}

/// One metric over time.
pub(crate) struct Input {
    pub file: String,
    pub name: String,
    pub times: Vec<f64>,
    pub values: Vec<f64>,
}

impl Input {
    pub(crate) fn read(options: &Options) -> Result<Self, Box<dyn Error>> {
        let Some(path) = &options.file else { return Self::simulated() };
        let table = Table::read(path)?;
        let clock =
            time_column(&table)?.ok_or_else(|| format!("{}: no column of times", table.file()))?;
        let times = table.timestamps(&clock).or_else(|_| table.numbers(&clock))?.to_vec();
        let is_metric = |name: &&str| *name != clock && table.kind(name) == Ok(Kind::Number);
        let names = table.names();
        let mut numbers = names.iter().map(AsRef::as_ref).filter(is_metric);
        let first = options.column.as_deref().or_else(|| numbers.next());
        let name = first.ok_or_else(|| format!("{}: no column of numbers", table.file()))?;
        let values = table.numbers(name)?.to_vec();
        Ok(Self { file: table.file().to_owned(), name: name.to_owned(), times, values })
    }

    /// The first days of a disk that is full on the fourth.
    fn simulated() -> Result<Self, Box<dyn Error>> {
        let params = ExhaustionSeriesParams { count: 10, days: 5.0, seed: 7, ..Default::default() };
        let is_daily = |series: &_| {
            matches!(
                series,
                forewarn_datasets::exhaustion::ExhaustionSeries { growth: Growth::Daily, .. }
            )
        };
        let series = params.simulate()?.into_iter().find(is_daily).ok_or("no such series")?;
        let (file, name) = ("simulated disk".to_owned(), "percent used".to_owned());
        // As it stood on the evening of the third day.
        let known = series.times.len() * 3 / 4;
        let (times, values) = (series.times[..known].to_vec(), series.values[..known].to_vec());
        Ok(Self { file, name, times, values })
    }
}
