//! The metric so far, its capacity, and when it gets there.

use crate::frame::{Frame, HEIGHT, LEFT, RIGHT, Swatch, WIDTH, page};
use crate::input::{Input, Options};
use crate::svg::{BLUE, INK, VERMILION};
use crate::ticks::{self, moment};
use forewarn::trend::ExhaustionForecast;

const BAND: &str = "fill=\"#56B4E9\" fill-opacity=\"0.3\"";

/// The chart as the text of an SVG file.
pub(crate) fn chart(input: &Input, options: &Options, forecast: &ExhaustionForecast) -> String {
    let percent = 100.0 * forecast.interval;
    let legend = [
        (Swatch::Dot(BLUE), input.name.clone()),
        (Swatch::Dot(VERMILION), "as likely before as after".to_owned()),
        (Swatch::Block(BAND.to_owned()), format!("{percent:.0} % interval")),
    ];
    let mut svg = page(&format!("{}: {forecast}", input.file), &legend);
    let from = input.times.first().copied().unwrap_or(0.0);
    // What is far off is not drawn further than the past is long.
    let farthest = forecast.time + 1.5 * (forecast.time - from).max(3600.0);
    let end = |left: f64| if left.is_nan() { forecast.time } else { left + forecast.time };
    let to = end(forecast.latest).clamp(forecast.time + 3600.0, farthest);
    let finite = input.values.iter().copied().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((options.capacity, options.capacity), |(a, b), v| (a.min(v), b.max(v)));
    let room = 0.06 * (high - low).max(1e-9);
    let frame = Frame {
        left: LEFT,
        right: WIDTH - RIGHT,
        top: 92.0,
        bottom: HEIGHT - 62.0,
        x: from..to + 0.02 * (to - from),
        y: low - room..high + room,
        logarithmic: false,
    };
    let name = format!("time (UTC), from {}", moment(from).format("%-d %B %Y"));
    frame.vertical(&mut svg, &ticks::numbers(frame.y.start, frame.y.end, 8), &input.name);
    let earliest = end(forecast.earliest);
    if earliest < to {
        let x = (frame.at_x(earliest), frame.at_x(to));
        svg.block(x, (frame.top, frame.bottom), BAND);
    }
    let style = format!("stroke=\"{INK}\" stroke-width=\"1.6\" stroke-dasharray=\"7 5\"");
    let y = frame.at_y(options.capacity);
    svg.line((frame.left, y), (frame.right, y), &style);
    let point = |(time, value): (&f64, &f64)| {
        value.is_finite().then(|| (frame.at_x(*time), frame.at_y(*value)))
    };
    let points: Vec<_> = input.times.iter().zip(&input.values).map(point).collect();
    svg.path(&points, BLUE);
    if let (Some(Some(last)), true) = (points.last(), end(forecast.left) <= to) {
        let full = (frame.at_x(end(forecast.left)), y);
        let style = format!("stroke=\"{VERMILION}\" stroke-width=\"1.4\" stroke-dasharray=\"3 4\"");
        svg.line(*last, full, &style);
        svg.dot(full, 4.5, &format!("fill=\"{VERMILION}\""));
    }
    frame.horizontal(&mut svg, &ticks::times(frame.x.start, frame.x.end, 10), Some(&name));
    svg.finish()
}
