//! By how much a candidate lies above its baseline: the estimate of Hodges and Lehmann.

use super::distributions::normal_quantile_above;
use super::exact;
use super::ranks::Ranked;
use super::sample::{check_share, sorted};
use crate::error::Result;

/// Samples of up to this many values have exact intervals, unless there are ties.
const SMALL: usize = 8;

/// Result of [`shift`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Shift {
    /// By how much the candidate lies above the baseline, in the unit of the values.
    pub estimate: f64,
    /// Lower end of its interval, −∞ where the samples are too small for one.
    pub low: f64,
    /// Upper end of its interval, ∞ where the samples are too small for one.
    pub high: f64,
}

/// By how much the candidate lies above the baseline, with an interval that holds it `confidence`
/// of the time.
///
/// The estimate is the median of all differences of a candidate and a baseline value (Hodges and
/// Lehmann 1963): 95 % as precise as the difference of means where values are normal, and unmoved by
/// outliers. The interval lies between two of those differences (Moses 1953), so that it excludes 0
/// just where [`mann_whitney`](super::mann_whitney) rejects; exact for small samples without ties,
/// otherwise by the normal distribution with the correction for ties.
///
/// The differences are never written down: O(n log n), and 64 passes over the sorted samples for each
/// of the four numbers at most.
///
/// # Errors
/// As [`mann_whitney`](super::mann_whitney), and
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for a confidence outside (0, 1).
///
/// ```
/// use forewarn::compare::shift;
///
/// let baseline = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let candidate = [5.5, 6.5, 4.5, 7.5, 9.5, 1e9];
/// let shift = shift(&baseline, &candidate, 0.9)?;
/// assert_eq!((shift.low, shift.estimate, shift.high), (1.5, 3.5, 7.5));
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn shift(baseline: &[f64], candidate: &[f64], confidence: f64) -> Result<Shift> {
    check_share("confidence", confidence)?;
    let (a, b) = (sorted("baseline", baseline)?, sorted("candidate", candidate)?);
    let (n, m) = (a.len(), b.len());
    let ranked = Ranked::new(&a, &b);
    let tail = (1.0 - confidence) / 2.0;
    let rank = if n.min(m) <= SMALL && ranked.ties.len() == n + m && exact::countable(n, m) {
        exact::lower_quantile(tail, n, m)
    } else {
        asymptotic_rank(n as f64 * m as f64, ranked.deviation(), tail)
    };
    let differences = Differences { a: &a, b: &b };
    Ok(differences.shift(rank))
}

/// The lowest rank of the differences that the interval reaches down to; 0 if it has no end.
fn asymptotic_rank(pairs: f64, deviation: f64, tail: f64) -> usize {
    (pairs / 2.0 - normal_quantile_above(tail) * deviation + 0.5).floor().max(0.0) as usize
}

/// Estimate and interval of sorted samples when the deviation of U is not that of independent values.
pub(super) fn shift_by_deviation(a: &[f64], b: &[f64], reach: f64) -> Shift {
    let pairs = a.len() as f64 * b.len() as f64;
    let rank = (pairs / 2.0 - reach + 0.5).floor().clamp(0.0, (pairs / 2.0).ceil());
    Differences { a, b }.shift(rank as usize)
}

/// All differences of a value of `b` and one of `a`, both ascending.
struct Differences<'a> {
    a: &'a [f64],
    b: &'a [f64],
}

impl Differences<'_> {
    /// The median, and the differences of this rank from either end.
    fn shift(&self, rank: usize) -> Shift {
        let pairs = self.a.len() * self.b.len();
        let upper = self.ranked(pairs / 2 + 1);
        let lower = if pairs % 2 == 1 { upper } else { self.ranked(pairs / 2) };
        let estimate = f64::midpoint(lower, upper);
        if rank == 0 {
            return Shift { estimate, low: f64::NEG_INFINITY, high: f64::INFINITY };
        }
        let rank = rank.min(pairs.div_ceil(2));
        Shift { estimate, low: self.ranked(rank), high: self.ranked(pairs + 1 - rank) }
    }

    /// The difference of this rank, from 1: the smallest number that as many are not above. Found by
    /// halving the range of numbers, of which there are 2⁶⁴.
    fn ranked(&self, rank: usize) -> f64 {
        let (first, last) =
            (self.b[0] - self.a[self.a.len() - 1], self.b[self.b.len() - 1] - self.a[0]);
        let (mut low, mut high) = (ordered(first), ordered(last));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.not_above(number(middle)) >= rank { high = middle } else { low = middle + 1 }
        }
        number(low)
    }

    /// How many differences are not above a number. Rounding keeps the order of differences, so that
    /// one pass along both samples counts them. O(n + m).
    fn not_above(&self, limit: f64) -> usize {
        let mut within = 0;
        let mut count = 0;
        for a in self.a {
            within += self.b[within..].iter().take_while(|&b| b - a <= limit).count();
            count += within;
        }
        count
    }
}

/// Maps numbers to whole ones in the same order.
fn ordered(value: f64) -> u64 {
    // −0 and 0 are one number.
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The inverse of [`ordered`].
fn number(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered })
}
