//! What happens by the passing of time.

use super::{AlertReducer, Phase, SuppressionReason};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A time at which a source is to be looked at.
#[derive(Debug, Clone, Copy)]
struct Timer {
    due: f64,
    place: u32,
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.due.total_cmp(&other.due).then(self.place.cmp(&other.place))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timer {}

/// At most one valid timer a source: the one whose time the source knows. It may be too early, and
/// is then set anew; it is never too late.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<Timer>>);

impl AlertReducer {
    /// Does what was due before `time`, which is then the present.
    pub(super) fn pass(&mut self, time: f64) {
        while let Some(&Reverse(Timer { due, place })) = self.timers.0.peek()
            && due < time
        {
            self.timers.0.pop();
            let source = self.source(place);
            if source.timer != Some(due) {
                continue;
            }
            source.timer = None;
            self.now = Some(due);
            if self.deadline(place).is_some_and(|deadline| deadline <= due) {
                self.expire(place, due);
            }
            self.set_timer(place);
        }
        self.now = Some(time);
        self.windows.retain(|(_, window)| window.to > time);
    }

    /// When something happens to a source unless it is heard of.
    fn deadline(&self, place: u32) -> Option<f64> {
        let source = &self.sources.all[place as usize];
        match (source.phase, source.wait) {
            (Phase::Calm, _) => None,
            (Phase::Pending, _) => Some(source.last + self.params.max_gap),
            (Phase::Firing, Some(wait)) if source.chain.length > 0 => Some(wait),
            (Phase::Firing, _) => {
                let last = if source.alert.is_some() { source.kept } else { source.last };
                Some(last + self.params.keep_firing)
            }
        }
    }

    pub(super) fn set_timer(&mut self, place: u32) {
        let Some(deadline) = self.deadline(place) else { return };
        // A deadline may be past when it is first known: what follows from it happens now.
        let due = deadline.max(self.now.unwrap_or(deadline));
        let source = &mut self.sources.all[place as usize];
        if source.timer.is_none_or(|timer| due < timer) {
            source.timer = Some(due);
            self.timers.0.push(Reverse(Timer { due, place }));
        }
        // Timers that were replaced by earlier ones and those of forgotten sources are left over.
        if self.timers.0.len() > 64 + 4 * self.sources.all.len() {
            let valid = |timer: &Reverse<Timer>| {
                self.sources.all[timer.0.place as usize].timer == Some(timer.0.due)
            };
            self.timers.0.retain(valid);
        }
    }

    fn expire(&mut self, place: u32, time: f64) {
        let source = &self.sources.all[place as usize];
        if source.phase == Phase::Firing && source.chain.length > 0 {
            self.dispose(place, time);
        } else if source.phase == Phase::Firing && time < source.last + self.params.keep_firing {
            // It flaps, and keeps no alert any longer.
            self.leave(place, time);
        } else {
            self.lapse(place, time);
        }
    }

    /// A source has been without anomalies for long enough.
    pub(super) fn lapse(&mut self, place: u32, time: f64) {
        self.suppress(place, SuppressionReason::Brief);
        let source = self.source(place);
        if source.in_run {
            source.in_run = false;
            source.flapping.end(source.last - source.run_start);
        }
        self.calm(place, time);
    }

    /// A source is calm again; the alert that it was the last to keep is over.
    pub(super) fn calm(&mut self, place: u32, time: f64) {
        for at in 0..self.sources.all[place as usize].upstream_of.len() {
            let rule = self.sources.all[place as usize].upstream_of[at];
            self.signs[usize::from(rule)] -= 1;
        }
        let source = self.source(place);
        source.phase = Phase::Calm;
        source.wait = None;
        let (fresh, group) = (std::mem::take(&mut source.fresh), source.group);
        self.group_mut(group).fresh -= usize::from(fresh);
        self.leave(place, time);
    }

    /// A source keeps its alert open no more; if it was the last to do so, the alert is over.
    fn leave(&mut self, place: u32, time: f64) {
        let source = self.source(place);
        let (alert, group) = (source.alert.take(), source.group);
        let Some(alert) = alert else { return };
        let state = self.group_mut(group);
        state.keeping -= 1;
        if state.keeping == 0 {
            self.resolve(group, alert, time);
        }
    }
}
