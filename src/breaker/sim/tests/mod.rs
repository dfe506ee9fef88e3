pub(in crate::breaker) mod live;

use super::super::{
    BreakerSettings, CallCosts, Gate, Machine, Outcome, Rejected, State, Ticket, Transition, Trip,
};
use super::timeline::{Segment, well};
use super::world::Truth;
use super::{Family, Law, Report, Service};
use crate::rng::Stream;
use std::time::Duration;

#[test]
fn utility_is_the_mean_over_many_calls() {
    let costs = CallCosts::default();
    let mut stream = Stream::new(1, 1);
    for (failing, hanging, latency, spread, timeout) in [
        (0.0, false, 0.06, 0.4, 1.0),
        (0.3, false, 0.2, 0.5, 1.0),
        (0.6, true, 0.06, 0.3, 1.0),
        (0.1, true, 0.9, 0.4, 1.0),
        (0.2, true, 0.3, 0.8, 0.2),
        (0.2, false, 2.0, 0.3, 5.0),
    ] {
        let law = Law { failing, hanging, latency, spread };
        let n = 100_000;
        let mut sum = 0.0;
        for _ in 0..n {
            let luck = super::law::Luck { failure: stream.unit(), latency: stream.normal() };
            let (success, seconds) = law.call(luck, timeout);
            let outcome = if success { Outcome::Success } else { Outcome::Failure };
            sum += costs.utility(outcome, Duration::from_secs_f64(seconds));
        }
        // No utility here has a standard deviation above 1.6.
        let error = sum / f64::from(n) - law.utility(&costs, timeout);
        assert!(error.abs() < 6.0 * 1.6 / f64::from(n).sqrt(), "{law:?}: {error}");
    }
}

#[test]
fn the_well_are_worth_a_call() {
    for family in Family::ALL {
        for seed in 0..20 {
            let service = Service::draw(family, seed);
            assert!(well(&service).utility(&CallCosts::default(), service.timeout) > 0.95);
        }
    }
}

/// Lets through what a script says, over and over.
struct Script {
    machine: Machine,
    open: fn(Duration) -> bool,
}

impl Gate for Script {
    fn acquire(&mut self, now: Duration) -> Result<Ticket, Rejected> {
        if (self.open)(now) {
            return Err(Rejected { state: State::Open, retry_after: None });
        }
        self.machine.acquire(now)
    }

    fn record(
        &mut self,
        ticket: Ticket,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) -> Option<Transition> {
        self.machine.record(ticket, now, outcome, latency)
    }

    fn release(&mut self, ticket: Ticket, now: Duration) {
        self.machine.release(ticket, now);
    }
}

fn script(open: fn(Duration) -> bool) -> Script {
    let never = BreakerSettings::default().trip(Trip::Consecutive { failures: u32::MAX });
    Script { machine: Machine::new(never, 0).unwrap(), open }
}

#[test]
fn times_to_detect_and_to_recover_are_those_of_a_script() {
    // One outage, from 100 s to 130 s, in which the script rejects from 103 s to 132 s.
    let service = Service::draw(Family::FastOutage, 1).calls_per_second(100.0).length(200.0);
    let mut trace = service.trace(0).unwrap();
    let well = well(&service);
    let bad = Law { failing: 1.0, ..well };
    trace.truth = Truth::Given(vec![
        Segment { from: 0.0, law: well },
        Segment { from: 100.0, law: bad },
        Segment { from: 130.0, law: well },
    ]);
    let mut gate = script(|now| (103..132).contains(&now.as_secs()));
    let report = trace.run(&mut gate, &CallCosts::default());
    assert_eq!((report.outages, report.false_opens, report.probes), (1, 0, 0));
    // To within the gaps between requests.
    assert!((report.detect_seconds[0] - 3.0).abs() < 0.15, "{:?}", report.detect_seconds);
    assert!((report.recover_seconds[0] - 2.0).abs() < 0.15, "{:?}", report.recover_seconds);
    // 29 s of requests are rejected, 3 s of them fail, and 2 s more are lost.
    let (requests, rejected) = (report.requests as f64, report.rejected as f64);
    assert!((rejected / requests - 29.0 / 200.0).abs() < 0.02);
    let oracle = trace.oracle(&CallCosts::default());
    let expected = (3.0 * 0.2 + 2.0) * 100.0 / 200.0;
    assert!((report.regret(&oracle) - expected).abs() < 0.3, "{}", report.regret(&oracle));

    let mut early = script(|now| (50..60).contains(&now.as_secs()));
    let report = trace.run(&mut early, &CallCosts::default());
    assert_eq!((report.false_opens, report.detect_seconds.len()), (1, 0));
    assert!((report.false_opens_an_hour() - 18.0).abs() < 1e-9);
}

#[test]
fn rest_heals_what_load_keeps_down() {
    let costs = CallCosts::default();
    for family in [Family::RetryStorm, Family::ColdRestart] {
        let mut shares = [0.0; 2];
        for seed in 0..5 {
            let trace = Service::draw(family, seed).calls_per_second(30.0).trace(0).unwrap();
            let mut never = script(|_| false);
            // A minute of rest every five.
            let mut rests = script(|now| now.as_secs() % 300 >= 240);
            for (share, gate) in shares.iter_mut().zip([&mut never, &mut rests]) {
                let report = trace.run(gate, &costs);
                *share += report.served as f64 / report.requests as f64 / 5.0;
            }
        }
        assert!(shares[1] > shares[0] + 0.1, "{family}: {shares:?}");
    }
}

#[test]
fn the_oracle_is_no_worse_than_any_script_where_load_does_not_matter() {
    let costs = CallCosts::default();
    for family in Family::ALL.into_iter().filter(|family| !family.feels_load()) {
        let trace = Service::draw(family, 3).calls_per_second(40.0).trace(1).unwrap();
        let oracle = trace.oracle(&costs);
        for open in [|_| false, |now: Duration| now.as_secs() % 7 < 3] {
            let regret = trace.run(&mut script(open), &costs).regret(&oracle);
            // The oracle does not know the luck: with equal decisions it may lose a little.
            assert!(regret > -0.1, "{family}: {regret}");
        }
    }
}

#[test]
fn quantiles_are_values() {
    let seconds = [3.0, 1.0, 2.0, 4.0];
    let quantile = |share| Report::quantile(&seconds, share);
    assert_eq!([quantile(0.0), quantile(0.5), quantile(0.95)], [Some(1.0), Some(2.0), Some(4.0)]);
    assert_eq!(Report::quantile(&[], 0.5), None);
    assert_eq!(Report::default().regret(&Report::default()), 0.0);
    assert_eq!(Report::default().false_opens_an_hour(), 0.0);
}

#[test]
fn families_have_names_of_their_own() {
    let mut names = Family::ALL.map(Family::name).to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 10);
    assert_eq!(Family::Slow.to_string(), "slow, no errors");
}
