//! What verdicts on a history ask for, and what that would have been like.

use super::incident::{Incident, ScoredPoint};
use super::params::{AlarmCosts, ThresholdTunerParams};
use super::rate::{WEEK, Weekly, expected};
use super::tuner::{ThresholdTuner, TunedThresholds};
use super::verdict::{AlarmVerdict, Opinion};
use crate::error::{Error, Result};
use crate::traits::Tune;

/// An incident, as it was and as it would have been.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Replayed {
    /// The incident.
    pub incident: Incident,
    /// Whether it raises an alarm at the threshold that was asked for.
    pub before: bool,
    /// Whether it raises an alarm at the learned threshold.
    pub after: bool,
}

/// Learned thresholds and what they would have brought.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OptimizedThreshold {
    /// Of every group without verdicts.
    pub threshold: f64,
    /// All thresholds.
    pub thresholds: TunedThresholds,
    /// Weeks from the first to the last time of the history.
    pub weeks: f64,
    /// Alarms a week at the learned thresholds.
    pub alarms_per_week: Weekly,
    /// Alarms a week at the threshold that was asked for.
    pub alarms_before: Weekly,
    /// Incidents a week that the verdicts call real or missed and that the learned thresholds do not
    /// raise. Nobody knows of others.
    pub misses_per_week: Weekly,
    /// What the judged incidents would have cost a week: false alarms, misses and delays.
    pub cost_per_week: f64,
    /// What they did cost at the threshold that was asked for.
    pub cost_before: f64,
    /// The incidents of the last four weeks that raise an alarm at either threshold, by their start.
    pub last_month: Vec<Replayed>,
    /// A tuner that goes on from here.
    pub tuner: ThresholdTuner,
}

impl ThresholdTuner {
    /// Learns from a history and all verdicts on it at once, with the default settings but these
    /// costs: see [`ThresholdTunerParams::optimize`].
    ///
    /// # Errors
    /// As there.
    pub fn optimize(
        history: &[ScoredPoint],
        verdicts: &[AlarmVerdict],
        costs: AlarmCosts,
    ) -> Result<OptimizedThreshold> {
        ThresholdTunerParams::default().costs(costs).optimize(history, verdicts)
    }
}

impl ThresholdTunerParams {
    /// Learns from a history and all verdicts on it at once, and replays the history with what was
    /// learned.
    ///
    /// Groups may come interleaved or one after the other, each in order of time. Verdicts are as for
    /// [`ThresholdTuner::observe`](crate::traits::Tune::observe), the order in which they were given;
    /// no single one is bounded by [`max_step`](Self::max_step), and none is forgotten.
    ///
    /// O(n) for `n` scores, and O(verdicts × incidents).
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range or a verdict on an unknown time,
    /// [`Error::Empty`] without history, and as [`ThresholdTuner::judge`] for a score.
    ///
    /// ```
    /// use forewarn::threshold::{AlarmVerdict, Opinion, ScoredPoint, ThresholdTunerParams};
    ///
    /// // Six weeks of hourly scores: a harmless job scores 4.5 every third day, a failure 9.
    /// let score = |hour: usize| match hour {
    ///     500 | 900 => 9.0,
    ///     hour if hour % 72 == 3 => 4.5,
    ///     _ => 1.0,
    /// };
    /// let point = |hour| ScoredPoint { group: 0, time: hour as f64 * 3600.0, score: score(hour) };
    /// let history: Vec<ScoredPoint> = (0..1008).map(point).collect();
    /// let verdict = |hour: usize| AlarmVerdict {
    ///     group: 0,
    ///     time: hour as f64 * 3600.0,
    ///     opinion: if score(hour) > 5.0 { Opinion::Real } else { Opinion::FalseAlarm },
    /// };
    /// let judged = [3, 75, 147, 219, 291, 363, 435, 500, 507];
    /// let verdicts: Vec<AlarmVerdict> = judged.into_iter().map(verdict).collect();
    ///
    /// let best = ThresholdTunerParams::default().optimize(&history, &verdicts)?;
    /// assert!((4.5..9.0).contains(&best.tuner.threshold(0)));
    /// assert!(best.alarms_per_week.mean < 0.4 && best.alarms_before.mean > 2.0);
    /// assert!(best.last_month.iter().filter(|it| it.before && !it.after).count() > 5);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn optimize(
        &self,
        history: &[ScoredPoint],
        verdicts: &[AlarmVerdict],
    ) -> Result<OptimizedThreshold> {
        self.check()?;
        if history.is_empty() {
            return Err(Error::Empty { what: "history" });
        }
        let whole = self.remembering(history, verdicts);
        let mut before = ThresholdTuner::new(whole.clone());
        let promised = self.promised();
        let raised_before = replay(&mut before, history, |_| promised)?;
        before.close();
        for &verdict in verdicts {
            before.file(verdict)?;
        }
        before.thresholds = before.target();
        let mut after = ThresholdTuner::new(whole);
        let raised_after = replay(&mut after, history, |group| before.threshold(group))?;

        let times = || history.iter().map(|point| point.time);
        let (start, end) =
            (times().fold(f64::INFINITY, f64::min), times().fold(f64::MIN, f64::max));
        let weeks = (end - start) / WEEK;
        let judged = Costing::of(&before, &after, weeks.max(1.0 / 7.0));
        let (thresholds, threshold) = (before.setting(), before.setting().common);
        let optimized = OptimizedThreshold {
            threshold,
            weeks,
            alarms_per_week: expected(&raised_after, start, end),
            alarms_before: expected(&raised_before, start, end),
            misses_per_week: expected(&judged.missed, start, end),
            cost_per_week: judged.after,
            cost_before: judged.before,
            last_month: last_month(&before, end - 4.0 * WEEK),
            tuner: self.going_on(after, &before),
            thresholds,
        };
        Ok(optimized)
    }

    /// These settings, with room for everything in a history.
    fn remembering(&self, history: &[ScoredPoint], verdicts: &[AlarmVerdict]) -> Self {
        let high = history.iter().filter(|point| point.score >= self.lowest()).count();
        let mut groups: Vec<u64> = history.iter().map(|point| point.group).collect();
        groups.sort_unstable();
        groups.dedup();
        self.clone()
            .max_incidents(high.max(1))
            .max_groups(groups.len())
            .max_verdicts(verdicts.len().max(1))
    }

    /// A tuner of bounded memory that has seen the history.
    fn going_on(&self, seen: ThresholdTuner, learned: &ThresholdTuner) -> ThresholdTuner {
        let mut tuner = ThresholdTuner::new(self.clone());
        let mut watches = seen.watches;
        watches.sort_by(|a, b| b.last.total_cmp(&a.last).then(a.group.cmp(&b.group)));
        watches.truncate(self.max_groups);
        tuner.places.extend(watches.iter().enumerate().map(|(place, it)| (it.group, place)));
        tuner.watches.extend(watches);
        let opinion = |mut it: Incident| {
            let same = |other: &&Incident| other.group == it.group && other.start == it.start;
            it.opinion = learned.incidents.iter().find(same).and_then(|other| other.opinion);
            it
        };
        let skip = seen.incidents.len().saturating_sub(self.max_incidents);
        tuner.incidents.extend(seen.incidents.into_iter().skip(skip).map(opinion));
        let skip = learned.judged.len().saturating_sub(self.max_verdicts);
        tuner.judged.extend(learned.judged.iter().skip(skip));
        tuner.thresholds.clone_from(&learned.thresholds);
        tuner.missing = seen.missing;
        tuner
    }
}

/// Follows the history; returns when alarms begin.
fn replay(
    tuner: &mut ThresholdTuner,
    history: &[ScoredPoint],
    threshold: impl Fn(u64) -> f64,
) -> Result<Vec<f64>> {
    let mut begins = Vec::new();
    for &point in history {
        if tuner.judge_at(point, threshold(point.group))?.raise {
            begins.push(point.time);
        }
    }
    Ok(begins)
}

/// What the judged incidents cost a week.
#[derive(Default)]
struct Costing {
    before: f64,
    after: f64,
    /// When real incidents began that are not raised.
    missed: Vec<f64>,
}

impl Costing {
    fn of(learned: &ThresholdTuner, after: &ThresholdTuner, weeks: f64) -> Self {
        let costs = learned.params.costs;
        let mut costing = Self::default();
        for judged in &learned.judged {
            let it = judged.incident;
            let known = after.incidents.iter().chain(after.open_incidents());
            let overlapping = known.filter(|other| {
                other.group == it.group && other.start <= it.end && it.start <= other.end
            });
            let raised = overlapping.filter_map(|other| other.raised).reduce(f64::min);
            let cost = |raised: Option<f64>| match (judged.opinion, raised) {
                (Opinion::FalseAlarm, None) => 0.0,
                (Opinion::FalseAlarm, Some(_)) => costs.false_alarm,
                (_, None) => costs.miss,
                (_, Some(time)) => costs.of_delay((time - it.start).max(0.0)),
            };
            costing.before += cost(it.raised) / weeks;
            costing.after += cost(raised) / weeks;
            if judged.opinion != Opinion::FalseAlarm && raised.is_none() {
                costing.missed.push(it.start);
            }
        }
        costing
    }
}

fn last_month(learned: &ThresholdTuner, since: f64) -> Vec<Replayed> {
    let replayed = |&incident: &Incident| Replayed {
        incident,
        before: incident.raised.is_some(),
        after: incident.evidence(learned.params.persistence) >= learned.threshold(incident.group),
    };
    let recent = learned.incidents.iter().filter(|it| it.end >= since);
    let mut all: Vec<Replayed> = recent.map(replayed).filter(|it| it.before || it.after).collect();
    all.sort_by(|a, b| a.incident.start.total_cmp(&b.incident.start));
    all
}
