//! The exact distribution of Mann and Whitney's U when nothing differs.

/// Additions after which an exact distribution is not worth its time.
const MOST_STEPS: f64 = 2e8;

/// Whether the arrangements of samples without ties can be counted in 127 bits, and quickly.
pub(super) fn countable(n: usize, m: usize) -> bool {
    let (small, large) = (n.min(m) as f64, n.max(m) as f64);
    if small * small * large > MOST_STEPS {
        return false;
    }
    let bits = (1..=n.min(m)).map(|i| ((large + i as f64) / i as f64).log2()).sum::<f64>();
    bits < 126.9
}

/// Probability that U is `u` or more, of [`countable`] samples without ties; `u` is whole.
/// O(n m min(n, m)).
///
/// The numbers of arrangements are the coefficients of Gauss's binomial
/// ∏ (1 − q^(m + i)) / (1 − qⁱ) over i = 1…n. Its factors are applied in whole numbers modulo 2¹²⁸,
/// where no step loses a digit; the results themselves are below 2¹²⁷.
pub(super) fn at_least(u: f64, n: usize, m: usize) -> f64 {
    let largest = n as f64 * m as f64;
    // By symmetry; the shorter tail is the one that is added up.
    let mirrored = largest - u;
    if mirrored <= largest / 2.0 { at_most(mirrored, n, m) } else { 1.0 - at_most(u - 1.0, n, m) }
}

/// Probability that U is `u` or less.
fn at_most(u: f64, n: usize, m: usize) -> f64 {
    if u < 0.0 {
        return 0.0;
    }
    let tail: u128 = counts(u as usize, n.min(m), n.max(m)).iter().sum();
    tail as f64 / arrangements(n.min(m), n.max(m)) as f64
}

/// The largest U, plus one, that samples without ties stay below with at most this probability.
pub(super) fn lower_quantile(probability: f64, n: usize, m: usize) -> usize {
    let all = arrangements(n.min(m), n.max(m)) as f64;
    let mut tail = 0.0;
    counts(n * m / 2, n.min(m), n.max(m))
        .into_iter()
        .take_while(|&count| {
            tail += count as f64 / all;
            tail <= probability
        })
        .count()
}

/// The numbers of arrangements with U = 0, 1, …, `last`.
fn counts(last: usize, n: usize, m: usize) -> Vec<u128> {
    let mut counts = vec![0_u128; last + 1];
    counts[0] = 1;
    for i in 1..=n {
        for u in (m + i..=last).rev() {
            counts[u] = counts[u].wrapping_sub(counts[u - m - i]);
        }
        for u in i..=last {
            counts[u] = counts[u].wrapping_add(counts[u - i]);
        }
    }
    counts
}

/// Number of ways to choose `n` of `n + m`.
fn arrangements(n: usize, m: usize) -> u128 {
    (1..=n as u128).fold(1, |ways, i| {
        // What remains of i divides the factor, as it divides the product and nothing of `ways`.
        let common = divisor(ways, i);
        ways / common * ((m as u128 + i) / (i / common))
    })
}

fn divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// Whether the distribution given these ties takes no more than [`MOST_STEPS`].
pub(super) fn tied_countable(ties: &[usize], n: usize) -> bool {
    let total: usize = ties.iter().sum();
    // Binomials of a larger total leave the range of `f64`.
    total <= 1_000 && 2.0 * (n * n) as f64 * (total * total) as f64 <= MOST_STEPS
}

/// Probability that U is `u` or more given which values are tied: `ties` are the sizes of the groups
/// of equal values in ascending order, `n` values are of the sample that U is of.
///
/// Counts, group by group, the ways to choose the sample by the sum of their mid-ranks; O(n² N²) for
/// N values in all. Only sums and products of positive numbers, so that small tails keep their digits.
pub(super) fn at_least_tied(u: f64, ties: &[usize], n: usize) -> f64 {
    let total: usize = ties.iter().sum();
    let largest_sum = n * (2 * total - n + 1);
    // ways[k][s]: k chosen, twice their mid-ranks add up to s.
    let mut ways = vec![vec![0.0_f64; largest_sum + 1]; n + 1];
    ways[0][0] = 1.0;
    let (mut before, mut reached) = (0, 0);
    for &size in ties {
        let rank = 2 * before + size + 1;
        before += size;
        for k in (1..=n.min(before)).rev() {
            let (lower, upper) = ways.split_at_mut(k);
            let mut choices = 1.0;
            for chosen in 1..=size.min(k) {
                choices *= (size - chosen + 1) as f64 / chosen as f64;
                let (from, shift) = (&lower[k - chosen], chosen * rank);
                for s in 0..=reached.min(largest_sum.saturating_sub(shift)) {
                    if s + shift <= largest_sum {
                        upper[0][s + shift] += choices * from[s];
                    }
                }
            }
        }
        reached = (reached + size.min(n) * rank).min(largest_sum);
    }
    let all: f64 = ways[n].iter().sum();
    // U = rank sum − n (n + 1) / 2.
    let from = (2.0 * u) as usize + n * (n + 1);
    ways[n].iter().skip(from).sum::<f64>() / all
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// U of every choice of `n` of the mid-ranks.
    fn every_u(ranks: &[f64], n: usize) -> Vec<f64> {
        let total = ranks.len();
        (0_u32..1 << total)
            .filter(|chosen| chosen.count_ones() as usize == n)
            .map(|chosen| {
                let sum: f64 = (0..total).filter(|i| chosen >> i & 1 == 1).map(|i| ranks[i]).sum();
                sum - (n * (n + 1)) as f64 / 2.0
            })
            .collect()
    }

    fn share_at_least(all: &[f64], u: f64) -> f64 {
        all.iter().filter(|&&other| other >= u).count() as f64 / all.len() as f64
    }

    #[test]
    fn tails_are_those_of_all_arrangements() {
        for (n, m) in [(1, 1), (1, 6), (2, 5), (5, 2), (4, 4), (3, 8), (8, 5)] {
            let ranks: Vec<f64> = (1..=n + m).map(|rank| rank as f64).collect();
            let all = every_u(&ranks, n);
            for u in 0..=n * m {
                let expected = share_at_least(&all, u as f64);
                assert_relative_eq!(at_least(u as f64, n, m), expected, max_relative = 1e-12);
                let below = 1.0 - share_at_least(&all, u as f64);
                if u <= n * m / 2 && below < 0.5 {
                    assert!(lower_quantile(below + 1e-9, n, m) >= u, "{n} {m} {u}");
                }
            }
        }
    }

    #[test]
    fn tails_given_ties_are_those_of_all_arrangements() {
        for ties in [vec![1, 1, 1, 1], vec![2, 1, 3], vec![4, 4, 1], vec![7], vec![1, 2, 3, 4]] {
            let mut before = 0;
            let ranks: Vec<f64> = ties
                .iter()
                .flat_map(|&size| {
                    let rank = before as f64 + (size + 1) as f64 / 2.0;
                    before += size;
                    vec![rank; size]
                })
                .collect();
            for n in 1..before {
                let all = every_u(&ranks, n);
                for &u in &all {
                    let expected = share_at_least(&all, u);
                    assert_relative_eq!(at_least_tied(u, &ties, n), expected, max_relative = 1e-12);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_counted_is_known_before() {
        assert!(countable(8, 100_000) && countable(60, 60) && countable(1, 100_000_000));
        assert!(!countable(70, 70) && !countable(8, usize::MAX) && !countable(1_000, 1_000));
        assert!(tied_countable(&[10; 4], 20) && !tied_countable(&[500, 501], 8));
    }
}
