use super::super::tests::{kinds, rows};
use super::*;
use crate::forest::IsolationForest;
use crate::traits::{Batch, Train};

/// The problem's own conditions, with the kernel computed naively from pairs of rows: a row whose
/// wish is not met has `coefficient = weight · sign · what it lacks`, and all others 0.
#[test]
fn the_solution_meets_the_conditions_of_its_problem() {
    let mut x = rows();
    x[[4, 1]] = f64::NAN;
    let judged: Vec<usize> = (0..40).map(|index| index * 9 % 400).collect();
    for params in kinds() {
        let forest = params.n_trees(20).train(Batch::new(x.view())).unwrap();
        let wishes: Vec<Wish> = judged
            .iter()
            .map(|&row| Wish {
                row: x.row(row).to_vec(),
                sign: if row < 20 { 1.0 } else { -1.0 },
                before: (row % 7) as f64 / 3.0 - 1.0,
                target: (row % 5) as f64 / 2.0 - 1.0,
                weight: 1.0 + (row % 3) as f64,
            })
            .collect();
        let amounts = solve(&forest.trees, forest.missing(), &wishes);
        let learned = |row: &[f64]| {
            let per_tree = forest.trees.iter().zip(&amounts).map(|(tree, amounts)| {
                let mut sum = 0.0;
                naive_path(tree, [0, 0], [1.0; 3], row, forest.missing(), &mut |node, _, share| {
                    sum += share * amounts[node];
                });
                sum
            });
            per_tree.sum::<f64>() / forest.trees.len() as f64
        };
        let coefficient = |wish: &Wish| {
            let lacking = wish.sign * (wish.target - wish.before - learned(&wish.row));
            wish.sign * wish.weight * lacking.max(0.0)
        };
        let coefficients: Vec<f64> = wishes.iter().map(coefficient).collect();
        for probe in wishes.iter().map(|wish| &wish.row).chain([&x.row(399).to_vec()]) {
            let expected: f64 = wishes
                .iter()
                .zip(&coefficients)
                .map(|(wish, a)| a * naive_kernel(&forest, &wish.row, probe))
                .sum();
            assert!((learned(probe) - expected).abs() < 1e-6, "{} {expected}", learned(probe));
        }
    }
}

/// `Σ weight · share of a · share of b` over the nodes that both rows pass, as defined.
fn naive_kernel(forest: &IsolationForest, a: &[f64], b: &[f64]) -> f64 {
    let per_tree = forest.trees.iter().map(|tree| {
        let mut path = Vec::new();
        naive_path(tree, [0, 0], [1.0; 3], a, forest.missing(), &mut |node, _, share| {
            path.push((node, share));
        });
        let mut sum = 0.0;
        naive_path(tree, [0, 0], [1.0; 3], b, forest.missing(), &mut |node, weight, share| {
            let common = path.iter().find(|(other, _)| *other == node);
            sum += common.map_or(0.0, |(_, other)| weight * share * other);
        });
        sum
    });
    per_tree.sum::<f64>() / forest.trees.len() as f64
}

/// Calls `visit(node, weight, share of the row)` for every node that a row passes. `masses` are
/// the shares of the training rows in the parent and in the node, and the share of this row.
fn naive_path(
    tree: &Tree,
    [node, depth]: [usize; 2],
    [above, mass, share]: [f64; 3],
    x: &[f64],
    missing: Missing,
    visit: &mut dyn FnMut(usize, f64, f64),
) {
    let at = &tree.nodes[node];
    let leaf = if at.child == 0 && depth > 0 { 0.5 } else { 0.0 };
    visit(node, (above - mass) / 2.0 + leaf, share);
    if at.child == 0 {
        return;
    }
    let left = at.child as usize;
    let to_left = match (tree.side(at, x), missing) {
        (Side::Left, _) => 1.0,
        (Side::Right, _) => 0.0,
        (Side::Unknown, Missing::Spread) => at.left_share,
        (Side::Unknown, Missing::Majority) => f64::from(u8::from(at.left_share >= 0.5)),
    };
    for (child, share, side) in [
        (left, share * to_left, at.left_share),
        (left + 1, share * (1.0 - to_left), 1.0 - at.left_share),
    ] {
        if share > 0.0 {
            naive_path(tree, [child, depth + 1], [mass, mass * side, share], x, missing, visit);
        }
    }
}
