//! From a log to a recommendation.

use super::course::Filling;
use super::estimate::{Delay, Estimate, Intervals};
use super::facts::Facts;
use super::front::front;
use super::params::BreakerOptimizer;
use super::race::{Finalist, Ticker};
use super::recommendation::{Advice, Assessment, LogSummary, PeerComparison, Recommendation};
use super::replay::{Delays, Tally};
use super::search::{choose, cross_fitted, search};
use super::study::Study;
use super::theory;
use crate::breaker::BreakerSettings;
use crate::breaker::log::{CallLog, LoggedOutcome};
use crate::error::{Error, Result};
use crate::parallel;
use crate::progress::Progress;

/// Fewer calls than this say nothing.
const FEWEST: usize = 20;

impl BreakerOptimizer {
    /// Learns from a log.
    ///
    /// Calls times candidates of replayed calls for short logs, some 100 million at most for long
    /// ones (a million calls and 500 candidates take 2 to 9 s on two cores), on all cores of the
    /// current pool; memory of 30 bytes a call of each course. The same seed gives the same bits on any
    /// number of cores, whatever order the rows are in and whatever the keys are called.
    ///
    /// # Errors
    /// [`Error::Empty`] for a log without rows, [`Error::OutOfRange`] for a setting out of range. A log
    /// that nothing can be learned from is no error: the [`Advice`] says so.
    pub fn optimize(&self, log: &CallLog) -> Result<Recommendation> {
        self.optimize_observed(log, &mut ())
    }

    /// As [`optimize`](Self::optimize), told of its progress, in candidates; may be stopped.
    ///
    /// # Errors
    /// As [`optimize`](Self::optimize), and [`Error::Cancelled`] if the observer asks for it.
    pub fn optimize_observed(
        &self,
        log: &CallLog,
        progress: &mut dyn Progress,
    ) -> Result<Recommendation> {
        self.check()?;
        if log.is_empty() {
            return Err(Error::Empty { what: "rows" });
        }
        let study = Study::new(log, self)?;
        let total = self.candidates + self.peers.len() + 1;
        let mut ticker = Ticker { progress, done: 0, total };
        ticker.advance(0)?;
        let current = study.whole(self.current.as_ref(), None)?;
        ticker.advance(1)?;
        let facts = &study.facts;
        let failed = facts.failures > 0;
        let nothing = if log.len() < FEWEST || facts.seconds <= 0.0 {
            Some(Advice::TooShort)
        } else if !failed {
            Some(Advice::NoFailures)
        } else if facts.successes == 0 {
            Some(Advice::NoSuccesses)
        } else {
            None
        };
        let report = Report { params: self, study: &study, log, current };
        if let Some(advice) = nothing {
            return Ok(report.keep(advice));
        }
        let finalists = search(self, &study, &mut ticker)?;
        report.choose(&finalists, &mut ticker)
    }
}

/// What is known when candidates have been replayed.
struct Report<'a> {
    params: &'a BreakerOptimizer,
    study: &'a Study,
    log: &'a CallLog,
    /// What the settings in use cost, by stretch.
    current: Vec<Tally>,
}

impl Report<'_> {
    fn intervals(&self) -> Intervals {
        let BreakerOptimizer { confidence, resamples, seed, .. } = *self.params;
        Intervals { confidence, resamples, seed }
    }

    fn estimate(&self, amounts: &[f64]) -> Estimate {
        self.intervals().per_100(amounts, &self.study.calls, &self.study.groups)
    }

    fn assess(&self, settings: Option<BreakerSettings>, tallies: &[Tally]) -> Assessment {
        let mut total = Tally::default();
        for tally in tallies {
            total.add(tally, 1.0);
        }
        let per_100 = |amount: f64| 100.0 * amount / total.calls.max(1.0);
        let hours = self.study.facts.seconds / 3_600.0;
        let an_hour = |count: f64| if hours > 0.0 { count / hours } else { 0.0 };
        Assessment {
            settings,
            cost: self.estimate(&costs(tallies)),
            lost_good: per_100(total.lost_good),
            failed: per_100(total.failed),
            wasted_seconds: per_100(total.wasted_seconds),
            probes: per_100(total.probes),
            opens_an_hour: an_hour(total.opens),
            false_opens_an_hour: an_hour(total.false_opens),
        }
    }

    fn summary(&self) -> LogSummary {
        let facts: &Facts = &self.study.facts;
        let unknown = self.log.count(LoggedOutcome::Rejected);
        let usable = 1.0 - unknown as f64 / self.log.len() as f64;
        LogSummary {
            calls: self.log.len(),
            keys: self.log.keys().len(),
            seconds: facts.seconds,
            usable,
            rate: facts.rate,
            outages: (facts.outages + facts.unfinished) as usize,
            mean_outage: if facts.down_seconds > 0.0 { facts.mean_outage() } else { 0.0 },
            failure_cost: facts.failure_cost,
            trip_share: theory::trip_share(1.0, facts.probe_cost()),
            open_time: if facts.down_seconds > 0.0 { facts.open_time() } else { 0.0 },
            feels_load: facts.feels_load(),
        }
    }

    /// Nothing but what is in use.
    fn keep(&self, advice: Advice) -> Recommendation {
        Recommendation {
            advice,
            settings: self.params.current,
            found: None,
            current: self.assess(self.params.current, &self.current),
            saving: Estimate { mean: 0.0, low: 0.0, high: 0.0 },
            saving_bounds: [0.0; 2],
            peers: Vec::new(),
            front: Vec::new(),
            detect: None,
            recover: None,
            log: self.summary(),
            confidence: self.params.confidence,
        }
    }

    /// What is saved at least, with the confidence asked for: a bound on one side.
    fn least_saving(&self, amounts: &[f64]) -> f64 {
        let Intervals { confidence, .. } = self.intervals();
        let one_sided = Intervals { confidence: 2.0 * confidence - 1.0, ..self.intervals() };
        one_sided.per_100(amounts, &self.study.calls, &self.study.groups).low
    }

    /// A breaker that never opened on the log did there what none would have done, which says nothing
    /// of what it does once it opens. What that costs shows on outages as they might as well have been.
    fn is_untried(&self) -> bool {
        self.params.current.is_some() && self.current.iter().all(|tally| tally.opens == 0.0)
    }

    fn choose(&self, finalists: &[Finalist], ticker: &mut Ticker<'_>) -> Result<Recommendation> {
        let (params, study) = (self.params, self.study);
        let chosen = choose(study, finalists, |_| true);
        let honest = cross_fitted(study, finalists);
        let (Some(chosen), Some(honest)) = (chosen, honest) else {
            return Ok(self.keep(Advice::Constrained));
        };
        let found = &finalists[chosen];
        let saved = |other: &[Tally]| self.estimate(&savings(other, &honest, |tally| tally.cost));
        let mut saving = saved(&self.current);
        let least = self.least_saving(&savings(&self.current, &honest, |tally| tally.cost));
        let risk = study.risk(found.modelled, params.current.as_ref())?;
        // Less risk is worth something as well, but does not make up for a loss.
        let mut is_sure = least > risk && (least > 0.0 || saving.mean > 0.0 && risk < 0.0);
        if !is_sure && saving.mean >= 0.0 && self.is_untried() {
            let expected = savings(&self.current, &honest, |tally| tally.expected);
            is_sure = self.least_saving(&expected) > risk.max(0.0);
            if is_sure {
                saving = self.estimate(&expected);
            }
        }
        let advice = if is_sure { Advice::Adopt } else { Advice::NotBetter };
        let mut delays = Delays::default();
        study.whole(Some(&found.settings), Some(&mut delays))?;
        let peers = parallel::map(params.peers.len(), |at| -> Result<PeerComparison> {
            let peer = params.peers[at];
            let tallies = study.whole(Some(&peer.settings()), None)?;
            let assessment = self.assess(Some(peer.settings()), &tallies);
            Ok(PeerComparison { peer, assessment, saving: saved(&tallies) })
        });
        let peers = peers.into_iter().collect::<Result<_>>()?;
        ticker.advance(ticker.total - ticker.done)?;
        Ok(Recommendation {
            advice,
            settings: if advice == Advice::Adopt { Some(found.settings) } else { params.current },
            found: Some(self.assess(Some(found.settings), &found.tallies)),
            saving,
            saving_bounds: self.bounds(&found.settings, saving.mean)?,
            peers,
            front: front(finalists),
            detect: Delay::of(delays.detect),
            recover: Delay::of(delays.recover),
            ..self.keep(advice)
        })
    }

    /// What would be saved if all that is unknown was good, and if all was bad.
    fn bounds(&self, found: &BreakerSettings, saving: f64) -> Result<[f64; 2]> {
        let study = self.study;
        if !study.is_censored() {
            return Ok([saving; 2]);
        }
        let total: f64 = study.calls.iter().sum();
        let mut bounds = [0.0; 2];
        for (bound, filling) in bounds.iter_mut().zip([Filling::Good, Filling::Bad]) {
            let courses = study.bound(filling, &self.params.costs);
            let cost = |settings: Option<&BreakerSettings>| -> Result<f64> {
                Ok(costs(&study.whole_on(&courses, settings)?).iter().sum())
            };
            *bound = 100.0 * (cost(self.params.current.as_ref())? - cost(Some(found))?) / total;
        }
        Ok(bounds)
    }
}

/// What one costs more than the other, by stretch.
fn savings(before: &[Tally], after: &[Tally], cost: impl Fn(&Tally) -> f64) -> Vec<f64> {
    before.iter().zip(after).map(|(before, after)| cost(before) - cost(after)).collect()
}

fn costs(tallies: &[Tally]) -> Vec<f64> {
    tallies.iter().map(|tally| tally.cost).collect()
}
