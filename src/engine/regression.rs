//! Logistic regression without negative weights.

/// Newton steps at most; a handful are needed.
const STEPS: usize = 50;

/// `1 / (1 + e^(−x))`.
pub(super) fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// Intercept and slope, at least 0, of the log-odds of a score.
pub(super) fn line(
    scores: &[f64],
    labels: &[bool],
    weight: &[f64],
    per_failure: f64,
) -> (f64, f64) {
    let count = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let spread = (scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / count).sqrt();
    if !(spread > 0.0 && spread.is_finite()) {
        return (regression(&[], 0, labels, weight, &[], 0.0).0, 0.0);
    }
    let scaled: Vec<f64> = scores.iter().map(|score| (score - mean) / spread).collect();
    let (intercept, weights) = regression(&scaled, 1, labels, weight, &[0.0], 0.01 * per_failure);
    let slope = weights[0] / spread;
    (intercept - slope * mean, slope)
}

/// The intercept and the weights, none negative, that minimise
/// `Σ weight · log loss + favour / 2 · Σ (w − towards)²`. `x`: rows × columns.
///
/// Newton's method, each step of which minimises the quadratic approximation over weights of at least 0
/// by going through them in turn.
pub(super) fn regression(
    x: &[f64],
    columns: usize,
    labels: &[bool],
    weight: &[f64],
    towards: &[f64],
    favour: f64,
) -> (f64, Vec<f64>) {
    let positive: f64 =
        labels.iter().zip(weight).filter(|(label, _)| **label).map(|(_, w)| w).sum();
    let count: f64 = weight.iter().sum();
    let size = columns + 1;
    let mut at = vec![0.0; size];
    at[0] = ((positive + 0.5) / (count - positive + 0.5)).ln();
    at[1..].copy_from_slice(towards);
    if columns > 0 && towards.iter().any(|&weight| weight > 0.0) {
        // The members are log-odds themselves.
        at[0] = 0.0;
    }
    let row = |index: usize| &x[index * columns..(index + 1) * columns];
    let score = |at: &[f64], index: usize| {
        at[0] + row(index).iter().zip(&at[1..]).map(|(x, w)| x * w).sum::<f64>()
    };
    let loss = |at: &[f64]| {
        let of = |(index, &label): (usize, &bool)| {
            let signed = if label { -score(at, index) } else { score(at, index) };
            weight[index] * (signed.max(0.0) + (-signed.abs()).exp().ln_1p())
        };
        let penalty: f64 = at[1..].iter().zip(towards).map(|(w, t)| (w - t).powi(2)).sum();
        labels.iter().enumerate().map(of).sum::<f64>() + favour / 2.0 * penalty
    };
    let mut best = loss(&at);
    for _ in 0..STEPS {
        let mut gradient = vec![0.0; size];
        let mut curvature = vec![0.0; size * size];
        for (index, &label) in labels.iter().enumerate() {
            let p = logistic(score(&at, index));
            let slope = weight[index] * (p - f64::from(u8::from(label)));
            let bend = weight[index] * p * (1.0 - p);
            let value = |column: usize| if column == 0 { 1.0 } else { row(index)[column - 1] };
            for a in 0..size {
                gradient[a] += slope * value(a);
                for b in 0..=a {
                    curvature[a * size + b] += bend * value(a) * value(b);
                }
            }
        }
        for a in 0..size {
            for b in 0..a {
                curvature[b * size + a] = curvature[a * size + b];
            }
            if a > 0 {
                gradient[a] += favour * (at[a] - towards[a - 1]);
                curvature[a * size + a] += favour;
            }
            curvature[a * size + a] += 1e-9;
        }
        let step = step(&gradient, &curvature, &at);
        let mut share = 1.0;
        let mut next;
        let mut reached;
        loop {
            next = at.iter().zip(&step).map(|(a, s)| a + share * s).collect::<Vec<f64>>();
            reached = loss(&next);
            if reached <= best || share < 1e-6 {
                break;
            }
            share /= 2.0;
        }
        let gained = best - reached;
        if gained <= 0.0 || !reached.is_finite() {
            break;
        }
        (at, best) = (next, reached);
        if gained < 1e-10 * best.abs() {
            break;
        }
    }
    let weights = at.split_off(1);
    (at[0], weights)
}

/// The step that minimises `g·s + s·H·s / 2` while no weight becomes negative.
fn step(gradient: &[f64], curvature: &[f64], at: &[f64]) -> Vec<f64> {
    let size = at.len();
    let mut step = vec![0.0; size];
    for _ in 0..500 {
        let mut moved = 0.0_f64;
        for a in 0..size {
            let slope: f64 = gradient[a]
                + curvature[a * size..(a + 1) * size]
                    .iter()
                    .zip(&step)
                    .map(|(h, s)| h * s)
                    .sum::<f64>();
            let mut to = step[a] - slope / curvature[a * size + a];
            if a > 0 {
                to = to.max(-at[a]);
            }
            moved = moved.max((to - step[a]).abs());
            step[a] = to;
        }
        if moved < 1e-12 {
            break;
        }
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// Against the stationarity conditions: the gradient is 0 where a weight is above 0, and not
    /// negative where it is 0.
    #[test]
    fn the_regression_is_at_its_minimum() {
        let mut stream = Stream::new(4, 0);
        let (mut x, mut fails) = (Vec::new(), Vec::new());
        for _ in 0..1_000 {
            let truth = stream.normal();
            fails.push(stream.unit() < logistic(3.0 * truth - 3.0));
            let [good, fair] = [0.6, 0.3].map(|know| know * truth + (1.0 - know) * stream.normal());
            x.extend([good, fair, -good]);
        }
        let weight = vec![1.0; fails.len()];
        let towards = [1.0, 0.0, 0.0];
        let (intercept, weights) = regression(&x, 3, &fails, &weight, &towards, 5.0);
        let mut gradient = [0.0; 4];
        for (row, &fails) in x.chunks(3).zip(&fails) {
            let score: f64 = intercept + row.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>();
            let slope = logistic(score) - f64::from(u8::from(fails));
            gradient[0] += slope;
            (0..3).for_each(|column| gradient[column + 1] += slope * row[column]);
        }
        assert!(gradient[0].abs() < 1e-3, "{gradient:?}");
        for column in 0..3 {
            let slope = gradient[column + 1] + 5.0 * (weights[column] - towards[column]);
            let at_bound = weights[column] < 1e-9;
            assert!(if at_bound { slope > -1e-3 } else { slope.abs() < 1e-3 }, "{column}: {slope}");
        }
        assert_eq!(weights[2], 0.0);
    }
}
