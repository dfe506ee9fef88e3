//! What there is to do: a history to learn from, machines to judge, settings.

use crate::files;
use crate::options::{Files, Options, Source};
use crate::presets;
use forewarn::engine::EngineParams;
use forewarn::engine::telemetry::Telemetry;
use std::error::Error;

/// Everything that the files and options say.
pub(crate) struct Job {
    pub title: String,
    /// What is watched, in the singular.
    pub noun: &'static str,
    pub params: EngineParams,
    pub history: Telemetry,
    /// Those to judge, if they are others than those learned from.
    pub running: Option<Running>,
    /// What a reader should know of the data.
    pub notes: Vec<String>,
}

/// Machines that still run.
pub(crate) struct Running {
    pub telemetry: Telemetry,
    /// How long each had left, if that is known; in the order of the telemetry.
    pub left: Option<Vec<f64>>,
}

impl Job {
    pub(crate) fn new(options: &Options) -> Result<Self, Box<dyn Error>> {
        let mut job = match &options.source {
            Source::Simulated => presets::simulated()?,
            Source::Fleet(path) => presets::fleet(path)?,
            Source::Cmapss { train, test } => presets::cmapss(train, test.as_ref())?,
            Source::Azure(path) => presets::azure(path)?,
            Source::Files(files) => Self::of_files(files)?,
        };
        if let Some(horizon) = options.horizon {
            job.params.features.horizon = horizon;
        }
        job.params = job.params.costs(options.costs).seed(options.seed);
        Ok(job)
    }

    fn of_files(files: &Files) -> Result<Self, Box<dyn Error>> {
        let (history, mut notes) = files::read(files)?;
        notes.extend(history.report().to_string().lines().skip(1).map(str::to_owned));
        let params = if files.cycles { EngineParams::cycles() } else { EngineParams::default() };
        let name = files.telemetry.file_stem().unwrap_or_default().to_string_lossy();
        let title = name.trim_end_matches(".csv").to_owned();
        Ok(Self { title, noun: "machine", params, history, running: None, notes })
    }
}
