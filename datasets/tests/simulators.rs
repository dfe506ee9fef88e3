//! All simulators: the committed files, the service and the call log, seeds, refused settings.

use forewarn_datasets::calls::{CallsParams, OutageKind, Outcome};
use forewarn_datasets::fleet::{FleetParams, SingleFaultParams};
use forewarn_datasets::service::{Event, ServiceParams};
use forewarn_datasets::storm::{Cause, Metric, StormParams};
use forewarn_datasets::{Error, committed, path};

type TestResult = Result<(), Box<dyn std::error::Error>>;

#[test]
fn committed_files_are_what_the_simulators_make() -> TestResult {
    for (name, content) in committed::files()? {
        let found = std::fs::read_to_string(path(name))?;
        let same = found.lines().zip(content.lines()).position(|(found, made)| found != made);
        assert_eq!(same, None, "{name}: first line that differs; run make_datasets");
        assert!(found == content, "{name} has another length than the simulator's");
    }
    Ok(())
}

#[test]
fn committed_files_are_small() -> TestResult {
    for (name, limit) in [("fleet.csv", 600_000), ("service.csv", 300_000), ("calls.csv", 300_000)]
    {
        assert!(std::fs::metadata(path(name))?.len() < limit, "{name}");
    }
    Ok(())
}

#[test]
fn the_service_has_its_seasons_and_events() -> TestResult {
    let metrics = ServiceParams::default().simulate()?;
    assert_eq!(metrics.rows.len(), 28 * 144);
    let mean = |chosen: &dyn Fn(usize, usize) -> bool| {
        let quiet = metrics.rows.iter().enumerate().filter(|(_, row)| row.event.is_none());
        let values: Vec<f64> = quiet
            .filter(|(at, _)| chosen(at / 144 % 7, at % 144 / 6))
            .map(|(_, row)| row.requests)
            .collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    // By the formula: 200 (1 + 0.45 sin(2π (h/24 − 0.35)) + …): high in the afternoon.
    assert!(
        mean(&|day, hour| day < 5 && hour == 14) > 2.0 * mean(&|day, hour| day < 5 && hour == 2)
    );
    let weekend = mean(&|day, _| day >= 5) / mean(&|day, _| day < 5);
    assert!((weekend - 0.75).abs() < 0.03, "{weekend}");
    let (week, later) = metrics.rows.split_at(7 * 144);
    assert!(week.iter().all(|row| row.event.is_none() && !row.change_point));
    for event in [Event::Spike, Event::Dip, Event::Stall, Event::Shift] {
        assert!(later.iter().any(|row| row.event == Some(event)), "{event:?}");
    }
    for pair in later.windows(2) {
        let begins = pair[1].event == Some(Event::Shift) && pair[0].event != Some(Event::Shift);
        assert!(!begins || pair[1].change_point);
    }
    // A shift changes the cost of a request for good: CPU above idle, per request.
    let cost = |row: &forewarn_datasets::service::ServiceRow| (row.cpu - 8.0) / row.requests;
    let first = metrics.rows.iter().position(|row| row.change_point).expect("a shift");
    let mean_cost = |rows: &[forewarn_datasets::service::ServiceRow]| {
        rows.iter().map(cost).sum::<f64>() / rows.len() as f64
    };
    let before = mean_cost(&metrics.rows[first - 18..first]);
    let after = mean_cost(&metrics.rows[first..first + 18]);
    assert!(after / before > 1.25, "{before} {after}");
    Ok(())
}

#[test]
fn calls_fail_in_outages() -> TestResult {
    let params = CallsParams { seconds: 200_000.0, ..CallsParams::default() };
    let log = params.simulate()?;
    let (n, expected) = (log.rows.len() as f64, 200_000.0);
    assert!((n - expected).abs() < 5.0 * expected.sqrt(), "{n}");
    assert!(log.rows.windows(2).all(|pair| pair[0].time_s <= pair[1].time_s));
    assert!(log.outages.windows(2).all(|pair| pair[0].end_s + 30.0 <= pair[1].start_s));
    let mut counts = [[0.0_f64; 2]; 4];
    for call in &log.rows {
        // The naive label: look at every outage.
        let inside = log.outages.iter().find(|o| o.start_s <= call.time_s && call.time_s < o.end_s);
        assert_eq!(call.outage, inside.map(|outage| outage.kind));
        assert!((0.0..=params.timeout_ms).contains(&call.latency_ms));
        assert_eq!(call.outcome == Outcome::Timeout, call.latency_ms == params.timeout_ms);
        let group = match call.outage {
            None => 0,
            Some(OutageKind::Hard) => 1,
            Some(OutageKind::Partial) => 2,
            Some(OutageKind::Slow) => 3,
        };
        counts[group][usize::from(call.outcome != Outcome::Ok)] += 1.0;
    }
    let failing = counts.map(|[good, bad]| bad / (good + bad));
    assert!((failing[0] - 0.005).abs() < 0.001, "{failing:?}");
    assert_eq!(failing[1], 1.0);
    assert!((0.45..0.65).contains(&failing[2]), "{failing:?}");
    assert!(failing[3] > 0.05 && failing[3] < 0.8, "{failing:?}");
    Ok(())
}

#[test]
fn the_seed_decides() -> TestResult {
    let fleet = |seed| FleetParams { seed, ..FleetParams::default() }.simulate();
    let service = |seed| ServiceParams { seed, ..ServiceParams::default() }.simulate();
    let calls = |seed| CallsParams { seed, ..CallsParams::default() }.simulate();
    assert_eq!(fleet(3)?.to_csv(), fleet(3)?.to_csv());
    assert_ne!(fleet(3)?.to_csv(), fleet(4)?.to_csv());
    assert_eq!(service(3)?, service(3)?);
    assert_ne!(service(3)?, service(4)?);
    assert_eq!(calls(3)?, calls(3)?);
    assert_ne!(calls(3)?, calls(4)?);
    Ok(())
}

#[test]
fn settings_outside_their_range_are_refused() {
    fn message<T>(result: Result<T, Error>) -> String {
        result.err().expect("must be refused").to_string()
    }
    let fleet = FleetParams::default;
    let single = SingleFaultParams::default;
    let service = ServiceParams::default;
    let calls = CallsParams::default;
    let refused = [
        message(FleetParams { machines: 0, ..fleet() }.simulate()),
        message(FleetParams { hours: 0, ..fleet() }.simulate()),
        message(FleetParams { life_hours: f64::NAN, ..fleet() }.simulate()),
        message(FleetParams { fault_rate: -0.1, ..fleet() }.simulate()),
        message(FleetParams { missing_share: 0.6, ..fleet() }.simulate()),
        message(SingleFaultParams { rows: 0, ..single() }.simulate()),
        message(SingleFaultParams { sensors: 1, ..single() }.simulate()),
        message(SingleFaultParams { correlation: 1.0, ..single() }.simulate()),
        message(SingleFaultParams { fault_share: 1.5, ..single() }.simulate()),
        message(SingleFaultParams { strength: (5.0, 4.0), ..single() }.simulate()),
        message(ServiceParams { days: 0, ..service() }.simulate()),
        message(ServiceParams { step_minutes: 61, ..service() }.simulate()),
        message(ServiceParams { noise: f64::INFINITY, ..service() }.simulate()),
        message(ServiceParams { events_per_day: 11.0, ..service() }.simulate()),
        message(ServiceParams { shifts_per_week: -1.0, ..service() }.simulate()),
        message(CallsParams { seconds: 0.0, ..calls() }.simulate()),
        message(CallsParams { calls_per_second: 0.0, ..calls() }.simulate()),
        message(CallsParams { latency_ms: -1.0, ..calls() }.simulate()),
        message(CallsParams { timeout_ms: 0.0, ..calls() }.simulate()),
        message(CallsParams { error_rate: 0.6, ..calls() }.simulate()),
        message(CallsParams { seconds_between: 59.0, ..calls() }.simulate()),
        message(CallsParams { outage_seconds: 0.5, ..calls() }.simulate()),
    ];
    let expected = [
        "machines is 0: it must be from 1 to 10000",
        "hours is 0: it must be from 1 to 100000",
        "life_hours is NaN: it must be from 20 to 100000",
        "fault_rate is -0.1: it must be from 0 to 0.1",
        "missing_share is 0.6: it must be from 0 to 0.5",
        "rows is 0: it must be from 1 to 10000000",
        "sensors is 1: it must be from 2 to 1000",
        "correlation is 1: it must be from 0 to 0.99",
        "fault_share is 1.5: it must be from 0 to 1",
        "strongest strength is 4: it must be from 5 to 1000",
        "days is 0: it must be from 1 to 3650",
        "step_minutes is 61: it must be from 1 to 60",
        "noise is inf: it must be from 0 to 0.2",
        "events_per_day is 11: it must be from 0 to 10",
        "shifts_per_week is -1: it must be from 0 to 7",
        "seconds is 0: it must be from 1 to 10000000",
        "calls_per_second is 0: it must be from 0.001 to 100000",
        "latency_ms is -1: it must be from 0.1 to 60000",
        "timeout_ms is 0: it must be from 1 to 600000",
        "error_rate is 0.6: it must be from 0 to 0.5",
        "seconds_between is 59: it must be from 60 to 10000000",
        "outage_seconds is 0.5: it must be from 1 to 100000",
    ];
    assert_eq!(refused, expected);
}

/// The extremes of every range run without a panic.
#[test]
fn the_ends_of_the_ranges_work() -> TestResult {
    for (life_hours, fault_rate, missing_share) in [(20.0, 0.1, 0.5), (100_000.0, 0.0, 0.0)] {
        let params = FleetParams {
            machines: 2,
            hours: 500,
            life_hours,
            fault_rate,
            missing_share,
            seed: u64::MAX,
        };
        assert_eq!(params.simulate()?.rows.len(), 1000);
    }
    assert_eq!(
        FleetParams { machines: 1, hours: 1, ..FleetParams::default() }.simulate()?.rows.len(),
        1
    );
    let service = ServiceParams {
        days: 30,
        step_minutes: 60,
        noise: 0.2,
        events_per_day: 10.0,
        shifts_per_week: 7.0,
        seed: 0,
    };
    assert!(service.simulate()?.rows.iter().all(|row| {
        row.requests.is_finite()
            && row.requests > 0.0
            && row.latency_ms.is_finite()
            && row.latency_ms > 0.0
    }));
    let calls = CallsParams { seconds: 1.0, calls_per_second: 0.001, ..CallsParams::default() };
    assert!(calls.simulate()?.rows.len() < 5);
    let slow = CallsParams { latency_ms: 60_000.0, timeout_ms: 1.0, ..CallsParams::default() };
    assert!(slow.simulate()?.rows.iter().all(|call| call.outcome != Outcome::Ok));
    Ok(())
}

#[test]
fn a_storm_is_what_its_formulas_say() -> TestResult {
    let params = StormParams { hours: 48.0, incidents: 12, ..StormParams::default() };
    let storm = params.simulate()?;
    assert_eq!(storm, params.simulate()?);
    assert_ne!(storm, StormParams { seed: 2, ..params.clone() }.simulate()?);
    assert!(storm.anomalies.is_sorted_by(|a, b| a.time <= b.time));
    let sources: usize = storm.services.iter().map(|service| 4 * service.hosts.len()).sum();
    let noise = storm.anomalies.iter().filter(|raw| raw.cause == Cause::Noise).count() as f64;
    let expected = sources as f64 * 48.0 * 240.0 * params.noise;
    // A few checks that are anomalous by chance have another cause as well.
    assert!((noise / expected - 1.0).abs() < 0.08, "{noise} {expected}");
    // Calls go to later services only, and everything but the first is called.
    let called: std::collections::BTreeSet<usize> =
        storm.services.iter().flat_map(|service| service.calls.iter().copied()).collect();
    assert_eq!(called, (1..storm.services.len()).collect());
    for (number, incident) in storm.incidents.iter().enumerate() {
        let own = storm.anomalies.iter().filter(|raw| raw.cause == Cause::Incident(number));
        for raw in own {
            assert!(incident.onset <= raw.time && raw.time < incident.end);
            let hit = incident.hit_after[raw.service].expect("only who is hit shows it");
            assert!(raw.time >= incident.onset + hit);
            let symptom = matches!(raw.metric, Metric::Latency | Metric::Errors);
            assert!(symptom || raw.service == incident.root);
        }
        let detected = storm.detected(number).expect("it shows");
        assert!(detected - incident.onset < 60.0);
        assert!((600.0..1_500.0).contains(&(incident.end - incident.onset)));
    }
    let double = StormParams { double: true, ..params }.simulate()?;
    assert_eq!(double.incidents.len(), 24);
    assert!(
        double
            .incidents
            .chunks(2)
            .all(|two| two[1].onset < two[0].end && two[0].root != two[1].root)
    );
    Ok(())
}

#[test]
fn the_storm_is_the_same_for_ever() -> TestResult {
    let storm = StormParams::default().simulate()?;
    assert_eq!(storm.anomalies.len(), 8_874);
    assert_eq!(storm.anomalies[0].time.to_bits(), 0x41D9_6480_320A_F180);
    assert_eq!(storm.anomalies[5_000].score.to_bits(), 0x4011_6110_91C1_9053);
    Ok(())
}

#[test]
fn storms_out_of_range_are_refused() {
    let params = StormParams::default;
    for (name, params) in [
        ("hours", StormParams { hours: 0.1, ..params() }),
        ("services", StormParams { services: 1, ..params() }),
        ("step", StormParams { step: f64::NAN, ..params() }),
        ("noise", StormParams { noise: 0.2, ..params() }),
        ("flapping", StormParams { flapping: 101, ..params() }),
        ("incidents", StormParams { incidents: 25, ..params() }),
    ] {
        let refused = params.simulate();
        assert!(
            matches!(&refused, Err(Error::OutOfRange { name: found, .. }) if *found == name),
            "{name}"
        );
    }
}
