//! Judges machines line by line, and says so whenever what should be done changes.
//!
//! ```text
//! cargo run --release --example stream_stdin -- --demo
//! tail -f readings.csv | cargo run --release --example stream_stdin
//! tail -f readings.csv | cargo run --release --example stream_stdin -- --engine pumps.forewarn
//! ```
//!
//! The first line names the columns: a time in Unix seconds, the machine, and metrics, such as
//! `time,machine,temperature,vibration`. Without an engine that was saved, one learns from simulated
//! pumps.

#[path = "../support/pumps.rs"]
mod pumps;
#[allow(dead_code, reason = "other examples take numbers and draw pictures")]
#[path = "../support/text.rs"]
mod text;

use forewarn::engine::action::Action;
use forewarn::engine::{Engine, Fleet};
use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal as _};
use std::process::ExitCode;
use std::sync::Arc;
use text::say;

fn main() -> ExitCode {
    text::start(run)
}

fn run() -> Result<(), Box<dyn Error>> {
    let (mut demo, mut saved) = (std::io::stdin().is_terminal(), None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--demo" => demo = true,
            "--engine" => saved = Some(arguments.next().ok_or("--engine needs a FILE")?),
            _ => return Err(format!("{argument}: there are --demo and --engine FILE").into()),
        }
    }
    let engine = match saved {
        Some(path) => load(&path)?,
        // Other pumps than those of the demonstration: it knows the kind, not the machines.
        None => Engine::builder().train(&pumps::simulate(20, 500, 500)?.0)?,
    };
    say(format_args!("{}", engine.card()));
    let watch = Watch { fleet: Arc::new(engine).fleet(), last: HashMap::new() };
    if demo { watch.run(committed()?.as_bytes()) } else { watch.run(std::io::stdin().lock()) }
}

#[cfg(feature = "serde")]
fn load(path: &str) -> Result<Engine, Box<dyn Error>> {
    let bytes = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    Ok(Engine::from_bytes(&bytes).map_err(|error| format!("{path}: {error}"))?)
}

#[cfg(not(feature = "serde"))]
fn load(path: &str) -> Result<Engine, Box<dyn Error>> {
    Err(format!("{path}: engines are loaded with the feature serde").into())
}

/// The committed fleet as lines: what would come in over 500 hours.
fn committed() -> Result<String, Box<dyn Error>> {
    let table = forewarn_datasets::Table::read(forewarn_datasets::path("fleet.csv"))?;
    let (times, machines) = (table.timestamps("time")?, table.texts("machine")?);
    let names = pumps::metrics();
    let metrics = names.iter().map(|name| table.numbers(name)).collect::<Result<Vec<_>, _>>()?;
    let mut lines = format!("time,machine,{}\n", names.join(","));
    for (row, (time, machine)) in times.iter().zip(machines).enumerate() {
        let values: Vec<String> = metrics.iter().map(|column| column[row].to_string()).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{time},{},{}", machine.unwrap_or_default(), values.join(","));
    }
    Ok(lines)
}

struct Watch {
    fleet: Fleet,
    /// What was last to be done with each machine.
    last: HashMap<String, Action>,
}

impl Watch {
    fn run(mut self, lines: impl BufRead) -> Result<(), Box<dyn Error>> {
        let mut lines = lines.lines();
        let header = lines.next().ok_or("no line came: the first one names the columns")??;
        let names: Vec<&str> = header.split(',').map(str::trim).skip(2).collect();
        for (number, line) in lines.enumerate() {
            // A line that cannot be read is told of, and does not stop the watch.
            if let Err(error) = self.line(&names, &line?) {
                eprintln!("line {}: {error}", number + 2);
            }
        }
        Ok(())
    }

    fn line(&mut self, names: &[&str], line: &str) -> Result<(), Box<dyn Error>> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [time, machine, values @ ..] = fields.as_slice() else {
            return Err("a time and a machine are needed".into());
        };
        if values.len() != names.len() {
            return Err(format!(
                "{} readings, where the first line names {}",
                values.len(),
                names.len()
            )
            .into());
        }
        let number = |text: &str| if text.is_empty() { Ok(f64::NAN) } else { text.parse() };
        let time = number(time).map_err(|_| format!("{time:?} is no time in Unix seconds"))?;
        let values =
            values.iter().map(|value| number(value).map_err(|_| format!("{value:?} is no number")));
        let readings = names.iter().copied().zip(values.collect::<Result<Vec<_>, _>>()?);
        self.fleet.observe_named(machine, time, readings)?;

        let assessment = self.fleet.assess(machine, time)?;
        let last = self.last.insert((*machine).to_owned(), assessment.action);
        let same = std::mem::discriminant(&last.unwrap_or(Action::None))
            == std::mem::discriminant(&assessment.action);
        if !same {
            let hours = time / 3_600.0;
            say(format_args!("\nhour {hours:.0}, {assessment}"));
        }
        Ok(())
    }
}
