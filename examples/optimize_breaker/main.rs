//! Learns the settings of a circuit breaker from a log of calls, and shows what they would have done.
//!
//! ```text
//! cargo run --release --example optimize_breaker
//! cargo run --release --example optimize_breaker -- calls.csv --objective 0.1
//! ```

#[allow(dead_code, reason = "other examples draw thresholds")]
#[path = "../support/frame.rs"]
mod frame;
mod options;
mod outage;
mod picture;
#[path = "../support/progress.rs"]
mod progress;
#[allow(dead_code, reason = "other examples use more colours")]
#[path = "../support/svg.rs"]
mod svg;
#[path = "../support/text.rs"]
mod text;
#[allow(dead_code, reason = "other examples have axes of times and of counts")]
#[path = "../support/ticks.rs"]
mod ticks;

use forewarn::breaker::{BreakerOptimizer, CallLog, ExportTarget, PeerDefaults};
use options::{HELP, Options};
use outage::Outage;
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
    let path = options.file.clone().unwrap_or_else(|| forewarn_datasets::path("calls.csv"));
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let log = CallLog::from_csv(&text).map_err(|error| format!("{}: {error}", path.display()))?;

    let optimizer = BreakerOptimizer::default()
        .costs(options.costs)
        .candidates(options.candidates)
        .seed(options.seed);
    let mut bar = progress::Bar::new("settings");
    let found = optimizer.optimize_observed(&log, &mut |done, total| bar.advance(done, total))?;
    drop(bar);
    say(&found);
    let Some(settings) = found.found.as_ref().and_then(|found| found.settings) else {
        return Ok(());
    };
    say("the nearest that other libraries can do:");
    for target in ExportTarget::ALL {
        let export = settings.export(target, &found.log);
        say(format_args!("\n{}\n{}", target.name(), export.text.trim_end()));
        for lost in &export.lost {
            say(format_args!("  lost: {lost}"));
        }
    }

    // As long as outages are, so that the next calls show how soon it was over.
    let length = (1.5 * found.log.mean_outage).clamp(20.0, 600.0);
    let Some(outage) = Outage::worst(&log, length) else { return Ok(()) };
    let resilience4j = Some(PeerDefaults::Resilience4j.settings());
    let replays = [
        ("learned from the log", outage.replay(Some(settings), options.seed)?),
        ("resilience4j's defaults", outage.replay(resilience4j, options.seed)?),
        ("no breaker", outage.replay(None, options.seed)?),
    ];
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let of = if outage.key.is_empty() { String::new() } else { format!(" of {}", outage.key) };
    let title = format!("Settings learned from {file}, and its worst outage{of}");
    std::fs::write(&options.output, picture::picture(&title, &found, &outage, &replays))
        .map_err(|error| format!("{}: {error}", options.output.display()))?;
    say(format_args!("\nwrote {}", options.output.display()));
    Ok(())
}
