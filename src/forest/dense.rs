//! Scoring by ranks: every inner node of every tree is evaluated, 64 rows at once, and nothing is
//! ever looked up by a row's own path.
//!
//! A forest compares a column with finitely many thresholds. Once it is known how many of them lie
//! below a value (its *rank*, 16 bits), every comparison of the forest with that value is one of
//! small integers, and exact. A tree is then a straight-line program: from the leaves up, each
//! node takes the result of its right child in the lanes where the rank exceeds the node's own,
//! and of its left child elsewhere: one vector comparison and one blend for 32 rows with AVX-512.
//! Walking would read two dependent memory cells a level and row; here nothing waits for anything.
//!
//! The work is proportional to the nodes, not to the depth: see [`worthwhile`].

use super::block::{Block, LANES};
use super::options::Missing;
use super::ranking::{Lanes, Ranking, signed};
use super::tree::{Rule, Tree};

/// A leaf number must fit the index of a table of 256 values.
const MOST_LEAVES: usize = 256;

/// Whether trees are small enough for evaluating all nodes to beat walking a path.
pub(crate) fn worthwhile(trees: &[Tree]) -> bool {
    let numeric = |tree: &Tree| {
        tree.terms.is_empty() && tree.sets.is_empty() && tree.nodes.len() < 2 * MOST_LEAVES
    };
    trees.iter().all(numeric)
}

/// One node: `cells[out] = if ranks[ranks] > rank { cells[right] } else { cells[left] }`.
#[derive(Debug, Clone, Copy)]
struct Step {
    ranks: u32,
    rank: i16,
    left: u16,
    right: u16,
    out: u16,
}

/// One tree: its steps, where the result is left, and the value of every leaf.
#[derive(Debug)]
struct Program {
    steps: Vec<Step>,
    result: u16,
    values: Box<[f64; MOST_LEAVES]>,
}

/// The ranks of one column, as needed by the nodes whose missing values go to one side.
#[derive(Debug)]
struct RankRow {
    column: usize,
    missing_left: bool,
}

/// A forest as rank programs.
#[derive(Debug)]
pub(crate) struct Dense {
    /// For every column.
    ranking: Vec<Ranking>,
    /// What the programs read, grouped by column.
    rank_rows: Vec<RankRow>,
    programs: Vec<Program>,
    /// Cells that hold the leaves' own numbers; the results of steps come behind them.
    leaf_cells: usize,
    cells: usize,
}

/// What evaluating a block needs; one for each thread.
#[derive(Debug)]
pub(crate) struct Scratch {
    ranks: Vec<Lanes>,
    cells: Vec<Lanes>,
}

impl Dense {
    /// `None` where a column has more thresholds than 16 bits can rank.
    pub(crate) fn compile(trees: &[Tree], columns: usize) -> Option<Self> {
        let mut thresholds = vec![Vec::new(); columns];
        for node in trees.iter().flat_map(|tree| &tree.nodes) {
            if let Rule::Axis { column, threshold } = node.rule {
                thresholds[column as usize].push(threshold);
            }
        }
        for of_column in &mut thresholds {
            of_column.sort_unstable_by(f64::total_cmp);
            // -0.0 and 0.0 are one threshold to a comparison of floats.
            of_column.dedup_by(|a, b| a == b);
            // The largest rank is left for missing values that go right.
            if of_column.len() >= usize::from(u16::MAX) {
                return None;
            }
        }
        let mut rank_rows = Vec::new();
        let mut index_of = vec![[None; 2]; columns];
        let mut compiler = |column: usize, missing_left: bool| -> u32 {
            *index_of[column][usize::from(missing_left)].get_or_insert_with(|| {
                rank_rows.push(RankRow { column, missing_left });
                rank_rows.len() as u32 - 1
            })
        };
        let leaf_cells = trees.iter().map(|tree| tree.nodes.len() / 2 + 1).max().unwrap_or(1);
        let mut cells = leaf_cells;
        let programs = trees
            .iter()
            .map(|tree| compile(tree, &thresholds, leaf_cells, &mut cells, &mut compiler))
            .collect();
        let ranking = thresholds.iter().map(|of_column| Ranking::new(of_column)).collect();
        Some(Self { ranking, rank_rows, programs, leaf_cells, cells })
    }

    pub(crate) fn scratch(&self) -> Scratch {
        let mut cells = vec![[0; LANES]; self.cells];
        for (number, cell) in cells.iter_mut().take(self.leaf_cells).enumerate() {
            *cell = [number as i16; LANES];
        }
        Scratch { ranks: vec![[0; LANES]; self.rank_rows.len()], cells }
    }

    /// Adds every tree's leaf value to `sums`, tree by tree.
    #[inline(always)]
    pub(crate) fn add_values(&self, block: &Block, scratch: &mut Scratch, sums: &mut [f64; LANES]) {
        let mut known = (usize::MAX, [0; LANES]);
        for (row, ranks) in self.rank_rows.iter().zip(&mut scratch.ranks) {
            let values = block.column(row.column);
            if known.0 != row.column {
                known = (row.column, self.ranking[row.column].ranks(values));
            }
            *ranks = known.1;
            if block.gaps && !row.missing_left {
                for (rank, value) in ranks.iter_mut().zip(values) {
                    *rank = if value.is_nan() { i16::MAX } else { *rank };
                }
            }
        }
        let cells = scratch.cells.as_mut_slice();
        for program in &self.programs {
            for step in &program.steps {
                let ranks = &scratch.ranks[step.ranks as usize];
                let left = &cells[usize::from(step.left)];
                let right = &cells[usize::from(step.right)];
                let mut out = [0; LANES];
                let lanes = out.iter_mut().zip(ranks).zip(left).zip(right);
                for (((out, &rank), &left), &right) in lanes {
                    // A mask, not an `if`: that would be compiled to a choice of what to load,
                    // lane by lane. This becomes one comparison and one blend.
                    let exceeds = -i16::from(rank > step.rank);
                    *out = left ^ ((left ^ right) & exceeds);
                }
                cells[usize::from(step.out)] = out;
            }
            let leaves = &cells[usize::from(program.result)];
            for lane in 0..LANES {
                sums[lane] += program.values[usize::from(leaves[lane] as u8)];
            }
        }
    }
}

/// Turns one tree into steps, children before parents; a cell is free again once it was read.
fn compile(
    tree: &Tree,
    thresholds: &[Vec<f64>],
    leaf_cells: usize,
    cells: &mut usize,
    rank_row: &mut dyn FnMut(usize, bool) -> u32,
) -> Program {
    let mut values = Box::new([0.0; MOST_LEAVES]);
    let mut leaves = 0;
    let mut cell_of = vec![0_u16; tree.nodes.len()];
    let mut free: Vec<u16> = Vec::new();
    let mut steps = Vec::with_capacity(tree.nodes.len() / 2);
    let mut pending = vec![(0, false)];
    while let Some((index, children_done)) = pending.pop() {
        let node = &tree.nodes[index];
        let left = node.child as usize;
        let Rule::Axis { column, threshold } = node.rule else {
            values[leaves] = node.value;
            cell_of[index] = leaves as u16;
            leaves += 1;
            continue;
        };
        if !children_done {
            pending.extend([(index, true), (left, false), (left + 1, false)]);
            continue;
        }
        for child in [cell_of[left], cell_of[left + 1]] {
            if usize::from(child) >= leaf_cells {
                free.push(child);
            }
        }
        let out = free.pop().unwrap_or_else(|| {
            *cells += 1;
            *cells as u16 - 1
        });
        let column = column as usize;
        let rank = thresholds[column].partition_point(|&other| other < threshold);
        steps.push(Step {
            ranks: rank_row(column, node.majority_left()),
            rank: signed(rank as u32),
            left: cell_of[left],
            right: cell_of[left + 1],
            out,
        });
        cell_of[index] = out;
    }
    Program { steps, result: cell_of[0], values }
}

/// Whether rank programs treat rows with missing values as this policy asks.
pub(crate) fn handles(missing: Missing) -> bool {
    missing == Missing::Majority
}
