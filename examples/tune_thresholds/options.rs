//! The command line.

use crate::text::{number, picture};
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
Watches every metric of a file as it would have been watched live, turns what is abnormal into few
alerts, learns from verdicts, and draws a picture.

usage: tune_thresholds [FILE.csv | FILE.csv.gz] [options]

The file has a column of times and one of numbers for each metric. Without a file it takes the
simulated service that comes with forewarn.

  --label COLUMN        0/1 or true/false: what was really wrong. Measures precision, recall and
                        delay, and lets the first half of the file give the verdicts of an operator
  --exclude COLUMN,...  columns that are no metrics
  --false-alarms N      alarms for nothing that each metric may raise a week [1]
  --verdicts N          verdicts that the operator gives, with --label [20]
  --miss COST           what a missed incident costs, if a false alarm costs 1 [4]
  --draw COLUMN         the metric to draw [the one with the most alerts]
  --output FILE.svg     where to draw [target/alerts.svg, or alerts.svg without target/]
  --help                this text
";

/// What was asked for.
pub(crate) struct Options {
    /// `None` for the service.
    pub file: Option<PathBuf>,
    pub label: Option<String>,
    pub exclude: Vec<String>,
    pub false_alarms: f64,
    pub verdicts: usize,
    pub miss: f64,
    pub draw: Option<String>,
    pub output: PathBuf,
}

impl Options {
    /// `None` where help was asked for.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let (mut file, mut label, mut output, mut draw) = (None, None, None, None);
        let (mut false_alarms, mut verdicts, mut miss) = (1.0, 20, 4.0);
        let mut exclude = Vec::new();
        while let Some(argument) = arguments.next() {
            if matches!(argument.as_str(), "--help" | "-h") {
                return Ok(None);
            }
            if !argument.starts_with('-') {
                if file.replace(PathBuf::from(&argument)).is_some() {
                    return Err(format!("{argument}: one file at a time"));
                }
                continue;
            }
            let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
            match argument.as_str() {
                "--label" => label = Some(value),
                "--exclude" => exclude.extend(value.split(',').map(str::to_owned)),
                "--false-alarms" => false_alarms = number(&argument, &value)?,
                "--verdicts" => verdicts = number(&argument, &value)?,
                "--miss" => miss = number(&argument, &value)?,
                "--draw" => draw = Some(value),
                "--output" => output = Some(PathBuf::from(value)),
                _ => return Err(format!("unknown option {argument}; --help lists them all")),
            }
        }
        let output = output.unwrap_or_else(|| picture("alerts.svg"));
        Ok(Some(Self { file, label, exclude, false_alarms, verdicts, miss, draw, output }))
    }
}
