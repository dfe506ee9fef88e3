//! Random parts of the rows, or of the groups, with failures spread over them as evenly as possible.

use super::splits::{Split, Splits};
use crate::error::{Error, Result};
use crate::groups::number;
use crate::rng::Stream;
use std::hash::Hash;

/// Holds out a share of the rows at random, of either class alike.
///
/// `share`, in `(0, 1)`, is the part to test on: `round(share · rows)` of each class, but at least one
/// row of a class on either side. Labels of one class only are split as they are. Takes O(n) time.
///
/// # Errors
/// [`Error::Empty`] without labels, [`Error::OutOfRange`] for a share outside `(0, 1)` or a class of
/// one row, which cannot be on both sides.
///
/// ```
/// use forewarn::validate::holdout;
///
/// let failed: Vec<bool> = (0..100).map(|i| i % 10 == 0).collect();
/// let split = holdout(&failed, 0.3, 0)?;
/// assert_eq!((split.train.len(), split.test.len()), (70, 30));
/// assert_eq!(split.test.iter().filter(|&&row| failed[row]).count(), 3);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn holdout(labels: &[bool], share: f64, seed: u64) -> Result<Split> {
    check_share(share)?;
    let mut held = vec![0; labels.len()];
    for rows in classes(labels, seed, 2)? {
        let count = (share * rows.len() as f64).round() as usize;
        for &row in &rows[..count.clamp(1, rows.len() - 1)] {
            held[row] = 1;
        }
    }
    Ok(one(held))
}

/// Cuts the rows into folds at random, stratified: the folds differ by at most one row of each class
/// and at most one row in all. Each is tested on once, with the others to train on.
///
/// Labels of one class only (all `false` where there are none) give plain random folds. Takes O(n)
/// time.
///
/// # Errors
/// [`Error::Empty`] without labels, [`Error::OutOfRange`] for fewer than 2 folds or more than there
/// are rows of a class: some fold would have none.
///
/// ```
/// use forewarn::validate::k_fold;
///
/// let failed: Vec<bool> = (0..103).map(|i| i % 10 == 0).collect();
/// for split in k_fold(&failed, 5, 0)? {
///     assert!(split.test.len() == 20 || split.test.len() == 21);
///     assert_eq!(split.train.len() + split.test.len(), 103);
/// }
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn k_fold(labels: &[bool], folds: usize, seed: u64) -> Result<Splits> {
    check_folds(folds)?;
    let mut fold = vec![0; labels.len()];
    // One class is dealt out where the other ended, so that no fold gets the odd row of both.
    let dealt = classes(labels, seed, folds)?.into_iter().flatten().enumerate();
    dealt.for_each(|(position, row)| fold[row] = (position % folds) as u32);
    Ok(Splits::by_fold(fold, folds))
}

/// Cuts the groups (machines) into folds: no group is ever on both sides.
///
/// Failures and other rows are spread as evenly as whole groups allow: groups are taken from the one
/// with most failures down, at random among equals, and each goes where the squared shares of both
/// classes grow least, as scikit-learn's `StratifiedGroupKFold` does by another measure of evenness.
/// Every fold gets a group, but not always a failure, where few groups fail. Takes O(n + g·folds) time
/// for `g` groups, after sorting them.
///
/// # Errors
/// [`Error::Empty`] without labels, [`Error::Length`] unless there is one group a label,
/// [`Error::OutOfRange`] for fewer than 2 folds or more than groups.
///
/// ```
/// use forewarn::validate::group_k_fold;
///
/// let machine = ["a", "a", "b", "c", "c", "c", "d"];
/// let failed = [true, false, false, true, false, false, false];
/// for split in group_k_fold(&failed, &machine, 2, 0)? {
///     assert!(split.test.iter().all(|&t| split.train.iter().all(|&r| machine[t] != machine[r])));
///     assert_eq!(split.test.iter().filter(|&&row| failed[row]).count(), 1);
/// }
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn group_k_fold<G: Eq + Hash>(
    labels: &[bool],
    groups: &[G],
    folds: usize,
    seed: u64,
) -> Result<Splits> {
    Ok(Splits::by_fold(group_folds(labels, groups, folds, seed)?, folds))
}

/// The fold of each row, as [`group_k_fold`] cuts them.
pub(super) fn group_folds<G: Eq + Hash>(
    labels: &[bool],
    groups: &[G],
    folds: usize,
    seed: u64,
) -> Result<Vec<u32>> {
    check_folds(folds)?;
    let (group_of, counts, order) = grouped(labels, groups, seed)?;
    if folds > counts.len() {
        return Err(Error::OutOfRange {
            name: "folds",
            value: folds as f64,
            allowed: "at most the number of groups",
        });
    }
    let total = totals(&counts);
    let mut filled = vec![[0.0; 2]; folds];
    let mut fold_of = vec![0_u32; counts.len()];
    for group in order {
        let count = counts[group];
        // By how much Σ (share of a class in a fold)² grows, but for what is the same in every fold.
        let growth = |fold: &[f64; 2]| {
            (0..2).map(|class| fold[class] * count[class] / total[class].powi(2)).sum::<f64>()
        };
        let rows = |fold: &[f64; 2]| fold[0] + fold[1];
        let fold = (0..folds)
            .min_by(|&a, &b| {
                let (a, b) = (&filled[a], &filled[b]);
                growth(a).total_cmp(&growth(b)).then(rows(a).total_cmp(&rows(b)))
            })
            .unwrap_or(0);
        (0..2).for_each(|class| filled[fold][class] += count[class]);
        fold_of[group] = fold as u32;
    }
    Ok(group_of.into_iter().map(|group| fold_of[group]).collect())
}

/// Holds out whole groups (machines), with about `share` of the rows of either class.
///
/// Groups are taken from the one with most failures down, at random among equals, and each goes to
/// the side that lacks most of its share. Either side gets a group. Takes O(n) time, after sorting the
/// groups.
///
/// # Errors
/// As [`group_k_fold`], with [`Error::OutOfRange`] for a share outside `(0, 1)` or a single group.
///
/// ```
/// use forewarn::validate::group_holdout;
///
/// let machine: Vec<usize> = (0..1000).map(|i| i / 50).collect();
/// let failed: Vec<bool> = (0..1000).map(|i| i % 50 > 45).collect();
/// let split = group_holdout(&failed, &machine, 0.25, 0)?;
/// assert_eq!(split.test.len(), 250);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn group_holdout<G: Eq + Hash>(
    labels: &[bool],
    groups: &[G],
    share: f64,
    seed: u64,
) -> Result<Split> {
    check_share(share)?;
    let (group_of, counts, order) = grouped(labels, groups, seed)?;
    if counts.len() < 2 {
        let (name, value) = ("groups", counts.len() as f64);
        return Err(Error::OutOfRange { name, value, allowed: "at least 2" });
    }
    let total = totals(&counts);
    let target = [1.0 - share, share];
    let mut filled = [[0.0; 2]; 2];
    let mut side_of = vec![0_u32; counts.len()];
    for (position, &group) in order.iter().enumerate() {
        let count = counts[group];
        // How full a side would be, against its share.
        let fullness = |side: usize| {
            (0..2)
                .map(|class| {
                    let after = filled[side][class] + count[class] / 2.0;
                    after * count[class] / total[class].powi(2) / target[side]
                })
                .sum::<f64>()
        };
        let empty = |side: usize| filled[side] == [0.0; 2];
        let last = position + 1 == order.len();
        let side = match last {
            true if empty(0) => 0,
            true if empty(1) => 1,
            _ => usize::from(fullness(1) < fullness(0)),
        };
        (0..2).for_each(|class| filled[side][class] += count[class]);
        side_of[group] = side as u32;
    }
    Ok(one(group_of.into_iter().map(|group| side_of[group]).collect()))
}

/// Rows of either class in random order, the rarer class first; a class without rows is left out.
/// Each has at least `least` rows.
fn classes(labels: &[bool], seed: u64, least: usize) -> Result<Vec<Vec<usize>>> {
    if labels.is_empty() {
        return Err(Error::Empty { what: "labels" });
    }
    let of = |class| (0..labels.len()).filter(|&row| labels[row] == class).collect::<Vec<_>>();
    let mut classes = vec![of(true), of(false)];
    classes.retain(|rows| !rows.is_empty());
    classes.sort_by_key(Vec::len);
    if classes[0].len() < least {
        let (name, value) = ("rows of the rarer class", classes[0].len() as f64);
        return Err(Error::OutOfRange { name, value, allowed: "at least one for each part" });
    }
    for (index, rows) in classes.iter_mut().enumerate() {
        shuffle(rows, seed, index as u64);
    }
    Ok(classes)
}

/// The number of each row's group; rows by group, `false` and `true`; and the groups, those with most
/// failures first, then those with most rows, at random among equals.
type Grouped = (Vec<usize>, Vec<[f64; 2]>, Vec<usize>);

fn grouped<G: Eq + Hash>(labels: &[bool], groups: &[G], seed: u64) -> Result<Grouped> {
    if labels.is_empty() {
        return Err(Error::Empty { what: "labels" });
    }
    if groups.len() != labels.len() {
        let (expected, found) = (labels.len(), groups.len());
        return Err(Error::Length { what: "groups", expected, found });
    }
    let (group_of, count) = number(groups);
    let mut counts = vec![[0.0_f64; 2]; count];
    for (&group, &label) in group_of.iter().zip(labels) {
        counts[group][usize::from(label)] += 1.0;
    }
    let mut order: Vec<usize> = (0..count).collect();
    shuffle(&mut order, seed, 2);
    order.sort_by(|&a, &b| {
        counts[b][1].total_cmp(&counts[a][1]).then(counts[b][0].total_cmp(&counts[a][0]))
    });
    Ok((group_of, counts, order))
}

/// Rows by class, at least 1 to divide by.
fn totals(counts: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|class| counts.iter().map(|count| count[class]).sum::<f64>().max(1.0))
}

/// Fisher and Yates' shuffle.
fn shuffle(values: &mut [usize], seed: u64, stream: u64) {
    let mut stream = Stream::new(seed, stream);
    for last in (1..values.len()).rev() {
        values.swap(last, stream.below(last + 1));
    }
}

/// The split that tests on fold 1 of two.
fn one(fold: Vec<u32>) -> Split {
    let mut split = Split::default();
    for (row, fold) in fold.into_iter().enumerate() {
        if fold == 1 { split.test.push(row) } else { split.train.push(row) }
    }
    split
}

fn check_folds(folds: usize) -> Result<()> {
    if folds >= 2 {
        return Ok(());
    }
    Err(Error::OutOfRange { name: "folds", value: folds as f64, allowed: "at least 2" })
}

fn check_share(share: f64) -> Result<()> {
    if share > 0.0 && share < 1.0 {
        return Ok(());
    }
    Err(Error::OutOfRange { name: "share", value: share, allowed: "above 0 and below 1" })
}
