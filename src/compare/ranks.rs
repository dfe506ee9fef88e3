//! The rank test of Mann and Whitney.

use super::distributions::normal_above;
use super::exact;
use super::sample::{Alternative, sorted};
use crate::error::{Error, Result};

/// Samples of up to this many values are compared by the exact distribution, unless there are ties.
const SMALL: usize = 8;

/// How a p-value is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RankMethod {
    /// Exact where the smaller sample has at most 8 values, no two values are equal and the
    /// arrangements can be counted; asymptotic otherwise. This is `SciPy`'s rule.
    #[default]
    Automatic,
    /// By all arrangements of the values over the samples, ties taken as they are.
    Exact,
    /// By the normal distribution, with the correction for ties and that for continuity.
    Asymptotic,
}

/// Result of [`mann_whitney`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RankTest {
    /// Pairs of a candidate and a baseline value of which the candidate's is greater, with half of
    /// the pairs that are equal.
    pub u: f64,
    /// Probability that a value of the candidate is greater than one of the baseline, ties counted
    /// half: `u` by the number of pairs. 0.5 where nothing differs.
    pub superiority: f64,
    /// Probability of a `u` at least as far out when nothing differs.
    pub p_value: f64,
    /// Whether it is from the exact distribution.
    pub exact: bool,
}

/// Whether the candidate's values tend to be greater or less than the baseline's, whatever their
/// distribution: the test of Mann and Whitney (1947).
///
/// With [`RankMethod::Automatic`]; see [`mann_whitney_by`]. p-values are those of
/// `scipy.stats.mannwhitneyu(candidate, baseline, alternative=…)`. The values of a sample must be
/// independent of each other: of a metric over time they are not, and then
/// [`CanaryParams`](super::CanaryParams) is what to use. Where all values are equal the p-value is 1.
/// O(N log N) for N values in all.
///
/// # Errors
/// [`Error::Empty`] for a sample without values, [`Error::NotANumber`] for NaN,
/// [`Error::OutOfRange`] for values beyond ±1e150.
///
/// ```
/// use forewarn::compare::{Alternative, mann_whitney};
///
/// let baseline = [19.0, 22.0, 16.0, 29.0, 24.0];
/// let candidate = [20.0, 11.0, 17.0, 12.0];
/// let test = mann_whitney(&baseline, &candidate, Alternative::TwoSided)?;
/// assert_eq!((test.u, test.superiority), (3.0, 0.15));
/// assert!((test.p_value - 1.0 / 9.0).abs() < 1e-12);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn mann_whitney(
    baseline: &[f64],
    candidate: &[f64],
    alternative: Alternative,
) -> Result<RankTest> {
    mann_whitney_by(baseline, candidate, alternative, RankMethod::Automatic)
}

/// As [`mann_whitney`], by the method asked for.
///
/// The exact p-value of samples with ties is that of a permutation test on mid-ranks; O(n² N²) for
/// `n` candidate values of N in all, O(n m min(n, m)) without ties.
///
/// # Errors
/// As [`mann_whitney`], and [`Error::OutOfRange`] for an exact test of samples that are too large:
/// with more than 2¹²⁷ arrangements or 2e8 steps, or with ties and more than 1,000 values.
pub fn mann_whitney_by(
    baseline: &[f64],
    candidate: &[f64],
    alternative: Alternative,
    method: RankMethod,
) -> Result<RankTest> {
    let (a, b) = (sorted("baseline", baseline)?, sorted("candidate", candidate)?);
    let ranked = Ranked::new(&a, &b);
    let (n, m) = (b.len(), a.len());
    let distinct = ranked.ties.len() == n + m;
    let exact = match method {
        RankMethod::Automatic => n.min(m) <= SMALL && distinct && exact::countable(n, m),
        RankMethod::Asymptotic => false,
        RankMethod::Exact => {
            if !(if distinct {
                exact::countable(n, m)
            } else {
                exact::tied_countable(&ranked.ties, n)
            }) {
                return Err(Error::OutOfRange {
                    name: "the number of values",
                    value: (n + m) as f64,
                    allowed: "small enough to count all arrangements",
                });
            }
            true
        }
    };
    let pairs = n as f64 * m as f64;
    let (u, other) = (ranked.u, pairs - ranked.u);
    let p_value = if !exact {
        let deviation = ranked.deviation();
        let tail = |u: f64| match u - pairs / 2.0 - 0.5 {
            // Nothing but ties.
            _ if deviation == 0.0 => 1.0,
            above => normal_above(above / deviation),
        };
        alternative.p_value(tail(u), tail(other))
    } else if distinct {
        alternative.p_value(exact::at_least(u, n, m), exact::at_least(other, n, m))
    } else {
        let backwards: Vec<usize> = ranked.ties.iter().rev().copied().collect();
        let greater = exact::at_least_tied(u, &ranked.ties, n);
        alternative.p_value(greater, exact::at_least_tied(other, &backwards, n))
    };
    Ok(RankTest { u, superiority: u / pairs, p_value, exact })
}

/// Two samples ranked together.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    /// Of the second sample.
    pub(super) u: f64,
    /// Sizes of the groups of equal values, ascending.
    pub(super) ties: Vec<usize>,
    sizes: [f64; 2],
}

impl Ranked {
    /// Of ascending values. O(N).
    pub(super) fn new(a: &[f64], b: &[f64]) -> Self {
        let mut ties = Vec::with_capacity(a.len() + b.len());
        let (mut i, mut j, mut u) = (0, 0, 0.0);
        while i < a.len() || j < b.len() {
            let value = match (a.get(i), b.get(j)) {
                (Some(&x), Some(&y)) => x.min(y),
                (Some(&x), None) | (None, Some(&x)) => x,
                (None, None) => break,
            };
            let of_a = a[i..].iter().take_while(|&&x| x == value).count();
            let of_b = b[j..].iter().take_while(|&&x| x == value).count();
            u += of_b as f64 * (i as f64 + of_a as f64 / 2.0);
            i += of_a;
            j += of_b;
            ties.push(of_a + of_b);
        }
        Self { u, ties, sizes: [a.len() as f64, b.len() as f64] }
    }

    /// Standard deviation of U when nothing differs, corrected for ties; 0 where all values are equal.
    pub(super) fn deviation(&self) -> f64 {
        let [n, m] = self.sizes;
        let total = n + m;
        // In floating point: the cube of a few million is beyond whole numbers of 64 bits.
        let cubes: f64 = self.ties.iter().map(|&size| (size as f64).powi(3) - size as f64).sum();
        let share = (total + 1.0) - cubes / (total * (total - 1.0));
        if self.ties.len() == 1 { 0.0 } else { (n * m / 12.0 * share.max(0.0)).sqrt() }
    }
}
