//! Every way of predicting against the plain walk down [`Tree`]s, bit for bit.

use super::*;
use crate::boost::Link;
use crate::boost::tree::{CategorySet, Child, Leaf, NEARLY_ZERO, Split, Test, Tree};
use crate::columnar::level::available;
use crate::error::Error;
use crate::rng::Stream;
use ndarray::{Array2, ShapeBuilder, s};
use proptest::prelude::*;

/// What random trees are made of.
#[derive(Debug, Clone)]
struct Recipe {
    columns: usize,
    outputs: usize,
    /// Leaves of each tree.
    leaves: Vec<usize>,
    /// Whether each tree is one long path.
    chains: bool,
    /// Different thresholds a column.
    thresholds: usize,
    /// Columns that hold category codes.
    categorical: usize,
    codes: u32,
    zero_missing: bool,
    seed: u64,
}

/// Threshold number `index`: near zero, tiny, huge and infinite ones among them.
fn threshold(index: usize) -> f64 {
    match index {
        0 => 0.0,
        1 => f64::INFINITY,
        2 => NEARLY_ZERO.next_up(),
        3 => -NEARLY_ZERO,
        4 => f64::MAX,
        5 => f64::NEG_INFINITY,
        6 => -0.0,
        7 => 5e-324,
        _ => (index as f64 - 20.0).powi(3) * 0.37,
    }
}

impl Recipe {
    fn tree(&self, draw: &mut Stream, leaves: usize) -> Tree {
        let leaf = |value| Leaf { value, cover: 1.0, hessian: 1.0 };
        let mut tree = Tree::constant(draw.below(self.outputs) as u32, leaf(draw.unit() - 0.5));
        // Where the leaves hang: the split, and whether on its left.
        let mut places: Vec<Option<(usize, bool)>> = vec![None];
        for _ in 1..leaves {
            let last = tree.leaves.len() - 1;
            let at = if self.chains { last } else { draw.below(tree.leaves.len()) };
            let index = tree.splits.len();
            match places[at] {
                None => {}
                Some((above, true)) => tree.splits[above].left = Child::split(index),
                Some((above, false)) => tree.splits[above].right = Child::split(index),
            }
            let (old, new) = (Child::leaf(at), Child::leaf(tree.leaves.len()));
            let old_left = draw.below(2) == 0;
            places[at] = Some((index, old_left));
            places.push(Some((index, !old_left)));
            // −0 among the values: it must not become 0.
            tree.leaves.push(leaf(if draw.below(9) == 0 { -0.0 } else { draw.unit() - 0.5 }));
            let column = draw.below(self.columns);
            let test = if column < self.categorical {
                let codes = (0..self.codes).filter(|_| draw.below(2) == 0);
                tree.sets.push(CategorySet::from_codes(codes));
                Test::Within { set: tree.sets.len() as u32 - 1 }
            } else {
                let threshold = threshold(draw.below(self.thresholds));
                if self.zero_missing && threshold.is_finite() && draw.below(3) == 0 {
                    Test::AtMostZeroMissing(threshold)
                } else {
                    Test::AtMost(threshold)
                }
            };
            tree.splits.push(Split {
                column: column as u32,
                test,
                missing_left: draw.below(2) == 0,
                left: if old_left { old } else { new },
                right: if old_left { new } else { old },
                gain: 0.0,
                value: 0.0,
                cover: 1.0,
                hessian: 1.0,
            });
        }
        tree
    }

    fn ensemble(&self) -> Ensemble {
        let mut draw = Stream::new(self.seed, 0);
        let trees = self.leaves.iter().map(|&leaves| self.tree(&mut draw, leaves)).collect();
        let start = (0..self.outputs).map(|output| output as f64 * 0.1 - 0.0).collect();
        let ensemble = Ensemble::new(self.columns, start, Link::Identity, trees);
        ensemble.check().expect("a sound ensemble");
        ensemble
    }

    /// Values at thresholds, next to them, between them, and with `gaps` missing ones.
    fn rows(&self, rows: usize, gaps: bool) -> Array2<f64> {
        let mut draw = Stream::new(self.seed, 1);
        Array2::from_shape_fn((rows, self.columns), |(_, column)| {
            let code = f64::from(draw.below(self.codes as usize + 3) as u32);
            let at = threshold(draw.below(self.thresholds));
            let value = match draw.below(8) {
                0 if gaps => f64::NAN,
                1 => at,
                2 => at.next_up(),
                3 => at.next_down(),
                4 => [0.0, -0.0, NEARLY_ZERO, -NEARLY_ZERO, 2e-35, 1e300][draw.below(6)],
                5 => (draw.unit() - 0.5) * 10.0,
                _ if column < self.categorical => code,
                _ => (draw.unit() - 0.5) * 200_000.0,
            };
            // Codes that are negative, broken, or beyond 32 bits stay.
            if value.is_infinite() { 0.25 } else { value }
        })
    }
}

fn plain(ensemble: &Ensemble, x: &Array2<f64>) -> Array2<f64> {
    let outputs = ensemble.n_outputs();
    let mut scores = Array2::from_shape_fn((x.nrows(), outputs), |(_, to)| ensemble.start[to]);
    for (row, mut scores) in x.rows().into_iter().zip(scores.rows_mut()) {
        for tree in &ensemble.trees {
            let leaf = tree.leaf_of(|column| row[column]);
            scores[tree.output as usize] += tree.leaves[leaf].value;
        }
    }
    scores
}

fn bits(scores: &Array2<f64>) -> Vec<u64> {
    scores.iter().map(|score| score.to_bits()).collect()
}

/// Asserts that every way of predicting gives the bits of the plain one.
fn check(recipe: &Recipe) {
    let ensemble = recipe.ensemble();
    for gaps in [false, true] {
        let x = recipe.rows(300, gaps);
        let expected = bits(&plain(&ensemble, &x));
        for level in available() {
            let scores = ensemble.batch(x.view(), level, |_| {}).expect("finite rows");
            assert_eq!(bits(&scores), expected, "{level:?}, {recipe:?}");
        }
        let mut by_columns = Array2::zeros((300, recipe.columns).f());
        by_columns.assign(&x);
        assert_eq!(bits(&ensemble.raw(by_columns.view()).expect("finite rows")), expected);
        let few = ensemble.raw(x.slice(s![..15, ..])).expect("finite rows");
        assert_eq!(bits(&few), expected[..15 * recipe.outputs]);
        let mut scores = vec![0.0; recipe.outputs];
        for (row, expected) in x.outer_iter().zip(expected.chunks(recipe.outputs)) {
            let row = row.to_vec();
            ensemble.raw_one(&row, &mut scores).expect("a finite row");
            assert!(scores.iter().map(|score| score.to_bits()).eq(expected.iter().copied()));
            // The walk serves rows only where the sieve does not.
            scores.copy_from_slice(&ensemble.start);
            ensemble.walk().add_row(&row, row.iter().any(|value| value.is_nan()), &mut scores);
            assert!(scores.iter().map(|score| score.to_bits()).eq(expected.iter().copied()));
        }
    }
}

fn recipe() -> Recipe {
    Recipe {
        columns: 5,
        outputs: 1,
        leaves: vec![31; 12],
        chains: false,
        thresholds: 60,
        categorical: 0,
        codes: 0,
        zero_missing: false,
        seed: 7,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_way_gives_the_plain_bits(
        columns in 1..9_usize,
        outputs in 1..4_usize,
        leaves in prop::collection::vec(prop_oneof![1..5_usize, 1..70_usize], 0..12),
        chains: bool,
        thresholds in prop_oneof![1..20_usize, 20..120_usize],
        categorical in 0..4_usize,
        codes in prop_oneof![0..4_u32, 60..70_u32, 300..400_u32],
        zero_missing: bool,
        seed: u64,
    ) {
        let (columns, categorical) = (columns, categorical.min(columns));
        check(&Recipe {
            columns, outputs, leaves, chains, thresholds, categorical, codes, zero_missing, seed,
        });
    }
}

#[test]
fn no_trees_and_trees_of_one_leaf() {
    check(&Recipe { leaves: vec![], ..recipe() });
    check(&Recipe { leaves: vec![1], outputs: 3, ..recipe() });
    check(&Recipe { leaves: vec![1, 2, 1], ..recipe() });
}

#[test]
fn as_many_leaves_as_fit_a_byte_and_more() {
    for leaves in [32, 33, 64, 65, 255, 256, 257, 700] {
        for chains in [false, true] {
            let leaves = vec![leaves, 3];
            check(&Recipe { leaves: leaves.clone(), chains, ..recipe() });
            let (categorical, codes) = (1, 40);
            check(&Recipe { leaves, chains, categorical, codes, zero_missing: true, ..recipe() });
        }
    }
}

#[test]
fn more_thresholds_than_fit_a_byte() {
    for thresholds in [254, 255, 256, 257, 2_000] {
        let recipe = Recipe { columns: 2, leaves: vec![250; 30], thresholds, ..recipe() };
        check(&recipe);
    }
}

#[test]
fn more_columns_and_trees_than_single_rows_are_sieved_with() {
    let many = Recipe { columns: 400, leaves: vec![31; 60], ..recipe() };
    check(&many);
    assert!(many.ensemble().sieve().is_none());
    let long = Recipe { leaves: vec![40; 150], outputs: 2, ..recipe() };
    check(&long);
    assert!(long.ensemble().sieve().is_some());
}

#[test]
fn columns_out_of_use_are_not_read_but_checked() {
    let mut wide = Recipe { columns: 3, ..recipe() }.ensemble();
    wide.columns = 6;
    for split in wide.trees.iter_mut().flat_map(|tree| &mut tree.splits) {
        split.column *= 2;
    }
    let mut x = Recipe { columns: 6, ..recipe() }.rows(300, true);
    assert_eq!(bits(&wide.raw(x.view()).expect("finite")), bits(&plain(&wide, &x)));
    x[(270, 5)] = f64::NEG_INFINITY;
    let expected = Error::Infinite { row: 270, column: 5, value: f64::NEG_INFINITY };
    assert_eq!(wide.raw(x.view()), Err(expected));
    let expected = Error::Infinite { row: 0, column: 5, value: f64::NEG_INFINITY };
    assert_eq!(wide.raw_value(&x.row(270).to_vec()), Err(expected));
}

#[test]
#[cfg(feature = "parallel")]
fn the_same_bits_on_any_number_of_threads() {
    let recipe = Recipe { outputs: 3, leaves: vec![31; 30], ..recipe() };
    let ensemble = recipe.ensemble();
    let x = recipe.rows(5_000, true);
    let expected = bits(&plain(&ensemble, &x));
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let scores = pool.install(|| ensemble.raw(x.view())).expect("finite rows");
        assert_eq!(bits(&scores), expected, "{threads} threads");
    }
}

#[test]
fn single_precision_is_read_as_it_is() {
    let ensemble = recipe().ensemble();
    let x = recipe().rows(600, true).mapv(|value| value.clamp(-1e30, 1e30) as f32);
    let expected = bits(&plain(&ensemble, &x.mapv(f64::from)));
    assert_eq!(bits(&ensemble.raw(x.view()).expect("finite")), expected);
    let mut by_columns = Array2::zeros(x.dim().f());
    by_columns.assign(&x);
    assert_eq!(bits(&ensemble.raw(by_columns.view()).expect("finite")), expected);
}

#[test]
fn rounds_and_leaves_are_those_of_the_trees() {
    let recipe = Recipe { outputs: 2, leaves: vec![9; 6], ..recipe() };
    let mut ensemble = recipe.ensemble();
    let x = recipe.rows(300, true);
    let leaves = ensemble.leaves(x.view()).expect("finite rows");
    for ((row, tree), &leaf) in leaves.indexed_iter() {
        let expected = ensemble.trees[tree].leaf_of(|column| x[(row, column)]);
        assert_eq!(leaf as usize, expected);
    }
    let mut stages = Vec::new();
    let visit = |round, scores: ndarray::ArrayView2<'_, f64>| {
        stages.push((round, bits(&scores.to_owned())));
    };
    ensemble.staged(x.view(), visit).expect("finite rows");
    assert_eq!(stages.len(), 3);
    for (round, stage) in stages.into_iter().rev() {
        ensemble.trees.truncate(2 * round);
        assert_eq!(stage, bits(&plain(&ensemble, &x)));
    }
}

#[test]
fn predictions_are_raw_scores_through_the_link() {
    let mut ensemble = Recipe { outputs: 3, ..recipe() }.ensemble();
    ensemble.link = Link::Softmax;
    let x = recipe().rows(300, true);
    let predictions = ensemble.predict(x.view()).expect("finite rows");
    for (row, predictions) in x.outer_iter().zip(predictions.outer_iter()) {
        assert!((predictions.sum() - 1.0).abs() < 1e-12);
        let mut one = [0.0; 3];
        ensemble.predict_one(&row.to_vec(), &mut one).expect("a finite row");
        assert_eq!(one.as_slice(), predictions.to_vec());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let ensemble = recipe().ensemble();
    let width = Err(Error::Width { expected: 5, found: 4 });
    assert_eq!(ensemble.raw(Array2::<f64>::zeros((2, 4)).view()), width);
    assert_eq!(ensemble.raw_value(&[0.0; 4]), Err(Error::Width { expected: 5, found: 4 }));
    let length = Err(Error::Length { what: "scores", expected: 1, found: 2 });
    assert_eq!(ensemble.raw_one(&[0.0; 5], &mut [0.0; 2]), length);
    let none = ensemble.raw(Array2::<f64>::zeros((0, 5)).view()).expect("no rows are no fault");
    assert_eq!(none.dim(), (0, 1));
    let mut few = Array2::<f64>::zeros((3, 5));
    few[(2, 1)] = f64::INFINITY;
    let infinite = Err(Error::Infinite { row: 2, column: 1, value: f64::INFINITY });
    assert_eq!(ensemble.raw(few.view()), infinite);
}

#[test]
fn clones_and_comparisons_are_of_the_trees() {
    let ensemble = recipe().ensemble();
    let mut other = ensemble.clone();
    let x = recipe().rows(300, false);
    ensemble.raw(x.view()).expect("finite rows");
    assert_eq!(ensemble, other);
    assert_eq!(bits(&other.raw(x.view()).expect("finite rows")), bits(&plain(&ensemble, &x)));
    other.add_trees(vec![ensemble.trees[0].clone()]);
    assert_ne!(ensemble, other);
    assert_eq!(bits(&other.raw(x.view()).expect("finite rows")), bits(&plain(&other, &x)));
}
