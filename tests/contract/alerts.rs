//! Bad input to alerts and service levels: refused by name, and the state as it was.

use forewarn::Error;
use forewarn::alert::{
    AlertReducerParams, Anomaly, BurnRule, Maintenance, Outcome, Selector, ServiceLevelParams,
    Severity, SeveritySteps,
};

const SHOP: [(&str, &str); 1] = [("service", "shop")];

fn refused<T: std::fmt::Debug>(result: Result<T, Error>, expected: &str) {
    match result {
        Err(Error::OutOfRange { name, .. }) => assert_eq!(name, expected),
        other => panic!("{expected}: {other:?}"),
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let params = AlertReducerParams::default;
    refused(params().raise(f64::NAN).build(), "raise");
    refused(params().clear(3.1).build(), "clear");
    refused(params().hold(-1.0).build(), "hold");
    refused(params().max_gap(0.0).build(), "max_gap");
    refused(params().keep_firing(f64::INFINITY).build(), "keep_firing");
    refused(params().breadth(0).build(), "breadth");
    refused(params().flap_runs(1.0).build(), "flap_runs");
    refused(params().flap_interval(f64::NAN).build(), "flap_interval");
    refused(params().settle(-0.1).build(), "settle");
    refused(params().spread(f64::NAN).build(), "spread");
    refused(params().reopen(-1.0).build(), "reopen");
    refused(params().pages_per_day(Some(0)).build(), "pages_per_day");
    refused(params().max_sources(0).build(), "max_sources");
    refused(params().remembered(0).build(), "remembered");
    refused(params().lateness(-1.0).build(), "lateness");
    let window = Maintenance::new(2.0, 2.0, Selector::all());
    refused(params().maintenance(vec![window]).build(), "to");
    let severity = SeveritySteps { score: [2.0, 1.0], ..SeveritySteps::default() };
    refused(params().severity(severity).build(), "severity.score");

    let level = ServiceLevelParams::new;
    for objective in [0.0, 1.0, -0.1, f64::NAN] {
        refused(level(objective).build(), "objective");
    }
    refused(level(0.9).period(1.0).build(), "period");
    refused(level(0.9).min_bad(-1.0).build(), "min_bad");
    refused(level(0.9).confidence(1.0).build(), "confidence");
    assert_eq!(level(0.9).rules(vec![]).build(), Err(Error::Empty { what: "rules" }));
    let rule = BurnRule { rate: 1.0, long: 60.0, short: 5.0, severity: Severity::High };
    refused(level(0.9).rules(vec![BurnRule { rate: 0.0, ..rule }]).build(), "rate");
    refused(level(0.9).rules(vec![BurnRule { short: 61.0, ..rule }]).build(), "long");
    refused(level(0.9).rules(vec![BurnRule { short: f64::NAN, ..rule }]).build(), "short");
}

#[test]
fn bad_checks_leave_the_reducer_as_it_was() -> Result<(), Error> {
    let mut reducer = AlertReducerParams::default().build()?;
    reducer.observe(Anomaly::new(100.0, &SHOP, 5.0))?;
    let before = reducer.to_bytes()?;
    refused(reducer.observe(Anomaly::new(f64::NAN, &SHOP, 5.0)), "time");
    refused(reducer.observe(Anomaly::new(f64::INFINITY, &SHOP, 5.0)), "time");
    refused(reducer.observe(Anomaly::new(1e13, &SHOP, 5.0)), "time");
    refused(reducer.observe(Anomaly::new(200.0, &SHOP, f64::NEG_INFINITY)), "score");
    refused(reducer.observe(Anomaly::new(200.0, &SHOP, 5.0).value(f64::INFINITY)), "value");
    let back = reducer.observe(Anomaly::new(99.9, &SHOP, 5.0));
    assert_eq!(back, Err(Error::TimeWentBack { time: 99.9, last: 100.0 }));
    assert_eq!(reducer.advance(0.0), Err(Error::TimeWentBack { time: 0.0, last: 100.0 }));
    let empty = reducer.observe(Anomaly::new(200.0, &[], 5.0));
    assert_eq!(empty, Err(Error::Empty { what: "labels" }));
    let twice = reducer.observe(Anomaly::new(200.0, &[("a", "1"), ("a", "2")], 5.0));
    assert!(matches!(twice, Err(Error::Incompatible { .. })));
    let long = "x".repeat(2_000);
    let long = reducer.observe(Anomaly::new(200.0, &[("a", &long)], 5.0));
    refused(long, "the length of the labels");
    refused(reducer.add_maintenance(Maintenance::new(0.0, 100.0, Selector::all())), "to");
    assert_eq!(reducer.to_bytes()?, before);
    // A gap is a gap, ten years are ten years, and the same time again is fine.
    let gap = reducer.observe(Anomaly::new(100.0, &SHOP, f64::NAN))?;
    assert_eq!(gap.outcome, Outcome::Missing);
    reducer.observe(Anomaly::new(3.2e8, &SHOP, 1e300))?;
    assert_eq!((reducer.counts().missing, reducer.counts().brief), (1, 1));
    Ok(())
}

#[test]
fn late_checks_count_as_present_where_that_is_asked_for() -> Result<(), Error> {
    let mut reducer = AlertReducerParams::default().lateness(10.0).build()?;
    reducer.observe(Anomaly::new(100.0, &SHOP, 5.0))?;
    reducer.observe(Anomaly::new(90.0, &SHOP, 5.0))?;
    assert!(reducer.observe(Anomaly::new(89.9, &SHOP, 5.0)).is_err());
    assert_eq!(reducer.counts().anomalies, 2);
    Ok(())
}

#[test]
fn bad_counts_leave_the_service_level_as_it_was() -> Result<(), Error> {
    let mut level = ServiceLevelParams::new(0.99).build()?;
    level.observe(100.0, 10.0, 1.0)?;
    let before = level.clone();
    refused(level.observe(f64::NAN, 1.0, 0.0), "time");
    for bad in [f64::NAN, -1.0, f64::INFINITY, 1.1e12] {
        refused(level.observe(200.0, bad, 0.0), "good");
        refused(level.observe(200.0, 0.0, bad), "bad");
    }
    let back = level.observe(99.0, 1.0, 0.0);
    assert_eq!(back, Err(Error::TimeWentBack { time: 99.0, last: 100.0 }));
    assert!(level.state(99.0).is_err() && level.burns(99.0).is_err());
    assert_eq!(level, before);
    Ok(())
}

#[test]
fn a_service_level_copes_with_anything_that_can_be() -> Result<(), Error> {
    for [good, bad] in [[0.0, 0.0], [1e12, 1e12], [0.0, 1e12], [1e-300, 0.0], [0.0, 1e-300]] {
        let mut level = ServiceLevelParams::new(0.999_999).build()?;
        for time in [-1e12, -1.0, 0.0, 0.0, 60.0, 3.2e8, 1e12] {
            let state = level.observe(time, good, bad)?;
            assert!(state.budget_left <= 1.0 && state.burn_rate >= 0.0, "{state:?}");
            assert!(state.runs_out_in.is_none_or(|seconds| seconds >= 0.0));
            let copy = forewarn::alert::ServiceLevel::from_bytes(&level.to_bytes()?)?;
            assert_eq!(copy, level);
        }
    }
    Ok(())
}
