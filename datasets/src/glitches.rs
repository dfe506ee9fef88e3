//! Metrics with labelled incidents, and with harmless events that look like small ones.
//!
//! What an operator would confirm and what they would wave away, for learning from their verdicts.
//! `N` is standard normal, `u` uniform, `t` the time in days from the start, a Monday at midnight
//! UTC; both are fresh at every use. Each metric `m` has a phase `a = u` and a level of
//! `L = 50 + 100 u`:
//! ```text
//! value    L (1 + 0.4 sin(2π (t − a)) + d (w + e)),   d the deviation `noise`
//! noise    w = N, or 3 N in one of a hundred rows
//! glitch   e = ±(6 + 8 u) for one or two rows: harmless
//! incident e = ±(9 + 31 u) for 15 to 90 minutes: real
//! ```
//! Both begin at random times, never two at once and none in the first week. A glitch may well be
//! higher than an incident. Metrics differ in how often they glitch: `harmless_per_week` times
//! `e^(0.7 N)`.

use crate::error::{Result, check_count, check_range};
use crate::exact::sine;
use crate::random::Stream;

/// 2024-01-01T00:00:00Z, a Monday.
const START: f64 = 1_704_067_200.0;
const DAY_MINUTES: f64 = 24.0 * 60.0;

/// Settings; see the [module](self) for the formulas.
///
/// ```
/// use forewarn_datasets::glitches::GlitchParams;
///
/// let metrics = GlitchParams { days: 8, metrics: 2, ..GlitchParams::default() }.simulate()?;
/// assert_eq!(metrics.len(), 2);
/// assert_eq!(metrics[0].values.len(), 8 * 24 * 12);
/// # Ok::<(), forewarn_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GlitchParams {
    /// Days, 1 to 3,650. Default 84.
    pub days: usize,
    /// Minutes between rows, 1 to 60. Default 5.
    pub step_minutes: usize,
    /// Metrics, 1 to 1,000. Default 4.
    pub metrics: usize,
    /// Deviation of the noise, relative to the level, 0 to 0.2. Default 0.02.
    pub noise: f64,
    /// Mean number of glitches a week and metric, 0 to 100. Default 2.
    pub harmless_per_week: f64,
    /// Mean number of incidents a week and metric, 0 to 100. Default 1.
    pub incidents_per_week: f64,
    /// Everything random follows from it. Default 1.
    pub seed: u64,
}

impl Default for GlitchParams {
    fn default() -> Self {
        Self {
            days: 84,
            step_minutes: 5,
            metrics: 4,
            noise: 0.02,
            harmless_per_week: 2.0,
            incidents_per_week: 1.0,
            seed: 1,
        }
    }
}

/// One metric.
#[derive(Debug, Clone, PartialEq)]
pub struct GlitchMetric {
    /// Unix seconds.
    pub times: Vec<f64>,
    /// One value a time.
    pub values: Vec<f64>,
    /// First and last time of each incident, ascending.
    pub incidents: Vec<(f64, f64)>,
    /// First and last time of each glitch, ascending.
    pub glitches: Vec<(f64, f64)>,
}

impl GlitchParams {
    /// Runs the metrics. The same settings give the same bits on every platform.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn simulate(&self) -> Result<Vec<GlitchMetric>> {
        check_count("days", self.days, 1, 3_650)?;
        check_count("step_minutes", self.step_minutes, 1, 60)?;
        check_count("metrics", self.metrics, 1, 1_000)?;
        check_range("noise", self.noise, 0.0, 0.2)?;
        check_range("harmless_per_week", self.harmless_per_week, 0.0, 100.0)?;
        check_range("incidents_per_week", self.incidents_per_week, 0.0, 100.0)?;
        Ok((0..self.metrics as u64).map(|metric| self.metric(metric)).collect())
    }

    fn metric(&self, index: u64) -> GlitchMetric {
        let mut stream = Stream::new(self.seed, index);
        let (phase, level) = (stream.unit(), stream.between(50.0, 150.0));
        let step = self.step_minutes as f64;
        let a_row = step / (7.0 * DAY_MINUTES);
        let harmless = self.harmless_per_week * stream.log_normal(0.7) * a_row;
        let real = self.incidents_per_week * a_row;
        let mut metric =
            GlitchMetric { times: vec![], values: vec![], incidents: vec![], glitches: vec![] };
        // Height of what is under way, and the rows that are left of it.
        let (mut height, mut rows_left) = (0.0, 0_usize);
        for row in 0..(self.days as f64 * DAY_MINUTES / step) as usize {
            let minute = row as f64 * step;
            let time = START + 60.0 * minute;
            if rows_left == 0 && minute >= 7.0 * DAY_MINUTES {
                let draw = stream.unit();
                let sign = if stream.chance(0.5) { 1.0 } else { -1.0 };
                if draw < real {
                    height = sign * stream.between(9.0, 40.0);
                    rows_left = (stream.between(15.0, 90.0) / step) as usize + 1;
                    let last = time + 60.0 * step * (rows_left - 1) as f64;
                    metric.incidents.push((time, last));
                } else if draw < real + harmless {
                    height = sign * stream.between(6.0, 14.0);
                    rows_left = 1 + stream.below(2);
                    let last = time + 60.0 * step * (rows_left - 1) as f64;
                    metric.glitches.push((time, last));
                }
            }
            let event = if rows_left > 0 { height } else { 0.0 };
            rows_left = rows_left.saturating_sub(1);
            let wide = if stream.chance(0.01) { 3.0 } else { 1.0 };
            let season = 0.4 * sine(minute / DAY_MINUTES - phase);
            let noise = self.noise * (wide * stream.normal() + event);
            metric.times.push(time);
            metric.values.push(level * (1.0 + season + noise));
        }
        metric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_as_frequent_as_asked_for_and_never_overlap() {
        let params = GlitchParams { days: 707, metrics: 20, ..GlitchParams::default() };
        let metrics = params.simulate().expect("settings");
        let incidents: usize = metrics.iter().map(|metric| metric.incidents.len()).sum();
        // 100 weeks of 20 metrics, less the time that events take; four deviations.
        assert!((1_800..2_160).contains(&incidents), "{incidents}");
        for metric in &metrics {
            let mut all = [&metric.incidents[..], &metric.glitches[..]].concat();
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(all.windows(2).all(|pair| pair[0].1 < pair[1].0));
            assert!(all[0].0 >= START + 7.0 * 86_400.0);
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for params in [
            GlitchParams { days: 0, ..GlitchParams::default() },
            GlitchParams { noise: f64::NAN, ..GlitchParams::default() },
            GlitchParams { incidents_per_week: -1.0, ..GlitchParams::default() },
        ] {
            assert!(params.simulate().is_err(), "{params:?}");
        }
    }
}
