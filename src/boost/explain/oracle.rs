//! For the tests: random ensembles, and Shapley values by their definition.

use crate::boost::ensemble::{Ensemble, Link};
use crate::boost::tree::{CategorySet, Child, Leaf, Next, Split, Test, Tree};
use crate::rng::Stream;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// A leaf, or a split to be filled in.
pub(crate) fn leaf(value: f64, cover: f64) -> Leaf {
    Leaf { value, cover, hessian: cover }
}

/// A split at which missing values go right.
pub(crate) fn split(column: u32, test: Test, left: Child, right: Child, cover: f64) -> Split {
    Split {
        column,
        test,
        missing_left: false,
        left,
        right,
        gain: 1.0,
        value: 0.0,
        cover,
        hessian: cover,
    }
}

/// An ensemble without names or a starting score.
pub(crate) fn ensemble(columns: usize, trees: Vec<Tree>) -> Ensemble {
    let outputs = trees.iter().map(|tree| tree.output + 1).max().unwrap_or(1);
    let start = vec![0.0; outputs as usize];
    let ensemble = Ensemble::new(columns, start, Link::Identity, trees);
    ensemble.check().unwrap();
    ensemble
}

/// A tree of `splits` splits of all kinds, some of them on columns again. `deep`: each split below
/// the last. One leaf in five has no cover.
pub(crate) fn tree(columns: usize, splits: usize, deep: bool, stream: &mut Stream) -> Tree {
    let mut tree = Tree::constant(0, leaf(stream.normal(), cover(stream)));
    // By leaf: the split that leads to it, and whether to the left.
    let mut parents: Vec<Option<(usize, bool)>> = vec![None];
    for index in 0..splits {
        let at = if deep { tree.leaves.len() - 1 } else { stream.below(tree.leaves.len()) };
        match parents[at] {
            Some((parent, true)) => tree.splits[parent].left = Child::split(index),
            Some((parent, false)) => tree.splits[parent].right = Child::split(index),
            None => {}
        }
        let test = match stream.below(4) {
            0 => {
                let codes = (0..3).map(|_| stream.below(5) as u32);
                tree.sets.push(CategorySet::from_codes(codes));
                Test::Within { set: tree.sets.len() as u32 - 1 }
            }
            1 => Test::AtMostZeroMissing(stream.below(4) as f64 - 0.5),
            _ => Test::AtMost(stream.below(4) as f64 - 0.5),
        };
        let (left, right) = (Child::leaf(at), Child::leaf(tree.leaves.len()));
        let column = stream.below(columns) as u32;
        let missing_left = stream.below(2) == 0;
        tree.splits.push(Split { missing_left, ..split(column, test, left, right, 0.0) });
        tree.leaves.push(leaf(stream.normal(), cover(stream)));
        parents[at] = Some((index, true));
        parents.push(Some((index, false)));
    }
    for index in (0..splits).rev() {
        let split = tree.splits[index];
        tree.splits[index].cover = cover_of(&tree, split.left) + cover_of(&tree, split.right);
    }
    tree
}

fn cover(stream: &mut Stream) -> f64 {
    if stream.below(5) == 0 { 0.0 } else { 10.0 * stream.unit() }
}

pub(crate) fn cover_of(tree: &Tree, child: Child) -> f64 {
    match child.next() {
        Next::Split(split) => tree.splits[split].cover,
        Next::Leaf(leaf) => tree.leaves[leaf].cover,
    }
}

/// A few trees for two outputs.
pub(crate) fn random(columns: usize, stream: &mut Stream) -> Ensemble {
    let trees = (0..=stream.below(4)).map(|index| {
        let (splits, deep) = (stream.below(12), stream.below(2) == 0);
        Tree { output: index as u32 % 2, ..tree(columns, splits, deep, stream) }
    });
    let trees = trees.collect();
    let start = vec![stream.normal(), stream.normal()];
    Ensemble { start, ..ensemble(columns, trees) }
}

/// Whole numbers about the thresholds, some missing.
pub(crate) fn rows(rows: usize, columns: usize, stream: &mut Stream) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |_| {
        if stream.below(6) == 0 { f64::NAN } else { stream.below(6) as f64 - 1.0 }
    })
}

/// What a coalition (one bit a column) is worth in one output: unknown columns go both ways.
pub(crate) fn known(
    model: &Ensemble,
    output: usize,
    x: ArrayView1<'_, f64>,
    coalition: u32,
) -> f64 {
    fn value(tree: &Tree, child: Child, x: ArrayView1<'_, f64>, coalition: u32) -> f64 {
        let split = match child.next() {
            Next::Leaf(leaf) => return tree.leaves[leaf].value,
            Next::Split(split) => &tree.splits[split],
        };
        let below = |child| value(tree, child, x, coalition);
        if coalition >> split.column & 1 == 1 {
            let left = tree.goes_left(split, x[split.column as usize]);
            below(if left { split.left } else { split.right })
        } else if split.cover == 0.0 {
            f64::midpoint(below(split.left), below(split.right))
        } else {
            let part = |child| cover_of(tree, child) / split.cover * below(child);
            part(split.left) + part(split.right)
        }
    }
    let trees = model.trees.iter().filter(|tree| tree.output as usize == output);
    model.start[output] + trees.map(|tree| value(tree, tree.root(), x, coalition)).sum::<f64>()
}

/// What a coalition is worth against a background.
pub(crate) fn replaced(
    model: &Ensemble,
    output: usize,
    x: ArrayView1<'_, f64>,
    background: ArrayView2<'_, f64>,
    coalition: u32,
) -> f64 {
    let mixed = Array2::from_shape_fn(background.dim(), |(row, column)| {
        if coalition >> column & 1 == 1 { x[column] } else { background[(row, column)] }
    });
    model.raw(mixed.view()).unwrap().column(output).mean().unwrap()
}

/// Shapley values by their definition, and the value of the empty coalition.
pub(crate) fn shapley(columns: usize, worth: impl Fn(u32) -> f64) -> Vec<f64> {
    let worths: Vec<f64> = (0..1 << columns).map(worth).collect();
    let mut values: Vec<f64> = (0..columns)
        .map(|i| {
            coalitions_without(columns, 1 << i)
                .map(|s| {
                    let weight = weight(s.count_ones() as usize, columns);
                    weight * (worths[s as usize | 1 << i] - worths[s as usize])
                })
                .sum()
        })
        .collect();
    values.push(worths[0]);
    values
}

/// The interaction of two columns by its definition, one half of it for each of the two.
pub(crate) fn interaction(columns: usize, i: usize, j: usize, worth: impl Fn(u32) -> f64) -> f64 {
    let (i, j) = (1 << i, 1 << j);
    coalitions_without(columns, i | j)
        .map(|s| {
            let together = worth(s | i | j) - worth(s | i) - worth(s | j) + worth(s);
            0.5 * weight(s.count_ones() as usize, columns - 1) * together
        })
        .sum()
}

fn coalitions_without(columns: usize, without: u32) -> impl Iterator<Item = u32> {
    (0..1_u32 << columns).filter(move |coalition| coalition & without == 0)
}

/// `s! (n − s − 1)! / n!`
fn weight(s: usize, n: usize) -> f64 {
    let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
    factorial(s) * factorial(n - s - 1) / factorial(n)
}
