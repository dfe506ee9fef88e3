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

/// The standard normal quantile of that confidence, on both sides.
const QUANTILE: f64 = 2.575_829_303_548_901;

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
        if times.len() < LEAST || !may_tell(&values) {
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

/// Whether the interval of the slope may leave 0 out, which few series do: whether clearly more pairs of
/// readings, in order of time, rise than fall, or the other way round. The interval is one of ranks
/// among the slopes of pairs, which take long to put in order; where none is 0, their signs alone say
/// as much.
fn may_tell(values: &[f64]) -> bool {
    let (mut rises, mut falls) = (0_u32, 0_u32);
    for (index, &value) in values.iter().enumerate() {
        for &next in &values[index + 1..] {
            rises += u32::from(next > value);
            falls += u32::from(next < value);
        }
    }
    let count = values.len() as f64;
    // Kendall's variance is this without ties, and less with them.
    let variance = count * (count - 1.0) * (2.0 * count + 5.0) / 18.0;
    let ties = f64::from(rises + falls) < count * (count - 1.0) / 2.0;
    // Two pairs for the rounding of ranks.
    ties || f64::from(rises.abs_diff(falls)) + 4.0 >= QUANTILE * variance.sqrt()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests {
    use super::{CONFIDENCE, QUANTILE, may_tell};
    use crate::rng::Stream;
    use crate::trend::theil_sen;

    #[test]
    fn nothing_that_tells_is_passed_over() {
        // From a table of the normal distribution: 99 % are within so many deviations.
        assert!((QUANTILE - 2.575_829).abs() < 1e-6);
        let (mut told, mut passed) = (0, 0);
        for seed in 0..2_000 {
            let mut stream = Stream::new(seed, 0);
            let count = 12 + stream.below(37);
            let rise = 0.1 * stream.unit();
            let steps = [0.0, 0.5][stream.below(2)];
            let times: Vec<f64> = (0..count).map(|at| at as f64).collect();
            let values: Vec<f64> = times
                .iter()
                .map(|at| rise * at + stream.normal())
                .map(|value| if steps > 0.0 { (value / steps).round() * steps } else { value })
                .collect();
            let line = theil_sen(&times, &values, CONFIDENCE).unwrap();
            let tells = line.lower > 0.0 || line.upper < 0.0;
            assert!(!tells || may_tell(&values), "seed {seed}");
            told += usize::from(tells);
            passed += usize::from(!may_tell(&values));
        }
        assert!(told > 200 && passed > 200, "{told} told, {passed} passed over");
    }
}
