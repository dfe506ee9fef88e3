//! Temperature and biases: how far the probabilities of several classes are to be trusted, and which of
//! the classes are said too often.

use crate::parallel;
use std::ops::Range;

/// How far from 1 a factor may be: beyond, probabilities are certainties or all alike anyway.
const RANGE: Range<f64> = 1e-3..1e3;

/// A bias counts as if so many rows of its class had been right without it: one that is learned from as
/// many is half of what they ask for. That is what biases of about a third deserve (1 / 0.3² = 11),
/// which are 0.24 said where 0.18 happens.
const PRIOR: f64 = 11.0;

/// Newton's steps at most; some eight are needed.
const STEPS: usize = 100;

/// Times that a step is halved at most.
const HALVINGS: usize = 40;

/// Directions that one step is made of at most.
const MOST_DIRECTIONS: usize = 50;

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

/// What raw scores are to be multiplied by, then what is to be added to those of each class.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scaling {
    pub(super) factor: f64,
    /// Their sum is 0.
    pub(super) biases: Vec<f64>,
}

/// One row, as a scaling makes of it.
struct Row<'a> {
    class: usize,
    weight: f64,
    /// By class, less that of the class with the largest scaled score.
    raw: &'a [f64],
    /// Scaled scores by class, less the largest.
    scores: &'a [f64],
    /// Probabilities by class.
    shares: &'a [f64],
    /// `ln Σ exp(score)`.
    total: f64,
}

impl Judged<'_> {
    /// The factor `s` and the biases `b` that lower the sum of `ln Σ exp(s z_k + c_k + b_k) −
    /// Σ t_k (s z_k + c_k + b_k)` over the rows and `PRIOR / 2 · Σ b_k²` as far as they can, `c` being
    /// the shift, which is of known size.
    ///
    /// That is bias-corrected temperature scaling (Alexandari, Kundaje & Shrikumar, "Maximum likelihood
    /// with bias-corrected calibration is hard-to-beat at label shift adaptation", ICML 2020): vector
    /// scaling (Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks", ICML 2017)
    /// of one temperature `1 / s` for all classes. Biases of classes that few rows tell of are drawn to
    /// 0 by the prior, under which they also add up to 0.
    ///
    /// The targets `t` are labels that are not quite certain, as Platt (1999) has them: scores that get
    /// every row right would ask for an infinite `s`. They are what they would be had each class been
    /// seen once more, by a row that is of all classes in proportion to their rows, so that none is said
    /// more often for it: of classes with `n` rows each, a label is certain to `(n + 1 / K) / (n + 1)`.
    ///
    /// The loss is convex. Newton's steps find its minimum, each by conjugate gradients, which need no
    /// matrix: classes may be many.
    pub(super) fn scaling(&self) -> Scaling {
        let classes = self.shift.len();
        let (targets, uncertain) = self.targets();
        let mut point = vec![0.0; 1 + classes];
        point[0] = 1.0;
        let (mut loss, mut gradient) = self.slope(&point, &targets, uncertain);
        for _ in 0..STEPS {
            let mut step = self.step(&point, &gradient, true);
            let within = |step: &[f64]| (point[0] + step[0]).clamp(RANGE.start, RANGE.end);
            // At a bound, or where it is best: the factor stays.
            if (within(&step) - point[0]).abs() <= 1e-9 * point[0] {
                step = self.step(&point, &gradient, false);
            }
            let steepness = dot(&step, &gradient);
            if -steepness <= 1e-15 * loss.abs() {
                break;
            }
            let mut length = 1.0;
            if within(&step) != point[0] + step[0] {
                length = (within(&step) - point[0]) / step[0];
            }
            let lower = (0..HALVINGS).find_map(|_| {
                let there: Vec<f64> =
                    point.iter().zip(&step).map(|(at, step)| at + length * step).collect();
                let found = self.slope(&there, &targets, uncertain);
                let enough = found.0 <= loss + 1e-4 * length * steepness;
                length /= 2.0;
                enough.then_some((there, found))
            });
            // Where no step lowers it, only rounding is left.
            let Some((there, found)) = lower else { break };
            point = there;
            point[0] = point[0].clamp(RANGE.start, RANGE.end);
            (loss, gradient) = found;
        }
        let mean = point[1..].iter().sum::<f64>() / classes as f64;
        Scaling { factor: point[0], biases: point[1..].iter().map(|bias| bias - mean).collect() }
    }

    /// The shares of the classes, and how much of a target is made of them.
    fn targets(&self) -> (Vec<f64>, f64) {
        let mut seen = vec![0.0; self.shift.len()];
        for (row, &class) in self.classes.iter().enumerate() {
            seen[class as usize] += self.weight.map_or(1.0, |weight| weight[row]);
        }
        let total: f64 = seen.iter().sum();
        let more = seen.len() as f64;
        (seen.iter().map(|seen| seen / total).collect(), more / (total + more))
    }

    /// The loss and its derivatives by the factor and by the biases.
    fn slope(&self, point: &[f64], targets: &[f64], uncertain: f64) -> (f64, Vec<f64>) {
        let mut sums = self.sum(point, 1 + point.len(), |row, sums| {
            sums[0] += row.weight * (row.total - (1.0 - uncertain) * row.scores[row.class]);
            for (class, &target) in targets.iter().enumerate() {
                let certain = if class == row.class { 1.0 - uncertain } else { 0.0 };
                sums[0] -= row.weight * uncertain * target * row.scores[class];
                let more = row.weight * (row.shares[class] - certain - uncertain * target);
                sums[1] += more * row.raw[class];
                sums[2 + class] += more;
            }
        });
        let mut gradient = sums.split_off(1);
        for (slope, bias) in gradient[1..].iter_mut().zip(&point[1..]) {
            *slope += PRIOR * bias;
            sums[0] += PRIOR / 2.0 * bias * bias;
        }
        (sums[0], gradient)
    }

    /// Newton's step, of the factor too if it is `free`: conjugate gradients on the second derivatives.
    fn step(&self, point: &[f64], gradient: &[f64], free: bool) -> Vec<f64> {
        let mut step = vec![0.0; point.len()];
        let mut left: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
        if !free {
            left[0] = 0.0;
        }
        let mut direction = left.clone();
        let (mut size, enough) = (dot(&left, &left), 1e-6 * dot(&left, &left));
        for _ in 0..(2 * point.len()).min(MOST_DIRECTIONS) {
            if size <= enough {
                break;
            }
            let mut bent = self.bend(point, &direction);
            if !free {
                bent[0] = 0.0;
            }
            let along = size / dot(&direction, &bent);
            for (index, bent) in bent.iter().enumerate() {
                step[index] += along * direction[index];
                left[index] -= along * bent;
            }
            let smaller = dot(&left, &left);
            for (direction, left) in direction.iter_mut().zip(&left) {
                *direction = left + smaller / size * *direction;
            }
            size = smaller;
        }
        step
    }

    /// The second derivatives of the loss times a direction.
    fn bend(&self, point: &[f64], direction: &[f64]) -> Vec<f64> {
        let mut bent = self.sum(point, point.len(), |row, sums| {
            let along = |class: usize| direction[0] * row.raw[class] + direction[1 + class];
            let mean: f64 =
                row.shares.iter().enumerate().map(|(class, share)| share * along(class)).sum();
            for (class, share) in row.shares.iter().enumerate() {
                let more = row.weight * share * (along(class) - mean);
                sums[0] += more * row.raw[class];
                sums[1 + class] += more;
            }
        });
        // Of rows that are all certain the factor's curvature vanishes.
        bent[0] += direction[0] * f64::EPSILON;
        for (bent, direction) in bent[1..].iter_mut().zip(&direction[1..]) {
            *bent += PRIOR * direction;
        }
        bent
    }

    /// So many sums over all rows.
    fn sum(
        &self,
        point: &[f64],
        width: usize,
        add: impl Fn(&Row<'_>, &mut [f64]) + Sync + Send,
    ) -> Vec<f64> {
        let (rows, classes) = (self.classes.len(), self.shift.len());
        let chunks: Vec<usize> = (0..rows).step_by(CHUNK).collect();
        // Parts of a fixed size, added up in order: the same bits on any number of threads.
        let parts = parallel::map(chunks.len(), |chunk| {
            let mut sums = vec![0.0; width];
            let [mut raw, mut scores, mut shares] = [(); 3].map(|()| vec![0.0; classes]);
            for row in chunks[chunk]..rows.min(chunks[chunk] + CHUNK) {
                let mut largest = 0;
                for class in 0..classes {
                    raw[class] = self.raw[class * rows + row];
                    scores[class] = point[0] * raw[class] + self.shift[class] + point[1 + class];
                    largest = if scores[class] > scores[largest] { class } else { largest };
                }
                // From the largest down: neither exponentials nor sums overflow.
                let (top_raw, top_score) = (raw[largest], scores[largest]);
                for (raw, score) in raw.iter_mut().zip(&mut scores) {
                    *raw -= top_raw;
                    *score -= top_score;
                }
                let of = |(share, score): (&mut f64, &f64)| {
                    *share = score.exp();
                    *share
                };
                let total: f64 = shares.iter_mut().zip(&scores).map(of).sum();
                for share in &mut shares {
                    *share /= total;
                }
                let row = Row {
                    class: self.classes[row] as usize,
                    weight: self.weight.map_or(1.0, |weight| weight[row]),
                    raw: &raw,
                    scores: &scores,
                    shares: &shares,
                    total: total.ln(),
                };
                add(&row, &mut sums);
            }
            sums
        });
        let mut all = vec![0.0; width];
        for part in parts {
            all.iter_mut().zip(part).for_each(|(all, part)| *all += part);
        }
        all
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

    use super::*;
    use crate::rng::Stream;
    use proptest::prelude::*;

    /// The sum that is to be lowered, written out.
    fn loss(judged: &Judged<'_>, scaling: &Scaling) -> f64 {
        let (rows, classes) = (judged.classes.len(), judged.shift.len());
        let weight = |row: usize| judged.weight.map_or(1.0, |weight| weight[row]);
        let all: f64 = (0..rows).map(weight).sum();
        let uncertain = classes as f64 / (all + classes as f64);
        let mut sum = PRIOR / 2.0 * scaling.biases.iter().map(|bias| bias * bias).sum::<f64>();
        for row in 0..rows {
            let of = |class: usize| {
                scaling.factor * judged.raw[class * rows + row]
                    + judged.shift[class]
                    + scaling.biases[class]
            };
            let total = (0..classes).map(|class| of(class).exp()).sum::<f64>().ln();
            for class in 0..classes {
                let same = |other: &usize| judged.classes[*other] as usize == class;
                let share = (0..rows).filter(same).map(weight).sum::<f64>() / all;
                let own = if judged.classes[row] as usize == class { 1.0 } else { 0.0 };
                let target = (1.0 - uncertain) * own + uncertain * share;
                sum += weight(row) * target * (total - of(class));
            }
        }
        sum
    }

    #[test]
    fn scores_that_are_too_sure_and_too_fond_of_a_class_are_found_out() {
        let mut random = Stream::new(5, 0);
        let rows = 40_000;
        let biases = [0.5, -0.1, -0.4];
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
                raw[class * rows + row] = 4.0 * (score - biases[class]);
            }
        }
        let shift = [0.0; 3];
        let judged = Judged { classes: &classes, weight: None, raw: &raw, shift: &shift };
        let scaling = judged.scaling();
        // Some 0.006 is the standard error of the estimates.
        approx::assert_abs_diff_eq!(scaling.factor, 0.25, epsilon = 0.02);
        approx::assert_abs_diff_eq!(scaling.biases[..], biases[..], epsilon = 0.03);
    }

    #[test]
    fn scores_that_are_always_right_or_of_no_use_have_a_finite_factor() {
        let classes = [0, 1, 2, 0, 1, 2];
        let right: Vec<f64> =
            (0..18).map(|at| if classes[at % 6] as usize == at / 6 { 1.0 } else { 0.0 }).collect();
        let sure = |by: f64| right.iter().map(|score| by * score).collect::<Vec<f64>>();
        let shift = [0.0; 3];
        let factor = |raw: &[f64]| {
            let scaling = Judged { classes: &classes, weight: None, raw, shift: &shift }.scaling();
            // All classes are alike.
            approx::assert_abs_diff_eq!(scaling.biases[..], [0.0; 3][..], epsilon = 1e-12);
            scaling.factor
        };
        // Two rows a class, three classes: each label is sure to (2 + 1/3) / (2 + 1) = 7 / 9, which is
        // e^s / (e^s + 2).
        approx::assert_abs_diff_eq!(factor(&sure(1.0)), 7_f64.ln(), epsilon = 1e-6);
        approx::assert_relative_eq!(factor(&sure(100.0)), 7_f64.ln() / 100.0, max_relative = 1e-5);
        approx::assert_relative_eq!(factor(&sure(1e6)), RANGE.start, max_relative = 1e-9);
        approx::assert_relative_eq!(factor(&sure(1e-6)), RANGE.end, max_relative = 1e-9);
        approx::assert_relative_eq!(factor(&sure(-1.0)), RANGE.start, max_relative = 1e-9);
        approx::assert_abs_diff_eq!(factor(&[7.0; 18]), 1.0);
    }

    /// Scores that say nothing: the biases alone make the shares, as far as rows bear them out.
    #[test]
    fn few_rows_move_a_bias_little() {
        for (rare, rows) in [(0, 4), (1, 4), (10, 40), (10_000, 40_000)] {
            let classes: Vec<u32> = (0..rows).map(|row| u32::from(row < rare)).collect();
            let raw = vec![0.0; 2 * rows];
            let judged = Judged { classes: &classes, weight: None, raw: &raw, shift: &[0.0; 2] };
            let [common, bias] = judged.scaling().biases[..] else { panic!("two classes") };
            approx::assert_abs_diff_eq!(common, -bias, epsilon = 1e-12);
            // Where the derivative of loss and prior by one bias is 0.
            let share = 1.0 / (1.0 + (-2.0 * bias).exp());
            let residual = rows as f64 * share - rare as f64 + PRIOR * bias;
            approx::assert_abs_diff_eq!(residual, 0.0, epsilon = 1e-6 * rows as f64);
            let expected = match rows {
                4 => 0.4..0.5,
                40 => 0.29..0.4,
                _ => 0.25..0.2502,
            };
            assert!(expected.contains(&share), "{rare} of {rows}: {share}");
        }
    }

    proptest! {
        #[test]
        fn no_other_scaling_is_better(
            rows in prop::collection::vec((0_u32..3, prop::array::uniform3(-3.0..3.0_f64)), 4..40),
            shift in prop::array::uniform3(-1.0..1.0_f64),
            weigh in any::<bool>(),
            scale in prop::sample::select(vec![0.01, 1.0, 50.0]),
        ) {
            let classes: Vec<u32> = rows.iter().map(|row| row.0).collect();
            let raw: Vec<f64> =
                (0..3).flat_map(|k| rows.iter().map(move |row| scale * row.1[k])).collect();
            let weight: Vec<f64> = (0..rows.len()).map(|row| 0.5 + row as f64 / 7.0).collect();
            let weight = weigh.then_some(&weight[..]);
            let judged = Judged { classes: &classes, weight, raw: &raw, shift: &shift };
            let scaling = judged.scaling();
            prop_assert!(scaling.biases.iter().sum::<f64>().abs() < 1e-12);
            let best = loss(&judged, &scaling);
            for other in [0.5, 0.9, 0.999, 1.001, 1.1, 2.0] {
                let factor = (scaling.factor * other).clamp(RANGE.start, RANGE.end);
                let other = loss(&judged, &Scaling { factor, ..scaling.clone() });
                prop_assert!(best <= other + 1e-9 * best, "{other}");
            }
            for class in 0..3 {
                for more in [-0.3, -0.001, 0.001, 0.3] {
                    let mut other = scaling.clone();
                    other.biases[class] += more;
                    prop_assert!(best <= loss(&judged, &other) + 1e-9 * best, "{other:?}");
                }
            }
        }
    }
}
