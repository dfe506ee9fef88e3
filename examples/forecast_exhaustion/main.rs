//! Reads a metric from a CSV file, says when it reaches its capacity, and draws why.
//!
//! ```text
//! cargo run --release --example forecast_exhaustion
//! cargo run --release --example forecast_exhaustion -- disk.csv --column used --capacity 500
//! ```

mod chart;
#[path = "../support/clock.rs"]
mod clock;
#[allow(dead_code, reason = "other examples have thresholds")]
#[path = "../support/frame.rs"]
mod frame;
mod input;
#[allow(dead_code, reason = "other examples have more colours")]
#[path = "../support/svg.rs"]
mod svg;
#[allow(dead_code, reason = "other examples take numbers of their own")]
#[path = "../support/text.rs"]
mod text;
#[allow(dead_code, reason = "other examples have logarithmic axes")]
#[path = "../support/ticks.rs"]
mod ticks;

use forewarn::trend::{ExhaustionParams, Outlook};
use input::{HELP, Input, Options};
use std::process::ExitCode;
use text::say;
use ticks::moment;

fn main() -> ExitCode {
    text::start(run)
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        say(HELP.trim_end());
        return Ok(());
    };
    let input = Input::read(&options)?;
    let params = ExhaustionParams::new(options.capacity).falling(options.falling);
    let forecast = params.forecast(&input.times, &input.values)?;
    let from = moment(forecast.time);
    say(format_args!("{}, {} on {}:", input.file, input.name, from.format("%A %-d %B %Y, %R")));
    let first = moment(forecast.time + forecast.earliest);
    let sentence = match forecast.outlook {
        Outlook::Filling => {
            format!("{forecast}; not before {}", first.format("%A %-d %B, %R"))
        }
        _ => forecast.to_string(),
    };
    say(sentence);
    say(format_args!(
        "{:.3} a day; within 24 hours with probability {:.2}",
        forecast.rate * 86_400.0,
        forecast.probability
    ));
    std::fs::write(&options.output, chart::chart(&input, &options, &forecast))
        .map_err(|error| format!("cannot write {}: {error}", options.output.display()))?;
    say(format_args!("drawn: {}", options.output.display()));
    Ok(())
}
