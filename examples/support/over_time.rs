//! A chart of one or more values over time, with the anomalous moments marked.

use crate::frame::{Frame, HEIGHT, LEFT, RIGHT, Swatch, WIDTH, page};
use crate::svg::{BLUE, INK, Svg, VERMILION, YELLOW};
use crate::ticks::{self, moment};
use std::collections::HashSet;

/// One value over time; panels lie below each other and share the time axis.
pub(crate) struct Panel<'a> {
    /// What is drawn, with its unit if it has one.
    pub name: &'a str,
    pub values: &'a [f64],
    /// Above which level values are anomalous.
    pub threshold: Option<f64>,
    /// Lowest and highest normal value of each row; infinite where that is not known.
    pub band: Option<(&'a [f64], &'a [f64])>,
}

/// What all panels share.
pub(crate) struct Moments<'a> {
    /// Unix seconds of each row.
    pub at: &'a [f64],
    /// Which rows to mark.
    pub anomalies: &'a [usize],
    /// What makes them worth a mark, for the legend.
    pub meaning: &'a str,
    /// Which rows are known to be anomalous, if that is known.
    pub labels: Option<&'a [bool]>,
}

/// The chart as the text of an SVG file.
pub(crate) fn over_time(title: &str, moments: &Moments<'_>, panels: &[Panel<'_>]) -> String {
    let mut legend = vec![(Swatch::Dot(VERMILION), moments.meaning.to_owned())];
    let lined = is_series(moments.at);
    if moments.labels.is_some() {
        let swatch = if lined { Swatch::Block(labelled()) } else { Swatch::Dot(INK) };
        legend.push((swatch, "labelled as anomalous".to_owned()));
    }
    if panels.iter().any(|panel| panel.band.is_some()) {
        legend.push((Swatch::Block(BAND.to_owned()), "normal".to_owned()));
    }
    let mut svg = page(title, &legend);
    let (from, to) = extent(moments.at);
    let day = |at: f64| moment(at).format("%-d %B %Y").to_string();
    let x_ticks = ticks::times(from, to, 12);
    let x_name = if day(from) == day(to) {
        format!("time (UTC), {}", day(from))
    } else {
        format!("time (UTC), {} to {}", day(from), day(to))
    };
    let (mut top, available) = (92.0, HEIGHT - 92.0 - 62.0);
    for (index, panel) in panels.iter().enumerate() {
        // The first panel is the largest: it holds what the reader knows.
        let share = if panels.len() == 1 {
            1.0
        } else if index == 0 {
            0.6
        } else {
            0.4 / (panels.len() - 1) as f64
        };
        let last = index + 1 == panels.len();
        let bottom = top + available * share - if last { 0.0 } else { 26.0 };
        let (low, high) = extent(panel.values);
        let level = panel.threshold.unwrap_or(low);
        let (low, high) = (low.min(level), high.max(level));
        let room = if high > low { 0.06 * (high - low) } else { 1.0 };
        let (left, right) = (LEFT, WIDTH - RIGHT);
        let (x, y) = (from..to, low - room..high + room);
        let frame = Frame { left, right, top, bottom, x, y, logarithmic: false };
        let most = if panels.len() == 1 { 8 } else { 6 };
        frame.vertical(&mut svg, &ticks::numbers(frame.y.start, frame.y.end, most), panel.name);
        if let Some(band) = panel.band {
            normal(&mut svg, &frame, moments.at, band);
        }
        if lined {
            shade(&mut svg, &frame, moments);
            svg.path(&thinned(&frame, moments.at, panel.values), BLUE);
        } else {
            scatter(&mut svg, (&frame, moments), panel.values, false);
        }
        mark(&mut svg, &frame, moments, panel.values);
        if !lined {
            // Above the anomalies: a label shows as the dark heart of one.
            scatter(&mut svg, (&frame, moments), panel.values, true);
        }
        if let Some(level) = panel.threshold {
            frame.threshold(&mut svg, level);
        }
        frame.horizontal(&mut svg, &x_ticks, last.then_some(x_name.as_str()));
        top += available * share;
    }
    svg.finish()
}

fn labelled() -> String {
    format!("fill=\"{YELLOW}\" fill-opacity=\"0.55\"")
}

/// The labelled stretches, behind everything else; at least wide enough to be seen.
fn shade(svg: &mut Svg, frame: &Frame, moments: &Moments<'_>) {
    let Some(labels) = moments.labels else { return };
    let mut row = 0;
    for run in labels.chunk_by(|a, b| a == b) {
        if run[0] {
            let (from, to) = (moments.at[row], moments.at[row + run.len() - 1]);
            let (from, to) = (frame.at_x(from), frame.at_x(to));
            svg.block((from, to.max(from + 1.5)), (frame.top, frame.bottom), &labelled());
        }
        row += run.len();
    }
}

/// The band of normal values, as wide in each pixel column as its widest row.
fn normal(svg: &mut Svg, frame: &Frame, at: &[f64], (lower, upper): (&[f64], &[f64])) {
    let rows: Vec<usize> = (0..at.len()).collect();
    let column = |row: usize| frame.at_x(at[row]).floor();
    let inside = |value: f64| frame.at_y(value.clamp(frame.y.start, frame.y.end));
    for rows in rows.chunk_by(|&a, &b| column(a) == column(b)) {
        let low = rows.iter().map(|&row| lower[row]).fold(f64::INFINITY, f64::min);
        let high = rows.iter().map(|&row| upper[row]).fold(f64::NEG_INFINITY, f64::max);
        if low.is_finite() || high.is_finite() {
            let x = column(rows[0]);
            svg.block((x, x + 1.0), (inside(high), inside(low)), BAND);
        }
    }
}

/// How the band of normal values is filled.
pub(crate) const BAND: &str = "fill=\"#56B4E9\" fill-opacity=\"0.3\"";

/// The rows that are labelled, or those that are not, as dots.
fn scatter(
    svg: &mut Svg,
    (frame, moments): (&Frame, &Moments<'_>),
    values: &[f64],
    labelled: bool,
) {
    let (radius, style) = if labelled {
        (1.6, format!("fill=\"{INK}\""))
    } else {
        (1.3, format!("fill=\"{BLUE}\" fill-opacity=\"0.45\""))
    };
    let is_labelled = |row: usize| moments.labels.is_some_and(|labels| labels[row]);
    let rows = (0..values.len()).filter(|&row| is_labelled(row) == labelled);
    for point in spread(rows, frame, moments, values) {
        svg.dot(point, radius, &style);
    }
}

/// The anomalies, larger than everything else.
fn mark(svg: &mut Svg, frame: &Frame, moments: &Moments<'_>, values: &[f64]) {
    let style = format!("fill=\"{VERMILION}\" stroke=\"white\" stroke-width=\"0.6\"");
    for point in spread(moments.anomalies.iter().copied(), frame, moments, values) {
        svg.dot(point, 3.4, &style);
    }
}

/// Where the rows are, without those nearer than about a pixel to another one.
fn spread(
    rows: impl Iterator<Item = usize>,
    frame: &Frame,
    moments: &Moments<'_>,
    values: &[f64],
) -> Vec<(f64, f64)> {
    let mut seen = HashSet::new();
    rows.filter(|&row| values[row].is_finite())
        .map(|row| (frame.at_x(moments.at[row]), frame.at_y(values[row])))
        .filter(|(x, y)| seen.insert(((x / 1.5) as i64, (y / 1.5) as i64)))
        .collect()
}

/// Whether the rows are one after the other, save for a few, such as the hour that a clock going
/// back repeats. With several rows a moment, one a machine, a line would jump between them.
fn is_series(at: &[f64]) -> bool {
    let forward = at.windows(2).filter(|pair| pair[0] < pair[1]).count();
    forward * 10 >= at.len().saturating_sub(1) * 9
}

/// The line through all values, by the first, lowest, highest and last one of each pixel column:
/// it looks the same as the whole, whatever the number of rows.
fn thinned(frame: &Frame, at: &[f64], values: &[f64]) -> Vec<Option<(f64, f64)>> {
    let rows: Vec<usize> = (0..values.len()).collect();
    let mut points = Vec::new();
    for column in rows.chunk_by(|&a, &b| {
        frame.at_x(at[a]).floor() == frame.at_x(at[b]).floor()
            && values[a].is_finite() == values[b].is_finite()
    }) {
        if !values[column[0]].is_finite() {
            points.push(None);
            continue;
        }
        let by_value = |a: &&usize, b: &&usize| values[**a].total_cmp(&values[**b]);
        let lowest = column.iter().min_by(by_value).copied().unwrap_or(column[0]);
        let highest = column.iter().max_by(by_value).copied().unwrap_or(column[0]);
        let mut kept = vec![column[0], lowest, highest, column[column.len() - 1]];
        kept.sort_unstable();
        kept.dedup();
        points.extend(kept.iter().map(|&row| Some((frame.at_x(at[row]), frame.at_y(values[row])))));
    }
    points
}

/// The lowest and highest of the values that are not missing; a range of one unit where there is
/// no other.
fn extent(values: &[f64]) -> (f64, f64) {
    let finite = values.iter().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(*value), high.max(*value))
    });
    if low < high {
        (low, high)
    } else if low == high {
        (low, low + 1.0)
    } else {
        (0.0, 1.0)
    }
}
