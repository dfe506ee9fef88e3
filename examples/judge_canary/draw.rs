//! The pictures: differences with intervals, and power curves.

use crate::frame::{Frame, HEIGHT, Swatch, WIDTH, page, small};
use crate::svg::{Anchor, BLUE, GREY, GRID, INK, Svg, VERMILION};
use crate::ticks;
use forewarn::compare::{
    Alternative, CanaryJudgement, CanaryMetric, CanaryParams, MetricJudgement, MetricOutcome,
    Verdict, mann_whitney,
};
use forewarn_datasets::canary::{Pair, PairParams};

/// Every metric's change in per cent, with its interval.
pub(crate) fn differences(judgement: &CanaryJudgement) -> String {
    let legend = [
        (Swatch::Dot(VERMILION), "worse".to_owned()),
        (Swatch::Dot(BLUE), "better".to_owned()),
        (Swatch::Dot(GREY), "neither".to_owned()),
        (Swatch::Block(format!("fill=\"{GREY}\"")), "its interval".to_owned()),
    ];
    let mut svg = page(&format!("Canary: {}", judgement.verdict), &legend);
    let shown: Vec<(&MetricJudgement, [f64; 3])> =
        judgement.metrics.iter().filter_map(|metric| Some((metric, per_cent(metric)?))).collect();
    let all = || shown.iter().flat_map(|(_, ends)| *ends);
    let (low, high) = (all().fold(-5.0, f64::min), all().fold(5.0, f64::max));
    let pad = 0.05 * (high - low);
    let (bottom, right) = (HEIGHT - 58.0, WIDTH - 40.0);
    let x = low - pad..high + pad;
    let frame = Frame { left: 220.0, right, top: 96.0, bottom, x, y: 0.0..1.0, logarithmic: false };
    let ticks = ticks::numbers(frame.x.start, frame.x.end, 10);
    for (value, _) in &ticks {
        let x = frame.at_x(*value);
        svg.line((x, frame.top), (x, frame.bottom), &format!("stroke=\"{GRID}\""));
    }
    frame.horizontal(&mut svg, &ticks, Some("change of the canary, % of the baseline"));
    let zero = frame.at_x(0.0);
    svg.line((zero, frame.top), (zero, frame.bottom), &format!("stroke=\"{INK}\""));
    for (row, (metric, [estimate, low, high])) in shown.iter().enumerate() {
        let y = frame.top + (row as f64 + 0.5) * (frame.bottom - frame.top) / shown.len() as f64;
        let colour = match metric.outcome {
            MetricOutcome::Worse => VERMILION,
            MetricOutcome::Better => BLUE,
            _ => GREY,
        };
        let style = format!("stroke=\"{colour}\" stroke-width=\"5\" stroke-opacity=\"0.5\"");
        svg.line((frame.at_x(*low), y), (frame.at_x(*high), y), &style);
        svg.dot((frame.at_x(*estimate), y), 6.0, &format!("fill=\"{colour}\""));
        svg.text((frame.left - 12.0, y + 5.0), Anchor::End, &small(INK), &metric.name);
    }
    svg.finish()
}

/// Estimate and ends of the interval, where they can be drawn.
fn per_cent(metric: &MetricJudgement) -> Option<[f64; 3]> {
    let size = 0.01 * metric.typical[0].abs();
    let ends = [metric.shift.estimate, metric.shift.low, metric.shift.high].map(|end| end / size);
    ends.iter().all(|end| end.is_finite()).then_some(ends)
}

/// Values of each side, pairs of runs a point, and memory of the two panels.
const VALUES: usize = 120;
const PAIRS: usize = 1_000;
const MEMORIES: [f64; 2] = [0.0, 0.6];

/// How often a change is found, by its size: as here, and by a plain rank test.
pub(crate) fn power_curves() -> Result<String, Box<dyn std::error::Error>> {
    let fill = |colour: &str| Swatch::Block(format!("fill=\"{colour}\""));
    let legend = [
        (fill(BLUE), "CanaryParams".to_owned()),
        (fill(VERMILION), "plain Mann–Whitney".to_owned()),
        (fill(GREY), "level asked for: 5 %".to_owned()),
    ];
    let title = format!("Canaries found worse, of {PAIRS} pairs of {VALUES} values each");
    let mut svg = page(&title, &legend);
    for (panel, memory) in MEMORIES.into_iter().enumerate() {
        let left = 86.0 + panel as f64 * WIDTH / 2.0;
        let frame = Frame {
            left,
            right: left + WIDTH / 2.0 - 120.0,
            top: 116.0,
            bottom: HEIGHT - 58.0,
            x: 0.0..1.0,
            y: 0.0..1.0,
            logarithmic: false,
        };
        let tenths = ticks::numbers(0.0, 1.0, 10);
        frame.vertical(&mut svg, &tenths, "share rolled back");
        frame.horizontal(&mut svg, &tenths, Some("change, in standard deviations"));
        let above = (f64::midpoint(frame.left, frame.right), frame.top - 14.0);
        let name = match memory {
            0.0 => "independent values".to_owned(),
            _ => format!("values that remember: correlation {memory}"),
        };
        svg.text(above, Anchor::Middle, &small(INK), &name);
        let level = frame.at_y(0.05);
        svg.line((frame.left, level), (frame.right, level), &format!("stroke=\"{GREY}\""));
        curves(&mut svg, &frame, memory)?;
    }
    Ok(svg.finish())
}

fn curves(svg: &mut Svg, frame: &Frame, memory: f64) -> Result<(), Box<dyn std::error::Error>> {
    let mut points = [Vec::new(), Vec::new()];
    for step in 0..=20 {
        let change = f64::from(step) / 20.0;
        let seed = 5_000 + step as u64;
        let params = PairParams {
            pairs: PAIRS,
            values: VALUES,
            memory,
            change,
            seed,
            ..PairParams::default()
        };
        let mut found = [0_usize; 2];
        for pair in params.simulate()? {
            for (found, by) in found.iter_mut().zip([canary, plain]) {
                *found += usize::from(by(&pair)?);
            }
        }
        for (points, found) in points.iter_mut().zip(found) {
            points.push(Some((frame.at_x(change), frame.at_y(found as f64 / PAIRS as f64))));
        }
    }
    for (points, colour) in points.iter().zip([BLUE, VERMILION]).rev() {
        svg.path(points, colour);
    }
    Ok(())
}

fn canary(pair: &Pair) -> forewarn::Result<bool> {
    let metric = CanaryMetric::samples("metric", &pair.baseline, &pair.candidate);
    Ok(CanaryParams::default().judge(&[metric])?.verdict == Verdict::RollBack)
}

fn plain(pair: &Pair) -> forewarn::Result<bool> {
    let test = mann_whitney(&pair.baseline, &pair.candidate, Alternative::Greater)?;
    Ok(test.p_value <= 0.05)
}
