//! Growing as the papers write it, by recursion and from random numbers of its own: what a forest
//! must agree with on average.

use crate::oracle::average_path_length;
use crate::rows::Draw;
use forewarn::forest::Gain;

/// How a literal tree splits a node.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Literal {
    /// Liu, Ting & Zhou 2008, algorithm 2.
    Random,
    /// Hariri et al. 2019, algorithm 2, all columns.
    Extended,
    /// Liu, Ting & Zhou 2010 or Cortes 2021: the best cut of the best of some projections.
    Guided { gain: Gain, columns: usize, candidates: usize },
}

/// A tree grown here.
#[derive(Debug)]
pub(crate) enum Grown {
    External { rows: usize },
    Internal { normal: Vec<f64>, threshold: f64, left: Box<Self>, right: Box<Self> },
}

impl Grown {
    pub(crate) fn path_length(&self, x: &[f64], depth: usize) -> f64 {
        match self {
            Self::External { rows } => depth as f64 + average_path_length(*rows),
            Self::Internal { normal, threshold, left, right } => {
                let side = if dot(normal, x) <= *threshold { left } else { right };
                side.path_length(x, depth + 1)
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Grows one tree on distinct rows without ties.
pub(crate) fn grow(
    rows: &[Vec<f64>],
    depth: usize,
    limit: usize,
    how: Literal,
    draw: &mut Draw,
) -> Grown {
    if depth >= limit || rows.len() <= 1 {
        return Grown::External { rows: rows.len() };
    }
    let columns = rows[0].len();
    let ranges: Vec<(f64, f64)> = (0..columns)
        .map(|q| {
            let of_column = || rows.iter().map(|row| row[q]);
            (of_column().fold(f64::INFINITY, f64::min), of_column().fold(f64::MIN, f64::max))
        })
        .collect();
    let (normal, threshold) = match how {
        Literal::Random => {
            let q = draw.below(columns);
            let mut normal = vec![0.0; columns];
            normal[q] = 1.0;
            (normal, ranges[q].0 + draw.unit() * (ranges[q].1 - ranges[q].0))
        }
        Literal::Extended => {
            let normal: Vec<f64> = (0..columns).map(|_| draw.normal()).collect();
            let point: Vec<f64> =
                ranges.iter().map(|(low, high)| low + draw.unit() * (high - low)).collect();
            let threshold = dot(&normal, &point);
            (normal, threshold)
        }
        Literal::Guided { gain, columns, candidates } => (0..candidates)
            .map(|_| guided(rows, gain, columns, draw))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, normal, threshold)| (normal, threshold))
            .expect("at least one candidate"),
    };
    let (left, right): (Vec<_>, Vec<_>) =
        rows.iter().cloned().partition(|row| dot(&normal, row) <= threshold);
    Grown::Internal {
        left: Box::new(grow(&left, depth + 1, limit, how, draw)),
        right: Box::new(grow(&right, depth + 1, limit, how, draw)),
        normal,
        threshold,
    }
}

/// Gain, normal vector and threshold of one candidate.
fn guided(rows: &[Vec<f64>], gain: Gain, take: usize, draw: &mut Draw) -> (f64, Vec<f64>, f64) {
    let columns = rows[0].len();
    let mut normal = vec![0.0; columns];
    let mut untried: Vec<usize> = (0..columns).collect();
    for _ in 0..take {
        let q = untried.swap_remove(draw.below(untried.len()));
        let values: Vec<f64> = rows.iter().map(|row| row[q]).collect();
        normal[q] = draw.normal() / deviation(&values);
    }
    let mut projected: Vec<f64> = rows.iter().map(|row| dot(&normal, row)).collect();
    projected.sort_by(f64::total_cmp);
    let all = deviation(&projected);
    let (gain, threshold) = (1..projected.len())
        .map(|cut| {
            let (left, right) = projected.split_at(cut);
            let (a, b) = (deviation(left), deviation(right));
            let share = cut as f64 / projected.len() as f64;
            let gained = match gain {
                Gain::Averaged => 1.0 - (a + b) / (2.0 * all),
                Gain::AveragedVariance => 1.0 - (a * a + b * b) / (2.0 * all * all),
                Gain::Pooled => 1.0 - (share * a + (1.0 - share) * b) / all,
                _ => panic!("a gain without a literal form"),
            };
            (gained, 0.5 * left[cut - 1] + 0.5 * right[0])
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .expect("at least two rows");
    (gain, normal, threshold)
}

/// Population standard deviation, in two passes.
fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    (squares / values.len() as f64).sqrt()
}
