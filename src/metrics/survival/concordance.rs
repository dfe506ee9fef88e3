//! Are those who fail first ranked first?

use super::KaplanMeier;
use crate::error::{Error, Result};
use crate::lifetime::Lifetime;
use crate::metrics::intervals::check_numbers;

/// Harrell's index of concordance: of the pairs of lives of which it is known which failed first,
/// the share in which that one has the higher risk.
///
/// From 0 to 1; 0.5 is a random order. A pair is comparable if the earlier time is a failure; at
/// equal times, if one failed and the other did not. Equal risks count half (Harrell et al. 1982,
/// "Evaluating the yield of medical tests", JAMA 247; Harrell, Lee and Mark 1996). With many
/// censored it depends on when they were censored: [`concordance_ipcw`] does less so.
///
/// Higher `risks` should fail earlier: a Cox model's raw score, or minus a predicted time. Takes
/// `O(n log n)` time and `O(n)` memory.
///
/// # Errors
/// [`Error::Empty`] without lifetimes, [`Error::Lifetime`] for one that is impossible or is censored
/// but on the right, [`Error::Length`] unless there is one risk a life, [`Error::NotANumber`] for
/// NaN, [`Error::Incompatible`] if no pair can be compared.
///
/// ```
/// use forewarn::Lifetime::{Alive, Failed};
/// use forewarn::metrics::survival::concordance;
///
/// let lives = [Failed(1.0), Failed(2.0), Alive(3.0)];
/// assert_eq!(concordance(&lives, &[0.9, 0.5, 0.1])?, 1.0);
/// // The pair of the last two is in the wrong order.
/// assert_eq!(concordance(&lives, &[0.9, 0.1, 0.5])?, 2.0 / 3.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn concordance(lifetimes: &[Lifetime], risks: &[f64]) -> Result<f64> {
    share_in_order(lifetimes, risks, |_| Ok(1.0))
}

/// Uno's index of concordance up to the time `until`: [`concordance`], where the pairs of a failure
/// are weighted by the inverse square of the probability that it was not censored before.
///
/// So what it estimates does not depend on the censoring, if that is independent of lives and
/// features (Uno et al. 2011, "On the C-statistics for evaluating overall adequacy of risk prediction
/// procedures with censored survival data", Statistics in Medicine 30). Only failures before `until`
/// count, which bounds the weights; `f64::INFINITY` counts all. `censoring` is the
/// [Kaplan–Meier estimate of the censoring](KaplanMeier::of_censoring), by custom of the training
/// lives. A failure is weighted by the share watched just before it.
///
/// # Errors
/// As [`concordance`], and [`Error::NotANumber`] for an `until` that is NaN,
/// [`Error::Incompatible`] for a failure at which by `censoring` nothing is watched any more.
///
/// ```
/// use forewarn::Lifetime::{Alive, Failed};
/// use forewarn::metrics::survival::{KaplanMeier, concordance_ipcw};
///
/// let lives = [Failed(1.0), Alive(1.5), Failed(2.0), Alive(3.0)];
/// let censoring = KaplanMeier::of_censoring(&lives)?;
/// // The pair of the last two, in the wrong order, counts 1.5² = 2.25 times.
/// let c = concordance_ipcw(&lives, &[0.9, 0.0, 0.1, 0.5], &censoring, f64::INFINITY)?;
/// assert!((c - 3.0 / 5.25).abs() < 1e-12);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn concordance_ipcw(
    lifetimes: &[Lifetime],
    risks: &[f64],
    censoring: &KaplanMeier,
    until: f64,
) -> Result<f64> {
    if until.is_nan() {
        return Err(Error::NotANumber { what: "until", index: 0 });
    }
    share_in_order(lifetimes, risks, |time| {
        if time < until { Ok(censoring.inverse_before(time)?.powi(2)) } else { Ok(0.0) }
    })
}

/// `weight`: what each pair of a failure at a time counts.
fn share_in_order(
    lifetimes: &[Lifetime],
    risks: &[f64],
    weight: impl Fn(f64) -> Result<f64>,
) -> Result<f64> {
    let lives = Lifetime::right_censored(lifetimes)?;
    check_numbers("risks", risks, lives.len())?;
    let mut distinct = risks.to_vec();
    distinct.sort_unstable_by(f64::total_cmp);
    // By value: 0.0 and −0.0 are one risk.
    distinct.dedup();
    let rank = |row: usize| distinct.partition_point(|&risk| risk < risks[row]);

    // From the last time to the first. At one time the censored ones come before the failures, which
    // outlive nobody of their own time but are outlived by those.
    let mut order: Vec<usize> = (0..lives.len()).collect();
    order.sort_unstable_by(|&a, &b| {
        lives[b].0.total_cmp(&lives[a].0).then(lives[a].1.cmp(&lives[b].1))
    });
    let mut outliving = Counts::new(distinct.len());
    let (mut in_order, mut comparable) = (0.0, 0.0);
    for alike in order.chunk_by(|&a, &b| lives[a] == lives[b]) {
        let (time, failed) = lives[alike[0]];
        let weight = if failed { weight(time)? } else { 0.0 };
        if weight > 0.0 {
            for &row in alike {
                let rank = rank(row);
                let (below, up_to) = (outliving.below(rank), outliving.below(rank + 1));
                in_order += weight * 0.5 * (below + up_to) as f64;
                comparable += weight * outliving.total as f64;
            }
        }
        for &row in alike {
            outliving.add(rank(row));
        }
    }
    if comparable > 0.0 {
        return Ok(in_order / comparable);
    }
    let reason = "no pair of lives can be compared: no failure was outlived".to_owned();
    Err(Error::Incompatible { reason })
}

/// How many of each rank there are, with sums in O(log n): a Fenwick tree.
struct Counts {
    /// Entry `i` is the count of the ranks from `i − (i & −i)` to `i − 1`.
    sums: Vec<u64>,
    total: u64,
}

impl Counts {
    fn new(ranks: usize) -> Self {
        Self { sums: vec![0; ranks + 1], total: 0 }
    }

    fn add(&mut self, rank: usize) {
        self.total += 1;
        let mut index = rank + 1;
        while index < self.sums.len() {
            self.sums[index] += 1;
            index += index & index.wrapping_neg();
        }
    }

    /// How many have a rank below this one.
    fn below(&self, rank: usize) -> u64 {
        let (mut index, mut sum) = (rank, 0);
        while index > 0 {
            sum += self.sums[index];
            index &= index - 1;
        }
        sum
    }
}
