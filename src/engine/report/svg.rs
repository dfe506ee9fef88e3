//! The few shapes that charts are made of. Colours and fonts are classes of `chart.css`, so that a
//! drawing follows the page into the dark.

use super::words::{escape, place};
use std::fmt::{self, Write as _};

/// Where a text has its given point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing in the making. Every method adds one shape above the ones before it.
#[derive(Debug)]
pub(super) struct Svg {
    text: String,
    width: f64,
    height: f64,
}

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { text: String::new(), width, height }
    }

    /// The drawing as a part of a page, as wide as there is room. `title` and `said` are what somebody
    /// is told who does not see it.
    pub(super) fn finish(self, class: &str, title: &str, said: &str) -> String {
        let Self { text, width, height } = self;
        let (title, said) = (escape(title), escape(said));
        format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\
             <title>{title}</title><desc>{said}</desc>\n{text}</svg>\n"
        )
    }

    /// The drawing as a file of its own, with this style.
    pub(super) fn finish_alone(self, title: &str, said: &str, style: &str) -> String {
        let Self { text, width, height } = self;
        let (title, said) = (escape(title), escape(said));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\
             <title>{title}</title><desc>{said}</desc>\n<style>{style}</style>\n\
             <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n{text}</svg>\n"
        )
    }

    /// Shapes that say this while they are pointed at.
    pub(super) fn titled(&mut self, title: &str, draw: impl FnOnce(&mut Self)) {
        self.put(format_args!("<g><title>{}</title>", escape(title)));
        draw(self);
        self.text += "</g>\n";
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let mut d = Trace::default();
        d.move_to(from);
        d.line_to(to);
        self.path(&d, class);
    }

    pub(super) fn path(&mut self, path: &Trace, class: &str) {
        if path.0.is_empty() {
            return;
        }
        self.text += "<path class=\"";
        self.text += class;
        self.text += "\" d=\"";
        self.text += &path.0;
        self.text += "\"/>\n";
    }

    pub(super) fn block(&mut self, x: (f64, f64), y: (f64, f64), class: &str) {
        let size = [(x.1 - x.0).max(0.0), (y.1 - y.0).max(0.0)];
        self.shape(
            "rect",
            class,
            [("x", x.0), ("y", y.0), ("width", size[0]), ("height", size[1])],
        );
    }

    pub(super) fn dot(&mut self, at: (f64, f64), radius: f64, class: &str) {
        self.shape("circle", class, [("cx", at.0), ("cy", at.1), ("r", radius)]);
    }

    pub(super) fn text(&mut self, at: (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " middle",
            Anchor::End => " end",
        };
        self.text += "<text class=\"";
        self.text += class;
        self.text += anchor;
        for (name, value) in [("\" x=\"", at.0), ("\" y=\"", at.1)] {
            self.text += name;
            place(&mut self.text, value);
        }
        self.text += "\">";
        self.text += &escape(text);
        self.text += "</text>\n";
    }

    fn put(&mut self, shape: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(shape);
    }

    fn shape<const N: usize>(&mut self, tag: &str, class: &str, numbers: [(&str, f64); N]) {
        self.put(format_args!("<{tag} class=\"{class}\""));
        for (name, value) in numbers {
            self.put(format_args!(" {name}=\""));
            place(&mut self.text, value);
            self.text.push('"');
        }
        self.text += "/>\n";
    }
}

/// The way of a pen.
#[derive(Debug, Default)]
pub(super) struct Trace(String);

impl Trace {
    /// Through all points, with a gap wherever one is `None`.
    pub(super) fn through(points: impl IntoIterator<Item = Option<(f64, f64)>>) -> Self {
        let (mut trace, mut down) = (Self::default(), false);
        for point in points {
            match point {
                Some(point) if down => trace.line_to(point),
                Some(point) => trace.move_to(point),
                None => {}
            }
            down = point.is_some();
        }
        trace
    }

    pub(super) fn move_to(&mut self, to: (f64, f64)) {
        self.step('M', to);
    }

    pub(super) fn line_to(&mut self, to: (f64, f64)) {
        self.step('L', to);
    }

    /// A rectangle.
    pub(super) fn block(&mut self, x: (f64, f64), y: (f64, f64)) {
        self.step('M', (x.0, y.0));
        for (letter, value) in [('H', x.1), ('V', y.1), ('H', x.0)] {
            self.0.push(letter);
            place(&mut self.0, value);
        }
        self.0.push('Z');
    }

    /// A cross with arms of this length.
    pub(super) fn cross(&mut self, (x, y): (f64, f64), arm: f64) {
        for (from, to) in
            [((x - arm, y - arm), (x + arm, y + arm)), ((x - arm, y + arm), (x + arm, y - arm))]
        {
            self.move_to(from);
            self.line_to(to);
        }
    }

    /// Back to where the pen was last put down.
    pub(super) fn close(&mut self) {
        self.0.push('Z');
    }

    fn step(&mut self, letter: char, (x, y): (f64, f64)) {
        self.0.push(letter);
        place(&mut self.0, x);
        self.0.push(' ');
        place(&mut self.0, y);
    }
}
