//! What calls meet, in the course of a run.

use super::super::CallCosts;
use super::law::Law;
use super::loaded::Loaded;
use super::timeline::Segment;

/// The truth of a trace.
#[derive(Debug, Clone)]
pub(super) enum Truth {
    /// The law over time, whatever is let through.
    Given(Vec<Segment>),
    /// It depends on what is let through.
    Loaded(Loaded),
}

/// The truth in the course of a run.
#[derive(Debug)]
pub(super) enum World<'a> {
    Given { segments: &'a [Segment], worth: Vec<f64>, present: usize },
    Loaded(Loaded),
}

impl<'a> World<'a> {
    pub(super) fn new(truth: &'a Truth, costs: &CallCosts, timeout: f64) -> Self {
        match truth {
            Truth::Loaded(loaded) => World::Loaded(loaded.clone()),
            Truth::Given(segments) => {
                let worth = segments.iter().map(|each| each.law.utility(costs, timeout)).collect();
                World::Given { segments, worth, present: 0 }
            }
        }
    }

    pub(super) fn advance(&mut self, now: f64) {
        match self {
            World::Given { segments, present, .. } => {
                while segments.get(*present + 1).is_some_and(|next| next.from <= now) {
                    *present += 1;
                }
            }
            World::Loaded(loaded) => loaded.advance(now),
        }
    }

    pub(super) fn law(&self) -> Law {
        match self {
            World::Given { segments, present, .. } => segments[*present].law,
            World::Loaded(loaded) => loaded.law(),
        }
    }

    pub(super) fn is_bad(&self) -> bool {
        match self {
            World::Given { worth, present, .. } => worth[*present] < 0.0,
            World::Loaded(loaded) => loaded.is_bad(),
        }
    }

    /// What the oracle decides.
    pub(super) fn is_worth_a_call(&self) -> bool {
        match self {
            World::Given { worth, present, .. } => worth[*present] >= 0.0,
            World::Loaded(loaded) => loaded.has_room(),
        }
    }

    pub(super) fn admit(&mut self) {
        if let World::Loaded(loaded) = self {
            loaded.admit();
        }
    }
}
