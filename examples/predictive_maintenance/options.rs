//! The command line.

use crate::text::{number, picture};
use forewarn::engine::action::ActionCosts;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
Which machine is about to fail, when, how sure is that, why, and what should be done?

usage: predictive_maintenance [options]
       predictive_maintenance --telemetry FILE --failures FILE [options]
       predictive_maintenance --preset fleet FILE [options]
       predictive_maintenance --preset cmapss TRAIN [TEST RUL] [options]
       predictive_maintenance --preset azure FILE [options]

Without files it simulates a fleet of pumps, learns from its first weeks, and is judged on the last
ones. Files are .csv or .csv.gz with a header; times are dates or Unix seconds.

  --telemetry FILE      times, machines, readings; texts that never change are attributes
  --failures FILE       times and machines of failures
  --events FILE         times, machines and kinds of events
  --maintenance FILE    times, machines and parts that were maintained
  --time COLUMN         when, in all files [the first column of times]
  --entity COLUMN       which machine, in all files [machine, machineID, unit, host, ..., or the
                        first column of texts]
  --exclude COLUMN,...  columns of the telemetry to leave out
  --horizon LENGTH      how far ahead to look: 90min, 24h, 7d, or so many cycles [24h; cycles: 30]
  --cycles              times count cycles of each machine from new to failure
  --preset fleet        a file as datasets/fleet.csv
  --preset cmapss       NASA's engines: runs to failure, and engines that still run; TEST and RUL are
                        looked for beside TRAIN
  --preset azure        events of Azure's machines, every three hours
  --failure-cost N      what a failure costs that nobody was ready for [1]
  --action-cost N       what acting costs: maintenance, a restart [0.1]
  --look-cost N         what a person's look costs [0.02]
  --seed N              same seed, same engine [0]
  --at-risk N           how many machines are told of [5]
  --machine NAME        the machine that is shown from near [the one most at risk]
  --output FILE.html    the report [target/report.html, or report.html without target/]
  --draw FILE.svg       the chart of one machine, alone
  --save FILE           the engine, for services
  --help                this text
";

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub source: Source,
    /// In the unit of the clock; `None` for its default.
    pub horizon: Option<f64>,
    pub costs: ActionCosts,
    pub seed: u64,
    pub at_risk: usize,
    pub machine: Option<String>,
    pub output: PathBuf,
    pub draw: Option<PathBuf>,
    pub save: Option<PathBuf>,
}

/// What is known of a fleet, and where.
#[derive(Debug)]
pub(crate) enum Source {
    Simulated,
    Files(Files),
    Fleet(PathBuf),
    Cmapss { train: PathBuf, test: Option<(PathBuf, Option<PathBuf>)> },
    Azure(PathBuf),
}

/// Files in columns that the user names.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub telemetry: PathBuf,
    pub failures: Option<PathBuf>,
    pub events: Option<PathBuf>,
    pub maintenance: Option<PathBuf>,
    pub time: Option<String>,
    pub entity: Option<String>,
    pub exclude: Vec<String>,
    /// Whether times count cycles.
    pub cycles: bool,
}

impl Options {
    /// `None` where help was asked for.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let (mut telemetry, mut preset, mut paths) = (None, None, Vec::new());
        let mut files = Files::default();
        let mut options = Self {
            source: Source::Simulated,
            horizon: None,
            costs: ActionCosts::default(),
            seed: 0,
            at_risk: 5,
            machine: None,
            output: picture("report.html"),
            draw: None,
            save: None,
        };
        while let Some(argument) = arguments.next() {
            let option = argument.as_str();
            if matches!(option, "--help" | "-h") {
                return Ok(None);
            }
            if !option.starts_with('-') {
                paths.push(PathBuf::from(option));
                continue;
            }
            if option == "--cycles" {
                files.cycles = true;
                continue;
            }
            let value = arguments.next().ok_or(format!("{option} needs a value"))?;
            match option {
                "--telemetry" => telemetry = Some(PathBuf::from(value)),
                "--failures" => files.failures = Some(PathBuf::from(value)),
                "--events" => files.events = Some(PathBuf::from(value)),
                "--maintenance" => files.maintenance = Some(PathBuf::from(value)),
                "--time" => files.time = Some(value),
                "--entity" => files.entity = Some(value),
                "--exclude" => files.exclude.extend(value.split(',').map(str::to_owned)),
                "--preset" => preset = Some(value),
                "--horizon" => options.horizon = Some(length(&value)?),
                "--failure-cost" => options.costs.failure = number(option, &value)?,
                "--action-cost" => options.costs.action = number(option, &value)?,
                "--look-cost" => options.costs.look = number(option, &value)?,
                "--seed" => options.seed = number(option, &value)?,
                "--at-risk" => options.at_risk = number(option, &value)?,
                "--machine" => options.machine = Some(value),
                "--output" => options.output = PathBuf::from(value),
                "--draw" => options.draw = Some(PathBuf::from(value)),
                "--save" => options.save = Some(PathBuf::from(value)),
                _ => return Err(format!("unknown option {option}; --help lists them all")),
            }
        }
        let given = files.is_given();
        options.source = match (preset, telemetry) {
            (Some(_), Some(_)) => {
                return Err("--preset says what the columns are: without --telemetry".into());
            }
            (Some(_), None) if given => {
                return Err("--preset says what the columns are: without options of columns".into());
            }
            (Some(preset), None) => source(&preset, &mut paths.drain(..))?,
            (None, Some(telemetry)) => Source::Files(Files { telemetry, ..files }),
            (None, None) if given => {
                return Err("which readings? say so with --telemetry FILE".into());
            }
            (None, None) => Source::Simulated,
        };
        match paths.first() {
            Some(path) => Err(format!(
                "{}: say what it is with --telemetry, --failures, --events, --maintenance or --preset",
                path.display()
            )),
            None => Ok(Some(options)),
        }
    }
}

impl Files {
    /// Whether anything was said of files.
    fn is_given(&self) -> bool {
        let Self { failures, events, maintenance, time, entity, exclude, cycles, .. } = self;
        [failures, events, maintenance].into_iter().any(Option::is_some)
            || time.is_some()
            || entity.is_some()
            || !exclude.is_empty()
            || *cycles
    }
}

/// A preset with its files.
fn source(preset: &str, paths: &mut dyn Iterator<Item = PathBuf>) -> Result<Source, String> {
    let first = |path: Option<PathBuf>| path.ok_or(format!("--preset {preset} needs a FILE"));
    let source = match preset {
        "fleet" => Source::Fleet(first(paths.next())?),
        "azure" => Source::Azure(first(paths.next())?),
        "cmapss" => {
            let train = first(paths.next())?;
            let test = paths.next().map(|test| (test, paths.next()));
            Source::Cmapss { train, test }
        }
        _ => return Err(format!("--preset {preset}: there are fleet, cmapss and azure")),
    };
    match paths.next() {
        Some(path) => Err(format!("{}: one file too many for --preset {preset}", path.display())),
        None => Ok(source),
    }
}

/// A length of time: seconds, or a bare number in the unit of the clock.
fn length(text: &str) -> Result<f64, String> {
    let wrong = || format!("--horizon {text}: a length is 90min, 24h, 7d, or a number above 0");
    let units = [("min", 60.0), ("h", 3_600.0), ("d", 86_400.0), ("s", 1.0)];
    let (value, unit) = units
        .into_iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))
        .unwrap_or((text, 1.0));
    let value: f64 = value.trim().parse().map_err(|_| wrong())?;
    if value > 0.0 && value.is_finite() { Ok(value * unit) } else { Err(wrong()) }
}
