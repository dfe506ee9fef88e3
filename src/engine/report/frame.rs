//! A plot's place in a drawing, and its axes.

use super::svg::{Anchor, Svg};
use super::ticks::Tick;
use std::ops::Range;

/// For what width a chart is drawn: its texts keep their size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// The whole width of a desktop's page.
    Wide,
    /// The width of a phone.
    Narrow,
}

impl Layout {
    pub(super) const ALL: [Self; 2] = [Self::Wide, Self::Narrow];

    /// The drawing's width.
    pub(super) fn width(self) -> f64 {
        self.pick(1_000.0, 360.0)
    }

    /// One value or the other.
    pub(super) fn pick<T>(self, wide: T, narrow: T) -> T {
        match self {
            Self::Wide => wide,
            Self::Narrow => narrow,
        }
    }

    /// The class by which the page shows only one of the two.
    pub(super) fn class(self) -> &'static str {
        self.pick("wide", "narrow")
    }
}

/// A plot's place and the values at its edges.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// Values at the left and right.
    pub(super) x: Range<f64>,
    /// Values at the bottom and top.
    pub(super) y: Range<f64>,
}

impl Frame {
    pub(super) fn at_x(&self, value: f64) -> f64 {
        let share = (value - self.x.start) / (self.x.end - self.x.start);
        self.left + share * (self.right - self.left)
    }

    /// Values beyond the top or bottom are drawn there.
    pub(super) fn at_y(&self, value: f64) -> f64 {
        let share = (value - self.y.start) / (self.y.end - self.y.start);
        self.bottom - share.clamp(0.0, 1.0) * (self.bottom - self.top)
    }

    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.at_x(x), self.at_y(y))
    }

    /// The grid and the texts of the vertical axis.
    pub(super) fn vertical(&self, svg: &mut Svg, ticks: &[Tick]) {
        for (value, text) in ticks {
            let y = self.at_y(*value);
            svg.line((self.left, y), (self.right, y), "grid");
            svg.text((self.left - 6.0, y + 4.0), Anchor::End, "tick", text);
        }
    }

    /// The grid of the horizontal axis, over the height of the plot.
    pub(super) fn uprights(&self, svg: &mut Svg, ticks: &[Tick]) {
        for (value, _) in ticks {
            let x = self.at_x(*value);
            svg.line((x, self.top), (x, self.bottom), "grid");
        }
    }

    /// The line and the texts of the horizontal axis. A text that does not fit between the edges of the
    /// drawing moves inwards.
    pub(super) fn horizontal(&self, svg: &mut Svg, ticks: &[Tick], width: f64) {
        svg.line((self.left, self.bottom), (self.right, self.bottom), "axis");
        let mut free = 0.0;
        for (value, text) in ticks {
            let x = self.at_x(*value);
            svg.line((x, self.bottom), (x, self.bottom + 4.0), "axis");
            // Whoever shows the page chooses the font, so that a text's width can only be guessed.
            let half = 3.4 * text.chars().count() as f64;
            let middle = x.clamp(half + 1.0, (width - half - 1.0).max(half + 1.0));
            if middle - half >= free {
                svg.text((middle, self.bottom + 17.0), Anchor::Middle, "tick", text);
                free = middle + half + 6.0;
            }
        }
    }

    /// What an axis measures: the vertical one above its ticks, the horizontal one below them.
    pub(super) fn names(&self, svg: &mut Svg, x: &str, y: &str) {
        svg.text((2.0, self.top - 12.0), Anchor::Start, "name", y);
        let middle = f64::midpoint(self.left, self.right);
        svg.text((middle, self.bottom + 34.0), Anchor::Middle, "name", x);
    }
}
