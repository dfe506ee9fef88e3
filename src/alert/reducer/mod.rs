//! The reducer: sources that fire, and the alerts that they raise.
//!
//! A source goes from calm to pending with its first anomaly and to firing once it was held or is
//! one of many. What then becomes of its anomalies is decided in this order ([`AlertReducer::dispose`]):
//! flapping; its group's alert, if there is one; an alert upstream that explains it; waiting for
//! an alert upstream; an alert of its own.
//!
//! Everything that happens by the passing of time happens at its due time, in the order of due times
//! and then of sources, however seldom the reducer is called.

mod alerts;
#[cfg(feature = "serde")]
mod saved;
mod timers;

use super::anomaly::check_time;
use super::budget::Budget;
use super::ledger::{Counts, Ledger};
use super::params::AlertReducerParams;
use super::sources::{Phase, Source, Sources, write_group, write_labels};
use super::{
    Alert, Anomaly, Dependency, Maintenance, Notice, Observed, Outcome, SuppressionReason,
};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, HashMap, VecDeque};
use timers::Timers;

/// Notices that wait to be taken; beyond, the oldest are lost, and counted.
const MOST_NOTICES: usize = 10_000;

/// Windows of maintenance that can be known at a time.
const MOST_WINDOWS: usize = 10_000;

/// Sources of the same value of the group labels.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct Group {
    text: String,
    /// Its open alert.
    alert: Option<u64>,
    /// Its last alert that was resolved, and when.
    before: Option<(u64, f64)>,
    #[cfg_attr(feature = "serde", serde(skip))]
    members: usize,
    /// Sources that keep the alert open.
    #[cfg_attr(feature = "serde", serde(skip))]
    keeping: usize,
    /// Active sources that neither flap nor are explained.
    #[cfg_attr(feature = "serde", serde(skip))]
    fresh: usize,
    /// Used while it is found out whether all of its alert is explained upstream.
    #[cfg_attr(feature = "serde", serde(skip))]
    own: bool,
}

/// Turns raw anomalies into few alerts, and knows of every one where it went.
///
/// Give it every check, or anomalies alone, in the order of time ([`observe`](Self::observe)); let it
/// know what time it is where nothing happens ([`advance`](Self::advance)); take its
/// [`notices`](Self::notices).
///
/// # What it does
/// - **Hysteresis**: a source is anomalous from a score of `raise` on, and until it is below `clear`.
/// - **Hold and keep**: it must have been so for `hold` seconds, unless `breadth` sources of its
///   group are at once; and an alert goes on until there was nothing for `keep_firing` seconds.
/// - **Groups**: sources with the same values of the labels `group_by` share an alert, which is opened
///   again if it was over for less than `reopen` seconds.
/// - **Flapping**: every run of anomalies of a source fills a bucket that leaks with time. While it is
///   too full, the source is heard only once a run is twice as long as is usual for it: it neither
///   raises an alert nor keeps one open, behind which true trouble would go unnoticed.
/// - **Inhibition**: see [`Dependency`]. What is explained may explain others in turn. An alert waits
///   `settle` seconds if there are anomalies upstream; if the alert upstream comes later still, it
///   supersedes the dependents'. Nothing is inhibited but by an open alert, so that a circle of
///   dependencies hides nothing, and what outlasts the alert upstream raises its own.
/// - **Severity and pages**: see [`SeveritySteps`](super::SeveritySteps) and
///   [`pages_per_day`](AlertReducerParams::pages_per_day). An alert that may not page is an alert
///   nonetheless.
///
/// # Cost and memory
/// A check takes O(labels) and O(log sources) for a timer now and then; an alert that opens or
/// closes takes O(sources). At most `max_sources` sources, `remembered` anomalies and alerts and
/// 10,000 notices are kept. Memory is asked for when a source is new or an alert opens, never for a
/// check of a known source once the log of anomalies is full.
///
/// # Limits
/// - Dependencies name labels' values; "the same host" must be spelt out host by host.
/// - An alert names its first eight sources, not all of them.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Saved", into = "saved::Saved"))]
pub struct AlertReducer {
    params: AlertReducerParams,
    now: Option<f64>,
    sources: Sources,
    groups: Vec<Option<Group>>,
    group_places: HashMap<String, u32>,
    free_groups: Vec<u32>,
    /// For each dependency the open alert that is, or explains, what is depended on.
    roots: Vec<Option<u64>>,
    /// For each dependency the active sources that are depended on.
    signs: Vec<usize>,
    timers: Timers,
    alerts: BTreeMap<u64, Alert>,
    /// Alerts that are over, in that order.
    over: VecDeque<u64>,
    ledger: Ledger,
    budget: Budget,
    windows: Vec<(u32, Maintenance)>,
    next_window: u32,
    notices: VecDeque<Notice>,
    /// Reused for the text of labels.
    text: String,
}

impl AlertReducer {
    pub(super) fn new(params: AlertReducerParams) -> Self {
        let rules = params.dependencies.len();
        let windows: Vec<(u32, Maintenance)> = (0..).zip(params.maintenance.clone()).collect();
        Self {
            now: None,
            sources: Sources::new(),
            groups: Vec::new(),
            group_places: HashMap::new(),
            free_groups: Vec::new(),
            roots: vec![None; rules],
            signs: vec![0; rules],
            timers: Timers::default(),
            alerts: BTreeMap::new(),
            over: VecDeque::new(),
            ledger: Ledger::new(),
            budget: Budget::new(params.pages_per_day),
            next_window: windows.len() as u32,
            windows,
            notices: VecDeque::new(),
            text: String::new(),
            params,
        }
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &AlertReducerParams {
        &self.params
    }

    /// Counts since the start, by what became of checks.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.ledger.counts
    }

    /// The alert of this number, if it is open or still remembered.
    #[must_use]
    pub fn alert(&self, id: u64) -> Option<&Alert> {
        self.alerts.get(&id)
    }

    /// All alerts that are open or still remembered, by number.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    /// What became of an anomaly, by its [number](Observed::number); `None` if there was no such
    /// anomaly, or it is too long ago.
    #[must_use]
    pub fn explain(&self, number: u64) -> Option<Outcome> {
        self.ledger.explain(number)
    }

    /// Takes what happened since the last call, in order.
    pub fn notices(&mut self) -> impl Iterator<Item = Notice> + '_ {
        self.notices.drain(..)
    }

    /// Announces maintenance; its number.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for times, for an end that is past, and where 10,000 windows are known.
    pub fn add_maintenance(&mut self, window: Maintenance) -> Result<u32> {
        window.check()?;
        if let Some(now) = self.now
            && window.to <= now
        {
            let allowed = "after the last time seen";
            return Err(Error::OutOfRange { name: "to", value: window.to, allowed });
        }
        if self.windows.len() >= MOST_WINDOWS {
            let (name, value) = ("the number of maintenances", self.windows.len() as f64 + 1.0);
            return Err(Error::OutOfRange { name, value, allowed: "at most 10,000" });
        }
        self.windows.push((self.next_window, window));
        self.next_window += 1;
        Ok(self.next_window - 1)
    }

    /// Lets time pass: alerts that are over, or had to wait, up to before `time`. How often it is
    /// called changes nothing but when it is heard of.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time that is not finite, [`Error::TimeWentBack`].
    pub fn advance(&mut self, time: f64) -> Result<()> {
        let time = self.time(time)?;
        self.pass(time);
        Ok(())
    }

    /// Takes a check and says what becomes of it, as far as that is known already.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time or score that is infinite or a time that is NaN, for more than
    /// 32 labels or 1,024 bytes of them; [`Error::Empty`] without labels, [`Error::Incompatible`] for a
    /// label given twice; [`Error::TimeWentBack`]. The state is then as it was.
    pub fn observe(&mut self, anomaly: Anomaly<'_>) -> Result<Observed> {
        anomaly.check()?;
        let time = self.time(anomaly.time)?;
        let mut text = std::mem::take(&mut self.text);
        let written = write_labels(&mut text, anomaly.labels);
        self.text = text;
        written?;
        self.pass(time);
        if anomaly.score.is_nan() {
            self.ledger.pass(Outcome::Missing);
            return Ok(Observed { number: None, outcome: Outcome::Missing });
        }
        let found = self.sources.find(&self.text);
        if let Some(place) = found {
            self.sources.touch(place);
        }
        let active = found.is_some_and(|place| self.sources.all[place as usize].is_active());
        let level = if active { self.params.clear } else { self.params.raise };
        if anomaly.score < level {
            self.ledger.pass(Outcome::Normal);
            if let Some(place) = found {
                self.normal(place, time);
            }
            return Ok(Observed { number: None, outcome: Outcome::Normal });
        }
        let covers = |(_, window): &&(u32, Maintenance)| window.covers(time, anomaly.labels);
        if let Some(&(window, _)) = self.windows.iter().find(covers) {
            let outcome = Outcome::Suppressed(SuppressionReason::Maintenance { window });
            let number = self.ledger.add(outcome, None, self.params.remembered);
            return Ok(Observed { number: Some(number), outcome });
        }
        let place = found.unwrap_or_else(|| self.enter(&anomaly, time));
        let number = self.anomalous(place, time, &anomaly);
        // The newest anomaly is always remembered.
        let outcome = self.ledger.explain(number).unwrap_or(Outcome::Undecided);
        Ok(Observed { number: Some(number), outcome })
    }

    /// The time to be taken for a time given.
    fn time(&self, time: f64) -> Result<f64> {
        check_time(time)?;
        match self.now {
            Some(last) if time < last - self.params.lateness => {
                Err(Error::TimeWentBack { time, last })
            }
            now => Ok(now.map_or(time, |now| now.max(time))),
        }
    }

    /// A new source with the labels in `self.text`.
    fn enter(&mut self, anomaly: &Anomaly<'_>, time: f64) -> u32 {
        let instead = (self.sources.all.len() >= self.params.max_sources).then(|| {
            let place = self.sources.oldest();
            self.evict(place, time);
            place
        });
        let source_text = self.text.clone();
        let names = &self.params.group_by;
        if anomaly.labels.iter().any(|(label, _)| names.iter().any(|name| name == label)) {
            let mut text = std::mem::take(&mut self.text);
            write_group(&mut text, anomaly.labels, names);
            self.text = text;
        }
        let group = self.group_place();
        let rules = |side: fn(&Dependency) -> &super::Selector| -> Vec<u16> {
            let rules = self.params.dependencies.iter().zip(0_u16..);
            rules
                .filter(|(rule, _)| side(rule).matches(anomaly.labels))
                .map(|(_, number)| number)
                .collect()
        };
        let rules = [rules(|rule| &rule.dependent), rules(|rule| &rule.upstream)];
        self.group_mut(group).members += 1;
        self.sources.insert(Source::new(source_text, group, rules), instead)
    }

    /// The group named in `self.text`.
    fn group_place(&mut self) -> u32 {
        if let Some(&place) = self.group_places.get(&self.text) {
            return place;
        }
        let group = Group {
            text: self.text.clone(),
            alert: None,
            before: None,
            members: 0,
            keeping: 0,
            fresh: 0,
            own: false,
        };
        let place = if let Some(place) = self.free_groups.pop() {
            self.groups[place as usize] = Some(group);
            place
        } else {
            self.groups.push(Some(group));
            self.groups.len() as u32 - 1
        };
        self.group_places.insert(self.text.clone(), place);
        place
    }

    fn group(&self, place: u32) -> &Group {
        self.groups[place as usize].as_ref().expect("a source's group is kept")
    }

    fn group_mut(&mut self, place: u32) -> &mut Group {
        self.groups[place as usize].as_mut().expect("a source's group is kept")
    }

    fn source(&mut self, place: u32) -> &mut Source {
        &mut self.sources.all[place as usize]
    }

    /// Forgets a source, and its group with the last one.
    fn evict(&mut self, place: u32, time: f64) {
        let mut chain = std::mem::take(&mut self.source(place).chain);
        self.ledger.settle(&mut chain, Outcome::Suppressed(SuppressionReason::Evicted));
        self.ledger.counts.sources_evicted += 1;
        if self.source(place).is_active() {
            self.calm(place, time);
        }
        let group = self.source(place).group;
        let members = &mut self.group_mut(group).members;
        *members -= 1;
        if *members == 0
            && let Some(group_state) = self.groups[group as usize].take()
        {
            self.group_places.remove(&group_state.text);
            self.free_groups.push(group);
        }
    }

    /// A check that found nothing: a pending source of which most checks do is calm again.
    fn normal(&mut self, place: u32, time: f64) {
        let source = self.source(place);
        if source.phase == Phase::Pending {
            source.normal += 1;
            if source.normal >= source.chain.length {
                self.lapse(place, time);
            }
        }
    }

    /// A check that found an anomaly; its number.
    fn anomalous(&mut self, place: u32, time: f64, anomaly: &Anomaly<'_>) -> u64 {
        let AlertReducerParams { max_gap, flap_interval, flap_runs, remembered, .. } = self.params;
        let source = &mut self.sources.all[place as usize];
        let broken = source.in_run && time - source.last > max_gap;
        if broken {
            source.flapping.end(source.last - source.run_start);
        }
        if broken || !source.in_run {
            source.in_run = true;
            source.run_start = time;
            source.flapping.begin(time, flap_interval, flap_runs);
        }
        let begins = source.phase == Phase::Calm;
        if begins {
            source.phase = Phase::Pending;
            source.since = time;
            source.normal = 0;
            source.peak = f64::NEG_INFINITY;
            source.floor = None;
            source.explained = None;
            source.wait = None;
        }
        source.last = time;
        source.floor = source.floor.max(anomaly.severity);
        if anomaly.score > source.peak {
            source.peak = anomaly.score;
            source.peak_value = anomaly.value.filter(|value| !value.is_nan());
        }
        let number = self.ledger.extend(&mut source.chain, remembered);
        if begins {
            self.begin(place);
        }
        self.decide(place, time);
        self.set_timer(place);
        number
    }

    /// A source has ceased to be calm.
    fn begin(&mut self, place: u32) {
        for at in 0..self.sources.all[place as usize].upstream_of.len() {
            let rule = self.sources.all[place as usize].upstream_of[at];
            self.signs[usize::from(rule)] += 1;
        }
        if let Some(root) = self.explanation(place) {
            self.source(place).explained = Some(root);
            // What it explains in turn may have been waiting for it.
            if self.claim_roots(place, root) {
                self.spread_roots();
            }
            return;
        }
        let source = self.source(place);
        source.fresh = !source.flapping.flaps;
        if source.fresh {
            let group = source.group;
            self.group_mut(group).fresh += 1;
        }
    }

    /// Whether a pending source fires now, and what becomes of its anomalies.
    fn decide(&mut self, place: u32, time: f64) {
        let source = &self.sources.all[place as usize];
        let group = self.group(source.group);
        if source.phase == Phase::Pending {
            let held = time - source.run_start >= self.params.hold;
            let wide = source.fresh && group.fresh >= self.params.breadth;
            if !held && !wide && group.alert.is_none() {
                return;
            }
            let group = source.group;
            self.source(place).phase = Phase::Firing;
            self.dispose(place, time);
            if wide {
                // The others that count fire with it.
                for other in 0..self.sources.all.len() as u32 {
                    let source = self.source(other);
                    if source.group == group && source.fresh && source.phase == Phase::Pending {
                        source.phase = Phase::Firing;
                        self.dispose(other, time);
                        self.set_timer(other);
                    }
                }
            }
            return;
        }
        self.dispose(place, time);
    }

    /// Decides what becomes of a firing source's undecided anomalies.
    fn dispose(&mut self, place: u32, time: f64) {
        let source = &self.sources.all[place as usize];
        if source.flapping.hides(time - source.run_start) {
            self.suppress(place, SuppressionReason::Flapping);
        } else if let Some(alert) = self.group(source.group).alert {
            self.go_on(place, alert, time);
        } else if let Some(root) = self.explanation(place) {
            self.inhibit(place, root);
        } else if self.must_wait(place, time) {
            // Its timer will decide.
        } else {
            self.open(place, time);
        }
    }

    /// Whether it is too early for an alert: there are anomalies upstream that may yet explain it.
    fn must_wait(&mut self, place: u32, time: f64) -> bool {
        let source = &self.sources.all[place as usize];
        if let Some(until) = source.wait {
            return time < until;
        }
        let settle = self.params.settle;
        // A source on both sides of a dependency is no sign for itself.
        let sign = |&rule: &u16| {
            let own = usize::from(source.upstream_of.contains(&rule));
            self.signs[usize::from(rule)] > own
        };
        if settle == 0.0 || !source.dependent_of.iter().any(sign) {
            return false;
        }
        self.source(place).wait = Some(time + settle);
        true
    }

    fn suppress(&mut self, place: u32, reason: SuppressionReason) -> u64 {
        let source = &mut self.sources.all[place as usize];
        self.ledger.settle(&mut source.chain, Outcome::Suppressed(reason))
    }
}
