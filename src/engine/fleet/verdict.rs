//! What operators say, and what it moves.

use crate::error::{Error, Result};
use std::collections::VecDeque;

/// What an operator says of an alert, or of its absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Verdict {
    /// There was an alert, and nothing was about to fail.
    FalseAlarm,
    /// There was an alert, and rightly.
    Real,
    /// It failed, and there was no alert.
    Missed,
}

/// Standard deviation, before any verdict, of what the log-odds are off by.
const SPREAD: f64 = 1.0;

/// What log-odds are never moved beyond.
const MOST: f64 = 3.0;

/// Verdicts that are kept; the oldest are left out.
const KEPT: usize = 1_000;

/// The log-odds of the engine's probability where verdicts were given, and by how much they say that
/// it is off.
///
/// The probability is taken to be off by one number, the same everywhere, in log-odds: normal around 0
/// with a standard deviation of 1 before any verdict. The most likely value after the verdicts kept
/// is what is added. One false alarm at a probability of 0.5 moves it by −0.40; it is never more than 3
/// either way. Only the verdicts count, not their order or time: giving the same again gives the same.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Verdicts {
    given: VecDeque<(f64, bool)>,
    shift: f64,
}

impl Verdicts {
    pub(super) fn shift(&self) -> f64 {
        self.shift
    }

    /// Takes a verdict on a probability of the engine in.
    pub(super) fn add(&mut self, probability: f64, failed: bool) {
        if self.given.len() == KEPT {
            self.given.pop_front();
        }
        self.given.push_back(((probability / (1.0 - probability)).ln(), failed));
        self.shift = self.most_likely();
    }

    /// Newton's method on a concave function of one number.
    fn most_likely(&self) -> f64 {
        let mut shift: f64 = 0.0;
        for _ in 0..100 {
            let (mut slope, mut bend) = (-shift / (SPREAD * SPREAD), 1.0 / (SPREAD * SPREAD));
            for &(log_odds, failed) in &self.given {
                let p = 1.0 / (1.0 + (-(log_odds + shift)).exp());
                slope += f64::from(u8::from(failed)) - p;
                bend += p * (1.0 - p);
            }
            // Half steps at most: a whole one may overshoot where all are far off.
            let step = (slope / bend).clamp(-0.5, 0.5);
            shift += step;
            if step.abs() < 1e-13 {
                break;
            }
        }
        shift.clamp(-MOST, MOST)
    }

    /// Whether verdicts from a file are possible.
    #[cfg(feature = "serde")]
    pub(super) fn check(&self) -> Result<()> {
        let finite = self.given.iter().all(|(log_odds, _)| log_odds.abs() <= 40.0);
        if finite && self.given.len() <= KEPT && self.shift == self.most_likely() {
            return Ok(());
        }
        Err(Error::InvalidModel { reason: "verdicts that do not move the odds as saved".into() })
    }
}

/// The probabilities that an entity was given lately.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Recent {
    /// Times and probabilities of the engine, in order.
    pub(super) given: VecDeque<(f64, f64)>,
}

/// Assessments of an entity that are kept for verdicts, at most so many in two horizons.
const LATELY: usize = 16;

impl Recent {
    /// Keeps the highest of those close to each other.
    pub(super) fn add(&mut self, time: f64, probability: f64, horizon: f64) {
        let close = 2.0 * horizon / LATELY as f64;
        if let Some(first) = self.given.len().checked_sub(2).map(|index| self.given[index].0)
            && let Some(last) = self.given.back_mut()
            && last.0 - first < close
        {
            *last = (time, last.1.max(probability));
            return;
        }
        if self.given.len() == LATELY {
            self.given.pop_front();
        }
        self.given.push_back((time, probability));
    }

    /// The highest probability within the horizon before a time.
    pub(super) fn highest(&self, time: f64, horizon: f64) -> Result<f64> {
        let close = self.given.iter().filter(|given| given.0 <= time && given.0 > time - horizon);
        close.map(|given| given.1).reduce(f64::max).ok_or_else(|| Error::Incompatible {
            reason: format!(
                "no assessment is known from the horizon before time {time}: a verdict must be on one"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn false_alarms_lower_and_misses_raise() {
        let mut verdicts = Verdicts::default();
        verdicts.add(0.5, false);
        // The root of s + σ(s) = 0, by another program: −0.4010581375…
        assert!((verdicts.shift() + 0.401_058_137_541_547_06).abs() < 1e-12);
        verdicts.add(0.5, true);
        assert!(verdicts.shift().abs() < 1e-12);
        (0..10).for_each(|_| verdicts.add(0.01, true));
        assert!(verdicts.shift() > 2.0 && verdicts.shift() <= MOST);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut verdicts, mut recent) = (Verdicts::default(), Recent::default());
        for index in 0..5_000 {
            verdicts.add(0.3, index % 2 == 0);
            recent.add(f64::from(index), 0.1, 100.0);
        }
        assert_eq!((verdicts.given.len(), recent.given.len()), (KEPT, LATELY));
        assert!(recent.highest(4_999.0, 100.0).is_ok());
        assert!(recent.highest(1.0, 100.0).is_err());
        assert!(recent.given.iter().zip(recent.given.iter().skip(1)).all(|(a, b)| a.0 < b.0));
    }
}
