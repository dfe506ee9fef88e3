//! Two configurations.

use crate::text::say;
use forewarn::trend::ConfigDriftParams;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

/// Prints the keys that differ, the worst first.
pub(crate) fn compare(before: &Path, after: &Path) -> Result<(), Box<dyn Error>> {
    let changes = ConfigDriftParams::default().compare(&read(before)?, &read(after)?)?;
    say(format_args!("{} keys differ", changes.len()));
    for change in changes {
        let shown = |value: Option<String>| value.unwrap_or_else(|| "(not there)".to_owned());
        let (severity, key) = (change.severity, change.key);
        let (before, after) = (shown(change.before), shown(change.after));
        say(format_args!("  {severity:<8}  {key}: {before} -> {after}"));
    }
    Ok(())
}

/// Keys and values of lines `key = value` or `key: value`; others are comments.
fn read(path: &Path) -> Result<BTreeMap<String, String>, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let pair = |line: &str| {
        let (key, value) = line.split_once('=').or_else(|| line.split_once(':'))?;
        Some((key.trim().to_owned(), value.trim().to_owned()))
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';', '[']));
    Ok(lines.filter_map(pair).collect())
}
