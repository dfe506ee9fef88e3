//! Which settings to try, and which of them to take.

use super::candidates::{Axes, Place};
use super::params::BreakerOptimizer;
use super::peers::PeerDefaults;
use super::race::{Finalist, Ticker, affordable, race};
use super::replay::Tally;
use super::study::Study;
use crate::error::Result;
use std::collections::HashSet;

/// How many standard errors of its gain over the safe settings a candidate must make good. The fewer
/// stretches with trouble there are, the larger that error, and the more the choice leans to the safe
/// settings, which need no history.
const CAUTION: f64 = 0.5;

/// Parts of the log that settings are chosen without, in turn, to be judged on.
const FOLDS: usize = 5;

/// Calls on which the first round is decided: which values of an axis do well shows on a part of a
/// long log.
const SCREENED: usize = 1_200_000;

/// Shares of the candidates by axis in the second round: trip, slow call, open time, probes, ramp.
const BEST: Place = [6, 2, 5, 2, 3];

/// Shares of the candidates: what is tried first, and what is left for steps after the combinations.
const SCREEN: usize = 2;
const STEPS: usize = 2;

/// Values of each axis on its own, every combination of those that did best alone, then steps from the
/// best found so far, one axis at a time, until none is better.
pub(super) fn search(
    params: &BreakerOptimizer,
    study: &Study,
    ticker: &mut Ticker<'_>,
) -> Result<Vec<Finalist>> {
    let axes = Axes::around(&study.facts, &params.costs);
    let first = screen(&axes, params.candidates.div_ceil(SCREEN));
    let settings: Vec<_> = first.iter().map(|place| axes.settings(*place)).collect();
    let screened = race(study, &settings, SCREENED, params.seed, ticker)?;

    let left = params.candidates.saturating_sub(first.len());
    let mut stepped = left / STEPS;
    let most = (left - stepped).max(FOLDS);
    let mut places: Vec<Place> = vec![[0; 5]];
    places.extend(screened.ranking.iter().take(3).map(|&candidate| first[candidate]));
    places.extend(combinations(&ranked(&first, &screened.ranking), most));
    let mut seen = HashSet::new();
    places.retain(|place| seen.insert(*place));
    places.truncate(most);
    let mut settings: Vec<_> = places.iter().map(|place| axes.settings(*place)).collect();
    // What is in use has to be beaten, and others' long open times are rest for what load keeps down.
    let mut others: Vec<_> = params.current.into_iter().collect();
    if study.insurance() > 0.0 {
        others.extend(PeerDefaults::ALL.map(PeerDefaults::settings));
    }
    others.retain(|other| !settings.contains(other));
    settings.truncate(most.saturating_sub(others.len()).max(most.div_ceil(2)));
    settings.extend(others);
    let mut seen: HashSet<Place> = places.iter().take(settings.len()).copied().collect();
    let mut finalists = race(study, &settings, usize::MAX, params.seed, ticker)?.finalists;

    let mut from = None;
    for _ in 0..affordable(study) {
        let best = choose(study, &finalists, |_| true).map(|best| finalists[best].settings);
        let place = seen.iter().find(|place| Some(axes.settings(**place)) == best).copied();
        let Some(place) = place.filter(|_| best != from) else { break };
        let mut next = steps(&axes, place);
        next.retain(|place| seen.insert(*place));
        next.truncate(stepped);
        stepped -= next.len();
        if next.is_empty() {
            break; // All have been tried, or none is left to try.
        }
        let settings: Vec<_> =
            std::iter::once([0; 5]).chain(next).map(|place| axes.settings(place)).collect();
        let more = race(study, &settings, usize::MAX, params.seed, ticker)?.finalists;
        finalists.extend(more.into_iter().filter(|finalist| !finalist.is_safe));
        from = best;
    }
    Ok(finalists)
}

/// The values of each axis in the order in which they did.
fn ranked(tried: &[Place], ranking: &[usize]) -> [Vec<usize>; 5] {
    let mut best: [Vec<usize>; 5] = Default::default();
    for &candidate in ranking {
        let place = tried[candidate];
        for axis in 0..5 {
            if !best[axis].contains(&place[axis]) {
                best[axis].push(place[axis]);
            }
        }
    }
    best
}

/// All places that differ from one on one axis, the nearest first.
fn steps(axes: &Axes, from: Place) -> Vec<Place> {
    let mut steps = Vec::new();
    for (axis, &length) in axes.lengths().iter().enumerate() {
        for value in (0..length).filter(|&value| value != from[axis]) {
            let mut place = from;
            place[axis] = value;
            steps.push(place);
        }
    }
    steps
}

/// Each axis on its own, with the ramp and without, the axes in turn.
fn screen(axes: &Axes, most: usize) -> Vec<Place> {
    let lengths = axes.lengths();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let mut places = vec![[0; 5]];
    for value in 0..longest {
        for axis in (0..5).filter(|&axis| value < lengths[axis]) {
            for ramp in 0..lengths[4].min(2) {
                let mut place = [0, 0, 0, 0, ramp];
                place[axis] = value;
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
    }
    places.truncate(most.max(1));
    places
}

/// Combinations of the best values, those of the better ones first.
fn combinations(best: &[Vec<usize>; 5], most: usize) -> Vec<Place> {
    let lengths: Vec<usize> =
        best.iter().zip(BEST).map(|(values, most)| values.len().min(most)).collect();
    let total: usize = lengths.iter().product();
    let mut ranks: Vec<Place> = (0..total)
        .map(|number| {
            let mut rest = number;
            let mut ranks = [0; 5];
            for axis in 0..5 {
                ranks[axis] = rest % lengths[axis];
                rest /= lengths[axis];
            }
            ranks
        })
        .collect();
    ranks.sort_by_key(|ranks| ranks.iter().sum::<usize>());
    ranks.truncate(most);
    ranks.into_iter().map(|ranks| std::array::from_fn(|axis| best[axis][ranks[axis]])).collect()
}

/// Which finalist to take on the stretches that `counts` says; `None` if none is allowed.
pub(super) fn choose(
    study: &Study,
    finalists: &[Finalist],
    counts: impl Fn(usize) -> bool,
) -> Option<usize> {
    let safe = finalists.iter().position(|finalist| finalist.is_safe)?;
    let stretches: Vec<usize> = (0..study.calls.len()).filter(|&s| counts(s)).collect();
    let scores = finalists
        .iter()
        .enumerate()
        .filter(|(_, finalist)| study.excess(&finalist.total()) == 0.0)
        .map(|(place, finalist)| (score(study, finalist, &finalists[safe], &stretches), place));
    scores.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|best| best.1)
}

/// Cost beyond that of the safe settings, and something for not being sure of it.
fn score(study: &Study, finalist: &Finalist, safe: &Finalist, stretches: &[usize]) -> f64 {
    let gain = |at: usize| study.counts(&finalist.tallies[at]) - study.counts(&safe.tallies[at]);
    let count = stretches.len() as f64;
    let sum: f64 = stretches.iter().map(|&at| gain(at)).sum();
    let mean = sum / count;
    let squares: f64 = stretches.iter().map(|&at| (gain(at) - mean).powi(2)).sum();
    let error = if count > 1.0 { (squares * count / (count - 1.0)).sqrt() } else { sum.abs() };
    let calls: f64 = stretches.iter().map(|&at| study.calls[at]).sum();
    sum + CAUTION * error + study.insurance() * calls * (finalist.modelled - safe.modelled)
}

/// For each stretch the cost of what would have been chosen without it: an honest account of what
/// choosing brings. `None` where nothing is allowed.
pub(super) fn cross_fitted(study: &Study, finalists: &[Finalist]) -> Option<Vec<Tally>> {
    let stretches = study.calls.len();
    let folds = FOLDS.min(stretches);
    let fold = |stretch: usize| stretch * folds / stretches;
    let mut tallies = vec![Tally::default(); stretches];
    for held in 0..folds {
        let without = |stretch| folds == 1 || fold(stretch) != held;
        let chosen = choose(study, finalists, without)?;
        for stretch in (0..stretches).filter(|&stretch| fold(stretch) == held) {
            tallies[stretch] = finalists[chosen].tallies[stretch];
        }
    }
    Some(tallies)
}
