//! What is printed.

use crate::alerts::Measured;
use crate::metrics::Recording;
use crate::text::say;
use crate::ticks::{moment, thousands};
use crate::watch::Watched;
use forewarn::alert::{Alert, Severity};

/// Alerts that are printed of each severity.
const SHOWN: usize = 5;

/// Alerts by severity, the worst first, with what their metrics had to say.
pub(crate) fn alerts(input: &Recording, watched: &[Watched], usual: f64, alerts: &[Alert]) {
    for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
        let mut of_it: Vec<&Alert> =
            alerts.iter().filter(|alert| alert.severity == severity).collect();
        of_it.sort_by(|a, b| b.peak_score.total_cmp(&a.peak_score));
        if of_it.is_empty() {
            continue;
        }
        say(format_args!("\n{}: {}", severity.name(), of_it.len()));
        for alert in of_it.iter().take(SHOWN) {
            let (from, minutes) = (moment(alert.started), (alert.last - alert.started) / 60.0);
            let score = alert.peak_score;
            say(format_args!("  {}, {minutes:.0} minutes, score {score:.1}", from.format("%F %R")));
            for (metric, watched) in input.metrics.iter().zip(watched) {
                if let Some(reason) = watched.worst(input, alert.started..=alert.last, usual) {
                    say(format_args!("    {}: {reason}", metric.name));
                }
            }
        }
        if of_it.len() > SHOWN {
            say(format_args!("  and {} more", of_it.len() - SHOWN));
        }
    }
}

/// How many there were before and after.
pub(crate) fn reduction(input: &Recording, anomalies: usize, alerts: usize) {
    let days = input.days();
    let a_day = |count: usize| count as f64 / days;
    say(format_args!(
        "{} abnormal values ({:.1} a day) became {alerts} alerts ({:.2} a day)",
        thousands(anomalies),
        a_day(anomalies),
        a_day(alerts)
    ));
}

/// How right alerts are.
pub(crate) fn measured(name: &str, found: &Measured) {
    let share = |part: usize, whole: usize| match whole {
        0 => "none".to_owned(),
        _ => format!("{:.2}", part as f64 / whole as f64),
    };
    say(format_args!(
        "{name}: {} alerts, precision {}, recall {} of {} incidents, delay {:.0} minutes",
        found.alerts,
        share(found.right, found.alerts),
        share(found.found, found.incidents),
        found.incidents,
        found.delay / 60.0
    ));
}
