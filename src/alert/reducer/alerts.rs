//! Alerts: opened, joined, explained by one another, over.

use super::super::notice::NAMED;
use super::super::{Alert, AlertState, Change, Notice, Outcome, Page, Severity, SuppressionReason};
use super::{AlertReducer, MOST_NOTICES, Phase};

impl AlertReducer {
    /// The alert upstream that explains an active source.
    ///
    /// Either it did before, or source and alert began at about the same time. Of several the one of
    /// the first dependency.
    pub(super) fn explanation(&self, place: u32) -> Option<u64> {
        let source = &self.sources.all[place as usize];
        let own = self.group(source.group).alert;
        source.dependent_of.iter().find_map(|&rule| {
            let root = self.roots[usize::from(rule)]?;
            let began = self.alerts.get(&root)?.started;
            let near = (source.since - began).abs() <= self.params.spread;
            (own != Some(root) && (source.explained == Some(root) || near)).then_some(root)
        })
    }

    /// A source's anomalies are explained by the alert `root`.
    pub(super) fn inhibit(&mut self, place: u32, root: u64) {
        let count = self.suppress(place, SuppressionReason::Inhibited { by: root });
        if let Some(alert) = self.alerts.get_mut(&root) {
            alert.inhibited += count;
        }
        self.set_explained(place, root);
    }

    fn set_explained(&mut self, place: u32, root: u64) {
        let source = self.source(place);
        source.explained = Some(root);
        source.wait = None;
        let (fresh, group) = (std::mem::take(&mut source.fresh), source.group);
        self.group_mut(group).fresh -= usize::from(fresh);
    }

    /// A source's anomalies are part of its group's alert. Whether the alert explains more now.
    pub(super) fn join(&mut self, place: u32, id: u64) -> bool {
        let Some(alert) = self.alerts.get_mut(&id) else { return false };
        let source = &mut self.sources.all[place as usize];
        alert.count += self.ledger.settle(&mut source.chain, Outcome::Alerted { alert: id });
        source.phase = Phase::Firing;
        source.wait = None;
        let enters = source.alert != Some(id);
        source.alert = Some(id);
        source.kept = source.last;
        if source.counted != Some(id) {
            source.counted = Some(id);
            alert.sources += 1;
            if alert.named.len() < NAMED {
                alert.named.push((source.text.clone(), source.peak));
            }
        }
        // Runs that were hidden are no part of it.
        let since = if source.flapping.flaps { source.run_start } else { source.since };
        alert.started = alert.started.min(since);
        alert.last = alert.last.max(source.last);
        alert.flapping |= source.flapping.flaps;
        if source.peak > alert.peak_score {
            alert.peak_score = source.peak;
            alert.peak_value = source.peak_value;
        }
        // One metric that comes and goes is no worse for doing so for long.
        let duration = if alert.flapping && !alert.wide { 0.0 } else { alert.last - alert.started };
        let severity = self.params.severity.judge(alert.peak_score, duration, alert.sources);
        alert.severity = alert.severity.max(severity).max(source.floor.unwrap_or(Severity::Low));
        let group = source.group;
        if enters {
            self.group_mut(group).keeping += 1;
        }
        self.set_timer(place);
        enters && self.claim_roots(place, id)
    }

    /// Whether a dependency had no alert upstream, and now has this one.
    pub(super) fn claim_roots(&mut self, place: u32, id: u64) -> bool {
        let mut claimed = false;
        for &rule in &self.sources.all[place as usize].upstream_of {
            let root = &mut self.roots[usize::from(rule)];
            claimed |= root.is_none();
            root.get_or_insert(id);
        }
        claimed
    }

    /// More anomalies of a source in an open alert.
    pub(super) fn go_on(&mut self, place: u32, id: u64, time: f64) {
        let Some(before) = self.alerts.get(&id).map(|alert| alert.severity) else { return };
        let explains_more = self.join(place, id);
        let wide = self.is_wide(place);
        let Some(alert) = self.alerts.get_mut(&id) else { return };
        let worse = alert.severity > before;
        let widens = wide && !alert.wide;
        alert.wide |= wide;
        if widens && time - alert.opened > self.params.max_gap {
            alert.page = Page::Withheld(SuppressionReason::Budget);
        }
        let page = self.page(id, time);
        match (widens, worse, page) {
            (true, ..) => self.notify(id, time, Change::Widened, page),
            (false, true, _) => self.notify(id, time, Change::Escalated, page),
            (false, false, true) => self.notify(id, time, Change::Paged, true),
            (false, false, false) => {}
        }
        if explains_more {
            self.spread_roots();
            self.supersede(time);
        }
    }

    /// Whether many of a source's group keep its alert open at once.
    fn is_wide(&self, place: u32) -> bool {
        self.group(self.sources.all[place as usize].group).keeping >= self.params.breadth
    }

    /// Raises an alert for a source's group, or opens its last one again.
    pub(super) fn open(&mut self, place: u32, time: f64) {
        let group = self.sources.all[place as usize].group;
        let again = self.group(group).before.filter(|&(id, resolved)| {
            time - resolved <= self.params.reopen && self.alerts.contains_key(&id)
        });
        let (id, change) = if let Some((id, _)) = again {
            self.over.retain(|&over| over != id);
            (id, Change::Reopened)
        } else {
            (self.new_alert(group, time), Change::Opened)
        };
        if let Some(alert) = self.alerts.get_mut(&id) {
            alert.state = AlertState::Open;
            alert.resolved = None;
            alert.reopened += u32::from(again.is_some());
        }
        let state = self.group_mut(group);
        (state.alert, state.before) = (Some(id), None);
        for other in 0..self.sources.all.len() as u32 {
            let source = &self.sources.all[other as usize];
            let hidden = source.flapping.hides(time - source.run_start);
            if source.group == group && source.is_active() && !hidden {
                self.join(other, id);
            }
        }
        let wide = self.is_wide(place);
        if let Some(alert) = self.alerts.get_mut(&id) {
            alert.wide = wide;
        }
        let page = self.page(id, time);
        self.notify(id, time, change, page);
        self.spread_roots();
        self.supersede(time);
    }

    fn new_alert(&mut self, group: u32, time: f64) -> u64 {
        let id = self.ledger.counts.alerts;
        self.ledger.counts.alerts += 1;
        let alert = Alert {
            id,
            group: self.group(group).text.clone(),
            state: AlertState::Open,
            severity: Severity::Low,
            page: Page::Withheld(SuppressionReason::Budget),
            started: time,
            opened: time,
            last: f64::MIN,
            resolved: None,
            reopened: 0,
            sources: 0,
            count: 0,
            peak_score: f64::MIN,
            peak_value: None,
            named: Vec::new(),
            inhibited: 0,
            flapping: false,
            wide: false,
        };
        self.alerts.insert(id, alert);
        id
    }

    /// Pages an alert that was not paged yet, if the budget allows it; whether it did.
    fn page(&mut self, id: u64, time: f64) -> bool {
        let Some(alert) = self.alerts.get_mut(&id) else { return false };
        let silent = matches!(alert.page, Page::Withheld(_));
        if !silent || !self.budget.take(self.params.pages_per_day, time, alert.severity) {
            return false;
        }
        alert.page = Page::Sent { time };
        self.ledger.counts.pages += 1;
        true
    }

    fn notify(&mut self, alert: u64, time: f64, change: Change, page: bool) {
        let Some(severity) = self.alerts.get(&alert).map(|alert| alert.severity) else { return };
        if self.notices.len() >= MOST_NOTICES {
            self.notices.pop_front();
            self.ledger.counts.notices_lost += 1;
        }
        self.notices.push_back(Notice { time, alert, change, severity, page });
    }

    /// Finds all that is explained by the open alerts, and by what they explain.
    pub(super) fn spread_roots(&mut self) {
        let mut more = !self.roots.is_empty();
        while std::mem::take(&mut more) {
            for place in 0..self.sources.all.len() as u32 {
                let source = &self.sources.all[place as usize];
                if !source.is_active() || source.alert.is_some() {
                    continue;
                }
                let Some(root) = self.explanation(place) else { continue };
                if self.sources.all[place as usize].phase == Phase::Firing {
                    self.inhibit(place, root);
                } else {
                    self.set_explained(place, root);
                }
                self.set_timer(place);
                more |= self.claim_roots(place, root);
            }
        }
    }

    /// Closes the alerts whose sources are all explained by other alerts, one by one: the last of a
    /// circle stays.
    fn supersede(&mut self, time: f64) {
        while let Some((group, by)) = self.superseded() {
            let Some(id) = self.group(group).alert else { return };
            self.close(group, id, time, AlertState::Superseded { by });
            self.group_mut(group).keeping = 0;
            for source in &mut self.sources.all {
                if source.alert == Some(id) {
                    (source.alert, source.explained) = (None, Some(by));
                } else if source.explained == Some(id) {
                    source.explained = Some(by);
                }
            }
            for root in self.roots.iter_mut().filter(|root| **root == Some(id)) {
                *root = Some(by);
            }
            self.notify(id, time, Change::Superseded { by }, false);
        }
    }

    /// A group whose alert has no source of its own, and the alert that explains one of them.
    fn superseded(&mut self) -> Option<(u32, u64)> {
        if self.roots.is_empty() {
            return None;
        }
        self.groups.iter_mut().flatten().for_each(|group| group.own = false);
        let mut found = None;
        // Twice: the first round finds the groups with sources of their own.
        for round in 0..2 {
            for place in 0..self.sources.all.len() as u32 {
                let source = &self.sources.all[place as usize];
                if source.alert.is_none() {
                    continue;
                }
                let group = source.group;
                match self.explanation(place) {
                    None => self.group_mut(group).own = true,
                    Some(by) if round == 1 && !self.group(group).own => {
                        found = found.or(Some((group, by)));
                    }
                    Some(_) => {}
                }
            }
        }
        found
    }

    /// The last source of an alert is calm.
    pub(super) fn resolve(&mut self, group: u32, id: u64, time: f64) {
        self.close(group, id, time, AlertState::Resolved);
        self.group_mut(group).before = Some((id, time));
        self.notify(id, time, Change::Resolved, false);
        let mut lost = false;
        for root in self.roots.iter_mut().filter(|root| **root == Some(id)) {
            *root = None;
            lost = true;
        }
        if lost {
            // Another alert may explain what this one did.
            for place in 0..self.sources.all.len() as u32 {
                if let Some(other) = self.sources.all[place as usize].alert {
                    self.claim_roots(place, other);
                }
            }
            self.spread_roots();
        }
    }

    fn close(&mut self, group: u32, id: u64, time: f64, state: AlertState) {
        self.group_mut(group).alert = None;
        if let Some(alert) = self.alerts.get_mut(&id) {
            alert.state = state;
            alert.resolved = Some(time);
        }
        self.over.push_back(id);
        while self.over.len() > self.params.remembered {
            if let Some(oldest) = self.over.pop_front() {
                self.alerts.remove(&oldest);
            }
        }
    }
}
