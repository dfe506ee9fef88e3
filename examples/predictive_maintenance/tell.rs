//! What is printed.

use crate::job::Job;
use crate::text::say;
use crate::ticks::thousands;
use forewarn::engine::features::Clock;
use forewarn::engine::{Assessment, Engine, Evaluation};
use forewarn::metrics::phm08_score;
use std::time::Duration;

/// How much is known, and what is odd about it.
pub(crate) fn data(job: &Job) {
    let report = job.history.report();
    say(format_args!(
        "{}: {} {}s, {} readings of {} metrics, {} failures",
        job.title,
        thousands(report.entities),
        job.noun,
        thousands(report.rows),
        job.history.metrics().len(),
        thousands(report.failures)
    ));
    for note in &job.notes {
        say(format_args!("note: {note}"));
    }
}

/// How good the engine was on what was held back.
pub(crate) fn figures(engine: &Engine, noun: &str, took: Duration) {
    let Evaluation { rows, failures, entities, base_rate, .. } = engine.evaluation();
    let clock = &engine.card().clock;
    say(format_args!("{} ({took:.1?})", engine.card()));
    for warning in &engine.evaluation().warnings {
        say(format_args!("note: {warning}"));
    }
    let Some(ensemble) = &engine.evaluation().ensemble else { return };
    say(format_args!(
        "\nOn {} readings of {} {noun}s that were held back, before {} failures:",
        thousands(*rows),
        thousands(*entities),
        thousands(*failures)
    ));
    say(format_args!(
        "{:34}{:>9}{:>11}{:>11}{:>9}",
        "", "ROC AUC", "avg prec", "log loss", "weight"
    ));
    say(format_args!("  {:32}{:>9.4}{base_rate:>11.4}", "at random", 0.5));
    for part in &engine.evaluation().parts {
        say(format_args!(
            "  {:32}{:>9.4}{:>11.4}{:>11.4}{:>9.2}",
            part.name, part.roc_auc, part.average_precision, part.log_loss, part.weight
        ));
    }
    say(format_args!(
        "  {:32}{:>9.4}{:>11.4}{:>11.4}{:>9}",
        "together", ensemble.roc_auc, ensemble.average_precision, ensemble.log_loss, 1
    ));
    say(format_args!("  calibration error {:.4}", ensemble.expected_calibration_error));
    if let Some(alerts) = &engine.evaluation().at_threshold {
        let lead = alerts.median_lead_time.map_or("none in time".to_owned(), |time| {
            format!("half of them {} ahead or more", about(time, clock))
        });
        let month = if *clock == Clock::Seconds { "month" } else { "30 horizons" };
        say(format_args!(
            "  alerts from a probability of {:.3} on: {:.0} % of failures foreseen, {lead};",
            engine.evaluation().threshold,
            100.0 * alerts.recall_of_failures
        ));
        say(format_args!(
            "  {:.2} false alarms a {noun} and {month}; {:.0} % of the readings with an alert before a failure",
            alerts.false_alarms_per_entity_month,
            100.0 * alerts.precision.unwrap_or(f64::NAN)
        ));
    }
    if let Some(lifetimes) = &engine.evaluation().lifetimes {
        say(format_args!(
            "  time to failure: median error {}; {:.0} % intervals hold {:.1} %",
            about(lifetimes.median_error, clock),
            100.0 * lifetimes.interval,
            100.0 * lifetimes.coverage
        ));
    }
}

/// Whether machines that still ran had as long left as was said: by the customs of the benchmark, up
/// to 125 cycles.
pub(crate) fn time_left(assessments: &[Assessment], left: &[f64]) -> forewarn::Result<()> {
    const CAP: f64 = 125.0;
    let (mut said, mut true_left, mut held) = (Vec::new(), Vec::new(), 0);
    for (assessment, &left) in assessments.iter().zip(left) {
        let Some(time) = &assessment.time_to_failure else { return Ok(()) };
        // The failure is a cycle after the last one that is counted.
        said.push((time.expected - 1.0).clamp(0.0, CAP));
        true_left.push(left.min(CAP));
        held += usize::from((time.earliest..=time.latest).contains(&(left + 1.0)));
    }
    let errors = said.iter().zip(&true_left).map(|(said, left)| (said - left).powi(2));
    let rmse = (errors.sum::<f64>() / said.len() as f64).sqrt();
    say(format_args!(
        "\nOf {} that still run: error of the time left {rmse:.2} (root mean square), PHM08 score {:.0}, \
         intervals hold {:.0} %",
        said.len(),
        phm08_score(&true_left, &said)?,
        100.0 * f64::from(held as u32) / said.len() as f64
    ));
    Ok(())
}

/// Those most at risk, in words.
pub(crate) fn at_risk(assessments: &[Assessment], total: usize, noun: &str) {
    say(format_args!("\nMost at risk, of {} {noun}s:", thousands(total)));
    for assessment in assessments {
        say(format_args!("{assessment}\n"));
    }
}

/// A length of time, rounded.
fn about(length: f64, clock: &Clock) -> String {
    match clock {
        Clock::Counted(unit) => format!("{length:.0} {unit}"),
        _ if length >= 172_800.0 => format!("{:.1} days", length / 86_400.0),
        _ => format!("{:.1} h", length / 3_600.0),
    }
}
