//! The command line.

use crate::text::{number, picture};
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
Says when the metrics of a file changed and whether they still are what they were, and draws the one
that changed most. Or says which keys of a configuration changed.

usage: watch_drift [FILE.csv | FILE.csv.gz] [options]
       watch_drift --config OLD,NEW

The file has a column of times and one of numbers for each metric. Without a file it takes the
simulated service that comes with forewarn. A configuration has a line `key = value` for each key.

  --split SHARE         rows of the file that are the baseline of the others [0.5]
  --alpha SHARE         share of the drifts found that may be false [0.01]
  --floor SHARE         values that must be elsewhere for a drift, however many rows there are [0.1]
  --label COLUMN        0/1 or true/false: what to shade in the picture
  --exclude COLUMN,...  columns that are no metrics
  --draw COLUMN         the metric to draw [the one with the strongest change]
  --output FILE.svg     where to draw [target/drift.svg, or drift.svg without target/]
  --help                this text
";

/// What was asked for.
pub(crate) struct Options {
    /// `None` for the service.
    pub file: Option<PathBuf>,
    /// Files before and after.
    pub config: Option<(PathBuf, PathBuf)>,
    pub split: f64,
    pub alpha: f64,
    pub floor: f64,
    pub label: Option<String>,
    pub exclude: Vec<String>,
    pub draw: Option<String>,
    pub output: PathBuf,
}

impl Options {
    /// `None` where help was asked for.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let mut options = Self {
            file: None,
            config: None,
            split: 0.5,
            alpha: 0.01,
            floor: 0.1,
            label: None,
            exclude: Vec::new(),
            draw: None,
            output: picture("drift.svg"),
        };
        while let Some(argument) = arguments.next() {
            if matches!(argument.as_str(), "--help" | "-h") {
                return Ok(None);
            }
            if !argument.starts_with('-') {
                if options.file.replace(PathBuf::from(&argument)).is_some() {
                    return Err(format!("{argument}: one file at a time"));
                }
                continue;
            }
            let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
            match argument.as_str() {
                "--config" => {
                    let (old, new) = value.split_once(',').ok_or("--config needs OLD,NEW")?;
                    options.config = Some((old.into(), new.into()));
                }
                "--split" => options.split = number(&argument, &value)?,
                "--alpha" => options.alpha = number(&argument, &value)?,
                "--floor" => options.floor = number(&argument, &value)?,
                "--label" => options.label = Some(value),
                "--exclude" => options.exclude.extend(value.split(',').map(str::to_owned)),
                "--draw" => options.draw = Some(value),
                "--output" => options.output = PathBuf::from(value),
                _ => return Err(format!("unknown option {argument}; --help lists them all")),
            }
        }
        if !(options.split > 0.0 && options.split < 1.0) {
            return Err(format!("--split {}: it must be between 0 and 1", options.split));
        }
        Ok(Some(options))
    }
}
