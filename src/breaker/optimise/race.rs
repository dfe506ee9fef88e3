//! Finding the best of many candidates without replaying all of them on everything.
//!
//! Successive halving (Jamieson and Talwalkar 2016): all candidates run on a part of the log, the
//! better half of them on twice as much, and so on. All see the same events and the same random
//! numbers, so that differences between them are differences between settings.

use super::replay::Tally;
use super::study::Study;
use crate::breaker::BreakerSettings;
use crate::error::{Error, Result};
use crate::parallel;
use crate::progress::Progress;
use crate::rng::Stream;

/// Calls replayed by one search, before the better ones see everything.
const BUDGET: usize = 40_000_000;

/// More than any call costs.
const FORBIDDEN: f64 = 1e12;

/// So many finish at least.
const FINALISTS: usize = 12;

/// One candidate and what is known of it.
#[derive(Debug, Clone)]
struct Runner {
    /// Its place among the candidates.
    place: usize,
    settings: BreakerSettings,
    /// By run; the runs in the order of the race.
    tallies: Vec<Vec<Tally>>,
    /// So far, on the log and on modelled dependencies.
    on_log: Tally,
    on_model: Tally,
    /// Cost a call, far more for whoever breaks the constraints.
    mean: f64,
}

/// A candidate that has seen everything.
#[derive(Debug, Clone)]
pub(super) struct Finalist {
    pub(super) settings: BreakerSettings,
    /// Whether it is the first candidate.
    pub(super) is_safe: bool,
    /// By stretch.
    pub(super) tallies: Vec<Tally>,
    /// What a call costs on modelled dependencies; 0 where there are none.
    pub(super) modelled: f64,
}

impl Finalist {
    pub(super) fn total(&self) -> Tally {
        let mut total = Tally::default();
        for tally in &self.tallies {
            total.add(tally, 1.0);
        }
        total
    }
}

/// Work done and to do, for the observer.
pub(super) struct Ticker<'a> {
    pub(super) progress: &'a mut dyn Progress,
    pub(super) done: usize,
    pub(super) total: usize,
}

impl Ticker<'_> {
    pub(super) fn advance(&mut self, steps: usize) -> Result<()> {
        self.done = (self.done + steps).min(self.total);
        if self.progress.advance(self.done, self.total).is_break() {
            return Err(Error::Cancelled { done: self.done, total: self.total });
        }
        Ok(())
    }
}

/// Runs in the order in which candidates see them.
fn order(study: &Study, seed: u64) -> Vec<usize> {
    let mut stream = Stream::new(seed, 0x5ACE);
    let mut runs: Vec<usize> = (0..study.parts()).collect();
    for at in (1..runs.len()).rev() {
        runs.swap(at, stream.below(at + 1));
    }
    // What is modelled is seen from the first round on.
    if let Some(at) = runs.iter().position(|&part| part >= study.runs.len()) {
        let modelled = runs.remove(at);
        runs.insert(0, modelled);
    }
    runs
}

/// Who finished, best first, and the places of all candidates, best first.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) finalists: Vec<Finalist>,
    pub(super) ranking: Vec<usize>,
}

/// The candidates that are worth a close look, replayed on everything, or on so many calls at
/// `most`; the first one always is among them.
pub(super) fn race(
    study: &Study,
    candidates: &[BreakerSettings],
    most: usize,
    seed: u64,
    ticker: &mut Ticker<'_>,
) -> Result<Outcome> {
    let order = order(study, seed);
    let total = order.iter().map(|&run| study.work(run)).sum::<usize>().min(most);
    let rounds = rounds(candidates.len(), total);
    let mut runners: Vec<Runner> = candidates
        .iter()
        .enumerate()
        .map(|(place, settings)| Runner {
            place,
            settings: *settings,
            tallies: Vec::new(),
            on_log: Tally::default(),
            on_model: Tally::default(),
            mean: 0.0,
        })
        .collect();
    let mut beaten: Vec<Vec<usize>> = Vec::new();
    let mut seen = 0;
    for round in 0..=rounds {
        // Half as many candidates see twice as much.
        let goal = total >> (rounds - round);
        let mut until = seen;
        let mut work: usize = order[..seen].iter().map(|&run| study.work(run)).sum();
        while until < order.len() && (work < goal || until < 2) {
            work += study.work(order[until]);
            until += 1;
        }
        let new = &order[seen..until];
        // In portions, so that the observer is asked often enough.
        for portion in runners.chunks_mut(64) {
            let results = parallel::map(portion.len(), |at| -> Result<Vec<Vec<Tally>>> {
                let settings = &portion[at].settings;
                new.iter().map(|&part| study.part(settings, part)).collect()
            });
            for (runner, tallies) in portion.iter_mut().zip(results) {
                for (&part, tally) in new.iter().zip(tallies?) {
                    let on = if part < study.runs.len() {
                        &mut runner.on_log
                    } else {
                        &mut runner.on_model
                    };
                    for tally in &tally {
                        on.add(tally, 1.0);
                    }
                    runner.tallies.push(tally);
                }
                runner.mean = study.mean(&runner.on_log)
                    + study.insurance() * runner.on_model.mean()
                    + FORBIDDEN * study.excess(&runner.on_log);
            }
            ticker.advance(0)?;
        }
        seen = until;
        if round < rounds {
            let keep = runners.len().div_ceil(2).max(FINALISTS);
            let mut rest = runners.split_off(1);
            rest.sort_by(|a, b| a.mean.total_cmp(&b.mean));
            let gone = rest.split_off((keep - 1).min(rest.len()));
            ticker.advance(gone.len())?;
            beaten.push(gone.iter().map(|runner| runner.place).collect());
            runners.extend(rest);
        }
    }
    ticker.advance(runners.len())?;
    runners.sort_by(|a, b| a.mean.total_cmp(&b.mean));
    let mut ranking: Vec<usize> = runners.iter().map(|runner| runner.place).collect();
    ranking.extend(beaten.into_iter().rev().flatten());
    let finalists = runners
        .into_iter()
        .map(|runner| {
            let mut tallies = vec![Tally::default(); study.calls.len()];
            for (&part, found) in order.iter().zip(&runner.tallies) {
                if let Some(run) = study.runs.get(part) {
                    tallies[run.stretches.clone()].copy_from_slice(found);
                }
            }
            let Runner { settings, place, on_model, .. } = runner;
            Finalist { settings, is_safe: place == 0, tallies, modelled: on_model.mean() }
        })
        .collect();
    Ok(Outcome { finalists, ranking })
}

/// How many races half of the budget lasts for, once few candidates are left.
pub(super) fn affordable(study: &Study) -> usize {
    let total: usize = (0..study.parts()).map(|part| study.work(part)).sum();
    BUDGET / (2 * FINALISTS * total).max(1)
}

/// How often to halve so that the budget lasts.
fn rounds(candidates: usize, total: usize) -> usize {
    let mut rounds = 0;
    while rounds < 16 {
        // Each round costs what the first does: half as many on twice as much, half of it seen before.
        let first = candidates * (total >> rounds);
        let all = first / 2 * (rounds + 2);
        let last = FINALISTS.max(candidates >> rounds) * total;
        if all.max(last) <= BUDGET || candidates >> rounds <= FINALISTS {
            break;
        }
        rounds += 1;
    }
    rounds
}
