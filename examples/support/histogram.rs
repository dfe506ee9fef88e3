//! A histogram of scores with the threshold, the anomalies and, where known, the labels marked.

use crate::frame::{Frame, HEIGHT, LEFT, RIGHT, Swatch, WIDTH, page, small};
use crate::svg::{Anchor, BLUE, INK, VERMILION};
use crate::ticks;

const BINS: f64 = 64.0;

/// The chart as the text of an SVG file. Counts are on a logarithmic axis: one row in a hundred
/// thousand can be seen.
pub(crate) fn histogram(
    title: &str,
    scores: &[f64],
    threshold: f64,
    labels: Option<&[bool]>,
) -> String {
    let low = scores.iter().copied().fold(threshold, f64::min);
    let high = scores.iter().copied().fold(threshold, f64::max);
    let width = if high > low { (high - low) / BINS } else { 1.0 / BINS };
    // One edge is the threshold, so that no bar is part normal and part anomalous.
    let below = ((threshold - low) / width).ceil();
    let first = threshold - below * width;
    let bins = (below + ((high - threshold) / width).floor() + 1.0) as usize;
    let bin = |score: f64| {
        // The threshold itself is not above the threshold.
        let bin = ((score - first) / width).floor().max(0.0) as usize;
        if score <= threshold { bin.min((below as usize).saturating_sub(1)) } else { bin }
    };
    let (mut all, mut known) = (vec![0_usize; bins], vec![0_usize; bins]);
    for (row, &score) in scores.iter().enumerate() {
        all[bin(score)] += 1;
        known[bin(score)] += usize::from(labels.is_some_and(|labels| labels[row]));
    }

    let fill = |colour: &str| format!("fill=\"{colour}\"");
    let above = scores.iter().filter(|score| **score > threshold).count();
    let count = ticks::thousands;
    let mut legend = vec![
        (
            Swatch::Block(fill(BLUE)),
            format!("up to the threshold ({} rows)", count(scores.len() - above)),
        ),
        (
            Swatch::Block(fill(VERMILION)),
            format!("anomaly: above the threshold ({} rows)", count(above)),
        ),
    ];
    if let Some(labels) = labels {
        let positive = labels.iter().filter(|label| **label).count();
        let text = format!("labelled as anomalous ({} rows)", count(positive));
        legend.push((Swatch::Block(fill(INK)), text));
    }
    let mut svg = page(title, &legend);
    let most = all.iter().copied().max().unwrap_or(1).max(10) as f64;
    let frame = Frame {
        left: LEFT,
        right: WIDTH - RIGHT,
        top: 112.0,
        bottom: HEIGHT - 62.0,
        x: first - width..first + (bins + 1) as f64 * width,
        // From below 1, so that a single row has a bar.
        y: 0.6..most * 1.3,
        logarithmic: true,
    };
    frame.vertical(&mut svg, &ticks::powers(1.0, most * 1.3), "rows (logarithmic)");
    for (counts, share) in [(&all, 0.86), (&known, 0.34)] {
        for (at, &rows) in counts.iter().enumerate().filter(|(_, rows)| **rows > 0) {
            let middle = first + (at as f64 + 0.5) * width;
            let x = |side: f64| frame.at_x(middle + side * 0.5 * share * width);
            let colour = if share < 0.5 {
                INK
            } else if middle > threshold {
                VERMILION
            } else {
                BLUE
            };
            svg.block((x(-1.0), x(1.0)), (frame.at_y(rows as f64), frame.bottom), &fill(colour));
        }
    }
    let x_ticks = ticks::numbers(frame.x.start, frame.x.end, 10);
    frame.horizontal(&mut svg, &x_ticks, Some("anomaly score (higher is worse)"));
    let x = frame.at_x(threshold);
    let style = format!("stroke=\"{INK}\" stroke-width=\"1.6\" stroke-dasharray=\"7 5\"");
    svg.line((x, 98.0), (x, frame.bottom), &style);
    let anchor = if x > 800.0 { Anchor::End } else { Anchor::Start };
    let side = if x > 800.0 { -8.0 } else { 8.0 };
    let style = format!("{} font-weight=\"bold\"", small(INK));
    svg.text((x + side, 106.0), anchor, &style, &format!("threshold {threshold:.3}"));
    svg.finish()
}
