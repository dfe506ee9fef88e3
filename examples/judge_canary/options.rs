//! The command line.

use crate::text::{number, picture};
use forewarn::compare::{CanaryParams, Direction, MissingValues};
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
Judges a canary: is the new version worse than the one before, metric by metric? Prints a table and
the verdict, and draws the differences with their intervals.

usage: judge_canary [BASELINE.csv CANARY.csv] [options]

Every column of numbers that both files have is a metric, a row a time at which all were read, oldest
first. Without files it judges a simulated canary.

  --lower COLUMN,...    metrics of which lower is worse; of others higher is
  --either COLUMN,...   metrics of which any change is worse
  --advisory COLUMN,... metrics that hold the canary when they are worse, but never roll it back
  --exclude COLUMN,...  columns that are no metrics
  --alpha NUMBER        share of false ones among the metrics that are called worse [0.05]
  --tolerance NUMBER    relative worsening that is none [0]
  --margin NUMBER       relative worsening that must not be missed [0.1]
  --missing WHAT        what an empty cell is: skip, zero or refuse [skip]
  --power-curves FILE.svg  draw how often changes of any size are found instead, on simulated runs
  --output FILE.svg     where to draw [target/canary.svg, or canary.svg without target/]
  --help                this text
";

/// What was asked for.
pub(crate) struct Options {
    pub files: Option<[PathBuf; 2]>,
    pub lower: Vec<String>,
    pub either: Vec<String>,
    pub advisory: Vec<String>,
    pub exclude: Vec<String>,
    pub missing: MissingValues,
    pub params: CanaryParams,
    pub power_curves: Option<PathBuf>,
    pub output: PathBuf,
}

impl Options {
    /// `None` where help was asked for.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let mut files = Vec::new();
        let mut found = Self {
            files: None,
            lower: vec![],
            either: vec![],
            advisory: vec![],
            exclude: vec![],
            missing: MissingValues::Skip,
            params: CanaryParams::default(),
            power_curves: None,
            output: picture("canary.svg"),
        };
        while let Some(argument) = arguments.next() {
            if matches!(argument.as_str(), "--help" | "-h") {
                return Ok(None);
            }
            if !argument.starts_with('-') {
                files.push(PathBuf::from(&argument));
                continue;
            }
            let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
            let columns = || value.split(',').map(str::to_owned);
            match argument.as_str() {
                "--lower" => found.lower.extend(columns()),
                "--either" => found.either.extend(columns()),
                "--advisory" => found.advisory.extend(columns()),
                "--exclude" => found.exclude.extend(columns()),
                "--alpha" => found.params.alpha = number(&argument, &value)?,
                "--tolerance" => found.params.tolerance = number(&argument, &value)?,
                "--margin" => found.params.margin = number(&argument, &value)?,
                "--missing" => {
                    found.missing = match value.as_str() {
                        "skip" => MissingValues::Skip,
                        "zero" => MissingValues::Zero,
                        "refuse" => MissingValues::Refuse,
                        _ => return Err(format!("--missing {value}: skip, zero or refuse")),
                    }
                }
                "--power-curves" => found.power_curves = Some(PathBuf::from(value)),
                "--output" => found.output = PathBuf::from(value),
                _ => return Err(format!("unknown option {argument}; --help lists them all")),
            }
        }
        found.files = match <[PathBuf; 2]>::try_from(files) {
            Ok(files) => Some(files),
            Err(files) if files.is_empty() => None,
            Err(_) => return Err("two files: of the baseline and of the canary".into()),
        };
        Ok(Some(found))
    }

    /// Which way a metric gets worse.
    pub(crate) fn direction(&self, name: &str) -> Direction {
        let among = |names: &[String]| names.iter().any(|other| other == name);
        if among(&self.either) {
            Direction::Either
        } else if among(&self.lower) {
            Direction::LowerIsWorse
        } else {
            Direction::HigherIsWorse
        }
    }
}
