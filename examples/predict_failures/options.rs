//! The command line.

use crate::text::{number, picture};
use forewarn::decide::Costs;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
Learns from a table which rows are followed by a failure, and says how far that can be trusted.

usage: predict_failures [FILE.csv | FILE.csv.gz --label COLUMN] [options]

Without a file it takes the simulated fleet of machines that comes with forewarn, and asks which
of them fail within 48 hours.

  --label COLUMN        0/1 or true/false: what is to be predicted
  --group COLUMN        machines, drives, ...: judge by rows of machines not trained on
  --time COLUMN         when rows were recorded: train on earlier rows than are tested
  --gap NUMBER          keep rows so close before the test out of training, as far as labels look
                        ahead; in the unit of --time, which is seconds where it holds dates [0]
  --exclude COLUMN,...  columns that are no features, such as names and what was recorded later
  --miss-cost NUMBER    what a failure without an alert costs [20]
  --false-alarm-cost NUMBER  what an alert without a failure costs [1]
  --seed N              same seed, same model [0]
  --output FILE.svg     where to draw [target/failures.svg, or failures.svg without target/]
  --help                this text
";

/// What was asked for.
pub(crate) struct Options {
    /// What the table is and where.
    pub source: Source,
    pub exclude: Vec<String>,
    pub costs: Costs,
    pub seed: u64,
    pub output: PathBuf,
}

pub(crate) enum Source {
    Fleet,
    File { path: PathBuf, label: String, group: Option<String>, time: Option<String>, gap: f64 },
}

impl Options {
    /// `None` where help was asked for.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let (mut file, mut output, mut seed) = (None, None, 0);
        let (mut label, mut group, mut time, mut gap) = (None, None, None, None);
        let (mut exclude, mut costs) = (Vec::new(), Costs { miss: 20.0, false_alarm: 1.0 });
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
                "--group" => group = Some(value),
                "--time" => time = Some(value),
                "--gap" => gap = Some(number(&argument, &value)?),
                "--exclude" => exclude.extend(value.split(',').map(str::to_owned)),
                "--miss-cost" => costs.miss = positive(&argument, &value)?,
                "--false-alarm-cost" => costs.false_alarm = positive(&argument, &value)?,
                "--seed" => seed = number(&argument, &value)?,
                "--output" => output = Some(PathBuf::from(value)),
                _ => return Err(format!("unknown option {argument}; --help lists them all")),
            }
        }
        if time.is_none() && gap.is_some() {
            return Err("--gap is a time: it needs --time COLUMN".into());
        }
        let source = match (file, label) {
            (Some(path), Some(label)) => {
                Source::File { path, label, group, time, gap: gap.unwrap_or(0.0) }
            }
            (Some(path), None) => {
                let file = path.display();
                return Err(format!("{file}: say what to predict with --label COLUMN"));
            }
            (None, None) if group.is_none() && time.is_none() => Source::Fleet,
            (None, _) => {
                return Err("--label, --group and --time are columns of a FILE: which one?".into());
            }
        };
        let output = output.unwrap_or_else(|| picture("failures.svg"));
        Ok(Some(Self { source, exclude, costs, seed, output }))
    }
}

/// A cost: it is used only after all training, too late to be refused.
fn positive(option: &str, value: &str) -> Result<f64, String> {
    match number(option, value)? {
        cost if (1e-100..=1e100).contains(&cost) => Ok(cost),
        _ => Err(format!("{option} {value}: a cost must be above 0")),
    }
}
