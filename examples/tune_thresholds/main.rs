//! Watches the metrics of any CSV file, turns what is abnormal into few alerts, and learns from
//! verdicts on them.
//!
//! ```text
//! cargo run --release --example tune_thresholds
//! cargo run --release --example tune_thresholds -- my.csv.gz --label incident
//! ```

mod alerts;
#[path = "../support/clock.rs"]
mod clock;
#[path = "../support/frame.rs"]
mod frame;
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
mod watch;

use metrics::Recording;
use options::{HELP, Options};
use over_time::{Moments, Panel, over_time};
use std::process::ExitCode;
use text::say;
use ticks::thousands;
use watch::{Watched, watch};

fn main() -> ExitCode {
    text::start(run)
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        say(HELP.trim_end());
        return Ok(());
    };
    let (file, label) = (options.file.as_deref(), options.label.as_deref());
    let input = Recording::read(file, label, &options.exclude, "anomaly")?;
    let rows = input.times.len();
    let (metrics, days) = (input.metrics.len(), input.days());
    say(format_args!(
        "{}: {} rows of {metrics} metrics over {days:.0} days",
        input.file,
        thousands(rows)
    ));

    let watched: Vec<Watched> = input
        .metrics
        .iter()
        .map(|metric| watch(&input, metric, options.false_alarms))
        .collect::<Result<_, _>>()?;
    let usual = watch::threshold(&input, options.false_alarms);
    let found = alerts::reduce(&input, &watched, usual, None, 0..rows)?;
    let raw = watched.iter().map(|it| it.abnormal(usual).len()).sum();
    report::reduction(&input, raw, found.len());
    report::alerts(&input, &watched, usual, &found);

    if let Some(label) = &input.label {
        let half = rows / 2;
        let (tuned, [wrong, right]) =
            alerts::learn(&input, &watched, usual, label, &options, 0..half)?;
        say(format_args!(
            "\nin the first half an operator called {right} alarms real and {wrong} false; \
             in the second"
        ));
        let measure = |tuner| {
            let found = alerts::reduce(&input, &watched, usual, tuner, half..rows)?;
            Ok::<_, forewarn::Error>(alerts::measure(&input, &found, label, half..rows))
        };
        report::measured("  without them", &measure(None)?);
        report::measured("  with them", &measure(Some(tuned))?);
    }

    std::fs::write(&options.output, picture(&input, &watched, usual, options.draw.as_deref())?)
        .map_err(|error| format!("{}: {error}", options.output.display()))?;
    say(format_args!("\nwrote {}", options.output.display()));
    Ok(())
}

/// A metric within its band, above its score.
fn picture(
    input: &Recording,
    watched: &[Watched],
    usual: f64,
    draw: Option<&str>,
) -> Result<String, String> {
    let all = || input.metrics.iter().zip(watched);
    let (metric, watched) = match draw {
        Some(name) => all()
            .find(|(metric, _)| metric.name == name)
            .ok_or_else(|| format!("--draw {name}: no such metric"))?,
        None => all()
            .max_by_key(|(_, watched)| watched.abnormal(usual).len())
            .ok_or_else(|| "nothing to draw".to_owned())?,
    };
    let file = std::path::Path::new(&input.file).file_name().unwrap_or_default();
    let title = format!("{} in {}", metric.name, file.to_string_lossy());
    let abnormal = watched.abnormal(usual);
    let moments = Moments {
        at: &input.times,
        anomalies: &abnormal,
        meaning: "abnormal: rarer than was asked for",
        labels: input.label.as_deref(),
    };
    let band = Some((&watched.lower[..], &watched.upper[..]));
    let panels = [
        Panel { name: &metric.name, values: &metric.values, threshold: None, band },
        Panel { name: "score", values: &watched.scores, threshold: Some(usual), band: None },
    ];
    Ok(over_time(&title, &moments, &panels))
}
