//! The few shapes of SVG that charts are made of.
//!
//! Colours are of Okabe and Ito's palette, which colour-blind readers can tell apart.

use std::fmt::Write as _;

pub(crate) const BLUE: &str = "#0072B2";
pub(crate) const VERMILION: &str = "#D55E00";
pub(crate) const YELLOW: &str = "#F0E442";
pub(crate) const INK: &str = "#222222";
pub(crate) const GREY: &str = "#666666";
pub(crate) const GRID: &str = "#E3E3E3";

/// A drawing in the making. Every method adds one shape above the ones before it.
pub(crate) struct Svg(String);

/// Where a text has its given point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
    /// In the middle, and the text turned to read upwards.
    Upwards,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" \
             font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        ))
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), style: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {style}/>"
        ));
    }

    /// A line through the points, with a gap wherever one is `None`.
    pub(crate) fn path(&mut self, points: &[Option<(f64, f64)>], colour: &str) {
        let mut d = String::new();
        let mut pen = 'M';
        for point in points {
            match point {
                // Writing to a string cannot fail.
                Some((x, y)) => drop(write!(d, "{pen}{x:.1} {y:.1}")),
                None => pen = 'M',
            }
            if point.is_some() {
                pen = 'L';
            }
        }
        self.add(format_args!(
            "<path d=\"{d}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.2\" \
             stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
        ));
    }

    pub(crate) fn block(&mut self, x: (f64, f64), y: (f64, f64), style: &str) {
        let (width, height) = ((x.1 - x.0).max(0.0), (y.1 - y.0).max(0.0));
        self.add(format_args!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" {style}/>",
            x.0, y.0
        ));
    }

    pub(crate) fn dot(&mut self, at: (f64, f64), radius: f64, style: &str) {
        self.add(format_args!(
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\" {style}/>",
            at.0, at.1
        ));
    }

    pub(crate) fn text(&mut self, at: (f64, f64), anchor: Anchor, style: &str, text: &str) {
        let (x, y) = at;
        let (name, turn) = match anchor {
            Anchor::Start => ("start", String::new()),
            Anchor::Middle => ("middle", String::new()),
            Anchor::End => ("end", String::new()),
            Anchor::Upwards => ("middle", format!(" transform=\"rotate(-90 {x:.1} {y:.1})\"")),
        };
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{name}\"{turn} {style}>{text}</text>"
        ));
    }

    fn add(&mut self, shape: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{shape}");
    }
}
