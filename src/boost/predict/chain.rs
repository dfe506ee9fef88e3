//! Trees as programs: every split is evaluated for a block of rows, and nothing is ever looked up by
//! a row's own path.
//!
//! From the leaves up, each split takes the number of the leaf that its right subtree leads to in the
//! lanes that go right, and the left one's elsewhere: one comparison and one blend of bytes for 64
//! rows with AVX-512. Writing every result to memory and reading it again for the parent would
//! take twice as long as all else. So a tree is cut into *chains*: paths from a leaf upwards, along
//! the larger subtrees, whose results stay in registers. What joins a chain from the other side is a
//! leaf's number or the result of a smaller chain, both in memory as *cells*. Every chain but a tree's
//! last is some subtree's whole result; leaf-wise trees of 31 leaves have nine or ten.

use super::source::{Collector, Comparison};
use crate::boost::tree::{Next, Split, Tree};

/// A leaf's number must fit a byte.
pub(super) const MOST_LEAVES: usize = 256;

/// One split of a chain: lanes whose byte in a row is greater than `byte` take what is in a cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) row: u32,
    pub(super) row_with_gaps: u32,
    pub(super) other: u16,
    pub(super) byte: i8,
}

/// Splits whose results stay in registers.
#[derive(Debug)]
pub(super) struct Chain {
    /// The leaf at the lower end.
    pub(super) leaf: u8,
    /// The cell for the result.
    pub(super) out: u16,
    /// From below.
    pub(super) steps: Box<[Step]>,
}

/// A tree as chains, smaller ones before those that they join.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) chains: Box<[Chain]>,
    /// The cell with the number of the leaf that each row falls into.
    pub(super) result: u16,
}

/// Makes programs that share their cells: trees are evaluated one after another.
#[derive(Debug)]
pub(super) struct Compiler {
    pub(super) collector: Collector,
    /// Cell `n` of these holds the leaf number `n` in every lane; results come behind them.
    pub(super) leaf_cells: usize,
    /// Cells that the largest of the trees so far needs.
    pub(super) cells: usize,
}

impl Compiler {
    /// `tree` must not have more than [`MOST_LEAVES`] leaves.
    pub(super) fn compile(&mut self, tree: &Tree) -> Program {
        let sizes = sizes(tree);
        let size = |next: Next| if let Next::Split(index) = next { sizes[index] } else { 0 };
        // The larger subtree goes on with the chain. Smaller ones have chains of their own: the later
        // a head is found the deeper it lies, so worked backwards all is ready when it is needed.
        let sides = |split: &Split| {
            let (left, right) = (split.left.next(), split.right.next());
            if size(left) >= size(right) { (left, right) } else { (right, left) }
        };
        let mut heads: Vec<usize> = if tree.splits.is_empty() { vec![] } else { vec![0] };
        let mut next_head = 0;
        while let Some(&head) = heads.get(next_head) {
            let mut next = Next::Split(head);
            while let Next::Split(index) = next {
                let (along, joining) = sides(&tree.splits[index]);
                if let Next::Split(joining) = joining {
                    heads.push(joining);
                }
                next = along;
            }
            next_head += 1;
        }
        let mut cell_of_head = vec![0_u16; tree.splits.len()];
        let mut free: Vec<u16> = Vec::new();
        let mut cells = self.leaf_cells;
        let mut result = 0;
        let mut chains = Vec::with_capacity(heads.len());
        for &head in heads.iter().rev() {
            let mut steps = Vec::new();
            let mut next = Next::Split(head);
            let mut freed = Vec::new();
            let leaf = loop {
                let index = match next {
                    Next::Leaf(leaf) => break leaf,
                    Next::Split(index) => index,
                };
                let split = &tree.splits[index];
                let (along, joining) = sides(split);
                let other = match joining {
                    Next::Leaf(leaf) => leaf as u16,
                    Next::Split(head) => {
                        freed.push(cell_of_head[head]);
                        cell_of_head[head]
                    }
                };
                // What joins from the left is taken by rows that go left.
                let inverted = joining == split.left.next();
                let Comparison { row, row_with_gaps, byte } =
                    self.collector.comparison(tree, split, inverted);
                steps.push(Step { row, row_with_gaps, other, byte });
                next = along;
            };
            steps.reverse();
            // Cells are free again once they were read.
            free.append(&mut freed);
            let out = free.pop().unwrap_or_else(|| {
                cells += 1;
                cells as u16 - 1
            });
            cell_of_head[head] = out;
            result = out;
            chains.push(Chain { leaf: leaf as u8, out, steps: steps.into() });
        }
        self.cells = self.cells.max(cells);
        Program { chains: chains.into(), result }
    }
}

/// How many splits there are in the subtree of each split.
fn sizes(tree: &Tree) -> Vec<usize> {
    let mut sizes = vec![1; tree.splits.len()];
    for (index, split) in tree.splits.iter().enumerate().rev() {
        for child in [split.left, split.right] {
            if let Next::Split(below) = child.next() {
                sizes[index] += sizes[below];
            }
        }
    }
    sizes
}
