//! The exact law of the two-sample statistic: shares of paths across a grid.

/// The share of all orders of `n` and `m` values whose statistic, times `n·m`, is at least `least`.
///
/// An order is a path of steps right and up across a grid, and its statistic how far it goes from the
/// diagonal. Of the paths to a point, a share `i / (i + j)` comes from the left; nothing is subtracted,
/// so that the smallest of probabilities has all its digits (after Schröer & Trenkler, "Exact and
/// randomization distributions of Kolmogorov–Smirnov tests", 1995). O(n·m·D).
pub(super) fn outside(n: u64, m: u64, least: u64) -> f64 {
    if least == 0 {
        return 1.0;
    }
    let (n, m) = (n.max(m), n.min(m));
    // Twice this is about minus the logarithm: beyond what any number holds.
    let statistic = least as f64 / (n as f64 * m as f64);
    if n as f64 * m as f64 / (n + m) as f64 * statistic * statistic > 400.0 {
        return 0.0;
    }
    // Column j is inside where |i·m − j·n| < least.
    let from = |i: u64| (i * m).saturating_sub(least - 1).div_ceil(n);
    let to = |i: u64| ((i * m + least - 1) / n).min(m);
    // Share of paths that have been outside, by column; 1 wherever none is inside.
    let mut shares = vec![1.0; m as usize + 1];
    let first = to(0) as usize;
    shares[..=first].fill(0.0);
    for i in 1..=n {
        let (low, high) = (from(i) as usize, to(i) as usize);
        let mut left = 1.0;
        if low == 0 {
            left = shares[0];
        } else {
            shares[low - 1] = 1.0;
        }
        for (j, share) in shares.iter_mut().enumerate().take(high + 1).skip(low.max(1)) {
            let (up, right) = (j as f64, i as f64);
            left = (right * *share + up * left) / (right + up);
            *share = left;
        }
    }
    shares[m as usize]
}
