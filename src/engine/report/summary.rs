//! What the page says first: the state of the fleet, and how far it can be trusted.

use super::content::Content;
use super::words::{self, count, escape, fixed, length, moment, number, percent};
use crate::engine::action::Action;
use crate::engine::features::Clock;
use std::fmt::Write as _;

/// The actions in order of urgency: class, and what is said of so many machines.
const URGENCY: [(&str, &str); 5] = [
    ("now", "act now"),
    ("before", "act before a date"),
    ("look", "investigate"),
    ("watch", "watch"),
    ("none", "nothing to do"),
];

/// Which of [`URGENCY`] an action is.
pub(super) fn urgency(action: Action) -> usize {
    let (_, class) = words::action(action, &Clock::default());
    URGENCY.iter().position(|(known, _)| *known == class).unwrap_or(URGENCY.len() - 1)
}

/// The head of the page.
pub(super) fn head(content: &Content<'_>) -> String {
    let Content { title, card, now, .. } = content;
    let horizon = content.clock().words(card.horizon);
    let about = if content.foretells() {
        format!("failures within {horizon}")
    } else {
        "what is not normal".to_owned()
    };
    format!(
        "<header><p class=\"over\">{} · as of {} · {about}</p>\n<h1>{}</h1>\n{}</header>\n",
        escape(title),
        escape(&moment(*now, content.clock())),
        escape(&headline(content)),
        bar(content),
    )
}

/// The state of the fleet in a sentence.
pub(super) fn headline(content: &Content<'_>) -> String {
    let counts = counts(content);
    let total = content.assessments.len();
    let fleet = count(total, content.noun);
    let doing = [
        (counts[0], "action now", "action now"),
        (counts[1], "action before a date", "action before a date"),
        (counts[2], "a look", "a look"),
    ];
    let parts: Vec<String> = doing
        .into_iter()
        .filter(|(many, ..)| *many > 0)
        .enumerate()
        .map(|(place, (many, one, more))| {
            let verb = if many == 1 { "needs" } else { "need" };
            let what = if many == 1 { one } else { more };
            if place == 0 {
                format!("{} of {fleet} {verb} {what}", words::thousands(many as u64))
            } else {
                format!("{} {what}", words::thousands(many as u64))
            }
        })
        .collect();
    match parts.as_slice() {
        [] if total == 0 => "No readings to judge.".to_owned(),
        [] if counts[3] > 0 => {
            format!("None of {fleet} needs action; {} to be watched.", is_or_are(counts[3]))
        }
        [] if total == 1 => format!("The {} needs no action.", content.noun),
        [] => format!("None of {fleet} needs action."),
        [one] => format!("{one}."),
        [first @ .., last] => format!("{} and {last}.", first.join(", ")),
    }
}

fn is_or_are(many: usize) -> String {
    format!("{many} {}", if many == 1 { "is" } else { "are" })
}

/// How many machines are worth each action, by urgency.
fn counts(content: &Content<'_>) -> [usize; URGENCY.len()] {
    let mut counts = [0; URGENCY.len()];
    content.assessments.iter().for_each(|assessment| counts[urgency(assessment.action)] += 1);
    counts
}

/// The same as a bar, with a legend that names and counts.
fn bar(content: &Content<'_>) -> String {
    let counts = counts(content);
    let (mut bar, mut legend) = (String::new(), String::new());
    for ((class, name), many) in URGENCY.into_iter().zip(counts).filter(|(_, many)| *many > 0) {
        // Writing to a string cannot fail.
        let _ = write!(bar, "<span class=\"{class}\" style=\"flex-grow:{many}\"></span>");
        let many = words::thousands(many as u64);
        let _ = write!(legend, "<li><i class=\"{class}\"></i>{name} <b>{many}</b></li>");
    }
    format!(
        "<div class=\"bar\" aria-hidden=\"true\">{bar}</div>\n<ul class=\"legend\">{legend}</ul>\n"
    )
}

/// One figure.
struct Tile {
    name: &'static str,
    value: String,
    said: String,
}

/// The figures on what was held back.
pub(super) fn figures(content: &Content<'_>) -> String {
    let evaluation = content.evaluation;
    let mut html = "<section class=\"figures\" aria-label=\"How good it is\">\n".to_owned();
    let tiles = tiles(content);
    if !tiles.is_empty() {
        html += "<dl class=\"tiles\">\n";
        for Tile { name, value, said } in tiles {
            let (value, said) = (escape(&value), escape(&said));
            let _ = writeln!(
                html,
                "<div><dt>{name}</dt><dd><b>{value}</b><span>{said}</span></dd></div>"
            );
        }
        let clock = content.clock();
        let _ = writeln!(
            html,
            "</dl>\n<p>Measured on {} of {} that were held back from learning, from {} to {}, before {}. \
             The engine that answers has since learned from them too.</p>",
            count(evaluation.rows, "reading"),
            escape(&count(evaluation.entities, content.noun)),
            escape(&moment(evaluation.from, clock)),
            escape(&moment(evaluation.until, clock)),
            count(evaluation.failures, "failure"),
        );
    }
    if !evaluation.warnings.is_empty() {
        html += "<div class=\"note\"><h3>To be known</h3><ul>";
        for warning in &evaluation.warnings {
            let _ = write!(html, "<li>{}</li>", escape(warning));
        }
        html += "</ul></div>\n";
    }
    html + "</section>\n"
}

fn tiles(content: &Content<'_>) -> Vec<Tile> {
    let evaluation = content.evaluation;
    let clock = content.clock();
    let mut tiles = Vec::new();
    let mut add = |name, value, said| tiles.push(Tile { name, value, said });
    if let Some(alerts) = &evaluation.at_threshold {
        let lead = alerts.median_lead_time.map_or_else(
            || "none in time".to_owned(),
            |time| format!("half {} ahead or more", length(time, clock)),
        );
        let lead = format!("of {}, {lead}", words::thousands(evaluation.failures as u64));
        add("Failures foreseen", percent(alerts.recall_of_failures), lead);
        let month = match clock {
            Clock::Seconds => "month",
            _ => "30 horizons",
        };
        let alarms = number(alerts.false_alarms_per_entity_month);
        let said = format!("a {} and {month}", content.noun);
        add("False alarms", alarms, said);
        if let Some(precision) = alerts.precision {
            let said = format!("of those from {} on", percent(evaluation.threshold));
            add("True alerts", percent(precision), said);
        }
    }
    if let Some(ensemble) = &evaluation.ensemble {
        add("ROC AUC", fixed(ensemble.roc_auc, 3), "0.5 is chance, 1 is perfect".to_owned());
        let chance = format!("{} is chance, 1 is perfect", fixed(evaluation.base_rate, 3));
        add("Average precision", fixed(ensemble.average_precision, 3), chance);
        let error = percent(ensemble.expected_calibration_error);
        add("Calibration error", error, "mean distance from what came".to_owned());
    }
    if let Some(lifetimes) = &evaluation.lifetimes {
        let held = format!(
            "median error; {} intervals hold {}",
            percent(lifetimes.interval),
            percent(lifetimes.coverage)
        );
        add("Time to failure", format!("± {}", length(lifetimes.median_error, clock)), held);
    }
    tiles
}
