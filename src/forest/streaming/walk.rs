//! Scores: where a row would be cut off, and by which columns.

use super::columns::{side, sides};
use super::nodes::NONE;
use super::tree::Tree;

impl Tree {
    /// The score of a row in one tree. `on_column` is told, for each column, the part of the score that
    /// cuts of that column add; what is left of the score is that of a row the tree holds already.
    ///
    /// With the cut of the box around a node's rows and the row drawn at random, the row is cut off with
    /// the probability `outside / total`: the share of the box's sides that only the row needs.
    pub(super) fn score(
        &self,
        row: &[f64],
        units: &[f64],
        mut on_column: impl FnMut(usize, f64),
    ) -> f64 {
        let nodes = &self.nodes;
        if nodes.root == NONE {
            return 0.0;
        }
        let rows = f64::from(nodes.mass(nodes.root));
        let scale = (rows + 1.0).log2();
        let (mut node, mut cuts) = (nodes.root, 0.0);
        // The probability that no cut so far has cut off the row.
        let mut here = 1.0;
        let mut score = 0.0;
        loop {
            let (low, high) = nodes.bounds(node);
            let (outside, total) = sides(row, low, high, units);
            if outside > 0.0 {
                let worth = here * scale / (cuts + 1.0);
                let cut_off = outside / total;
                score += worth * cut_off;
                for (column, (((&value, &low), &high), &unit)) in
                    row.iter().zip(low).zip(high).zip(units).enumerate()
                {
                    let (_, beyond) = side(value, low, high, unit);
                    on_column(column, worth * (beyond / total));
                }
                here *= 1.0 - cut_off;
            }
            match nodes.leaf(node) {
                None => node = nodes.child(&nodes.cuts[node as usize], row),
                Some(_) if here <= 0.0 => return score,
                Some(leaf) => {
                    let alike = f64::from(nodes.leaves[leaf].mass);
                    let share = 1.0 - 0.5 * alike / rows;
                    return score + here * share * scale / (cuts + (alike + 1.0).log2());
                }
            }
            cuts += 1.0;
        }
    }
}
