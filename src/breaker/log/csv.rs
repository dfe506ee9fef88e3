//! Reading and writing CSV.

use super::call::{LoggedCall, LoggedOutcome};
use super::table::CallLog;
use crate::breaker::State;
use crate::error::{Error, Result};
use std::borrow::Cow;
use std::fmt::Write as _;

/// What a column holds, and the factor that makes seconds of it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Column {
    Key,
    Start(f64),
    Latency(f64),
    Outcome,
    Attempt,
    Admitted,
    State,
    Other,
}

impl Column {
    fn of(name: &str) -> Self {
        match name.trim().to_ascii_lowercase().as_str() {
            "key" | "host" | "service" | "dependency" => Self::Key,
            "start" | "start_s" | "time" | "time_s" | "timestamp" => Self::Start(1.0),
            "start_ms" | "time_ms" | "timestamp_ms" => Self::Start(1e-3),
            "latency" | "latency_s" | "duration" | "duration_s" => Self::Latency(1.0),
            "latency_ms" | "duration_ms" => Self::Latency(1e-3),
            "outcome" => Self::Outcome,
            "attempt" => Self::Attempt,
            "admitted" => Self::Admitted,
            "state" => Self::State,
            _ => Self::Other,
        }
    }

    /// Two names for one thing are one thing, whatever the unit.
    fn is_same(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

impl CallLog {
    /// Reads a log from CSV text with a header.
    ///
    /// | column | holds |
    /// |---|---|
    /// | `start`, `time`, `timestamp` (also `…_s`, `…_ms`) | when the call was made; needed |
    /// | `latency`, `duration` (also `…_s`, `…_ms`) | how long it took; empty or `nan` if rejected; needed |
    /// | `outcome` | `ok`, `fail` (`failed`, `error`), `timeout`, `ignored`, `rejected`, `cancelled`; needed |
    /// | `key`, `host`, `service`, `dependency` | the dependency; one and the same without it |
    /// | `attempt` | from 1; 1 without it |
    /// | `admitted` | probability of being let through; 1 without it |
    /// | `state` | of the breaker: `closed`, `open`, `half-open`, `ramping`, `forced-open`, `forced-closed`, `disabled`, or empty |
    ///
    /// Units are seconds unless the name ends in `_ms`. Other columns are passed over. Fields may be
    /// in double quotes, but not go over several lines; blank lines are passed over.
    ///
    /// # Errors
    /// [`Error::LogLine`](crate::Error::LogLine) with the line and what is wrong with it: a column
    /// that is missing or there twice, another number of fields than in the header, something that is
    /// no number or no known word, or what [`push`](Self::push) does not take.
    /// [`Error::Empty`](crate::Error::Empty) without a header.
    pub fn from_csv(text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
            .filter(|(_, line)| !line.trim().is_empty());
        let (number, header) = lines.next().ok_or(Error::Empty { what: "lines" })?;
        let mut fields = Vec::new();
        split(header, &mut fields).map_err(|reason| at_line(number, reason))?;
        let columns: Vec<Column> = fields.iter().map(|name| Column::of(name)).collect();
        check_header(&columns, &fields).map_err(|reason| at_line(number, reason))?;
        let mut log = Self::new();
        log.reserve(text.len() / header.len().max(16));
        for (number, line) in lines {
            fields.clear();
            read_line(&mut log, &columns, line, &mut fields)
                .map_err(|reason| at_line(number, reason))?;
        }
        Ok(log)
    }

    /// Writes what [`from_csv`](Self::from_csv) reads: `key,start,latency,outcome,attempt,admitted,
    /// state`, in seconds.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = "key,start,latency,outcome,attempt,admitted,state\n".to_owned();
        for call in self.iter() {
            let key = if call.key.contains([',', '"']) || call.key.trim() != call.key {
                Cow::Owned(format!("\"{}\"", call.key.replace('"', "\"\"")))
            } else {
                Cow::Borrowed(call.key)
            };
            // Writing to a string cannot fail.
            let _ = write!(text, "{key},{},", call.start);
            if !call.latency.is_nan() {
                let _ = write!(text, "{}", call.latency);
            }
            let state = call.state.map_or("", state_name);
            let (outcome, attempt) = (call.outcome.name(), call.attempt);
            let _ = writeln!(text, ",{outcome},{attempt},{},{state}", call.admitted as f32);
        }
        text
    }
}

fn at_line(line: usize, reason: String) -> Error {
    Error::LogLine { line, reason }
}

fn check_header(columns: &[Column], names: &[Cow<'_, str>]) -> Result<(), String> {
    for (at, column) in columns.iter().enumerate() {
        let known = *column != Column::Other;
        if let Some(first) = columns[..at].iter().position(|other| known && other.is_same(*column))
        {
            return Err(format!(
                "columns {:?} and {:?} hold the same thing: one is needed",
                names[first], names[at]
            ));
        }
    }
    let needed = [Column::Start(1.0), Column::Latency(1.0), Column::Outcome];
    for (needed, name) in needed.into_iter().zip(["start", "latency", "outcome"]) {
        if !columns.iter().any(|column| column.is_same(needed)) {
            return Err(format!("no column {name:?}: the header has {names:?}"));
        }
    }
    Ok(())
}

/// One row; the reason if it cannot be read.
fn read_line<'a>(
    log: &mut CallLog,
    columns: &[Column],
    line: &'a str,
    fields: &mut Vec<Cow<'a, str>>,
) -> Result<(), String> {
    split(line, fields)?;
    if fields.len() != columns.len() {
        return Err(format!("{} fields, {} in the header", fields.len(), columns.len()));
    }
    let mut call = LoggedCall::new("", f64::NAN, f64::NAN, LoggedOutcome::Ok);
    for (column, field) in columns.iter().zip(&*fields) {
        match *column {
            Column::Key => call.key = field,
            Column::Start(unit) => call.start = number("start", field)? * unit,
            Column::Latency(_) if field.is_empty() => {}
            Column::Latency(unit) => call.latency = number("latency", field)? * unit,
            Column::Outcome => call.outcome = outcome(field)?,
            Column::Attempt => {
                call.attempt = field.parse().map_err(|_| {
                    format!("attempt is {field:?}: it must be a whole number from 1")
                })?;
            }
            Column::Admitted => call.admitted = number("admitted", field)?,
            Column::State => call.state = state(field)?,
            Column::Other => {}
        }
    }
    log.push(call).map_err(|error| match error {
        Error::NotANumber { what, .. } => {
            let name = what.split(' ').next().unwrap_or(what);
            format!("{name} is missing: only rejected and cancelled calls have no latency")
        }
        other => other.to_string(),
    })
}

fn number(name: &str, field: &str) -> Result<f64, String> {
    field.parse().map_err(|_| format!("{name} is {field:?}: it must be a number"))
}

fn outcome(field: &str) -> Result<LoggedOutcome, String> {
    let known = LoggedOutcome::ALL.into_iter().find(|outcome| outcome.name() == field);
    known.map_or_else(
        || match field.to_ascii_lowercase().as_str() {
            "ok" | "success" => Ok(LoggedOutcome::Ok),
            "fail" | "failed" | "failure" | "error" => Ok(LoggedOutcome::Failed),
            "timeout" | "timed_out" | "timed-out" => Ok(LoggedOutcome::TimedOut),
            "ignored" => Ok(LoggedOutcome::Ignored),
            "rejected" => Ok(LoggedOutcome::Rejected),
            "cancelled" | "canceled" => Ok(LoggedOutcome::Cancelled),
            _ => Err(format!(
                "outcome is {field:?}: it must be ok, fail, timeout, ignored, rejected or cancelled"
            )),
        },
        Ok,
    )
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open => "open",
        State::HalfOpen => "half-open",
        State::Ramping => "ramping",
        State::ForcedOpen => "forced-open",
        State::ForcedClosed => "forced-closed",
        State::Disabled => "disabled",
    }
}

fn state(field: &str) -> Result<Option<State>, String> {
    let name = field.to_ascii_lowercase().replace('_', "-");
    Ok(Some(match name.as_str() {
        "" => return Ok(None),
        "closed" => State::Closed,
        "open" => State::Open,
        "half-open" | "halfopen" => State::HalfOpen,
        "ramping" => State::Ramping,
        "forced-open" => State::ForcedOpen,
        "forced-closed" => State::ForcedClosed,
        "disabled" => State::Disabled,
        _ => {
            return Err(format!(
                "state is {field:?}: it must be closed, open, half-open, ramping, forced-open, \
                 forced-closed, disabled or empty"
            ));
        }
    }))
}

/// The fields of a line; the reason if a quote is left open or text follows one.
fn split<'a>(line: &'a str, fields: &mut Vec<Cow<'a, str>>) -> Result<(), String> {
    if !line.contains('"') {
        fields.extend(line.split(',').map(|field| Cow::Borrowed(field.trim())));
        return Ok(());
    }
    let mut rest = line;
    loop {
        let trimmed = rest.trim_start();
        let Some(mut quoted) = trimmed.strip_prefix('"') else {
            let Some((field, after)) = rest.split_once(',') else {
                fields.push(Cow::Borrowed(rest.trim()));
                return Ok(());
            };
            fields.push(Cow::Borrowed(field.trim()));
            rest = after;
            continue;
        };
        let mut field = String::new();
        loop {
            let (part, after) = quoted.split_once('"').ok_or("a quote is not closed")?;
            field.push_str(part);
            let Some(after) = after.strip_prefix('"') else {
                quoted = after.trim_start();
                break;
            };
            field.push('"');
            quoted = after;
        }
        fields.push(Cow::Owned(field));
        match quoted.strip_prefix(',') {
            Some(after) => rest = after,
            None if quoted.is_empty() => return Ok(()),
            None => return Err(format!("{quoted:?} follows a closing quote")),
        }
    }
}
