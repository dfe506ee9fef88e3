//! Hazards by period: how likely a failure is in each stretch of time, for those that reach it.

use super::{Derivatives, Loss};
use crate::boost::ensemble::Link;
use crate::boost::objective::Repeated;
use crate::error::{Error, Result};
use crate::lifetime::Lifetime;

/// Learns the hazard in each of several periods of life, which need not be proportional between rows:
/// one machine may fail early or not at all, another wear out.
///
/// Every life becomes one row a period that it reached (Friedman 1982, "Piecewise exponential models
/// for survival data with covariates"; with trees, Schmid et al. 2020), with the number of the period
/// as an additional, last column, on which trees split as on any other. The score is the
/// logarithm of the hazard, failures per unit of time, which is constant within a period. The loss is
/// minus the logarithm of the likelihood, without any rounding of times to periods:
/// a life adds `Σ u e^s` over the periods it survived, `u` long within each, minus `s` of the last if it
/// failed there, or minus `ln(1 − exp(−Σ u e^s))` over the time within which it failed.
///
/// Lifetimes of all kinds; at least one must have ended. Training takes memory and time for as many
/// rows as there are periods reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Hazard {
    /// Periods that the time is cut into, from 1 to 255, so that each has as many failures;
    /// fewer if there are fewer times of failure. Default 16.
    pub periods: usize,
}

impl Default for Hazard {
    fn default() -> Self {
        Self { periods: 16 }
    }
}

impl Hazard {
    /// Sets the number of periods.
    #[must_use]
    pub fn periods(mut self, periods: usize) -> Self {
        self.periods = periods;
        self
    }

    /// Where one period ends and the next begins, ascending: quantiles of when lives ended. The first
    /// period begins at 0, the last has no end.
    pub(crate) fn cuts(self, lifetimes: &[Lifetime]) -> Result<Vec<f64>> {
        if !(1..=255).contains(&self.periods) {
            let (value, allowed) = (self.periods as f64, "from 1 to 255");
            return Err(Error::OutOfRange { name: "periods", value, allowed });
        }
        Lifetime::check_all(lifetimes)?;
        let mut ends: Vec<f64> = lifetimes
            .iter()
            .filter_map(|lifetime| match *lifetime {
                Lifetime::Alive(_) => None,
                Lifetime::Failed(time) | Lifetime::FailedBy(time) => Some(time),
                Lifetime::Between(from, to) => Some(f64::midpoint(from, to)),
            })
            .collect();
        if ends.is_empty() {
            let reason = "no life ended in failure: there is no hazard to learn".to_owned();
            return Err(Error::Incompatible { reason });
        }
        ends.sort_unstable_by(f64::total_cmp);
        let last = ends[ends.len() - 1];
        let mut cuts: Vec<f64> = (1..self.periods)
            .map(|period| ends[(period * ends.len()).div_ceil(self.periods) - 1])
            // With the last failure as a cut, the period after it would have none.
            .filter(|&cut| cut < last)
            .collect();
        cuts.dedup();
        Ok(cuts)
    }
}

/// The period, from 0, whose hazard rules at `time` and shortly before.
pub(crate) fn period_at(cuts: &[f64], time: f64) -> usize {
    cuts.partition_point(|&cut| cut < time)
}

/// Lives cut into the periods that they reached.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Periods {
    pieces: Vec<Piece>,
    /// For every life, what becomes of it, and the end of its pieces.
    lives: Vec<(Fate, usize)>,
}

/// A stretch of a life within one period: a row that is trained on.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    /// The row of the life.
    row: u32,
    period: u32,
    length: f64,
}

/// How a life is known to have ended.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// It survived all its pieces.
    Alive,
    /// It failed at the end of the last piece.
    Failed,
    /// It survived its pieces up to this one, and failed in it or one of those after it.
    Within(usize),
}

impl Periods {
    /// Cuts checked lifetimes.
    pub(crate) fn new(cuts: &[f64], lifetimes: &[Lifetime]) -> Self {
        let mut all = Self::default();
        for (row, &lifetime) in lifetimes.iter().enumerate() {
            let fate = match lifetime {
                Lifetime::Alive(time) => {
                    all.cut(cuts, row, 0.0, time);
                    Fate::Alive
                }
                Lifetime::Between(from, to) if from < to => {
                    all.cut(cuts, row, 0.0, from);
                    let first = all.pieces.len();
                    all.cut(cuts, row, from, to);
                    Fate::Within(first)
                }
                Lifetime::Failed(time) | Lifetime::Between(_, time) => {
                    all.cut(cuts, row, 0.0, time);
                    Fate::Failed
                }
                Lifetime::FailedBy(time) => {
                    let first = all.pieces.len();
                    all.cut(cuts, row, 0.0, time);
                    Fate::Within(first)
                }
            };
            all.lives.push((fate, all.pieces.len()));
        }
        all
    }

    /// Adds the pieces of one life from a time to a later one.
    fn cut(&mut self, cuts: &[f64], row: usize, from: f64, to: f64) {
        // What begins at a cut is in the period after it.
        let first = cuts.partition_point(|&cut| cut <= from);
        let last = period_at(cuts, to);
        for period in first..=last {
            let begin = if period == first { from } else { cuts[period - 1] };
            let end = if period == last { to } else { cuts[period] };
            self.pieces.push(Piece { row: row as u32, period: period as u32, length: end - begin });
        }
    }

    /// The lives' rows and, as the last column, the numbers of the periods.
    pub(crate) fn rows(&self) -> Repeated {
        Repeated {
            rows: self.pieces.iter().map(|piece| piece.row as usize).collect(),
            last: self.pieces.iter().map(|piece| f64::from(piece.period)).collect(),
        }
    }
}

/// The likelihood of some lives with a hazard by period; its rows are the pieces.
#[derive(Debug)]
pub(crate) struct HazardLoss<'a> {
    periods: Periods,
    weight: Option<&'a [f64]>,
    total: f64,
}

impl<'a> HazardLoss<'a> {
    /// `weight`: one a life.
    pub(crate) fn new(periods: Periods, weight: Option<&'a [f64]>) -> Self {
        let total = (0..periods.lives.len()).map(|row| weight.map_or(1.0, |w| w[row])).sum();
        Self { periods, weight, total }
    }

    /// Calls `f` with the weight of each life that weighs something, its fate, and the places of its
    /// pieces.
    fn each_life(&self, mut f: impl FnMut(f64, Fate, std::ops::Range<usize>)) {
        let mut first = 0;
        for (row, &(fate, end)) in self.periods.lives.iter().enumerate() {
            let weight = self.weight.map_or(1.0, |weight| weight[row]);
            if weight > 0.0 {
                f(weight, fate, first..end);
            }
            first = end;
        }
    }

    /// What a piece adds to the cumulative hazard: `u e^s`. It stops growing at e¹⁵, so that no piece
    /// outweighs all others in single precision.
    fn exposure(&self, piece: usize, scores: &[f64]) -> f64 {
        (scores[piece] + self.periods.pieces[piece].length.ln()).min(15.0).exp()
    }
}

impl Loss for HazardLoss<'_> {
    fn rows(&self) -> usize {
        self.periods.pieces.len()
    }

    /// Failures per unit of time, of lives whose end is known; with others, what the rule
    /// "expected failures over expected time" settles at.
    fn start(&self) -> Vec<f64> {
        let (mut time, mut failures) = (0.0, 0.0);
        self.each_life(|weight, fate, pieces| {
            let length: f64 = pieces.map(|piece| self.periods.pieces[piece].length).sum();
            time += weight * length;
            failures += if fate == Fate::Alive { 0.0 } else { weight };
        });
        let mut score = (failures / time).ln();
        let mut scores = vec![0.0; self.rows()];
        let mut derivatives = vec![[0.0; 2]; self.rows()];
        for _ in 0..100 {
            scores.fill(score);
            self.derivatives(&scores, &mut derivatives);
            let [first, second] = derivatives.iter().fold([0.0, 0.0], |sum, add| {
                [sum[0] + f64::from(add[0]), sum[1] + f64::from(add[1])]
            });
            // Second derivatives are upper bounds: each step goes down, and none too far.
            let step = -first / second;
            score += step;
            if step.abs() < 1e-6 {
                break;
            }
        }
        vec![score]
    }

    /// With `a = u e^s`: a survived piece has both derivatives `a`, the end in a failure adds −1 to the
    /// first. Among pieces in which a life failed at an unknown time, `A = Σ a`, the first is
    /// `−a / (e^A − 1)`; the second is not always positive, and replaced by the expected hazard lived
    /// through given what is known, which bounds it (as every step of the EM algorithm does).
    fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]) {
        derivatives.fill([0.0; 2]);
        self.each_life(|weight, fate, pieces| {
            let unknown = if let Fate::Within(first) = fate { first } else { pieces.end };
            for (piece, to) in (pieces.start..).zip(&mut derivatives[pieces.start..unknown]) {
                let a = (weight * self.exposure(piece, scores)) as f32;
                *to = [a, a];
            }
            if fate == Fate::Failed {
                derivatives[pieces.end - 1][0] -= weight as f32;
            }
            let whole: f64 = (unknown..pieces.end).map(|piece| self.exposure(piece, scores)).sum();
            // Survived up to a piece, less survived all of them: from 1 − e^(−A) down.
            let mut left = -(-whole).exp_m1();
            let fails = left;
            let none = (-whole).exp();
            for (piece, to) in (unknown..).zip(&mut derivatives[unknown..pieces.end]) {
                let a = self.exposure(piece, scores);
                let first = -a * (none / fails);
                // (S_before − S_after − a S_end) / (1 − S_end), which is near a²/2 for small hazards.
                let in_piece = (left + none) * -(-a).exp_m1();
                let second = ((in_piece - a * none) / fails).max(0.0);
                left -= in_piece;
                *to = [(weight * first) as f32, (weight * second) as f32];
            }
        });
    }

    fn value(&self, scores: &[f64]) -> f64 {
        let mut loss = 0.0;
        self.each_life(|weight, fate, pieces| {
            let unknown = if let Fate::Within(first) = fate { first } else { pieces.end };
            let sum = |pieces: std::ops::Range<usize>| -> f64 {
                pieces.map(|piece| self.exposure(piece, scores)).sum()
            };
            let mut life = sum(pieces.start..unknown);
            match fate {
                Fate::Alive => {}
                Fate::Failed => life -= scores[pieces.end - 1],
                Fate::Within(_) => life -= (-(-sum(unknown..pieces.end)).exp_m1()).ln(),
            }
            loss += weight * life;
        });
        loss / self.total
    }

    fn link(&self) -> Link {
        Link::Exponential
    }
}
