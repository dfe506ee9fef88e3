//! One machine from near: its risk, its most telling metrics, and when a failure is expected.

use super::content::{Content, Focus, Panel};
use super::frame::{Frame, Layout};
use super::svg::{Anchor, Svg, Trace};
use super::ticks;
use super::words::{length, moment, number, percent, shorten};
use crate::engine::Assessment;

/// Points of a line for each unit of width, at most: more would not be seen.
const DENSITY: f64 = 1.0;

/// Where a chart of one machine goes.
struct Plan {
    layout: Layout,
    /// The risk above, then one a metric.
    frames: Vec<Frame>,
    height: f64,
}

/// The chart, drawn for one width, with its title and what it says in words.
pub(super) fn chart(content: &Content<'_>, focus: &Focus, layout: Layout) -> (Svg, String, String) {
    let assessment = &content.assessments[focus.number];
    let plan = Plan::new(content, focus, layout);
    let mut svg = Svg::new(layout.width(), plan.height);
    window(content, assessment, &plan, &mut svg);
    risk(content, focus, &plan, &mut svg);
    for (panel, frame) in focus.panels.iter().zip(&plan.frames[1..]) {
        metric(panel, frame, assessment.time, &mut svg);
    }
    marks(content, focus, assessment, &plan, &mut svg);
    if let Some(last) = plan.frames.last() {
        let ticks = ticks::moments(last.x.start, last.x.end, layout.pick(12, 4), content.clock());
        last.horizontal(&mut svg, &ticks, layout.width());
    }
    let names: Vec<&str> = focus.panels.iter().map(|panel| panel.metric.as_str()).collect();
    let title = format!("{}: risk and metrics over time", assessment.entity);
    (svg, title, format!("Risk, {}. {}", names.join(", "), expected(content, assessment)))
}

/// When a failure is expected, in a sentence.
pub(super) fn expected(content: &Content<'_>, assessment: &Assessment) -> String {
    let clock = content.clock();
    let Some(left) = &assessment.time_to_failure else {
        return "When it fails is not told: too few failures were seen to learn that.".to_owned();
    };
    let at = |left: f64| moment(assessment.time + left, clock);
    let with = percent(left.confidence);
    match (left.median.is_finite(), left.latest.is_finite()) {
        (true, true) => format!(
            "A failure is expected about {}, with {with} between {} and {}.",
            at(left.median),
            at(left.earliest),
            at(left.latest)
        ),
        (true, false) => format!(
            "A failure is expected about {}, with {with} not before {}.",
            at(left.median),
            at(left.earliest)
        ),
        _ => format!(
            "No failure is in sight: with {with}, none within {}.",
            length(left.earliest, clock)
        ),
    }
}

impl Plan {
    fn new(content: &Content<'_>, focus: &Focus, layout: Layout) -> Self {
        let assessment = &content.assessments[focus.number];
        let (left, right) = layout.pick((58.0, 992.0), (42.0, 354.0));
        let (tall, between) = layout.pick((84.0, 30.0), (68.0, 30.0));
        let x = focus.from..horizon(focus, assessment);
        let mut top = 48.0;
        let mut frames = Vec::new();
        let shown = focus.risk.iter().map(|point| point.1).fold(0.0, f64::max);
        let most = shown.max(1.25 * content.alert_from().min(1.0)).clamp(0.02, 1.0);
        for y in std::iter::once(0.0..most).chain(focus.panels.iter().map(range)) {
            frames.push(Frame { left, right, top, bottom: top + tall, x: x.clone(), y });
            top += tall + between;
        }
        Self { layout, frames, height: top - between + 26.0 }
    }
}

/// The end of the chart: past the time at which the failure is expected, if that is not too far.
fn horizon(focus: &Focus, assessment: &Assessment) -> f64 {
    let now = assessment.time;
    let past = (now - focus.from).max(1e-9);
    let wanted = assessment.time_to_failure.as_ref().map_or(0.0, |left| {
        match (left.latest.is_finite(), left.median.is_finite()) {
            (true, _) => 1.1 * left.latest,
            (false, true) => 1.5 * left.median,
            (false, false) => 1.2 * left.earliest,
        }
    });
    let wanted = if wanted.is_finite() { wanted } else { 0.0 };
    now + wanted.clamp(0.04 * past, 0.4 * past)
}

/// The values of a panel's axis: its band and its points, with some room.
fn range(panel: &Panel) -> std::ops::Range<f64> {
    let (mut low, mut high) = panel.band.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
    for (_, value) in &panel.points {
        (low, high) = (low.min(*value), high.max(*value));
    }
    if low > high {
        return 0.0..1.0;
    }
    let room = (0.06 * (high - low)).max(1e-9 * high.abs().max(low.abs())).max(1e-12);
    low - room..high + room
}

/// The stretch in which the failure is expected, below everything else.
fn window(content: &Content<'_>, assessment: &Assessment, plan: &Plan, svg: &mut Svg) {
    let (Some(left), Some(first), Some(last)) =
        (&assessment.time_to_failure, plan.frames.first(), plan.frames.last())
    else {
        return;
    };
    let end = first.x.end;
    let from = assessment.time + left.earliest;
    if from >= end {
        return;
    }
    let to = (assessment.time + left.latest).min(end);
    let x = (first.at_x(from), first.at_x(to));
    let said = expected(content, assessment);
    svg.titled(&said, |svg| svg.block(x, (first.top - 14.0, last.bottom), "window"));
    let median = assessment.time + left.median;
    if median <= end {
        let x = first.at_x(median);
        svg.line((x, first.top - 14.0), (x, last.bottom), "median");
    }
}

fn risk(content: &Content<'_>, focus: &Focus, plan: &Plan, svg: &mut Svg) {
    let frame = &plan.frames[0];
    frame.vertical(svg, &ticks::percents(0.0, frame.y.end, 3));
    let name = if content.foretells() {
        let within = content.clock().words(content.card.horizon);
        plan.layout.pick(
            format!("probability of a failure within {within}"),
            format!("fails within {within}"),
        )
    } else {
        "how unusual it is".to_owned()
    };
    svg.text((frame.left, frame.top - 8.0), Anchor::Start, "name", &name);
    let mut area = Trace::default();
    if let (Some(first), Some(last)) = (focus.risk.first(), focus.risk.last()) {
        area.move_to(frame.at(first.0, 0.0));
        for (time, risk) in thin(&focus.risk, frame) {
            area.line_to(frame.at(time, risk));
        }
        area.line_to(frame.at(last.0, 0.0));
        area.close();
    }
    svg.path(&area, "area");
    svg.path(
        &Trace::through(thin(&focus.risk, frame).into_iter().map(|(x, y)| Some(frame.at(x, y)))),
        "risk",
    );
    let threshold = content.alert_from();
    if threshold > 0.0 && threshold <= frame.y.end {
        let y = frame.at_y(threshold);
        svg.line((frame.left, y), (frame.right, y), "threshold");
        let text = format!("alert from {}", percent(threshold));
        svg.text((frame.left + 4.0, y - 4.0), Anchor::Start, "small", &text);
    }
    let mut ticks = Trace::default();
    let mut free = f64::NEG_INFINITY;
    for &time in &focus.abnormal {
        let x = frame.at_x(time);
        if x >= free {
            ticks.move_to((x, frame.bottom + 1.0));
            ticks.line_to((x, frame.bottom + 6.0));
            free = x + 1.0;
        }
    }
    svg.path(&ticks, "abnormal");
    svg.line((frame.left, frame.bottom), (frame.right, frame.bottom), "axis");
}

fn metric(panel: &Panel, frame: &Frame, now: f64, svg: &mut Svg) {
    frame.vertical(svg, &ticks::numbers(frame.y.start, frame.y.end, 3));
    let name = shorten(&panel.metric, 32);
    svg.text((frame.left, frame.top - 8.0), Anchor::Start, "name", &name);
    if let Some((low, high)) = panel.band {
        let said = format!("{}: usually from {} to {}", panel.metric, number(low), number(high));
        let (x, y) = ((frame.left, frame.at_x(now)), (frame.at_y(high), frame.at_y(low)));
        svg.titled(&said, |svg| svg.block(x, y, "band"));
    }
    let line = thin(&panel.points, frame).into_iter().map(|(x, y)| Some(frame.at(x, y)));
    svg.path(&Trace::through(line), "line");
    let mut free = f64::NEG_INFINITY;
    for &(time, value) in &panel.odd {
        let at = frame.at(time, value);
        if at.0 >= free {
            svg.dot(at, 2.6, "odd");
            free = at.0 + 2.0;
        }
    }
    svg.line((frame.left, frame.bottom), (frame.right, frame.bottom), "axis");
}

/// Failures, the present, and names for what stands above the plots.
fn marks(
    content: &Content<'_>,
    focus: &Focus,
    assessment: &Assessment,
    plan: &Plan,
    svg: &mut Svg,
) {
    let (Some(first), Some(last)) = (plan.frames.first(), plan.frames.last()) else { return };
    let now = first.at_x(assessment.time);
    let mut free = f64::NEG_INFINITY;
    for &time in focus.failures.iter().filter(|&&time| first.x.contains(&time)) {
        let x = first.at_x(time);
        let said = format!("failed: {}", moment(time, content.clock()));
        svg.titled(&said, |svg| {
            svg.line((x, first.top - 14.0), (x, last.bottom), "failed");
            if x >= free && x + 110.0 < first.right {
                svg.text((x, 20.0), Anchor::Middle, "small strong", "failed");
                free = x + 48.0;
            }
        });
    }
    svg.line((now, first.top - 14.0), (now, last.bottom), "now");
    svg.text((now - 4.0, 38.0), Anchor::End, "small", "now");
    let expected = assessment.time_to_failure.as_ref();
    if expected.is_some_and(|left| assessment.time + left.earliest < first.x.end) {
        svg.text((first.right, 20.0), Anchor::End, "small strong", "failure expected");
    }
}

/// At most two points for each unit of width: the least and the greatest of those that fall together,
/// in order of time.
fn thin(points: &[(f64, f64)], frame: &Frame) -> Vec<(f64, f64)> {
    let cell = |time: f64| (DENSITY * frame.at_x(time)).floor();
    let mut thinned = Vec::new();
    for together in points.chunk_by(|a, b| cell(a.0) == cell(b.0)) {
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let least = together.iter().min_by(by_value).copied();
        let most = together.iter().max_by(by_value).copied();
        let mut both: Vec<(f64, f64)> = least.into_iter().chain(most).collect();
        both.sort_by(|a, b| a.0.total_cmp(&b.0));
        both.dedup();
        thinned.append(&mut both);
    }
    thinned
}
