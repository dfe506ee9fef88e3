//! Confidence sequences, and how many pairs are still needed.

use super::{Direction, Measure, SequentialTest};
use std::f64::consts::LN_2;

/// Halvings of the range of a bounded mean.
const HALVINGS: usize = 40;

impl SequentialTest {
    /// The estimate, and the ends of the confidence sequence.
    pub(super) fn interval(&self) -> (f64, [f64; 2]) {
        let everything = match self.params.measure {
            Measure::Ranks => [0.0, 1.0],
            Measure::Means => [f64::NEG_INFINITY, f64::INFINITY],
            Measure::Bounded { low, high } => [low - high, high - low],
            Measure::Shares => [-1.0, 1.0],
        };
        let evidence = &self.evidence;
        if evidence.pairs == 0 {
            return (f64::NAN, everything);
        }
        let [more, less] = evidence.signs.map(|signs| signs as f64);
        let balance = (more - less) / evidence.pairs as f64;
        match self.params.measure {
            Measure::Means => (evidence.mean, self.interval_of_means()),
            Measure::Bounded { low, high } => {
                let ends = self.bets(evidence.mean, |null, side| evidence.bounded(null, side));
                (evidence.mean * (high - low), ends.map(|end| end * (high - low)))
            }
            Measure::Shares => {
                (balance, self.bets(balance, |null, side| evidence.counted(null, side)))
            }
            // Which of a pair is larger is all that is needed of it.
            Measure::Ranks => {
                let ends = self.bets(balance, |null, side| evidence.counted(null, side));
                (0.5 + 0.5 * balance, ends.map(|end| 0.5 + 0.5 * end))
            }
        }
    }

    /// The means that the evidence for both sides does not rule out.
    fn interval_of_means(&self) -> [f64; 2] {
        let evidence = &self.evidence;
        let (n, prior) = (evidence.pairs as f64, self.prior());
        // Evidence against m is √(prior / (n + prior)) · R^(n/2), where with u = (mean − m)²
        // R = (squares + n u) / (squares + n u prior / (n + prior)).
        let largest = -self.params.alpha.ln() + 0.5 * ((n + prior) / prior).ln();
        let ratio = (2.0 / n * largest).exp();
        let left = 1.0 - ratio * prior / (n + prior);
        if left <= 0.0 {
            return [f64::NEG_INFINITY, f64::INFINITY];
        }
        let reach = ((ratio - 1.0) * evidence.squares / (n * left)).sqrt();
        [evidence.mean - reach, evidence.mean + reach]
    }

    /// Whether the confidence sequence excludes a worsening of this size, and all larger ones.
    pub(super) fn rules_out(&self, margin: f64) -> bool {
        let evidence = &self.evidence;
        if evidence.pairs == 0 {
            return false;
        }
        let limit = LN_2 - self.params.alpha.ln();
        // Evidence for the other side of the margin.
        let side = -margin.signum();
        let counted = |null: f64| null.abs() >= 1.0 || evidence.counted(null, side) >= limit;
        match self.params.measure {
            Measure::Means => {
                let [low, high] = self.interval_of_means();
                if margin > 0.0 { high < margin } else { low > margin }
            }
            Measure::Bounded { low, high } => {
                let null = margin / (high - low);
                null.abs() >= 1.0 || evidence.bounded(null, side) >= limit
            }
            Measure::Shares => counted(margin),
            Measure::Ranks => counted(2.0 * margin),
        }
    }

    /// The means in [−1, 1] that bets against them have not ruled out, half of alpha a side. Evidence
    /// against a mean grows with its distance on either side.
    fn bets(&self, estimate: f64, log_evidence: impl Fn(f64, f64) -> f64) -> [f64; 2] {
        let limit = LN_2 - self.params.alpha.ln();
        let end = |side: f64| {
            // Above the lower end a mean stays; `out` is ruled out or the end of the range.
            let (mut out, mut stays) = (-side, estimate);
            if log_evidence(out, side) < limit {
                return out;
            }
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(out, stays);
                if log_evidence(middle, side) < limit { stays = middle } else { out = middle }
            }
            out
        };
        [end(1.0), end(-1.0)]
    }

    /// Pairs until the evidence suffices, if each adds the effect: in standard deviations of pairs the
    /// sum is now at z √n, and evidence is sum² / 2(n + prior) − ½ ln((n + prior) / prior), and ln 2 for
    /// one side.
    pub(super) fn still_needed(&self) -> u64 {
        let evidence = &self.evidence;
        let (n, prior) = (evidence.pairs as f64, self.prior());
        let deviation = (evidence.sum_of_squares() / n.max(1.0)).sqrt();
        let sign = match self.params.direction {
            Direction::HigherIsWorse => 1.0,
            Direction::LowerIsWorse => -1.0,
            Direction::Either => evidence.sum().signum(),
        };
        let sum = if deviation > 0.0 { sign * evidence.sum() / deviation } else { 0.0 };
        let step = prior.sqrt().recip();
        let side = if self.params.direction == Direction::Either { 0.0 } else { LN_2 };
        let enough = |more: f64| {
            let (sum, width) = (sum + more * step, n + more + prior);
            let both = sum * sum / (2.0 * width) - 0.5 * (width / prior).ln();
            sum > 0.0 && both + side >= self.level
        };
        let (mut least, mut most) = (0_u64, 1_u64);
        while !enough(most as f64) && most < 1 << 50 {
            (least, most) = (most, 2 * most);
        }
        while most - least > 1 {
            let middle = u64::midpoint(least, most);
            if enough(middle as f64) {
                most = middle;
            } else {
                least = middle;
            }
        }
        most
    }
}
