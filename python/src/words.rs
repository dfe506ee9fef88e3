//! Enumerations of the library as Python's words.

use crate::errors::{Result, bad_value};
use forewarn::compare::{Alternative, Direction, Discovery, MetricOutcome};
use forewarn::trend::DriftSeverity;

/// What a word stands for in a table; the words that there are, if it is none of them.
pub(crate) fn meaning<T: Copy>(name: &str, word: &str, table: &[(&str, T)]) -> Result<T> {
    if let Some((_, found)) = table.iter().find(|(known, _)| *known == word) {
        return Ok(*found);
    }
    let words: Vec<String> = table.iter().map(|(known, _)| format!("'{known}'")).collect();
    let (last, others) = words.split_last().map_or(("", &[][..]), |(it, rest)| (it.as_str(), rest));
    Err(bad_value(format!("{name} is '{word}': it must be {} or {last}", others.join(", "))))
}

/// The word for a value, in a table that has them all; a test in Python holds it against the
/// library's.
pub(crate) fn word<T: PartialEq>(value: &T, table: &[(&'static str, T)]) -> &'static str {
    table.iter().find(|(_, known)| known == value).map_or("unknown", |(word, _)| word)
}

pub(crate) const ALTERNATIVES: [(&str, Alternative); 3] = [
    ("two-sided", Alternative::TwoSided),
    ("greater", Alternative::Greater),
    ("less", Alternative::Less),
];

pub(crate) const DIRECTIONS: [(&str, Direction); 3] = [
    ("higher_is_worse", Direction::HigherIsWorse),
    ("lower_is_worse", Direction::LowerIsWorse),
    ("either", Direction::Either),
];

pub(crate) const DISCOVERIES: [(&str, Discovery); 2] = [
    ("benjamini-hochberg", Discovery::BenjaminiHochberg),
    ("benjamini-yekutieli", Discovery::BenjaminiYekutieli),
];

pub(crate) const OUTCOMES: [(&str, MetricOutcome); 5] = [
    ("worse", MetricOutcome::Worse),
    ("better", MetricOutcome::Better),
    ("same", MetricOutcome::Same),
    ("unsure", MetricOutcome::Unsure),
    ("no data", MetricOutcome::NoData),
];

pub(crate) const SEVERITIES: [(&str, DriftSeverity); 4] = [
    ("none", DriftSeverity::None),
    ("slight", DriftSeverity::Slight),
    ("moderate", DriftSeverity::Moderate),
    ("severe", DriftSeverity::Severe),
];
