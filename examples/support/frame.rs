//! A page with a title and a legend, and the frames on it: axes with ticks, names and a grid.

use crate::svg::{Anchor, GREY, GRID, INK, Svg};
use crate::ticks::Tick;
use std::ops::Range;

pub(crate) const WIDTH: f64 = 1000.0;
pub(crate) const HEIGHT: f64 = 560.0;
/// Pixels left of a plot as wide as the page, and right of it, where thresholds are named.
pub(crate) const LEFT: f64 = 86.0;
pub(crate) const RIGHT: f64 = 96.0;

/// How the legend shows what it names, with the colour or style.
pub(crate) enum Swatch {
    Dot(&'static str),
    Block(String),
}

pub(crate) fn page(title: &str, legend: &[(Swatch, String)]) -> Svg {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let style = format!("font-size=\"19\" font-weight=\"bold\" fill=\"{INK}\"");
    svg.text((24.0, 36.0), Anchor::Start, &style, title);
    let mut x = 24.0;
    for (swatch, text) in legend {
        match swatch {
            Swatch::Dot(colour) => svg.dot((x + 9.0, 62.0), 4.5, &format!("fill=\"{colour}\"")),
            Swatch::Block(style) => svg.block((x, x + 18.0), (56.0, 68.0), style),
        }
        svg.text((x + 25.0, 67.0), Anchor::Start, &small(INK), text);
        // Whoever shows the file chooses the font, so that a text's width can only be guessed.
        x += 58.0 + 7.2 * text.chars().count() as f64;
    }
    svg
}

pub(crate) fn small(colour: &str) -> String {
    format!("font-size=\"14\" fill=\"{colour}\"")
}

/// A plot's place on the page and the values at its edges.
pub(crate) struct Frame {
    /// Pixels from the left of the page.
    pub left: f64,
    pub right: f64,
    /// Pixels from the top of the page.
    pub top: f64,
    pub bottom: f64,
    /// Values at the left and right.
    pub x: Range<f64>,
    /// Values at the bottom and top.
    pub y: Range<f64>,
    /// Whether the vertical axis is logarithmic.
    pub logarithmic: bool,
}

impl Frame {
    pub(crate) fn at_x(&self, value: f64) -> f64 {
        let share = (value - self.x.start) / (self.x.end - self.x.start);
        self.left + share * (self.right - self.left)
    }

    pub(crate) fn at_y(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.logarithmic { value.log10() } else { value };
        let (from, to) = (scale(self.y.start), scale(self.y.end));
        self.bottom - (scale(value) - from) / (to - from) * (self.bottom - self.top)
    }

    /// The grid and the texts of the vertical axis.
    pub(crate) fn vertical(&self, svg: &mut Svg, ticks: &[Tick], name: &str) {
        for (value, text) in ticks {
            let y = self.at_y(*value);
            svg.line((self.left, y), (self.right, y), &format!("stroke=\"{GRID}\""));
            svg.text((self.left - 9.0, y + 4.8), Anchor::End, &small(GREY), text);
        }
        let middle = f64::midpoint(self.top, self.bottom);
        svg.text((self.left - 59.0, middle), Anchor::Upwards, &small(INK), name);
    }

    /// A dashed line across the plot, named and valued at its right, where nothing else is.
    pub(crate) fn threshold(&self, svg: &mut Svg, level: f64) {
        let (y, end) = (self.at_y(level), self.right);
        let style = format!("stroke=\"{INK}\" stroke-width=\"1.6\" stroke-dasharray=\"7 5\"");
        svg.line((self.left, y), (end + 6.0, y), &style);
        let style = format!("{} font-weight=\"bold\"", small(INK));
        svg.text((end + 11.0, y - 2.0), Anchor::Start, &style, "threshold");
        svg.text((end + 11.0, y + 14.0), Anchor::Start, &style, &format!("{level:.3}"));
    }

    /// The line, ticks and texts of the horizontal axis.
    pub(crate) fn horizontal(&self, svg: &mut Svg, ticks: &[Tick], name: Option<&str>) {
        let style = format!("stroke=\"{GREY}\"");
        svg.line((self.left, self.bottom), (self.right, self.bottom), &style);
        for (value, text) in ticks {
            let x = self.at_x(*value);
            svg.line((x, self.bottom), (x, self.bottom + 5.0), &style);
            if name.is_some() {
                svg.text((x, self.bottom + 21.0), Anchor::Middle, &small(GREY), text);
            }
        }
        if let Some(name) = name {
            let middle = f64::midpoint(self.left, self.right);
            svg.text((middle, self.bottom + 45.0), Anchor::Middle, &small(INK), name);
        }
    }
}
