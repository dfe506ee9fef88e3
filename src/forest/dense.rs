//! Scoring by ranks: every inner node of every tree is evaluated, 128 rows at once, and nothing is
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

use super::ranking::{Lanes, Ranking, signed};
use super::tree::{Rule, Tree};
use crate::columnar::block;

/// Rows scored together. A block of 30 columns as ranks (8 KB) and the cells of a tree (30 KB)
/// fit the first-level cache; what a node costs beside its vectors is shared by more rows than with 64,
/// which took a quarter longer.
pub(crate) const LANES: usize = 128;

/// The rows scored together, column by column.
pub(crate) type Block = block::Block<LANES>;

/// A leaf number must fit the index of a table of 256 values.
const MOST_LEAVES: usize = 256;

/// Whether trees are small enough for evaluating all nodes to beat walking a path.
pub(crate) fn worthwhile(trees: &[Tree]) -> bool {
    trees.iter().all(|tree| {
        let small = tree.nodes.len() < 2 * MOST_LEAVES;
        let unpenalised = || tree.nodes.iter().all(|node| node.margin == f64::INFINITY);
        small && tree.terms.is_empty() && tree.sets.is_empty() && unpenalised()
    })
}

/// One node: `cells[out] = if ranks[column] > rank { cells[right] } else { cells[left] }`.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Among the columns in use.
    column: u32,
    /// Where the column's ranks stand in a block with missing values: in its second row where those
    /// go right.
    column_with_gaps: u32,
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

/// A forest as rank programs.
#[derive(Debug)]
pub(crate) struct Dense {
    /// The columns in use, with their thresholds.
    ranking: Vec<(usize, Ranking)>,
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
        let used = (0..columns).filter(|&column| !thresholds[column].is_empty());
        let ranking: Vec<_> =
            used.map(|column| (column, Ranking::new(&thresholds[column]))).collect();
        let leaf_cells = trees.iter().map(|tree| tree.nodes.len() / 2 + 1).max().unwrap_or(1);
        let mut compiler = Compiler {
            place: vec![0; columns],
            used: ranking.len() as u32,
            thresholds,
            leaf_cells,
            cells: leaf_cells,
        };
        for (place, (column, _)) in ranking.iter().enumerate() {
            compiler.place[*column] = place as u32;
        }
        let programs = trees.iter().map(|tree| compiler.compile(tree)).collect();
        Some(Self { ranking, programs, leaf_cells, cells: compiler.cells })
    }

    pub(crate) fn scratch(&self) -> Scratch {
        let mut cells = vec![Lanes([0; LANES]); self.cells];
        for (number, cell) in cells.iter_mut().take(self.leaf_cells).enumerate() {
            *cell = Lanes([number as i16; LANES]);
        }
        Scratch { ranks: vec![Lanes([0; LANES]); 2 * self.ranking.len()], cells }
    }

    /// Ranks a block's values: the first half of scoring it.
    #[inline(always)]
    pub(crate) fn rank(&self, block: &Block, scratch: &mut Scratch) {
        let (ranks, ranks_with_gaps) = scratch.ranks.split_at_mut(self.ranking.len());
        for ((column, ranking), ranks) in self.ranking.iter().zip(ranks.iter_mut()) {
            ranking.ranks(block.column(*column), ranks);
        }
        if block.gaps {
            let rows = self.ranking.iter().zip(ranks).zip(ranks_with_gaps);
            for (((column, _), ranks), with_gaps) in rows {
                let lanes = with_gaps.0.iter_mut().zip(&ranks.0).zip(block.column(*column));
                for ((with_gaps, &rank), value) in lanes {
                    *with_gaps = if value.is_nan() { i16::MAX } else { rank };
                }
            }
        }
    }

    /// Adds every tree's leaf value to `sums`, tree by tree: the second half.
    #[inline(always)]
    pub(crate) fn evaluate<const GAPS: bool>(
        &self,
        scratch: &mut Scratch,
        sums: &mut [f64; LANES],
    ) {
        let cells = scratch.cells.as_mut_slice();
        for program in &self.programs {
            for step in &program.steps {
                let column = if GAPS { step.column_with_gaps } else { step.column };
                let ranks = &scratch.ranks[column as usize];
                let left = &cells[usize::from(step.left)];
                let right = &cells[usize::from(step.right)];
                let mut out = Lanes([0; LANES]);
                let lanes = out.0.iter_mut().zip(&ranks.0).zip(&left.0).zip(&right.0);
                for (((out, &rank), &left), &right) in lanes {
                    // A mask, not an `if`: that would be compiled to a choice of what to load,
                    // lane by lane. This becomes one comparison and one blend.
                    let exceeds = -i16::from(rank > step.rank);
                    *out = left ^ ((left ^ right) & exceeds);
                }
                cells[usize::from(step.out)] = out;
            }
            let leaves = &cells[usize::from(program.result)];
            for (sum, &leaf) in sums.iter_mut().zip(&leaves.0) {
                *sum += program.values[usize::from(leaf as u8)];
            }
        }
    }
}

/// What compiling one tree needs to know of the forest.
struct Compiler {
    /// The place of every column among those in use.
    place: Vec<u32>,
    used: u32,
    thresholds: Vec<Vec<f64>>,
    leaf_cells: usize,
    /// Cells that the largest of the trees so far needs.
    cells: usize,
}

impl Compiler {
    /// Turns one tree into steps, the deepest nodes first.
    ///
    /// Level by level, a step's operands were stored many steps ago; straight from child to parent each
    /// step would wait for the store before it. A cell is free again once it was read.
    fn compile(&mut self, tree: &Tree) -> Program {
        let mut by_level = vec![0];
        let mut next = 0;
        while let Some(&index) = by_level.get(next) {
            let child = tree.nodes[index].child as usize;
            if child != 0 {
                by_level.extend([child, child + 1]);
            }
            next += 1;
        }
        let mut leaves = Vec::with_capacity(MOST_LEAVES);
        let mut cell_of = vec![0_u16; tree.nodes.len()];
        // Trees are evaluated one after another: all use the same cells.
        let mut cells = self.leaf_cells;
        let mut free: Vec<u16> = Vec::new();
        let mut steps = Vec::with_capacity(tree.nodes.len() / 2);
        for &index in by_level.iter().rev() {
            let node = &tree.nodes[index];
            let Rule::Axis { column, threshold } = node.rule else {
                cell_of[index] = leaves.len() as u16;
                leaves.push(node.value);
                continue;
            };
            let (left, right) = (cell_of[node.child as usize], cell_of[node.child as usize + 1]);
            free.extend([left, right].iter().filter(|&&cell| usize::from(cell) >= self.leaf_cells));
            let out = free.pop().unwrap_or_else(|| {
                cells += 1;
                cells as u16 - 1
            });
            cell_of[index] = out;
            let below = |&other: &f64| other < threshold;
            let rank = self.thresholds[column as usize].partition_point(below);
            let column = self.place[column as usize];
            steps.push(Step {
                column,
                column_with_gaps: if node.majority_left() { column } else { column + self.used },
                rank: signed(rank as u32),
                left,
                right,
                out,
            });
        }
        self.cells = self.cells.max(cells);
        let mut values = Box::new([0.0; MOST_LEAVES]);
        values[..leaves.len()].copy_from_slice(&leaves);
        Program { steps, result: cell_of[0], values }
    }
}
