//! One row in one tree with one column unknown.

use super::options::Missing;
use super::tree::{Node, Rule, Side, Term, Tree, project};

/// Where a node sends rows to.
pub(crate) fn child(node: &Node, left: bool) -> usize {
    node.child as usize + usize::from(!left)
}

/// What a node takes off the row's path for being out of its range.
pub(crate) fn penalty(tree: &Tree, node: &Node, x: &[f64]) -> f64 {
    // Most forests have none, and need not project the row once more.
    f64::from(u8::from(node.margin < f64::INFINITY && tree.out_of_range(node, x)))
}

/// How far a column moves a projection from where the node's mean of it would put it. A missing
/// value stands at the mean.
pub(crate) fn push(term: &Term, x: &[f64]) -> f64 {
    let value = x[term.column as usize];
    if value.is_nan() { 0.0 } else { term.coefficient * (value - term.center) }
}

/// The value under node `start` of `x` with `column` unknown: both sides by their shares where
/// the column alone decides. Other missing values go by `missing`.
pub(crate) fn without(
    tree: &Tree,
    start: u32,
    x: &[f64],
    column: u32,
    missing: Missing,
    pending: &mut Vec<(u32, f64)>,
) -> f64 {
    let mut sum = 0.0;
    pending.clear();
    pending.push((start, 1.0));
    while let Some((start, share)) = pending.pop() {
        let mut index = start as usize;
        loop {
            let node = &tree.nodes[index];
            if node.child == 0 {
                sum += share * node.value;
                break;
            }
            if let Rule::Axis { column: asked, threshold } = node.rule {
                let value = x[asked as usize];
                if asked != column && !value.is_nan() {
                    // Most nodes are of this kind: the short way saves a sixth of the whole time.
                    sum -= share * penalty(tree, node, x);
                    index = child(node, value <= threshold);
                    continue;
                }
            }
            let (side, removed, penalised) = side_without(tree, node, x, column);
            if penalised {
                sum -= share;
            }
            let left = match side {
                Side::Left => true,
                Side::Right => false,
                Side::Unknown if missing == Missing::Majority && !removed => node.majority_left(),
                Side::Unknown => {
                    let (low, high) = (child(node, true), child(node, false));
                    pending.push((high as u32, share * (1.0 - node.left_share)));
                    pending.push((low as u32, share * node.left_share));
                    break;
                }
            };
            index = child(node, left);
        }
    }
    sum
}

/// Where a node sends `x` with `removed` unknown, whether that column has a part in it, and whether
/// the node finds the rest out of range.
fn side_without(tree: &Tree, node: &Node, x: &[f64], removed: u32) -> (Side, bool, bool) {
    match node.rule {
        Rule::Axis { column, .. } | Rule::Category { column, .. } if column == removed => {
            return (Side::Unknown, true, false);
        }
        Rule::Plane { first_term, terms, threshold } => {
            let terms = tree.plane(first_term, terms);
            if terms.iter().any(|term| term.column == removed) {
                let value = |column| if column == removed { f64::NAN } else { x[column as usize] };
                let at = project(terms, value);
                let side = if terms.iter().all(|term| value(term.column).is_nan()) {
                    Side::Unknown
                } else if at <= threshold {
                    Side::Left
                } else {
                    Side::Right
                };
                return (side, true, (at - threshold).abs() > node.margin);
            }
        }
        Rule::Axis { .. } | Rule::Category { .. } | Rule::Leaf => {}
    }
    (tree.side(node, x), false, penalty(tree, node, x) > 0.0)
}
