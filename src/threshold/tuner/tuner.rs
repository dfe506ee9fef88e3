//! The tuner itself: follows scores, remembers incidents, learns from verdicts.

use super::incident::{Incident, Rules, ScoredPoint, Watch};
use super::model::{Thresholds, fit};
use super::params::{ThresholdTunerParams, within};
use super::verdict::{AlarmVerdict, Judged, Opinion};
use crate::error::{Error, Result};
use crate::traits::Tune;
use std::collections::{HashMap, VecDeque};

/// The number of a group of this name: the same on every machine and for ever (FNV-1a, 64 bits).
///
/// ```
/// use forewarn::threshold::group_id;
///
/// assert_ne!(group_id("checkout/latency"), group_id("checkout/errors"));
/// ```
#[must_use]
pub fn group_id(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// Beyond any probability that a detector can tell from 0.
const HIGHEST_SCORE: f64 = 1e6;

/// The answer to one score.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TunedJudgement {
    /// The threshold that the score was held against.
    pub threshold: f64,
    /// Whether it is reached by the score, together with those before it in the incident.
    pub exceeds: bool,
    /// Whether an alarm is to be raised now: the first time in an incident that `exceeds` holds.
    pub raise: bool,
    /// Whether only verdicts keep the score quiet: it reaches the threshold that was asked for.
    pub silenced: bool,
}

/// The thresholds to use now.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TunedThresholds {
    /// Of every group without verdicts.
    pub common: f64,
    /// Of the groups that have some, ascending by group.
    pub groups: Vec<(u64, f64)>,
}

/// A threshold on scores that learns from what operators say of its alarms.
///
/// See the [module](super) for an example, and for what it promises.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdTuner {
    pub(super) params: ThresholdTunerParams,
    pub(super) watches: Vec<Watch>,
    /// Where in `watches` a group is.
    pub(super) places: HashMap<u64, usize>,
    /// Incidents that have ended, in the order in which they did.
    pub(super) incidents: VecDeque<Incident>,
    /// In the order in which they were given.
    pub(super) judged: VecDeque<Judged>,
    pub(super) thresholds: Thresholds,
    pub(super) missing: u64,
}

impl ThresholdTuner {
    pub(super) fn new(params: ThresholdTunerParams) -> Self {
        Self {
            watches: Vec::with_capacity(params.max_groups),
            // Twice the entries: then room is made by cleaning up, never by growing.
            places: HashMap::with_capacity(2 * params.max_groups),
            incidents: VecDeque::with_capacity(params.max_incidents),
            judged: VecDeque::with_capacity(params.max_verdicts),
            thresholds: Thresholds { base: params.promised(), offsets: Vec::new() },
            missing: 0,
            params,
        }
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &ThresholdTunerParams {
        &self.params
    }

    /// The threshold of a group: incidents from this height on are alarms. O(log verdicts).
    #[must_use]
    pub fn threshold(&self, group: u64) -> f64 {
        self.thresholds.of(group).clamp(self.params.lowest(), self.params.highest())
    }

    /// Incidents that have ended and are remembered, by their end; those that raised no alarm may
    /// have been missed.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.iter()
    }

    /// Incidents that are not known to be over.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        self.watches.iter().filter_map(|watch| watch.open.as_ref())
    }

    /// The verdicts that the thresholds follow from, oldest first: those of a group are the reason
    /// why an alarm of it stays quiet.
    pub fn verdicts(&self) -> impl Iterator<Item = &Judged> {
        self.judged.iter()
    }

    /// Scores that were NaN.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Judges one score. About O(1); allocates nothing.
    ///
    /// # Errors
    /// [`Error::NotANumber`] or [`Error::OutOfRange`] for a time that is not finite or a score
    /// outside 0 to 1e6 (NaN is a missing one), [`Error::TimeWentBack`]. The state is as it was.
    pub fn judge(&mut self, point: ScoredPoint) -> Result<TunedJudgement> {
        self.judge_at(point, self.threshold(point.group))
    }

    /// As `judge`, with another threshold than the one learned.
    pub(super) fn judge_at(
        &mut self,
        point: ScoredPoint,
        threshold: f64,
    ) -> Result<TunedJudgement> {
        let ScoredPoint { group, time, score } = point;
        check_time(time)?;
        if !score.is_nan() {
            within(
                "score",
                score,
                0.0,
                HIGHEST_SCORE,
                "from 0 to 1e6, or NaN where it is missing",
            )?;
        }
        let place = self.place(group, time)?;
        let gap = self.params.gap;
        let watch = &mut self.watches[place];
        watch.last = time;
        // NaN is never high.
        if score >= self.params.lowest() {
            let promised = self.params.promised();
            let persistence = self.params.persistence;
            let rules =
                Rules { promised, persistence, gap, patience: self.params.costs.patience() };
            let step = watch.high(point, threshold, rules);
            self.remember(step.ended);
            let exceeds = step.exceeds;
            let silenced = !exceeds && score >= promised;
            return Ok(TunedJudgement { threshold, exceeds, raise: step.begins, silenced });
        }
        let ended = watch.quiet(time, gap);
        self.remember(ended);
        self.missing += u64::from(score.is_nan());
        Ok(TunedJudgement { threshold, exceeds: false, raise: false, silenced: false })
    }

    /// Where a group is followed; a new one takes the place of the one that was silent longest.
    fn place(&mut self, group: u64, time: f64) -> Result<usize> {
        if let Some(&place) = self.places.get(&group) {
            let last = self.watches[place].last;
            return if time < last { Err(Error::TimeWentBack { time, last }) } else { Ok(place) };
        }
        let new = Watch::new(group, time);
        let mut place = self.watches.len();
        if place < self.params.max_groups {
            self.watches.push(new);
        } else {
            let ages = self.watches.iter().enumerate();
            place = ages.min_by(|a, b| a.1.last.total_cmp(&b.1.last)).map_or(0, |(place, _)| place);
            let old = std::mem::replace(&mut self.watches[place], new);
            self.places.remove(&old.group);
            self.remember(old.open);
        }
        self.places.insert(group, place);
        Ok(place)
    }

    fn remember(&mut self, ended: Option<Incident>) {
        if let Some(incident) = ended {
            if self.incidents.len() == self.params.max_incidents {
                self.incidents.pop_front();
            }
            self.incidents.push_back(incident);
        }
    }

    /// Takes every open incident for ended.
    pub(super) fn close(&mut self) {
        for place in 0..self.watches.len() {
            let open = self.watches[place].open.take();
            self.remember(open);
        }
    }

    /// The incident that a verdict speaks of: the nearest within the gap, raised ones first.
    fn incident_at(&self, verdict: AlarmVerdict) -> Option<Incident> {
        let AlarmVerdict { group, time, .. } = verdict;
        let known = self.open_incidents().chain(self.incidents.iter().rev());
        let judged = self.judged.iter().rev().map(|judged| &judged.incident);
        known
            .chain(judged)
            .filter(|it| it.group == group && it.distance(time) <= self.params.gap)
            .min_by(|a, b| {
                let key = |it: &Incident| (it.raised.is_none(), it.distance(time));
                let (a, b) = (key(a), key(b));
                a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
            })
            .copied()
    }

    /// What happened without any high score, if the group was followed then.
    fn unseen(&self, verdict: AlarmVerdict) -> Option<Incident> {
        let AlarmVerdict { group, time, .. } = verdict;
        let watch = &self.watches[*self.places.get(&group)?];
        (watch.first..=watch.last).contains(&time).then_some(Incident {
            group,
            start: time,
            end: time,
            height: self.params.lowest(),
            peak: self.params.lowest(),
            points: 0,
            raised: None,
            opinion: None,
        })
    }

    /// Files a verdict; returns whether it was news.
    pub(super) fn file(&mut self, verdict: AlarmVerdict) -> Result<bool> {
        check_time(verdict.time)?;
        let AlarmVerdict { group, time, opinion } = verdict;
        let missed = opinion == Opinion::Missed;
        let found = self.incident_at(verdict);
        let incident = found.or_else(|| self.unseen(verdict).filter(|_| missed));
        let allowed = "within an incident of its group that is remembered, or, if something was \
                       missed, since the group is followed";
        let unknown = Error::OutOfRange { name: "verdict's time", value: time, allowed };
        let mut incident = incident.ok_or(unknown)?;
        // What did raise an alarm was not missed.
        let missed = missed && incident.raised.is_none();
        let opinion = match opinion {
            Opinion::Missed if !missed => Opinion::Real,
            other => other,
        };
        let same = |it: &Incident| it.group == group && it.start == incident.start;
        if let Some(at) = self.judged.iter().position(|judged| same(&judged.incident)) {
            if self.judged[at].opinion == opinion {
                return Ok(false);
            }
            self.judged.remove(at);
        } else if self.judged.len() == self.params.max_verdicts {
            self.judged.pop_front();
        }
        let open = self.watches.iter_mut().filter_map(|watch| watch.open.as_mut());
        let mark = |it: &mut Incident| it.opinion = Some(opinion);
        open.chain(&mut self.incidents).filter(|it| same(it)).for_each(mark);
        incident.opinion = Some(opinion);
        let quiet = |it: &&Incident| {
            it.group == group
                && it.height >= incident.height
                && it.raised.is_none()
                && matches!(it.opinion, None | Some(Opinion::FalseAlarm))
        };
        let others = if missed { self.incidents.iter().filter(quiet).count() as u32 } else { 0 };
        self.judged.push_back(Judged { incident, opinion, others });
        Ok(true)
    }

    /// The thresholds that all verdicts ask for.
    pub(super) fn target(&mut self) -> Thresholds {
        fit(&self.params, self.judged.make_contiguous())
    }
}

impl Tune for ThresholdTuner {
    type Feedback = AlarmVerdict;
    type Setting = TunedThresholds;

    fn setting(&self) -> TunedThresholds {
        let clamp = |value: f64| value.clamp(self.params.lowest(), self.params.highest());
        let groups = self.thresholds.offsets.iter();
        TunedThresholds {
            common: clamp(self.thresholds.base),
            groups: groups.map(|&(group, _)| (group, self.threshold(group))).collect(),
        }
    }

    /// Learns from a verdict: no threshold moves by more than
    /// [`max_step`](ThresholdTunerParams::max_step); a false alarm lowers none, other verdicts raise
    /// none.
    ///
    /// The same verdict again changes nothing; of contradictory ones the later holds. O(v) for `v`
    /// remembered verdicts, a few times over, and O(incidents).
    ///
    /// # Errors
    /// [`Error::NotANumber`] or [`Error::OutOfRange`] for a time that is not finite, or at which the
    /// group has no remembered incident (for [`Opinion::Missed`]: was not followed). The state is as
    /// it was.
    fn observe(&mut self, verdict: AlarmVerdict) -> Result<()> {
        if self.file(verdict)? {
            let target = self.target();
            let step = self.params.max_step;
            let (least, most) = match verdict.opinion {
                Opinion::FalseAlarm => (0.0, step),
                Opinion::Real | Opinion::Missed => (-step, 0.0),
            };
            self.thresholds = self.thresholds.towards(&target, least, most);
        }
        Ok(())
    }
}

fn check_time(time: f64) -> Result<()> {
    let allowed = "finite";
    match time {
        _ if time.is_finite() => Ok(()),
        _ if time.is_nan() => Err(Error::NotANumber { what: "time", index: 0 }),
        value => Err(Error::OutOfRange { name: "time", value, allowed }),
    }
}
