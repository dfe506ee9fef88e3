//! What explanations need to know of a tree beside the tree: the shares of rows that go each way, and
//! which splits on a path ask for the same column.

use crate::boost::tree::{Child, Next, Tree};

/// One split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Node {
    pub(crate) column: u32,
    pub(crate) left: Child,
    pub(crate) right: Child,
    /// Share of the training rows at the node that go left; with `share_right` it adds up to 1.
    pub(crate) share_left: f64,
    pub(crate) share_right: f64,
    /// The nearest split above that asks for the same column, and whether the way here goes left
    /// there.
    pub(crate) before: Option<(u32, bool)>,
    /// Product of the shares of the sides taken at all the splits above that ask for the same column.
    pub(crate) share_before: f64,
}

/// A tree, prepared.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// As [`Tree::splits`].
    pub(crate) nodes: Vec<Node>,
    /// The most different columns on a path.
    pub(crate) distinct: usize,
    /// Mean of the leaves, by the shares of the rows that reach them.
    pub(crate) expectation: f64,
}

/// Shares of rows that go left and right, from the covers of the children. Where neither has any, or
/// only negative ones, half goes each way.
fn shares(left: f64, right: f64) -> (f64, f64) {
    // Halved, so that the sum of two large covers is finite.
    let (left, right) = (0.5 * left.max(0.0), 0.5 * right.max(0.0));
    let both = left + right;
    if both > 0.0 { (left / both, right / both) } else { (0.5, 0.5) }
}

/// A step of the walk that finds the splits on a path that ask for the same column.
enum Step {
    Enter { split: usize, distinct: usize },
    Latest { column: usize, to: Option<Latest> },
}

/// The last split on the way that asked for a column.
#[derive(Clone, Copy)]
struct Latest {
    split: u32,
    left: bool,
    share: f64,
}

impl Plan {
    /// O(splits + columns).
    pub(crate) fn new(tree: &Tree, columns: usize) -> Self {
        let cover = |child: Child| match child.next() {
            Next::Split(split) => tree.splits[split].cover,
            Next::Leaf(leaf) => tree.leaves[leaf].cover,
        };
        let mut nodes: Vec<Node> = tree
            .splits
            .iter()
            .map(|split| {
                let (share_left, share_right) = shares(cover(split.left), cover(split.right));
                let &crate::boost::tree::Split { column, left, right, .. } = split;
                let (before, share_before) = (None, 1.0);
                Node { column, left, right, share_left, share_right, before, share_before }
            })
            .collect();
        let distinct = if nodes.is_empty() { 0 } else { link(&mut nodes, columns) };
        let expectation = expectation(tree, &nodes);
        Self { nodes, distinct, expectation }
    }
}

/// Fills in `before` and `share_before`; gives the most different columns on a path.
fn link(nodes: &mut [Node], columns: usize) -> usize {
    let mut latest: Vec<Option<Latest>> = vec![None; columns];
    let mut most = 0;
    // Last in, first out: what is pushed last is done first, with all that it pushes.
    let mut steps = vec![Step::Enter { split: 0, distinct: 0 }];
    while let Some(step) = steps.pop() {
        let (split, distinct) = match step {
            Step::Latest { column, to } => {
                latest[column] = to;
                continue;
            }
            Step::Enter { split, distinct } => (split, distinct),
        };
        let node = &mut nodes[split];
        let column = node.column as usize;
        let before = latest[column];
        if let Some(before) = before {
            node.before = Some((before.split, before.left));
            node.share_before = before.share;
        }
        let distinct = distinct + usize::from(before.is_none());
        most = most.max(distinct);
        steps.push(Step::Latest { column, to: before });
        let sides = [(node.left, true, node.share_left), (node.right, false, node.share_right)];
        for (child, left, share) in sides {
            if let Next::Split(below) = child.next() {
                let share = share * node.share_before;
                steps.push(Step::Enter { split: below, distinct });
                let to = Some(Latest { split: split as u32, left, share });
                steps.push(Step::Latest { column, to });
            }
        }
    }
    most
}

fn expectation(tree: &Tree, nodes: &[Node]) -> f64 {
    let mut means = vec![0.0; nodes.len()];
    let mean = |means: &[f64], child: Child| match child.next() {
        Next::Split(split) => means[split],
        Next::Leaf(leaf) => tree.leaves[leaf].value,
    };
    for (index, node) in nodes.iter().enumerate().rev() {
        means[index] =
            node.share_left * mean(&means, node.left) + node.share_right * mean(&means, node.right);
    }
    mean(&means, tree.root())
}
