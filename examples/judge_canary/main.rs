//! Judges a canary from two CSV files, prints the evidence and the verdict, and draws a picture.
//!
//! ```text
//! cargo run --release --example judge_canary
//! cargo run --release --example judge_canary -- baseline.csv canary.csv --lower throughput
//! cargo run --release --example judge_canary -- --power-curves power.svg
//! ```

mod draw;
#[allow(dead_code, reason = "other examples mark thresholds")]
#[path = "../support/frame.rs"]
mod frame;
mod input;
mod options;
#[allow(dead_code, reason = "other examples draw in other colours")]
#[path = "../support/svg.rs"]
mod svg;
#[path = "../support/text.rs"]
mod text;
#[allow(dead_code, reason = "other examples have axes of times")]
#[path = "../support/ticks.rs"]
mod ticks;

use forewarn::compare::{CanaryJudgement, CanaryMetric, MetricOutcome};
use options::{HELP, Options};
use std::process::ExitCode;
use text::say;

fn main() -> ExitCode {
    text::start(run)
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        say(HELP.trim_end());
        return Ok(());
    };
    let (picture, path) = if let Some(path) = &options.power_curves {
        (draw::power_curves()?, path)
    } else {
        let metrics = input::read(&options)?;
        let judged: Vec<CanaryMetric<'_>> = metrics
            .iter()
            .map(|metric| {
                CanaryMetric::samples(&metric.name, &metric.baseline, &metric.candidate)
                    .direction(options.direction(&metric.name))
                    .critical(!options.advisory.contains(&metric.name))
                    .missing(options.missing)
            })
            .collect();
        let judgement = options.params.judge(&judged)?;
        table(&judgement);
        (draw::differences(&judgement), &options.output)
    };
    std::fs::write(path, picture).map_err(|error| format!("{}: {error}", path.display()))?;
    say(format_args!("\nwrote {}", path.display()));
    Ok(())
}

/// The evidence, a metric a line, and the verdict.
fn table(judgement: &CanaryJudgement) {
    let width =
        judgement.metrics.iter().map(|it| it.name.chars().count()).max().unwrap_or(0).max(6);
    say(format_args!(
        "{:width$}  {:7}  {:>10}  {:>10}  {:>9}  {:>9}  {:>11}",
        "metric", "outcome", "baseline", "canary", "change", "p", "worth"
    ));
    for metric in &judgement.metrics {
        let [baseline, canary] = metric.typical;
        // Values, and how many independent ones they are worth.
        let [worth, other] = metric.effective;
        let values = metric.values[0].min(metric.values[1]);
        let change = match metric.outcome {
            MetricOutcome::NoData => "none".to_owned(),
            _ => format!("{:+.1} %", 100.0 * metric.relative),
        };
        say(format_args!(
            "{:width$}  {:7}  {baseline:>10.4}  {canary:>10.4}  {change:>9}  {:>9.2e}  {:>4.0} of {values}",
            metric.name,
            metric.outcome,
            metric.adjusted,
            worth.min(other),
        ));
    }
    say(format_args!("\n{judgement}"));
}
