//! Temperature: how far the probabilities of several classes are to be trusted.

use crate::parallel;
use std::ops::Range;

/// How far from 1 a factor may be: beyond, probabilities are certainties or all alike anyway.
const RANGE: Range<f64> = 1e-3..1e3;

/// Steps at most; some five are needed.
const STEPS: usize = 100;

/// Rows that are looked at in one go.
const CHUNK: usize = 4_096;

/// Labels and raw scores (by class, then by row) of rows that no tree was grown on.
pub(super) struct Judged<'a> {
    pub(super) classes: &'a [u32],
    pub(super) weight: Option<&'a [f64]>,
    pub(super) raw: &'a [f64],
    /// Added to the scores of each class once they are multiplied.
    pub(super) shift: &'a [f64],
}

impl Judged<'_> {
    /// The number that raw scores are to be multiplied by, which lowers the mean of
    /// `ln Σ exp(s z_k + b_k) − (s z_class + b_class)` as far as one number can, `b` being the shift.
    ///
    /// That is temperature scaling (Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural
    /// networks", ICML 2017), of the temperature `1 / s`: without a shift, which class is the likeliest
    /// never changes. A shift is of known size, and so is not multiplied.
    /// As Platt (1999) does for two classes, each label is made as uncertain as a uniform prior leaves
    /// it, `(n + 1) / (n + K)` for the class that was seen: were it certain, scores that get every row
    /// right would ask for an infinite `s`.
    ///
    /// The loss is convex in `s`, so its slope rises; where it is 0 is found by Newton's steps, and by
    /// halving (of the logarithm) wherever one leaves the range in which the zero must be.
    pub(super) fn factor(&self) -> f64 {
        let seen = self.seen();
        let (mut low, mut high) = (RANGE.start, RANGE.end);
        let mut factor = 1.0;
        for _ in 0..STEPS {
            let (slope, bend) = self.slope(factor, &seen);
            if slope == 0.0 {
                break; // As of scores that are all alike.
            }
            if slope > 0.0 {
                high = factor;
            } else {
                low = factor;
            }
            let newton = factor - slope / bend;
            let next = if low < newton && newton < high { newton } else { (low * high).sqrt() };
            let moved = (next / factor - 1.0).abs();
            factor = next;
            if moved < 1e-12 {
                break;
            }
        }
        factor
    }

    /// The weight of the rows of each class.
    fn seen(&self) -> Vec<f64> {
        let mut seen = vec![0.0; self.shift.len()];
        for (row, &class) in self.classes.iter().enumerate() {
            seen[class as usize] += self.weight.map_or(1.0, |weight| weight[row]);
        }
        seen
    }

    /// First and second derivative of the loss by the factor, summed over the rows: what is expected of
    /// a row's scores less what its label says, and their variance.
    fn slope(&self, factor: f64, seen: &[f64]) -> (f64, f64) {
        let (rows, classes) = (self.classes.len(), self.shift.len());
        let chunks: Vec<usize> = (0..rows).step_by(CHUNK).collect();
        // Parts of a fixed size, added up in order: the same bits on any number of threads.
        let parts = parallel::map(chunks.len(), |chunk| {
            let mut scores = vec![(0.0, 0.0); classes];
            let (mut slope, mut bend) = (0.0, 0.0);
            for row in chunks[chunk]..rows.min(chunks[chunk] + CHUNK) {
                for (class, (raw, score)) in scores.iter_mut().enumerate() {
                    *raw = self.raw[class * rows + row];
                    *score = factor * *raw + self.shift[class];
                }
                let top = |top: (f64, f64), it: &(f64, f64)| if it.1 > top.1 { *it } else { top };
                let (of_largest, largest) = scores.iter().fold((0.0, f64::NEG_INFINITY), top);
                let (mut total, mut mean, mut square, mut sum) = (0.0, 0.0, 0.0, 0.0);
                // Scores from the largest down: neither exponential nor variance overflows.
                for &(raw, score) in &scores {
                    let (below, share) = (raw - of_largest, (score - largest).exp());
                    total += share;
                    mean += share * below;
                    square += share * below * below;
                    sum += below;
                }
                mean /= total;
                let own = self.classes[row] as usize;
                let others = 1.0 / (seen[own] + classes as f64);
                let said = others * sum + seen[own] * others * (scores[own].0 - of_largest);
                let weight = self.weight.map_or(1.0, |weight| weight[row]);
                slope += weight * (mean - said);
                bend += weight * (square / total - mean * mean).max(0.0);
            }
            (slope, bend)
        });
        parts.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

    use super::*;
    use crate::rng::Stream;
    use proptest::prelude::*;

    /// Mean loss with the labels as uncertain as they are taken to be, written out.
    fn loss(judged: &Judged<'_>, factor: f64) -> f64 {
        let (rows, classes) = (judged.classes.len(), judged.shift.len());
        let mut sum = 0.0;
        for row in 0..rows {
            let of = |class: usize| factor * judged.raw[class * rows + row] + judged.shift[class];
            let total = (0..classes).map(|class| of(class).exp()).sum::<f64>().ln();
            let own = judged.classes[row] as usize;
            let same = |other: &usize| judged.classes[*other] as usize == own;
            let weight = |row: usize| judged.weight.map_or(1.0, |weight| weight[row]);
            let seen: f64 = (0..rows).filter(same).map(weight).sum();
            for class in 0..classes {
                let extra = if class == own { seen } else { 0.0 };
                let share = (1.0 + extra) / (seen + classes as f64);
                sum += weight(row) * share * (total - of(class));
            }
        }
        sum
    }

    #[test]
    fn scores_that_are_too_sure_by_a_factor_are_found_out() {
        let mut random = Stream::new(5, 0);
        let rows = 40_000;
        let mut raw = vec![0.0; 3 * rows];
        let mut classes = Vec::new();
        for row in 0..rows {
            let true_scores: [f64; 3] = std::array::from_fn(|_| 2.0 * random.unit() - 1.0);
            let total: f64 = true_scores.iter().map(|score| score.exp()).sum();
            let mut left = random.unit() * total;
            let class = true_scores.iter().position(|score| {
                left -= score.exp();
                left < 0.0
            });
            classes.push(class.unwrap_or(2) as u32);
            for (class, score) in true_scores.iter().enumerate() {
                raw[class * rows + row] = 4.0 * score;
            }
        }
        let shift = [0.0; 3];
        let judged = Judged { classes: &classes, weight: None, raw: &raw, shift: &shift };
        // Some 0.006 is the standard error of the estimate.
        approx::assert_abs_diff_eq!(judged.factor(), 0.25, epsilon = 0.02);
    }

    #[test]
    fn scores_that_are_always_right_or_of_no_use_have_a_finite_factor() {
        let classes = [0, 1, 2, 0, 1, 2];
        let right: Vec<f64> =
            (0..18).map(|at| if classes[at % 6] as usize == at / 6 { 1.0 } else { 0.0 }).collect();
        let wrong: Vec<f64> = right.iter().map(|score| -score).collect();
        let flat = vec![7.0; 18];
        let shift = [0.0; 3];
        let factor =
            |raw: &[f64]| Judged { classes: &classes, weight: None, raw, shift: &shift }.factor();
        // Two rows a class, three classes: each label is sure to 3 in 5, and 3/5 = e^s / (e^s + 2).
        approx::assert_abs_diff_eq!(factor(&right), 3_f64.ln(), epsilon = 1e-9);
        approx::assert_relative_eq!(factor(&wrong), RANGE.start, max_relative = 1e-6);
        approx::assert_abs_diff_eq!(factor(&flat), 1.0);
    }

    proptest! {
        #[test]
        fn no_other_factor_is_better(
            rows in prop::collection::vec((0_u32..3, prop::array::uniform3(-3.0..3.0_f64)), 4..40),
            shift in prop::array::uniform3(-1.0..1.0_f64),
            weigh in any::<bool>(),
        ) {
            let classes: Vec<u32> = rows.iter().map(|row| row.0).collect();
            let raw: Vec<f64> = (0..3).flat_map(|k| rows.iter().map(move |row| row.1[k])).collect();
            let weight: Vec<f64> = (0..rows.len()).map(|row| 0.5 + row as f64 / 7.0).collect();
            let weight = weigh.then_some(&weight[..]);
            let judged = Judged { classes: &classes, weight, raw: &raw, shift: &shift };
            let factor = judged.factor();
            let best = loss(&judged, factor);
            for other in [0.5, 0.9, 0.999, 1.001, 1.1, 2.0] {
                let other = (factor * other).clamp(RANGE.start, RANGE.end);
                prop_assert!(best <= loss(&judged, other) + 1e-9 * best.abs());
            }
        }
    }
}
