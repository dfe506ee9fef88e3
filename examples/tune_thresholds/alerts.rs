//! From scores to alerts, and how right they are.

use crate::metrics::{Metric, Recording};
use crate::options::Options;
use crate::watch::Watched;
use forewarn::alert::{
    Alert, AlertReducer, AlertReducerParams, AlertState, Anomaly, SeveritySteps,
};
use forewarn::prelude::Tune;
use forewarn::threshold::{
    AlarmCosts, AlarmVerdict, Opinion, ScoredPoint, ThresholdTuner, ThresholdTunerParams, group_id,
};
use std::ops::Range;

/// Alerts of the rows in a range, of what a tuner lets pass, if there is one.
pub(crate) fn reduce(
    input: &Recording,
    watched: &[Watched],
    usual: f64,
    mut tuner: Option<ThresholdTuner>,
    rows: Range<usize>,
) -> forewarn::Result<Vec<Alert>> {
    let step = input.step();
    let mut reducer: AlertReducer = AlertReducerParams::default()
        .raise(usual)
        .clear(usual * 0.75)
        .hold(0.0)
        .max_gap(2.5 * step)
        .keep_firing((2.5 * step).max(300.0))
        .reopen((6.0 * step).max(900.0))
        .severity(SeveritySteps {
            score: [usual + 1.0, usual + 2.0],
            duration: [900.0, 3_600.0],
            breadth: [2, 3],
        })
        .group_by(vec!["service".to_owned()])
        .remembered(input.times.len().max(10_000))
        .build()?;
    for row in rows.clone() {
        for (metric, watched) in input.metrics.iter().zip(watched) {
            let labels = [("service", input.file.as_str()), ("metric", metric.name.as_str())];
            let mut score = watched.scores[row];
            if let Some(tuner) = &mut tuner
                && !tuner.judge(point(input, metric, watched, row))?.exceeds
            {
                score = score.min(0.5 * usual);
            }
            let check = Anomaly::new(input.times[row], &labels, score).value(metric.values[row]);
            reducer.observe(check)?;
        }
    }
    let end = input.times[rows.end - 1] + 1e6;
    reducer.advance(end)?;
    let lasting = |alert: &&Alert| !matches!(alert.state, AlertState::Superseded { .. });
    Ok(reducer.alerts().filter(lasting).cloned().collect())
}

/// Lets an operator, who knows the labels, judge the first alarms; what was learned of them.
pub(crate) fn learn(
    input: &Recording,
    watched: &[Watched],
    usual: f64,
    label: &[bool],
    options: &Options,
    rows: Range<usize>,
) -> forewarn::Result<(ThresholdTuner, [usize; 2])> {
    let gap = 2.5 * input.step();
    let mut tuner = ThresholdTunerParams::default()
        .costs(AlarmCosts { miss: options.miss, ..AlarmCosts::default() })
        .rate(10_f64.powf(-usual))
        .gap(gap)
        .start()?;
    let mut given = [0; 2];
    for row in rows {
        for (metric, watched) in input.metrics.iter().zip(watched) {
            let point = point(input, metric, watched, row);
            let (group, time) = (point.group, point.time);
            let now = tuner.judge(point)?;
            if now.raise && given[0] + given[1] < options.verdicts {
                let real = nearby(label, row);
                let opinion = if real { Opinion::Real } else { Opinion::FalseAlarm };
                tuner.observe(AlarmVerdict { group, time, opinion })?;
                given[usize::from(real)] += 1;
            }
        }
    }
    Ok((tuner, given))
}

/// A row for the tuner.
fn point(input: &Recording, metric: &Metric, watched: &Watched, row: usize) -> ScoredPoint {
    let group = group_id(&metric.name);
    ScoredPoint { group, time: input.times[row], score: watched.scores[row] }
}

/// Whether something is wrong at a row, or next to it.
fn nearby(label: &[bool], row: usize) -> bool {
    label[row.saturating_sub(1)..(row + 2).min(label.len())].contains(&true)
}

/// How right alerts are.
pub(crate) struct Measured {
    pub alerts: usize,
    pub right: usize,
    pub incidents: usize,
    pub found: usize,
    /// Seconds from the begin of an incident to its alert, the mean over those that were found.
    pub delay: f64,
}

pub(crate) fn measure(
    input: &Recording,
    alerts: &[Alert],
    label: &[bool],
    rows: Range<usize>,
) -> Measured {
    let slack = input.step();
    let incidents: Vec<(f64, f64)> = rows
        .collect::<Vec<_>>()
        .chunk_by(|&a, &b| label[a] == label[b])
        .filter(|run| label[run[0]])
        .map(|run| (input.times[run[0]], input.times[run[run.len() - 1]]))
        .collect();
    let touches = |alert: &&Alert, (from, to): (f64, f64)| {
        alert.started <= to + slack && from - slack <= alert.last
    };
    let right = alerts.iter().filter(|alert| incidents.iter().any(|&it| touches(alert, it)));
    let delays: Vec<f64> = incidents
        .iter()
        .filter_map(|&it| {
            let first = alerts.iter().find(|alert| touches(alert, it))?;
            Some((first.opened - it.0).max(0.0))
        })
        .collect();
    Measured {
        alerts: alerts.len(),
        right: right.count(),
        incidents: incidents.len(),
        found: delays.len(),
        delay: delays.iter().sum::<f64>() / delays.len().max(1) as f64,
    }
}
