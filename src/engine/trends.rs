//! Metrics that clearly rise or fall.

use super::assessment::TrendNote;
use super::features::EntityState;
use super::reasons::number;
use crate::trend::theil_sen;

/// Latest readings that are looked at, evenly spread over the longest window.
const POINTS: usize = 48;

/// Fewest readings of a trend.
const LEAST: usize = 12;

/// How sure the direction must be.
const CONFIDENCE: f64 = 0.99;

/// The end of the interval nearest to 0 must be at least this share of the slope.
const SURE: f64 = 0.3;

/// Trends of an entity's metrics over the longest window, the steepest against its spread first. A slope
/// counts where its 99 % interval does not hold 0 and it has moved the metric by more than readings
/// scatter around it.
pub(super) fn trends(state: &EntityState) -> Vec<TrendNote> {
    let features = state.features();
    let clock = &features.params().clock;
    let (_, unit) = clock.unit();
    let mut found = Vec::new();
    for (metric, name) in features.metrics().iter().enumerate() {
        let (times, values) = state.recent(metric, POINTS);
        if times.len() < LEAST {
            continue;
        }
        let span = times[times.len() - 1] - times[0];
        let Ok(line) = theil_sen(&times, &values, CONFIDENCE) else { continue };
        if line.lower.signum() != line.upper.signum() || line.lower == 0.0 || line.upper == 0.0 {
            continue;
        }
        if line.lower.abs().min(line.upper.abs()) < SURE * line.slope.abs() {
            continue;
        }
        let apart = times.iter().zip(&values).map(|(&time, value)| (value - line.at(time)).abs());
        let mut apart: Vec<f64> = apart.collect();
        let middle = apart.len() / 2;
        let scatter = *apart.select_nth_unstable_by(middle, f64::total_cmp).1;
        let moved = (line.slope * span).abs();
        if !(moved > 3.0 * scatter && moved > 1e-9 * values[0].abs()) {
            continue;
        }
        let [slope, lower, upper] = [line.slope, line.lower, line.upper].map(|slope| slope * unit);
        let verb = if slope > 0.0 { "rises" } else { "falls" };
        let (low, high) = if slope > 0.0 { (lower, upper) } else { (-upper, -lower) };
        let text = format!(
            "{name} {verb} by {} a{} {} ({} to {}), for {}",
            number(slope.abs()),
            if clock.per() == "hour" { "n" } else { "" },
            clock.per(),
            number(low),
            number(high),
            clock.about(span)
        );
        let note = TrendNote { metric: name.clone(), slope, lower, upper, span, text };
        found.push((moved / scatter.max(1e-12 * moved), note));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, note)| note).collect()
}
