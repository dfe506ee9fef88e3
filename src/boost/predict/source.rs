//! What splits compare: for every column, rows of bytes in which "goes left" is "is at most".
//!
//! A numeric column's byte is the number of thresholds below the value. A split on the threshold with
//! `k` others below it then sends a value left if its byte is at most `k`. What a missing value does
//! is a matter of its byte too: 0 goes left everywhere, 255 right. So each column has a row of bytes for
//! every way in which splits treat missing values, and another where all is turned round (255 − byte),
//! for splits that are asked whether a value goes right. A column with more than 255 thresholds is
//! ranked among each 255 of them.
//!
//! A split by category has a row of its own: 0 for rows that go left and 255 for those that go right.
//!
//! Bytes are stored less 128, for AVX2 compares them only signed.

use super::block::{Block, Bytes, LANES};
use super::ranking::{MOST_THRESHOLDS, Ranking};
use crate::boost::tree::{CategorySet, NEARLY_ZERO, Split, Test, Tree};

/// Takes 128 from a byte.
const SIGN: u8 = 128;

/// How a row of bytes shows its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct View {
    missing_left: bool,
    zero_missing: bool,
    /// Whether the bytes are turned round.
    inverted: bool,
}

/// Up to 255 thresholds of a column, and the rows of bytes that they make.
#[derive(Debug)]
struct Ranked {
    /// Among the columns that are loaded.
    column: usize,
    ranking: Ranking,
    /// What is where among the rows of bytes.
    views: Vec<(View, u32)>,
}

/// A split by category and its row of bytes.
#[derive(Debug)]
struct Category {
    column: usize,
    set: CategorySet,
    missing_left: bool,
    inverted: bool,
    row: u32,
}

/// All that the splits of some trees compare.
#[derive(Debug)]
pub(super) struct Sources {
    /// The columns in use, or none if all are loaded.
    only: Option<Vec<u32>>,
    ranked: Vec<Ranked>,
    categories: Vec<Category>,
    /// Number of rows of bytes.
    rows: u32,
}

/// A row of bytes and what a split compares it with: a row whose byte is greater goes to the side
/// that was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    /// In blocks without missing values, where some views are alike and are made once.
    pub(super) row: u32,
    pub(super) row_with_gaps: u32,
    pub(super) byte: i8,
}

/// Makes [`Sources`] while the trees are compiled.
#[derive(Debug)]
pub(super) struct Collector {
    /// Ascending, by column.
    thresholds: Vec<Vec<f64>>,
    /// By column: its place among those that are loaded, and its first ranking.
    places: Vec<(usize, usize)>,
    sources: Sources,
}

impl Collector {
    /// `all`: whether columns are loaded that `trees` do not use.
    pub(super) fn new<'a>(
        trees: impl Iterator<Item = &'a Tree> + Clone,
        columns: usize,
        all: bool,
    ) -> Self {
        let mut thresholds = vec![Vec::new(); columns];
        let mut used = vec![all; columns];
        for split in trees.flat_map(|tree| &tree.splits) {
            used[split.column as usize] = true;
            if let Test::AtMost(threshold) | Test::AtMostZeroMissing(threshold) = split.test {
                thresholds[split.column as usize].push(threshold);
            }
        }
        let mut ranked = Vec::new();
        let mut places = Vec::with_capacity(columns);
        let mut place = 0;
        for (thresholds, &used) in thresholds.iter_mut().zip(&used) {
            thresholds.sort_unstable_by(f64::total_cmp);
            // −0.0 and 0.0 are one threshold to a comparison of floats.
            thresholds.dedup_by(|a, b| a == b);
            places.push((place, ranked.len()));
            for some in thresholds.chunks(MOST_THRESHOLDS) {
                let ranking = Ranking::new(some);
                ranked.push(Ranked { column: place, ranking, views: Vec::new() });
            }
            place += usize::from(used);
        }
        let only = (place < columns)
            .then(|| (0..columns as u32).filter(|&column| used[column as usize]).collect());
        let sources = Sources { only, ranked, categories: Vec::new(), rows: 0 };
        Self { thresholds, places, sources }
    }

    /// What tells whether a row goes right at `split`, or left if `inverted`.
    pub(super) fn comparison(&mut self, tree: &Tree, split: &Split, inverted: bool) -> Comparison {
        let column = split.column as usize;
        let missing_left = split.missing_left;
        let (place, first) = self.places[column];
        let sources = &mut self.sources;
        let (threshold, zero_missing) = match split.test {
            Test::AtMost(threshold) => (threshold, false),
            Test::AtMostZeroMissing(threshold) => (threshold, true),
            Test::Within { set } => {
                let (row, set) = (sources.new_row(), tree.sets[set as usize].clone());
                sources.categories.push(Category {
                    column: place,
                    set,
                    missing_left,
                    inverted,
                    row,
                });
                return Comparison { row, row_with_gaps: row, byte: turned(0, inverted) };
            }
        };
        let rank = self.thresholds[column].partition_point(|&other| other < threshold);
        let byte = turned((rank % MOST_THRESHOLDS) as u8, inverted);
        let ranked = first + rank / MOST_THRESHOLDS;
        let row_with_gaps = sources.row(ranked, View { missing_left, zero_missing, inverted });
        let row = if zero_missing {
            row_with_gaps
        } else {
            sources.row(ranked, View { missing_left: true, zero_missing, inverted })
        };
        Comparison { row, row_with_gaps, byte }
    }

    pub(super) fn finish(self) -> Sources {
        self.sources
    }
}

/// `byte > k` says "right"; turned round, `255 − byte > 254 − k` says "left".
fn turned(byte: u8, inverted: bool) -> i8 {
    (if inverted { 254 - byte } else { byte } ^ SIGN) as i8
}

impl Sources {
    fn new_row(&mut self) -> u32 {
        self.rows += 1;
        self.rows - 1
    }

    fn row(&mut self, ranked: usize, view: View) -> u32 {
        if let Some((_, row)) = self.ranked[ranked].views.iter().find(|(of, _)| *of == view) {
            return *row;
        }
        let row = self.new_row();
        self.ranked[ranked].views.push((view, row));
        row
    }

    /// The columns to load; all if none are named.
    pub(super) fn only(&self) -> Option<&[u32]> {
        self.only.as_deref()
    }

    /// Rows of bytes that [`fill`](Self::fill) wants.
    pub(super) fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Makes the rows of bytes of a block.
    #[inline(always)]
    pub(super) fn fill(&self, block: &Block, rows: &mut [Bytes]) {
        let mut ranks = Bytes([0; LANES]);
        for Ranked { column, ranking, views } in &self.ranked {
            let values = block.column(*column);
            ranking.ranks(values, &mut ranks);
            for (view, row) in views {
                let alike = !view.missing_left && !view.zero_missing;
                if block.gaps || !alike {
                    view.show(values, &ranks, &mut rows[*row as usize], block.gaps);
                }
            }
        }
        for category in &self.categories {
            let values = block.column(category.column);
            for (byte, &value) in rows[category.row as usize].0.iter_mut().zip(values) {
                let left = category.set.goes_left(value, category.missing_left);
                *byte = SIGN ^ if left == category.inverted { 255 } else { 0 };
            }
        }
    }
}

impl View {
    #[inline(always)]
    fn show(self, values: &[f64; LANES], ranks: &Bytes, row: &mut Bytes, gaps: bool) {
        let turn = SIGN ^ if self.inverted { 255 } else { 0 };
        if !gaps && !self.zero_missing {
            for (byte, &rank) in row.0.iter_mut().zip(&ranks.0) {
                *byte = rank ^ turn;
            }
            return;
        }
        let missing = if self.missing_left { 0 } else { 255 };
        // No magnitude is below 0, so that then only NaN is not above.
        let bound = if self.zero_missing { NEARLY_ZERO } else { -1.0 };
        for ((byte, &rank), value) in row.0.iter_mut().zip(&ranks.0).zip(values) {
            *byte = turn ^ if value.abs() > bound { rank } else { missing };
        }
    }
}
