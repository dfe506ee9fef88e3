//! Says when the metrics of any CSV file changed, whether they still are what they were, and which
//! keys of a configuration are not.
//!
//! ```text
//! cargo run --release --example watch_drift
//! cargo run --release --example watch_drift -- my.csv.gz --split 0.7
//! cargo run --release --example watch_drift -- --config old.conf,new.conf
//! ```

#[path = "../support/clock.rs"]
mod clock;
mod config;
#[path = "../support/frame.rs"]
mod frame;
mod input;
#[path = "../support/metrics.rs"]
mod metrics;
mod options;
#[path = "../support/over_time.rs"]
mod over_time;
mod report;
#[path = "../support/svg.rs"]
mod svg;
#[path = "../support/text.rs"]
mod text;
#[allow(dead_code, reason = "other examples have logarithmic axes")]
#[path = "../support/ticks.rs"]
mod ticks;

use forewarn::trend::{
    ChangeDetectorParams, ChangePointParams, DetectedChange, DriftParams, FeatureColumn,
    Segmentation,
};
use input::{Input, Metric};
use options::{HELP, Options};
use over_time::{Moments, Panel, over_time};
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
    if let Some((before, after)) = &options.config {
        return config::compare(before, after);
    }
    let input = Input::read(&options)?;
    let split = ((input.times.len() as f64 * options.split) as usize).max(1);
    report::heading(&input, split);

    let halves: Vec<_> = input
        .metrics
        .iter()
        .map(|metric| {
            let (before, after) = metric.values.split_at(split);
            (metric.name.as_str(), FeatureColumn::Numeric(before), FeatureColumn::Numeric(after))
        })
        .collect();
    let params = DriftParams::default().alpha(options.alpha).floor(options.floor);
    report::drift(&params.table(&halves)?);

    let mut drawn: Option<(&Metric, Segmentation)> = None;
    for metric in &input.metrics {
        let found = ChangePointParams::default().min_length(input.lasting()).find(&metric.calm)?;
        report::changes(&input, metric, &found, &live(metric)?);
        let more = drawn.as_ref().is_none_or(|(_, most)| strength(&found) > strength(most));
        if options.draw.as_ref().map_or(more, |name| *name == metric.name) {
            drawn = Some((metric, found));
        }
    }
    let (metric, found) = drawn.ok_or("no metric of the name given to --draw")?;
    std::fs::write(&options.output, picture(&input, metric, &found))
        .map_err(|error| format!("{}: {error}", options.output.display()))?;
    say(format_args!("\nwrote {}", options.output.display()));
    Ok(())
}

/// What a detector would have noticed, observation by observation.
fn live(metric: &Metric) -> forewarn::Result<Vec<DetectedChange>> {
    let mut detector = ChangeDetectorParams::default().start()?;
    let mut noticed = Vec::new();
    for &value in &metric.calm {
        noticed.extend(detector.observe(value)?);
    }
    Ok(noticed)
}

/// What the strongest change explains.
fn strength(found: &Segmentation) -> f64 {
    found.changes.iter().map(|change| change.strength).fold(0.0, f64::max)
}

/// A metric, and below it without its daily rhythm, with its changes.
fn picture(input: &Input, metric: &Metric, found: &Segmentation) -> String {
    let moments = Moments {
        at: &input.times,
        anomalies: &found.change_points(),
        meaning: "change",
        labels: input.label.as_deref(),
    };
    let level = |at: usize| found.segments.iter().find(|it| at < it.end).copied();
    let bound = |sign: f64| -> Vec<f64> {
        let at = |row| level(row).map_or(f64::NAN, |it| it.mean + sign * it.spread);
        (0..metric.calm.len()).map(at).collect()
    };
    let (lower, upper) = (bound(-1.0), bound(1.0));
    let panels = [
        Panel { name: &metric.name, values: &metric.values, threshold: None, band: None },
        Panel {
            name: "without rhythm",
            values: &metric.calm,
            threshold: None,
            band: Some((&lower, &upper)),
        },
    ];
    over_time(&format!("{}: {} changes", metric.name, found.changes.len()), &moments, &panels)
}
