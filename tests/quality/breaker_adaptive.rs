//! Regret of the self-tuning breaker without history, beside no breaker and the defaults of others.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::breaker::sim::{Family, Report, Service};
use forewarn::breaker::{
    AdaptiveParams, BreakerSettings, CallCosts, Gate, Machine, OpenTime, Probes, Trip,
};
use std::time::Duration;

/// Services of each family; their seeds served no other purpose.
const SEEDS: std::ops::Range<u64> = 910_000..910_012;

fn machine(trip: Trip, open_seconds: u64, probes: Probes) -> Machine {
    let settings = BreakerSettings::default()
        .trip(trip)
        .open_time(OpenTime::Constant(Duration::from_secs(open_seconds)))
        .probes(probes)
        .ramp(None);
    Machine::new(settings, 0).unwrap()
}

fn window(seconds: u64, buckets: u32, minimum_calls: u32) -> Trip {
    let length = Duration::from_secs(seconds);
    Trip::Window { length, buckets, minimum_calls, failure_rate: 0.5, slow_rate: 1.0 }
}

/// The defaults of peers, as far as the machine can be them.
fn policy(name: &str, seed: u64) -> Box<dyn Gate> {
    let one = Probes::default().lease(Duration::from_secs(1_000_000));
    let last_hundred =
        Trip::LastCalls { calls: 100, minimum_calls: 100, failure_rate: 0.5, slow_rate: 1.0 };
    Box::new(match name {
        "adaptive" => return Box::new(AdaptiveParams::default().seed(seed).start().unwrap()),
        "no breaker" => machine(Trip::Consecutive { failures: u32::MAX }, 1, one),
        "Hystrix" => machine(window(10, 10, 20), 5, one),
        "resilience4j" => machine(last_hundred, 60, one.permits(10).successes(6).failures(5)),
        "gobreaker" => machine(Trip::Consecutive { failures: 6 }, 60, one),
        _ => machine(window(1, 1, 5), 10, one),
    })
}

const NAMES: [&str; 6] =
    ["adaptive", "no breaker", "Hystrix", "resilience4j", "gobreaker", "Sentinel"];

#[test]
fn without_history_it_costs_less_than_any_default_and_never_more_than_none() {
    let costs = CallCosts::default();
    let mut regrets = [[0.0; 10]; NAMES.len()];
    let mut own = vec![Report::default(); 10];
    for (index, family) in Family::ALL.into_iter().enumerate() {
        for seed in SEEDS {
            let trace = Service::draw(family, seed).trace(0).unwrap();
            let oracle = trace.oracle(&costs);
            for (row, name) in NAMES.into_iter().enumerate() {
                let report = trace.run(policy(name, seed).as_mut(), &costs);
                regrets[row][index] += report.regret(&oracle) / SEEDS.count() as f64;
                if row == 0 {
                    own[index].add(&report);
                }
            }
        }
    }
    let mean = |row: &[f64; 10]| row.iter().sum::<f64>() / 10.0;
    println!(
        "regret            F1     F2     F3     F4     F5     F6     F7     F8     F9    F10    mean"
    );
    for (name, row) in NAMES.iter().zip(&regrets) {
        print!("{name:13}");
        for regret in row {
            print!("{regret:7.2}");
        }
        println!("{:8.2}", mean(row));
    }
    for (family, report) in Family::ALL.iter().zip(&own) {
        println!(
            "{:22} detected in {:?} s, recovered in {:?} s (median), {:?} s (95 %); {:.1} probes an outage, {:.2} false opens an hour",
            family.name(),
            Report::quantile(&report.detect_seconds, 0.5),
            Report::quantile(&report.recover_seconds, 0.5),
            Report::quantile(&report.recover_seconds, 0.95),
            report.probes_an_outage(),
            report.false_opens_an_hour(),
        );
    }
    assert!(mean(&regrets[0]) <= 4.0, "{}", mean(&regrets[0]));
    for (index, family) in Family::ALL.iter().enumerate() {
        let (adaptive, none) = (regrets[0][index], regrets[1][index]);
        assert!(adaptive <= none + 0.05, "{family}: {adaptive} against {none}");
    }
    for (name, row) in NAMES.iter().zip(&regrets).skip(1) {
        assert!(mean(&regrets[0]) < 0.6 * mean(row), "{name}");
    }
}

/// Where there is nothing to win there is nothing to lose: what bursts of errors that are over at once,
/// and brown-outs, cost without history is what they cost without a breaker.
#[test]
fn it_leaves_alone_what_it_cannot_mend() {
    for failed in [0.2, 1.0] {
        let costs = CallCosts::default().failed(failed);
        for family in [Family::FastBrownout, Family::HangingBrownout, Family::Noise] {
            let (mut own, mut none) = (0.0, 0.0);
            for seed in 930_000..930_040 {
                let trace = Service::draw(family, seed).trace(0).unwrap();
                let oracle = trace.oracle(&costs);
                let mut adaptive =
                    AdaptiveParams::default().costs(costs).seed(seed).start().unwrap();
                own += trace.run(&mut adaptive, &costs).regret(&oracle) / 40.0;
                none += trace.run(policy("no breaker", 0).as_mut(), &costs).regret(&oracle) / 40.0;
            }
            println!("a failure costs {failed}, {family}: {own:.3}, no breaker {none:.3}");
            assert!(own <= none + 0.005, "{failed}, {family}: {own} against {none}");
        }
    }
}

/// Other timeouts, other prices, few and many calls: still no worse than having no breaker.
#[test]
fn it_needs_no_other_settings_for_other_services() {
    let dear = CallCosts::default().failed(1.0);
    let slow = CallCosts::default().held_second(3.0);
    let free = CallCosts::default().failed(0.5).held_second(0.0);
    let usual = CallCosts::default();
    for (costs, timeout, rate) in [
        (usual, 0.3, None),
        (usual, 5.0, None),
        (dear, 1.0, None),
        (slow, 1.0, None),
        (free, 1.0, None),
        (usual, 1.0, Some(4.0)),
        (usual, 1.0, Some(120.0)),
    ] {
        let mut means = [0.0; 2];
        for family in Family::ALL {
            let mut regrets = [0.0; 2];
            for seed in 920_000..920_003 {
                let mut service = Service::draw(family, seed).timeout(timeout);
                service.calls_per_second = rate.unwrap_or(service.calls_per_second);
                let trace = service.trace(0).unwrap();
                let oracle = trace.oracle(&costs);
                let mut adaptive = AdaptiveParams::default().costs(costs).start().unwrap();
                regrets[0] += trace.run(&mut adaptive, &costs).regret(&oracle) / 3.0;
                let mut none = policy("no breaker", 0);
                regrets[1] += trace.run(none.as_mut(), &costs).regret(&oracle) / 3.0;
            }
            println!("timeout {timeout}, {costs:?}, {rate:?}: {family}: {regrets:.2?}");
            assert!(regrets[0] <= 1.05 * regrets[1] + 0.25, "{family}: {regrets:?}");
            means.iter_mut().zip(regrets).for_each(|(mean, regret)| *mean += regret / 10.0);
        }
        assert!(means[0] < 0.25 * means[1], "{means:?}");
    }
}

/// Bursts of errors by which a healthy service looks for once as if it suffered from load: later ones
/// are not rested through.
#[test]
fn a_false_suspicion_of_load_costs_little() {
    let costs = CallCosts::default().failed(1.0);
    for seed in [30_028, 41_007] {
        let service = Service::draw(Family::Noise, seed);
        for trace in 100..103 {
            let trace = service.trace(trace).unwrap();
            let oracle = trace.oracle(&costs);
            let mut adaptive = AdaptiveParams::default().costs(costs).start().unwrap();
            let adaptive = trace.run(&mut adaptive, &costs).regret(&oracle);
            let none = trace.run(policy("no breaker", 0).as_mut(), &costs).regret(&oracle);
            println!("{seed}: {adaptive:.2}, no breaker {none:.2}");
            assert!(adaptive < none + 1.0, "{seed}: {adaptive} against {none}");
        }
    }
}
