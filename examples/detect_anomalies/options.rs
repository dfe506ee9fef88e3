//! The command line.

use crate::text::{number, picture};
use forewarn::forest::IsolationForestParams;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
Finds the abnormal rows of a table, says why, and draws a picture.

usage: detect_anomalies [FILE.csv | FILE.csv.gz] [options]

Without a file it takes the simulated fleet of machines that comes with forewarn.

  --label COLUMN        0/1 or true/false: measure the ranking against it, do not learn from it
  --exclude COLUMN,...  columns that are no features, such as names and serial numbers
  --preset NAME         standard, fast or accurate [the library's default]
  --contamination SHARE share of the rows to call anomalies, above 0, at most 0.5 [0.01]
  --trees N             number of trees [the preset's]
  --seed N              same seed, same forest [0]
  --output FILE.svg     where to draw [target/anomalies.svg, or anomalies.svg without target/]
  --help                this text
";

/// What was asked for.
pub(crate) struct Options {
    /// `None` for the fleet.
    pub file: Option<PathBuf>,
    pub label: Option<String>,
    pub exclude: Vec<String>,
    pub params: IsolationForestParams,
    pub output: PathBuf,
}

impl Options {
    /// `None` where help was asked for.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let (mut file, mut label, mut output) = (None, None, None);
        let (mut trees, mut seed, mut contamination) = (None, 0, 0.01);
        let mut exclude = Vec::new();
        let mut params = IsolationForestParams::default();
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
                "--preset" => params = preset(&value)?,
                "--contamination" => contamination = number(&argument, &value)?,
                "--trees" => trees = Some(number(&argument, &value)?),
                "--seed" => seed = number(&argument, &value)?,
                "--output" => output = Some(PathBuf::from(value)),
                _ => return Err(format!("unknown option {argument}; --help lists them all")),
            }
        }
        let trees = trees.unwrap_or(params.n_trees);
        let params = params.n_trees(trees).seed(seed).contamination(Some(contamination));
        let output = output.unwrap_or_else(|| picture("anomalies.svg"));
        Ok(Some(Self { file, label, exclude, params, output }))
    }
}

fn preset(name: &str) -> Result<IsolationForestParams, String> {
    match name {
        "standard" => Ok(IsolationForestParams::standard()),
        "fast" => Ok(IsolationForestParams::fast()),
        "accurate" => Ok(IsolationForestParams::accurate()),
        _ => Err(format!("no preset {name}: there are standard, fast and accurate")),
    }
}
