//! The page: its parts in order, with the style in its head.

use super::content::Content;
use super::frame::Layout;
use super::words::{count, escape, moment, thousands};
use super::{fleet, machines, near, summary, trust};
use std::fmt::Write as _;

/// The style of everything but charts.
const PAGE: &str = include_str!("page.css");

/// The style of charts, with the colours of both.
pub(super) const CHART: &str = include_str!("chart.css");

/// The whole page.
pub(super) fn page(content: &Content<'_>) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>{}</title>\n<style>\n{CHART}{PAGE}</style>\n</head>\n<body>\n<main>\n",
        escape(content.title)
    );
    html += &summary::head(content);
    html += &summary::figures(content);
    if !content.assessments.is_empty() {
        let body = machines::at_risk(content) + &machines::all(content);
        section(&mut html, "Most at risk", &body);
    }
    if let Some(body) = one(content) {
        section(&mut html, &body.0, &body.1);
    }
    if !content.past.rows.is_empty() && !content.past.times.is_empty() {
        section(&mut html, "The fleet over time", &over_time(content));
    }
    if content.evaluation.ensemble.is_some() {
        let body = trust::charts(content) + &trust::tables(content);
        section(&mut html, "How far this can be trusted", &body);
    }
    html += &foot(content);
    html + "</main>\n</body>\n</html>\n"
}

fn section(html: &mut String, title: &str, body: &str) {
    // Writing to a string cannot fail.
    let _ = write!(html, "<section><h2>{}</h2>\n{body}</section>\n", escape(title));
}

/// One machine from near: title and body.
fn one(content: &Content<'_>) -> Option<(String, String)> {
    let focus = content.focus.as_ref()?;
    let assessment = content.assessments.get(focus.number)?;
    let mut body = format!("<p>{}</p>\n", escape(&near::expected(content, assessment)));
    for layout in Layout::ALL {
        let (svg, title, said) = near::chart(content, focus, layout);
        body += &svg.finish(layout.class(), &title, &said);
    }
    body += "<ul class=\"legend\"><li><i class=\"band\"></i>usual for it</li>\
             <li><i class=\"odd\"></i>far outside</li>\
             <li><i class=\"abnormal\"></i>abnormal as a whole</li>\
             <li><i class=\"window\"></i>failure expected</li></ul>\n";
    Some((format!("{} from near", assessment.entity), body))
}

fn over_time(content: &Content<'_>) -> String {
    let total = content.assessments.len();
    let shown = content.past.rows.len();
    let mut body = String::new();
    if shown < total {
        let _ = writeln!(
            body,
            "<p>Above, all {}; below, the {} most at risk now.</p>",
            escape(&count(total, content.noun)),
            thousands(shown as u64)
        );
    }
    for layout in Layout::ALL {
        body += &fleet::chart(content, layout);
    }
    body + &fleet::legend(content)
        + "<p>What an engine has learned from, it knows better than what is to come: how good it is on new \
           readings is told by the figures above, not by this chart.</p>\n"
}

/// What the engine was trained on.
fn foot(content: &Content<'_>) -> String {
    let card = content.card;
    let clock = content.clock();
    let facts = [
        (
            "Trained on",
            format!(
                "{} of {}, {}",
                count(card.rows, "reading"),
                count(card.entities, content.noun),
                count(card.failures, "failure")
            ),
        ),
        ("From", moment(card.from, clock)),
        ("Until", moment(card.until, clock)),
        ("Looks ahead", clock.words(card.horizon)),
        ("Metrics", card.metrics.join(", ")),
        ("Features", thousands(card.features as u64)),
        ("Seed", card.seed.to_string()),
        ("Made by", format!("forewarn {}", card.version)),
    ];
    let mut html = "<footer><h2>The engine</h2><dl>".to_owned();
    for (name, value) in facts {
        let value = super::words::shorten(&value, 400);
        let _ = write!(html, "<div><dt>{name}</dt><dd>{}</dd></div>", escape(&value));
    }
    html + "</dl><p>This page loads nothing and sends nothing.</p></footer>\n"
}
