//! Finds the abnormal rows of any CSV file, says why, and draws them.
//!
//! ```text
//! cargo run --release --example detect_anomalies
//! cargo run --release --example detect_anomalies -- my.csv.gz --label failed
//! ```

#[path = "../support/cells.rs"]
mod cells;
#[path = "../support/clock.rs"]
mod clock;
#[path = "../support/frame.rs"]
mod frame;
#[path = "../support/histogram.rs"]
mod histogram;
mod input;
mod options;
#[path = "../support/over_time.rs"]
mod over_time;
#[path = "../support/progress.rs"]
mod progress;
mod report;
#[path = "../support/svg.rs"]
mod svg;
#[path = "../support/text.rs"]
mod text;
#[path = "../support/ticks.rs"]
mod ticks;

use forewarn::prelude::{Batch, Score};
use input::{Input, WINDOW};
use options::{HELP, Options};
use over_time::{Moments, Panel, over_time};
use std::process::ExitCode;
use std::time::Instant;
use text::say;
use ticks::thousands;

fn main() -> ExitCode {
    text::start(run)
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        say(HELP.trim_end());
        return Ok(());
    };
    let input = Input::read(&options)?;
    let (rows, columns) = input.x.dim();
    say(format_args!("{}: {} rows, {columns} features", input.table.file(), thousands(rows)));
    if let Some((name, _)) = &input.metric {
        say(format_args!("one metric over time: features are {name}, its change from row to row,"));
        say(format_args!("and the mean and deviation of the last {WINDOW} rows"));
    }

    let mut bar = progress::Bar::new("growing trees");
    let params = options.params.clone().categorical(input.categorical.clone());
    let started = Instant::now();
    let forest = params
        .train_observed(Batch::new(input.x.view()), &mut |done, total| bar.advance(done, total))?;
    drop(bar);
    let trained = started.elapsed();
    let started = Instant::now();
    let scores = forest.score(input.x.view())?.to_vec();
    let (trees, scored) = (forest.n_trees(), started.elapsed());
    say(format_args!("{trees} trees trained in {trained:.1?}, all rows scored in {scored:.1?}"));

    let threshold = forest.threshold();
    let anomalies: Vec<usize> = (0..rows).filter(|&row| scores[row] > threshold).collect();
    let share = 100.0 * anomalies.len() as f64 / rows as f64;
    let count = thousands(anomalies.len());
    say(format_args!("{count} rows ({share:.2} %) score above the threshold {threshold:.4}"));
    if let Some(label) = &input.label {
        report::measures(label, &scores)?;
    }
    report::reasons(&input, &forest, &report::worst(&input, &scores, 10))?;

    std::fs::write(&options.output, picture(&input, &scores, &anomalies, threshold))
        .map_err(|error| format!("{}: {error}", options.output.display()))?;
    say(format_args!("\nwrote {}", options.output.display()));
    Ok(())
}

/// A single metric over time above its score, the score over time, or a histogram of scores.
fn picture(input: &Input, scores: &[f64], anomalies: &[usize], threshold: f64) -> String {
    let file = std::path::Path::new(input.table.file()).file_name().unwrap_or_default();
    let title = format!("Anomalies in {}", file.to_string_lossy());
    let labels = input.label.as_deref();
    let Some(at) = &input.times else {
        return histogram::histogram(&title, scores, threshold, labels);
    };
    let score =
        Panel { name: "anomaly score", values: scores, threshold: Some(threshold), band: None };
    let metric = input.metric.as_ref().map(|(name, values)| Panel {
        name,
        values,
        threshold: None,
        band: None,
    });
    let meaning = "anomaly: score above the threshold";
    let moments = Moments { at, anomalies, meaning, labels };
    over_time(&title, &moments, &metric.into_iter().chain([score]).collect::<Vec<_>>())
}
