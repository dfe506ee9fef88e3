//! How far the answers can be trusted: reliability, costs, precision and recall, and the members of the
//! ensemble.

use super::content::Content;
use super::frame::Frame;
use super::svg::{Anchor, Svg, Trace};
use super::ticks;
use super::words::{escape, fixed, number, percent, thousands};
use crate::engine::Evaluation;
use crate::metrics::share_interval;
use std::fmt::Write as _;

const WIDTH: f64 = 330.0;
const HEIGHT: f64 = 270.0;

/// The height of a line of small words.
const LINE: f64 = 13.0;

/// All charts that there is something for, each with a caption.
pub(super) fn charts(content: &Content<'_>) -> String {
    let evaluation = content.evaluation;
    let mut html = "<div class=\"charts\">\n".to_owned();
    if !evaluation.calibration.is_empty() {
        let caption = "Of the readings given a probability, the share that a failure followed, with \
                       95 % intervals. On the diagonal, probabilities mean what they say.";
        figure(&mut html, "Probabilities", caption, &reliability(evaluation));
    }
    if evaluation.costs.len() > 1 {
        let caption = "What a reading costs on average, by the probability from which on there is an \
                       alert: acting on alerts, and failures that nobody was ready for.";
        figure(&mut html, "Cost", caption, &costs(evaluation));
    }
    if evaluation.curve.len() > 1 {
        let caption = "The share of alerts that come true, by the share of readings before failures \
                       that have one. The dot is the chosen threshold.";
        figure(&mut html, "Alerts", caption, &precision_recall(evaluation));
    }
    html + "</div>\n"
}

fn figure(html: &mut String, name: &str, caption: &str, svg: &str) {
    // Writing to a string cannot fail.
    let _ =
        writeln!(html, "<figure><h3>{name}</h3>\n{svg}<figcaption>{caption}</figcaption></figure>");
}

fn square(x: std::ops::Range<f64>, y: std::ops::Range<f64>) -> Frame {
    Frame { left: 46.0, right: WIDTH - 12.0, top: 30.0, bottom: HEIGHT - 44.0, x, y }
}

fn axes(svg: &mut Svg, frame: &Frame, names: [&str; 2], x: &[ticks::Tick], y: &[ticks::Tick]) {
    frame.uprights(svg, x);
    frame.vertical(svg, y);
    frame.horizontal(svg, x, WIDTH);
    frame.names(svg, names[0], names[1]);
}

/// How shares are laid out: evenly, or by powers of ten where nearly all are small.
struct Shares {
    /// The least share that is told from 0, where powers of ten are drawn.
    least: Option<f64>,
    most: f64,
}

impl Shares {
    fn of(evaluation: &Evaluation) -> Self {
        let points = &evaluation.calibration;
        let mut said: Vec<f64> = points.iter().map(|point| point.predicted).collect();
        said.sort_by(f64::total_cmp);
        let most = points.iter().fold(0.0, |most: f64, p| most.max(p.predicted).max(p.observed));
        let middle = said.get(said.len() / 2).copied().unwrap_or(most);
        if middle >= 0.03 * most {
            let tenths = (10.0 * 1.05 * most).ceil() / 10.0;
            return Self { least: None, most: tenths.clamp(0.1, 1.0) };
        }
        let least = said.first().copied().unwrap_or(0.0).clamp(1e-4, 1e-2);
        Self { least: Some(10_f64.powf(least.log10().floor())), most: 1.0 }
    }

    /// Where a share goes.
    fn place(&self, share: f64) -> f64 {
        self.least.map_or(share, |least| share.max(least).log10())
    }

    fn ticks(&self) -> Vec<ticks::Tick> {
        let Some(least) = self.least else { return ticks::percents(0.0, self.most, 5) };
        let powers = (least.log10().round() as i32..=0).map(|power| 10_f64.powi(power));
        powers.map(|share| (share.log10(), format!("{} %", number(100.0 * share)))).collect()
    }
}

fn reliability(evaluation: &Evaluation) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let points = &evaluation.calibration;
    let interval = |observed: f64, count: usize| {
        // The interval needs whole rows.
        let failed = ((observed * count as f64).round() as usize).min(count);
        share_interval(failed, count, 0.95).unwrap_or((observed, observed))
    };
    let shares = Shares::of(evaluation);
    let (from, to) = (shares.place(0.0), shares.place(shares.most));
    let frame = square(from..to, from..to);
    let at =
        |predicted: f64, observed: f64| frame.at(shares.place(predicted), shares.place(observed));
    let names = ["predicted probability", "share that failed"];
    axes(&mut svg, &frame, names, &shares.ticks(), &shares.ticks());
    svg.line(frame.at(from, from), frame.at(to, to), "even");
    for point in points {
        let (low, high) = interval(point.observed, point.count);
        svg.line(at(point.predicted, low), at(point.predicted, high), "interval");
    }
    let line = points.iter().map(|point| Some(at(point.predicted, point.observed)));
    svg.path(&Trace::through(line), "line");
    for point in points {
        let said = format!(
            "predicted {}, failed {}, {} readings",
            percent(point.predicted),
            percent(point.observed),
            thousands(point.count as u64)
        );
        svg.titled(&said, |svg| svg.dot(at(point.predicted, point.observed), 4.0, "dot"));
    }
    let error = evaluation.ensemble.as_ref().map(|e| percent(e.expected_calibration_error));
    let said = format!("Expected calibration error {}.", error.unwrap_or_default());
    svg.finish("part", "Reliability diagram", &said)
}

fn costs(evaluation: &Evaluation) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let points = &evaluation.costs;
    // Thresholds are drawn by their log-odds: the choice is mostly between small ones.
    let x = |threshold: f64| {
        let share = threshold.clamp(1e-4, 1.0 - 1e-4);
        (share / (1.0 - share)).ln()
    };
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
    };
    let (from, to) = range(&mut points.iter().map(|point| x(point.threshold)));
    let (_, most) = range(&mut points.iter().map(|point| point.cost));
    let lines =
        [("never act", evaluation.cost_of_never), ("always act", evaluation.cost_of_always)];
    let top =
        lines.iter().map(|(_, cost)| *cost).filter(|cost| cost.is_finite()).fold(most, f64::max);
    // Where always acting costs many times more than the rest, its line is left out.
    let top = if top > 3.0 * most { most } else { top };
    let frame = square(from..to.max(from + 1e-9), 0.0..(1.08 * top).max(1e-12));
    let shares = [0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999];
    let shares: Vec<ticks::Tick> = shares
        .into_iter()
        .filter(|&share| (from - 1e-9..=to + 1e-9).contains(&x(share)))
        .map(|share| (x(share), format!("{} %", number(100.0 * share))))
        .collect();
    let y = ticks::numbers(0.0, frame.y.end, 4);
    axes(&mut svg, &frame, ["alert from this probability on", "cost of a reading"], &shares, &y);
    let mut drawn: Vec<(&str, f64)> =
        lines.into_iter().filter(|line| line.1 <= frame.y.end).collect();
    drawn.sort_by(|a, b| b.1.total_cmp(&a.1));
    // From where to where there are words, downwards.
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for (name, cost) in drawn {
        let y = frame.at_y(cost);
        svg.line((frame.left, y), (frame.right, y), "even");
        let under = taken.last().is_some_and(|before| before.1 > y - LINE);
        let words = if under { y + LINE - 2.0 } else { y - 4.0 };
        svg.text((frame.right - 2.0, words), Anchor::End, "small", name);
        taken.push((y.min(words - LINE), y.max(words)));
    }
    let curve = points.iter().map(|point| Some(frame.at(x(point.threshold), point.cost)));
    svg.path(&Trace::through(curve), "line");
    let (least, chosen) = (evaluation.threshold, nearest(evaluation));
    if let Some(cost) = chosen {
        let at = frame.at(x(least), cost);
        svg.line((at.0, frame.top), (at.0, frame.bottom), "threshold");
        let said = format!("chosen: {}, cost {}", percent(least), number(cost));
        svg.titled(&said, |svg| svg.dot(at, 5.0, "chosen"));
        let right = at.0 < f64::midpoint(frame.left, frame.right);
        let (place, anchor) =
            if right { (at.0 + 6.0, Anchor::Start) } else { (at.0 - 6.0, Anchor::End) };
        let text = format!("chosen: {}", percent(least));
        let mut words = frame.top + 10.0;
        for &(from, to) in &taken {
            if words > from && words - LINE < to {
                words = to + LINE;
            }
        }
        svg.text((place, words), anchor, "small strong", &text);
    }
    let said = format!(
        "Chosen threshold {}, at which a reading costs {}; never acting {}, always acting {}.",
        percent(least),
        number(chosen.unwrap_or(f64::NAN)),
        number(evaluation.cost_of_never),
        number(evaluation.cost_of_always)
    );
    svg.finish("part", "Cost by threshold", &said)
}

/// The cost at the point next to the chosen threshold.
fn nearest(evaluation: &Evaluation) -> Option<f64> {
    let distance = |threshold: f64| (threshold - evaluation.threshold).abs();
    let points = evaluation.costs.iter();
    let near = points.min_by(|a, b| distance(a.threshold).total_cmp(&distance(b.threshold)));
    near.map(|point| point.cost).filter(|cost| cost.is_finite())
}

fn precision_recall(evaluation: &Evaluation) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let frame = square(0.0..1.0, 0.0..1.0);
    let shares = ticks::percents(0.0, 1.0, 5);
    axes(
        &mut svg,
        &frame,
        ["found of readings before failures", "alerts that come true"],
        &shares,
        &shares,
    );
    let chance = frame.at_y(evaluation.base_rate);
    svg.line((frame.left, chance), (frame.right, chance), "even");
    svg.text((frame.right - 2.0, chance - 4.0), Anchor::End, "small", "at random");
    let points = &evaluation.curve;
    let curve = points.iter().map(|point| Some(frame.at(point.recall, point.precision)));
    svg.path(&Trace::through(curve), "line");
    let distance = |threshold: f64| (threshold - evaluation.threshold).abs();
    let chosen =
        points.iter().min_by(|a, b| distance(a.threshold).total_cmp(&distance(b.threshold)));
    if let Some(point) = chosen {
        let said = format!(
            "from {} on: {} found, {} come true",
            percent(evaluation.threshold),
            percent(point.recall),
            percent(point.precision)
        );
        let at = frame.at(point.recall, point.precision);
        svg.titled(&said, |svg| svg.dot(at, 5.0, "chosen"));
    }
    let precision = evaluation.ensemble.as_ref().map(|e| fixed(e.average_precision, 3));
    let said = format!("Average precision {}.", precision.unwrap_or_default());
    svg.finish("part", "Precision and recall", &said)
}

/// The members of the ensemble, and how often statements held.
pub(super) fn tables(content: &Content<'_>) -> String {
    let evaluation = content.evaluation;
    let mut html = "<div class=\"tables\">\n".to_owned();
    if !evaluation.parts.is_empty() {
        html += "<table><caption>Members of the ensemble, each on its own</caption><thead><tr>\
                 <th scope=\"col\">Member</th><th scope=\"col\" class=\"n\">Weight</th>\
                 <th scope=\"col\" class=\"n\">ROC AUC</th>\
                 <th scope=\"col\" class=\"n\"><abbr title=\"average precision\">Av. precision</abbr></th>\
                 <th scope=\"col\" class=\"n extra\">Log loss</th></tr></thead><tbody>\n";
        for part in &evaluation.parts {
            let share = (100.0 * part.weight).clamp(0.0, 100.0);
            let share = if share.is_nan() { 0.0 } else { share };
            let _ = writeln!(
                html,
                "<tr><th scope=\"row\">{}</th><td class=\"n\"><span class=\"weight\"><i style=\"width:{share:.0}%\"></i>\
                 </span>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n extra\">{}</td></tr>",
                escape(&part.name),
                escape(&percent(part.weight)),
                fixed(part.roc_auc, 3),
                fixed(part.average_precision, 3),
                fixed(part.log_loss, 4),
            );
        }
        if let Some(all) = &evaluation.ensemble {
            let _ = writeln!(
                html,
                "<tr class=\"all\"><th scope=\"row\">together</th><td></td><td class=\"n\">{}</td>\
                 <td class=\"n\">{}</td><td class=\"n extra\">{}</td></tr>",
                fixed(all.roc_auc, 3),
                fixed(all.average_precision, 3),
                fixed(all.log_loss, 4),
            );
        }
        html += "</tbody></table>\n";
    }
    let bins: Vec<_> = evaluation.confidence.iter().filter(|bin| bin.count > 0).collect();
    if !bins.is_empty() {
        html += "<table><caption>How often what was said came true, by its confidence</caption><thead>\
                 <tr><th scope=\"col\">Confidence</th><th scope=\"col\" class=\"n\">Readings</th>\
                 <th scope=\"col\" class=\"n\">Stated</th><th scope=\"col\" class=\"n\">Held</th></tr>\
                 </thead><tbody>\n";
        for bin in bins {
            let _ = writeln!(
                html,
                "<tr><th scope=\"row\">{} to {}</th><td class=\"n\">{}</td><td class=\"n\">{}</td>\
                 <td class=\"n\">{}</td></tr>",
                escape(&percent(bin.from)),
                escape(&percent(bin.to)),
                thousands(bin.count as u64),
                escape(&percent(bin.stated)),
                escape(&percent(bin.held)),
            );
        }
        html += "</tbody></table>\n";
    }
    html + "</div>\n"
}
