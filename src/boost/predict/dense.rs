//! An ensemble as it predicts batches: blocks of rows, ranked once, then tree by tree.

use super::block::{Block, Bytes, LANES};
use super::chain::{Compiler, MOST_LEAVES, Program};
use super::source::{Collector, Sources};
use super::vector::{self, LeafValues};
use super::walk::Walk;
use crate::boost::tree::Tree;
use crate::columnar::level::Level;

/// A tree of the ensemble.
#[derive(Debug)]
struct Part {
    /// The output it adds to.
    output: usize,
    way: Way,
}

/// How a tree is evaluated.
#[derive(Debug)]
enum Way {
    /// All its splits for every row.
    Program(Program, LeafValues),
    /// Row by row along its path, for trees with too many leaves: its number.
    Walk(usize),
}

/// Trees as programs.
#[derive(Debug)]
pub(super) struct Dense {
    sources: Sources,
    parts: Vec<Part>,
    /// Cells that hold the leaves' own numbers; the results of chains come behind them.
    leaf_cells: usize,
    cells: usize,
    /// Columns of a block.
    columns: usize,
}

/// What predicting blocks needs; one for each thread.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) block: Block,
    rows: Vec<Bytes>,
    cells: Vec<Bytes>,
}

impl Dense {
    pub(super) fn compile(trees: &[Tree], columns: usize) -> Self {
        let small = |tree: &&Tree| tree.leaves.len() <= MOST_LEAVES;
        let programmed = trees.iter().filter(small);
        let leaf_cells = programmed.clone().map(|tree| tree.leaves.len()).max().unwrap_or(1);
        // Walks read columns by their numbers in the table.
        let all = !trees.iter().all(|tree| small(&tree));
        let collector = Collector::new(programmed, columns, all);
        let mut compiler = Compiler { collector, leaf_cells, cells: leaf_cells };
        let part = |(number, tree): (usize, &Tree)| {
            let way = if small(&tree) {
                let values: Vec<f64> = tree.leaves.iter().map(|leaf| leaf.value).collect();
                Way::Program(compiler.compile(tree), LeafValues::new(&values))
            } else {
                Way::Walk(number)
            };
            Part { output: tree.output as usize, way }
        };
        let parts = trees.iter().enumerate().map(part).collect();
        let (sources, cells) = (compiler.collector.finish(), compiler.cells);
        let columns = sources.only().map_or(columns, <[u32]>::len);
        Self { sources, parts, leaf_cells, cells, columns }
    }

    pub(super) fn scratch(&self) -> Scratch {
        let mut cells = vec![Bytes([0; LANES]); self.cells];
        for (number, cell) in cells.iter_mut().take(self.leaf_cells).enumerate() {
            *cell = Bytes([number as u8; LANES]);
        }
        let rows = vec![Bytes([0; LANES]); self.sources.rows()];
        Scratch { block: Block::new(self.columns), rows, cells }
    }

    /// The columns that blocks are loaded with; all if none are named.
    pub(super) fn only(&self) -> Option<&[u32]> {
        self.sources.only()
    }

    /// Adds the leaf values of every tree to the sums of its output, tree by tree, for the block that
    /// was loaded.
    pub(super) fn add<'a>(
        &self,
        level: Level,
        walk: impl Fn() -> &'a Walk,
        scratch: &mut Scratch,
        sums: &mut [[f64; LANES]],
    ) {
        let Scratch { block, rows, cells } = scratch;
        vector::fill(level, &self.sources, block, rows);
        for Part { output, way } in &self.parts {
            let sums = &mut sums[*output];
            match way {
                Way::Program(program, values) => {
                    if block.gaps {
                        vector::evaluate::<true>(level, program, rows, cells);
                    } else {
                        vector::evaluate::<false>(level, program, rows, cells);
                    }
                    vector::add(level, values, &cells[usize::from(program.result)], sums);
                }
                Way::Walk(tree) => walk().add_tree(*tree, block, sums),
            }
        }
    }
}
