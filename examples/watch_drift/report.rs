//! What is printed.

use crate::input::{Input, Metric};
use crate::text::say;
use crate::ticks::{moment, thousands};
use forewarn::trend::{DetectedChange, DriftTable, Moved, Segmentation};

/// Changes that are printed of each metric.
const SHOWN: usize = 8;

pub(crate) fn heading(input: &Input, split: usize) {
    let rows = input.times.len();
    say(format_args!(
        "{}: {} rows; the baseline are those before {}",
        input.file,
        thousands(rows),
        moment(input.times[split.min(rows - 1)]).format("%F %R")
    ));
}

/// Each metric by how far it is from its baseline.
pub(crate) fn drift(table: &DriftTable) {
    say("\nmetric              drift     elsewhere  p by chance  index (critical)  median");
    for feature in &table.features {
        let Moved::Numeric { median: [before, after], .. } = &feature.moved else { continue };
        let stability = feature.stability;
        say(format_args!(
            "{:<18}  {:<8}  {:>7.1} %  {:>11.2e}  {:>6.3} ({:.3})   {before:.4} -> {after:.4}",
            feature.name,
            feature.severity,
            100.0 * feature.effect,
            feature.adjusted,
            stability.index,
            stability.critical,
        ));
    }
}

/// When a metric changed for long, and what would have been noticed as it came.
pub(crate) fn changes(
    input: &Input,
    metric: &Metric,
    found: &Segmentation,
    noticed: &[DetectedChange],
) {
    let kind = if found.noise.wandering { "it wanders: main turns" } else { "changes" };
    say(format_args!("\n{}: {kind} {}", metric.name, found.changes.len()));
    let at = |row: usize| moment(input.times[row.min(input.times.len() - 1)]).format("%F %R");
    let mut strongest = found.changes.clone();
    strongest.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    strongest.truncate(SHOWN);
    strongest.sort_by_key(|change| change.index);
    for change in strongest {
        say(format_args!(
            "  {}  {:.3} -> {:.3}, {:.1} times what it took",
            at(change.index),
            change.before,
            change.after,
            change.strength
        ));
    }
    let live: Vec<String> = noticed
        .iter()
        .take(SHOWN)
        .map(|change| {
            let after = change.noticed - change.index + 1;
            format!("{} (after {after} rows)", at(change.index as usize))
        })
        .collect();
    let more = if noticed.len() > SHOWN { ", ..." } else { "" };
    if !live.is_empty() {
        say(format_args!("  live, {}: {}{more}", noticed.len(), live.join(", ")));
    }
}
