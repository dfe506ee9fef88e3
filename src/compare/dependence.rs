//! Values that follow each other: how many independent ones they are worth.

/// The highest order of the autoregression that values are described by.
const HIGHEST: usize = 6;

/// Runs shorter than this say nothing of how their values follow each other.
pub(super) const SHORTEST: usize = 8;

/// What memory within the runs does to a mean over them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dependence {
    /// The variance of a mean by what it were for independent values.
    pub(super) inflation: f64,
    /// Degrees of freedom that the estimate of the inflation has.
    pub(super) freedom: f64,
}

impl Dependence {
    pub(super) const NONE: Self = Self { inflation: 1.0, freedom: f64::INFINITY };

    /// Of runs in the order of time, one memory for all of them.
    ///
    /// An autoregression is fitted to the autocovariances of the runs together (Yule and Walker, by
    /// the recursion of Levinson), its order chosen by the criterion of Schwarz from 1 up. Its
    /// spectrum at 0 is what a mean varies by. The sum of the coefficients comes out too small by
    /// (1 + 3φ) / n for a run of n values whose mean is unknown (Kendall 1954), and is corrected.
    ///
    /// What is found is drawn towards independence by the share of it that chance explains, as James
    /// and Stein do: without it, tests of independent values would lose power to an estimate that
    /// they do not need.
    pub(super) fn of(runs: &[&[f64]]) -> Self {
        let total: usize = runs.iter().map(|run| run.len()).sum();
        let shortest = runs.iter().map(|run| run.len()).min().unwrap_or(0);
        if shortest < SHORTEST {
            return Self::NONE;
        }
        let highest = HIGHEST.min(shortest / 4);
        let mut covariances = vec![0.0; highest + 1];
        for run in runs {
            let mean = run.iter().sum::<f64>() / run.len() as f64;
            for (lag, covariance) in covariances.iter_mut().enumerate() {
                let products = run.iter().zip(&run[lag..]).map(|(x, y)| (x - mean) * (y - mean));
                *covariance += products.sum::<f64>() / total as f64;
            }
        }
        if covariances[0] <= 0.0 {
            return Self::NONE;
        }
        let memory = Memory::fitted(&covariances, total as f64);
        let length = total as f64 / runs.len() as f64;
        let sum = memory.sum + (1.0 + 3.0 * memory.sum) / length;
        // A run is worth two independent values at least, or nothing could be said of its mean.
        let largest = (length / 2.0).max(1.0);
        let gain = 1.0 - sum.min(1.0 - 1e-9);
        let inflation = (memory.unexplained / (gain * gain)).min(largest);
        let first = covariances[1] / covariances[0] + 1.0 / length;
        let weight = (1.0 - 1.0 / (total as f64 * first * first)).max(0.0);
        if weight == 0.0 {
            return Self::NONE;
        }
        // Satterthwaite's: the variance of φ is (1 − φ²) / N.
        let explained = (sum * sum).min(1.0 - 1.0 / length);
        let freedom = (total as f64 * (1.0 - explained) / 2.0).max(2.0);
        Self { inflation: 1.0 + weight * (inflation - 1.0), freedom: freedom / (weight * weight) }
    }
}

/// An autoregression.
struct Memory {
    /// Of its coefficients.
    sum: f64,
    /// Share of the variance that it leaves.
    unexplained: f64,
}

impl Memory {
    fn fitted(covariances: &[f64], total: f64) -> Self {
        let mut coefficients: Vec<f64> = Vec::new();
        let mut unexplained = 1.0;
        let mut best = Self { sum: 0.0, unexplained: 1.0 };
        let mut least = f64::INFINITY;
        for order in 1..covariances.len() {
            let known: f64 = coefficients
                .iter()
                .zip(covariances[1..order].iter().rev())
                .map(|(a, c)| a * c)
                .sum();
            let reflection = (covariances[order] - known) / (unexplained * covariances[0]);
            let before = coefficients.clone();
            for (coefficient, mirrored) in coefficients.iter_mut().zip(before.iter().rev()) {
                *coefficient -= reflection * mirrored;
            }
            coefficients.push(reflection);
            unexplained *= 1.0 - reflection * reflection;
            if unexplained <= 0.0 {
                break;
            }
            let criterion = total * unexplained.ln() + order as f64 * total.ln();
            if criterion < least {
                least = criterion;
                best = Self { sum: coefficients.iter().sum(), unexplained };
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    fn wander(memory: f64, length: usize, index: u64) -> Vec<f64> {
        let mut stream = Stream::new(31, index);
        let mut value = stream.normal();
        (0..length)
            .map(|_| {
                value = memory * value + (1.0 - memory * memory).sqrt() * stream.normal();
                value
            })
            .collect()
    }

    #[test]
    fn the_variance_of_means_is_found() {
        for memory in [-0.4, 0.0, 0.3, 0.6, 0.9] {
            let expected = (1.0 + memory) / (1.0 - memory);
            let each = (0..200).map(|index| {
                let runs = [wander(memory, 400, 2 * index), wander(memory, 400, 2 * index + 1)];
                Dependence::of(&[&runs[0], &runs[1]]).inflation
            });
            let mean = each.sum::<f64>() / 200.0;
            // A curve bends upwards at strong memory: cautious.
            assert!((mean / expected - 1.0).abs() < 0.15, "{memory}: {mean}, not {expected}");
        }
    }

    #[test]
    fn runs_that_say_nothing_are_independent() {
        assert_eq!(Dependence::of(&[&[1.0; 50], &[1.0; 50]]), Dependence::NONE);
        assert_eq!(Dependence::of(&[&wander(0.9, 50, 1), &[1.0; 7]]), Dependence::NONE);
    }

    #[test]
    fn a_trend_leaves_two_values_a_run() {
        let trend: Vec<f64> = (0..100).map(f64::from).collect();
        let found = Dependence::of(&[&trend, &trend]);
        assert!(found.inflation > 40.0 && found.inflation <= 50.0, "{found:?}");
    }
}
