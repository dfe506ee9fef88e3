use super::blame::Blame;
use super::course::{Event, History, Kind};
use super::estimate::{Delay, Intervals};
use super::latent::{Latent, Sighting, Sign};
use super::replay::{Delays, Tally, landings, replay};
use crate::breaker::log::Row;
use crate::breaker::{
    BreakerSettings, CallCosts, LoggedOutcome, Machine, OpenTime, Outcome, PeerDefaults, SlowCall,
    Trip,
};
use crate::rng::Stream;
use std::time::Duration;

fn sightings(signs: &[Sign], seed: u64) -> Vec<Sighting> {
    let mut stream = Stream::new(seed, 0);
    let mut time = 0.0;
    signs
        .iter()
        .map(|&sign| {
            time += 0.2 + stream.unit();
            Sighting { time, sign }
        })
        .collect()
}

/// Probabilities of being down at each call by adding up all paths.
fn all_paths(latent: &Latent, calls: &[Sighting]) -> Vec<f64> {
    let condition = latent.condition;
    let sum = condition.falls + condition.recovers;
    let share = [condition.recovers / sum, condition.falls / sum];
    let (mut total, mut down) = (0.0, vec![0.0; calls.len()]);
    for path in 0..1_usize << calls.len() {
        let state = |at: usize| (path >> at) & 1;
        let mut weight = share[state(0)];
        for at in 0..calls.len() {
            if at > 0 {
                let stays = (-sum * (calls[at].time - calls[at - 1].time)).exp();
                let to = share[state(at)] * (1.0 - stays);
                weight *= if state(at) == state(at - 1) { to + stays } else { to };
            }
            let bad = condition.bad[state(at)];
            weight *= match calls[at].sign {
                Sign::Good => 1.0 - bad,
                Sign::Bad => bad,
                Sign::Unknown => 1.0,
            };
        }
        total += weight;
        (0..calls.len()).filter(|&at| state(at) == 1).for_each(|at| down[at] += weight);
    }
    down.iter().map(|weight| weight / total).collect()
}

#[test]
fn smoothing_is_the_sum_over_all_paths_and_drawn_paths_follow_it() {
    use Sign::{Bad, Good, Unknown};
    for signs in [
        vec![Good, Good, Good, Bad, Bad, Bad, Unknown, Unknown, Unknown, Good, Good],
        vec![Bad, Unknown, Unknown, Bad, Good, Unknown, Bad, Good, Good],
        vec![Unknown, Bad],
    ] {
        let calls = sightings(&signs, 3);
        let latent = Latent::fit(&calls);
        let exact = all_paths(&latent, &calls);
        let mut drawn = vec![0.0; calls.len()];
        let mut stream = Stream::new(9, 9);
        for _ in 0..4_000 {
            let path = latent.draw(&calls, &mut stream);
            drawn.iter_mut().zip(path).for_each(|(sum, down)| *sum += f64::from(u8::from(down)));
        }
        for at in 0..calls.len() {
            assert!((f64::from(latent.down[at]) - exact[at]).abs() < 1e-5, "{at}: {exact:?}");
            // Five standard errors.
            assert!((drawn[at] / 4_000.0 - exact[at]).abs() < 0.04, "{at}: {drawn:?}");
        }
    }
}

#[test]
fn rates_and_probabilities_are_found_again() {
    let mut stream = Stream::new(4, 4);
    let (mut down, mut calls) = (false, Vec::new());
    // Seconds up and down, and how often each ended.
    let mut truth = [[0.0, 0.0]; 2];
    for call in 0..60_000 {
        // Outages of 20 s, 100 s apart, ten calls a second.
        let leave = if down { 0.1 / 20.0 } else { 0.1 / 100.0 };
        let left = stream.unit() < leave;
        truth[usize::from(down)][0] += 0.1;
        truth[usize::from(down)][1] += f64::from(u8::from(left));
        down ^= left;
        let bad = stream.unit() < if down { 0.9 } else { 0.01 };
        let sign = if bad { Sign::Bad } else { Sign::Good };
        calls.push(Sighting { time: f64::from(call) / 10.0, sign });
    }
    let found = Latent::fit(&calls).condition;
    let [falls, recovers] = truth.map(|[seconds, count]| count / seconds);
    assert!((found.recovers / recovers - 1.0).abs() < 0.1, "{found:?} {recovers}");
    assert!((found.falls / falls - 1.0).abs() < 0.1, "{found:?} {falls}");
    assert!((found.bad[0] - 0.01).abs() < 0.005 && (found.bad[1] - 0.9).abs() < 0.03, "{found:?}");
}

/// Calls that overlap, fail in clusters and are sometimes taken back.
fn events(seed: u64, count: usize) -> Vec<Event> {
    let mut stream = Stream::new(seed, 1);
    let mut time = 0.0;
    (0..count)
        .map(|at| {
            time += 0.3 * stream.unit();
            let down = at % 400 >= 220;
            let kind = match stream.unit() {
                u if u < if down { 0.9 } else { 0.05 } => Kind::Ends(Outcome::Failure),
                u if u > 0.98 => Kind::Released,
                u if u > 0.96 => Kind::Ends(Outcome::Ignored),
                _ => Kind::Ends(Outcome::Success),
            };
            let latency = stream.unit() * if down { 1.5 } else { 0.4 };
            let [start, latency] = [time, latency].map(|seconds| (1e9 * seconds) as u64);
            Event { start, latency, kind, down, cost: 0.7 }
        })
        .collect()
}

/// Every start and end in one list, sorted; ends before starts of the same moment.
fn naive(settings: &BreakerSettings, events: &[Event]) -> (Vec<bool>, u64) {
    let mut moments: Vec<(Duration, bool, usize)> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        moments.push((Duration::from_nanos(event.start), true, at));
        moments.push((Duration::from_nanos(event.end()), false, at));
    }
    moments.sort();
    let mut machine = Machine::new(*settings, 5).unwrap();
    let mut tickets: Vec<_> = events.iter().map(|_| None).collect();
    let mut admitted = vec![false; events.len()];
    let mut opened = 0;
    for (time, starts, at) in moments {
        if starts {
            tickets[at] = machine.acquire(time).ok();
            admitted[at] = tickets[at].is_some();
            opened = machine.generation();
        } else if let Some(ticket) = tickets[at].take() {
            match events[at].kind {
                Kind::Ends(outcome) => {
                    let latency = Duration::from_nanos(events[at].latency);
                    let _ = machine.record(ticket, time, outcome, latency);
                }
                Kind::Released => machine.release(ticket, time),
            }
        }
    }
    (admitted, opened)
}

#[test]
fn a_replay_decides_as_the_plain_list_of_starts_and_ends_does() {
    let base = BreakerSettings::default();
    let constant = OpenTime::Constant(Duration::from_millis(700));
    let threshold = Duration::from_millis(300);
    let slow = |in_flight| Some(SlowCall { threshold, in_flight });
    let all = [
        base,
        base.trip(Trip::Consecutive { failures: 2 }).open_time(constant).ramp(None),
        PeerDefaults::Hystrix.settings(),
        PeerDefaults::Resilience4j.settings().open_time(constant),
        base.trip(Trip::Consecutive { failures: 3 }).slow_call(slow(false)),
        base.trip(Trip::default()).slow_call(slow(true)),
    ];
    for (number, settings) in all.iter().enumerate() {
        let events = events(number as u64, 2_000);
        let ends = [1, 700, 701, 2_000];
        let tallies = replay(Some(settings), 5, &events, &landings(&events), &ends, None).unwrap();
        let (admitted, _) = naive(settings, &events);
        let mut from = 0;
        for (end, tally) in ends.into_iter().zip(&tallies) {
            let part = from..end;
            let lost = part.clone().filter(|&at| !admitted[at] && events[at].is_good()).count();
            let failed = part
                .clone()
                .filter(|&at| admitted[at] && events[at].kind == Kind::Ends(Outcome::Failure))
                .count();
            let cost: f64 = part
                .map(|at| if admitted[at] { f64::from(events[at].cost) } else { events[at].lost() })
                .sum();
            assert_eq!((tally.lost_good, tally.failed), (lost as f64, failed as f64), "{number}");
            assert!((tally.cost - cost).abs() < 1e-9 && tally.calls == (end - from) as f64);
            from = end;
        }
        let opens: f64 = tallies.iter().map(|tally| tally.opens).sum();
        assert!(opens > 3.0, "{number}: {opens}");
    }
}

#[test]
fn delays_are_those_of_a_course_made_by_hand() {
    // Down from 10 s to 20 s, a call a second that takes no time; opens at the second failure, for 4 s.
    let event = |at: u64| {
        let down = (10..20).contains(&at);
        let outcome = if down { Outcome::Failure } else { Outcome::Success };
        let start = at * 1_000_000_000;
        Event { start, latency: 0, kind: Kind::Ends(outcome), down, cost: 0.0 }
    };
    let events: Vec<Event> = (0..40).map(event).collect();
    let settings = BreakerSettings::default()
        .trip(Trip::Consecutive { failures: 2 })
        .open_time(OpenTime::Constant(Duration::from_secs(4)))
        .ramp(None);
    let mut delays = Delays::default();
    let order = landings(&events);
    let tallies = replay(Some(&settings), 0, &events, &order, &[40], Some(&mut delays)).unwrap();
    // Failures at 10 and 11 open it as the call of 12 begins; probes at 15 and 19 fail, at 23 one is
    // good, and the call of 24 finds it closed.
    assert_eq!((delays.detect, delays.recover), (vec![2.0], vec![4.0]));
    let Tally { lost_good, failed, probes, failed_probes, opens, false_opens, .. } = tallies[0];
    assert_eq!((failed, probes, failed_probes), (4.0, 3.0, 2.0));
    assert_eq!((lost_good, opens, false_opens), (3.0, 1.0, 0.0));
}

/// Every stretch an event of its own.
fn each(count: usize) -> Vec<usize> {
    (0..count).collect()
}

#[test]
fn intervals_hold_about_as_often_as_they_say() {
    let mut held = 0;
    for round in 0..300 {
        let mut stream = Stream::new(77, round);
        let amounts: Vec<f64> = (0..30).map(|_| -(1.0 - stream.unit()).ln()).collect();
        let intervals = Intervals { confidence: 0.95, resamples: 400, seed: round };
        held += i32::from(intervals.per_100(&amounts, &[1.0; 30], &each(30)).contains(100.0));
    }
    // 285 expected; a plain bootstrap of 30 exponential amounts holds some 275 times.
    assert!((273..=299).contains(&held), "{held}");
}

#[test]
fn a_single_stretch_that_matters_makes_the_interval_wide() {
    let intervals = Intervals { confidence: 0.95, resamples: 1_000, seed: 1 };
    let mut amounts = [0.0; 40];
    amounts[7] = 5.0;
    let one = intervals.per_100(&amounts, &[1.0; 40], &each(40));
    assert!(one.low < 0.1 * one.mean && one.high > 2.0 * one.mean, "{one:?}");
    let many = intervals.per_100(&[5.0; 40], &[1.0; 40], &each(40));
    assert_eq!((many.mean, many.low, many.high), (500.0, 500.0, 500.0));
}

#[test]
fn delays_are_summed_up_by_median_and_95_percent() {
    assert_eq!(Delay::of(Vec::new()), None);
    let delay = Delay::of((0..=100).rev().map(f64::from).collect()).unwrap();
    assert_eq!((delay.median, delay.p95, delay.count), (50.0, 95.0, 101));
}

/// Against `SciPy` 1.17.1: quantiles of `chi2` in the formulas of Fay and Feuer, their squared distances.
#[test]
fn sums_of_poisson_events_have_the_range_of_gamma_intervals() {
    let intervals = Intervals { confidence: 0.95, resamples: 100, seed: 0 };
    let gains = intervals.gamma([2.0, 5.0, 11.0].into_iter());
    let close = |value: f64, expected: f64| (value - expected).abs() < 1e-6 * expected.abs();
    assert!(close(gains.low, 2.449_712_158_299_446_3), "{gains:?}");
    assert!(close(gains.high, 69.041_242_907_665_79), "{gains:?}");
    // The third event goes through two stretches.
    let [low, high] = intervals.poisson(&[2.0, 5.0, 4.0, 7.0, -1.5], &[0, 1, 2, 2, 3]);
    assert!(close(low, -0.495_184_005_213_051_4) && close(high, 67.562_177_682_253_89), "{low}");
    let nothing = intervals.gamma(std::iter::empty());
    assert!(nothing.low == 0.0 && nothing.high > 3.0 && nothing.high < 4.0, "{nothing:?}");
}

/// One key: calls at these milliseconds with these outcomes.
fn blame(calls: impl Iterator<Item = (u64, LoggedOutcome)>) -> Blame {
    let rows = calls
        .map(|(start, outcome)| Row { start: start * 1_000_000, latency: 0, outcome, attempt: 1 })
        .collect();
    let mut blame = Blame::default();
    blame.see(&History::new(rows, 0, &CallCosts::default()));
    blame
}

#[test]
fn calls_that_come_faster_while_all_fail_are_noticed() {
    // An outage of 10 s in each minute, ten calls a second; `faster` of them in an outage.
    let calls = |faster: u64| {
        let mut starts = Vec::new();
        let mut time = 0;
        while time < 600_000 {
            let down = time % 60_000 >= 50_000;
            starts.push((time, if down { LoggedOutcome::Failed } else { LoggedOutcome::Ok }));
            time += if down { 1_000 / faster } else { 100 };
        }
        starts.into_iter()
    };
    assert!(!blame(calls(10)).crowds() && !blame(calls(7)).crowds());
    assert!(blame(calls(14)).crowds() && blame(calls(30)).crowds());
    assert!(
        !blame(std::iter::empty::<(u64, LoggedOutcome)>().chain([(0, LoggedOutcome::Ok)])).crowds()
    );
}

#[test]
fn outages_that_come_back_with_the_calls_are_told_from_those_that_do_not() {
    // Ten calls a second; after 5 s of rest calls are let through for so many seconds.
    let calls = |service: u64| {
        let period = 5_000 + 1_000 * service;
        (0..6_000).map(move |call| {
            let time = 100 * call;
            let outcome = match time % period {
                0..5_000 => LoggedOutcome::Rejected,
                at if at + 1_000 > period => LoggedOutcome::Failed,
                _ => LoggedOutcome::Ok,
            };
            (time, outcome)
        })
    };
    let (soon, late) = (blame(calls(2)), blame(calls(60)));
    assert!(soon.relapses(), "{soon:?}");
    assert!(!late.relapses(), "{late:?}");
    let never = blame((0..6_000).map(|call| (100 * call, LoggedOutcome::Ok)));
    assert!(!never.relapses(), "{never:?}");
}
