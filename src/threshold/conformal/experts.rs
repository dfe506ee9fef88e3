//! Levels that follow the alarms with steps of several sizes, weighted by their losses.

/// The steps of Gibbs & Candès' experiments.
pub(super) const STEPS: [f64; 8] = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128];

/// Observations over which an expert should be about the best for its weight to be about 1.
const HORIZON: f64 = 500.0;

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Experts {
    pub(super) levels: [f64; STEPS.len()],
    /// They sum to 1.
    pub(super) weights: [f64; STEPS.len()],
}

/// The pinball loss of a level `θ` where every level below `β` would have raised no alarm: zero at
/// the `(1 − rate)`-quantile's level on average.
fn loss(rate: f64, beta: f64, level: f64) -> f64 {
    rate * (beta - level) - (beta - level).min(0.0)
}

impl Experts {
    pub(super) fn new(rate: f64) -> Self {
        let count = STEPS.len() as f64;
        Self { levels: [rate; STEPS.len()], weights: [1.0 / count; STEPS.len()] }
    }

    /// The weighted mean of the levels.
    pub(super) fn level(&self) -> f64 {
        self.levels.iter().zip(&self.weights).map(|(level, weight)| level * weight).sum()
    }

    /// How fast weights follow losses, and what share of them is dealt out anew at each step.
    fn rates(rate: f64) -> (f64, f64) {
        let rest = 1.0 - rate;
        let variance = rest * rest * rate.powi(3) + rate * rate * rest.powi(3);
        let logs = (2.0 * HORIZON * STEPS.len() as f64).ln() + 1.0;
        ((3.0 / HORIZON * logs / variance).sqrt(), 0.5 / HORIZON)
    }

    /// After an observation that no level below `beta` would have called an alarm.
    pub(super) fn learn(&mut self, rate: f64, beta: f64) {
        let (speed, share) = Self::rates(rate);
        let losses = self.levels.map(|level| loss(rate, beta, level));
        // Only differences count; the least loss as 0 keeps a weight from vanishing.
        let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
        for (weight, loss) in self.weights.iter_mut().zip(losses) {
            *weight *= (-speed * (loss - least)).exp();
        }
        let sum: f64 = self.weights.iter().sum();
        for weight in &mut self.weights {
            *weight = (1.0 - share) * (*weight / sum) + share / STEPS.len() as f64;
        }
        for (level, step) in self.levels.iter_mut().zip(STEPS) {
            *level += step * (rate - f64::from(u8::from(*level >= beta)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exponential weights with a fixed share: over any stretch of `n` observations the mean loss under
    /// the weights exceeds no expert's by more than `η/2·Σ p·ℓ² + (ln(k/σ) + 2nσ)/η` (Gibbs & Candès
    /// 2024, lemma of the regret; Gradu et al. 2023). By convexity the mean level's loss is no larger.
    #[test]
    fn losses_are_near_the_best_experts_over_any_stretch() {
        for rate in [0.01, 0.1, 0.3] {
            let (speed, share) = Experts::rates(rate);
            let mut experts = Experts::new(rate);
            let mut rows: Vec<(f64, f64, f64, [f64; STEPS.len()])> = Vec::new();
            let mut state = 1_u64;
            for i in 0..6_000 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
                let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
                // Calm, then every score new, then all too low.
                let beta = match i / 2_000 {
                    0 => unit,
                    1 => unit * unit * unit,
                    _ => unit.sqrt(),
                };
                let losses = experts.levels.map(|level| loss(rate, beta, level));
                let mean = |of: &dyn Fn(f64) -> f64| -> f64 {
                    experts.weights.iter().zip(losses).map(|(w, loss)| w * of(loss)).sum()
                };
                let own = loss(rate, beta, experts.level());
                rows.push((own, mean(&|loss| loss), mean(&|loss| loss * loss), losses));
                experts.learn(rate, beta);
            }
            for (from, to) in [(0, 6_000), (0, 500), (2_000, 2_500), (3_000, 5_000), (5_500, 6_000)]
            {
                let stretch = &rows[from..to];
                let count = stretch.len() as f64;
                let own: f64 = stretch.iter().map(|row| row.0).sum();
                let mean: f64 = stretch.iter().map(|row| row.1).sum();
                let squares: f64 = stretch.iter().map(|row| row.2).sum();
                let best = (0..STEPS.len())
                    .map(|expert| stretch.iter().map(|row| row.3[expert]).sum::<f64>())
                    .fold(f64::INFINITY, f64::min);
                let bound = speed / 2.0 * squares
                    + ((STEPS.len() as f64 / share).ln() + 2.0 * count * share) / speed;
                assert!(own <= mean + 1e-9, "{rate}: {own} > {mean}");
                assert!(mean <= best + bound, "{rate}, {from}..{to}: {mean} > {best} + {bound}");
            }
        }
    }
}
