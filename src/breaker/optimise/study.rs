//! The log made ready: courses of events, cut into stretches, and what candidates cost on them.

use super::coupled::Model;
use super::course::{Event, Filling, History};
use super::facts::Facts;
use super::params::BreakerOptimizer;
use super::replay::{Delays, Tally, landings, replay};
use crate::breaker::log::CallLog;
use crate::breaker::{BreakerSettings, CallCosts};
use crate::error::Result;

/// Stretches of the log, at most about so many: what the bootstrap draws.
const STRETCHES: usize = 128;

/// Runs of stretches are replayed on their own, from a closed circuit; about so many calls each.
const RUN: usize = 16_384;

/// Fewer courses are drawn of longer logs, so that they come to about so many calls at most: what
/// many outages hid averages out in one course.
const MOST_CALLS: usize = 2_000_000;

/// The same where nothing is hidden.
const MOST_SHIFTED: usize = 600_000;

/// A stretch ends where the dependency has been up for so many calls.
const QUIET: usize = 20;

/// Or where it is so many times as long as it should be, in an outage that does not end.
const LONGER: usize = 4;

/// Part of one key's calls.
#[derive(Debug, Clone)]
pub(super) struct Run {
    key: usize,
    from: usize,
    /// Ends of the stretches, counted from `from`.
    ends: Vec<usize>,
    /// Places of its stretches in the whole study.
    pub(super) stretches: std::ops::Range<usize>,
}

impl Run {
    pub(super) fn calls(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Places of its calls among those of the key.
    fn range(&self) -> std::ops::Range<usize> {
        self.from..self.from + self.calls()
    }
}

/// What may have become of one key's calls.
#[derive(Debug)]
pub(super) struct Course {
    /// Whether it may be what happened, rather than what might as well have.
    is_real: bool,
    events: Vec<Event>,
    /// Run by run, counted from its first call.
    landings: Vec<u32>,
}

/// How much what is simulated weighs beside what the log says, where the log shows signs that load
/// matters, and where dependencies look like the one behind the log.
const SUSPICION: f64 = 0.5;
const LIKENESS: f64 = 0.5;

/// And how much more, if the dependency behind the log is sure to suffer from load: a replay takes the
/// end of an outage for given, and says nothing of what fewer calls change.
const COUPLED: f64 = 3.0;

/// A log that candidates can be replayed on.
#[derive(Debug)]
pub(super) struct Study {
    pub(super) facts: Facts,
    histories: Vec<History>,
    /// By key, then by draw.
    courses: Vec<Vec<Course>>,
    pub(super) runs: Vec<Run>,
    /// Calls of each stretch.
    pub(super) calls: Vec<f64>,
    /// To which event it belongs: those that one outage goes through have the same number.
    pub(super) groups: Vec<usize>,
    /// Simulated dependencies, where the log does not say enough.
    model: Option<Model>,
    seed: u64,
    max_false_opens: Option<f64>,
    max_probe_share: Option<f64>,
}

impl Study {
    /// The log must have rows.
    pub(super) fn new(log: &CallLog, params: &BreakerOptimizer) -> Result<Self> {
        let BreakerOptimizer { costs, courses: draws, seed, .. } = params;
        let (draws, seed) = (*draws, *seed);
        let by_key = log.by_key();
        let origin = by_key.iter().filter_map(|rows| rows.first()).map(|row| row.start).min();
        let origin = origin.unwrap_or(0);
        let histories = crate::parallel::map(by_key.len(), |key| {
            History::new(by_key[key].clone(), origin, costs)
        });
        let facts = Facts::of(&histories, costs);
        let model = Model::of(&histories, &facts, params)?;
        let (courses, runs, calls, groups) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let BreakerOptimizer { max_false_opens, max_probe_share, .. } = *params;
        let mut study = Self {
            facts,
            histories,
            courses,
            runs,
            calls,
            groups,
            model,
            seed,
            max_false_opens,
            max_probe_share,
        };
        study.cut();
        let draws = [MOST_CALLS, MOST_SHIFTED].map(|most| draws.min(most.div_ceil(log.len())));
        study.courses = crate::parallel::map(study.histories.len(), |key| {
            let is_known = !study.histories[key].is_censored();
            let draws = draws[usize::from(is_known)];
            let filling = |draw| match draw {
                1.. if is_known => Filling::Shifted(draw),
                _ => Filling::Drawn(draw),
            };
            (0..draws as u64).map(|draw| study.course(key, filling(draw), costs)).collect()
        });
        Ok(study)
    }

    /// Once the runs are cut.
    fn course(&self, key: usize, filling: Filling, costs: &CallCosts) -> Course {
        let events = self.histories[key].course(filling, costs);
        let first = self.runs.partition_point(|run| run.key < key);
        let runs = self.runs[first..].iter().take_while(|run| run.key == key);
        let landings = runs.flat_map(|run| landings(&events[run.range()])).collect();
        let is_real = !matches!(filling, Filling::Shifted(_));
        Course { is_real, events, landings }
    }

    /// What candidates race on: runs of the log, then what is modelled.
    pub(super) fn parts(&self) -> usize {
        self.runs.len() + self.model.as_ref().map_or(0, Model::len)
    }

    /// What settings cost on a part, stretch by stretch.
    pub(super) fn part(&self, settings: &BreakerSettings, part: usize) -> Result<Vec<Tally>> {
        match (&self.model, part.checked_sub(self.runs.len())) {
            (Some(model), Some(trace)) => Ok(vec![model.cost(settings, trace)?]),
            _ => self.cost(Some(settings), &self.runs[part], None),
        }
    }

    /// What counts of a cost when candidates are compared.
    pub(super) fn counts(&self, tally: &Tally) -> f64 {
        if self.facts.is_endless() { tally.expected_while_up } else { tally.expected }
    }

    /// The same a call.
    pub(super) fn mean(&self, tally: &Tally) -> f64 {
        self.counts(tally) / tally.calls.max(1.0)
    }

    /// How much what is modelled weighs against what was logged.
    pub(super) fn insurance(&self) -> f64 {
        match &self.model {
            None => 0.0,
            Some(model) if model.is_like_the_log() => LIKENESS + COUPLED * model.suffers(),
            Some(_) if self.facts.is_endless() || self.facts.blame.relapses() => 1.0,
            Some(_) => SUSPICION,
        }
    }

    /// What a change must save per 100 calls to be worth the risk that load matters after all.
    pub(super) fn risk(&self, found: f64, current: Option<&BreakerSettings>) -> Result<f64> {
        let (Some(model), Some(current)) = (&self.model, current) else { return Ok(0.0) };
        let mut total = Tally::default();
        for trace in 0..model.len() {
            total.add(&model.cost(current, trace)?, 1.0);
        }
        let more = found - total.mean();
        // Signs of it speak for a change as well as against one.
        let counts = if self.facts.feels_load() { more } else { more.max(0.0) };
        // Nobody knows which of them is right: what is likely there counts as much as what the log says.
        let weight = if model.is_like_the_log() { 1.0 } else { self.insurance() };
        Ok(100.0 * weight * counts)
    }

    /// The courses with all that is unknown good, or bad.
    pub(super) fn bound(&self, filling: Filling, costs: &CallCosts) -> Vec<Vec<Course>> {
        crate::parallel::map(self.histories.len(), |key| vec![self.course(key, filling, costs)])
    }

    pub(super) fn is_censored(&self) -> bool {
        self.histories.iter().any(History::is_censored)
    }

    /// By how much of them settings break the constraints that cost this on some calls of the log; 0
    /// if they keep to them.
    pub(super) fn excess(&self, tally: &Tally) -> f64 {
        let hours = self.facts.seconds / 3_600.0 * tally.calls / self.facts.calls as f64;
        let over = |count: f64, most: f64| (count / most.max(f64::MIN_POSITIVE) - 1.0).max(0.0);
        let opens = self.max_false_opens.map_or(0.0, |most| over(tally.false_opens, most * hours));
        let probes =
            self.max_probe_share.map_or(0.0, |most| over(tally.probes, most * tally.calls));
        opens + probes
    }

    /// Calls of a part, times the courses that it is replayed on.
    pub(super) fn work(&self, run: usize) -> usize {
        if let (Some(model), Some(trace)) = (&self.model, run.checked_sub(self.runs.len())) {
            return model.work(trace);
        }
        self.runs[run].calls() * self.courses[self.runs[run].key].len()
    }

    fn cut(&mut self) {
        let least = self.facts.calls.div_ceil(STRETCHES).max(QUIET);
        let mut group = 0;
        for (key, history) in self.histories.iter().enumerate() {
            let down = &history.latent.down;
            // What an outage brings comes after it as well: an event lasts until the next begins.
            let mut was_down = true;
            let mut begins = key > 0;
            let (mut from, mut ends, mut quiet, mut last) = (0, Vec::new(), 0, 0);
            let total = down.len();
            for (at, &down) in down.iter().enumerate() {
                begins |= down > 0.5 && !was_down;
                was_down = down > 0.5;
                quiet = if was_down { 0 } else { quiet + 1 };
                let end = at + 1;
                let whole = end == total;
                if whole || end - last >= if quiet >= QUIET { least } else { LONGER * least } {
                    ends.push(end - from);
                    self.calls.push((end - last) as f64);
                    group += usize::from(std::mem::take(&mut begins));
                    self.groups.push(group);
                    last = end;
                }
                if whole || (last == end && end - from >= RUN) {
                    let stretches = self.calls.len() - ends.len()..self.calls.len();
                    self.runs.push(Run { key, from, ends: std::mem::take(&mut ends), stretches });
                    from = end;
                }
            }
        }
    }

    /// What settings cost on a run, stretch by stretch: the mean over the courses that may be real,
    /// what is expected over all.
    pub(super) fn cost(
        &self,
        settings: Option<&BreakerSettings>,
        run: &Run,
        delays: Option<&mut Delays>,
    ) -> Result<Vec<Tally>> {
        self.cost_on(&self.courses, settings, run, delays)
    }

    fn cost_on(
        &self,
        courses: &[Vec<Course>],
        settings: Option<&BreakerSettings>,
        run: &Run,
        mut delays: Option<&mut Delays>,
    ) -> Result<Vec<Tally>> {
        let courses = &courses[run.key];
        let real = courses.iter().filter(|course| course.is_real).count();
        let mut mean = vec![Tally::default(); run.ends.len()];
        for course in courses {
            let (events, landings) = (&course.events[run.range()], &course.landings[run.range()]);
            let delays = delays.as_deref_mut().filter(|_| course.is_real);
            let tallies = replay(settings, self.seed, events, landings, &run.ends, delays)?;
            for (mean, tally) in mean.iter_mut().zip(&tallies) {
                if course.is_real {
                    mean.add(tally, 1.0 / real as f64);
                }
                mean.expected += tally.cost / courses.len() as f64;
                mean.expected_while_up += tally.cost_while_up / courses.len() as f64;
            }
        }
        Ok(mean)
    }

    /// What settings cost on everything, stretch by stretch.
    pub(super) fn whole(
        &self,
        settings: Option<&BreakerSettings>,
        mut delays: Option<&mut Delays>,
    ) -> Result<Vec<Tally>> {
        let mut all = Vec::with_capacity(self.calls.len());
        for run in &self.runs {
            all.extend(self.cost(settings, run, delays.as_deref_mut())?);
        }
        Ok(all)
    }

    /// The same on a bound.
    pub(super) fn whole_on(
        &self,
        courses: &[Vec<Course>],
        settings: Option<&BreakerSettings>,
    ) -> Result<Vec<Tally>> {
        let mut all = Vec::with_capacity(self.calls.len());
        for run in &self.runs {
            all.extend(self.cost_on(courses, settings, run, None)?);
        }
        Ok(all)
    }
}
