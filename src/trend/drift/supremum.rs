//! The law of the one-sample statistic, which that of two large samples tends to.

use std::f64::consts::PI;

/// The probability that the statistic of `n` values against their own law is at least `x`.
///
/// As Simard & L'Ecuyer ("Computing the two-sided Kolmogorov–Smirnov distribution", Journal of
/// Statistical Software 2011) advise: exact for small samples and in the upper tail, where two
/// one-sided probabilities add up; Pelz and Good's expansion elsewhere.
pub(super) fn tail(n: u64, x: f64) -> f64 {
    let count = n as f64;
    let square = count * x * x;
    if x >= 1.0 || square >= 370.0 {
        0.0
    } else if 2.0 * count * x <= 1.0 {
        1.0
    } else if x >= 0.5 || square >= if n <= 140 { 4.0 } else { 2.2 } {
        2.0 * one_sided(n, x)
    } else if n <= 140 {
        1.0 - matrix(n as usize, x)
    } else {
        1.0 - pelz_good(count, x)
    }
}

/// Smirnov's one-sided probability, exactly: `x·Σ C(n,v)·(x + v/n)^(v−1)·(1 − x − v/n)^(n−v)`.
fn one_sided(n: u64, x: f64) -> f64 {
    let count = n as f64;
    let mut log_choose = 0.0;
    let mut sum = 0.0;
    for v in 0..n {
        let share = v as f64 / count;
        let rest = 1.0 - x - share;
        if rest <= 0.0 {
            break;
        }
        let exponents = (v as f64 - 1.0) * (x + share).ln() + (count - v as f64) * rest.ln();
        sum += (log_choose + exponents).exp();
        log_choose += ((count - v as f64) / (v as f64 + 1.0)).ln();
    }
    x * sum
}

/// The probability of a lesser statistic, exactly, by the power of a matrix of the order of `2·n·x`:
/// Durbin's formula as Marsaglia, Tsang & Wang (2003) have it.
fn matrix(n: usize, x: f64) -> f64 {
    let product = n as f64 * x;
    let k = product as usize + 1;
    let size = 2 * k - 1;
    let h = k as f64 - product;
    let mut base = vec![vec![0.0; size]; size];
    for (i, row) in base.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().enumerate() {
            *cell = f64::from(u8::from(i + 1 >= j));
        }
    }
    for (i, row) in base.iter_mut().enumerate() {
        row[0] -= h.powi(i as i32 + 1);
    }
    for (j, cell) in base[size - 1].iter_mut().enumerate() {
        *cell -= h.powi((size - j) as i32);
    }
    if 2.0 * h > 1.0 {
        base[size - 1][0] += (2.0 * h - 1.0).powi(size as i32);
    }
    for (i, row) in base.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().enumerate().take(i + 1) {
            // Divided by (i − j + 1)!
            *cell /= (1..=i + 1 - j).map(|factor| factor as f64).product::<f64>();
        }
    }
    // n! / nⁿ goes in step by step: every product stays near 1.
    let mut vector = vec![0.0; size];
    vector[k - 1] = 1.0;
    for step in 1..=n {
        let scale = step as f64 / n as f64;
        let times = |column: usize| {
            let sum: f64 = vector.iter().zip(&base).map(|(v, row)| v * row[column]).sum();
            sum * scale
        };
        vector = (0..size).map(times).collect();
    }
    vector[k - 1]
}

/// The probability of a lesser statistic by Pelz & Good (1976): the limit law and three corrections.
/// Each is a sum over the odd numbers `a` of powers of `e^(−a²π²/8z²)`, the last two with one over all
/// whole numbers too.
fn pelz_good(count: f64, x: f64) -> f64 {
    let z = count.sqrt() * x;
    let (z2, p2) = (z * z, PI * PI);
    let (z4, p4) = (z2 * z2, p2 * p2);
    let (z6, p6) = (z4 * z2, p4 * p2);
    if p2 / (8.0 * z2) > 700.0 {
        return 0.0;
    }
    let terms = (16.0 * z / PI).ceil() as u32;
    let mut sums = [0.0; 4];
    for k in (1..=terms).rev() {
        let a = f64::from(2 * k - 1);
        let (a2, a4) = (a * a, a.powi(4));
        let power = (-a2 * p2 / (8.0 * z2)).exp();
        sums[0] += power;
        sums[1] += (-z2 + p2 / 4.0 * a2) * power;
        sums[2] += (6.0 * z6
            + 2.0 * z4
            + (2.0 * z4 - 5.0 * z2) * p2 / 4.0 * a2
            + p4 * (1.0 - 2.0 * z2) / 16.0 * a4)
            * power;
        sums[3] += (-30.0 * z6 - 90.0 * z4 * z4
            + p2 * (135.0 * z4 - 96.0 * z6) / 4.0 * a2
            + p4 * (-60.0 * z2 + 212.0 * z4) / 16.0 * a4
            + p6 * (5.0 - 30.0 * z2) / 64.0 * a2 * a4)
            * power;
    }
    let root = (2.0 * PI).sqrt();
    let mut parts = [
        sums[0] * root / z,
        sums[1] * root / (6.0 * z4),
        sums[2] * root / (72.0 * z6 * z),
        sums[3] * root / (6480.0 * z6 * z4),
    ];
    for k in 1..=terms {
        let k2 = f64::from(k).powi(2);
        let power = (-k2 * p2 / (2.0 * z2)).exp();
        parts[2] -= p2 * root / (36.0 * z2 * z) * k2 * power;
        parts[3] += p2 * root / (216.0 * z6) * (3.0 * z2 - p2 * k2) * k2 * power;
    }
    parts[0] + parts[1] / count.sqrt() + parts[2] / count + parts[3] / count.powf(1.5)
}
