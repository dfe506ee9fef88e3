//! What the optimizer refuses, and logs that nothing can be learned from.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::breaker::{
    Advice, BreakerOptimizer, BreakerSettings, CallCosts, CallLog, ExportTarget, LoggedCall,
    LoggedOutcome, OpenTime, PeerDefaults, Trip,
};
use std::ops::ControlFlow;
use std::time::Duration;

/// One call each tenth of a second; those that `bad` names time out.
fn log(calls: u32, bad: impl Fn(u32) -> bool) -> CallLog {
    CallLog::from_rows((0..calls).map(|call| {
        let (latency, outcome) =
            if bad(call) { (1.0, LoggedOutcome::TimedOut) } else { (0.04, LoggedOutcome::Ok) };
        LoggedCall::new("one", f64::from(call) / 10.0, latency, outcome)
    }))
    .unwrap()
}

/// Outages of 20 s in every 90.
fn troubled() -> CallLog {
    log(9_000, |call| call % 900 >= 700)
}

fn quick() -> BreakerOptimizer {
    BreakerOptimizer::default().candidates(40).peers(Vec::new())
}

#[test]
fn settings_out_of_range_are_named() {
    let name = |optimizer: &BreakerOptimizer| match optimizer.optimize(&troubled()).unwrap_err() {
        Error::OutOfRange { name, .. } => name,
        other => panic!("{other}"),
    };
    let base = quick();
    let costs = CallCosts::default();
    assert_eq!(name(&base.clone().costs(costs.failed(-0.1))), "costs.failed");
    assert_eq!(name(&base.clone().costs(costs.failed(f64::NAN))), "costs.failed");
    assert_eq!(name(&base.clone().costs(costs.held_second(-1.0))), "costs.held_second");
    assert_eq!(name(&base.clone().candidates(19)), "candidates");
    assert_eq!(name(&base.clone().candidates(100_001)), "candidates");
    assert_eq!(name(&base.clone().confidence(0.4)), "confidence");
    assert_eq!(name(&base.clone().confidence(1.0)), "confidence");
    assert_eq!(name(&base.clone().confidence(f64::NAN)), "confidence");
    assert_eq!(name(&base.clone().resamples(99)), "resamples");
    assert_eq!(name(&base.clone().courses(0)), "courses");
    assert_eq!(name(&base.clone().courses(101)), "courses");
    assert_eq!(name(&base.clone().max_false_opens(Some(0.0))), "max_false_opens");
    assert_eq!(name(&base.clone().max_probe_share(Some(1.1))), "max_probe_share");
    assert_eq!(name(&base.clone().max_probe_share(Some(f64::NAN))), "max_probe_share");
    let bad = BreakerSettings::default().trip(Trip::Consecutive { failures: 0 });
    assert_eq!(name(&base.current(Some(bad))), "failures");
}

#[test]
fn a_log_without_failures_never_recommends_anything_that_opens() {
    let healthy = log(9_000, |_| false);
    for current in [None, Some(PeerDefaults::Polly.settings())] {
        let found = quick().current(current).optimize(&healthy).unwrap();
        assert_eq!((found.advice, found.settings), (Advice::NoFailures, current));
        assert!(found.found.is_none() && found.front.is_empty());
        assert!(found.to_string().contains("nothing failed"), "{found}");
    }
}

#[test]
fn logs_that_say_nothing_leave_everything_as_it_is() {
    let advice = |log: &CallLog| {
        let found = quick().optimize(log).unwrap();
        assert!(!found.advice.is_recommendation() && found.settings.is_none());
        found.advice
    };
    assert_eq!(advice(&log(1, |_| false)), Advice::TooShort);
    assert_eq!(advice(&log(1, |_| true)), Advice::TooShort);
    assert_eq!(advice(&log(9_000, |_| true)), Advice::NoSuccesses);
    let moment = LoggedCall::new("one", 5.0, 0.0, LoggedOutcome::Ok);
    assert_eq!(advice(&CallLog::from_rows([moment; 100]).unwrap()), Advice::TooShort);
    let rejected =
        |at: u32| LoggedCall::new("one", f64::from(at), f64::NAN, LoggedOutcome::Rejected);
    assert_eq!(advice(&CallLog::from_rows((0..100).map(rejected)).unwrap()), Advice::NoFailures);
    let error = quick().optimize(&CallLog::new()).unwrap_err();
    assert_eq!(error, Error::Empty { what: "rows" });
}

/// Errors alone, then rejections alone, then one key that fails and one that does not: odd, but logs.
#[test]
fn odd_logs_are_learned_from_without_harm() {
    let mut rows = Vec::new();
    for call in 0..2_000_u32 {
        let time = f64::from(call) / 10.0;
        let outcome = match call % 400 {
            0..300 => LoggedOutcome::Ok,
            300..310 => LoggedOutcome::Failed,
            310..395 => LoggedOutcome::Rejected,
            395..397 => LoggedOutcome::Ignored,
            _ => LoggedOutcome::Cancelled,
        };
        rows.push(LoggedCall::new("a", time, 0.0, outcome));
        rows.push(LoggedCall::new("b", time, 3.0, LoggedOutcome::Ok));
        if call % 3 == 0 {
            rows.push(LoggedCall::new("c", 1e9, 1e6, LoggedOutcome::TimedOut));
        }
    }
    let found = quick().optimize(&CallLog::from_rows(rows).unwrap()).unwrap();
    assert!(found.log.usable < 1.0 && found.saving_bounds.iter().all(|bound| bound.is_finite()));
    let cost = found.found.unwrap().cost;
    assert!(cost.low <= cost.mean && cost.mean <= cost.high);
}

#[test]
fn costs_of_nothing_are_costs() {
    let free = CallCosts::default().failed(0.0).held_second(0.0);
    let found = quick().costs(free).optimize(&troubled()).unwrap();
    assert_eq!(found.advice, Advice::NotBetter);
    assert_eq!(found.current.cost.mean, 0.0);
}

#[test]
fn constraints_are_kept_or_nothing_is_recommended() {
    let rare = quick().candidates(200).max_probe_share(Some(0.004)).optimize(&troubled()).unwrap();
    assert!(rare.found.unwrap().probes <= 0.4);
    let never = quick().max_probe_share(Some(1e-9)).optimize(&troubled()).unwrap();
    assert_eq!((never.advice, never.settings), (Advice::Constrained, None));
}

#[test]
fn an_observer_hears_of_the_progress_and_may_stop_it() {
    let mut heard = Vec::new();
    let mut observer = |done: usize, total: usize| {
        heard.push((done, total));
        ControlFlow::Continue(())
    };
    quick().optimize_observed(&troubled(), &mut observer).unwrap();
    assert!(heard.is_sorted() && heard.len() > 3);
    let last = heard[heard.len() - 1];
    assert_eq!(last.0, last.1);
    let mut stop = |_: usize, _: usize| ControlFlow::Break(());
    let error = quick().optimize_observed(&troubled(), &mut stop).unwrap_err();
    assert!(matches!(error, Error::Cancelled { done: 0, .. }), "{error}");
}

#[test]
fn every_peer_has_settings_and_every_export_can_be_replayed() {
    for peer in PeerDefaults::ALL {
        peer.settings().check().unwrap();
        assert_eq!(peer.settings().ramp, None, "{peer}");
    }
    let log = quick().optimize(&troubled()).unwrap().log;
    let all = PeerDefaults::ALL.map(PeerDefaults::settings);
    for settings in all.into_iter().chain([BreakerSettings::default()]) {
        for target in ExportTarget::ALL {
            let export = settings.export(target, &log);
            export.settings.check().unwrap();
            assert!(!export.text.is_empty() && export.target == target);
        }
    }
}

#[test]
fn a_plain_setting_survives_its_export() {
    let log = quick().optimize(&troubled()).unwrap().log;
    let settings = BreakerSettings::default()
        .trip(Trip::Consecutive { failures: 4 })
        .open_time(OpenTime::Constant(Duration::from_millis(1_500)))
        .ramp(None);
    let text = |target| settings.export(target, &log).text;
    assert!(text(ExportTarget::Gobreaker).contains("ConsecutiveFailures >= 4"));
    assert!(text(ExportTarget::Gobreaker).contains("1500 * time.Millisecond"));
    assert!(text(ExportTarget::Envoy).contains("consecutive_5xx: 4"));
    assert!(text(ExportTarget::Envoy).contains("base_ejection_time: 1.500s"));
    assert!(text(ExportTarget::Semian).contains("error_threshold: 4"));
    assert!(text(ExportTarget::Resilience4j).contains("waitDurationInOpenState: 1500ms"));
    assert!(text(ExportTarget::Polly).contains("BreakDuration = TimeSpan.FromSeconds(1.500)"));
    let same = settings.export(ExportTarget::Gobreaker, &log).settings;
    assert_eq!((same.trip, same.open_time), (settings.trip, settings.open_time));
}

#[test]
#[cfg(feature = "serde")]
fn recommendations_and_settings_survive_serde() {
    let found = quick().optimize(&troubled()).unwrap();
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<forewarn::breaker::Recommendation>(&text).unwrap(), found);
    let optimizer = quick().max_probe_share(Some(0.5));
    let text = serde_json::to_string(&optimizer).unwrap();
    assert_eq!(serde_json::from_str::<BreakerOptimizer>(&text).unwrap(), optimizer);
    assert!(serde_json::from_str::<BreakerOptimizer>(r#"{"candidate":1}"#).is_err());
}
