//! The sources: found by their labels, the least recently heard of forgotten first.

use super::Severity;
use super::flapping::Flapping;
use super::ledger::Chain;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::fmt::Write as _;

const MOST_LABELS: usize = 32;
const MOST_BYTES: usize = 1_024;

const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Phase {
    /// Nothing is the matter.
    Calm,
    /// Anomalous, not yet for long.
    Pending,
    /// Anomalous for long enough.
    Firing,
}

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Source {
    pub(super) text: String,
    pub(super) group: u32,
    /// Dependencies that explain it, and those in which it explains others.
    pub(super) dependent_of: Vec<u16>,
    pub(super) upstream_of: Vec<u16>,
    pub(super) phase: Phase,
    /// Whether its last anomalies are a run that may go on, and when that began.
    pub(super) in_run: bool,
    pub(super) run_start: f64,
    /// When it ceased to be calm, and the last anomaly since.
    pub(super) since: f64,
    pub(super) last: f64,
    /// Checks since then that found nothing, while it is pending.
    pub(super) normal: u64,
    pub(super) peak: f64,
    pub(super) peak_value: Option<f64>,
    pub(super) floor: Option<Severity>,
    pub(super) flapping: Flapping,
    /// Undecided anomalies.
    pub(super) chain: Chain,
    /// Counted among the group's sources that raise an alert by their number.
    pub(super) fresh: bool,
    /// The alert that it keeps open, its last anomaly there, and the last alert that counted it.
    pub(super) alert: Option<u64>,
    pub(super) kept: f64,
    pub(super) counted: Option<u64>,
    /// The alert upstream that explained it last.
    pub(super) explained: Option<u64>,
    /// Until when it waits for an alert upstream.
    pub(super) wait: Option<f64>,
    /// When it was heard of, in the order of all checks.
    pub(super) heard: u64,
    /// Due time of its one valid timer.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) timer: Option<f64>,
    #[cfg_attr(feature = "serde", serde(skip))]
    older: u32,
    #[cfg_attr(feature = "serde", serde(skip))]
    newer: u32,
}

impl Source {
    pub(super) fn new(
        text: String,
        group: u32,
        [dependent_of, upstream_of]: [Vec<u16>; 2],
    ) -> Self {
        Self {
            text,
            group,
            dependent_of,
            upstream_of,
            phase: Phase::Calm,
            in_run: false,
            run_start: 0.0,
            since: 0.0,
            last: 0.0,
            normal: 0,
            peak: 0.0,
            peak_value: None,
            floor: None,
            flapping: Flapping::default(),
            chain: Chain::default(),
            fresh: false,
            alert: None,
            kept: 0.0,
            counted: None,
            explained: None,
            wait: None,
            heard: 0,
            timer: None,
            older: NONE,
            newer: NONE,
        }
    }

    pub(super) fn is_active(&self) -> bool {
        self.phase != Phase::Calm
    }
}

/// All sources, each at a place that it keeps.
#[derive(Debug, Clone)]
pub(super) struct Sources {
    pub(super) all: Vec<Source>,
    places: HashMap<String, u32>,
    oldest: u32,
    newest: u32,
    heard: u64,
}

impl Sources {
    pub(super) fn new() -> Self {
        let (oldest, newest) = (NONE, NONE);
        Self { all: Vec::new(), places: HashMap::new(), oldest, newest, heard: 0 }
    }

    /// From what a file holds; `None` if it cannot be.
    #[cfg(feature = "serde")]
    pub(super) fn restore(all: Vec<Source>) -> Option<Self> {
        let mut order: Vec<u32> = (0..all.len() as u32).collect();
        order.sort_by_key(|&place| all[place as usize].heard);
        let distinct =
            order.windows(2).all(|pair| all[pair[0] as usize].heard < all[pair[1] as usize].heard);
        let mut sources = Self { all, ..Self::new() };
        for place in order {
            let source = &mut sources.all[place as usize];
            (source.older, source.newer) = (NONE, NONE);
            let heard = source.heard;
            let text = source.text.clone();
            if sources.places.insert(text, place).is_some() {
                return None;
            }
            sources.link(place);
            sources.heard = heard.checked_add(1)?;
        }
        distinct.then_some(sources)
    }

    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.places.get(text).copied()
    }

    pub(super) fn oldest(&self) -> u32 {
        self.oldest
    }

    /// Adds a source, in the place of `instead` if that is given.
    pub(super) fn insert(&mut self, source: Source, instead: Option<u32>) -> u32 {
        let place = instead.unwrap_or(self.all.len() as u32);
        let text = source.text.clone();
        if instead.is_some() {
            self.unlink(place);
            self.places.remove(&self.all[place as usize].text);
            self.all[place as usize] = source;
        } else {
            self.all.push(source);
        }
        self.places.insert(text, place);
        self.link(place);
        self.mark(place);
        place
    }

    /// The source is heard of.
    pub(super) fn touch(&mut self, place: u32) {
        if self.newest != place {
            self.unlink(place);
            self.link(place);
        }
        self.mark(place);
    }

    fn mark(&mut self, place: u32) {
        self.all[place as usize].heard = self.heard;
        self.heard += 1;
    }

    fn link(&mut self, place: u32) {
        let before = self.newest;
        let source = &mut self.all[place as usize];
        (source.older, source.newer) = (before, NONE);
        match before {
            NONE => self.oldest = place,
            before => self.all[before as usize].newer = place,
        }
        self.newest = place;
    }

    fn unlink(&mut self, place: u32) {
        let Source { older, newer, .. } = self.all[place as usize];
        match older {
            NONE => self.oldest = newer,
            older => self.all[older as usize].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.all[newer as usize].older = older,
        }
    }
}

/// Writes labels in the order of their names, `{host="h1",service="shop"}`, into `text`; quotes and
/// backslashes in them are escaped, so that no two sets of labels look alike.
pub(super) fn write_labels(text: &mut String, labels: &[(&str, &str)]) -> Result<()> {
    if labels.is_empty() {
        return Err(Error::Empty { what: "labels" });
    }
    let bytes: usize = labels.iter().map(|(name, value)| name.len() + value.len()).sum();
    if labels.len() > MOST_LABELS {
        let (name, value) = ("the number of labels", labels.len() as f64);
        return Err(Error::OutOfRange { name, value, allowed: "at most 32" });
    }
    if bytes > MOST_BYTES {
        let (name, value) = ("the length of the labels", bytes as f64);
        return Err(Error::OutOfRange { name, value, allowed: "at most 1,024 bytes" });
    }
    let mut order = [0_usize; MOST_LABELS];
    let order = &mut order[..labels.len()];
    order.iter_mut().enumerate().for_each(|(at, place)| *place = at);
    order.sort_unstable_by_key(|&at| labels[at].0);
    if let Some(pair) = order.windows(2).find(|pair| labels[pair[0]].0 == labels[pair[1]].0) {
        let reason = format!("the label {:?} is given twice", labels[pair[0]].0);
        return Err(Error::Incompatible { reason });
    }
    text.clear();
    write_selected(text, order.iter().map(|&at| labels[at]));
    Ok(())
}

/// The labels that name a group, or all of them where there are none.
pub(super) fn write_group(text: &mut String, labels: &[(&str, &str)], names: &[String]) {
    text.clear();
    let selected =
        names.iter().filter_map(|name| labels.iter().find(|(label, _)| label == name).copied());
    write_selected(text, selected);
}

fn write_selected<'a>(text: &mut String, labels: impl Iterator<Item = (&'a str, &'a str)>) {
    let escape = |text: &mut String, part: &str| {
        if !part.bytes().any(|byte| matches!(byte, b'"' | b'\\')) {
            return text.push_str(part);
        }
        for letter in part.chars() {
            if matches!(letter, '"' | '\\') {
                text.push('\\');
            }
            text.push(letter);
        }
    };
    text.push('{');
    for (at, (name, value)) in labels.enumerate() {
        if at > 0 {
            text.push(',');
        }
        // The name is quoted where it would not end by itself.
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-/:".contains(&byte)) {
            text.push_str(name);
        } else {
            let _ = write!(text, "{name:?}");
        }
        text.push_str("=\"");
        escape(text, value);
        text.push('"');
    }
    text.push('}');
}
