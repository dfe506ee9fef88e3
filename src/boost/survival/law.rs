//! What raw scores say of a lifetime: the cumulative hazard by time, and back.

use super::super::loss::{Aft, AftLoss, CoxLoss, Distribution, SCALES};
use crate::error::{Error, Result};
use crate::lifetime::Lifetime;
use ndarray::ArrayView1;

/// How scores become a distribution of the lifetime, through its cumulative hazard `H(t)`: the share
/// alive is `e^(−H)`, and between two times it falls by the factor `e^(−(H(b) − H(a)))`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(crate) enum Law {
    /// `H(t) = e^s H₀(t)`, where `H₀` steps up to `hazard` at each of `times`, and is flat between
    /// them and after the last.
    Cox { times: Vec<f64>, hazard: Vec<f64> },
    /// One score a period, the logarithm of the hazard within it. They end at `cuts`; the last one has
    /// no end.
    Hazard { cuts: Vec<f64> },
    /// `H(t) = −ln S((ln t − s) / scale)`.
    Aft { distribution: Distribution, scale: f64 },
}

impl Law {
    /// With the baseline of lives with these scores.
    pub(crate) fn of_cox(
        lives: &[Lifetime],
        weight: Option<&[f64]>,
        scores: &[f64],
    ) -> Result<Self> {
        let (times, hazard) = CoxLoss::new(lives, weight)?.baseline(scores);
        Ok(Self::Cox { times, hazard })
    }

    /// With the scale of lives with these scores, unless it is given.
    pub(crate) fn of_aft(
        aft: Aft,
        lives: &[Lifetime],
        weight: Option<&[f64]>,
        scores: &[f64],
    ) -> Result<Self> {
        let scale = AftLoss::new(aft, lives, weight)?.scale(|row| scores[row]);
        Ok(Self::Aft { distribution: aft.distribution, scale })
    }

    /// Scores that it takes.
    pub(crate) fn scores(&self) -> usize {
        match self {
            Self::Hazard { cuts } => cuts.len() + 1,
            Self::Cox { .. } | Self::Aft { .. } => 1,
        }
    }

    /// The cumulative hazard at a time of at least 0.
    pub(crate) fn hazard(&self, scores: ArrayView1<'_, f64>, time: f64) -> f64 {
        match self {
            Self::Cox { times, hazard } => {
                let steps = times.partition_point(|&step| step <= time);
                if steps == 0 { 0.0 } else { hazard[steps - 1] * scores[0].exp() }
            }
            Self::Hazard { cuts } => {
                let mut hazard = 0.0;
                for (begin, end, rate) in periods(cuts, scores) {
                    if time <= begin {
                        break;
                    }
                    hazard += (time.min(end) - begin) * rate;
                }
                hazard
            }
            // The logarithm of 0 is −∞, where the hazard is 0.
            Self::Aft { distribution, scale } => {
                distribution.alive((time.ln() - scores[0]) / scale).value
            }
        }
    }

    /// The first time at which the cumulative hazard, above 0, is reached; ∞ if it never is.
    pub(crate) fn time(&self, scores: ArrayView1<'_, f64>, hazard: f64) -> f64 {
        match self {
            Self::Cox { times, hazard: steps } => {
                let factor = scores[0].exp();
                let step = steps.partition_point(|&step| step * factor < hazard);
                times.get(step).copied().unwrap_or(f64::INFINITY)
            }
            Self::Hazard { cuts } => {
                let mut left = hazard;
                for (begin, end, rate) in periods(cuts, scores) {
                    // The last has no end: an infinite hazard, unless its rate is 0 (0 · ∞ is NaN).
                    if rate > 0.0 && left <= (end - begin) * rate {
                        return begin + left / rate;
                    }
                    left -= (end - begin) * rate;
                }
                f64::INFINITY
            }
            Self::Aft { distribution, scale } => {
                (scores[0] + scale * distribution.at_hazard(hazard)).exp()
            }
        }
    }

    /// One number that rises with the risk: the logarithm of the relative hazard, or of the cumulative
    /// hazard at the last cut, or minus the logarithm of the time.
    pub(crate) fn risk(&self, scores: ArrayView1<'_, f64>) -> f64 {
        match self {
            Self::Cox { .. } => scores[0],
            Self::Aft { .. } => -scores[0],
            Self::Hazard { cuts } => match cuts.last() {
                Some(&last) => self.hazard(scores, last).ln(),
                None => scores[0],
            },
        }
    }

    /// Whether a law from outside is one.
    pub(crate) fn check(&self) -> Result<()> {
        let ascending = |values: &[f64]| {
            values.iter().all(|value| *value > 0.0 && value.is_finite())
                && values.windows(2).all(|pair| pair[0] < pair[1])
        };
        let reason = match self {
            Self::Cox { times, hazard } => {
                let rising =
                    hazard.is_sorted() && hazard.iter().all(|h| *h >= 0.0 && h.is_finite());
                if !times.is_empty() && times.len() == hazard.len() && ascending(times) && rising {
                    return Ok(());
                }
                "a baseline hazard that does not rise with time"
            }
            Self::Hazard { cuts } if cuts.len() <= 254 && ascending(cuts) => return Ok(()),
            Self::Hazard { .. } => "periods that do not follow each other",
            Self::Aft { scale, .. } if SCALES.contains(scale) => return Ok(()),
            Self::Aft { .. } => "a scale out of its range",
        };
        Err(Error::InvalidModel { reason: reason.to_owned() })
    }
}

/// Beginning, end and hazard of each period.
fn periods(cuts: &[f64], scores: ArrayView1<'_, f64>) -> impl Iterator<Item = (f64, f64, f64)> {
    (0..=cuts.len()).map(move |period| {
        let begin = if period == 0 { 0.0 } else { cuts[period - 1] };
        let end = cuts.get(period).copied().unwrap_or(f64::INFINITY);
        (begin, end, scores[period].exp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn laws() -> Vec<Law> {
        let mut laws = vec![
            Law::Cox { times: vec![1.0, 2.0, 4.0], hazard: vec![0.1, 0.5, 2.0] },
            Law::Hazard { cuts: vec![1.0, 2.5] },
            Law::Hazard { cuts: Vec::new() },
        ];
        for distribution in
            [Distribution::Normal, Distribution::Logistic, Distribution::ExtremeValue]
        {
            laws.push(Law::Aft { distribution, scale: 0.7 });
        }
        laws
    }

    proptest! {
        #[test]
        fn the_time_of_a_hazard_is_when_it_is_reached(
            scores in prop::array::uniform3(-2.0..2.0_f64),
            hazard in prop_oneof![1e-9..5.0_f64, 5.0..2_000.0_f64],
        ) {
            for law in laws() {
                law.check().unwrap();
                let scores = ArrayView1::from(&scores[..law.scores()]);
                let time = law.time(scores, hazard);
                if time.is_infinite() {
                    continue;
                }
                let reached = law.hazard(scores, time);
                if let Law::Cox { .. } = law {
                    prop_assert!(reached >= hazard);
                    prop_assert!(law.hazard(scores, time.next_down()) < hazard);
                } else {
                    prop_assert!((reached - hazard).abs() < 1e-9 * hazard, "{law:?}: {hazard} {reached}");
                }
            }
        }

        #[test]
        fn hazards_never_fall(
            scores in prop::array::uniform3(-3.0..3.0_f64),
            mut times in prop::array::uniform4(0.0..8.0_f64),
        ) {
            times.sort_by(f64::total_cmp);
            for law in laws() {
                let scores = ArrayView1::from(&scores[..law.scores()]);
                prop_assert_eq!(law.hazard(scores, 0.0), 0.0);
                prop_assert!(times.map(|time| law.hazard(scores, time)).is_sorted(), "{law:?}");
            }
        }
    }

    #[test]
    fn impossible_laws_are_refused() {
        for law in [
            Law::Cox { times: vec![], hazard: vec![] },
            Law::Cox { times: vec![1.0], hazard: vec![0.1, 0.2] },
            Law::Cox { times: vec![2.0, 1.0], hazard: vec![0.1, 0.2] },
            Law::Cox { times: vec![1.0, 2.0], hazard: vec![0.2, 0.1] },
            Law::Cox { times: vec![1.0], hazard: vec![f64::NAN] },
            Law::Hazard { cuts: vec![1.0, 1.0] },
            Law::Hazard { cuts: vec![-1.0] },
            Law::Aft { distribution: Distribution::Normal, scale: 0.0 },
            Law::Aft { distribution: Distribution::Normal, scale: f64::NAN },
        ] {
            assert!(matches!(law.check(), Err(Error::InvalidModel { .. })), "{law:?}");
        }
    }
}
