//! What each column does to one row in one tree.
//!
//! "Without" a column, a row goes down both sides of the nodes that ask for it. All columns of a
//! path are taken away in one pass: until a node asks for the column, the row without it goes the
//! same way; from there on it keeps the part `staying` of its weight on the path, and the rest
//! falls into the sub-tree beside it, which alone must be walked.

use super::explain_without::{child, penalty, push, without};
use super::options::Missing;
use super::tree::{Node, Rule, Side, Term, Tree, project};

/// What the columns of one row did in the trees seen so far, and room to work in.
#[derive(Debug)]
pub(crate) struct Credits {
    /// Sum over the trees of `v(x without the column) − v(x)`.
    own: Vec<f64>,
    /// Sum over the trees of the steps on the path that the column had a part in.
    path: Vec<f64>,
    /// How many nodes asked for the column.
    asked: Vec<f64>,
    /// Weight that a row without the column still has on the path, in the tree at hand; 1 between
    /// trees.
    staying: Vec<f64>,
    /// The path: inner nodes, and whether it goes left there.
    steps: Vec<(u32, bool)>,
    /// Sub-trees still to be walked, with their weight.
    pending: Vec<(u32, f64)>,
}

impl Credits {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            own: vec![0.0; columns],
            path: vec![0.0; columns],
            asked: vec![0.0; columns],
            staying: vec![1.0; columns],
            steps: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Forgets the last row.
    pub(crate) fn start(&mut self) {
        self.own.fill(0.0);
        self.path.fill(0.0);
        self.asked.fill(0.0);
    }

    /// Adds what the columns of `x` do in `tree`; gives the tree's value of `x`. `gaps` says
    /// whether `x` has missing values.
    pub(crate) fn add(&mut self, tree: &Tree, x: &[f64], missing: Missing, gaps: bool) -> f64 {
        if gaps && missing == Missing::Spread {
            return self.add_spread(tree, x);
        }
        self.steps.clear();
        let mut index = 0;
        let mut penalties = 0.0;
        while tree.nodes[index].child != 0 {
            let node = &tree.nodes[index];
            penalties += penalty(tree, node, x);
            let left = match tree.side(node, x) {
                Side::Left => true,
                Side::Right => false,
                Side::Unknown => node.majority_left(),
            };
            self.steps.push((index as u32, left));
            index = child(node, left);
        }
        let value = tree.nodes[index].value - penalties;
        let steps = std::mem::take(&mut self.steps);
        // What the row is worth from a node on: penalties behind it no longer count.
        let mut ahead = value;
        for &(index, left) in &steps {
            let node = &tree.nodes[index as usize];
            ahead += penalty(tree, node, x);
            self.step(tree, node, x, left, 1.0);
            self.beside(tree, node, x, left, ahead);
        }
        for &(index, _) in &steps {
            tree.for_each_column(&tree.nodes[index as usize], |column| self.staying[column] = 1.0);
        }
        self.steps = steps;
        value
    }

    /// Credits one step of the path, of which the row takes the share `weight`.
    fn step(&mut self, tree: &Tree, node: &Node, x: &[f64], left: bool, weight: f64) {
        let gain = node.value - tree.nodes[child(node, left)].value + penalty(tree, node, x);
        let change = weight * gain;
        match node.rule {
            Rule::Leaf => {}
            Rule::Axis { column, .. } | Rule::Category { column, .. } => {
                self.path[column as usize] += change;
                self.asked[column as usize] += weight;
            }
            Rule::Plane { first_term, terms, .. } => {
                let terms = tree.plane(first_term, terms);
                let known = |term: &&Term| !x[term.column as usize].is_nan();
                // A missing value decides nothing, unless all are missing.
                let deciding = match terms.iter().filter(known).count() {
                    0 => terms.len(),
                    known => known,
                };
                let some_missing = deciding < terms.len();
                let equal = |term: &Term| {
                    if some_missing && !known(&term) { 0.0 } else { 1.0 / deciding as f64 }
                };
                let signed = |term: &Term| if left { -push(term, x) } else { push(term, x) };
                let towards = |term: &Term| signed(term).max(0.0);
                let either = |term: &Term| signed(term).abs();
                let towards_all = terms.iter().map(towards).sum::<f64>();
                let either_all = terms.iter().map(either).sum::<f64>();
                for term in terms {
                    let part = if towards_all > 0.0 && towards_all.is_finite() {
                        towards(term) / towards_all
                    } else if either_all > 0.0 && either_all.is_finite() {
                        either(term) / either_all
                    } else {
                        equal(term)
                    };
                    self.path[term.column as usize] += change * part;
                    self.asked[term.column as usize] += weight * equal(term);
                }
            }
        }
    }

    /// Credits the columns of a node on the path with what the row would find there and in the
    /// sub-tree beside it, had it not their value. `ahead` is what it finds further down the path.
    fn beside(&mut self, tree: &Tree, node: &Node, x: &[f64], left: bool, ahead: f64) {
        let penalty = penalty(tree, node, x);
        let kept = if left { node.left_share } else { 1.0 - node.left_share };
        match node.rule {
            Rule::Leaf => {}
            Rule::Axis { column, .. } | Rule::Category { column, .. } => {
                self.leave(tree, node, x, left, ahead, &Removed { column, stays: kept, penalty });
            }
            Rule::Plane { first_term, terms, threshold } => {
                let terms = tree.plane(first_term, terms);
                let known = terms.iter().filter(|term| !x[term.column as usize].is_nan()).count();
                let all = project(terms, |column| x[column as usize]);
                for term in terms {
                    let at = all - push(term, x);
                    let stays = if known == 0 {
                        kept
                    } else if x[term.column as usize].is_nan() {
                        1.0
                    } else if known == 1 {
                        kept
                    } else {
                        f64::from(u8::from((at <= threshold) == left))
                    };
                    let still = f64::from(u8::from((at - threshold).abs() > node.margin));
                    let removed = Removed { column: term.column, stays, penalty: penalty - still };
                    self.leave(tree, node, x, left, ahead, &removed);
                }
            }
        }
    }

    /// Takes a column away at a node of the path, and walks what turns off there.
    fn leave(
        &mut self,
        tree: &Tree,
        node: &Node,
        x: &[f64],
        left: bool,
        ahead: f64,
        removed: &Removed,
    ) {
        let &Removed { column, stays, penalty } = removed;
        let here = self.staying[column as usize];
        if here == 0.0 {
            return;
        }
        self.staying[column as usize] *= stays;
        let mut change = penalty;
        if stays < 1.0 {
            let other = child(node, !left) as u32;
            let there = without(tree, other, x, column, Missing::Majority, &mut self.pending);
            change += (1.0 - stays) * (there - ahead);
        }
        self.own[column as usize] += here * change;
    }

    /// As [`add`](Self::add), for a row whose missing values send it down several paths: the
    /// columns are taken away one by one.
    fn add_spread(&mut self, tree: &Tree, x: &[f64]) -> f64 {
        let value = tree.value(x, Missing::Spread);
        let mut paths = vec![(0, 1.0)];
        let mut columns = Vec::new();
        while let Some((index, weight)) = paths.pop() {
            let node: &Node = &tree.nodes[index];
            if node.child == 0 {
                continue;
            }
            let left = match tree.side(node, x) {
                Side::Left => true,
                Side::Right => false,
                Side::Unknown => {
                    // The steps to both sides cancel in the expectation.
                    paths.push((child(node, false), weight * (1.0 - node.left_share)));
                    paths.push((child(node, true), weight * node.left_share));
                    continue;
                }
            };
            self.step(tree, node, x, left, weight);
            tree.for_each_column(node, |column| columns.push(column));
            paths.push((child(node, left), weight));
        }
        columns.sort_unstable();
        columns.dedup();
        for column in columns {
            if !x[column].is_nan() {
                let pending = &mut self.pending;
                let there = without(tree, 0, x, column as u32, Missing::Spread, pending);
                self.own[column] += there - value;
            }
        }
        value
    }

    /// Turns the credits from `trees` trees into one number a column; they add up to `distance`,
    /// the mean of the values at the roots less that of `x`.
    pub(crate) fn share_out(&self, distance: f64, trees: f64, contributions: &mut [f64]) {
        let mean = self.asked.iter().sum::<f64>() / self.asked.len() as f64;
        let evened = |column: usize| (1.0 + mean) / (1.0 + self.asked[column]);
        let own = |column: usize| evened(column) * self.own[column] / trees;
        let part = |column: usize| evened(column) * self.path[column].abs();
        let columns = 0..contributions.len();
        let parts = columns.clone().map(part).sum::<f64>();
        if parts == 0.0 {
            // No step changed anything, so `distance` is 0 as well.
            contributions.fill(0.0);
            return;
        }
        let joint = distance - columns.map(own).sum::<f64>();
        for (column, contribution) in contributions.iter_mut().enumerate() {
            *contribution = own(column) + joint * part(column) / parts;
        }
    }
}

/// A column taken away at one node.
struct Removed {
    column: u32,
    /// Share of the row that still takes the path.
    stays: f64,
    /// What of the node's penalty goes with the column.
    penalty: f64,
}

impl Tree {
    /// Calls `visit` for every column that an inner node asks for.
    fn for_each_column(&self, node: &Node, mut visit: impl FnMut(usize)) {
        match node.rule {
            Rule::Leaf => {}
            Rule::Axis { column, .. } | Rule::Category { column, .. } => visit(column as usize),
            Rule::Plane { first_term, terms, .. } => {
                let terms = self.plane(first_term, terms);
                for term in terms {
                    visit(term.column as usize);
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests {
    use super::*;
    use crate::forest::{IsolationForest, IsolationForestParams, Split};
    use crate::rng::Stream;
    use crate::traits::{Batch, Train};
    use ndarray::Array2;

    /// Three quantities, the last with few values, and a category; some values missing.
    fn rows(gaps: f64) -> Array2<f64> {
        let mut stream = Stream::new(5, 0);
        Array2::from_shape_fn((300, 4), |(_, column)| {
            let value = match column {
                0 | 1 => stream.normal() * 10.0,
                2 => stream.below(5) as f64,
                _ => stream.below(4) as f64,
            };
            if stream.unit() < gaps { f64::NAN } else { value }
        })
    }

    fn forests(gaps: f64, missing: Missing) -> Vec<IsolationForest> {
        let params = IsolationForestParams::default().categorical(vec![3]).missing(missing);
        [
            params.clone(),
            params.clone().split(Split::Random),
            params.clone().split(Split::Extended { level: 2 }),
            IsolationForestParams {
                categorical: vec![3],
                missing,
                ..IsolationForestParams::accurate()
            },
        ]
        .into_iter()
        .map(|params| params.n_trees(10).train(Batch::new(rows(gaps).view())).unwrap())
        .collect()
    }

    #[test]
    fn own_is_what_changes_without_the_column() {
        for forest in forests(0.0, Missing::Majority) {
            for x in rows(0.0).rows() {
                let x = x.mapv(|value| 1.5 * value.floor()).to_vec();
                for tree in &forest.trees {
                    let mut credits = Credits::new(x.len());
                    let value = credits.add(tree, &x, Missing::Majority, false);
                    assert_eq!(value, tree.value(&x, Missing::Majority));
                    for column in 0..x.len() {
                        let mut without = x.clone();
                        without[column] = f64::NAN;
                        let change = tree.value(&without, Missing::Spread) - value;
                        assert!((credits.own[column] - change).abs() < 1e-12);
                    }
                }
            }
        }
    }

    #[test]
    fn one_pass_is_column_by_column() {
        for forest in forests(0.2, Missing::Majority) {
            for x in rows(0.2).rows() {
                let x = x.to_vec();
                for tree in &forest.trees {
                    let mut credits = Credits::new(x.len());
                    let value = credits.add(tree, &x, Missing::Majority, true);
                    for column in 0..x.len() {
                        let pending = &mut Vec::new();
                        let there = without(tree, 0, &x, column as u32, Missing::Majority, pending);
                        assert!((credits.own[column] - (there - value)).abs() < 1e-12);
                    }
                    assert!(credits.staying.iter().all(|&staying| staying == 1.0));
                }
            }
        }
    }

    #[test]
    fn steps_lead_from_the_root_to_the_value() {
        for missing in [Missing::Majority, Missing::Spread] {
            for forest in forests(0.2, missing) {
                for x in rows(0.2).rows() {
                    let x = x.mapv(|value| 2.0 * value.floor()).to_vec();
                    for tree in &forest.trees {
                        let mut credits = Credits::new(x.len());
                        let value = credits.add(tree, &x, missing, true);
                        let steps = credits.path.iter().sum::<f64>();
                        assert!((steps - (tree.nodes[0].value - value)).abs() < 1e-12);
                    }
                }
            }
        }
    }
}
