//! Cox's partial likelihood: who fails first among those still alive.

use super::{Derivatives, Loss};
use crate::boost::ensemble::Link;
use crate::error::{Error, Result};
use crate::lifetime::Lifetime;

/// Learns the logarithm of the relative hazard: how many times likelier a row is to fail at any
/// moment than another that is still alive then (Cox 1972, "Regression models and life-tables").
///
/// The loss is the negative logarithm of the partial likelihood,
/// `Σ over failures i of w_i (ln Σ_{j alive at t_i} w_j e^{s_j} − s_i)`, over the sum of the weights.
///
/// **Ties** are treated as Efron does (1977, "The efficiency of Cox's likelihood function for
/// censored data", JASA 72), not as Breslow does: failures come by the day or the cycle, many at one
/// time, and Breslow's simpler sum, in which each of them is still alive when the others fail, then
/// draws all scores towards each other. Without ties both are the same. Weights go into it as in R's
/// `survival::coxph`.
///
/// Lifetimes must be exact or censored on the right, with at least one failure. A row censored at the
/// time of a failure was alive at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Cox {}

/// The partial likelihood of some lives. Made with one sort; O(n) a call.
#[derive(Debug)]
pub(crate) struct CoxLoss<'a> {
    rows: usize,
    weight: Option<&'a [f64]>,
    total: f64,
    /// Rows that weigh something, by time, from the first failure on: those censored before it are
    /// compared with nobody.
    order: Vec<u32>,
    moments: Vec<Moment>,
}

/// A time at which something fails, and those who leave from then until the next such time.
#[derive(Debug)]
struct Moment {
    time: f64,
    /// In `order`, the failures first.
    first: usize,
    failures: usize,
    end: usize,
    /// Sum of the weights of the failures.
    weight: f64,
}

/// The sums of `w e^s` over those alive at a moment.
///
/// They are kept as multiples of `e^scale`, where `scale` is the highest score among those alive: no
/// score is far above it, and the sum is never 0, however far apart the scores are.
#[derive(Debug, Clone, Copy, Default)]
struct AtRisk {
    scale: f64,
    all: f64,
    failing: f64,
}

impl AtRisk {
    /// Efron's denominators: each failure of the moment in turn sees the others as alive in part.
    /// Gives for each the share of a failing row that is alive, and the inverse of the sum.
    fn turns(self, failures: usize) -> impl Iterator<Item = (f64, f64)> {
        (0..failures).map(move |turn| {
            let gone = turn as f64 / failures as f64;
            (1.0 - gone, 1.0 / (self.all - gone * self.failing))
        })
    }
}

impl<'a> CoxLoss<'a> {
    pub(crate) fn new(lifetimes: &[Lifetime], weight: Option<&'a [f64]>) -> Result<Self> {
        let lives = Lifetime::right_censored(lifetimes)?;
        let weight_of = |row: usize| weight.map_or(1.0, |weight| weight[row]);
        let mut order: Vec<u32> =
            (0..lives.len()).filter(|&row| weight_of(row) > 0.0).map(|row| row as u32).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (lives[a as usize], lives[b as usize]);
            a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))
        });
        let early = order.iter().take_while(|&&row| !lives[row as usize].1).count();
        order.drain(..early);

        let mut moments: Vec<Moment> = Vec::new();
        for (place, &row) in order.iter().enumerate() {
            let (time, failed) = lives[row as usize];
            if failed && moments.last().is_none_or(|moment| moment.time < time) {
                moments.push(Moment { time, first: place, failures: 0, end: 0, weight: 0.0 });
            }
            // The first row is a failure, so there is one.
            if let Some(moment) = moments.last_mut() {
                moment.end = place + 1;
                if failed {
                    moment.failures += 1;
                    moment.weight += weight_of(row as usize);
                }
            }
        }
        if moments.is_empty() {
            let reason = "no life ended in failure: there is no hazard to learn".to_owned();
            return Err(Error::Incompatible { reason });
        }
        let total = (0..lives.len()).map(weight_of).sum();
        Ok(Self { rows: lives.len(), weight, total, order, moments })
    }

    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |weight| weight[row])
    }

    /// The sums at every moment, and `w e^(s − scale)` of every row in `order` by the scale of its
    /// own moment.
    fn at_risk(&self, scores: &[f64]) -> (Vec<AtRisk>, Vec<f64>) {
        let mut sums = vec![AtRisk::default(); self.moments.len()];
        let mut relative = vec![0.0; self.order.len()];
        let mut later = AtRisk { scale: f64::NEG_INFINITY, ..AtRisk::default() };
        for (moment, sum) in self.moments.iter().zip(&mut sums).rev() {
            let leaving = &self.order[moment.first..moment.end];
            let scale =
                leaving.iter().fold(later.scale, |highest, &row| highest.max(scores[row as usize]));
            sum.scale = scale;
            // 0 · e^(−∞) at the last moment.
            sum.all = later.all * (later.scale - scale).exp();
            for (place, &row) in (moment.first..).zip(leaving) {
                let row = row as usize;
                relative[place] = self.weight(row) * (scores[row] - scale).exp();
                sum.all += relative[place];
                if place < moment.first + moment.failures {
                    sum.failing += relative[place];
                }
            }
            later = *sum;
        }
        (sums, relative)
    }

    /// The cumulative hazard of a row of score 0, as the times at which it steps up and its value from
    /// each on: Breslow's estimate (1972), with Efron's sums for ties. O(n).
    pub(crate) fn baseline(&self, scores: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut hazard = 0.0;
        let step = |(moment, sum): (&Moment, AtRisk)| {
            let mean_weight = moment.weight / moment.failures as f64;
            let inverse: f64 = sum.turns(moment.failures).map(|(_, inverse)| inverse).sum();
            hazard += mean_weight * inverse * (-sum.scale).exp();
            (moment.time, hazard)
        };
        self.moments.iter().zip(self.at_risk(scores).0).map(step).unzip()
    }
}

impl Loss for CoxLoss<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    /// Only differences between scores count: 0.
    fn start(&self) -> Vec<f64> {
        vec![0.0]
    }

    /// With `r = w e^s`: the first is `r Σ 1/sum − w [failed]` over the failures that the row was alive
    /// at, the second, the diagonal of the Hessian, `r Σ 1/sum − r² Σ 1/sum²`. What it leaves out is
    /// negative, so that it is an upper bound for rows that move together.
    fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]) {
        derivatives.fill([0.0; 2]);
        let (sums, relative) = self.at_risk(scores);
        // Σ 1/sum as a multiple of e^(−scale), and Σ 1/sum² of e^(−2 scale): the scale falls from
        // moment to moment, so both only ever shrink when it changes.
        let (mut scale, mut inverse, mut inverse_squared) = (sums[0].scale, 0.0, 0.0);
        for (moment, sum) in self.moments.iter().zip(sums) {
            let change = (sum.scale - scale).exp();
            inverse *= change;
            inverse_squared *= change * change;
            scale = sum.scale;
            let mean_weight = moment.weight / moment.failures as f64;
            let (mut own, mut own_squared) = (inverse, inverse_squared);
            for (alive, turn) in sum.turns(moment.failures) {
                inverse += mean_weight * turn;
                inverse_squared += mean_weight * turn * turn;
                own += mean_weight * alive * turn;
                own_squared += mean_weight * (alive * turn) * (alive * turn);
            }
            let rows = moment.first..moment.end;
            let known = self.order[rows.clone()].iter().zip(&relative[rows]);
            for (place, (&row, &r)) in known.enumerate() {
                let row = row as usize;
                let (first, second) = if place < moment.failures {
                    (r * own - self.weight(row), r * own - r * r * own_squared)
                } else {
                    (r * inverse, r * inverse - r * r * inverse_squared)
                };
                derivatives[row] = [first as f32, second.max(0.0) as f32];
            }
        }
    }

    fn value(&self, scores: &[f64]) -> f64 {
        let (sums, _) = self.at_risk(scores);
        let mut loss = 0.0;
        for (moment, sum) in self.moments.iter().zip(sums) {
            let mean_weight = moment.weight / moment.failures as f64;
            for (_, inverse) in sum.turns(moment.failures) {
                loss += mean_weight * (sum.scale - inverse.ln());
            }
            for &row in &self.order[moment.first..moment.first + moment.failures] {
                loss -= self.weight(row as usize) * scores[row as usize];
            }
        }
        loss / self.total
    }

    fn link(&self) -> Link {
        Link::Exponential
    }
}
