//! What may happen.

#[cfg(feature = "serde")]
use super::policy::within;
use super::policy::{Action, ActionPolicy, Situation};
use super::record::{ActionOutcome, ActionRecord, Refusal};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, VecDeque};

/// Records kept.
const KEPT: usize = 1_000;

/// Does what was decided: restarts, drains, opens a ticket. Functions
/// `FnMut(&ActionRecord) -> Result<(), String>` are hands.
pub trait Hand {
    /// Acts.
    ///
    /// # Errors
    /// Why it could not. The decision is recorded as failed, and is not tried again before the
    /// cool-down is over.
    fn act(&mut self, record: &ActionRecord) -> Result<(), String>;
}

impl<F: FnMut(&ActionRecord) -> Result<(), String>> Hand for F {
    fn act(&mut self, record: &ActionRecord) -> Result<(), String> {
        self(record)
    }
}

/// Lets no more be done than its policy allows, whatever it is told; see the [module](super).
///
/// In any stretch of time as long as the budget's window, no more interventions than the budget; on
/// one machine, none within the cool-down of another. Both are charged before the hand is called: one
/// that fails, or panics, is not called again and again.
///
/// A decision takes constant time on average; memory grows with the machines acted on within a
/// cool-down, the budget, and a thousand records.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Saved"))]
pub struct ActionGate {
    policy: ActionPolicy,
    time: Option<f64>,
    /// Interventions of the last window, ascending.
    spent: VecDeque<f64>,
    /// By machine: the last intervention, while it cools down.
    last: BTreeMap<String, f64>,
    /// Entries of `last` at which those that have cooled down are thrown out.
    sweep_at: usize,
    number: u64,
    records: VecDeque<ActionRecord>,
}

impl ActionGate {
    /// A gate through which nothing has gone.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn new(policy: ActionPolicy) -> Result<Self> {
        policy.check()?;
        Ok(Self::of_checked(policy))
    }

    /// A gate of a policy that was checked.
    pub(in crate::engine) fn of_checked(policy: ActionPolicy) -> Self {
        Self {
            policy,
            time: None,
            spent: VecDeque::new(),
            last: BTreeMap::new(),
            sweep_at: 64,
            number: 0,
            records: VecDeque::new(),
        }
    }

    /// The time of the last decision.
    #[must_use]
    pub fn last_time(&self) -> Option<f64> {
        self.time
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &ActionPolicy {
        &self.policy
    }

    /// The last 1,000 decisions, the newest last.
    #[must_use]
    pub fn records(&self) -> impl ExactSizeIterator<Item = &ActionRecord> {
        self.records.iter()
    }

    /// Interventions that the budget has left at a time.
    #[must_use]
    pub fn left(&self, now: f64) -> u32 {
        let spent = self.spent.iter().filter(|&&time| self.counts(time, now)).count();
        self.policy.budget.saturating_sub(spent as u32)
    }

    /// Decides what to do about a machine, has it done, and records it.
    ///
    /// The hand is called for interventions that are allowed, and for nothing else. An intervention
    /// that is not allowed becomes [`Action::Investigate`].
    ///
    /// # Errors
    /// Nothing is decided, recorded or done:
    /// - [`Error::TimeWentBack`] for a time before the last decision's;
    /// - [`Error::OutOfRange`] as [`ActionPolicy::propose`].
    pub fn decide(
        &mut self,
        entity: &str,
        now: f64,
        situation: &Situation,
        hand: &mut dyn Hand,
    ) -> Result<ActionRecord> {
        let proposed = self.policy.propose(now, situation)?;
        if let Some(last) = self.time.filter(|&last| now < last) {
            return Err(Error::TimeWentBack { time: now, last });
        }
        self.time = Some(now);
        while self.spent.front().is_some_and(|&time| !self.counts(time, now)) {
            self.spent.pop_front();
        }
        let refusal = if proposed.intervenes() { self.refusal(entity, now) } else { None };
        let allowed = if refusal.is_some() { Action::Investigate } else { proposed };
        self.number += 1;
        let mut record = ActionRecord {
            number: self.number,
            entity: entity.to_owned(),
            time: now,
            situation: *situation,
            proposed,
            allowed,
            refusal,
            outcome: ActionOutcome::NotNeeded,
        };
        if self.records.len() == KEPT {
            self.records.pop_front();
        }
        if allowed.intervenes() {
            self.charge(entity, now);
            // Known as failed while the hand is at it: true if it never comes back.
            record.outcome = ActionOutcome::Failed("the hand did not come back".to_owned());
            self.records.push_back(record.clone());
            record.outcome = match hand.act(&record) {
                Ok(()) => ActionOutcome::Done,
                Err(reason) => ActionOutcome::Failed(reason),
            };
            self.records.pop_back();
        }
        self.records.push_back(record.clone());
        Ok(record)
    }

    /// Whether an intervention at `time` counts against the budget now.
    fn counts(&self, time: f64, now: f64) -> bool {
        now - time < self.policy.budget_window
    }

    fn refusal(&self, entity: &str, now: f64) -> Option<Refusal> {
        let cool_down = self.policy.cool_down;
        if let Some(&last) = self.last.get(entity).filter(|&&last| now - last < cool_down) {
            return Some(Refusal::CoolDown { until: last + cool_down });
        }
        if self.spent.len() < self.policy.budget as usize {
            return None;
        }
        let first = self.spent.front().copied().unwrap_or(f64::INFINITY);
        Some(Refusal::Budget { until: first + self.policy.budget_window })
    }

    fn charge(&mut self, entity: &str, now: f64) {
        self.spent.push_back(now);
        if self.last.len() >= self.sweep_at {
            let cool_down = self.policy.cool_down;
            self.last.retain(|_, last| now - *last < cool_down);
            self.sweep_at = (2 * self.last.len()).max(64);
        }
        self.last.insert(entity.to_owned(), now);
    }
}

/// A gate as a file has it.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    policy: ActionPolicy,
    time: Option<f64>,
    spent: VecDeque<f64>,
    last: BTreeMap<String, f64>,
    sweep_at: usize,
    number: u64,
    records: VecDeque<ActionRecord>,
}

#[cfg(feature = "serde")]
impl TryFrom<Saved> for ActionGate {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        let Saved { policy, time, spent, last, sweep_at, number, records } = saved;
        policy.check()?;
        let invalid = |reason: &str| Error::InvalidModel { reason: reason.into() };
        let until = time.unwrap_or(f64::NEG_INFINITY);
        within("time", until, time.is_none_or(f64::is_finite), "finite")?;
        let past = |time: f64| time.is_finite() && time <= until;
        if !last.values().all(|&time| past(time)) || !spent.iter().all(|&time| past(time)) {
            return Err(invalid("an intervention of a time after the last decision"));
        }
        if !spent.iter().zip(spent.iter().skip(1)).all(|(a, b)| a <= b) {
            return Err(invalid("interventions out of order"));
        }
        if spent.len() > policy.budget as usize {
            return Err(invalid("more interventions than the budget allows"));
        }
        let first = number.checked_sub(records.len() as u64).filter(|_| records.len() <= KEPT);
        let first =
            first.ok_or_else(|| invalid("more records than decisions, or than are kept"))?;
        if !(first + 1..=number).eq(records.iter().map(|record| record.number)) {
            return Err(invalid("records that are not the last ones"));
        }
        let sweep_at = sweep_at.clamp(64, (2 * last.len()).max(64));
        Ok(Self { policy, time, spent, last, sweep_at, number, records })
    }
}
