//! The command line.

use crate::text::{number, picture};
use forewarn::breaker::CallCosts;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const HELP: &str = "\
Learns the settings of a circuit breaker from a log of calls, shows what they would have cost beside
other libraries' defaults, writes them for other libraries, and draws what they would have done.

usage: optimize_breaker [FILE.csv] [options]

The file has the columns time (seconds, or time_ms), latency (or latency_ms) and outcome (ok, fail,
timeout, ignored, rejected, cancelled), and may have key, attempt, admitted and state. Without a file
it takes the simulated log that comes with forewarn.

  --failed COST         what a failed attempt costs, in good calls [0.2]
  --held COST           what a second of waiting beyond the objective costs [1]
  --objective SECONDS   the latency up to which nobody minds [0.25]
  --candidates N        settings to try [500]
  --seed N              of everything random [0]
  --output FILE.svg     where to draw [target/breaker.svg, or breaker.svg without target/]
  --help                this text
";

/// What was asked for.
pub(crate) struct Options {
    /// `None` for the simulated log.
    pub file: Option<PathBuf>,
    pub costs: CallCosts,
    pub candidates: usize,
    pub seed: u64,
    pub output: PathBuf,
}

impl Options {
    /// `None` where help was asked for.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let (mut file, mut output, mut costs) = (None, None, CallCosts::default());
        let (mut candidates, mut seed) = (500, 0);
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
                "--failed" => costs.failed = number(&argument, &value)?,
                "--held" => costs.held_second = number(&argument, &value)?,
                "--objective" => {
                    let seconds = number(&argument, &value)?;
                    costs.objective = Duration::try_from_secs_f64(seconds)
                        .map_err(|error| format!("{argument} {value}: {error}"))?;
                }
                "--candidates" => candidates = number(&argument, &value)?,
                "--seed" => seed = number(&argument, &value)?,
                "--output" => output = Some(PathBuf::from(value)),
                _ => return Err(format!("unknown option {argument}; --help lists them all")),
            }
        }
        let output = output.unwrap_or_else(|| picture("breaker.svg"));
        Ok(Some(Self { file, costs, candidates, seed, output }))
    }
}
