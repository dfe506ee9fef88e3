//! What is printed.

use crate::cells::{cell, identity};
use crate::curves::Chosen;
use crate::input::Input;
use crate::model::Fitted;
use crate::split::Plan;
use crate::text::say;
use crate::ticks::thousands;
use forewarn::boost::{FailureClassifier, Warning};
use forewarn::calibrate::Calibrated;
use forewarn::decide::{Choice, Costs, Decision};
use forewarn::metrics::{self, Bins, CalibrationBin};
use forewarn::ndarray::{Array2, Axis, s};
use std::collections::HashSet;
use std::time::Duration;

/// Rows that nothing was learned from.
pub(crate) struct Test<'a> {
    pub labels: &'a [bool],
    pub probabilities: &'a [f64],
}

pub(crate) fn failures(input: &Input) {
    let left_out = input.table.n_rows() - input.rows.len();
    if left_out > 0 {
        let rows = thousands(left_out);
        say(format_args!("without {rows} rows of which the table ends too early to tell"));
    }
    let (failures, share) = count(&input.labels);
    say(format_args!("{failures} ({share}) are {}", input.label));
}

/// Who sees what.
pub(crate) fn plan(input: &Input, plan: &Plan) {
    let [cut, tested] = &plan.how;
    for (what, rows, how) in [("train on", &plan.train, cut), ("test on ", &plan.test, tested)] {
        let (_, labels) = input.take(rows);
        let (rows, failures) = (thousands(rows.len()), count(&labels).0);
        say(format_args!("{what} {rows} rows, {failures} with a failure: {how}"));
    }
}

/// How many failures, and which share of all.
fn count(labels: &[bool]) -> (String, String) {
    let failures = labels.iter().filter(|label| **label).count();
    let share = 100.0 * failures as f64 / labels.len() as f64;
    (thousands(failures), format!("{share:.2} %"))
}

pub(crate) fn training(input: &Input, fitted: &Fitted, [batch, single]: [Duration; 2]) {
    let [validated, trained] = fitted.took;
    let report = fitted.model.model.report();
    let (rounds, method) = (report.rounds, fitted.model.calibrator.method());
    say(format_args!(
        "{rounds} trees trained in {trained:.1?}, after {validated:.1?} of the parts"
    ));
    say(format_args!("calibration chosen on the parts: {method:?}"));
    say(format_args!("a row takes {batch:.1?} among many, {single:.1?} by itself"));
    for warning in &report.warnings {
        match warning {
            Warning::ConstantColumn { column } | Warning::LeakageSuspect { column, .. } => {
                say(format_args!(
                    "warning: {warning} (column {column} is {})",
                    input.names[*column]
                ));
            }
            _ => say(format_args!("warning: {warning}")),
        }
    }
}

/// How good the probabilities are, beside what is to be had for nothing.
pub(crate) fn measures(
    input: &Input,
    plan: &Plan,
    test: &Test<'_>,
    raw: &[f64],
    alone: Option<&(&str, Vec<f64>)>,
) -> forewarn::Result<()> {
    let (rows, failures) = (thousands(test.labels.len()), count(test.labels).0);
    say(format_args!("\nOn the {rows} rows to test on, {failures} with a failure:"));
    say(format_args!(
        "{:32}{:>9}{:>11}{:>10}{:>9}{:>13}",
        "", "ROC AUC", "avg prec", "log loss", "Brier", "calibration"
    ));
    let trained = plan.train.iter().filter(|&&row| input.labels[row]).count();
    let rate = trained as f64 / plan.train.len() as f64;
    let nothing = vec![rate; test.labels.len()];
    let mut all = vec![(format!("{:.2} % for every row", 100.0 * rate), nothing.as_slice())];
    all.extend(alone.map(|(name, probabilities)| (format!("{name} alone"), &probabilities[..])));
    all.push(("all columns, as trained".into(), raw));
    all.push(("all columns, calibrated".into(), test.probabilities));
    for (name, said) in all {
        let labels = test.labels;
        let error = metrics::expected_calibration_error(labels, said, Bins::EqualMass(15))?;
        say(format_args!(
            "{name:32}{:>9.4}{:>11.4}{:>10.4}{:>9.4}{error:>13.4}",
            metrics::roc_auc(labels, said)?,
            metrics::average_precision(labels, said)?,
            metrics::log_loss(labels, said)?,
            metrics::brier(labels, said)?,
        ));
    }
    Ok(())
}

/// What was predicted and what came of it.
pub(crate) fn calibration(input: &Input, table: &[CalibrationBin]) {
    say(
        "\nOf the rows given a probability, the share that failed (and where it may lie, by 95 %):",
    );
    say(format_args!("{:>19}{:>10}{:>12}{:>10}", "between", "rows", "predicted", "failed"));
    for bin in table {
        let within = (bin.low..=bin.high).contains(&bin.predicted);
        let off = if within || input.group.is_some() { "" } else { "  off" };
        say(format_args!(
            "{:>8.4} and {:.4}{:>10}{:>12.4}{:>10.4}  ({:.4} to {:.4}){off}",
            bin.from,
            bin.to,
            thousands(bin.count),
            bin.predicted,
            bin.observed,
            bin.low,
            bin.high
        ));
    }
    if let Some((column, _)) = &input.group {
        say(format_args!(
            "(as if rows were independent; those of one {column} are not: it may be wider)"
        ));
    }
}

/// The threshold with its cost, beside others, on rows that it was not chosen on.
pub(crate) fn decision(test: &Test<'_>, decision: &Decision, costs: Costs) -> Chosen {
    let Costs { miss, false_alarm } = costs;
    say(format_args!("\nWhere a miss costs {miss} and a false alarm {false_alarm}:"));
    say(format_args!(
        "{:24}{:>12}{:>9}{:>9}{:>8}{:>12}{:>14}",
        "", "alert above", "alerts", "found", "right", "cost a row", "when chosen"
    ));
    let percent = |share: f64| {
        if share.is_nan() { "-".to_owned() } else { format!("{:.1} %", 100.0 * share) }
    };
    let chosen = reached(test, decision.chosen.threshold, costs);
    for (name, choice) in [
        ("never alert", &decision.nothing),
        ("half the alerts", &decision.fewer),
        ("chosen", &decision.chosen),
        ("twice the alerts", &decision.more),
        ("if p were exact", &decision.theoretical),
        ("always alert", &decision.everything),
    ] {
        let Choice { threshold, cost, .. } = choice;
        let Reached { alerts, recall, precision, cost: here } = reached(test, *threshold, costs);
        say(format_args!(
            "{name:24}{threshold:>12.4}{:>9}{:>9}{:>8}{here:>12.4}{cost:>14.4}",
            thousands(alerts),
            percent(recall),
            percent(precision)
        ));
    }
    let (threshold, cost) = (decision.threshold, decision.cost);
    say(format_args!(
        "The chosen one may lie from {:.4} to {:.4}, its cost a row from {:.4} to {:.4} (95 %).",
        threshold.low, threshold.high, cost.low, cost.high
    ));
    let threshold = decision.chosen.threshold;
    Chosen { threshold, recall: chosen.recall, precision: chosen.precision }
}

/// What a threshold brings.
struct Reached {
    alerts: usize,
    recall: f64,
    /// NaN without alerts.
    precision: f64,
    cost: f64,
}

fn reached(test: &Test<'_>, threshold: f64, costs: Costs) -> Reached {
    let rows = || test.probabilities.iter().map(|&p| p > threshold).zip(test.labels);
    let alerts = rows().filter(|(alert, _)| *alert).count();
    let found = rows().filter(|(alert, failed)| *alert && **failed).count() as f64;
    let failures = rows().filter(|(_, failed)| **failed).count() as f64;
    let lost = (failures - found) * costs.miss + (alerts as f64 - found) * costs.false_alarm;
    Reached {
        alerts,
        recall: found / failures,
        precision: found / alerts as f64,
        cost: lost / test.labels.len() as f64,
    }
}

/// The riskiest rows, of each group only the worst, and what raises their log odds.
pub(crate) fn reasons(
    input: &Input,
    plan: &Plan,
    model: &Calibrated<FailureClassifier>,
    x: &Array2<f64>,
    test: &Test<'_>,
) -> forewarn::Result<()> {
    let mut order: Vec<usize> = (0..test.labels.len()).collect();
    let ensemble = model.model.ensemble();
    // Calibration may give several scores one probability.
    let raw = ensemble.raw(x.view())?;
    order.sort_by(|&a, &b| raw[[b, 0]].total_cmp(&raw[[a, 0]]));
    let what = match &input.group {
        Some((column, groups)) => {
            let mut seen = HashSet::new();
            order.retain(|&at| seen.insert(groups[plan.test[at]]));
            format!("each {column} at its worst")
        }
        None => "one by one".to_owned(),
    };
    order.truncate(10);
    say(format_args!("\nThe riskiest, {what}, and what their values add to the log odds:"));
    say(format_args!("{:>7}  {:6}  came true  because of", "line", "risk"));
    let contributions = ensemble.contributions(x.select(Axis(0), &order).view())?;
    for (&at, contributions) in order.iter().zip(contributions.outer_iter()) {
        let said = contributions.slice(s![0, ..input.names.len()]);
        let mut features: Vec<usize> = (0..said.len()).filter(|&of| said[of] > 0.0).collect();
        features.sort_by(|&a, &b| said[b].total_cmp(&said[a]));
        let because = features.iter().take(3).map(|&feature| {
            let value = cell(&input.table, &input.names[feature], x[[at, feature]]);
            format!("{value} ({:+.2})", said[feature])
        });
        let because = because.collect::<Vec<_>>().join(", ");
        let row = plan.test[at];
        let line = input.table.line(input.rows[row]).unwrap_or_default();
        let dated = input.time.as_ref().filter(|time| time.dates);
        let time = dated.map(|time| time.at[row]);
        let group: Vec<String> = input.group.iter().map(|(column, _)| column.clone()).collect();
        let names = if group.is_empty() { &input.excluded } else { &group };
        let reasons = match identity(&input.table, time, names, input.rows[row]) {
            Some(identity) => format!("{identity}\n{:28}{because}", ""),
            None => because,
        };
        let (risk, came) = (test.probabilities[at], if test.labels[at] { "yes" } else { "no" });
        say(format_args!("{line:>7}  {risk:.4}  {came:9}  {reasons}"));
    }
    Ok(())
}
