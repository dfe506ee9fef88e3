//! The noise of a series that may jump, bend and have outliers.

/// Up to this correlation of neighbours, noise has a level; beyond, the series wanders.
pub(super) const WANDERING: f64 = 0.97;

/// Fewer values cannot tell noise from movement.
const FEWEST: usize = 60;

/// What is known of the noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    /// Of a single value about its level.
    pub variance: f64,
    /// Correlation of neighbours, from 0.
    pub correlation: f64,
}

impl Estimate {
    /// Variance of a long mean times its length: what independent noise of equal effect would have.
    pub(super) fn long_run_variance(&self) -> f64 {
        self.variance * (1.0 + self.correlation) / (1.0 - self.correlation)
    }
}

/// Noise of the form of a first-order autoregression, from the medians of differences over several
/// lags: half their variance is `v·(1 − rʰ)` at lag `h`. Jumps are in few differences and trends in
/// none of the short ones, so that neither changes a median by much (after Chakar et al., "A robust
/// approach for estimating change-points in the mean of an AR(1) process", Bernoulli 2017, who take
/// lags 1 and 2).
///
/// `None` where the differences grow with every lag, as those of a random walk do, or where there
/// are too few or mostly equal values: then there is no noise apart from the movement.
pub(super) fn estimate(values: &[f64]) -> Option<Estimate> {
    if values.len() < FEWEST {
        return None;
    }
    let lags = [1_u8, 2, 3, 4, 6, 8, 12, 16, 24, 32];
    let lags: Vec<u8> =
        lags.into_iter().filter(|&lag| usize::from(lag) * 8 <= values.len()).collect();
    let mut buffer = Vec::with_capacity(values.len());
    let halves: Vec<f64> = lags
        .iter()
        .map(|&lag| {
            buffer.clear();
            let differences = values.windows(usize::from(lag) + 1);
            buffer.extend(differences.map(|pair| (pair[pair.len() - 1] - pair[0]).abs()));
            (median(&mut buffer) / NORMAL_QUARTILE).powi(2) / 2.0
        })
        .collect();
    if halves.contains(&0.0) {
        return None;
    }
    let fits = (0..=98).map(|hundredths| {
        let correlation = f64::from(hundredths) / 100.0;
        // ln of the share of the variance at each lag; the best ln v is the mean distance to it.
        let shares = lags.iter().map(|&lag| (1.0 - correlation.powi(i32::from(lag))).ln());
        let away: Vec<f64> = halves.iter().zip(shares).map(|(half, s)| half.ln() - s).collect();
        let mean = away.iter().sum::<f64>() / away.len() as f64;
        let misfit: f64 = away.iter().map(|away| (away - mean).powi(2)).sum();
        (misfit, Estimate { variance: mean.exp(), correlation })
    });
    let mut best = fits.min_by(|a, b| a.0.total_cmp(&b.0))?.1;
    best.variance *= heaviness(values, (2.0 * halves[0]).sqrt());
    (best.correlation < WANDERING).then_some(best)
}

/// By how much the variance of differences of neighbours exceeds that of a normal law of equal
/// median: heavy tails do not show in medians. The few differences across jumps count little.
fn heaviness(values: &[f64], spread: f64) -> f64 {
    let square = |pair: &[f64]| ((pair[1] - pair[0]) / spread).abs().min(4.0).powi(2);
    let sum: f64 = values.windows(2).map(square).sum();
    (sum / (values.len() - 1) as f64).max(1.0)
}

/// Of the absolute value of a standard normal, half are below.
pub(super) const NORMAL_QUARTILE: f64 = 0.674_489_750_196_081_7;

/// The middle value, the upper one of two; the values are put in another order.
pub(super) fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Draws values in that are further from the median of their neighbourhood than `most` spreads of
/// such distances.
pub(super) fn clip(values: &mut [f64], width: usize, most: f64) {
    let half = width.max(2);
    if values.len() < 2 * half + 1 {
        return;
    }
    let mut window = Vec::with_capacity(2 * half + 1);
    let centres: Vec<f64> = (0..values.len())
        .map(|place| {
            // At the ends the window stays whole, and the value is no longer in its middle.
            let from = place.saturating_sub(half).min(values.len() - 2 * half - 1);
            window.clear();
            window.extend_from_slice(&values[from..=from + 2 * half]);
            median(&mut window)
        })
        .collect();
    let mut away: Vec<f64> = values.iter().zip(&centres).map(|(v, c)| (v - c).abs()).collect();
    let spread = median(&mut away) / NORMAL_QUARTILE;
    if spread > 0.0 {
        for (value, centre) in values.iter_mut().zip(centres) {
            *value = value.clamp(centre - most * spread, centre + most * spread);
        }
    }
}
