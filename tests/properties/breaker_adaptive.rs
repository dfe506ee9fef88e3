//! What holds for the self-tuning breaker and the simulator whatever comes.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::breaker::sim::{Family, Report, Service};
use forewarn::breaker::{
    AdaptiveParams, BreakerSettings, CallCosts, Gate, Machine, Outcome, State, Ticket, Trip,
};
use proptest::prelude::*;
use std::time::Duration;

fn any_family() -> impl Strategy<Value = Family> {
    (0..10_usize).prop_map(|index| Family::ALL[index])
}

/// A script of calls: gap, latency, outcome; the answers come in the order of time.
fn any_script() -> impl Strategy<Value = Vec<(u64, u64, u8)>> {
    prop::collection::vec((0..400_u64, 0..3_000_u64, 0..4_u8), 1..400)
}

/// Runs a script, in units of `unit`; every decision, state and time to come back.
fn play(
    params: AdaptiveParams,
    script: &[(u64, u64, u8)],
    unit: Duration,
) -> Vec<(bool, State, Option<Duration>)> {
    let mut breaker = params.start().unwrap();
    let mut flying: Vec<(u64, u64, Ticket, Outcome)> = Vec::new();
    let mut now = 0;
    let mut seen = Vec::new();
    let time = |units: u64| unit * u32::try_from(units).unwrap();
    for &(gap, latency, outcome) in script {
        now += gap;
        flying.sort_by_key(|call| call.0);
        while flying.first().is_some_and(|call| call.0 <= now) {
            let (at, latency, ticket, outcome) = flying.remove(0);
            breaker.record(ticket, time(at), outcome, time(latency));
        }
        let asked = breaker.acquire(time(now));
        let wait = asked.as_ref().err().and_then(|rejected| rejected.retry_after);
        seen.push((asked.is_ok(), breaker.state(), wait));
        if let Ok(ticket) = asked {
            match outcome {
                0 => breaker.release(ticket, time(now)),
                1 => flying.push((now + latency, latency, ticket, Outcome::Success)),
                _ => flying.push((now + latency, latency, ticket, Outcome::Failure)),
            }
        }
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_same_calls_give_the_same_decisions(script in any_script(), seed in any::<u64>()) {
        let params = AdaptiveParams::default().seed(seed);
        let unit = Duration::from_millis(1);
        prop_assert_eq!(play(params, &script, unit), play(params, &script, unit));
    }

    /// Twice as slow a world, with twice as slow a pace, twice the objective and half the price of
    /// a second: the same decisions. Powers of two keep the arithmetic exact.
    #[test]
    fn the_scale_of_time_does_not_matter(script in any_script(), power in 1..6_u32) {
        let scale = 1 << power;
        let (params, costs) = (AdaptiveParams::default(), CallCosts::default());
        // Not a decimal fraction of a second: those would be rounded differently.
        let unit = Duration::from_nanos(976_562_500) / 1_000;
        let slow = params
            .pace(params.pace * scale)
            .costs(
                costs
                    .objective(costs.objective * scale)
                    .held_second(costs.held_second / f64::from(scale)),
            );
        let decisions = |seen: Vec<(bool, State, Option<Duration>)>| -> Vec<(bool, State)> {
            seen.into_iter().map(|(through, state, _)| (through, state)).collect()
        };
        let plain = decisions(play(params, &script, unit));
        prop_assert_eq!(plain, decisions(play(slow, &script, unit * scale)));
    }

    /// From wherever a script has taken it, a dependency that is well again has its traffic back, and
    /// a probe is let through within a minute and a lease.
    #[test]
    fn it_is_never_stuck(script in any_script(), gap in 10..2_000_u64) {
        let mut breaker = AdaptiveParams::default().start().unwrap();
        let mut now = Duration::ZERO;
        for (gap, latency, outcome) in script {
            now += Duration::from_millis(gap);
            if let Ok(ticket) = breaker.acquire(now) {
                let latency = Duration::from_millis(latency);
                match outcome {
                    0 => drop(ticket), // A caller that died: the call never ends.
                    1 => { breaker.record(ticket, now, Outcome::Success, latency); }
                    _ => { breaker.record(ticket, now, Outcome::Failure, latency); }
                }
            }
        }
        let mut rejected_since = None;
        for _ in 0..2_000 {
            now += Duration::from_millis(gap);
            if let Ok(ticket) = breaker.acquire(now) {
                breaker.record(ticket, now, Outcome::Success, Duration::from_millis(5));
                rejected_since = None;
            } else {
                let since = *rejected_since.get_or_insert(now);
                let longest = Duration::from_secs(71) + 2 * Duration::from_millis(gap);
                prop_assert!(now.saturating_sub(since) <= longest);
            }
        }
        prop_assert_eq!(breaker.state(), State::Closed);
    }

    /// Good answers within the objective are never followed by a rejection.
    #[test]
    fn good_calls_are_never_rejected(
        calls in prop::collection::vec((0..500_u64, 0..250_u64), 1..500),
    ) {
        let script: Vec<_> = calls.into_iter().map(|(gap, latency)| (gap, latency, 1)).collect();
        let seen = play(AdaptiveParams::default(), &script, Duration::from_millis(1));
        prop_assert!(seen.into_iter().all(|(through, _, _)| through));
    }

    /// No more than ten probes at a time while nothing is heard of them.
    #[test]
    fn probes_under_way_are_bounded(gaps in prop::collection::vec(1..200_u64, 1..400)) {
        let mut breaker = AdaptiveParams::default().start().unwrap();
        let mut now = Duration::ZERO;
        while breaker.state() == State::Closed {
            if let Ok(ticket) = breaker.acquire(now) {
                breaker.record(ticket, now, Outcome::Failure, Duration::from_millis(1));
            }
        }
        let mut sent: Vec<Duration> = Vec::new();
        for gap in gaps {
            now += Duration::from_millis(gap);
            if breaker.acquire(now).is_ok() {
                sent.push(now);
            }
            let lease = Duration::from_secs(10);
            // At the very end of a lease its place may be free already.
            prop_assert!(sent.iter().filter(|&&at| at + lease > now).count() <= 10);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Arrivals and luck do not depend on the policy, sums add up, and the same trace gives the same
    /// report.
    #[test]
    fn runs_add_up(family in any_family(), seed in 0..1_000_u64, index in 0..4_u64) {
        let service = Service::draw(family, seed).calls_per_second(8.0).length(300.0);
        let trace = service.trace(index).unwrap();
        let costs = CallCosts::default();
        let none = BreakerSettings::default().trip(Trip::Consecutive { failures: u32::MAX });
        let run = || trace.run(&mut Machine::new(none, 0).unwrap(), &costs);
        let report = run();
        prop_assert_eq!(&report, &run());
        prop_assert_eq!(report.rejected, 0);
        prop_assert_eq!(report.admitted, report.served + report.failed);
        let oracle = trace.oracle(&costs);
        prop_assert_eq!(oracle.requests, report.requests);
        for report in [&report, &oracle] {
            let cost = (report.requests - report.served) as f64
                + 0.2 * report.failed as f64
                + report.held_seconds;
            prop_assert!((report.cost - cost).abs() < 1e-6 * cost.max(1.0));
        }
        let mut twice = Report::default();
        twice.add(&report);
        twice.add(&report);
        let mut oracles = Report::default();
        oracles.add(&oracle);
        oracles.add(&oracle);
        prop_assert!((twice.regret(&oracles) - report.regret(&oracle)).abs() < 1e-9);
    }

    /// A breaker that has lived before the trace decides as one whose clock starts at 0 there.
    #[test]
    fn a_later_start_changes_nothing(family in any_family(), seed in 0..1_000_u64) {
        let trace = Service::draw(family, seed).calls_per_second(8.0).length(200.0).trace(0).unwrap();
        let costs = CallCosts::default();
        let run = |start| {
            let mut machine = Machine::new(BreakerSettings::default(), 1).unwrap();
            trace.run_from(start, &mut machine, &costs)
        };
        // The machine counts nanoseconds, so that the two differ by no rounding but the trace's own.
        prop_assert_eq!(run(Duration::ZERO), run(Duration::from_secs(1_000)));
    }
}
