//! Bayesian online change points, over the run lengths that matter.

/// Run lengths kept.
pub(super) const RUNS: usize = 64;

/// Runs less likely than this are dropped.
const LEAST: f64 = 1e-9;

/// A run that may have begun some time ago, and what it says of the level.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Run {
    probability: f64,
    length: u64,
    /// Sum of the observations of the run, in spreads.
    sum: f64,
}

/// Probabilities of run lengths for a Gaussian level under Gaussian noise of variance 1.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Runs {
    /// The oldest, which nothing has interrupted, is first.
    runs: Vec<Run>,
}

impl Runs {
    pub(super) fn new() -> Self {
        Self { runs: vec![Run { probability: 1.0, length: 0, sum: 0.0 }] }
    }

    /// Takes an observation in; the probability that there was a change.
    pub(super) fn take(&mut self, value: f64, reach: f64, hazard: f64) -> f64 {
        let prior = 1.0 / (reach * reach);
        let mut total = 0.0;
        for run in &mut self.runs {
            let precision = run.length as f64 + prior;
            let variance = 1.0 + 1.0 / precision;
            let away = value - run.sum / precision;
            let likelihood = (-0.5 * away * away / variance).exp() / variance.sqrt();
            // Beyond any likelihood: all runs are equally surprised.
            run.probability *= likelihood.max(f64::MIN_POSITIVE.sqrt());
            run.length += 1;
            run.sum += value;
            total += run.probability;
        }
        for run in &mut self.runs {
            run.probability *= (1.0 - hazard) / total;
        }
        self.runs.push(Run { probability: hazard, length: 0, sum: 0.0 });
        let first = self.runs[0].length;
        self.runs.retain(|run| {
            run.probability > LEAST * hazard || run.length == first || run.length == 0
        });
        if self.runs.len() > RUNS {
            let least = (1..self.runs.len() - 1)
                .min_by(|&a, &b| self.runs[a].probability.total_cmp(&self.runs[b].probability));
            if let Some(least) = least {
                self.runs.remove(least);
            }
        }
        self.probability()
    }

    /// That there was a change before the latest observation.
    pub(super) fn probability(&self) -> f64 {
        let changed: f64 = self.runs[1..].iter().map(|run| run.probability).sum();
        let all = changed + self.runs[0].probability;
        // A run that begins with the next observation is no news.
        let next =
            self.runs.last().map_or(0.0, |run| if run.length == 0 { run.probability } else { 0.0 });
        ((changed - next) / (all - next)).clamp(0.0, 1.0)
    }

    /// Observations since the likeliest change, and the level before and after.
    pub(super) fn change(&self) -> (u64, f64, f64) {
        let latest = self.runs[1..].iter().filter(|run| run.length > 0);
        let Some(best) = latest.max_by(|a, b| a.probability.total_cmp(&b.probability)) else {
            return (0, 0.0, 0.0);
        };
        let whole = self.runs[0];
        let earlier = (whole.length - best.length).max(1) as f64;
        (best.length, (whole.sum - best.sum) / earlier, best.sum / best.length as f64)
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_possible(&self) -> bool {
        let sound = |run: &Run| (0.0..=1.0).contains(&run.probability) && run.sum.is_finite();
        !self.runs.is_empty()
            && self.runs.len() <= RUNS
            && self.runs.iter().all(sound)
            && self.runs.windows(2).all(|pair| pair[0].length > pair[1].length)
    }
}
