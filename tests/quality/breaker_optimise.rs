//! What is learned from a log is worth it on later traces of the same service, however it was
//! recorded. Seeds, families and lengths are a small part of what was measured on others: floors.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use crate::recorder::{judge, oracle, record};
use forewarn::breaker::sim::{Family, Service};
use forewarn::breaker::{Advice, BreakerOptimizer, BreakerSettings, CallCosts, PeerDefaults, Trip};

/// Traces to judge on; those to learn from come before.
const LATER: std::ops::Range<u64> = 10..12;

fn optimizer(costs: &CallCosts) -> BreakerOptimizer {
    BreakerOptimizer::default().costs(*costs).candidates(200).peers(Vec::new())
}

/// A service of few calls, so that the test is quick.
fn service(family: Family, seed: u64) -> Service {
    Service::draw(family, seed).calls_per_second(12.0)
}

/// What is learned from so many traces, recorded through these settings.
fn learned(
    service: &Service,
    through: Option<&BreakerSettings>,
    traces: u64,
    costs: &CallCosts,
) -> BreakerSettings {
    let log = record(service, through, 0..traces, costs);
    let found = optimizer(costs).optimize(&log).unwrap();
    found.found.and_then(|found| found.settings).unwrap()
}

fn regret(service: &Service, settings: Option<&BreakerSettings>, costs: &CallCosts) -> f64 {
    judge(service, settings, LATER, costs).regret(&oracle(service, LATER, costs))
}

/// Over all families: the mean regret of what half an hour teaches, of no breaker, and of the peers'
/// defaults.
#[test]
fn half_an_hour_teaches_more_than_any_default_knows() {
    let costs = CallCosts::default();
    let peers = [PeerDefaults::Sentinel, PeerDefaults::Hystrix, PeerDefaults::Resilience4j];
    let (mut ours, mut none, mut theirs) = (0.0, 0.0, [0.0; 3]);
    for family in Family::ALL {
        let service = service(family, 901);
        let settings = learned(&service, None, 3, &costs);
        ours += regret(&service, Some(&settings), &costs) / 10.0;
        none += regret(&service, None, &costs) / 10.0;
        for (sum, peer) in theirs.iter_mut().zip(peers) {
            *sum += regret(&service, Some(&peer.settings()), &costs) / 10.0;
        }
    }
    println!("learned {ours:.2}, no breaker {none:.2}, peers {theirs:.2?}");
    assert!(ours < 3.0, "{ours}");
    assert!(ours < 0.3 * none, "{ours} and {none}");
    assert!(theirs.iter().all(|theirs| ours < 0.6 * theirs), "{ours} and {theirs:?}");
}

/// Where outages come and go whatever is let through, what a breaker hid costs little.
#[test]
fn a_log_behind_a_breaker_teaches_nearly_as_much() {
    let costs = CallCosts::default();
    let through = PeerDefaults::Resilience4j.settings();
    let (mut open, mut hidden) = (0.0, 0.0);
    for (family, seed) in [
        (Family::FastOutage, 902),
        (Family::HangingOutage, 903),
        (Family::HangingOutage, 904),
        (Family::FastBrownout, 902),
    ] {
        let service = service(family, seed);
        let settings = learned(&service, None, 3, &costs);
        open += regret(&service, Some(&settings), &costs) / 4.0;
        let settings = learned(&service, Some(&through), 3, &costs);
        hidden += regret(&service, Some(&settings), &costs) / 4.0;
    }
    println!("uncensored {open:.2}, censored {hidden:.2}");
    assert!(hidden < 2.0 * open + 0.5, "{hidden} and {open}");
}

/// Ten minutes of one service each: what is adopted is seldom worse on later traces than what it
/// replaces by more than its interval says.
#[test]
fn recommendations_do_no_harm() {
    let costs = CallCosts::default();
    let (mut adopted, mut harmed, mut saved) = (0, 0, 0.0);
    for (number, family) in Family::ALL.into_iter().cycle().take(30).enumerate() {
        let service = service(family, 910 + number as u64);
        let current = match number % 3 {
            0 => None,
            1 => Some(PeerDefaults::Sentinel.settings()),
            _ => Some(PeerDefaults::Hystrix.settings()),
        };
        let log = record(&service, current.as_ref(), 0..1, &costs);
        let found = optimizer(&costs).candidates(100).current(current).optimize(&log).unwrap();
        if found.advice != Advice::Adopt {
            assert_eq!(found.settings, current);
            continue;
        }
        let before = judge(&service, current.as_ref(), LATER, &costs);
        let after = judge(&service, found.settings.as_ref(), LATER, &costs);
        let per_100 = 100.0 / before.requests as f64;
        let saving = (before.cost - after.cost) * per_100;
        adopted += 1;
        saved += saving;
        harmed += i32::from(saving < -(found.saving.high - found.saving.mean));
    }
    println!("{adopted} of 30 adopted, {harmed} harmed, {saved:.1} saved in all");
    assert!(adopted >= 5, "{adopted}");
    assert!(harmed <= 2, "{harmed} of {adopted}");
    assert!(saved > 0.0);
}

/// gobreaker opens for a minute at six failures in a row. On half an hour of bursts of half a second,
/// six calls a second, it never did; sooner or later one is a little longer. What stays closed in any
/// case is kept.
#[test]
fn a_breaker_that_never_opened_is_judged_by_what_it_would_do() {
    let costs = CallCosts::default();
    let service = Service::draw(Family::Noise, 71_002);
    let through = PeerDefaults::Gobreaker.settings();
    let log = record(&service, Some(&through), 0..3, &costs);
    let found = optimizer(&costs).current(Some(through)).optimize(&log).unwrap();
    assert_eq!(found.current.opens_an_hour, 0.0);
    assert_eq!(found.advice, Advice::Adopt);
    assert!(found.saving.low > 0.0 && found.saving.mean < 5.0, "{:?}", found.saving);
    let later = 100..103;
    let [before, after] = [Some(&through), found.settings.as_ref()]
        .map(|settings| judge(&service, settings, later.clone(), &costs).cost);
    assert!(after < 0.5 * before, "{after} and {before}");

    let patient = through.trip(Trip::Consecutive { failures: 50 });
    let found = optimizer(&costs).current(Some(patient)).optimize(&log).unwrap();
    assert_eq!(found.advice, Advice::NotBetter);
}

#[test]
fn load_is_suspected_where_retries_pile_up_and_not_in_plain_outages() {
    let costs = CallCosts::default();
    let suspects = |family| {
        let log = record(&service(family, 905), None, 0..1, &costs);
        optimizer(&costs).candidates(20).optimize(&log).unwrap().log.feels_load
    };
    assert!(suspects(Family::RetryStorm));
    assert!(suspects(Family::ColdRestart));
    assert!(!suspects(Family::FastOutage));
    assert!(!suspects(Family::HangingBrownout));
    assert!(!suspects(Family::Noise));
}
