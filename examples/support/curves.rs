//! A reliability diagram, and beside it the curve of precision over recall.

use crate::frame::{Frame, HEIGHT, Swatch, WIDTH, page, small};
use crate::svg::{Anchor, BLUE, GREY, GRID, INK, Svg, VERMILION};
use crate::ticks;
use forewarn::metrics::CalibrationBin;

/// Probabilities of the rows, and who gave them.
pub(crate) struct Curve<'a> {
    pub name: &'a str,
    pub probabilities: &'a [f64],
}

/// The threshold that alerts are given at.
pub(crate) struct Chosen {
    pub threshold: f64,
    pub recall: f64,
    /// NaN without alerts.
    pub precision: f64,
}

/// The charts as the text of an SVG file. Bins are of equal width.
pub(crate) fn curves(
    title: &str,
    labels: &[bool],
    bins: &[CalibrationBin],
    model: &Curve<'_>,
    baseline: Option<&Curve<'_>>,
    chosen: &Chosen,
) -> String {
    let interval = "share that failed, with 95 % interval";
    let fill = |colour: &str| Swatch::Block(format!("fill=\"{colour}\""));
    let mut legend =
        vec![(Swatch::Dot(BLUE), interval.into()), (fill(BLUE), model.name.to_owned())];
    legend.extend(baseline.map(|baseline| (fill(GREY), format!("{} alone", baseline.name))));
    if chosen.precision.is_finite() {
        legend.push((Swatch::Dot(VERMILION), format!("alert above {:.4}", chosen.threshold)));
    }
    let mut svg = page(title, &legend);
    reliability(&mut svg, bins);
    precision_recall(&mut svg, labels, model, baseline, chosen);
    svg.finish()
}

/// From 0 to 1 on either axis.
fn square(left: f64) -> Frame {
    let (top, bottom) = (126.0, HEIGHT - 58.0);
    let right = left + WIDTH / 2.0 - 112.0;
    Frame { left, right, top, bottom, x: 0.0..1.0, y: 0.0..1.0, logarithmic: false }
}

/// Both axes, with a grid of tenths.
fn axes(svg: &mut Svg, frame: &Frame, x: &str, y: &str) {
    let tenths = ticks::numbers(0.0, 1.0, 10);
    frame.vertical(svg, &tenths, y);
    for (value, _) in &tenths {
        let x = frame.at_x(*value);
        svg.line((x, frame.top), (x, frame.bottom), &format!("stroke=\"{GRID}\""));
    }
    frame.horizontal(svg, &tenths, Some(x));
}

fn dashed(colour: &str) -> String {
    format!("stroke=\"{colour}\" stroke-width=\"1.4\" stroke-dasharray=\"7 5\"")
}

fn reliability(svg: &mut Svg, bins: &[CalibrationBin]) {
    let frame = square(82.0);
    axes(svg, &frame, "predicted probability", "share that failed");
    let (from, to) = ((frame.at_x(0.0), frame.at_y(0.0)), (frame.at_x(1.0), frame.at_y(1.0)));
    svg.line(from, to, &dashed(GREY));
    svg.text((frame.left - 9.0, frame.top - 10.0), Anchor::End, &small(GREY), "rows");
    let mut points = Vec::new();
    for bin in bins {
        let (x, y) = (frame.at_x(bin.predicted), frame.at_y(bin.observed));
        let style = format!("stroke=\"{BLUE}\" stroke-width=\"2\" stroke-opacity=\"0.6\"");
        svg.line((x, frame.at_y(bin.low)), (x, frame.at_y(bin.high)), &style);
        points.push(Some((x, y)));
        // Each bin is as wide as a tenth, and named above its middle.
        let middle = ((10.0 * bin.predicted).ceil().max(1.0) - 0.5) / 10.0;
        let place = (frame.at_x(middle), frame.top - 10.0);
        let style = format!("font-size=\"11\" fill=\"{GREY}\"");
        svg.text(place, Anchor::Middle, &style, &ticks::thousands(bin.count));
    }
    svg.path(&points, BLUE);
    for point in points.into_iter().flatten() {
        svg.dot(point, 5.0, &format!("fill=\"{BLUE}\" stroke=\"white\""));
    }
}

fn precision_recall(
    svg: &mut Svg,
    labels: &[bool],
    model: &Curve<'_>,
    baseline: Option<&Curve<'_>>,
    chosen: &Chosen,
) {
    let frame = square(WIDTH / 2.0 + 82.0);
    axes(
        svg,
        &frame,
        "recall: share of failures found",
        "precision: share of alerts that come true",
    );
    let rate = labels.iter().filter(|label| **label).count() as f64 / labels.len() as f64;
    let y = frame.at_y(rate);
    svg.line((frame.left, y), (frame.right, y), &dashed(GREY));
    let text = format!("alerts at random: {rate:.3}");
    // Above the line, unless that is the top.
    let beside = if rate < 0.9 { y - 6.0 } else { y + 16.0 };
    svg.text((frame.left + 8.0, beside), Anchor::Start, &small(GREY), &text);
    for (curve, colour) in baseline.map(|curve| (curve, GREY)).into_iter().chain([(model, BLUE)]) {
        svg.path(&path(&frame, labels, curve.probabilities), colour);
    }
    if chosen.precision.is_finite() {
        let at = (frame.at_x(chosen.recall), frame.at_y(chosen.precision));
        svg.dot(at, 6.0, &format!("fill=\"{VERMILION}\" stroke=\"{INK}\" stroke-width=\"0.8\""));
    }
}

/// Precision over recall at every distinct probability, in steps as average precision is added up,
/// without points nearer than half a pixel to the one before.
fn path(frame: &Frame, labels: &[bool], probabilities: &[f64]) -> Vec<Option<(f64, f64)>> {
    let failures = labels.iter().filter(|label| **label).count() as f64;
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let (mut found, mut alerts) = (0.0, 0.0);
    let mut points: Vec<(f64, f64)> = Vec::new();
    for tie in order.chunk_by(|&a, &b| probabilities[a] == probabilities[b]) {
        let before = frame.at_x(found / failures);
        found += tie.iter().filter(|&&row| labels[row]).count() as f64;
        alerts += tie.len() as f64;
        let (x, y) = (frame.at_x(found / failures), frame.at_y(found / alerts));
        for (x, y) in [(before, y), (x, y)] {
            let near = |last: &(f64, f64)| (last.0 - x).abs() < 0.5 && (last.1 - y).abs() < 0.5;
            if !points.last().is_some_and(near) {
                points.push((x, y));
            }
        }
    }
    points.into_iter().map(Some).collect()
}
