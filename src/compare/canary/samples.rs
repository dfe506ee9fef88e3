//! One metric's test: ranks, corrected for the memory of the values.

use super::Direction;
use crate::compare::dependence::Dependence;
use crate::compare::distributions::{normal_quantile_above, student_above, student_quantile_above};
use crate::compare::ranks::{Ranked, mann_whitney};
use crate::compare::sample::{mean, median, sorted};
use crate::compare::shift::{Shift, shift, shift_by_deviation};
use crate::error::Result;

/// What the values of a metric say, before other metrics are considered.
pub(super) struct Tested {
    pub(super) typical: [f64; 2],
    pub(super) shift: Shift,
    pub(super) relative: f64,
    pub(super) superiority: f64,
    pub(super) p_value: f64,
    /// The p-value for a change to the other side.
    pub(super) better: f64,
    pub(super) effective: [f64; 2],
    pub(super) needed: Option<u64>,
}

/// What the numbers are asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) alpha: f64,
    pub(super) margin: f64,
    /// The level that a metric must pass if it alone is worse.
    pub(super) strictest: f64,
    pub(super) power: f64,
}

impl Asked {
    /// Standard errors that the margin must be worth.
    pub(super) fn errors(&self, direction: Direction) -> f64 {
        normal_quantile_above(direction.alternative().tail(self.strictest))
            + normal_quantile_above(1.0 - self.power)
    }
}

/// Tests checked values, of which there is one a side at least.
pub(super) fn test(
    baseline: &[f64],
    candidate: &[f64],
    direction: Direction,
    independent: bool,
    asked: Asked,
) -> Result<Tested> {
    let (a, b) = (sorted("baseline", baseline)?, sorted("candidate", candidate)?);
    let [n, m] = [a.len() as f64, b.len() as f64];
    let ranked = Ranked::new(&a, &b);
    let dependence = if independent {
        Dependence::NONE
    } else {
        let ranks =
            |values: &[f64]| values.iter().map(|&it| mid_rank(&a, &b, it)).collect::<Vec<_>>();
        Dependence::of(&[&ranks(baseline), &ranks(candidate)])
    };
    let alternative = direction.alternative();
    let deviation = ranked.deviation() * dependence.inflation.sqrt();
    let interval_tail = asked.alpha;
    let (greater, less, shift) = if dependence == Dependence::NONE {
        use crate::compare::Alternative::{Greater, Less};
        (
            mann_whitney(&a, &b, Greater)?.p_value,
            mann_whitney(&a, &b, Less)?.p_value,
            shift(&a, &b, 1.0 - 2.0 * interval_tail)?,
        )
    } else {
        let t = (ranked.u - n * m / 2.0) / deviation;
        let reach = student_quantile_above(interval_tail, dependence.freedom) * deviation;
        (
            student_above(t, dependence.freedom),
            student_above(-t, dependence.freedom),
            shift_by_deviation(&a, &b, reach),
        )
    };
    let typical = [median(&a), median(&b)];
    let means = [mean(&a), mean(&b)];
    let by_median = typical[0] != 0.0 && shift.estimate != 0.0;
    let relative = if by_median {
        shift.estimate / typical[0].abs()
    } else {
        relative_change(means[0], means[1])
    };
    let squares = |values: &[f64], mean: f64| -> f64 {
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
    };
    let by_mean =
        (dependence.inflation * (squares(&a, means[0]) / n + squares(&b, means[1]) / m)).sqrt();
    // The error of the estimate: from the interval where it has ends, which outliers do not move.
    let width = (shift.high - shift.low) / (2.0 * normal_quantile_above(interval_tail));
    let (error, size) = if typical[0] != 0.0 && width.is_finite() && width > 0.0 {
        (width, typical[0].abs())
    } else {
        (by_mean, means[0].abs())
    };
    let factor = (asked.errors(direction) * error / (asked.margin * size)).powi(2);
    // Both sides of one size, with the precision that these have.
    let harmonic = 2.0 * n * m / (n + m);
    let needed = factor.is_finite().then(|| (factor * harmonic).ceil() as u64);
    Ok(Tested {
        typical,
        shift,
        relative,
        superiority: ranked.u / (n * m),
        p_value: alternative.p_value(greater, less),
        better: match direction {
            Direction::HigherIsWorse => less,
            Direction::LowerIsWorse => greater,
            Direction::Either => 1.0,
        },
        effective: [n, m].map(|size| size / dependence.inflation),
        needed,
    })
}

/// Change by the size of what was before; ±∞ for a change from 0.
pub(super) fn relative_change(before: f64, after: f64) -> f64 {
    if after == before { 0.0 } else { (after - before) / before.abs() }
}

/// Rank of a value among both samples, ties at their middle.
fn mid_rank(a: &[f64], b: &[f64], value: f64) -> f64 {
    let below = |sorted: &[f64]| sorted.partition_point(|&other| other < value);
    let up_to = |sorted: &[f64]| sorted.partition_point(|&other| other <= value);
    (below(a) + below(b) + up_to(a) + up_to(b)) as f64 / 2.0
}
