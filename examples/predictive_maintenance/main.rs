//! Learns from a fleet's history which machines are about to fail, says how far that can be trusted, and
//! writes a report.
//!
//! ```text
//! cargo run --release --example predictive_maintenance
//! cargo run --release --example predictive_maintenance -- --telemetry readings.csv --failures failures.csv
//! ```

#[path = "../support/clock.rs"]
mod clock;
mod files;
mod job;
mod options;
mod presets;
#[path = "../support/progress.rs"]
mod progress;
mod tell;
#[path = "../support/text.rs"]
mod text;
#[allow(dead_code, reason = "other examples have axes")]
#[path = "../support/ticks.rs"]
mod ticks;

use forewarn::engine::Engine;
use forewarn::engine::report::ReportParams;
use job::Job;
use options::{HELP, Options};
use progress::Bar;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use text::say;

fn main() -> ExitCode {
    text::start(run)
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        say(HELP.trim_end());
        return Ok(());
    };
    let job = Job::new(&options)?;
    tell::data(&job);

    let started = Instant::now();
    let mut bar = Bar::new("learning");
    let engine = job.params.train_observed(&job.history, &mut |stage| {
        bar.what = stage.name;
        bar.advance(stage.done, stage.total)
    })?;
    drop(bar);
    let trained = started.elapsed();
    tell::figures(&engine, job.noun, trained);

    let fleet = job.running.as_ref().map_or(&job.history, |running| &running.telemetry);
    let mut assessments = engine.assess(fleet, None)?;
    if let Some(left) = job.running.as_ref().and_then(|running| running.left.as_deref()) {
        tell::time_left(&assessments, left)?;
    }
    // Those that are only detected have no probability: then the least normal come first.
    let risk = |a: &forewarn::engine::Assessment| a.failure_probability.unwrap_or(a.anomaly_score);
    assessments.sort_by(|a, b| risk(b).total_cmp(&risk(a)));
    assessments.truncate(options.at_risk);
    tell::at_risk(&assessments, fleet.entities().len(), job.noun);

    let report = ReportParams::new(job.title.clone())
        .noun(job.noun)
        .at_risk(options.at_risk)
        .entity(options.machine.clone());
    write(&options.output, report.write(&engine, fleet)?.as_bytes())?;
    if let Some(path) = &options.draw {
        write(path, report.draw(&engine, fleet)?.as_bytes())?;
    }
    match &options.save {
        Some(path) => save(path, &engine),
        None => Ok(()),
    }
}

#[cfg(feature = "serde")]
fn save(path: &Path, engine: &Engine) -> Result<(), Box<dyn std::error::Error>> {
    Ok(write(path, &engine.to_bytes()?)?)
}

#[cfg(not(feature = "serde"))]
fn save(path: &Path, _engine: &Engine) -> Result<(), Box<dyn std::error::Error>> {
    Err(format!("{}: engines are saved with the feature serde", path.display()).into())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    say(format_args!("wrote {} ({} kB)", path.display(), bytes.len().div_ceil(1_000)));
    Ok(())
}
