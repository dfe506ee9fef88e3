//! The machines most at risk, one by one, and all others in a table.

use super::content::{Content, risk};
use super::words::{self, UNKNOWN, count, escape, length, percent};
use crate::engine::features::Clock;
use crate::engine::{Assessment, TimeToFailure};
use std::fmt::Write as _;

/// Reasons a machine has on the page.
const REASONS: usize = 5;

/// Trends a machine has on the page.
const TRENDS: usize = 3;

/// Those most at risk, with reasons.
pub(super) fn at_risk(content: &Content<'_>) -> String {
    let mut html = "<ol class=\"machines\">\n".to_owned();
    for assessment in content.assessments.iter().take(content.at_risk) {
        html += &card(content, assessment);
    }
    html + "</ol>\n"
}

fn card(content: &Content<'_>, assessment: &Assessment) -> String {
    let clock = content.clock();
    let (action, class) = words::action(assessment.action, clock);
    let share = risk(assessment);
    let (what, within) = if content.foretells() {
        ("to fail within", format!(" {}", clock.words(assessment.horizon)))
    } else {
        ("more unusual than so much of what is normal", String::new())
    };
    let mut html = format!(
        "<li><div class=\"who\"><h3><bdi>{}</bdi></h3><span class=\"pill {class}\">{}</span></div>\n\
         <div class=\"state\"><div class=\"risk\"><b>{}</b> <span>{what}{}</span>\
         <div class=\"meter\" aria-hidden=\"true\"><i style=\"width:{:.1}%\"></i>{}</div></div>\n",
        escape(&words::shorten(&assessment.entity, 60)),
        escape(&action),
        escape(&percent(share)),
        escape(&within),
        (100.0 * share).clamp(0.0, 100.0),
        threshold_mark(content),
    );
    html += &facts(assessment, clock);
    html += "</div>\n<div class=\"why\">";
    html += &reasons(assessment);
    html + "</div></li>\n"
}

/// Where on the bar alerts begin.
fn threshold_mark(content: &Content<'_>) -> String {
    let at = 100.0 * content.alert_from();
    if at > 0.0 && at < 100.0 { format!("<s style=\"left:{at:.1}%\"></s>") } else { String::new() }
}

fn facts(assessment: &Assessment, clock: &Clock) -> String {
    let mut facts: Vec<(&str, String)> = Vec::new();
    if let Some(left) = &assessment.time_to_failure {
        facts.push(("time left", time_left(left, clock)));
    }
    facts.push(("confidence", percent(assessment.confidence)));
    let unusual = if assessment.abnormal { "yes" } else { "no" };
    let score = percent(assessment.anomaly_score);
    facts.push(("abnormal", format!("{unusual} (beyond {score} of normal readings)")));
    if assessment.novelty >= 0.05 {
        let unlike =
            if assessment.novelty >= 0.5 { "unlike any seen before" } else { "somewhat new" };
        facts.push(("novelty", format!("{unlike} ({})", percent(assessment.novelty))));
    }
    let mut html = "<dl class=\"facts\">".to_owned();
    for (name, value) in facts {
        // Writing to a string cannot fail.
        let _ = write!(html, "<div><dt>{name}</dt><dd>{}</dd></div>", escape(&value));
    }
    html + "</dl>\n"
}

fn reasons(assessment: &Assessment) -> String {
    let mut html = String::new();
    if !assessment.reasons.is_empty() {
        html += "<ul class=\"reasons\">\n";
        for reason in assessment.reasons.iter().take(REASONS) {
            let weight =
                if reason.weight.is_finite() { reason.weight.clamp(-1.0, 1.0) } else { 0.0 };
            let (class, sign) = if weight < 0.0 { ("against", "−") } else { ("for", "+") };
            let _ = writeln!(
                html,
                "<li class=\"{class}\"><span class=\"weight\"><i style=\"width:{:.0}%\"></i></span>\
                 <span class=\"share\">{sign}{:.0} %</span> <span>{}</span></li>",
                100.0 * weight.abs(),
                100.0 * weight.abs(),
                escape(&words::shorten(&reason.text, 160)),
            );
        }
        html += "</ul>\n";
    }
    if !assessment.trends.is_empty() {
        html += "<ul class=\"trends\">";
        for trend in assessment.trends.iter().take(TRENDS) {
            let arrow = if trend.slope < 0.0 { "↘" } else { "↗" };
            let text = escape(&words::shorten(&trend.text, 160));
            let _ = write!(html, "<li><span aria-hidden=\"true\">{arrow}</span> {text}</li>");
        }
        html += "</ul>\n";
    }
    html
}

/// "31 h (12 h to 54 h with 90 %)".
pub(super) fn time_left(left: &TimeToFailure, clock: &Clock) -> String {
    let with = percent(left.confidence);
    let earliest = length(left.earliest, clock);
    match (left.median.is_finite(), left.latest.is_finite()) {
        (true, true) => {
            let (median, latest) = (length(left.median, clock), length(left.latest, clock));
            format!("{median} ({earliest} to {latest} with {with})")
        }
        (true, false) => {
            format!("{} (at least {earliest} with {with})", length(left.median, clock))
        }
        _ => format!("long (at least {earliest} with {with})"),
    }
}

/// All machines in a table, up to the number that the report lists.
pub(super) fn all(content: &Content<'_>) -> String {
    let clock = content.clock();
    let total = content.assessments.len();
    let listed = total.min(content.listed);
    let title = if listed < total {
        format!(
            "The {} most at risk, of {}",
            words::thousands(listed as u64),
            count(total, content.noun)
        )
    } else {
        format!("All {}", count(total, content.noun))
    };
    let risk_name = if content.foretells() { "Risk" } else { "Unusual" };
    let mut html = format!(
        "<details><summary>{}</summary>\n<table class=\"fleet\"><thead><tr><th scope=\"col\">Name</th>\
         <th scope=\"col\" class=\"n\">{risk_name}</th><th scope=\"col\" class=\"n\">Time left</th>\
         <th scope=\"col\" class=\"n extra\">Confidence</th><th scope=\"col\">Action</th></tr></thead>\n<tbody>\n",
        escape(&title)
    );
    for assessment in content.assessments.iter().take(listed) {
        let (action, class) = words::action(assessment.action, clock);
        let left = assessment.time_to_failure.as_ref();
        let left = match left.map(|left| left.median) {
            Some(median) if median.is_finite() => length(median, clock),
            Some(_) => "long".to_owned(),
            None => UNKNOWN.to_owned(),
        };
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\"><bdi>{}</bdi></th><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n extra\">{}</td><td><span class=\"text {class}\">{}</span></td></tr>",
            escape(&words::shorten(&assessment.entity, 40)),
            escape(&percent(risk(assessment))),
            escape(&left),
            escape(&percent(assessment.confidence)),
            escape(&action),
        );
    }
    html + "</tbody></table></details>\n"
}
