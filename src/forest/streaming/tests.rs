//! Trees against a naive oracle, and what the documentation promises.

use super::nodes::{NONE, Nodes};
use super::sample::Sample;
use super::tree::Tree;
use super::{StreamingForest, StreamingForestParams};
use crate::rng::Stream;
use crate::traits::Score;
use ndarray::Array2;

/// Rows under a node, each as often as it is there.
fn rows_under(nodes: &Nodes, node: u32) -> Vec<Vec<f64>> {
    if let Some(leaf) = nodes.leaf(node) {
        let row = nodes.rows[leaf * nodes.width..][..nodes.width].to_vec();
        return vec![row; nodes.leaves[leaf].mass as usize];
    }
    let cut = nodes.cuts[node as usize];
    let mut rows = rows_under(nodes, cut.left);
    rows.extend(rows_under(nodes, cut.right));
    rows
}

/// The smallest box around rows, from scratch.
fn bounds(rows: &[Vec<f64>], column: usize) -> (f64, f64) {
    rows.iter()
        .map(|row| row[column])
        .fold((f64::NAN, f64::NAN), |(low, high), value| (low.min(value), high.max(value)))
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// Every invariant of the tables of nodes, checked from the rows alone.
fn check(tree: &Tree) {
    let nodes = &tree.nodes;
    let held: usize = tree.sample.rows().len();
    if nodes.root == NONE {
        assert_eq!(held, 0);
        return;
    }
    assert_eq!(nodes.parent(nodes.root), NONE);
    assert_eq!(rows_under(nodes, nodes.root).len(), held);
    let mut waiting = vec![nodes.root];
    let (mut cuts, mut leaves) = (0, 0);
    while let Some(node) = waiting.pop() {
        if nodes.leaf(node).is_some() {
            leaves += 1;
            continue;
        }
        cuts += 1;
        let cut = nodes.cuts[node as usize];
        let rows = rows_under(nodes, node);
        assert_eq!(cut.mass as usize, rows.len());
        let (low, high) = nodes.bounds(node);
        for column in 0..nodes.width {
            let expected = bounds(&rows, column);
            assert!(same(low[column], expected.0) && same(high[column], expected.1));
        }
        let column = cut.column as usize;
        assert!(
            rows_under(nodes, cut.left)
                .iter()
                .all(|row| row[column].is_nan() || row[column] <= cut.value)
        );
        assert!(
            rows_under(nodes, cut.right)
                .iter()
                .all(|row| row[column].is_nan() || row[column] > cut.value)
        );
        assert_eq!([nodes.parent(cut.left), nodes.parent(cut.right)], [node, node]);
        waiting.extend([cut.left, cut.right]);
    }
    assert_eq!(cuts + nodes.free_cuts.len(), nodes.cuts.len());
    assert_eq!(leaves + nodes.free_leaves.len(), nodes.leaves.len());
    assert!(leaves <= nodes.capacity);
}

/// The documented score, by recursion over lists of rows.
fn literal(nodes: &Nodes, node: u32, cuts: f64, n: f64, row: &[f64], units: &[f64]) -> f64 {
    let rows = rows_under(nodes, node);
    let (mut outside, mut total) = (0.0, 0.0);
    for column in 0..row.len() {
        let (low, high) = bounds(&rows, column);
        let value = row[column];
        let clip = |length: f64| {
            if length > 0.0 { (length * units[column]).min(1e9) } else { 0.0 }
        };
        let beyond = if value > high { value - high } else { low - value };
        outside += clip(beyond);
        total += clip(beyond) + clip(high - low);
    }
    let p = if total > 0.0 { outside / total } else { 0.0 };
    let here = p * (n + 1.0).log2() / (cuts + 1.0);
    let below = if nodes.leaf(node).is_some() {
        let alike = rows.len() as f64;
        (1.0 - 0.5 * alike / n) * (n + 1.0).log2() / (cuts + (alike + 1.0).log2())
    } else {
        let next = nodes.child(&nodes.cuts[node as usize], row);
        literal(nodes, next, cuts + 1.0, n, row, units)
    };
    here + (1.0 - p) * below
}

/// A few columns of small whole numbers (ties), wide normals, missing values and a constant.
fn draw(stream: &mut Stream) -> [f64; 4] {
    let missing = stream.below(10) == 0;
    [
        stream.below(4) as f64,
        if missing { f64::NAN } else { stream.normal() * 100.0 },
        stream.normal(),
        7.0,
    ]
}

#[test]
fn trees_keep_their_invariants_and_score_as_documented() {
    let units = [1.0 / 1.5, 1.0 / 70.0, 1.25, f64::INFINITY];
    for seed in 0..20 {
        let mut stream = Stream::new(seed, 0);
        let mut tree = Tree::new(24, 4);
        for time in 0..200 {
            let row = draw(&mut stream);
            let score = tree.score(&row, &units, |_, _| ());
            if tree.nodes.root != NONE {
                let n = f64::from(tree.nodes.mass(tree.nodes.root));
                let expected = literal(&tree.nodes, tree.nodes.root, 0.0, n, &row, &units);
                assert!((score - expected).abs() < 1e-12 * (1.0 + expected), "{score} {expected}");
            }
            let key = Sample::key(stream.unit(), 0.01, f64::from(time));
            tree.learn(&row, &units, key, &mut stream);
            check(&tree);
        }
    }
}

/// What makes it a random cut forest: letting go of a row leaves the tree distributed as if the row
/// had never been there. Three points on a line at 0, 1 and 3: the first cut falls between 0 and 1
/// with probability 1/3. A fourth at 10 comes first and goes again.
#[test]
fn inserting_and_deleting_leaves_the_distribution() {
    let trees = 20_000;
    let mut first = [0, 0];
    for seed in 0..trees {
        for (order, rows) in [[0.0, 1.0, 3.0, 10.0], [10.0, 3.0, 0.0, 1.0]].iter().enumerate() {
            let mut stream = Stream::new(seed, order as u64);
            let mut tree = Tree::new(4, 1);
            for &row in rows {
                // The row at 10 has the largest key: it is the one to go.
                tree.learn(&[row], &[1.0], row, &mut stream);
            }
            // Replaced by another at 1: a tie, which is no place to cut.
            tree.learn(&[1.0], &[1.0], -1.0, &mut stream);
            let root = tree.nodes.cuts[tree.nodes.root as usize];
            first[order] += usize::from(root.value < 1.0);
        }
    }
    // Six standard errors of a binomial share.
    let allowed = 6.0 * (1.0 / 3.0 * 2.0 / 3.0 / trees as f64).sqrt();
    for count in first {
        let share = count as f64 / trees as f64;
        assert!((share - 1.0 / 3.0).abs() < allowed, "{share}");
    }
}

#[test]
fn the_sample_prefers_new_rows_as_promised() {
    // 400 rows, half-life 100, 40 held: the ratio of the newest to those 100 older is 2 while the
    // sample is a small share of them.
    let (mut newest, mut older) = (0, 0);
    for seed in 0..4_000 {
        let mut sample = Sample::new(8);
        let mut stream = Stream::new(seed, 3);
        for time in 0..400 {
            let key = Sample::key(stream.unit(), std::f64::consts::LN_2 / 100.0, f64::from(time));
            if sample.wants(key) {
                if sample.is_full() {
                    sample.pop();
                }
                sample.push(super::sample::Held { key, leaf: time as u32 });
            }
        }
        newest += sample.rows().iter().filter(|held| (350..400).contains(&held.leaf)).count();
        older += sample.rows().iter().filter(|held| (250..300).contains(&held.leaf)).count();
    }
    let ratio = newest as f64 / older as f64;
    assert!((1.85..2.1).contains(&ratio), "{ratio}");
}

fn table(rows: usize, seed: u64) -> Array2<f64> {
    let mut stream = Stream::new(seed, 9);
    let mut table = Array2::zeros((rows, 4));
    for mut row in table.outer_iter_mut() {
        row.iter_mut().zip(draw(&mut stream)).for_each(|(to, from)| *to = from);
    }
    table
}

fn forest(shingle: usize) -> StreamingForest {
    StreamingForestParams::default()
        .n_trees(7)
        .sample_size(32)
        .half_life(200.0)
        .shingle(shingle)
        .build(4)
        .expect("valid settings")
}

#[test]
fn batches_are_rows_one_by_one() {
    for shingle in [1, 3] {
        let table = table(700, 1);
        let (mut one, mut many) = (forest(shingle), forest(shingle));
        let each: Vec<f64> = table
            .outer_iter()
            .map(|row| {
                let row = row.to_vec();
                let before = one.score_one(&row).expect("a row");
                assert_eq!(one.explain_one(&row).expect("a row").score.to_bits(), before.to_bits());
                let score = one.observe(&row).expect("a row");
                assert_eq!(score.to_bits(), before.to_bits());
                score
            })
            .collect();
        assert_eq!(many.observe_many(table.view()).expect("rows").to_vec(), each);
        assert_eq!(format!("{one:?}"), format!("{many:?}"));
    }
}

#[test]
fn contributions_add_up_and_name_what_moved() {
    let mut forest = forest(2);
    forest.observe_many(table(500, 2).view()).expect("rows");
    for (column, row) in [
        (0, [40.0, 0.0, 0.0, 7.0]),
        (1, [1.0, 5_000.0, 0.0, 7.0]),
        (2, [1.0, 0.0, -60.0, 7.0]),
        (3, [1.0, 0.0, 0.0, 7.5]),
    ] {
        let explanation = forest.explain_one(&row).expect("a row");
        let sum: f64 = explanation.contributions.iter().sum();
        assert!((explanation.baseline + sum - explanation.score).abs() < 1e-12);
        assert!(explanation.contributions.iter().all(|&part| part >= 0.0));
        let most = (0..4)
            .max_by(|&a, &b| explanation.contributions[a].total_cmp(&explanation.contributions[b]));
        assert_eq!(most, Some(column), "{explanation:?}");
        assert!(explanation.contributions[column] > 0.8 * explanation.score);
    }
}

#[test]
fn units_do_not_matter() {
    let table = table(600, 3);
    let (mut plain, mut scaled) = (forest(1), forest(1));
    let expected = plain.observe_many(table.view()).expect("rows");
    for power in [-1000, -40, 3, 900] {
        let mut other = forest(1);
        let factor = 2_f64.powi(power);
        let found = other.observe_many((&table * factor).view()).expect("rows");
        assert_eq!(found, expected, "times 2^{power}");
    }
    let found = scaled.observe_many((&table * 1e-9).view()).expect("rows");
    let worst = (&found - &expected).iter().fold(0.0, |worst: f64, d| worst.max(d.abs()));
    assert!(worst < 1e-6, "{worst}");
}

#[test]
fn extremes_do_no_harm() {
    let mut forest = forest(1);
    for row in [
        [1e300, -1e300, 1e-300, 0.0],
        [-1.7e308, 1.7e308, 0.0, -0.0],
        [f64::NAN; 4],
        [5e-324, 0.0, -5e-324, 1.0],
        [1.7e308, -1.7e308, 3.0, f64::NAN],
    ]
    .iter()
    .cycle()
    .take(400)
    {
        let score = forest.observe(row).expect("finite or missing");
        assert!((0.0..=33_f64.log2()).contains(&score), "{score}");
        forest.trees.iter().for_each(check);
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_restored_forest_goes_on_with_the_same_bits() {
    let table = table(900, 4);
    let mut forest = forest(2);
    for rows in table.axis_chunks_iter(ndarray::Axis(0), 180) {
        let mut restored = StreamingForest::from_bytes(&forest.to_bytes().expect("saves"))
            .expect("what was saved can be read");
        restored.trees.iter().for_each(check);
        let expected = forest.observe_many(rows).expect("rows");
        assert_eq!(restored.observe_many(rows).expect("rows"), expected);
        assert_eq!(restored.to_bytes(), forest.to_bytes());
    }
}

#[cfg(feature = "serde")]
#[test]
fn files_that_cannot_be_are_refused() {
    type Harm = fn(&mut Tree);
    let mut forest = forest(1);
    forest.observe_many(table(300, 5).view()).expect("rows");
    let spoil = |harm: Harm| {
        let mut spoilt = forest.clone();
        harm(&mut spoilt.trees[3]);
        let bytes = spoilt.to_bytes().expect("saves");
        StreamingForest::from_bytes(&bytes).expect_err("it was spoilt").to_string()
    };
    let cases: [(Harm, &str); 4] = [
        (|tree| tree.nodes.cuts[tree.nodes.root as usize].column = 4, "a cut is of no column"),
        (|tree| tree.nodes.cuts[tree.nodes.root as usize].value = f64::NAN, "at no number"),
        (|tree| tree.nodes.cuts[tree.nodes.root as usize].value = 1e9, "wrong side"),
        (|tree| tree.nodes.rows.fill(f64::INFINITY), "infinite"),
    ];
    for (harm, reason) in cases {
        let error = spoil(harm);
        assert!(error.contains("tree 3") && error.contains(reason), "{error}");
    }
    let bytes = forest.to_bytes().expect("saves");
    for end in 0..bytes.len().min(400) {
        assert!(StreamingForest::from_bytes(&bytes[..end]).is_err());
    }
}
