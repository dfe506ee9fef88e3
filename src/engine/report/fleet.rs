//! The risk of the fleet over time: how many have an alert, and each machine's risk.

use super::content::{Content, Past, PastRow};
use super::frame::{Frame, Layout};
use super::svg::{Anchor, Svg, Trace};
use super::ticks;
use super::words::{self, count, moment, percent};
use std::fmt::Write as _;

/// The least risk of each colour, from the second on. Risks are mostly small, so that the steps are
/// nearly a factor of two.
pub(super) const STEPS: [f64; 6] = [0.01, 0.03, 0.1, 0.25, 0.5, 0.8];

/// How the chart is divided.
struct Plan {
    layout: Layout,
    counts: Frame,
    map: Frame,
    /// The height of a machine's row.
    row: f64,
    height: f64,
}

/// The chart, drawn for one width.
pub(super) fn chart(content: &Content<'_>, layout: Layout) -> String {
    let past = &content.past;
    let plan = Plan::new(past, layout);
    let mut svg = Svg::new(layout.width(), plan.height);
    counts(content, &plan, &mut svg);
    map(content, &plan, &mut svg);
    let ticks =
        ticks::moments(plan.map.x.start, plan.map.x.end, layout.pick(12, 4), content.clock());
    plan.map.horizontal(&mut svg, &ticks, layout.width());
    let title = format!("Risk of {} over time", count(past.rows.len(), content.noun));
    svg.finish(layout.class(), &title, &said(content))
}

/// The chart in words.
fn said(content: &Content<'_>) -> String {
    let past = &content.past;
    let most = past.alerts.iter().copied().max().unwrap_or(0);
    let (from, to) = (past.times.first(), past.times.last());
    let moment = |time: Option<&f64>| moment(time.copied().unwrap_or(f64::NAN), content.clock());
    format!(
        "From {} to {}: {} in the fleet; at most {} with an alert at one time.",
        moment(from),
        moment(to),
        count(past.failures.len(), "failure"),
        count(most, content.noun),
    )
}

impl Plan {
    fn new(past: &Past, layout: Layout) -> Self {
        let (left, right) = layout.pick((150.0, 990.0), (74.0, 354.0));
        let row = layout.pick(20.0, 17.0);
        let x = past.times.first().map_or(0.0, |first| first - past.step)
            ..past.times.last().copied().unwrap_or(1.0);
        let most = past.alerts.iter().copied().max().unwrap_or(0).max(1);
        let (top, tall) = (24.0, layout.pick(64.0, 52.0));
        let y = 0.0..most as f64;
        let counts = Frame { left, right, top, bottom: top + tall, x: x.clone(), y };
        let top = counts.bottom + 30.0;
        let bottom = top + row * past.rows.len() as f64;
        let map = Frame { left, right, top, bottom, x, y: 0.0..1.0 };
        let height = bottom + 24.0;
        Self { layout, counts, map, row, height }
    }
}

/// How many of the fleet have an alert, with a mark for every failure.
fn counts(content: &Content<'_>, plan: &Plan, svg: &mut Svg) {
    let (past, frame) = (&content.past, &plan.counts);
    let name = if content.foretells() { "with an alert" } else { "abnormal" };
    svg.text((2.0, 13.0), Anchor::Start, "name", &format!("{}s {name}", content.noun));
    let most = frame.y.end;
    let ticks = if most <= 2.0 { 1 } else { 2 };
    let whole = ticks::numbers(0.0, most, ticks);
    frame.vertical(
        svg,
        &whole.into_iter().filter(|(value, _)| value.fract() == 0.0).collect::<Vec<_>>(),
    );
    let mut area = Trace::default();
    let mut begin = frame.x.start;
    area.move_to(frame.at(begin, 0.0));
    for (&time, &alerts) in past.times.iter().zip(&past.alerts) {
        area.line_to(frame.at(begin, alerts as f64));
        area.line_to(frame.at(time, alerts as f64));
        begin = time;
    }
    area.line_to(frame.at(begin, 0.0));
    area.close();
    svg.path(&area, "area");
    svg.line((frame.left, frame.bottom), (frame.right, frame.bottom), "axis");
    let mut crosses = Trace::default();
    let mut free = f64::NEG_INFINITY;
    for &time in past.failures.iter().filter(|time| frame.x.contains(time)) {
        let x = frame.at_x(time);
        // Where failures crowd, one mark stands for several.
        if x >= free {
            crosses.cross((x, frame.bottom + 8.0), 3.0);
            free = x + 5.0;
        }
    }
    svg.path(&crosses, "failure");
}

/// A row a machine: cells of one colour are one path, so that the size stays small.
fn map(content: &Content<'_>, plan: &Plan, svg: &mut Svg) {
    let (past, frame) = (&content.past, &plan.map);
    let above = if content.foretells() { "risk" } else { "how unusual" };
    svg.text(
        (2.0, frame.top - 8.0),
        Anchor::Start,
        "name",
        &format!("{above} of each {}", content.noun),
    );
    let mut colours: Vec<Trace> = (0..=STEPS.len()).map(|_| Trace::default()).collect();
    let (mut halos, mut crosses) = (Trace::default(), Trace::default());
    for (number, row) in past.rows.iter().enumerate() {
        let top = frame.top + plan.row * number as f64;
        let y = (top + 1.0, top + plan.row - 1.0);
        for (from, to, colour) in runs(&row.risk) {
            let begin = |at: usize| past.times[at] - past.step;
            let x = (frame.at_x(begin(from)), frame.at_x(past.times[to]));
            colours[colour].block(x, y);
        }
        for &time in row.failures.iter().filter(|time| frame.x.contains(time)) {
            let at = (frame.at_x(time), top + plan.row / 2.0);
            halos.cross(at, 3.6);
            crosses.cross(at, 3.6);
        }
    }
    for (number, colour) in colours.iter().enumerate() {
        svg.path(colour, &format!("q{number}"));
    }
    svg.path(&halos, "halo");
    svg.path(&crosses, "failure");
    for (number, row) in past.rows.iter().enumerate() {
        label(content, plan, number, row, svg);
    }
}

/// The name of a row, and what is said of it where it is pointed at.
fn label(content: &Content<'_>, plan: &Plan, number: usize, row: &PastRow, svg: &mut Svg) {
    let frame = &plan.map;
    let top = frame.top + plan.row * number as f64;
    let name = words::shorten(&row.entity, plan.layout.pick(20, 9));
    let known = row.risk.iter().zip(&content.past.times).filter(|(risk, _)| !risk.is_nan());
    let highest = known.max_by(|a, b| a.0.total_cmp(b.0));
    let said = highest.map_or("nothing known".to_owned(), |(risk, &time)| {
        format!("highest {} on {}", percent(*risk), moment(time, content.clock()))
    });
    let said = format!("{}: {said}; {}", row.entity, count(row.failures.len(), "failure"));
    svg.titled(&said, |svg| {
        let middle = top + plan.row / 2.0 + 4.0;
        svg.text((frame.left - 8.0, middle), Anchor::End, "tick", &name);
        svg.block((frame.left, frame.right), (top, top + plan.row), "touch");
    });
}

/// Stretches of one colour: the first and last column, and the colour. Nothing where nothing is known.
fn runs(risk: &[f64]) -> Vec<(usize, usize, usize)> {
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    for (at, &risk) in risk.iter().enumerate().filter(|(_, risk)| !risk.is_nan()) {
        let colour = STEPS.partition_point(|&step| step <= risk);
        match runs.last_mut() {
            Some((_, last, same)) if *last + 1 == at && *same == colour => *last = at,
            _ => runs.push((at, at, colour)),
        }
    }
    runs
}

/// Which colour stands for what.
pub(super) fn legend(content: &Content<'_>) -> String {
    let mut html = "<ul class=\"legend\">".to_owned();
    let whole = |step: usize| format!("{:.0}", 100.0 * STEPS[step]);
    for number in 0..=STEPS.len() {
        let text = match number {
            0 => format!("&lt; {} %", whole(0)),
            _ if number == STEPS.len() => format!("≥ {} %", whole(number - 1)),
            _ => format!("{}–{} %", whole(number - 1), whole(number)),
        };
        // Writing to a string cannot fail.
        let _ = write!(html, "<li><i class=\"q{number}\"></i>{text}</li>");
    }
    let failure =
        if content.past.failures.is_empty() { "" } else { "<li><em>✕</em>failure</li>" };
    html + failure + "</ul>\n"
}
