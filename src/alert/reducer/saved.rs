//! The saved form of a reducer, checked when it is read until it is one that checks could have made.

use super::super::ledger::Ledger;
use super::super::sources::{Phase, Source, Sources};
use super::super::{AlertState, Notice, Outcome};
use super::{
    Alert, AlertReducer, AlertReducerParams, Budget, Group, MOST_NOTICES, MOST_WINDOWS,
    Maintenance, Timers,
};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

const ENVELOPE: Envelope = Envelope { magic: b"fwalerts", newest: 1 };

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    params: AlertReducerParams,
    now: Option<f64>,
    sources: Vec<Source>,
    groups: Vec<Option<Group>>,
    free_groups: Vec<u32>,
    roots: Vec<Option<u64>>,
    alerts: Vec<Alert>,
    over: VecDeque<u64>,
    ledger: Ledger,
    budget: Budget,
    windows: Vec<(u32, Maintenance)>,
    next_window: u32,
    notices: VecDeque<Notice>,
}

impl From<AlertReducer> for Saved {
    fn from(reducer: AlertReducer) -> Self {
        Self {
            params: reducer.params,
            now: reducer.now,
            sources: reducer.sources.all,
            groups: reducer.groups,
            free_groups: reducer.free_groups,
            roots: reducer.roots,
            alerts: reducer.alerts.into_values().collect(),
            over: reducer.over,
            ledger: reducer.ledger,
            budget: reducer.budget,
            windows: reducer.windows,
            next_window: reducer.next_window,
            notices: reducer.notices,
        }
    }
}

impl AlertReducer {
    /// The compact binary form, with everything that was not yet decided: the reducer read from it
    /// goes on as this one does.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&Saved::from(self.clone()))
    }

    /// Reads the compact binary form.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe nothing that checks
    /// could have made, [`Error::OutOfRange`] for settings, [`Error::NewerFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::try_from(ENVELOPE.open::<Saved>(bytes)?)
    }
}

/// Refuses what is not so.
fn ensure(holds: bool, what: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(invalid(what)) }
}

impl TryFrom<Saved> for AlertReducer {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        let Saved { params, now, sources, mut groups, free_groups, roots, alerts, .. } = saved;
        params.check()?;
        let rules = params.dependencies.len();
        ensure(sources.len() <= params.max_sources, "more sources than it may have")?;
        ensure(now.is_some() || sources.is_empty(), "sources before any check")?;
        let now_or_zero = now.unwrap_or(0.0);
        ensure(now_or_zero.abs() <= super::super::params::LATEST, "a time that cannot be")?;
        check_ledger(&saved.ledger, &params, &sources)?;
        let alerts = check_alerts(alerts, &saved.over, &saved.ledger, &params)?;
        let open = |id: u64| alerts.get(&id).is_some_and(|a| a.state == AlertState::Open);
        let mut signs = vec![0_usize; rules];
        for source in &sources {
            check_source(source, now_or_zero, rules)?;
            let group = groups.get_mut(source.group as usize).and_then(Option::as_mut);
            let Some(group) = group else { return Err(invalid("a source without a group")) };
            group.members += 1;
            group.fresh += usize::from(source.fresh);
            if source.alert.is_some() {
                ensure(source.alert == group.alert, "a source in another group's alert")?;
                group.keeping += 1;
            }
            if source.is_active() {
                source.upstream_of.iter().for_each(|&rule| signs[usize::from(rule)] += 1);
            }
        }
        let mut places = HashMap::new();
        let mut alerting = 0;
        for (place, group) in (0_u32..).zip(&groups) {
            let Some(group) = group else { continue };
            ensure(group.members > 0, "a group without sources")?;
            ensure(group.alert.is_some() == (group.keeping > 0), "an alert that nothing keeps")?;
            if let Some(id) = group.alert {
                let own = alerts.get(&id).is_some_and(|alert| alert.group == group.text);
                ensure(own && open(id), "a group with an alert that is not its own")?;
                alerting += 1;
            }
            if let Some((id, resolved)) = group.before {
                let over = alerts.get(&id).is_none_or(|a| a.state == AlertState::Resolved);
                ensure(over && resolved <= now_or_zero, "a last alert that is not over")?;
            }
            let twice = places.insert(group.text.clone(), place).is_some();
            ensure(!twice, "two groups of one name")?;
        }
        let all_open = alerts.values().filter(|a| a.state == AlertState::Open).count();
        ensure(all_open == alerting, "an open alert without a group")?;
        let free: HashSet<u32> = free_groups.iter().copied().collect();
        let gap = |place: &u32| groups.get(*place as usize).is_some_and(Option::is_none);
        let gaps = groups.iter().filter(|group| group.is_none()).count();
        let whole = free.len() == free_groups.len() && gaps == free.len() && free.iter().all(gap);
        ensure(whole, "groups that are neither used nor free")?;
        let valid = roots.len() == rules && roots.iter().flatten().all(|&id| open(id));
        ensure(valid, "a dependency on an alert that is not open")?;
        check_rest(&params, &saved.budget, &saved.windows, saved.next_window, &saved.notices)?;
        let Some(sources) = Sources::restore(sources) else {
            return Err(invalid("two sources of one name, or heard of at once"));
        };
        let count = sources.all.len() as u32;
        let mut reducer = Self {
            params,
            now,
            sources,
            groups,
            group_places: places,
            free_groups,
            roots,
            signs,
            timers: Timers::default(),
            alerts,
            over: saved.over,
            ledger: saved.ledger,
            budget: saved.budget,
            windows: saved.windows,
            next_window: saved.next_window,
            notices: saved.notices,
            text: String::new(),
        };
        (0..count).for_each(|place| reducer.set_timer(place));
        Ok(reducer)
    }
}

fn check_source(source: &Source, now: f64, rules: usize) -> Result<()> {
    let times = [source.run_start, source.since, source.last, source.kept, source.flapping.at];
    let numbers = [source.peak, source.flapping.level, source.flapping.usual];
    let calm = source.phase == Phase::Calm;
    ensure(
        numbers
            .iter()
            .chain(&times)
            .chain(&source.peak_value)
            .chain(&source.wait)
            .all(|n| n.is_finite())
            && times.iter().all(|&time| time <= now.max(0.0))
            && source.flapping.level >= 0.0
            && source.flapping.usual >= 0.0,
        "a source with impossible times or scores",
    )?;
    ensure(
        source.chain.newest.is_some() == (source.chain.length > 0)
            && !(calm && (source.chain.length > 0 || source.fresh || source.wait.is_some()))
            && (source.alert.is_none() || source.phase == Phase::Firing),
        "a source in an impossible state",
    )?;
    let mut named = source.dependent_of.iter().chain(&source.upstream_of);
    ensure(named.all(|&rule| usize::from(rule) < rules), "a dependency that does not exist")
}

fn check_ledger(ledger: &Ledger, params: &AlertReducerParams, sources: &[Source]) -> Result<()> {
    let counts = &ledger.counts;
    let parts = [
        counts.alerted,
        counts.undecided,
        counts.brief,
        counts.flapping,
        counts.inhibited,
        counts.maintenance,
        counts.evicted,
    ];
    let sum: u128 = parts.iter().map(|&part| u128::from(part)).sum();
    ensure(sum == u128::from(counts.anomalies), "counts that do not add up")?;
    let chains: u128 = sources.iter().map(|source| u128::from(source.chain.length)).sum();
    ensure(chains == u128::from(counts.undecided), "undecided anomalies of no source")?;
    let kept = ledger.entries.len();
    let most = counts.anomalies.min(params.remembered as u64);
    ensure(kept as u64 <= most, "more anomalies than there were")?;
    let first = counts.anomalies - kept as u64;
    for (number, (outcome, before)) in (first..).zip(&ledger.entries) {
        let decided = !matches!(outcome, Outcome::Undecided);
        let possible = !matches!(outcome, Outcome::Normal | Outcome::Missing)
            && before.is_none_or(|before| before < number && !decided);
        ensure(possible, "an anomaly that cannot be")?;
    }
    let newest = |source: &Source| source.chain.newest.is_none_or(|n| n < counts.anomalies);
    ensure(sources.iter().all(newest), "an anomaly that is yet to come")
}

fn check_alerts(
    list: Vec<Alert>,
    over: &VecDeque<u64>,
    ledger: &Ledger,
    params: &AlertReducerParams,
) -> Result<BTreeMap<u64, Alert>> {
    let count = list.len();
    for alert in &list {
        let numbers = [alert.started, alert.opened, alert.last, alert.peak_score];
        let resolved = (alert.state == AlertState::Open) == alert.resolved.is_none();
        let finite = numbers.iter().chain(&alert.resolved).all(|number| number.is_finite());
        ensure(resolved && finite && alert.started <= alert.last, "an alert that cannot be")?;
        ensure(alert.id < ledger.counts.alerts, "an alert that is yet to come")?;
    }
    let alerts: BTreeMap<u64, Alert> = list.into_iter().map(|alert| (alert.id, alert)).collect();
    let past = |id: &u64| alerts.get(id).is_some_and(|alert| alert.state != AlertState::Open);
    let closed = alerts.values().filter(|alert| alert.state != AlertState::Open).count();
    let distinct: HashSet<&u64> = over.iter().collect();
    let whole = distinct.len() == over.len() && over.len() == closed && over.iter().all(past);
    ensure(alerts.len() == count && whole, "alerts that are neither open nor over")?;
    ensure(over.len() <= params.remembered, "more alerts than it remembers")?;
    Ok(alerts)
}

fn check_rest(
    params: &AlertReducerParams,
    budget: &Budget,
    windows: &[(u32, Maintenance)],
    next_window: u32,
    notices: &VecDeque<Notice>,
) -> Result<()> {
    let spent = &budget.spent;
    let sorted = spent.iter().zip(spent.iter().skip(1)).all(|(a, b)| a <= b);
    let few = spent.len() <= params.pages_per_day.unwrap_or(0);
    ensure(sorted && few && spent.iter().all(|time| time.is_finite()), "impossible pages")?;
    ensure(windows.len() <= MOST_WINDOWS, "more maintenance than can be known")?;
    for (number, window) in windows {
        window.check().map_err(invalid)?;
        ensure(*number < next_window, "maintenance that is yet to be announced")?;
    }
    ensure(notices.len() <= MOST_NOTICES, "more notices than can wait")
}
