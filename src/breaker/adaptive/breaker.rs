//! The breaker itself: its state, and what calls and results do to it.

use super::learned::Learned;
use super::load::Load;
use super::params::AdaptiveParams;
use super::waiting::{Thought, Waiting};
use crate::breaker::machine::Kind;
use crate::breaker::{CallCosts, Gate, Outcome, Reason, Rejected, State, Ticket, Transition};
use crate::error::Result;
use crate::rng::Stream;
use std::time::Duration;

/// How many lost calls' costs one good call makes up for. At 1 the circuit would open wherever
/// rejecting is the cheaper act; four keeps it closed in brown-outs in which it makes no difference.
const CREDIT: f64 = 4.0;
/// The tolerance to begin with, and the largest; by what a false alarm raises it and an outage
/// lowers it; the near miss from which on it counts as one.
pub(super) const TOLERANCE: f64 = 4.0;
pub(super) const LARGEST_TOLERANCE: f64 = 48.0;
const RAISE: f64 = 1.5;
const LOWER: f64 = 0.7;
const NEAR_MISS: f64 = 2.0;
/// What must have been won before a reopened circuit counts as proved.
const PROVED: f64 = 3.0 * CREDIT;
/// In a ramp a bad call counts for at least so much, against so large a tolerance.
const RAMP_COST: f64 = 3.0;
const RAMP_TOLERANCE: f64 = 5.0;
/// The largest share that a ramp begins with; results at it before it rises, and bad ones among
/// them that clear the load of suspicion.
const FIRST_SHARE: f64 = 0.25;
const TESTS: u32 = 5;
const DIRTY: u32 = 2;
/// Later times count as this one, in seconds.
const LATEST: f64 = 1e10;
/// Probes under way at a time.
pub(super) const PROBES: usize = 10;

// Times in paces.
/// An outage is never taken to be younger.
const YOUNGEST: f64 = 0.5;
/// Bounds of the time between probes.
const OFTEN: f64 = 0.01;
const SELDOM: f64 = 60.0;
/// How long a probe keeps its place.
const LEASE: f64 = 10.0;
/// Trouble this soon after the circuit was reopened is a relapse; or within so many calls.
const SOON: f64 = 2.0;
const SOON_CALLS: f64 = 20.0;
/// Load takes so long to drain.
const DRAIN: f64 = 5.0;
/// The first ramp, the longest, and the time after which a ramp that held is shortened.
const RAMP: f64 = 5.0;
pub(super) const LONGEST_RAMP: f64 = 20.0;
const HELD: f64 = 200.0;
/// An outage that is over so fast was none; one that lasts so long was one.
const FALSE_ALARM: f64 = 0.5;
const TRUE_ALARM: f64 = 2.0;
/// In what time the raised tolerance comes down.
const MEMORY: f64 = 100.0;
/// What a pace of service takes off the age of the trouble.
const RELIEF: f64 = 0.7;

/// Where the circuit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Phase {
    /// Lets all calls through.
    Closed,
    /// Lets probes through, at times.
    Open,
    /// Stakes on further calls what calls have won since a probe succeeded.
    Proving,
    /// Lets a growing share through.
    Ramping,
}

/// A probe under way: its number, from 1 on, and when it was sent. Number 0 is a free place.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Probe {
    pub(super) number: u64,
    sent: f64,
}

/// A circuit breaker that starts with no history and no settings but the costs of calls.
///
/// See the [module](super) for what it does.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "super::saved::Saved", into = "super::saved::Saved")
)]
pub struct AdaptiveBreaker {
    pub(super) params: AdaptiveParams,
    pub(super) phase: Phase,
    pub(super) generation: u64,
    /// Results of generations before it no longer count.
    pub(super) valid_from: u64,
    /// The latest time seen, in seconds.
    pub(super) now: f64,
    pub(super) clock_steps_back: u64,
    pub(super) learned: Learned,
    pub(super) load: Load,
    pub(super) waiting: Waiting,
    /// The sum of losses of late, when the first was, how high it rose, and what is tolerated.
    pub(super) lost: f64,
    pub(super) lost_since: f64,
    pub(super) peak: f64,
    pub(super) tolerance: f64,
    /// Seconds of trouble, less those of service since.
    pub(super) trouble: f64,
    /// When the circuit left service, when it opened last, and when the next probe is due.
    pub(super) tripped: f64,
    pub(super) opened: f64,
    pub(super) next_probe: f64,
    pub(super) probes: [Probe; PROBES],
    pub(super) probes_sent: u64,
    /// What calls have won since a probe succeeded.
    pub(super) purse: f64,
    /// The share that is let through, the one that is safe, and what of a call is due.
    pub(super) share: f64,
    pub(super) safe: f64,
    pub(super) due: f64,
    /// Length of the next ramp in seconds; 0 for none.
    pub(super) ramp: f64,
    /// Results since a probe succeeded, up to `TESTS`, and the bad ones among them.
    pub(super) tested: u32,
    pub(super) dirty: u32,
    /// Calls asked for and let through since then.
    pub(super) offered: u32,
    pub(super) let_through: u32,
    /// When the calls were last let through again, and since when the ramp has held.
    pub(super) restored: f64,
    pub(super) held_since: f64,
    pub(super) trips: u64,
    pub(super) last_transition: Option<Transition>,
}

impl AdaptiveBreaker {
    /// A breaker without history, for these costs and otherwise default parameters.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a cost outside its range.
    pub fn new(costs: CallCosts) -> Result<Self> {
        AdaptiveParams::default().costs(costs).start()
    }

    pub(super) fn with(params: AdaptiveParams) -> Self {
        let learned = Learned::new(&params.costs, params.pace.as_secs_f64());
        Self {
            waiting: Waiting::new(0.0, learned.limit(&params.costs)),
            params,
            phase: Phase::Closed,
            generation: 0,
            valid_from: 0,
            now: 0.0,
            clock_steps_back: 0,
            learned,
            load: Load::default(),
            lost: 0.0,
            lost_since: 0.0,
            peak: 0.0,
            tolerance: TOLERANCE,
            trouble: 0.0,
            tripped: 0.0,
            opened: 0.0,
            next_probe: 0.0,
            probes: [Probe::default(); PROBES],
            probes_sent: 0,
            purse: 0.0,
            share: 1.0,
            safe: 1.0,
            due: 0.0,
            ramp: 0.0,
            tested: TESTS,
            dirty: 0,
            offered: 0,
            let_through: 0,
            restored: f64::MIN,
            held_since: 0.0,
            trips: 0,
            last_transition: None,
        }
    }

    pub(super) fn pace(&self) -> f64 {
        self.params.pace.as_secs_f64()
    }

    /// The time of an event: never before one already seen.
    fn clock(&mut self, now: Duration) -> f64 {
        let seconds = now.as_secs_f64().min(LATEST);
        if seconds < self.now {
            self.clock_steps_back += 1;
        }
        seconds.max(self.now)
    }

    /// Lets time pass.
    fn advance(&mut self, now: f64) {
        let (pace, passed) = (self.pace(), now - self.now);
        self.now = now;
        match self.phase {
            Phase::Closed => {
                let down = (passed / (MEMORY * pace)).min(1.0);
                self.tolerance += down * (TOLERANCE - self.tolerance);
                self.trouble = (self.trouble - RELIEF * passed).max(0.0);
                if self.ramp > 0.0 && now - self.held_since > (HELD * pace).max(2.0 * self.ramp) {
                    self.held_since = now;
                    self.ramp *= 0.25;
                    if self.ramp < 0.5 * RAMP * pace {
                        self.trust();
                    }
                }
            }
            Phase::Ramping => {
                self.trouble = (self.trouble - RELIEF * self.share * passed).max(0.0);
                if self.tested >= TESTS {
                    // Fast to the safe share, slowly beyond.
                    let slow_start = if self.share < self.safe { 5.0 * self.share } else { 1.0 };
                    self.share += slow_start * passed / self.ramp;
                    if self.share >= 1.0 {
                        self.close();
                    }
                }
            }
            Phase::Open | Phase::Proving => self.trouble += passed,
        }
        if self.phase != Phase::Open {
            let limit = self.learned.limit(&self.params.costs);
            let late = self.waiting.late(now, limit);
            if late > 0 && self.learned.knows_latency() {
                for _ in 0..late.min(64) {
                    self.result(false);
                }
                self.lose(f64::from(late) * self.learned.late, f64::from(late), now - limit);
            }
        }
    }

    /// No ramp is needed.
    fn trust(&mut self) {
        self.ramp = 0.0;
        self.safe = 1.0;
    }

    /// Counts a result for what it says of the load.
    fn result(&mut self, good: bool) {
        if self.ramp > 0.0 && self.tested < TESTS {
            self.load.little(good);
        } else {
            self.load.full(good);
        }
        if self.tested < TESTS {
            self.tested += 1;
            self.dirty += u32::from(!good);
            if self.dirty >= DIRTY && self.ramp > 0.0 {
                // It fails at a small share as well: the load is not to blame.
                self.trust();
                self.share = 1.0;
                if self.phase == Phase::Ramping {
                    self.close();
                }
            }
        }
    }

    /// Bad calls, the first of which began `since`.
    fn lose(&mut self, cost: f64, calls: f64, since: f64) {
        if self.lost <= 0.0 {
            self.lost_since = since;
        }
        match self.phase {
            Phase::Open => {}
            Phase::Proving => {
                self.purse -= cost;
                if self.purse < 0.0 {
                    self.lost_since = self.now;
                    self.trip(Reason::RampFailed);
                }
            }
            Phase::Ramping => {
                let least = if self.tested < TESTS { 0.0 } else { RAMP_COST * calls };
                self.lost += cost.max(least);
                if self.lost > RAMP_TOLERANCE {
                    self.trip(Reason::RampFailed);
                }
            }
            Phase::Closed => {
                self.lost += cost;
                if self.lost > self.tolerance {
                    self.trip(Reason::Utility);
                }
            }
        }
    }

    /// A good call; `charged` was counted against it when it was late.
    fn win(&mut self, utility: f64, charged: f64) {
        match self.phase {
            Phase::Open => {}
            Phase::Proving => {
                self.purse += CREDIT * utility + charged;
                if self.purse >= PROVED {
                    self.restored = self.now;
                    self.lost = 0.0;
                    if self.share < 1.0 && self.ramp > 0.0 {
                        self.phase = Phase::Ramping;
                    } else {
                        self.close();
                    }
                }
            }
            Phase::Ramping => self.lost = (self.lost - utility - charged).max(0.0),
            Phase::Closed => {
                self.peak = self.peak.max(self.lost);
                self.lost = (self.lost - CREDIT * utility - charged).max(0.0);
                if self.lost <= 0.0 {
                    if self.peak > NEAR_MISS {
                        self.tolerance = (RAISE * self.tolerance).min(LARGEST_TOLERANCE);
                    }
                    self.peak = 0.0;
                }
            }
        }
    }

    /// Seconds to the next probe: `√(2·cost·age/λ)`, a little less by chance.
    pub(super) fn open_time(&self) -> f64 {
        let pace = self.pace();
        let age = self.trouble.max(YOUNGEST * pace);
        let time = (2.0 * self.learned.failure * age * self.learned.gap).sqrt();
        let luck = Stream::new(self.params.seed, self.probes_sent).unit();
        time.clamp(OFTEN * pace, SELDOM * pace) * (1.0 - self.params.jitter * luck)
    }

    fn transition(&mut self, from: State, reason: Reason) {
        self.generation = (self.generation + 1) % crate::breaker::machine::GENERATIONS;
        let open = self.phase == Phase::Open;
        let wait = Duration::try_from_secs_f64(self.next_probe - self.now).unwrap_or_default();
        self.last_transition = Some(Transition {
            from,
            to: self.state(),
            at: Duration::try_from_secs_f64(self.now).unwrap_or_default(),
            generation: self.generation,
            reason,
            open_for: open.then_some(wait),
        });
    }

    /// Starts a generation in which no call is in flight.
    #[cfg(feature = "serde")]
    pub(super) fn forget_calls(&mut self) {
        self.generation = (self.generation + 1) % crate::breaker::machine::GENERATIONS;
        self.begin_anew();
    }

    /// What was under way no longer counts.
    fn begin_anew(&mut self) {
        self.valid_from = self.generation;
        self.waiting = Waiting::new(self.now, self.learned.limit(&self.params.costs));
        self.probes = [Probe::default(); PROBES];
        (self.lost, self.peak) = (0.0, 0.0);
    }

    fn trip(&mut self, reason: Reason) {
        let (from, pace) = (self.state(), self.pace());
        let soon = (SOON * pace).max(SOON_CALLS * self.learned.gap);
        let relapse = self.phase != Phase::Closed || self.now - self.restored < soon;
        let share = match self.phase {
            Phase::Proving => {
                self.share.min(f64::from(self.let_through.max(1)) / f64::from(self.offered.max(1)))
            }
            _ => self.share,
        };
        let blamed = self.load.trip(relapse);
        if blamed {
            self.ramp = (2.0 * self.ramp).clamp(RAMP * pace, LONGEST_RAMP * pace);
            self.safe = (0.5 * share).max(FIRST_SHARE);
        } else if relapse {
            self.trust();
        }
        if self.phase != Phase::Proving {
            self.tripped = self.now;
        }
        self.trouble = self.trouble.max(self.now - self.lost_since.min(self.now));
        self.phase = Phase::Open;
        self.trips += 1;
        self.opened = self.now;
        // Where the load is to blame, rest heals.
        self.next_probe = self.now + self.open_time().max(0.5 * self.ramp);
        self.transition(from, reason);
        self.begin_anew();
    }

    fn probe_succeeded(&mut self, utility: f64) {
        let (from, pace, down) = (self.state(), self.pace(), self.now - self.tripped);
        if down < FALSE_ALARM * pace {
            self.tolerance = (RAISE * self.tolerance).min(LARGEST_TOLERANCE);
        } else if down > TRUE_ALARM * pace {
            self.tolerance = (LOWER * self.tolerance).max(TOLERANCE);
        }
        self.phase = Phase::Proving;
        self.purse = CREDIT * utility;
        self.share = if self.ramp > 0.0 { self.safe.min(FIRST_SHARE) } else { 1.0 };
        (self.tested, self.dirty, self.due) = (1, 0, 0.0);
        (self.offered, self.let_through) = (0, 0);
        self.load.little(true);
        self.transition(from, Reason::ProbesSucceeded);
        self.begin_anew();
    }

    /// Calls under way go on counting.
    fn close(&mut self) {
        let from = self.state();
        self.phase = Phase::Closed;
        self.share = 1.0;
        (self.restored, self.held_since) = (self.now, self.now);
        self.transition(from, Reason::RampCompleted);
    }

    /// The place of a probe, if one is free or its probe has had its time.
    fn place(&self) -> Option<usize> {
        let lease = LEASE * self.pace();
        self.probes.iter().position(|probe| probe.number == 0 || self.now - probe.sent > lease)
    }

    fn normal(&mut self) -> Ticket {
        self.waiting.begin(self.now);
        let began = (self.now * 1e9) as u64;
        Ticket { generation: self.generation, kind: Kind::Normal { began } }
    }

    fn ask(&mut self, now: Duration) -> Result<Ticket, Rejected> {
        let now = self.clock(now);
        self.learned.arrival(now);
        self.advance(now);
        let wait = match self.phase {
            Phase::Closed => return Ok(self.normal()),
            Phase::Open => match self.place().filter(|_| now >= self.next_probe) {
                Some(place) => {
                    self.probes_sent += 1;
                    let number = self.probes_sent;
                    self.probes[place] = Probe { number, sent: now };
                    self.next_probe = now + self.open_time();
                    return Ok(Ticket { generation: self.generation, kind: Kind::Probe(number) });
                }
                None => (self.next_probe - now).max(self.learned.latency),
            },
            Phase::Proving | Phase::Ramping => {
                self.offered = self.offered.saturating_add(1);
                self.due = (self.due + self.share).min(1.0 + self.share);
                let stake = f64::from(self.waiting.in_time()) * self.learned.failure;
                if self.due >= 1.0 && (self.phase == Phase::Ramping || stake <= self.purse) {
                    self.due -= 1.0;
                    self.let_through = self.let_through.saturating_add(1);
                    return Ok(self.normal());
                }
                self.learned.latency
            }
        };
        let retry_after = Some(Duration::try_from_secs_f64(wait).unwrap_or_default());
        Err(Rejected { state: self.state(), retry_after })
    }

    /// Takes a ticket back; what was thought of its call, if it still counts.
    fn take_back(&mut self, ticket: &Ticket) -> Option<Thought> {
        let age = self.generation.wrapping_sub(ticket.generation);
        if age > self.generation.wrapping_sub(self.valid_from) {
            return None;
        }
        match ticket.kind {
            Kind::Free => None,
            Kind::Normal { began } => Some(self.waiting.end(began as f64 / 1e9)),
            Kind::Probe(number) => {
                let place = self.probes.iter_mut().find(|probe| probe.number == number)?;
                *place = Probe::default();
                Some(Thought::InTime)
            }
        }
    }

    fn tell(&mut self, ticket: &Ticket, outcome: Outcome, latency: Duration) {
        let Some(thought) = self.take_back(ticket) else { return };
        if outcome == Outcome::Ignored {
            return;
        }
        let utility = self.params.costs.utility(outcome, latency);
        let seconds = latency.as_secs_f64();
        let was_late = seconds > self.learned.limit(&self.params.costs);
        if outcome == Outcome::Success {
            self.learned.answer(seconds);
        }
        if utility < 0.0 {
            self.learned.failure(-utility, was_late);
        }
        let charged = thought == Thought::Late && self.learned.knows_latency();
        match (ticket.is_probe(), utility < 0.0) {
            (true, true) => {
                if self.now - self.opened > DRAIN * self.pace() {
                    self.load.failed_probe();
                }
            }
            (true, false) => self.probe_succeeded(utility),
            (false, true) if charged => {}
            (false, true) => {
                self.result(false);
                self.lose(-utility, 1.0, self.now - seconds);
            }
            (false, false) => {
                if charged {
                    self.load.correct();
                } else {
                    self.result(true);
                }
                self.win(utility, if charged { self.learned.late } else { 0.0 });
            }
        }
    }

    /// The transition that the event since `generation` brought about.
    fn since(&self, generation: u64) -> Option<Transition> {
        self.last_transition.filter(|_| self.generation != generation)
    }

    /// Lets time pass without a call: notices calls that are late.
    pub fn tick(&mut self, now: Duration) -> Option<Transition> {
        let generation = self.generation;
        let now = self.clock(now);
        self.advance(now);
        self.since(generation)
    }
}

impl Gate for AdaptiveBreaker {
    fn acquire(&mut self, now: Duration) -> Result<Ticket, Rejected> {
        self.ask(now)
    }

    fn record(
        &mut self,
        ticket: Ticket,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) -> Option<Transition> {
        let generation = self.generation;
        let now = self.clock(now);
        self.advance(now);
        self.tell(&ticket, outcome, latency);
        self.since(generation)
    }

    fn release(&mut self, ticket: Ticket, now: Duration) {
        let now = self.clock(now);
        self.advance(now);
        self.take_back(&ticket);
    }
}
