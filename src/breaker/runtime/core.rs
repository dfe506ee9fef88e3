//! The one place that the machine of a live breaker is in.

use super::events::{Events, Listener};
use super::pass::{Pass, Passing, UNKNOWN};
use super::shard::{Seen, Shard};
use super::slot::slot;
use super::sync::{AtomicU64, Mutex, Ordering, fence, lock};
use crate::breaker::machine::time::{Nanos, nanos};
use crate::breaker::machine::{Batch, EPOCHS, Machine};
use crate::breaker::{Outcome, Rejected};
use std::time::Duration;

/// Good calls need no lock.
const FAST: u64 = 1;
/// The time at which a call begins matters.
const BEGIN: u64 = 2;
/// The time at which it ends matters.
const END: u64 = 4;
/// Calls in flight are counted.
const IN_FLIGHT: u64 = 8;
/// Calls are let through and counted, and decide nothing.
const FREE: u64 = 16;
/// Calls are let through without asking the machine, though perhaps not at this moment.
const PASSING: u64 = 32;
/// The generation is above the flags.
const SHIFT: u32 = 8;

/// The machine, what good calls of a closed circuit need to know of it, and where they are counted.
///
/// A good call in a closed circuit changes nothing but a count (`Machine` is made for this), so each
/// thread counts them for itself in a shard. Whoever has more to tell takes the lock, collects all
/// counts, and gives the machine what it has: the machine sees the calls of one thread in their order,
/// and those of different threads in one order that they can have had.
#[derive(Debug)]
pub(super) struct Core {
    /// Generation and flags. Written under the lock.
    word: AtomicU64,
    /// From when to when the machine need not be told that time has passed. Written under the lock.
    current: [AtomicU64; 2],
    /// The longest latency of a call that needs no lock. Written under the lock.
    latency: AtomicU64,
    /// The place of calls in flight that begin in the present half threshold, and above it the number
    /// of their count. Written under the lock.
    place: AtomicU64,
    shards: Box<[Shard]>,
    /// Whoever takes this lock also writes to the words above: a line of its own would gain nothing.
    locked: Mutex<Inside>,
    events: Events,
}

#[derive(Debug)]
struct Inside {
    machine: Machine,
    seen: Box<[Seen]>,
}

impl Core {
    pub(super) fn new(machine: Machine, shards: usize, listeners: Vec<Listener>) -> Self {
        let core = Self {
            word: AtomicU64::new(0),
            current: [AtomicU64::new(0), AtomicU64::new(0)],
            latency: AtomicU64::new(0),
            place: AtomicU64::new(0),
            shards: (0..shards).map(|_| Shard::new()).collect(),
            locked: Mutex::new(Inside {
                machine,
                seen: vec![Seen::default(); shards].into_boxed_slice(),
            }),
            events: Events::new(listeners),
        };
        core.publish(&lock(&core.locked).machine);
        core
    }

    /// Asks for a call to be let through.
    #[inline]
    pub(super) fn acquire(&self, clock: impl Fn() -> Nanos) -> Result<Pass, Rejected> {
        let word = self.word.load(Ordering::Acquire);
        if word & (FAST | IN_FLIGHT | BEGIN | FREE) != FAST {
            return self.acquire_timed(word, clock);
        }
        Ok(Pass::light(word >> SHIFT, Passing::Normal, (0, 0), 0, UNKNOWN))
    }

    /// Where the time matters, or the circuit is not closed.
    #[inline]
    fn acquire_timed(&self, word: u64, clock: impl Fn() -> Nanos) -> Result<Pass, Rejected> {
        let generation = word >> SHIFT;
        if word & (FAST | IN_FLIGHT) == FAST {
            let kind = if word & FREE == 0 { Passing::Normal } else { Passing::Free };
            let began = if word & BEGIN == 0 { UNKNOWN } else { clock() };
            return Ok(Pass::light(generation, kind, (0, 0), 0, began));
        }
        if word & FAST != 0
            && let Some(shard) = self.own_shard(generation)
        {
            let began = clock();
            if self.is_current(began) {
                let (tracking, place) = self.tracking();
                shard.add_in_flight(place, 1);
                let counted = (tracking, place);
                return Ok(Pass::light(generation, Passing::Normal, counted, began, began));
            }
        }
        // The time is read under the lock, so that it is not before one that the machine has seen.
        self.update(|machine| {
            let now = clock();
            let ticket = machine.acquire(Duration::from_nanos(now))?;
            Ok(Pass::new(&ticket, now, machine))
        })
    }

    /// A call has ended; after a latency that the caller knows, or the time since it began.
    #[inline]
    pub(super) fn end(
        &self,
        pass: Pass,
        outcome: Outcome,
        latency: Option<Nanos>,
        clock: impl Fn() -> Nanos,
    ) {
        let word = self.word.load(Ordering::Acquire);
        if word & (FAST | IN_FLIGHT | BEGIN | END) == FAST
            && word >> SHIFT == pass.generation
            && outcome == Outcome::Success
            && let Some(shard) = self.own_shard(pass.generation)
        {
            return shard.add_good();
        }
        self.end_timed(word, pass, outcome, latency, clock);
    }

    /// Where there is more to do than to count a success.
    #[inline]
    fn end_timed(
        &self,
        word: u64,
        pass: Pass,
        outcome: Outcome,
        latency: Option<Nanos>,
        clock: impl Fn() -> Nanos,
    ) {
        let now = if word & (BEGIN | END) == 0 { 0 } else { clock() };
        let latency = match latency {
            Some(latency) => latency,
            // Latency did not matter when the call began, or does not now.
            None if word & BEGIN == 0 || pass.began == UNKNOWN => 0,
            None => now.saturating_sub(pass.began),
        };
        if !self.count(word, &pass, outcome, now, latency) {
            self.end_watched(pass, outcome, latency, clock);
        }
    }

    /// Counts a call in the shard of this thread, if that is all there is to do.
    #[inline]
    fn count(&self, word: u64, pass: &Pass, outcome: Outcome, now: Nanos, latency: Nanos) -> bool {
        let generation = pass.generation;
        if word & FAST == 0
            || word >> SHIFT != generation
            || outcome == Outcome::Failure
            || word & END != 0 && !self.is_current(now)
            || word & BEGIN != 0 && latency > self.latency.load(Ordering::Relaxed)
        {
            return false;
        }
        let Some(shard) = self.own_shard(generation) else { return false };
        if word & IN_FLIGHT != 0 {
            // The place of a call that began at most a half ago is still its own.
            if pass.tracking != self.tracking().0
                || now.saturating_sub(pass.number) > self.latency.load(Ordering::Relaxed)
            {
                return false;
            }
            shard.add_in_flight(pass.place, -1);
        }
        match outcome {
            Outcome::Success => shard.add_good(),
            _ => shard.add_ignored(),
        }
        true
    }

    #[cold]
    fn end_watched(&self, pass: Pass, outcome: Outcome, latency: Nanos, clock: impl Fn() -> Nanos) {
        let latency = Duration::from_nanos(latency);
        self.update(|machine| {
            machine.record(pass.ticket(), Duration::from_nanos(clock()), outcome, latency)
        });
    }

    /// A call was given up.
    pub(super) fn release(&self, pass: Pass, clock: impl Fn() -> Nanos) {
        self.update(|machine| machine.release(pass.ticket(), Duration::from_nanos(clock())));
    }

    /// The shard of this thread, if it has one and has joined the generation.
    #[inline]
    fn own_shard(&self, generation: u64) -> Option<&Shard> {
        self.shards.get(slot()).filter(|shard| shard.is_of(generation))
    }

    #[inline]
    fn is_current(&self, now: Nanos) -> bool {
        let [from, to] = &self.current;
        from.load(Ordering::Relaxed) <= now && now < to.load(Ordering::Relaxed)
    }

    /// Gives the machine all counts, changes it, and tells everyone what has become of it.
    pub(super) fn update<R>(&self, change: impl FnOnce(&mut Machine) -> R) -> R {
        let mut inside = lock(&self.locked);
        self.close();
        self.collect(&mut inside);
        let generation = inside.machine.generation();
        let result = change(&mut inside.machine);
        let machine = &inside.machine;
        self.publish(machine);
        if let Some(shard) = self.shards.get(slot()) {
            shard.join(machine.generation());
        }
        if machine.generation() == generation {
            return result;
        }
        if let Some(transition) = machine.last_transition() {
            // Under the machine's lock: in the order of the transitions.
            self.events.push(transition);
        }
        drop(inside);
        self.events.tell();
        result
    }

    /// Looks at the machine after all that has been counted.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Machine) -> R) -> R {
        let mut inside = lock(&self.locked);
        self.collect(&mut inside);
        look(&inside.machine)
    }

    /// Has every call that begins or ends from now on wait for the lock, until the machine is published.
    ///
    /// Else a thread could count a good call after the counts were collected, and begin another before
    /// the trip that they led to is published: together they tell of an order that cannot have been.
    /// What is left of that is the time between a thread's store and its next load, which processors
    /// may swap; forbidding it would cost every good call a fence.
    fn close(&self) {
        let word = self.word.load(Ordering::Relaxed);
        if word & FAST != 0 {
            self.word.store(word & !FAST, Ordering::Relaxed);
            fence(Ordering::SeqCst);
        }
    }

    /// Gives the machine all that has been counted.
    fn collect(&self, inside: &mut Inside) {
        let Inside { machine, seen } = inside;
        let (mut batch, mut late) = (Batch::default(), Batch::default());
        for (shard, seen) in self.shards.iter().zip(seen) {
            let own = shard.is_of(machine.generation());
            shard.collect(seen, if own { &mut batch } else { &mut late });
        }
        machine.merge(&batch);
        machine.merge_late(&late);
    }

    /// Whether calls are let through without asking the machine.
    #[cfg(feature = "tower")]
    pub(super) fn is_passing(&self) -> bool {
        self.word.load(Ordering::Acquire) & PASSING != 0
    }

    /// The number of the count of calls in flight, and the place of those that begin now.
    #[inline]
    fn tracking(&self) -> (u32, u8) {
        let word = self.place.load(Ordering::Relaxed);
        ((word >> SHIFT) as u32, word as u8)
    }

    fn publish(&self, machine: &Machine) {
        let settings = machine.settings();
        let mut flags = 0;
        if machine.is_plain() {
            flags |= FAST | PASSING;
        }
        if machine.is_free() {
            flags |= FAST | PASSING | FREE;
        } else {
            let good = nanos(settings.good_latency());
            let (half, tracking) = machine.tracking().unwrap_or((Nanos::MAX, 0));
            let tracked = half < Nanos::MAX;
            flags |= if good.min(half) < Nanos::MAX { BEGIN } else { 0 };
            flags |= if machine.needs_time() { END } else { 0 };
            flags |= if tracked { IN_FLIGHT } else { 0 };
            self.latency.store(good.min(half), Ordering::Relaxed);
            let [from, to] = machine.current();
            if let Some(epoch) = from.checked_div(half).filter(|_| tracked) {
                let place = (u64::from(tracking) << SHIFT) | (epoch % EPOCHS as u64);
                self.place.store(place, Ordering::Relaxed);
            }
            self.current[0].store(from, Ordering::Relaxed);
            self.current[1].store(to, Ordering::Relaxed);
        }
        self.word.store(machine.generation() << SHIFT | flags, Ordering::Release);
    }

    /// Has a listener told of transitions from now on.
    pub(super) fn listen(&self, listener: Listener) {
        self.events.listen(listener);
    }
}
