//! Which column tells what.

use super::{FeatureParams, MetricStatistic};
use crate::engine::telemetry::names::Names;
use crate::error::{Error, Result};

/// What a feature is about, by the number in [`Features`](super::Features).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// A metric.
    Metric(usize),
    /// A kind of event.
    Event(usize),
    /// A part that is maintained.
    Part(usize),
    /// The entity's age and failures.
    Life,
    /// An attribute.
    Attribute(usize),
}

/// Most columns.
const MOST: usize = 100_000;

/// The names of all columns, in order, and what they are about. [`EntityState`](super::EntityState)
/// writes them in this order.
pub(super) fn columns(
    params: &FeatureParams,
    metrics: &Names,
    event_kinds: &Names,
    parts: &Names,
    attributes: &Names,
) -> Result<(Names, Vec<Subject>)> {
    let of_metric = |statistic: &MetricStatistic| match statistic {
        MetricStatistic::Smooth => params.half_lives.len(),
        _ => 1,
    };
    let a_metric = params.of_metric.iter().map(of_metric).sum::<usize>()
        + params.windows.len() * params.statistics.len();
    let total = (metrics.len().saturating_mul(a_metric))
        .saturating_add(event_kinds.len().saturating_mul(params.event_windows.len() + 1))
        .saturating_add(parts.len() + LIFE + attributes.len());
    if total > MOST {
        let allowed = "at most 100,000";
        return Err(Error::OutOfRange {
            name: "the number of features",
            value: total as f64,
            allowed,
        });
    }
    let mut names = Vec::with_capacity(total);
    let mut subjects = Vec::with_capacity(total);
    let mut add = |subject, name| {
        names.push(name);
        subjects.push(subject);
    };
    let clock = &params.clock;
    let (unit, _) = clock.unit();
    for (number, metric) in metrics.list().iter().enumerate() {
        let subject = Subject::Metric(number);
        for statistic in &params.of_metric {
            let half_life = |length: &f64| clock.words(*length);
            let shortest = params.half_lives.first().map(half_life).unwrap_or_default();
            match statistic {
                MetricStatistic::Last => add(subject, format!("{metric}: last value")),
                MetricStatistic::Silence => {
                    add(subject, format!("{metric}: {unit} since the last value"));
                }
                MetricStatistic::Smooth => {
                    for length in &params.half_lives {
                        let name = format!("{metric}: smoothed, half-life {}", half_life(length));
                        add(subject, name);
                    }
                }
                MetricStatistic::FromLevel => {
                    let what = "from its level, in standard deviations";
                    add(subject, format!("{metric}: smoothed, half-life {shortest}, {what}"));
                }
                MetricStatistic::FromStart => {
                    let what = "less its start";
                    add(subject, format!("{metric}: smoothed, half-life {shortest}, {what}"));
                }
            }
        }
        for &length in &params.windows {
            for statistic in &params.statistics {
                add(subject, format!("{metric}: {}", statistic.words(length, clock)));
            }
        }
    }
    for (number, kind) in event_kinds.list().iter().enumerate() {
        let subject = Subject::Event(number);
        for &length in &params.event_windows {
            add(subject, format!("{kind}: count in {}", clock.words(length)));
        }
        add(subject, format!("{kind}: {unit} since the last"));
    }
    for (number, part) in parts.list().iter().enumerate() {
        add(Subject::Part(number), format!("{part}: {unit} since maintenance"));
    }
    add(Subject::Life, format!("{unit} in this life"));
    add(Subject::Life, format!("{unit} since the last failure"));
    add(Subject::Life, "failures so far".to_owned());
    for (number, attribute) in attributes.list().iter().enumerate() {
        add(Subject::Attribute(number), attribute.clone());
    }
    Ok((Names::distinct("feature", names)?, subjects))
}

/// Columns about the life.
const LIFE: usize = 3;
