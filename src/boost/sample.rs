//! Rows and columns that a tree, or a split, may look at.

use super::loss::Derivatives;
use super::params::RowSampling;
use crate::huge_pages::with_capacity;
use crate::rng::Stream;

/// The rows of a round's trees.
#[derive(Debug)]
pub(crate) struct Sample {
    /// How many rows there are.
    rows: usize,
    /// Ascending; empty if all are.
    drawn: Vec<u32>,
    /// The rows that were not drawn, ascending.
    pub(crate) rest: Vec<u32>,
    /// The rows that were drawn, ascending until a tree is grown on them, then leaf by leaf.
    pub(crate) index: Vec<u32>,
}

impl Sample {
    /// All of so many rows.
    pub(crate) fn all(rows: usize) -> Self {
        Self { rows, drawn: Vec::new(), rest: Vec::new(), index: with_capacity(rows) }
    }

    /// Before a tree is grown.
    pub(crate) fn reset(&mut self) {
        if self.drawn.is_empty() {
            self.index.clear();
            self.index.extend(0..self.rows as u32);
        } else {
            self.index.clone_from(&self.drawn);
        }
    }

    /// Draws the rows of the next trees. One-side sampling scales the derivatives of the rows that
    /// stand for others as well; rows that are left out keep theirs.
    pub(crate) fn draw(
        &mut self,
        sampling: RowSampling,
        derivatives: &mut [Derivatives],
        stream: &mut Stream,
    ) {
        self.drawn.clear();
        self.rest.clear();
        if sampling == RowSampling::All {
            return;
        }
        sample_rows(sampling, self.rows, derivatives, stream, &mut self.drawn);
        let mut drawn = self.drawn.iter().copied().peekable();
        let rows = 0..self.rows as u32;
        self.rest.extend(rows.filter(|row| drawn.next_if_eq(row).is_none()));
    }
}

fn sample_rows(
    sampling: RowSampling,
    rows: usize,
    derivatives: &mut [Derivatives],
    stream: &mut Stream,
    index: &mut Vec<u32>,
) {
    match sampling {
        RowSampling::All => {} // Nothing to draw.
        RowSampling::Share(share) => {
            let count = ((rows as f64 * share).round() as usize).clamp(1, rows);
            // Selection sampling (Knuth, algorithm S): exactly as many, in order, without a sort.
            let mut needed = count;
            for row in 0..rows {
                if stream.unit() * ((rows - row) as f64) < needed as f64 {
                    index.push(row as u32);
                    needed -= 1;
                }
            }
        }
        RowSampling::Goss { top, rest } => {
            let size = |row: usize| -> f32 {
                let of = |output: &[Derivatives]| (output[row][0] * output[row][1]).abs();
                derivatives.chunks_exact(rows).map(of).sum()
            };
            let sizes: Vec<f32> = (0..rows).map(size).collect();
            let kept = ((rows as f64 * top) as usize).clamp(1, rows - 1);
            let mut sorted = sizes.clone();
            let (_, &mut least, _) = sorted.select_nth_unstable_by(kept, |a, b| b.total_cmp(a));
            let larger = sizes.iter().filter(|&&size| size > least).count();
            let others = (rows - larger) as f64;
            let needed = (rows as f64 * rest).clamp(1.0, others);
            let weight = (others / needed) as f32;
            for (row, &size) in sizes.iter().enumerate() {
                if size > least {
                    index.push(row as u32);
                } else if stream.unit() * others < needed {
                    index.push(row as u32);
                    for output in derivatives.chunks_exact_mut(rows) {
                        output[row] = output[row].map(|value| value * weight);
                    }
                }
            }
        }
    }
}

/// Keeps a share of the columns that are offered, at least one.
pub(crate) fn offer(offered: &mut [bool], share: f64, stream: &mut Stream) {
    if share >= 1.0 {
        return;
    }
    let open: Vec<usize> = (0..offered.len()).filter(|&column| offered[column]).collect();
    if open.is_empty() {
        return;
    }
    let count = ((open.len() as f64 * share).round() as usize).clamp(1, open.len());
    offered.fill(false);
    for drawn in stream.distinct(open.len(), count) {
        offered[open[drawn as usize]] = true;
    }
}
