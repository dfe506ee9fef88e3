//! Which rows trees are not grown on, so that they can be judged by them.

use super::params::HoldOut;
use crate::error::{Error, Result};
use crate::groups::number;
use crate::rng::Stream;
use crate::validate::{group_holdout, group_k_fold};
use std::collections::{BTreeMap, BTreeSet};

/// Rows to grow trees on, and rows to judge them by; both ascending.
pub(crate) type Parted = (Vec<usize>, Vec<usize>);

/// Splits rows into those to grow trees on and those to judge them by, neither empty; what is drawn at
/// random is drawn by whole groups, if there are such.
pub(crate) fn split(
    hold_out: HoldOut,
    kinds: &[u32],
    groups: Option<&[usize]>,
    seed: u64,
) -> Result<Parted> {
    let rows = kinds.len();
    if rows < 2 {
        let reason = "early stopping needs two rows: one to train on, one to judge by";
        return Err(Error::Incompatible { reason: reason.into() });
    }
    let count = |rows: usize, share: f64| ((rows as f64 * share).round() as usize).min(rows - 1);
    let mut held = vec![false; rows];
    match (hold_out, groups) {
        (HoldOut::Last(share), _) => held[rows - count(rows, share).max(1)..].fill(true),
        (HoldOut::Random(share), Some(groups)) => {
            let split = group_holdout(&of_rarest(kinds), groups, share, seed)?;
            return Ok((split.train, split.test));
        }
        (HoldOut::Random(share), None) => {
            let mut order: Vec<usize> = (0..rows).collect();
            order.sort_by_key(|&row| kinds[row]);
            for (number, kind) in order.chunk_by(|&a, &b| kinds[a] == kinds[b]).enumerate() {
                let mut stream = Stream::new(seed, u64::MAX - 1 - number as u64);
                for drawn in stream.distinct(kind.len(), count(kind.len(), share)) {
                    held[kind[drawn as usize]] = true;
                }
            }
            if !held.contains(&true) {
                held[Stream::new(seed, u64::MAX - 1).below(rows)] = true;
            }
        }
    }
    Ok((0..rows).partition(|&row| !held[row]))
}

/// Which rows are of the rarest kind: groups are spread by it as evenly as they can be.
fn of_rarest(kinds: &[u32]) -> Vec<bool> {
    let mut counts = BTreeMap::new();
    for &kind in kinds {
        *counts.entry(kind).or_insert(0_usize) += 1;
    }
    let rarest = counts.into_iter().min_by_key(|&(_, count)| count).map(|(kind, _)| kind);
    kinds.iter().map(|&kind| Some(kind) == rarest).collect()
}

/// Deals rows, or whole groups of them, into parts, those of each kind evenly; fewer than asked for where
/// a kind has fewer rows, or where there are fewer groups. Each part: the rows outside, and those in it.
pub(crate) fn parts(
    kinds: &[u32],
    groups: Option<&[usize]>,
    parts: usize,
    seed: u64,
) -> Result<Vec<Parted>> {
    if let Some(groups) = groups {
        return parts_of_groups(kinds, groups, parts, seed);
    }
    let mut order: Vec<usize> = (0..kinds.len()).collect();
    order.sort_by_key(|&row| kinds[row]);
    let fewest = order.chunk_by(|&a, &b| kinds[a] == kinds[b]).map(<[usize]>::len).min();
    let parts = parts.min(fewest.unwrap_or(0));
    if parts < 2 {
        let reason = "calibration needs two rows of each class, or held-out rows";
        return Err(Error::Incompatible { reason: reason.into() });
    }
    let mut part = vec![0; kinds.len()];
    let mut dealt = 0;
    for (number, kind) in order.chunk_by(|&a, &b| kinds[a] == kinds[b]).enumerate() {
        let mut stream = Stream::new(seed, u64::MAX / 2 - number as u64);
        let mut shuffled = kind.to_vec();
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, stream.below(last + 1));
        }
        for row in shuffled {
            part[row] = dealt % parts;
            dealt += 1;
        }
    }
    let split = |number| (0..kinds.len()).partition(|&row| part[row] != number);
    Ok((0..parts).map(split).collect())
}

/// Whole groups dealt into parts; each kind must be known outside of every part.
fn parts_of_groups(
    kinds: &[u32],
    groups: &[usize],
    parts: usize,
    seed: u64,
) -> Result<Vec<Parted>> {
    let (_, count) = number(groups);
    if count < 2 {
        let (name, value) = ("groups", count as f64);
        return Err(Error::OutOfRange { name, value, allowed: "at least 2" });
    }
    let parts = parts.min(count);
    let all = kinds.iter().collect::<BTreeSet<_>>().len();
    let dealt: Vec<Parted> = group_k_fold(&of_rarest(kinds), groups, parts, seed)?
        .map(|split| (split.train, split.test))
        .collect();
    let known = |rows: &[usize]| rows.iter().map(|&row| kinds[row]).collect::<BTreeSet<_>>().len();
    if dealt.iter().any(|(others, _)| known(others) < all) {
        let reason = "calibration by groups needs rows of each class in several groups, or held-out \
                      rows: all rows of some class would be left out at once";
        return Err(Error::Incompatible { reason: reason.into() });
    }
    Ok(dealt)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups of one to four rows, of kinds 0 to 2: no group is divided, every row is in one part, and
    /// each part leaves all kinds to others.
    #[test]
    fn groups_stay_whole() -> Result<()> {
        let groups: Vec<usize> = (0..120).flat_map(|group| vec![group; 1 + group % 4]).collect();
        let kinds: Vec<u32> = groups.iter().map(|group| (group % 3) as u32).collect();
        let dealt = parts(&kinds, Some(&groups), 5, 7)?;
        assert_eq!(dealt.len(), 5);
        let mut all: Vec<usize> = dealt.iter().flat_map(|(_, part)| part.clone()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..groups.len()).collect::<Vec<_>>());
        let held = split(HoldOut::Random(0.2), &kinds, Some(&groups), 7)?;
        assert!((40..80).contains(&held.1.len()), "a fifth of 300 rows: {}", held.1.len());
        for (others, part) in dealt.into_iter().chain([held]) {
            let of = |rows: &[usize]| rows.iter().map(|&row| groups[row]).collect::<BTreeSet<_>>();
            assert!(of(&others).is_disjoint(&of(&part)));
            assert_eq!(others.len() + part.len(), groups.len());
            assert_eq!(others.iter().map(|&row| kinds[row]).collect::<BTreeSet<_>>().len(), 3);
        }
        // Those at the end are held out whatever they are.
        let (kept, last) = split(HoldOut::Last(0.1), &kinds, Some(&groups), 7)?;
        assert_eq!((kept.len(), last[0]), (270, 270));
        Ok(())
    }
}
