//! Incidents, not points: exceedances that lie close together are one.

use super::verdict::Opinion;

/// Consecutive observations count as neighbours, however coarse the metric, if they are at most a
/// day apart.
const LONGEST_STEP: f64 = 86_400.0;

/// The score of one observation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ScoredPoint {
    /// What is watched together, so that what it does at one time is one incident: a metric, or
    /// several that fail together. Names become numbers by [`group_id`](super::group_id).
    pub group: u64,
    /// Unix seconds, finite; within a group they must not go back.
    pub time: f64,
    /// [`Judgement::score`](crate::threshold::Judgement::score) of any detector, from 0 to 1e6; NaN
    /// where nothing is known.
    pub score: f64,
}

/// A time in which scores were high, whether or not that raised an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Incident {
    /// Its group.
    pub group: u64,
    /// Unix seconds of its first high score.
    pub start: f64,
    /// Unix seconds of its last high score.
    pub end: f64,
    /// What is held against the threshold: the highest score, and
    /// [`persistence`](super::ThresholdTunerParams::persistence) for each doubling of the number of
    /// scores. Only what came before an alarm would have been as dear as none counts
    /// ([`AlarmCosts::patience`](super::AlarmCosts::patience)).
    pub height: f64,
    /// Its highest score.
    pub peak: f64,
    /// Scores that reached the threshold asked for, or the learned one where that is lower.
    pub points: u32,
    /// When it raised an alarm; `None` if it did not.
    pub raised: Option<f64>,
    /// What was said of it, the last time.
    pub opinion: Option<Opinion>,
}

/// Doublings beyond which an incident's length says nothing more.
const MOST_DOUBLINGS: f64 = 4.0;

impl Incident {
    /// As its height, however long it took.
    pub(super) fn evidence(&self, persistence: f64) -> f64 {
        self.peak + persistence * f64::from(self.points.max(1)).log2().min(MOST_DOUBLINGS)
    }

    /// Seconds between a time and the incident; 0 within.
    pub(super) fn distance(&self, time: f64) -> f64 {
        (self.start - time).max(time - self.end).max(0.0)
    }
}

/// What makes an incident.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// The threshold that was asked for.
    pub(super) promised: f64,
    /// What each doubling of the scores of an incident counts.
    pub(super) persistence: f64,
    /// Seconds.
    pub(super) gap: f64,
    /// Seconds after which a score is no part of the height any more.
    pub(super) patience: f64,
}

/// What follows from a high score.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The incident that has ended by it.
    pub(super) ended: Option<Incident>,
    /// Whether the incident is an alarm now, and whether it begins to be.
    pub(super) exceeds: bool,
    pub(super) begins: bool,
}

/// One group, followed in time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Watch {
    pub(super) group: u64,
    pub(super) first: f64,
    pub(super) last: f64,
    pub(super) open: Option<Incident>,
    /// Time of the last score of the open incident that would have kept an alarm going.
    sustained: Option<f64>,
    /// Whether the last score was high, and whether it would have kept an alarm going.
    neighbour: (bool, bool),
}

impl Watch {
    pub(super) fn new(group: u64, time: f64) -> Self {
        Self {
            group,
            first: time,
            last: time,
            open: None,
            sustained: None,
            neighbour: (false, false),
        }
    }

    /// Whether a saved one can be.
    #[cfg(feature = "serde")]
    pub(super) fn is_possible(&self) -> bool {
        let span = self.first..=self.last;
        let held = |open: &Incident| {
            open.group == self.group && span.contains(&open.start) && span.contains(&open.end)
        };
        let sustained = self.sustained.is_none_or(|time| span.contains(&time));
        let finite = self.first.is_finite() && self.last.is_finite() && self.first <= self.last;
        finite && sustained && self.open.as_ref().is_none_or(held)
    }

    /// An observation that says nothing; returns the incident that has ended by now.
    pub(super) fn quiet(&mut self, time: f64, gap: f64) -> Option<Incident> {
        self.neighbour = (false, false);
        self.open.take_if(|open| time - open.end > gap)
    }

    /// A score that is high enough to be remembered.
    ///
    /// An alarm goes on while scores reach the threshold that was asked for, or the learned one if
    /// that is lower. So raising a threshold takes alarms away and never cuts one into several.
    pub(super) fn high(&mut self, point: ScoredPoint, threshold: f64, rules: Rules) -> Step {
        let ScoredPoint { group, time, score } = point;
        let sustains = score >= threshold.min(rules.promised);
        let apart = |since: f64, neighbour: bool| {
            time - since > rules.gap && !(neighbour && time - since <= LONGEST_STEP)
        };
        // An alarm that is over ends the incident, too: what comes then is raised on its own.
        let (high, sustained) = self.neighbour;
        let ended = self.open.take_if(|open| {
            let over = |since: f64| sustains && apart(since, sustained);
            apart(open.end, high) || self.sustained.is_some_and(over)
        });
        if self.open.is_none() {
            self.sustained = None;
        }
        let open = self.open.get_or_insert(Incident {
            group,
            start: time,
            end: time,
            height: score,
            peak: score,
            points: 0,
            raised: None,
            opinion: None,
        });
        open.end = time;
        open.peak = open.peak.max(score);
        open.points = open.points.saturating_add(u32::from(sustains));
        let evidence = open.evidence(rules.persistence);
        if time - open.start <= rules.patience {
            open.height = evidence;
        }
        let exceeds = sustains && evidence >= threshold;
        let begins = exceeds && open.raised.is_none();
        if begins {
            open.raised = Some(time);
        }
        if sustains {
            self.sustained = Some(time);
        }
        self.neighbour = (true, sustains);
        Step { ended, exceeds, begins }
    }
}
