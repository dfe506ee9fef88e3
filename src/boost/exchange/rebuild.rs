//! Trees whose nodes are numbered in any way, numbered as ours are.

use crate::boost::tree::{CategorySet, Child, Leaf, Next, Split, Tree};
use crate::error::{Result, invalid};

/// A node as a file has it.
pub(super) enum Node {
    Leaf(Leaf),
    /// The children are the file's numbers of nodes; those in the split are not looked at.
    Split {
        split: Split,
        left: usize,
        right: usize,
    },
}

/// The split that a node hangs on, and whether on its left; none for the root.
pub(super) type Parent = Option<(usize, bool)>;

/// Tells a node's parent of it.
pub(super) fn hang(splits: &mut [Split], parent: Parent, child: Child) {
    if let Some((above, left)) = parent {
        let above = &mut splits[above];
        *(if left { &mut above.left } else { &mut above.right }) = child;
    }
}

/// The tree below node 0 of `nodes`: splits come parents first, leaves keep the order of the file. Its
/// shape is right then; columns and numbers are left to [`Tree::check`].
pub(super) fn rebuild(
    output: u32,
    nodes: usize,
    sets: Vec<CategorySet>,
    node: impl Fn(usize) -> Result<Node>,
) -> Result<Tree> {
    let mut seen = vec![false; nodes];
    let mut splits: Vec<Split> = Vec::new();
    let mut leaves = Vec::new();
    let mut pending = vec![(0, None)];
    while let Some((number, parent)) = pending.pop() {
        match seen.get_mut(number) {
            Some(seen) if !*seen => *seen = true,
            Some(_) => return Err(invalid(format_args!("two ways lead to node {number}"))),
            None => return Err(invalid(format_args!("node {number} of {nodes}"))),
        }
        let child = match node(number)? {
            Node::Leaf(leaf) => {
                leaves.push((number, leaf));
                Child::leaf(number)
            }
            Node::Split { split, left, right } => {
                let index = splits.len();
                splits.push(split);
                pending.extend([(right, Some((index, false))), (left, Some((index, true)))]);
                Child::split(index)
            }
        };
        hang(&mut splits, parent, child);
    }
    leaves.sort_unstable_by_key(|&(number, _)| number);
    for split in &mut splits {
        for child in [&mut split.left, &mut split.right] {
            if let Next::Leaf(number) = child.next() {
                *child = Child::leaf(leaves.partition_point(|&(other, _)| other < number));
            }
        }
    }
    Ok(Tree { output, splits, leaves: leaves.into_iter().map(|(_, leaf)| leaf).collect(), sets })
}
