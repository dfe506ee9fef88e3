//! One isolation tree in its plain form: what is saved, explained and learned from. The scoring
//! programs in [`dense`](super::dense) and [`walk`](super::walk) are made from it.

use super::options::Missing;

/// How a node sends rows on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rule {
    /// Nothing further: the row stays here.
    Leaf,
    /// Left where `x[column] <= threshold`.
    Axis { column: u32, threshold: f64 },
    /// Left where the sum of `coefficient · x[column]` over some of the tree's terms is
    /// `<= threshold`.
    Plane { first_term: u32, terms: u32, threshold: f64 },
    /// Left where the category set sends `x[column]` there.
    Category { column: u32, set: u32 },
}

/// One column's part in a hyperplane.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(crate) struct Term {
    pub(crate) column: u32,
    pub(crate) coefficient: f64,
    /// The node's mean of the column: stands in for a missing value, and is where attribution
    /// measures from.
    pub(crate) center: f64,
}

/// The categories that take the side of most training rows. All others take the other side, those
/// that the node never saw among them: what was never seen is more of an anomaly.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(crate) struct CategorySet {
    /// Codes, ascending.
    pub(crate) codes: Vec<u32>,
    /// Whether they go left.
    pub(crate) left: bool,
}

impl CategorySet {
    pub(crate) fn goes_left(&self, code: f64) -> bool {
        self.codes.binary_search(&(code as u32)).is_ok() == self.left
    }
}

/// One node. A node's children lie side by side, after it: `child` and `child + 1`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) rule: Rule,
    /// Index of the left child; 0 in a leaf.
    pub(crate) child: u32,
    /// Share of the node's training rows that went left, in `[0, 1]`.
    pub(crate) left_share: f64,
    /// In a leaf its path length (or density), in an inner node the expectation over its leaves.
    pub(crate) value: f64,
    /// Rows whose column or projection is further than this from the threshold have their path
    /// shortened by one; +∞ without a range penalty.
    pub(crate) margin: f64,
}

/// One tree; the root is node 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) terms: Vec<Term>,
    pub(crate) sets: Vec<CategorySet>,
}

/// Where a node sends a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
    /// The value that decides is missing.
    Unknown,
}

impl Tree {
    /// The terms of a plane.
    pub(crate) fn plane(&self, first_term: u32, terms: u32) -> &[Term] {
        &self.terms[first_term as usize..first_term as usize + terms as usize]
    }

    /// Where `node`, which is no leaf, sends row `x`.
    pub(crate) fn side(&self, node: &Node, x: &[f64]) -> Side {
        let left = match node.rule {
            Rule::Leaf => true,
            Rule::Axis { column, threshold } => {
                let value = x[column as usize];
                if value.is_nan() {
                    return Side::Unknown;
                }
                value <= threshold
            }
            Rule::Category { column, set } => {
                let value = x[column as usize];
                if value.is_nan() {
                    return Side::Unknown;
                }
                self.sets[set as usize].goes_left(value)
            }
            Rule::Plane { first_term, terms, threshold } => {
                let terms = self.plane(first_term, terms);
                if terms.iter().all(|term| x[term.column as usize].is_nan()) {
                    return Side::Unknown;
                }
                project(terms, |column| x[column as usize]) <= threshold
            }
        };
        if left { Side::Left } else { Side::Right }
    }

    /// Whether `node` finds row `x` beyond the range of its training rows; not where all that it
    /// looks at is missing.
    pub(crate) fn out_of_range(&self, node: &Node, x: &[f64]) -> bool {
        let (at, threshold) = match node.rule {
            Rule::Axis { column, threshold } => (x[column as usize], threshold),
            Rule::Plane { first_term, terms, threshold } => {
                let terms = self.plane(first_term, terms);
                if terms.iter().all(|term| x[term.column as usize].is_nan()) {
                    return false;
                }
                (project(terms, |column| x[column as usize]), threshold)
            }
            Rule::Leaf | Rule::Category { .. } => return false,
        };
        // False for a missing value.
        (at - threshold).abs() > node.margin
    }

    /// Calls `visit(leaf, share, penalties)` for every leaf that a row reaches: shares add up to 1;
    /// `penalties` counts the nodes on the way that the row was out of range for.
    pub(crate) fn leaves(
        &self,
        x: &[f64],
        missing: Missing,
        visit: &mut dyn FnMut(usize, f64, u32),
    ) {
        // The sides not taken yet, of nodes that could not decide.
        let mut pending = Vec::new();
        let (mut index, mut share, mut penalties) = (0, 1.0, 0);
        loop {
            let node = &self.nodes[index];
            if node.child == 0 {
                visit(index, share, penalties);
                let Some(next) = pending.pop() else { return };
                (index, share, penalties) = next;
                continue;
            }
            penalties += u32::from(self.out_of_range(node, x));
            let left = node.child as usize;
            index = match (self.side(node, x), missing) {
                (Side::Left, _) => left,
                (Side::Right, _) => left + 1,
                (Side::Unknown, Missing::Majority) => left + usize::from(!node.majority_left()),
                (Side::Unknown, Missing::Spread) => {
                    pending.push((left + 1, share * (1.0 - node.left_share), penalties));
                    share *= node.left_share;
                    left
                }
            };
        }
    }

    /// The path length (or density) of `x`, or its expectation under missing values.
    pub(crate) fn value(&self, x: &[f64], missing: Missing) -> f64 {
        let mut sum = 0.0;
        self.leaves(x, missing, &mut |leaf, share, penalties| {
            sum += share * (self.nodes[leaf].value - f64::from(penalties));
        });
        sum
    }

    /// How many splits lie above every node.
    pub(crate) fn depths(&self) -> Vec<u32> {
        let mut depths = vec![0; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            if node.child != 0 {
                let below = depths[index] + 1;
                depths[node.child as usize..][..2].fill(below);
            }
        }
        depths
    }

    /// Renames the columns: `columns[old]` is the new number.
    pub(crate) fn rename_columns(&mut self, columns: &[u32]) {
        for node in &mut self.nodes {
            if let Rule::Axis { column, .. } | Rule::Category { column, .. } = &mut node.rule {
                *column = columns[*column as usize];
            }
        }
        for term in &mut self.terms {
            term.column = columns[term.column as usize];
        }
    }

    /// Sets the value of every inner node to the expectation over its leaves.
    pub(crate) fn update_expectations(&mut self) {
        for index in (0..self.nodes.len()).rev() {
            let node = &self.nodes[index];
            if node.child != 0 {
                let left = node.child as usize;
                let (low, high) = (self.nodes[left].value, self.nodes[left + 1].value);
                self.nodes[index].value = node.left_share * low + (1.0 - node.left_share) * high;
            }
        }
    }
}

impl Node {
    /// A leaf whose value is not known yet.
    pub(crate) const LEAF: Self =
        Self { rule: Rule::Leaf, child: 0, left_share: 0.0, value: 0.0, margin: f64::INFINITY };

    /// Whether most of the training rows went left; ties go left.
    pub(crate) fn majority_left(&self) -> bool {
        self.left_share >= 0.5
    }
}

/// `Σ coefficient · x`, in the order of the terms; a missing value counts as the node's mean.
///
/// Training and every scoring path add in this order without fused operations, so that a row on
/// the boundary falls on the same side everywhere.
pub(crate) fn project(terms: &[Term], value_of: impl Fn(u32) -> f64) -> f64 {
    terms.iter().fold(0.0, |sum, term| {
        let value = value_of(term.column);
        sum + term.coefficient * if value.is_nan() { term.center } else { value }
    })
}
