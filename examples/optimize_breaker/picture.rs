//! The settings worth having, and one outage with and without a breaker.

use crate::frame::{Frame, HEIGHT, LEFT, Swatch, WIDTH, page, small};
use crate::outage::{BARS, Bar, Outage};
use crate::svg::{Anchor, BLUE, GREY, GRID, INK, Svg, VERMILION};
use crate::ticks;
use forewarn::breaker::{FrontPoint, Recommendation};

const REJECTED: &str = "#BBBBBB";

/// The chart as the text of an SVG file; what became of calls during the outage, by name.
pub(crate) fn picture(
    title: &str,
    found: &Recommendation,
    outage: &Outage<'_>,
    replays: &[(&str, Vec<Bar>)],
) -> String {
    let fill = |colour: &str| Swatch::Block(format!("fill=\"{colour}\""));
    let legend = [
        (fill(BLUE), "answered".to_owned()),
        (fill(VERMILION), "failed".to_owned()),
        (fill(REJECTED), "rejected at once".to_owned()),
        (Swatch::Dot(INK), "chosen".to_owned()),
    ];
    let mut svg = page(title, &legend);
    front(&mut svg, found);
    let (top, height) = (116.0, (HEIGHT - 116.0 - 62.0) / replays.len() as f64);
    for (index, (name, bars)) in replays.iter().enumerate() {
        let top = top + index as f64 * height;
        let last = index + 1 == replays.len();
        minutes(&mut svg, (top, top + height - 34.0), (name, bars), outage, last);
    }
    svg.finish()
}

/// Settings none of which is worse than another in everything: what they lose against what they waste.
fn front(svg: &mut Svg, found: &Recommendation) {
    let most = |of: fn(&FrontPoint) -> f64| found.front.iter().map(of).fold(1e-3, f64::max);
    let frame = Frame {
        left: LEFT,
        right: WIDTH * 0.42,
        top: 116.0,
        bottom: HEIGHT - 62.0,
        x: 0.0..1.08 * most(|point| point.lost_good),
        y: 0.0..1.08 * most(|point| point.wasted_seconds),
        logarithmic: false,
    };
    let up = ticks::numbers(0.0, frame.y.end, 6);
    frame.vertical(svg, &up, "seconds waited in vain, per 100 calls");
    let along = ticks::numbers(0.0, frame.x.end, 6);
    for (value, _) in &along {
        let x = frame.at_x(*value);
        svg.line((x, frame.top), (x, frame.bottom), &format!("stroke=\"{GRID}\""));
    }
    frame.horizontal(svg, &along, Some("good calls lost, per 100 calls"));
    let mut dot = |lost: f64, wasted: f64, radius: f64, style: &str| {
        if lost <= frame.x.end && wasted <= frame.y.end {
            svg.dot((frame.at_x(lost), frame.at_y(wasted)), radius, style);
        }
    };
    for point in &found.front {
        dot(point.lost_good, point.wasted_seconds, 4.0, &format!("fill=\"{GREY}\""));
    }
    if let Some(chosen) = &found.found {
        dot(chosen.lost_good, chosen.wasted_seconds, 7.0, &format!("fill=\"{INK}\""));
    }
}

/// Calls by moment: what was answered, what failed, what was rejected.
fn minutes(
    svg: &mut Svg,
    (top, bottom): (f64, f64),
    (name, bars): (&str, &[Bar]),
    outage: &Outage<'_>,
    last: bool,
) {
    let all = |bar: &Bar| bar.served + bar.failed + bar.rejected;
    let most = bars.iter().map(all).max().unwrap_or(0).max(1) as f64;
    let seconds = outage.to - outage.from;
    let (left, right) = (WIDTH * 0.42 + 106.0, WIDTH - 24.0);
    let (x, y) = (0.0..seconds, 0.0..most);
    let frame = Frame { left, right, top, bottom, x, y, logarithmic: false };
    frame.vertical(svg, &ticks::numbers(0.0, most, 4), "calls");
    let style = format!("{} font-weight=\"bold\"", small(INK));
    svg.text((left, top - 7.0), Anchor::Start, &style, name);
    let width = seconds / BARS as f64;
    for (index, bar) in bars.iter().enumerate() {
        let from = index as f64 * width;
        let x = (frame.at_x(from), frame.at_x(from + width) + 0.2);
        let mut below = 0.0;
        for (count, colour) in
            [(bar.served, BLUE), (bar.failed, VERMILION), (bar.rejected, REJECTED)]
        {
            let above = below + count as f64;
            if count > 0 {
                let y = (frame.at_y(above), frame.at_y(below));
                svg.block(x, y, &format!("fill=\"{colour}\""));
            }
            below = above;
        }
    }
    let name = last.then(|| format!("seconds from {:.0} s of the log", outage.from));
    frame.horizontal(svg, &ticks::numbers(0.0, seconds, 6), name.as_deref());
}
