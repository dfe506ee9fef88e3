//! Storms of incidents: few alerts, and none of the incidents lost.

use forewarn::Result;
use forewarn::alert::{
    AlertReducer, AlertReducerParams, Anomaly, Change, Dependency, Notice, Observed, Outcome,
    Selector,
};
use forewarn_datasets::storm::{Cause, Storm, StormParams};

/// Latency and errors spread from a service to those that call it.
fn params(storm: &Storm) -> AlertReducerParams {
    let rules = storm.services.iter().flat_map(|caller| {
        caller.calls.iter().map(|&called| {
            Dependency::new(
                Selector::new("service", [storm.services[called].name.as_str()]),
                Selector::new("service", [caller.name.as_str()])
                    .and("metric", ["latency", "errors"]),
            )
        })
    });
    AlertReducerParams::default().dependencies(rules.collect()).remembered(1_000_000)
}

struct Reduced {
    reducer: AlertReducer,
    notices: Vec<Notice>,
    observed: Vec<Observed>,
}

fn reduce(storm: &Storm, params: &AlertReducerParams) -> Result<Reduced> {
    let mut reducer = params.build()?;
    let mut observed = Vec::new();
    for raw in &storm.anomalies {
        observed.push(reducer.observe(Anomaly::new(raw.time, &storm.labels(raw), raw.score))?);
    }
    let end = storm.anomalies.last().map_or(0.0, |raw| raw.time);
    reducer.advance(end + 3_600.0)?;
    let notices = reducer.notices().collect();
    Ok(Reduced { reducer, notices, observed })
}

/// Seconds from the first anomaly of an incident's root cause to the news of an alert that holds
/// anomalies of that root cause; `None` if there is none.
///
/// News is an alert that is raised, opened again, or turns from few sources to many: not that one
/// which was open anyway goes on.
fn delay(storm: &Storm, reduced: &Reduced, incident: usize) -> Option<f64> {
    let Reduced { reducer, notices, observed } = reduced;
    let detected = storm.detected(incident).expect("an incident that shows");
    let own = storm.anomalies.iter().zip(observed).filter(|(raw, _)| {
        raw.cause == Cause::Incident(incident) && raw.service == storm.incidents[incident].root
    });
    let alerts: Vec<u64> = own
        .filter_map(|(_, observed)| match reducer.explain(observed.number?)? {
            Outcome::Alerted { alert } => Some(alert),
            _ => None,
        })
        .collect();
    let raised = notices.iter().filter(|notice| {
        matches!(notice.change, Change::Opened | Change::Reopened | Change::Widened)
            && alerts.contains(&notice.alert)
            && notice.time >= detected
    });
    raised.map(|notice| notice.time - detected).min_by(f64::total_cmp)
}

/// Every anomaly is part of an alert that exists, or has a reason why not.
fn all_are_explained(reduced: &Reduced) {
    for observed in &reduced.observed {
        let number = observed.number.expect("all are anomalies");
        match reduced.reducer.explain(number).expect("all are remembered") {
            Outcome::Alerted { alert } => assert!(reduced.reducer.alert(alert).is_some()),
            Outcome::Suppressed(_) => {}
            other => panic!("{other}"),
        }
    }
}

#[test]
fn every_incident_is_alerted_within_a_minute() -> Result<()> {
    for double in [false, true] {
        let (mut raw, mut alerts, mut incidents, mut slowest) = (0, 0, 0, 0.0_f64);
        for seed in 1..=10 {
            let storm = StormParams { seed, double, ..StormParams::default() };
            let storm = storm.simulate().expect("settings in range");
            let reduced = reduce(&storm, &params(&storm))?;
            let counts = reduced.reducer.counts();
            for incident in 0..storm.incidents.len() {
                let delay = delay(&storm, &reduced, incident);
                assert!(delay.is_some_and(|delay| delay <= 60.0), "{seed} {incident}: {delay:?}");
                slowest = slowest.max(delay.unwrap_or(0.0));
            }
            assert!(counts.alerts as f64 <= 0.1 * storm.anomalies.len() as f64);
            assert_eq!(counts.anomalies, storm.anomalies.len() as u64);
            all_are_explained(&reduced);
            raw += counts.anomalies;
            alerts += counts.alerts;
            incidents += storm.incidents.len();
        }
        println!(
            "{raw} anomalies of {incidents} incidents: {alerts} alerts, at most {slowest:.0} s"
        );
        // Far below the tenth that was asked for: a handful an incident, flapping metrics included.
        assert!(alerts * 250 <= raw);
    }
    Ok(())
}

#[test]
fn incidents_alone_raise_one_alert_each() -> Result<()> {
    for seed in 1..=10 {
        let storm = StormParams { seed, noise: 0.0, flapping: 0, ..StormParams::default() };
        let storm = storm.simulate().expect("settings in range");
        let reduced = reduce(&storm, &params(&storm))?;
        let (alerts, incidents) = (reduced.reducer.counts().alerts, storm.incidents.len());
        println!("seed {seed}: {} anomalies, {alerts} alerts", storm.anomalies.len());
        assert!((0..incidents).all(|i| delay(&storm, &reduced, i).is_some_and(|d| d <= 60.0)));
        // A symptom may show before its cause, and then has an alert until the cause has its own.
        assert!(alerts as usize <= incidents + 2);
    }
    Ok(())
}

#[test]
fn calm_days_stay_calm() -> Result<()> {
    let mut alerts = 0;
    for seed in 1..=10 {
        let storm = StormParams { seed, incidents: 0, flapping: 0, ..StormParams::default() };
        let storm = storm.simulate().expect("settings in range");
        let reduced = reduce(&storm, &params(&storm))?;
        assert!(reduced.reducer.counts().anomalies > 500);
        all_are_explained(&reduced);
        alerts += reduced.reducer.counts().alerts;
    }
    println!("{alerts} alerts of noise in 120 hours of 560 metrics");
    assert!(alerts <= 40);
    Ok(())
}

#[test]
fn pages_within_the_budget_go_to_the_incidents() -> Result<()> {
    let (mut found, mut incidents, mut pages, mut alerts) = (0, 0, 0, 0);
    for seed in 1..=10 {
        let storm = StormParams { seed, ..StormParams::default() }.simulate().expect("settings");
        let reduced = reduce(&storm, &params(&storm).pages_per_day(Some(8)))?;
        let paged = |incident: usize| {
            let detected = storm.detected(incident).expect("it shows");
            let root = &storm.services[storm.incidents[incident].root].name;
            reduced.notices.iter().any(|notice| {
                let alert = reduced.reducer.alert(notice.alert).expect("remembered");
                notice.page
                    && alert.group.contains(&format!("{root:?}"))
                    && (detected..storm.incidents[incident].end).contains(&notice.time)
            })
        };
        found += (0..storm.incidents.len()).filter(|&incident| paged(incident)).count();
        incidents += storm.incidents.len();
        let counts = reduced.reducer.counts();
        let critical = reduced
            .notices
            .iter()
            .filter(|notice| notice.page && notice.severity == forewarn::alert::Severity::Critical);
        assert!(counts.pages as usize <= 8 + critical.count());
        pages += counts.pages;
        alerts += counts.alerts;
    }
    println!("{alerts} alerts, {pages} pages, {found} of {incidents} incidents among them");
    assert!(found as f64 >= 0.95 * incidents as f64 && 2 * pages < alerts);
    Ok(())
}
