//! Single observations far above their path.

/// How far observations have been above their cell's calm mean.
#[derive(Debug, Clone)]
pub(in crate::trend) struct Wild {
    pub(in crate::trend) mean: f64,
    /// Ascending.
    sorted: Vec<f64>,
}

impl Wild {
    pub(in crate::trend) fn new(mut sorted: Vec<f64>) -> Self {
        sorted.sort_unstable_by(f64::total_cmp);
        Self { mean: sorted.iter().sum::<f64>() / sorted.len() as f64, sorted }
    }

    /// The height that this share of observations is above.
    pub(super) fn top(&self, share: f64) -> f64 {
        let count = self.sorted.len();
        self.sorted[count - 1 - ((share * count as f64) as usize).min(count - 1)]
    }

    /// The height at which, above a path that rises so much a draw, one draw is expected.
    pub(super) fn above(&self, rise: f64) -> f64 {
        let count = self.sorted.len() as f64;
        let wanted = rise * count;
        let mut sum = 0.0;
        for k in (1..self.sorted.len()).rev() {
            let gap = self.sorted[k] - self.sorted[k - 1];
            let above = (self.sorted.len() - k) as f64;
            if sum + gap * above >= wanted {
                return self.sorted[k] - (wanted - sum) / above;
            }
            sum += gap * above;
        }
        self.sorted[0]
    }
}
