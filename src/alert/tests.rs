use super::*;
use crate::error::Result;

type Labels = [(&'static str, &'static str); 2];

const DATABASE: Labels = [("service", "database"), ("metric", "disk")];
const SHOP: Labels = [("service", "shop"), ("metric", "latency")];
const SHOP_CPU: Labels = [("service", "shop"), ("metric", "cpu")];
const SITE: Labels = [("service", "site"), ("metric", "latency")];

/// Everything with a metric `latency` depends on the service before it.
fn chain() -> AlertReducerParams {
    let rule = |upstream: &str, dependent: &str| {
        let symptoms = Selector::new("service", [dependent]).and("metric", ["latency"]);
        Dependency::new(Selector::new("service", [upstream]), symptoms)
    };
    AlertReducerParams::default().dependencies(vec![rule("database", "shop"), rule("shop", "site")])
}

/// One check each at every time.
fn feed(reducer: &mut AlertReducer, times: std::ops::Range<u32>, all: &[Labels]) -> Result<()> {
    for time in times.step_by(10) {
        for labels in all {
            reducer.observe(Anomaly::new(f64::from(time), labels, 5.0))?;
        }
    }
    Ok(())
}

fn changes(reducer: &mut AlertReducer) -> Vec<(f64, u64, Change)> {
    reducer.notices().map(|notice| (notice.time, notice.alert, notice.change)).collect()
}

#[test]
fn held_kept_and_opened_again() -> Result<()> {
    let mut reducer = AlertReducerParams::default().build()?;
    feed(&mut reducer, 0..100, &[SHOP])?;
    // 700 s after the last anomaly, and 400 s after the end: the same alert.
    feed(&mut reducer, 790..830, &[SHOP])?;
    reducer.advance(1e6)?;
    let found: Vec<_> =
        changes(&mut reducer).into_iter().filter(|change| change.2 != Change::Escalated).collect();
    let expected = [
        (30.0, 0, Change::Opened),
        (390.0, 0, Change::Resolved),
        (820.0, 0, Change::Reopened),
        (1_120.0, 0, Change::Resolved),
    ];
    assert_eq!(found, expected);
    let alert = reducer.alert(0).expect("it is remembered");
    assert_eq!((alert.count, alert.started, alert.last), (14, 0.0, 820.0));
    assert_eq!(reducer.explain(0), Some(Outcome::Alerted { alert: 0 }));
    Ok(())
}

#[test]
fn between_clear_and_raise_only_what_was_anomalous_still_is() -> Result<()> {
    let mut reducer = AlertReducerParams::default().build()?;
    let check = |time, score| Anomaly::new(time, &SHOP, score);
    assert_eq!(reducer.observe(check(0.0, 2.9))?.outcome, Outcome::Normal);
    assert_eq!(reducer.observe(check(10.0, 3.0))?.outcome, Outcome::Undecided);
    assert_eq!(reducer.observe(check(20.0, 2.9))?.outcome, Outcome::Undecided);
    assert_eq!(reducer.observe(check(40.0, 2.0))?.outcome, Outcome::Alerted { alert: 0 });
    assert_eq!(reducer.observe(check(50.0, 1.9))?.outcome, Outcome::Normal);
    Ok(())
}

#[test]
fn what_is_over_at_once_is_brief() -> Result<()> {
    let mut reducer = AlertReducerParams::default().build()?;
    let first = reducer.observe(Anomaly::new(0.0, &SHOP, 9.0))?;
    assert_eq!(first, Observed { number: Some(0), outcome: Outcome::Undecided });
    reducer.observe(Anomaly::new(15.0, &SHOP, 0.0))?;
    assert_eq!(reducer.explain(0), Some(Outcome::Suppressed(SuppressionReason::Brief)));
    reducer.observe(Anomaly::new(100.0, &SHOP, 9.0))?;
    reducer.advance(160.0)?;
    assert_eq!(reducer.explain(1), Some(Outcome::Undecided));
    reducer.advance(161.0)?;
    assert_eq!(reducer.explain(1), Some(Outcome::Suppressed(SuppressionReason::Brief)));
    assert_eq!(reducer.explain(2), None);
    Ok(())
}

#[test]
fn many_at_once_need_not_be_held() -> Result<()> {
    let mut reducer = AlertReducerParams::default().build()?;
    let others = [("service", "shop"), ("metric", "errors")];
    for (time, labels) in [(0.0, SHOP), (2.0, SHOP_CPU), (4.0, others)] {
        reducer.observe(Anomaly::new(time, &labels, 5.0))?;
    }
    assert_eq!(changes(&mut reducer), [(4.0, 0, Change::Opened)]);
    assert_eq!(reducer.counts().alerted, 3);
    Ok(())
}

#[test]
fn dependents_are_explained_even_through_others() -> Result<()> {
    let mut reducer = chain().build()?;
    feed(&mut reducer, 0..300, &[SITE, SHOP, DATABASE])?;
    let counts = reducer.counts();
    assert_eq!((counts.alerts, counts.alerted, counts.inhibited), (1, 30, 60));
    let alert = reducer.alert(0).expect("open");
    assert_eq!((alert.group.as_str(), alert.inhibited), ("{service=\"database\"}", 60));
    let inhibited = Outcome::Suppressed(SuppressionReason::Inhibited { by: 0 });
    assert_eq!(reducer.explain(0), Some(inhibited));
    // Trouble of its own shows on metrics that do not depend on anything.
    feed(&mut reducer, 300..400, &[SITE, SHOP, DATABASE, SHOP_CPU])?;
    assert_eq!(reducer.counts().alerts, 2);
    assert_eq!(reducer.alert(1).map(|alert| alert.opened), Some(330.0));
    Ok(())
}

#[test]
fn what_outlasts_its_explanation_is_alerted() -> Result<()> {
    let mut reducer = chain().build()?;
    feed(&mut reducer, 0..100, &[SHOP, DATABASE])?;
    feed(&mut reducer, 100..500, &[SHOP])?;
    let changes = changes(&mut reducer);
    assert!(changes.contains(&(390.0, 0, Change::Resolved)), "{changes:?}");
    assert!(changes.contains(&(400.0, 1, Change::Opened)), "{changes:?}");
    Ok(())
}

#[test]
fn a_late_cause_supersedes_its_symptoms() -> Result<()> {
    let mut reducer = chain().build()?;
    feed(&mut reducer, 0..60, &[SITE])?;
    feed(&mut reducer, 60..200, &[SITE, SHOP, DATABASE])?;
    let superseded = Change::Superseded { by: 1 };
    let changes = changes(&mut reducer);
    assert!(changes.contains(&(30.0, 0, Change::Opened)));
    assert_eq!(changes.iter().filter(|change| change.2 == superseded).count(), 1);
    assert_eq!(reducer.alert(0).map(|alert| alert.state), Some(AlertState::Superseded { by: 1 }));
    assert_eq!(reducer.counts().alerts, 2);
    Ok(())
}

#[test]
fn a_circle_of_dependencies_hides_nothing() -> Result<()> {
    let rule = |upstream: &str, dependent: &str| {
        Dependency::new(Selector::new("service", [upstream]), Selector::new("service", [dependent]))
    };
    let rules = vec![rule("database", "shop"), rule("shop", "database"), rule("shop", "shop")];
    let mut reducer = AlertReducerParams::default().dependencies(rules).build()?;
    feed(&mut reducer, 0..600, &[SHOP, DATABASE])?;
    let counts = reducer.counts();
    assert_eq!((counts.alerts, counts.alerted), (1, 60));
    Ok(())
}

#[test]
fn flapping_is_hidden_and_a_longer_run_is_not() -> Result<()> {
    let mut reducer = AlertReducerParams::default().build()?;
    // One minute on, nine minutes off.
    for start in (0..20 * 600).step_by(600) {
        feed(&mut reducer, start..start + 60, &[SHOP])?;
    }
    let counts = reducer.counts();
    assert!(counts.alerts <= 2 && counts.flapping > 80, "{counts:?}");
    let before = changes(&mut reducer).len();
    assert!(before <= 12);
    feed(&mut reducer, 12_000..12_300, &[SHOP])?;
    let last = changes(&mut reducer);
    assert!(matches!(last[0].2, Change::Opened | Change::Reopened), "{last:?}");
    assert!(last[0].0 <= 12_110.0, "{last:?}");
    // After a calm day all is forgotten.
    feed(&mut reducer, 100_000..100_040, &[SHOP])?;
    assert!(changes(&mut reducer).iter().any(|c| c.0 == 100_030.0 && c.2 == Change::Opened));
    Ok(())
}

#[test]
fn maintenance_is_quiet() -> Result<()> {
    let window = Maintenance::new(100.0, 500.0, Selector::new("service", ["shop"]));
    let mut reducer = AlertReducerParams::default().maintenance(vec![window]).build()?;
    feed(&mut reducer, 100..500, &[SHOP, DATABASE])?;
    let counts = reducer.counts();
    assert_eq!((counts.maintenance, counts.alerted, counts.alerts), (40, 40, 1));
    let later = Maintenance::new(600.0, 700.0, Selector::all());
    assert_eq!(reducer.add_maintenance(later)?, 1);
    feed(&mut reducer, 500..600, &[SHOP])?;
    assert_eq!(reducer.counts().alerts, 2);
    Ok(())
}

#[test]
fn a_least_severity_is_kept() -> Result<()> {
    let params = AlertReducerParams::default().hold(0.0);
    let mut reducer = params.build()?;
    let anomaly = Anomaly::new(0.0, &SHOP, 4.0).severity(Severity::Critical).value(-7.0);
    reducer.observe(anomaly)?;
    let alert = reducer.alert(0).expect("raised at once");
    assert_eq!((alert.severity, alert.peak_value), (Severity::Critical, Some(-7.0)));
    Ok(())
}

#[test]
fn many_sources_are_forgotten_and_counted() -> Result<()> {
    let mut reducer = AlertReducerParams::default().max_sources(10).hold(1e6).build()?;
    for number in 0..1_000 {
        let name = number.to_string();
        let labels = [("service", name.as_str())];
        reducer.observe(Anomaly::new(f64::from(number) / 100.0, &labels, 5.0))?;
    }
    let counts = reducer.counts();
    assert_eq!((counts.evicted, counts.undecided, counts.sources_evicted), (990, 10, 990));
    assert_eq!(reducer.explain(0), Some(Outcome::Suppressed(SuppressionReason::Evicted)));
    Ok(())
}

#[test]
fn a_group_is_told_even_among_hostile_labels() {
    let text = |labels: &[(&str, &str)]| {
        let mut text = String::new();
        sources::write_labels(&mut text, labels).expect("labels");
        text
    };
    assert_eq!(text(&[("b", "2"), ("a", "1")]), text(&[("a", "1"), ("b", "2")]));
    assert_ne!(text(&[("a", "1\",b=\"2")]), text(&[("a", "1"), ("b", "2")]));
    assert_ne!(text(&[("a=\"1\",b", "2")]), text(&[("a", "1"), ("b", "2")]));
}
