//! What holds after any events, under any settings.

use super::settings::settings;
use super::{Event, all_events};
use forewarn::breaker::{
    BreakerSettings, Force, Machine, OpenTime, Outcome, ProbeBudget, Probes, State, Ticket, Trip,
};
use proptest::prelude::*;
use std::time::Duration;

/// A machine, its clock, and its calls under way.
struct Run {
    machine: Machine,
    now: Duration,
    calls: Vec<(Ticket, Duration)>,
}

impl Run {
    fn step(&mut self, event: Event, other: BreakerSettings) {
        let Self { machine, now, calls } = self;
        match event {
            Event::Wait(time) => *now += time,
            Event::Back(time) => *now = now.saturating_sub(time),
            Event::Acquire => calls.extend(machine.acquire(*now).map(|ticket| (ticket, *now))),
            Event::End(call, outcome) if call < calls.len() => {
                let (ticket, began) = calls.remove(call);
                machine.record(ticket, *now, outcome, now.saturating_sub(began));
            }
            Event::Release(call) if call < calls.len() => {
                machine.release(calls.remove(call).0, *now);
            }
            Event::Tick => {
                machine.tick(*now);
            }
            Event::Force(3) => {
                machine.unforce(*now);
            }
            Event::Force(force) => {
                machine.force([Force::Open, Force::Closed, Force::Shadow][force], *now);
            }
            Event::Settings => machine.set_settings(other).expect("in range"),
            Event::End(..) | Event::Release(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Probes are bounded, generations count up one at a time, and stale results change nothing.
    #[test]
    fn probes_generations_and_counts(
        settings in settings(),
        seed in any::<u64>(),
        events in all_events(400),
    ) {
        let machine = Machine::new(settings, seed).unwrap();
        let mut run = Run { machine, now: Duration::ZERO, calls: Vec::new() };
        let (mut probes, mut given_back) = (0_u64, 0_u64);
        for event in events {
            let before = run.machine.clone();
            let ended = match event {
                Event::End(call, _) | Event::Release(call) => run.calls.get(call),
                _ => None,
            };
            let stale = ended.is_some_and(|(ticket, _)| ticket.generation() != before.generation());
            let probe = ended.is_some_and(|(ticket, _)| ticket.is_probe());
            run.step(event, settings);
            let (machine, metrics) = (&run.machine, run.machine.metrics());

            let step = machine.generation() - before.generation();
            prop_assert!(step <= 1);
            prop_assert_eq!(metrics.transitions - before.metrics().transitions, step);
            if step == 1 {
                let transition = machine.last_transition().unwrap();
                prop_assert_eq!(transition.generation, machine.generation());
                prop_assert_eq!(transition.open_for.is_some(), transition.to == State::Open);
                (probes, given_back) = (0, 0);
            }
            // At any instant, and over the episode.
            prop_assert!(machine.probes_under_way() <= settings.probes.permits as usize);
            probes += metrics.probes - before.metrics().probes;
            given_back += metrics.expired_probes - before.metrics().expired_probes;
            given_back += u64::from(probe && !stale && step == 0);
            prop_assert!(probes <= u64::from(settings.probes.permits) + given_back);

            if stale {
                prop_assert_eq!(machine.state(), before.state());
                prop_assert_eq!(machine.generation(), before.generation());
                prop_assert_eq!(machine.open_until(), before.open_until());
                prop_assert_eq!(machine.share().to_bits(), before.share().to_bits());
            }
            prop_assert!((0.0..=1.0).contains(&machine.share()));
        }
        // Every call that was let through has ended, or is under way.
        let metrics = run.machine.metrics();
        let ended = metrics.successes + metrics.failures + metrics.ignored + metrics.cancelled;
        prop_assert!(metrics.stale <= ended);
    }

    /// From wherever it is, a circuit that is asked again and again lets a call through by the end of
    /// the open time, the budget and a lease; and good calls close it.
    #[test]
    fn nothing_is_for_ever(
        settings in settings(),
        seed in any::<u64>(),
        events in all_events(300),
    ) {
        let machine = Machine::new(settings, seed).unwrap();
        let mut run = Run { machine, now: Duration::ZERO, calls: Vec::new() };
        for event in events {
            run.step(event, settings);
        }
        run.machine.unforce(run.now);
        run.now = run.now.max(run.machine.last_seen());
        let longest = match settings.open_time {
            OpenTime::Constant(time) => time,
            OpenTime::Exponential { first, cap, .. } => first.max(cap),
            OpenTime::OutageAge { longest, .. } => longest,
            _ => unreachable!(),
        };
        let budget = settings.probes.budget.map_or(0.0, |b| f64::from(b.callers) / b.per_second);
        let patience = longest + settings.probes.lease + Duration::from_secs_f64(budget);
        let step = patience / 50;
        let deadline = run.now + patience + step;
        // None of the calls under way ever ends.
        let mut admitted = run.machine.state() == State::Ramping;
        while !admitted && run.now <= deadline {
            run.now += step;
            admitted = run.machine.acquire(run.now).is_ok();
        }
        prop_assert!(admitted, "{:?}", run.machine);
        let mut steps = 0;
        while run.machine.state() != State::Closed {
            run.now += Duration::from_millis(100).max(settings.probes.lease);
            if let Ok(ticket) = run.machine.acquire(run.now) {
                run.machine.record(ticket, run.now, Outcome::Success, Duration::ZERO);
            }
            steps += 1;
            prop_assert!(steps < 100_000, "{:?}", run.machine);
        }
    }

    /// Saved and read at any point, a machine goes on with the same bits.
    #[cfg(feature = "serde")]
    #[test]
    fn saving_changes_nothing(
        first in settings(),
        second in settings(),
        seed in any::<u64>(),
        before in all_events(200),
        after in all_events(200),
    ) {
        let machine = Machine::new(first, seed).unwrap();
        let mut run = Run { machine, now: Duration::ZERO, calls: Vec::new() };
        for event in before {
            run.step(event, second);
        }
        let json = serde_json::to_string(&run.machine).unwrap();
        let read: Machine = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&read, &run.machine);
        let read = Machine::from_bytes(&run.machine.to_bytes().unwrap()).unwrap();
        prop_assert_eq!(&read, &run.machine);
        let mut other = Run { machine: read, now: run.now, calls: Vec::new() };
        run.calls.clear();
        for event in after {
            run.step(event, first);
            other.step(event, first);
        }
        prop_assert_eq!(&other.machine, &run.machine);
    }

    /// A budget keeps its distance between any two probes.
    #[test]
    fn budgets_are_kept(
        per_second in 0.5..20.0_f64,
        callers in 1..10_u32,
        seed in any::<u64>(),
        steps in prop::collection::vec((1..40_u64, any::<bool>()), 300),
    ) {
        let budget = ProbeBudget { per_second, callers };
        let settings = BreakerSettings::default()
            .trip(Trip::Consecutive { failures: 1 })
            .probes(Probes::default().permits(3).successes(2).budget(Some(budget)))
            .open_time(OpenTime::Constant(Duration::from_millis(10)))
            .ramp(None);
        let mut machine = Machine::new(settings, seed).unwrap();
        let (mut now, mut last) = (Duration::ZERO, None);
        for (wait, good) in steps {
            now += Duration::from_millis(wait);
            let Ok(ticket) = machine.acquire(now) else { continue };
            if ticket.is_probe() {
                let distance = f64::from(callers) / per_second;
                if let Some(last) = last {
                    let found: Duration = now.saturating_sub(last);
                    prop_assert!(found.as_secs_f64() >= distance - 1e-6, "{found:?}");
                }
                last = Some(now);
            } else {
                // The circuit has closed: a new outage may be probed when it likes.
                last = None;
            }
            let outcome = if good { Outcome::Success } else { Outcome::Failure };
            machine.record(ticket, now, outcome, Duration::ZERO);
        }
    }
}
