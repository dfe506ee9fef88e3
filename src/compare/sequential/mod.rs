//! Tests that may be looked at any time.

mod evidence;
mod horizon;
mod interval;
mod params;
mod reference;
#[cfg(feature = "serde")]
mod saved;

pub use params::{Measure, SequentialTestParams};

use super::Direction;
use super::sample::LARGEST;
use crate::error::{Error, Result};
use evidence::Evidence;
use horizon::Horizon;
use std::collections::VecDeque;
use std::fmt;

/// Most values that wait for a partner.
const WAITING: usize = 10_000;

/// Fewest pairs after which sums are normal enough to lower the evidence that is asked for.
const FEWEST_FOR_HORIZON: u64 = 100;

/// Which version a value is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Arm {
    /// The version before.
    Baseline,
    /// The version that is tried.
    Candidate,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SequentialDecision {
    /// Go on.
    Continue,
    /// Stop: the candidate is worse.
    Worse,
    /// Stop: it is not worse by the margin.
    Harmless,
    /// Stop: that many pairs were allowed, and there is no decision.
    Undecided,
}

impl fmt::Display for SequentialDecision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Continue => "continue",
            Self::Worse => "worse",
            Self::Harmless => "harmless",
            Self::Undecided => "undecided",
        })
    }
}

/// Where a test stands.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SequentialState {
    /// What to do. Once it is not [`Continue`](SequentialDecision::Continue) it stays.
    pub decision: SequentialDecision,
    /// Pairs seen.
    pub pairs: u64,
    /// Logarithm of the evidence against equality now.
    pub log_evidence: f64,
    /// The always-valid p-value: 1 by the most evidence there ever was, or less where
    /// [`most_pairs`](SequentialTestParams::most_pairs) says more. However one looks and stops, it is
    /// at most p with probability at most p when nothing differs.
    pub p_value: f64,
    /// The difference, candidate less baseline; for [`Measure::Ranks`] the probability that a value of
    /// the candidate is greater, ties counted half. NaN before the first pair.
    pub estimate: f64,
    /// Lower end of the confidence sequence: with probability 1 − alpha the truth is between the ends
    /// at every time.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// More pairs until the candidate will be called worse, about, if from now on it is worse by the
    /// [`effect`](SequentialTestParams::effect); 0 when the test has stopped.
    pub still_needed: u64,
}

/// A test of baseline and candidate that may be looked at after every value, and stopped at any time.
///
/// Values are paired in the order in which they come; each arm's wait for a partner, the last 10,000 of
/// them. Evidence is an e-process: [`Measure`] says which. When it reaches 1 / alpha the candidate is
/// called worse: by Ville's inequality that happens to equal versions with probability alpha at most,
/// over all time. A plain test looked at after every value would call almost all of them so. With
/// [`most_pairs`](SequentialTestParams::most_pairs), less evidence is asked of ranks and means, so that
/// it happens within those pairs with probability alpha, about.
///
/// Values of one arm must be independent of each other. O(1) a pair; for [`Measure::Ranks`] O(log n)
/// and a move of up to 16 kB while the first 1,000 pairs come.
///
/// ```
/// use forewarn::compare::{Arm, SequentialDecision, SequentialTestParams};
///
/// let mut test = SequentialTestParams::default().start()?;
/// for i in 0..10_000_u32 {
///     let noise = f64::from(i.wrapping_mul(2_654_435_769) >> 8) / f64::from(1 << 24);
///     let arm = if i % 2 == 0 { Arm::Baseline } else { Arm::Candidate };
///     let slower = if i % 2 == 0 { 0.0 } else { 0.1 };
///     if test.observe(arm, noise + slower)? != SequentialDecision::Continue {
///         break;
///     }
/// }
/// let state = test.state();
/// assert_eq!(state.decision, SequentialDecision::Worse);
/// assert!(state.pairs < 500 && state.p_value <= 0.05);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Saved", into = "saved::Saved"))]
pub struct SequentialTest {
    params: SequentialTestParams,
    evidence: Evidence,
    /// Logarithm of the most evidence that there was.
    most: f64,
    decision: SequentialDecision,
    /// What it has to reach; it follows from the settings.
    level: f64,
    /// Whose values wait, and which.
    waiting_arm: Arm,
    waiting: VecDeque<f64>,
}

impl SequentialTest {
    pub(super) fn new(params: SequentialTestParams) -> Self {
        Self {
            params,
            evidence: Evidence::new(),
            most: 0.0,
            decision: SequentialDecision::Continue,
            level: level(&params),
            waiting_arm: Arm::Baseline,
            waiting: VecDeque::new(),
        }
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &SequentialTestParams {
        &self.params
    }

    /// Takes a value, and says what to do. After the test has stopped values change nothing.
    ///
    /// # Errors
    /// [`Error::NotANumber`] for NaN, [`Error::OutOfRange`] for a value beyond ±1e150, outside the range
    /// of [`Measure::Bounded`], or other than 0 and 1 for [`Measure::Shares`]. Nothing was changed then.
    pub fn observe(&mut self, arm: Arm, value: f64) -> Result<SequentialDecision> {
        self.check(value)?;
        if self.decision == SequentialDecision::Continue {
            if arm == self.waiting_arm || self.waiting.is_empty() {
                self.waiting_arm = arm;
                if self.waiting.len() == WAITING {
                    self.waiting.pop_front();
                }
                self.waiting.push_back(value);
            } else if let Some(partner) = self.waiting.pop_front() {
                match arm {
                    Arm::Candidate => self.add(partner, value),
                    Arm::Baseline => self.add(value, partner),
                }
            }
        }
        Ok(self.decision)
    }

    /// Takes a pair, and says what to do.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn observe_pair(&mut self, baseline: f64, candidate: f64) -> Result<SequentialDecision> {
        self.check(baseline)?;
        self.check(candidate)?;
        if self.decision == SequentialDecision::Continue {
            self.add(baseline, candidate);
        }
        Ok(self.decision)
    }

    fn check(&self, value: f64) -> Result<()> {
        let refuse = |allowed| Err(Error::OutOfRange { name: "value", value, allowed });
        if value.is_nan() {
            return Err(Error::NotANumber { what: "value", index: self.evidence.pairs as usize });
        }
        match self.params.measure {
            Measure::Bounded { low, high } if !(low..=high).contains(&value) => {
                refuse("in the range that was promised")
            }
            Measure::Shares if value != 0.0 && value != 1.0 => refuse("0 or 1"),
            _ if value.abs() > LARGEST => refuse("from -1e150 to 1e150"),
            _ => Ok(()),
        }
    }

    fn add(&mut self, baseline: f64, candidate: f64) {
        self.evidence.add(self.params.measure, baseline, candidate);
        self.most = self.most.max(self.log_evidence());
        self.decision = self.decide();
    }

    /// What the prior's width is given as: the precision of effects in standard deviations of pairs,
    /// whose difference has the variance of two values.
    fn prior(&self) -> f64 {
        prior(&self.params)
    }

    /// 1 by the most evidence there was; or the probability that there is so much within the pairs that
    /// are allowed.
    fn p_value(&self) -> f64 {
        let for_ever = (-self.most).exp();
        match horizon(&self.params) {
            Some(horizon) if self.most > 0.0 => horizon.crossing(self.most).min(for_ever),
            _ => for_ever,
        }
    }

    fn log_evidence(&self) -> f64 {
        let [greater, less] = self.evidence.sides(self.params.measure, self.prior());
        match self.params.direction {
            Direction::HigherIsWorse => greater,
            Direction::LowerIsWorse => less,
            Direction::Either => {
                let largest = greater.max(less);
                largest + (0.5 * ((greater - largest).exp() + (less - largest).exp())).ln()
            }
        }
    }

    fn decide(&self) -> SequentialDecision {
        if self.most >= self.level {
            return SequentialDecision::Worse;
        }
        if let Some(margin) = self.params.margin {
            let harmless = match self.params.direction {
                Direction::HigherIsWorse => self.rules_out(margin),
                Direction::LowerIsWorse => self.rules_out(-margin),
                Direction::Either => self.rules_out(margin) && self.rules_out(-margin),
            };
            if harmless {
                return SequentialDecision::Harmless;
            }
        }
        if self.params.most_pairs.is_some_and(|most| self.evidence.pairs >= most) {
            return SequentialDecision::Undecided;
        }
        SequentialDecision::Continue
    }

    /// What to do.
    #[must_use]
    pub fn decision(&self) -> SequentialDecision {
        self.decision
    }

    /// Where the test stands. Takes some 50 µs, most of them for the confidence sequence.
    #[must_use]
    pub fn state(&self) -> SequentialState {
        let (estimate, [low, high]) = self.interval();
        let still_needed = match self.decision {
            SequentialDecision::Continue => self.still_needed(),
            _ => 0,
        };
        SequentialState {
            decision: self.decision,
            pairs: self.evidence.pairs,
            log_evidence: self.log_evidence(),
            p_value: self.p_value(),
            estimate,
            low,
            high,
            still_needed,
        }
    }
}

fn prior(params: &SequentialTestParams) -> f64 {
    2.0 / (params.effect * params.effect)
}

/// Where evidence is close to that of a Brownian motion, and for how long.
fn horizon(params: &SequentialTestParams) -> Option<Horizon> {
    let known = matches!(params.measure, Measure::Ranks | Measure::Means);
    let pairs = params.most_pairs.filter(|&pairs| known && pairs >= FEWEST_FOR_HORIZON)?;
    let one_sided = params.direction != Direction::Either;
    Some(Horizon { pairs, prior: prior(params), one_sided })
}

/// The logarithm of the evidence that decides.
fn level(params: &SequentialTestParams) -> f64 {
    horizon(params).map_or(-params.alpha.ln(), |horizon| horizon.level(params.alpha))
}
