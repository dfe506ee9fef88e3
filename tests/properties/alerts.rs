//! The reducer on any stream: nothing is lost or counted twice, and what it does depends on nothing
//! but what it is told.

use forewarn::alert::{
    AlertReducer, AlertReducerParams, AlertState, Anomaly, Counts, Dependency, Maintenance, Notice,
    Observed, Outcome, Selector,
};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Check {
    after: f64,
    service: u8,
    metric: u8,
    score: f64,
}

const SERVICES: [&str; 4] = ["a", "b", "c", "d"];
const METRICS: [&str; 3] = ["latency", "cpu", "errors"];

fn checks() -> impl Strategy<Value = Vec<Check>> {
    let after = prop_oneof![Just(0.0), Just(60.0), 0.0..40.0, 0.0..40.0, 0.0..2_000.0];
    let score = prop_oneof![Just(f64::NAN), 0.0..4.0, 2.0..20.0, 4.0..9.0];
    let check = (after, 0..4_u8, 0..3_u8, score)
        .prop_map(|(after, service, metric, score)| Check { after, service, metric, score });
    prop::collection::vec(check, 1..250)
}

fn params() -> impl Strategy<Value = AlertReducerParams> {
    let times = (prop_oneof![Just(0.0), 0.0..60.0], 10.0..100.0, 10.0..400.0, 0.0..60.0);
    let counts = (1..5_usize, 3..14_usize, 1..400_usize, prop::option::of(1..5_usize));
    let rules = prop::collection::vec((0..4_usize, 0..4_usize, any::<bool>()), 0..6);
    (times, counts, rules, 1.5..5.0).prop_map(|(times, counts, rules, flap_runs)| {
        let rules = rules.into_iter().map(|(upstream, dependent, all)| {
            let dependent = Selector::new("service", [SERVICES[dependent]]);
            let symptoms = if all { dependent } else { dependent.and("metric", ["latency"]) };
            Dependency::new(Selector::new("service", [SERVICES[upstream]]), symptoms)
        });
        let work = Maintenance::new(1_000.0, 2_000.0, Selector::new("service", ["d"]));
        AlertReducerParams::default()
            .hold(times.0)
            .max_gap(times.1)
            .keep_firing(times.2)
            .settle(times.3)
            .breadth(counts.0)
            .max_sources(counts.1)
            .remembered(counts.2)
            .pages_per_day(counts.3)
            .flap_runs(flap_runs)
            .dependencies(rules.collect())
            .maintenance(vec![work])
    })
}

fn observe(reducer: &mut AlertReducer, time: f64, check: &Check, turned: bool) -> Observed {
    let mut labels = [
        ("service", SERVICES[usize::from(check.service)]),
        ("metric", METRICS[usize::from(check.metric)]),
    ];
    if turned {
        labels.reverse();
    }
    reducer.observe(Anomaly::new(time, &labels, check.score)).expect("a possible check")
}

fn sum(counts: &Counts) -> u64 {
    counts.alerted
        + counts.undecided
        + counts.brief
        + counts.flapping
        + counts.inhibited
        + counts.maintenance
        + counts.evicted
}

fn run(params: &AlertReducerParams, checks: &[Check]) -> (Vec<u8>, Vec<Notice>, Vec<Observed>) {
    let mut reducer = params.build().expect("possible settings");
    let mut time = 0.0;
    let observed = checks.iter().map(|check| {
        time += check.after;
        observe(&mut reducer, time, check, false)
    });
    let observed = observed.collect();
    let notices = reducer.notices().collect();
    (reducer.to_bytes().expect("it can be saved"), notices, observed)
}

proptest! {
    #[test]
    fn every_anomaly_is_accounted_for_once(params in params(), checks in checks()) {
        let params = params.remembered(1_000);
        let mut reducer = params.build()?;
        let mut time = 0.0;
        let mut numbers = Vec::new();
        for check in &checks {
            time += check.after;
            let observed = observe(&mut reducer, time, check, false);
            prop_assert_eq!(observed.number.is_some(),
                !matches!(observed.outcome, Outcome::Normal | Outcome::Missing));
            numbers.extend(observed.number);
            let counts = reducer.counts();
            prop_assert_eq!(sum(&counts), counts.anomalies);
            prop_assert_eq!(counts.anomalies, numbers.len() as u64);
        }
        reducer.advance(time + 1e5)?;
        let counts = reducer.counts();
        prop_assert_eq!(counts.undecided, 0);
        prop_assert_eq!(counts.anomalies + counts.normal + counts.missing, checks.len() as u64);
        // One by one, what became of them is what the counts and the alerts say.
        let outcomes: Vec<Outcome> = numbers.iter().filter_map(|&n| reducer.explain(n)).collect();
        prop_assert_eq!(outcomes.len(), numbers.len());
        let alerted = |id| {
            let part = Outcome::Alerted { alert: id };
            outcomes.iter().filter(|&&outcome| outcome == part).count() as u64
        };
        prop_assert_eq!(reducer.alerts().count() as u64, counts.alerts);
        for alert in reducer.alerts() {
            prop_assert_eq!(alert.count, alerted(alert.id));
            prop_assert!(alert.count > 0 && alert.sources > 0);
            prop_assert!(alert.started <= alert.opened && alert.started <= alert.last);
            let resolved = alert.resolved.expect("all is calm");
            prop_assert!(resolved >= alert.last && alert.state != AlertState::Open);
        }
        prop_assert_eq!(reducer.alerts().map(|alert| alert.count).sum::<u64>(), counts.alerted);
        let notices: Vec<Notice> = reducer.notices().collect();
        prop_assert!(notices.is_sorted_by(|a, b| a.time <= b.time));
        prop_assert_eq!(notices.iter().filter(|notice| notice.page).count() as u64, counts.pages);
    }

    #[test]
    fn neither_pauses_nor_the_order_of_labels_matter(
        params in params(), checks in checks(), pauses in prop::collection::vec(0.0..=1.0, 250),
    ) {
        let (_, notices, observed) = run(&params, &checks);
        let mut reducer = params.build()?;
        let mut time = 0.0;
        let mut again = Vec::new();
        let mut seen = Vec::new();
        for (check, pause) in checks.iter().zip(pauses) {
            reducer.advance(time + pause * check.after)?;
            time += check.after;
            seen.push(observe(&mut reducer, time, check, true));
            again.extend(reducer.notices());
        }
        prop_assert_eq!(seen, observed);
        prop_assert_eq!(again, notices);
    }

    #[test]
    fn a_copy_from_a_file_goes_on_alike(
        params in params(), checks in checks(), at in 0.0..1.0, json in any::<bool>(),
    ) {
        let (expected, notices, observed) = run(&params, &checks);
        let mut reducer = params.build()?;
        let mut time = 0.0;
        let mut seen = Vec::new();
        let at = (at * checks.len() as f64) as usize;
        for (number, check) in checks.iter().enumerate() {
            if number == at {
                reducer = if json {
                    let text = serde_json::to_string(&reducer).expect("it can be written");
                    serde_json::from_str(&text).expect("it can be read")
                } else {
                    AlertReducer::from_bytes(&reducer.to_bytes()?)?
                };
            }
            time += check.after;
            seen.push(observe(&mut reducer, time, check, false));
        }
        prop_assert_eq!(seen, observed);
        prop_assert_eq!(reducer.notices().collect::<Vec<_>>(), notices);
        prop_assert!(reducer.to_bytes()? == expected);
    }
}
