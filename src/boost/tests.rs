//! Growing against a literal search, and every fast step against its slow twin.

use super::binner::Binner;
use super::cell::{Cell, Scales, Sizes, round};
use super::cuts::Cuts;
use super::frontier::Frontier;
use super::grow::{Ground, Grown, Rules};
use super::histogram::{Cells, Histograms, subtract};
use super::loss::{Derivatives, Logistic, Loss};
use super::partition::{merge, partition};
use super::row_bytes::Rounding;
use super::scan::{Limits, Sums};
use super::search::Search;
use super::table::Table;
use super::tree::{Child, Next, Split};
use crate::rng::Stream;
use ndarray::Array2;
use proptest::prelude::*;

const COLUMNS: usize = 7;

/// A table with ties, a column of few values, one with missing ones, three sparse ones of which no
/// two are set together, and noise in the labels.
fn some_rows(seed: u64, rows: usize) -> (Array2<f64>, Vec<bool>) {
    let mut stream = Stream::new(seed, 0);
    let mut x = Array2::zeros((rows, COLUMNS));
    for mut row in x.rows_mut() {
        row[0] = stream.normal();
        row[1] = stream.below(5) as f64;
        row[2] = if stream.unit() < 0.3 { f64::NAN } else { stream.normal() };
        row[3] = (stream.normal() * 4.0).round();
        let set = stream.below(24);
        if set < 3 {
            row[4 + set] = if set == 0 { f64::NAN } else { 1.0 + stream.below(3) as f64 };
        }
    }
    let labels = x.rows().into_iter().map(|row| {
        let score =
            row[0] * row[3] * 0.4 + row[1] - 2.0 + if row[2].is_nan() { 1.0 } else { 0.0 } + row[5];
        stream.unit() < 1.0 / (1.0 + (-score).exp())
    });
    let labels = labels.collect();
    (x, labels)
}

fn limits() -> Limits {
    Limits { l1: 0.1, l2: 0.5, min_gain: 0.01, min_hessian: 0.5, min_rows: 3.0 }
}

fn rules(width: usize, max_leaves: usize) -> Rules {
    Rules {
        max_leaves,
        max_depth: usize::MAX,
        min_rows: 3,
        limits: limits(),
        directions: vec![0; width],
        companions: Vec::new(),
    }
}

struct Case {
    x: Array2<f64>,
    table: Table,
    derivatives: Vec<Derivatives>,
}

fn case(seed: u64, rows: usize) -> Case {
    let (x, labels) = some_rows(seed, rows);
    let loss = Logistic::new(&labels, None);
    let mut stream = Stream::new(seed, 1);
    let scores: Vec<f64> = (0..rows).map(|_| stream.normal()).collect();
    let mut derivatives = vec![[0.0; 2]; rows];
    loss.derivatives(&scores, &mut derivatives);
    let table = Table::learn(x.view(), &[false; COLUMNS], 255, 0);
    Case { x, table, derivatives }
}

/// What a tree of so many leaves is grown from, and the tree's rows, grown as `grow` does it.
fn on_ground<C: Cell>(
    case: &Case,
    max_leaves: usize,
    grow: impl FnOnce(Ground<'_, C>, &mut [u32], &mut [u32]) -> Grown,
) -> (Grown, Vec<u32>) {
    let rows = case.table.rows;
    let scales = Sizes::of(&case.derivatives).scales::<C>();
    let mut cells = vec![C::default(); rows];
    round(&case.derivatives, 0, scales, 7, &mut cells);
    let mut index: Vec<u32> = (0..rows as u32).collect();
    let width = case.table.width();
    let ground = Ground {
        search: Search { table: &case.table, rules: &rules(width, max_leaves), scales },
        cells: Cells::Beside(&cells),
        offered: &vec![true; width],
        split_offer: None,
        histograms: &Histograms::new(case.table.bytes),
        whole: None,
    };
    let grown = grow(ground, &mut index, &mut vec![0; rows]);
    (grown, index)
}

fn grown<C: Cell>(case: &Case, max_leaves: usize) -> (Grown, Vec<u32>) {
    on_ground(case, max_leaves, |ground: Ground<'_, C>, rows, scratch| ground.grow(rows, scratch))
}

/// Twice what a leaf takes off the loss: the formula of the paper, on sums of the rows themselves.
fn leaf_gain([gradient, hessian]: [f64; 2]) -> f64 {
    let Limits { l1, l2, .. } = limits();
    let soft = if gradient.abs() <= l1 { 0.0 } else { gradient.abs() - l1 };
    soft * soft / (hessian + l2)
}

fn sum(case: &Case, rows: &[usize]) -> [f64; 2] {
    let add = |k: usize| rows.iter().map(|&row| f64::from(case.derivatives[row][k])).sum();
    [add(0), add(1)]
}

/// The gain of sending these rows left and the others of the node right, or `None` if not allowed.
fn gain_of(case: &Case, node: &[usize], goes_left: impl Fn(usize) -> bool) -> Option<f64> {
    let (left, right): (Vec<usize>, Vec<usize>) = node.iter().partition(|&&row| goes_left(row));
    let all = sum(case, node);
    let sides = [sum(case, &left), sum(case, &right)];
    let mean = all[1] / node.len() as f64;
    let allowed = |[_, hessian]: [f64; 2]| {
        // A hair more than training asks for, so that rounding cannot decide.
        hessian >= limits().min_hessian * 1.001 && hessian / mean >= limits().min_rows * 1.001
    };
    let gain = leaf_gain(sides[0]) + leaf_gain(sides[1]) - leaf_gain(all) - limits().min_gain;
    (sides.into_iter().all(allowed) && gain > 0.0).then_some(gain)
}

/// The best gain of all columns, cuts between values and sides for the missing ones.
fn best_gain(case: &Case, node: &[usize]) -> f64 {
    let mut best = 0.0_f64;
    for column in case.x.columns() {
        let mut values: Vec<f64> =
            node.iter().map(|&row| column[row]).filter(|value| !value.is_nan()).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        for cut in values {
            for missing_left in [false, true] {
                let left = |row: usize| {
                    if column[row].is_nan() { missing_left } else { column[row] <= cut }
                };
                best = best.max(gain_of(case, node, left).unwrap_or(0.0));
            }
        }
    }
    best
}

fn rows_below(grown: &Grown, index: &[u32], child: Child) -> Vec<usize> {
    match child.next() {
        Next::Leaf(leaf) => {
            index[grown.rows[leaf].clone()].iter().map(|&row| row as usize).collect()
        }
        Next::Split(split) => {
            let Split { left, right, .. } = grown.tree.splits[split];
            let mut rows = rows_below(grown, index, left);
            rows.extend(rows_below(grown, index, right));
            rows
        }
    }
}

fn check_tree(case: &Case, grown: &Grown, index: &[u32], max_leaves: usize) {
    let tree = &grown.tree;
    tree.check(COLUMNS, 1).expect("a tree that growing made");
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-3 * (1.0 + a.abs() + b.abs());
    for split in &tree.splits {
        let mut node = rows_below(grown, index, split.left);
        let left = node.len();
        node.extend(rows_below(grown, index, split.right));
        for (at, &row) in node.iter().enumerate() {
            let value = case.x[(row, split.column as usize)];
            assert_eq!(tree.goes_left(split, value), at < left, "row {row}, value {value}");
        }
        let gain =
            gain_of(case, &node, |row| tree.goes_left(split, case.x[(row, split.column as usize)]));
        let found = split.gain - limits().min_gain;
        assert!(close(found, gain.unwrap_or(found)), "{found} for {gain:?}");
        // The search found the best there is, but for ties and rounding.
        let best = best_gain(case, &node);
        assert!(found >= best - 1e-3 * (1.0 + best), "{found} where {best} was to be had");
    }
    // Leaf by leaf: the next split is the best one open. A child may gain more than its parent, so
    // only splits that were open at the same time compare.
    for (later, split) in tree.splits.iter().enumerate() {
        let parent = tree.splits.iter().position(|above| {
            [above.left, above.right].iter().any(|child| child.next() == Next::Split(later))
        });
        let open_since = parent.map_or(0, |parent| parent + 1);
        for earlier in &tree.splits[open_since..later] {
            assert!(earlier.gain >= split.gain - 1e-9, "{} before {}", earlier.gain, split.gain);
        }
    }
    if tree.leaves.len() < max_leaves {
        for range in &grown.rows {
            let node: Vec<usize> = index[range.clone()].iter().map(|&row| row as usize).collect();
            let left = best_gain(case, &node);
            assert!(left < 2e-3, "stopped with a gain of {left} to be had");
        }
    }
    for range in &grown.rows {
        assert!(index[range.clone()].is_sorted(), "rows out of order");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn splits_are_the_best_there_are(seed in any::<u64>(), rows in 20..150_usize, leaves in 2..12_usize) {
        let case = case(seed, rows);
        let (tree, index) = grown::<u64>(&case, leaves);
        check_tree(&case, &tree, &index, leaves);
        let (tree, index) = grown::<[i64; 2]>(&case, leaves);
        check_tree(&case, &tree, &index, leaves);
    }

    /// On bins and on values, rows reach the same leaf: also ones never seen.
    #[test]
    fn bins_and_values_agree(seed in any::<u64>()) {
        let case = case(seed, 200);
        let (tree, _) = grown::<u64>(&case, 16);
        let (other, _) = some_rows(seed ^ 1, 100);
        let table = case.table.same_bins(other.view());
        for (row, bins) in table.by_row().from(0).enumerate() {
            prop_assert_eq!(tree.leaf_of(bins), tree.tree.leaf_of(|column| other[(row, column)]));
        }
    }

    #[test]
    fn a_bin_is_the_number_of_cuts_below(
        mut values in prop::collection::vec(prop_oneof![-5.0..5.0_f64, (-3..3_i32).prop_map(f64::from), any::<f64>()], 1..400),
        max_bins in 2..256_usize,
    ) {
        values.retain(|value| value.is_finite());
        let cuts = Cuts::numeric(&values, max_bins);
        let Cuts::Numeric(points) = &cuts else { panic!("numbers") };
        prop_assert!(points.len() < max_bins);
        prop_assert!(points.windows(2).all(|pair| pair[0] < pair[1]));
        let mut distinct = values.clone();
        for value in &mut distinct {
            *value += 0.0;
        }
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        if distinct.len() <= max_bins {
            prop_assert_eq!(points.len() + 1, distinct.len().max(1));
        }
        values.push(f64::NAN);
        let mut bins = vec![0; values.len()];
        Binner::new(&cuts).bin(&values, &mut bins);
        for (&value, &bin) in values.iter().zip(&bins) {
            if value.is_nan() {
                prop_assert_eq!(bin as usize, cuts.bins());
            } else {
                prop_assert_eq!(bin as usize, points.iter().filter(|&&cut| cut < value).count());
            }
        }
    }

    #[test]
    fn partition_is_stable(bins in prop::collection::vec(any::<u8>(), 1..500), cut in any::<u8>(), every in 1..4_usize) {
        let mut go_left = [0; 256];
        go_left[..cut as usize].fill(1);
        let mut rows: Vec<u32> = (0..bins.len() as u32).step_by(every).collect();
        let (left, right): (Vec<u32>, Vec<u32>) =
            rows.iter().partition(|&&row| bins[row as usize] < cut);
        let mut scratch = vec![0; bins.len()];
        let count = partition(&mut rows, &mut scratch, &bins, &go_left, 1);
        prop_assert_eq!(&rows[..count], &left[..]);
        prop_assert_eq!(&rows[count..], &right[..]);
        merge(&mut rows, count, &mut scratch);
        prop_assert!(rows.into_iter().eq((0..bins.len() as u32).step_by(every)));
    }

    /// Rounded sums are within what rounding each row can do, and what is whole stays as it is.
    #[test]
    fn rounding_is_bounded(pairs in prop::collection::vec((-8.0..8.0_f32, 0.0..4.0_f32), 1..300), tree in any::<u64>()) {
        let derivatives: Vec<Derivatives> = pairs.iter().map(|&(g, h)| [g, h]).collect();
        let scales = Sizes::of(&derivatives).scales::<u64>();
        let mut cells = vec![0_u64; derivatives.len()];
        round(&derivatives, 0, scales, tree, &mut cells);
        let mut total = 0_u64;
        for (&[g, h], &cell) in derivatives.iter().zip(&cells) {
            // By less than 1, and by what single precision leaves of a fraction beside 2²⁰.
            prop_assert!((cell.gradient() as f64 - f64::from(g) * scales.gradient).abs() < 1.125);
            prop_assert!((cell.hessian() as f64 - f64::from(h) * scales.hessian).abs() < 1.125);
            prop_assert!(cell.hessian() >= 0);
            total = total.plus(cell);
        }
        prop_assert_eq!(total.gradient(), cells.iter().map(|cell| cell.gradient()).sum::<i64>());
        prop_assert_eq!(total.hessian(), cells.iter().map(|cell| cell.hessian()).sum::<i64>());
    }
}

/// Rounding at random does not drift: over many trees, a row's mean is its value.
#[test]
fn rounding_has_no_bias() {
    let derivatives = vec![[0.3, 0.7], [-0.9, 0.2], [1.0, 1.0], [0.001, 0.002]];
    let scales = Scales { gradient: 16.0, hessian: 16.0 };
    let trees = 100_000;
    let mut sums = [[0.0; 2]; 4];
    for tree in 0..trees {
        let mut cells = [0_u64; 4];
        round(&derivatives, 0, scales, tree, &mut cells);
        for (sum, cell) in sums.iter_mut().zip(cells) {
            sum[0] += cell.gradient() as f64;
            sum[1] += cell.hessian() as f64;
        }
    }
    for (sum, of) in sums.iter().zip(&derivatives) {
        for k in 0..2 {
            let mean = sum[k] / trees as f64;
            // Five standard errors of a mean of 100,000 draws, each off by at most 1.
            assert!((mean - f64::from(of[k]) * 16.0).abs() < 0.008, "{mean} for {}", of[k]);
        }
    }
}

/// Sparse columns share a byte, and each one's histogram comes out of it as if it had its own.
#[test]
fn bundled_columns_lose_nothing() {
    let case = case(5, 400);
    assert_eq!((case.table.width(), case.table.bytes), (COLUMNS, 5));
    let scales = Sizes::of(&case.derivatives).scales::<u64>();
    let mut cells = vec![0_u64; 400];
    round(&case.derivatives, 0, scales, 0, &mut cells);
    let rows: Vec<u32> = (0..400).step_by(3).collect();
    let histogram =
        Histograms::new(case.table.bytes).build(&case.table, &rows, Cells::Beside(&cells), 1);
    let mut sums = Sums::default();
    for &row in &rows {
        sums.add(cells[row as usize]);
    }
    for (home, (cuts, column)) in
        case.table.homes.iter().zip(case.table.cuts.iter().zip(case.x.columns()))
    {
        let mut bins = vec![0; 400];
        Binner::new(cuts).bin(&column.to_vec(), &mut bins);
        let mut naive = [0_u64; 256];
        for &row in &rows {
            let cell = &mut naive[bins[row as usize] as usize];
            *cell = cell.plus(cells[row as usize]);
        }
        let mut space = [0; 256];
        assert!(home.unfold(&histogram[home.byte], sums, &mut space) == &naive);
        let decode = home.decode();
        let bytes = case.table.byte(home.byte);
        assert!(bytes.iter().zip(&bins).all(|(&byte, &bin)| decode[byte as usize] == bin));
    }
}

/// Derivatives beside a row's bins and those by row: the same histograms, of rows next to each other or
/// apart, of an even number or not.
#[test]
fn derivatives_within_the_table_count_the_same() {
    let rows = 1 << 16;
    let Case { mut table, derivatives, .. } = case(4, rows);
    assert!(table.by_row().has_room());
    let scales = Sizes::of(&derivatives).scales::<u64>();
    let mut cells = vec![0_u64; rows];
    round(&derivatives, 0, scales, 9, &mut cells);
    let rounding = Rounding { derivatives: &derivatives, scales, tree: 9 };
    table.by_row_mut().put_derivatives::<u64>(rounding);
    let histograms = Histograms::new(table.bytes);
    let all: Vec<u32> = (0..rows as u32).collect();
    let some: Vec<u32> = all.iter().copied().filter(|row| row % 7 < 3).collect();
    for rows in [&all[..], &all[5..1_000], &all[5..6], &some, &some[1..]] {
        let beside = histograms.build(&table, rows, Cells::Beside(&cells), 2);
        assert!(histograms.build(&table, rows, Cells::Within, 2) == beside);
    }
    let whole = histograms.build(&table, &all, Cells::Beside(&cells), 1);
    for threads in [1, 2, 3] {
        let mut other = case(4, rows).table;
        assert!(histograms.build_putting(other.by_row_mut(), rounding, threads) == whole);
        assert_eq!(other.by_row().all(), table.by_row().all());
    }
    for (row, &cell) in cells.iter().enumerate() {
        assert_eq!(Cells::<u64>::Within.of(&table, row), cell);
    }
}

#[test]
fn a_sibling_is_what_remains() {
    let case = case(3, 500);
    let scales = Sizes::of(&case.derivatives).scales::<u64>();
    let mut cells = vec![0_u64; 500];
    round(&case.derivatives, 0, scales, 0, &mut cells);
    let histograms = Histograms::new(case.table.bytes);
    let of = |rows: &[u32]| histograms.build(&case.table, rows, Cells::Beside(&cells), 1);
    let all: Vec<u32> = (0..500).collect();
    let (some, others): (Vec<u32>, Vec<u32>) = all.iter().partition(|&&row| row % 7 < 3);
    let mut sibling = of(&all);
    subtract(&mut sibling, &of(&some));
    assert!(sibling == of(&others));
    for (index, column) in of(&some).iter().enumerate() {
        let mut naive = [0_u64; 256];
        for &row in &some {
            let bin = case.table.byte(index)[row as usize] as usize;
            naive[bin] = naive[bin].plus(cells[row as usize]);
        }
        assert!(column == &naive);
    }
}

/// As threads do it that find the best leaf in the hands of others, but with every leaf.
#[test]
fn splits_made_in_advance_change_nothing() {
    let case = case(8, 400);
    for max_leaves in [1, 2, 5, 12] {
        let (expected, expected_rows) = grown::<u64>(&case, max_leaves);
        let in_advance = |mut ground: Ground<'_, u64>, rows: &mut [u32], scratch: &mut [u32]| {
            let mut frontier = Frontier::new(ground.root(rows, scratch, 1));
            while !frontier.advance(&ground.search, max_leaves) {
                while let Some((leaf, open, _)) = frontier.take(usize::MAX) {
                    frontier.put(leaf, ground.halves(open, false, 1));
                }
            }
            let (grown, undone) = frontier.finish(ground.histograms);
            assert_eq!(undone.is_empty(), max_leaves < 3, "{undone:?}");
            grown.undo(&undone, rows, scratch);
            grown
        };
        let (found, rows) = on_ground(&case, max_leaves, in_advance);
        assert_eq!(found.tree, expected.tree);
        assert_eq!((rows, found.rows), (expected_rows, expected.rows));
        assert_eq!((found.bounds, found.rules), (expected.bounds, expected.rules));
    }
}

#[cfg(feature = "parallel")]
mod threads {
    use super::some_rows;
    use crate::boost::{BoostingParams, FailureClassifierParams, RowSampling};
    use crate::traits::{Batch, Score, Train};
    use ndarray::ArrayView2;

    fn trained(params: &FailureClassifierParams, x: ArrayView2<'_, f64>, y: &[bool]) -> Vec<u64> {
        let model = params.train(Batch::new(x).with_target(y)).expect("trains");
        model.score(x).expect("scores").iter().map(|score| score.to_bits()).collect()
    }

    /// Enough rows that every step is shared between threads.
    #[test]
    fn do_not_change_a_bit() {
        let (x, y) = some_rows(11, 70_000);
        let base = BoostingParams::default().n_trees(4).rows(RowSampling::All);
        let goss = RowSampling::Goss { top: 0.2, rest: 0.2 };
        let settings = [
            base.clone(),
            base.clone().rows(RowSampling::Share(0.6)).column_share_split(0.7),
            base.rows(goss).learning_rate(1.0),
        ];
        for params in settings {
            let on = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                pool.expect("a pool").install(|| trained(&params, x.view(), &y))
            };
            let one = on(1);
            assert!([2, 4, 8].into_iter().all(|threads| on(threads) == one));
        }
    }
}
