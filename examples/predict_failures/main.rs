//! Predicts the failures in any CSV file, says how far that can be trusted and why, and draws it.
//!
//! ```text
//! cargo run --release --example predict_failures
//! cargo run --release --example predict_failures -- my.csv.gz --label failed --group machine
//! ```

#[path = "../support/cells.rs"]
mod cells;
#[path = "../support/curves.rs"]
mod curves;
#[allow(dead_code, reason = "other examples draw thresholds")]
#[path = "../support/frame.rs"]
mod frame;
mod input;
mod model;
mod options;
#[path = "../support/progress.rs"]
mod progress;
mod report;
mod split;
#[allow(dead_code, reason = "other examples use more colours")]
#[path = "../support/svg.rs"]
mod svg;
#[path = "../support/text.rs"]
mod text;
#[allow(dead_code, reason = "other examples have axes of times and of counts")]
#[path = "../support/ticks.rs"]
mod ticks;

use curves::{Curve, curves};
use forewarn::metrics::{Bins, calibration_table};
use forewarn::prelude::Score;
use input::Input;
use model::OneColumn;
use options::{HELP, Options};
use report::Test;
use split::Plan;
use std::process::ExitCode;
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
    report::failures(&input);
    let plan = Plan::new(&input, options.seed)?;
    report::plan(&input, &plan);

    let fitted = model::train(&input, &plan, &options)?;
    let (x, labels) = input.take(&plan.test);
    let probabilities = fitted.model.score(x.view())?.to_vec();
    report::training(&input, &fitted, model::time_a_row(&fitted.model, &x)?);

    let alone = OneColumn::train(&input, &plan.train)?;
    let alone = match &alone {
        Some(alone) => Some((input.names[alone.column].as_str(), alone.probabilities(&x)?)),
        None => None,
    };
    let raw = fitted.model.model.score(x.view())?.to_vec();
    let test = Test { labels: &labels, probabilities: &probabilities };
    report::measures(&input, &plan, &test, &raw, alone.as_ref())?;
    let table = calibration_table(&labels, &probabilities, Bins::EqualWidth(10), 0.95)?;
    report::calibration(&input, &table);
    let chosen = report::decision(&test, &fitted.decision, options.costs);
    report::reasons(&input, &plan, &fitted.model, &x, &test)?;

    let file = std::path::Path::new(input.table.file()).file_name().unwrap_or_default();
    let (file, tested) = (file.to_string_lossy(), thousands(labels.len()));
    let title = format!("Predicted failures in {file}: {tested} rows not trained on");
    let curve = |name, probabilities| Curve { name, probabilities };
    let model = curve("all columns", &probabilities);
    let alone = alone.as_ref().map(|(name, probabilities)| curve(name, probabilities));
    let picture = curves(&title, &labels, &table, &model, alone.as_ref(), &chosen);
    std::fs::write(&options.output, picture)
        .map_err(|error| format!("{}: {error}", options.output.display()))?;
    say(format_args!("\nwrote {}", options.output.display()));
    Ok(())
}
