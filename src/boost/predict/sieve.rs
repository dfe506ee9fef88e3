//! Single rows without walking: every column's value rules leaves out, and what is left is the leaf.
//!
//! A value decides all splits of its column, in all trees. What it rules out — the leaves on the other
//! side of each of those splits — depends on nothing but its rank among the column's thresholds, and is
//! kept for every rank as a row of masks, a bit a leaf. The masks of a row's values, combined, leave one
//! bit a tree. So 28 columns take 28 rankings and 28 passes over some hundred bytes: nothing branches,
//! and no load waits for the load before. The idea is `QuickScorer`'s (Lucchese et al., SIGIR 2015), which
//! applies the splits one by one; here they are combined beforehand.
//!
//! The masks grow with thresholds times trees: larger ensembles are walked.

use super::ranking::{MOST_THRESHOLDS, Ranking};
use crate::boost::tree::{Next, Split, Test, Tree};

/// Most bytes of masks. What exceeds the second-level cache is still faster than walking while the
/// third-level one has it.
const MOST_BYTES: usize = 4 << 20;

/// Most columns in use: their places are kept on the stack.
const MOST_COLUMNS: usize = 256;

/// Rows of masks combined in one pass.
const TOGETHER: usize = 4;

/// Words that are combined before their leaves are looked up.
const GROUP: usize = 128;

/// Leaves in a word.
const BITS: usize = u32::BITS as usize;

/// Which of a column's rows of masks a value picks.
#[derive(Debug)]
enum Picker {
    /// One a rank, and one for missing values behind them.
    Ranks { ranking: Box<Ranking>, missing: u32 },
    /// One a code below this, then one for all others and one for missing values.
    Codes(u32),
}

/// A column in use.
#[derive(Debug)]
struct Column {
    number: usize,
    first_row: u32,
    picker: Picker,
}

/// A word of a tree's leaves.
#[derive(Debug)]
struct Word {
    output: usize,
    /// By bit. Behind the last is −0, which changes no sum, for when no bit is left.
    values: [f64; BITS + 1],
}

/// An ensemble as masks.
#[derive(Debug)]
pub(super) struct Sieve {
    columns: Vec<Column>,
    /// Row by row, each in the order of `words`.
    masks: Vec<u32>,
    /// A row that rules nothing out.
    nothing: u32,
    words: Vec<Word>,
}

impl Sieve {
    /// `None` where masks would take too much memory, or a split asks for more than a rank or a code.
    pub(super) fn compile(trees: &[Tree], columns: usize) -> Option<Self> {
        let mut sieve =
            Self { columns: Vec::new(), masks: Vec::new(), nothing: 0, words: Vec::new() };
        let mut first_words = Vec::with_capacity(trees.len());
        for tree in trees {
            first_words.push(sieve.words.len());
            for leaves in tree.leaves.chunks(BITS) {
                let mut values = [-0.0; BITS + 1];
                for (value, leaf) in values.iter_mut().zip(leaves) {
                    *value = leaf.value;
                }
                sieve.words.push(Word { output: tree.output as usize, values });
            }
        }
        let thresholds = sieve.add_columns(trees, columns)?;
        for (tree, first_word) in trees.iter().zip(first_words) {
            let sides = sides(tree);
            for (split, sides) in tree.splits.iter().zip(sides) {
                sieve.add_split(tree, split, &sides, first_word, &thresholds);
            }
        }
        Some(sieve)
    }

    /// Lays the rows of masks out, with nothing ruled out. Returns every column's thresholds.
    fn add_columns(&mut self, trees: &[Tree], columns: usize) -> Option<Vec<Vec<f64>>> {
        let mut thresholds = vec![Vec::new(); columns];
        let mut codes = vec![0; columns];
        for tree in trees {
            for split in &tree.splits {
                let column = split.column as usize;
                match split.test {
                    Test::AtMost(threshold) => thresholds[column].push(threshold),
                    Test::AtMostZeroMissing(_) => return None,
                    // At least 1, so that a column by category is known by it.
                    Test::Within { set } => {
                        let words = tree.sets[set as usize].words.len().max(1);
                        codes[column] = codes[column].max(words * 64);
                    }
                }
            }
        }
        let mut rows = 0;
        for (column, (thresholds, &codes)) in thresholds.iter_mut().zip(&codes).enumerate() {
            thresholds.sort_unstable_by(f64::total_cmp);
            thresholds.dedup_by(|a, b| a == b);
            let first_row = rows as u32;
            let picker = match (thresholds.len(), codes) {
                (0, 0) => continue,
                (1..=MOST_THRESHOLDS, 0) => {
                    rows += thresholds.len() + 2;
                    let (ranking, missing) = (Ranking::new(thresholds), thresholds.len() + 1);
                    Picker::Ranks { ranking: Box::new(ranking), missing: missing as u32 }
                }
                (0, _) => {
                    rows += codes + 2;
                    Picker::Codes(codes as u32)
                }
                _ => return None,
            };
            self.columns.push(Column { number: column, first_row, picker });
            let bytes = rows.saturating_mul(self.words.len() * BITS / 8);
            if bytes > MOST_BYTES || self.columns.len() > MOST_COLUMNS {
                return None;
            }
        }
        self.nothing = rows as u32;
        self.masks = vec![u32::MAX; (rows + 1) * self.words.len()];
        Some(thresholds)
    }

    /// Rules out the left side's leaves in the rows of masks whose values go right, and the other way
    /// round.
    fn add_split(
        &mut self,
        tree: &Tree,
        split: &Split,
        [left, right]: &[Vec<u32>; 2],
        first_word: usize,
        thresholds: &[Vec<f64>],
    ) {
        let place = self.columns.partition_point(|column| column.number < split.column as usize);
        let Column { number, first_row, picker } = &self.columns[place];
        let thresholds = &thresholds[*number];
        let rows = match picker {
            Picker::Ranks { missing, .. } => missing + 1,
            Picker::Codes(codes) => codes + 2,
        };
        for row in 0..rows {
            let value = match picker {
                Picker::Ranks { missing, .. } if row == *missing => f64::NAN,
                // It has as many thresholds below it as the row says.
                Picker::Ranks { .. } => thresholds.get(row as usize).map_or(f64::INFINITY, |&t| t),
                Picker::Codes(codes) if row == codes + 1 => f64::NAN,
                Picker::Codes(_) => f64::from(row),
            };
            let ruled_out = if tree.goes_left(split, value) { right } else { left };
            let start = (first_row + row) as usize * self.words.len() + first_word;
            for (mask, ruled_out) in self.masks[start..].iter_mut().zip(ruled_out) {
                *mask &= !ruled_out;
            }
        }
    }

    /// Adds every tree's leaf value to the sum of its output.
    pub(super) fn add_row(&self, x: &[f64], sums: &mut [f64]) {
        let mut rows = [self.nothing; MOST_COLUMNS];
        for (row, column) in rows.iter_mut().zip(&self.columns) {
            *row = column.first_row + column.picker.pick(x[column.number]);
        }
        let rows = &rows[..self.columns.len().next_multiple_of(TOGETHER)];
        let mut left = [u32::MAX; GROUP];
        for (group, words) in self.words.chunks(GROUP).enumerate() {
            let left = &mut left[..words.len()];
            left.fill(u32::MAX);
            for rows in rows.as_chunks::<TOGETHER>().0 {
                let [a, b, c, d] = rows.map(|row| {
                    let start = row as usize * self.words.len() + group * GROUP;
                    &self.masks[start..start + words.len()]
                });
                let masks = a.iter().zip(b).zip(c).zip(d);
                for (left, (((a, b), c), d)) in left.iter_mut().zip(masks) {
                    *left &= a & b & c & d;
                }
            }
            let found = words.iter().zip(left);
            if let [sum] = sums {
                // In a register from the first to the last.
                *sum = found.fold(*sum, |sum, (word, left)| sum + word.value(*left));
            } else {
                found.for_each(|(word, left)| sums[word.output] += word.value(*left));
            }
        }
    }
}

impl Word {
    #[inline(always)]
    fn value(&self, left: u32) -> f64 {
        self.values[left.trailing_zeros() as usize]
    }
}

impl Picker {
    #[inline(always)]
    fn pick(&self, value: f64) -> u32 {
        match self {
            Self::Ranks { ranking, missing } => {
                let rank = u32::from(ranking.rank(value));
                if value.is_nan() { *missing } else { rank }
            }
            Self::Codes(codes) => {
                let code = value.trunc();
                // The cast saturates.
                if code >= 0.0 { (code as u32).min(*codes) } else { codes + 1 }
            }
        }
    }
}

/// For every split, the leaves on its left and on its right, as bits.
fn sides(tree: &Tree) -> Vec<[Vec<u32>; 2]> {
    let words = tree.leaves.len().div_ceil(BITS);
    let mut sides: Vec<[Vec<u32>; 2]> = Vec::new();
    // Children before their parents, so that theirs are known; the list is turned round then.
    for split in tree.splits.iter().rev() {
        let side = |child: Next| match child {
            Next::Leaf(leaf) => {
                let mut bits = vec![0; words];
                bits[leaf / BITS] = 1 << (leaf % BITS);
                bits
            }
            Next::Split(below) => {
                let [left, right] = &sides[tree.splits.len() - 1 - below];
                left.iter().zip(right).map(|(left, right)| left | right).collect()
            }
        };
        let both = [side(split.left.next()), side(split.right.next())];
        sides.push(both);
    }
    sides.reverse();
    sides
}
