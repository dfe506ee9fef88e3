//! The objective, and the rates of spending that raise an alert.

use super::ServiceLevel;
use crate::alert::Severity;
use crate::error::{Error, Result};

const HOUR: f64 = 3_600.0;
const DAY: f64 = 24.0 * HOUR;

/// Rules a service level can have.
const MOST_RULES: usize = 32;

/// One alert on how fast the error budget is spent: in a long window, so that it matters, and still
/// in a short one, so that it ends soon after the trouble does.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct BurnRule {
    /// Fires above this burn rate, greater than 0: 1 spends exactly the budget in the period.
    pub rate: f64,
    /// Seconds of the long window, at least that of the short one and at most the period.
    pub long: f64,
    /// Seconds of the short window, at least 1.
    pub short: f64,
    /// What it is worth.
    pub severity: Severity,
}

impl BurnRule {
    /// The rule that fires once `share` of the budget of `period` seconds is spent within `long`
    /// seconds; its short window is a twelfth of that.
    ///
    /// ```text
    /// rate = share · period / long
    /// ```
    ///
    /// Beyer et al., "The Site Reliability Workbook" (2018), chapter 5, "Alerting on SLOs".
    ///
    /// ```
    /// use forewarn::alert::{BurnRule, Severity};
    ///
    /// let month = 30.0 * 86_400.0;
    /// let rule = BurnRule::spending(0.02, 3_600.0, month, Severity::Critical);
    /// assert!((rule.rate - 14.4).abs() < 1e-12 && rule.short == 300.0);
    /// ```
    #[must_use]
    pub fn spending(share: f64, long: f64, period: f64, severity: Severity) -> Self {
        Self { rate: share * (period / long), long, short: long / 12.0, severity }
    }
}

/// A service level objective and its alerts. Every field has a setter of the same name.
///
/// ```
/// use forewarn::alert::{ServiceLevelParams, Severity};
///
/// // 99.9 % of the requests in 30 days; every minute 60 requests, and from noon on 10 % fail.
/// let mut level = ServiceLevelParams::new(0.999).build()?;
/// let mut fired = None;
/// for minute in 0..16 * 60 {
///     let bad = if minute < 12 * 60 { 0.0 } else { 6.0 };
///     let state = level.observe(60.0 * f64::from(minute), 60.0 - bad, bad)?;
///     if state.severity.is_some() {
///         fired.get_or_insert((minute, state.severity));
///     }
/// }
/// // 14.4 times the budget's rate over the last hour, after nine minutes: 0.0144 · 60 / 0.1.
/// assert_eq!(fired, Some((12 * 60 + 8, Some(Severity::Critical))));
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct ServiceLevelParams {
    /// Share of the events that should be good, in `(0, 1)`: 0.999 for "three nines".
    pub objective: f64,
    /// Seconds for which the budget is meant, from 60 to 1e9. Default 30 days.
    pub period: f64,
    /// The alerts, from 1 to 32. Default those that the workbook recommends for 30 days: a rate of
    /// 14.4 over 1 hour and 5 minutes ([`Severity::Critical`]), 6 over 6 hours and 30 minutes
    /// ([`Severity::High`]), 1 over 3 days and 6 hours ([`Severity::Medium`]).
    pub rules: Vec<BurnRule>,
    /// Bad events that the long window must hold for a rule to fire, at least 0. Default 3: one
    /// failed request of ten is a burn rate of 100, and no reason to wake anybody.
    pub min_bad: f64,
    /// How sure it must be that the long window's errors are above the objective at all, in
    /// `[0.5, 1)`: with little traffic, chance alone brings high rates. Default 0.999.
    pub confidence: f64,
}

impl ServiceLevelParams {
    /// This objective over 30 days, with the workbook's alerts.
    #[must_use]
    pub fn new(objective: f64) -> Self {
        let period = 30.0 * DAY;
        let rule = |share, long, severity| BurnRule::spending(share, long, period, severity);
        let rules = vec![
            rule(0.02, HOUR, Severity::Critical),
            rule(0.05, 6.0 * HOUR, Severity::High),
            rule(0.1, 3.0 * DAY, Severity::Medium),
        ];
        Self { objective, period, rules, min_bad: 3.0, confidence: 0.999 }
    }

    /// Sets the share of the events that should be good.
    #[must_use]
    pub fn objective(self, objective: f64) -> Self {
        Self { objective, ..self }
    }

    /// Sets the seconds for which the budget is meant. The rules stay as they are.
    #[must_use]
    pub fn period(self, period: f64) -> Self {
        Self { period, ..self }
    }

    /// Sets the alerts.
    #[must_use]
    pub fn rules(self, rules: Vec<BurnRule>) -> Self {
        Self { rules, ..self }
    }

    /// Sets the bad events that the long window must hold.
    #[must_use]
    pub fn min_bad(self, min_bad: f64) -> Self {
        Self { min_bad, ..self }
    }

    /// Sets how sure it must be that errors are above the objective.
    #[must_use]
    pub fn confidence(self, confidence: f64) -> Self {
        Self { confidence, ..self }
    }

    /// A service level that has seen nothing yet.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting, [`Error::Empty`] without rules.
    pub fn build(&self) -> Result<ServiceLevel> {
        self.check()?;
        Ok(ServiceLevel::new(self.clone()))
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        if !(self.objective > 0.0 && self.objective < 1.0) {
            return refuse("objective", self.objective, "between 0 and 1, both excluded");
        }
        if !(60.0..=1e9).contains(&self.period) {
            return refuse("period", self.period, "from 60 to 1e9 seconds");
        }
        if !(self.min_bad >= 0.0 && self.min_bad < f64::INFINITY) {
            return refuse("min_bad", self.min_bad, "at least 0 and finite");
        }
        if !(0.5..1.0).contains(&self.confidence) {
            return refuse("confidence", self.confidence, "at least 0.5 and less than 1");
        }
        if self.rules.is_empty() {
            return Err(Error::Empty { what: "rules" });
        }
        if self.rules.len() > MOST_RULES {
            return refuse("the number of rules", self.rules.len() as f64, "at most 32");
        }
        for rule in &self.rules {
            if !(rule.rate > 0.0 && rule.rate < f64::INFINITY) {
                return refuse("rate", rule.rate, "greater than 0 and finite");
            }
            if !(1.0..=self.period).contains(&rule.short) {
                return refuse("short", rule.short, "from 1 second to the period");
            }
            if !(rule.short..=self.period).contains(&rule.long) {
                return refuse("long", rule.long, "from the short window to the period");
            }
        }
        Ok(())
    }
}
