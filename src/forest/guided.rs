//! Guided splits: of some random projections, the cut that leaves both sides most alike within.
//!
//! SCiForest (Liu, Ting & Zhou, "On detecting clustered anomalies using SCiForest", 2010) and the
//! fair-cut forest (Cortes, "Revisiting randomized choices in isolation forests", 2021).

use super::options::Gain;
use super::split::{Proposal, Splitter};
use super::tree::{Rule, Term, Tree};
use super::values::mean;
use crate::rng::Stream;

/// What evaluating a projection needs; kept from node to node.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// Projected values, ascending.
    sorted: Vec<f64>,
    /// `deviation[i]`: standard deviation of `sorted[i..]`.
    deviation: Vec<f64>,
}

/// The best cut of one projection.
struct Candidate {
    gain: f64,
    threshold: f64,
    /// Share of the projection's range on the left.
    position: f64,
    /// Width of the projection's range.
    range: f64,
}

/// Proposes the best cut among the candidates, or `None` where none separates anything.
pub(crate) fn best(
    splitter: &mut Splitter<'_>,
    rows: &[u32],
    varying: usize,
    (gain, columns, candidates): (Gain, usize, usize),
    tree: &mut Tree,
    stream: &mut Stream,
) -> Option<Proposal> {
    let mut winner: Option<(Candidate, Vec<Term>)> = None;
    for _ in 0..candidates {
        splitter.restart(varying);
        let terms = draw_terms(splitter, rows, columns, stream);
        let mut buffers = std::mem::take(&mut splitter.guided);
        buffers.sorted.clear();
        if let [only] = terms.as_slice() {
            let values = splitter.sample.column(only.column as usize);
            buffers.sorted.extend(rows.iter().map(|&row| values[row as usize]));
            buffers.sorted.retain(|value| !value.is_nan());
        } else {
            buffers.sorted.extend(rows.iter().map(|&row| splitter.project(&terms, row)));
        }
        if let Some(found) = best_cut(&mut buffers, gain)
            && winner.as_ref().is_none_or(|(best, _)| found.gain > best.gain)
        {
            winner = Some((found, terms));
        }
        splitter.guided = buffers;
    }
    let (Candidate { threshold, position, range, .. }, terms) = winner?;
    if let [only] = terms.as_slice() {
        let rule = Rule::Axis { column: only.column, threshold };
        return Some(Proposal { rule, left_volume: position, range });
    }
    let (first_term, count) = (tree.terms.len() as u32, terms.len() as u32);
    tree.terms.extend(terms);
    let rule = Rule::Plane { first_term, terms: count, threshold };
    Some(Proposal { rule, left_volume: position, range })
}

/// Columns drawn at random, with normal coefficients over their standard deviations in the node,
/// so that no unit of measurement outweighs another.
fn draw_terms(
    splitter: &mut Splitter<'_>,
    rows: &[u32],
    columns: usize,
    stream: &mut Stream,
) -> Vec<Term> {
    let mut terms = Vec::with_capacity(columns.min(16));
    while terms.len() < columns {
        let Some((column, low, high)) = splitter.pick(rows, stream) else { break };
        let values = splitter.sample.column(column);
        let center = mean(values, rows);
        // Beyond 1e300 a coefficient could overflow the projection.
        let scale = (1.0 / standard_deviation(values, rows, low, high)).min(1e300);
        let coefficient = stream.normal() * scale;
        terms.push(Term { column: column as u32, coefficient, center });
    }
    terms
}

/// Of the known values, on a scale where `low..high` is `-1..1`: squares of huge or tiny values
/// would overflow or vanish.
fn standard_deviation(values: &[f64], rows: &[u32], low: f64, high: f64) -> f64 {
    let (middle, half) = (low / 2.0 + high / 2.0, high / 2.0 - low / 2.0);
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for &row in rows {
        let scaled = (values[row as usize] - middle) / half;
        if !scaled.is_nan() {
            count += 1.0;
            sum += scaled;
            squares += scaled * scaled;
        }
    }
    half * variance(count, sum, squares).sqrt()
}

/// Population variance from running sums; rounding cannot make it negative.
fn variance(count: f64, sum: f64, squares: f64) -> f64 {
    ((squares - sum * sum / count) / count).max(0.0)
}

/// The cut of the sorted projection with the largest gain; ties go to the first.
///
/// O(n log n) for the sort and two passes of running sums.
fn best_cut(buffers: &mut Buffers, gain: Gain) -> Option<Candidate> {
    let Buffers { sorted, deviation } = buffers;
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    let (low, high) = (*sorted.first()?, *sorted.last()?);
    let half = high / 2.0 - low / 2.0;
    // Also false for an overflowed projection, whose NaN or infinite half cannot be searched.
    if !(half > 0.0 && half.is_finite()) {
        return None;
    }
    let middle = low / 2.0 + high / 2.0;
    let scaled = |value: f64| (value - middle) / half;
    deviation.clear();
    deviation.resize(n, 0.0);
    let (mut sum, mut squares) = (0.0, 0.0);
    for index in (0..n).rev() {
        let value = scaled(sorted[index]);
        sum += value;
        squares += value * value;
        deviation[index] = variance((n - index) as f64, sum, squares).sqrt();
    }
    let whole = match gain {
        Gain::AveragedVariance => deviation[0] * deviation[0],
        Gain::Averaged | Gain::Pooled => deviation[0],
    };
    (sum, squares) = (0.0, 0.0);
    let mut best: Option<(f64, usize)> = None;
    for index in 1..n {
        let value = scaled(sorted[index - 1]);
        sum += value;
        squares += value * value;
        if sorted[index - 1] == sorted[index] {
            continue;
        }
        let left = variance(index as f64, sum, squares).sqrt();
        let right = deviation[index];
        let within = match gain {
            Gain::Averaged => f64::midpoint(left, right),
            Gain::AveragedVariance => f64::midpoint(left * left, right * right),
            Gain::Pooled => (index as f64 * left + (n - index) as f64 * right) / n as f64,
        };
        if best.is_none_or(|(least, _)| within < least) {
            best = Some((within, index));
        }
    }
    let (within, index) = best?;
    let (below, above) = (sorted[index - 1], sorted[index]);
    let middle_point = below / 2.0 + above / 2.0;
    // Between neighbouring floats the midpoint rounds to one of them: it must not be the upper.
    let threshold =
        if middle_point >= below && middle_point < above { middle_point } else { below };
    let position = (threshold / 2.0 - low / 2.0) / half;
    Some(Candidate { gain: 1.0 - within / whole, threshold, position, range: 2.0 * half })
}
