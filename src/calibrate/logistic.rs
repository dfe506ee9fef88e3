//! Logistic regression on one or two columns: what Platt scaling and beta calibration share.

use super::off_certainty;

/// `1 / (1 + exp(−z))`.
pub(super) fn logistic(z: f64) -> f64 {
    // Of a negative number only: its exponential does not overflow, and a small p keeps its digits.
    let e = (-z.abs()).exp();
    if z >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// Log odds of a probability, held off certainty so that they are finite: `ln(p / (1 − p))`.
pub(super) fn log_odds(p: f64) -> f64 {
    let p = off_certainty(p);
    p.ln() - (-p).ln_1p()
}

/// `ln(1 + exp(z))` without overflow.
pub(super) fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// A row: columns, target from 0 to 1, weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<const N: usize> {
    pub(super) x: [f64; N],
    pub(super) target: f64,
    pub(super) weight: f64,
}

/// Coefficients and intercept, and the mean loss that they leave.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fit<const N: usize> {
    pub(super) coefficients: [f64; N],
    pub(super) intercept: f64,
    pub(super) loss: f64,
}

/// Platt's targets (1999) for a weight of `positive` and `negative` rows: what a uniform prior makes
/// of the labels, `(N₊ + 1)/(N₊ + 2)` and `1/(N₋ + 2)`. Were they 1 and 0, rows that a score
/// separates would make its coefficient infinite.
pub(super) fn targets(positive: f64, negative: f64) -> [f64; 2] {
    [1.0 / (negative + 2.0), (positive + 1.0) / (positive + 2.0)]
}

/// The mean over the rows of `ln(1 + eᶻ) − target · z`, `z` being the linear form.
fn mean_loss<const N: usize>(rows: &[Row<N>], total: f64, beta: [f64; N], intercept: f64) -> f64 {
    let sum: f64 = rows
        .iter()
        .map(|row| {
            let z = form(row, beta, intercept);
            row.weight * (softplus(z) - row.target * z)
        })
        .sum();
    sum / total
}

fn form<const N: usize>(row: &Row<N>, beta: [f64; N], intercept: f64) -> f64 {
    row.x.iter().zip(beta).fold(intercept, |sum, (x, beta)| sum + x * beta)
}

/// Fits by Newton's method with backtracking, as Lin, Lin & Weng, "A note on Platt's probabilistic
/// outputs for support vector machines", Machine Learning 68 (2007), do for one column: the loss falls
/// at every step, and a ridge of 1e-12 keeps the system solvable where columns do not vary. Columns
/// are standardised first, so that their units change nothing.
///
/// Targets strictly between 0 and 1 and a positive total weight are the caller's promise: then the
/// minimum is finite.
pub(super) fn fit<const N: usize>(rows: &[Row<N>]) -> Fit<N> {
    let total: f64 = rows.iter().map(|row| row.weight).sum();
    let mean = |value: &dyn Fn(&Row<N>) -> f64| {
        rows.iter().map(|row| row.weight / total * value(row)).sum::<f64>()
    };
    let centre: [f64; N] = std::array::from_fn(|k| mean(&|row| row.x[k]));
    let unit: [f64; N] = std::array::from_fn(|k| {
        // The largest distance first: squares of what is huge overflow, of what is tiny vanish.
        let far = rows.iter().map(|row| (row.x[k] - centre[k]).abs()).fold(0.0, f64::max);
        if far < 1e-100 {
            return 1.0; // Does not vary, for all that can be computed.
        }
        far * mean(&|row| ((row.x[k] - centre[k]) / far).powi(2)).sqrt()
    });
    let scaled: Vec<Row<N>> = rows
        .iter()
        .map(|row| Row { x: std::array::from_fn(|k| (row.x[k] - centre[k]) / unit[k]), ..*row })
        .collect();

    let target = mean(&|row| row.target);
    let (mut beta, mut intercept) = ([0.0; N], log_odds(target));
    let mut loss = mean_loss(&scaled, total, beta, intercept);
    // Where steps lower the loss by less than can be seen in it, the gradient tells whether they lead
    // nearer: its size with the place that it belongs to.
    let mut nearest: Option<(f64, [f64; N], f64)> = None;
    for _ in 0..100 {
        let (gradient, hessian) = derivatives(&scaled, total, beta, intercept);
        let size = gradient.iter().fold(0.0, |size: f64, g| size.max(g.abs()));
        let step = solve(hessian, gradient);
        let downhill: f64 = gradient.iter().zip(step).map(|(g, s)| g * s).sum();
        let moved = |share: f64| {
            let beta: [f64; N] = std::array::from_fn(|k| beta[k] - share * step[k]);
            (beta, intercept - share * step[LAST])
        };
        if downhill < 1e-9 {
            if let Some((least, ..)) = nearest
                && size >= least
            {
                break;
            }
            nearest = Some((size, beta, intercept));
            (beta, intercept) = moved(1.0);
            continue;
        }
        let tried = (0..40).map(|halvings| 0.5_f64.powi(halvings)).find_map(|share| {
            let (beta, intercept) = moved(share);
            let found = mean_loss(&scaled, total, beta, intercept);
            (found < loss - 1e-4 * share * downhill).then_some((beta, intercept, found))
        });
        let Some(better) = tried else { break };
        (beta, intercept, loss) = better;
    }
    if let Some(place) = nearest {
        (_, beta, intercept) = place;
        loss = mean_loss(&scaled, total, beta, intercept);
    }
    let coefficients: [f64; N] = std::array::from_fn(|k| beta[k] / unit[k]);
    let shift: f64 = coefficients.iter().zip(centre).map(|(beta, centre)| beta * centre).sum();
    Fit { coefficients, intercept: intercept - shift, loss }
}

/// Columns come first, the intercept last; with one column, the middle is not used.
const LAST: usize = 2;

/// First and second derivatives of the mean loss.
fn derivatives<const N: usize>(
    rows: &[Row<N>],
    total: f64,
    beta: [f64; N],
    intercept: f64,
) -> ([f64; 3], [[f64; 3]; 3]) {
    let (mut gradient, mut hessian) = ([0.0; 3], [[0.0; 3]; 3]);
    for row in rows {
        let p = logistic(form(row, beta, intercept));
        let (slope, bend) =
            (row.weight / total * (p - row.target), row.weight / total * p * (1.0 - p));
        let mut x = [0.0, 0.0, 1.0];
        x[..N].copy_from_slice(&row.x);
        for i in 0..3 {
            gradient[i] += slope * x[i];
            for j in 0..=i {
                hessian[i][j] += bend * x[i] * x[j];
            }
        }
    }
    (0..3).for_each(|i| hessian[i][i] += 1e-12);
    (gradient, hessian)
}

/// Solves `matrix · x = right` by Cholesky's method; of the symmetric positive definite matrix only
/// the lower triangle is read.
fn solve(mut matrix: [[f64; 3]; 3], right: [f64; 3]) -> [f64; 3] {
    for i in 0..3 {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - known;
            // Rounding may eat up a column that is almost a multiple of another: the ridge is left.
            matrix[i][j] = if i == j { rest.max(1e-12).sqrt() } else { rest / matrix[j][j] };
        }
    }
    let mut x = right;
    for i in 0..3 {
        let known: f64 = (0..i).map(|k| matrix[i][k] * x[k]).sum();
        x[i] = (x[i] - known) / matrix[i][i];
    }
    for i in (0..3).rev() {
        let known: f64 = (i + 1..3).map(|k| matrix[k][i] * x[k]).sum();
        x[i] = (x[i] - known) / matrix[i][i];
    }
    x
}
