//! A rhythm: what each part of a period adds.

/// How much of the newest period is learned at least.
const GAIN: f64 = 0.2;

/// Deviations from the level by phase.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    /// Steps of a period.
    period: f64,
    bins: Vec<f64>,
    /// What each bin has seen.
    counts: Vec<f64>,
    /// What was cut off at each bin's last error.
    doubts: Vec<f64>,
    /// Observations of a bin in a period.
    each: f64,
    /// Between two bins a coarse profile is a line.
    is_coarse: bool,
}

impl Profile {
    /// A bin a step, or so many if there are far more steps; `None` if it cannot be told from others.
    pub(super) fn new(period: f64, coarse: Option<usize>) -> Option<Self> {
        let fine = period.round();
        let bins = match coarse {
            None => fine,
            Some(bins) if fine >= 2.0 * bins as f64 => bins as f64,
            Some(_) => return None,
        };
        if !(2.0..=2e4).contains(&bins) {
            return None;
        }
        let each = (period / bins).max(1.0);
        let none = vec![0.0; bins as usize];
        let (counts, doubts, is_coarse) = (none.clone(), none.clone(), coarse.is_some());
        Some(Self { period, bins: none, counts, doubts, each, is_coarse })
    }

    /// Steps of a period.
    pub(super) fn period(&self) -> f64 {
        self.period
    }

    /// The bins around a time in steps, and the share of the second.
    fn place(&self, time: f64) -> (usize, usize, f64) {
        let count = self.bins.len();
        let phase = (time / self.period).rem_euclid(1.0) * count as f64;
        if self.is_coarse {
            let bin = phase as usize % count;
            (bin, (bin + 1) % count, phase - phase.floor())
        } else {
            let bin = (phase + 0.5) as usize % count;
            (bin, bin, 0.0)
        }
    }

    pub(super) fn at(&self, time: f64) -> f64 {
        let (bin, next, share) = self.place(time);
        self.bins[bin] * (1.0 - share) + self.bins[next] * share
    }

    /// Learns by how much it was wrong, and how much more it would have been if that was not cut off:
    /// what comes again at the same phase is no accident.
    pub(super) fn learn(&mut self, time: f64, error: f64, excess: f64) {
        let (bin, next, share) = self.place(time);
        let doubt = std::mem::replace(&mut self.doubts[bin], excess);
        let again = if doubt * excess > 0.0 { doubt.abs().min(excess.abs()) } else { 0.0 };
        let error = error + again.copysign(excess);
        for (bin, share) in [(bin, 1.0 - share), (next, share)] {
            if share > 0.0 {
                self.counts[bin] += share;
                let gain = (1.0 / self.counts[bin].max(1.0)).max(GAIN / self.each);
                self.bins[bin] += gain * share * error;
            }
        }
    }
}
