//! Telemetry and features refuse impossible input with its place and live on after anything else.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::engine::features::{
    Clock, FeatureParams, Features, MetricStatistic, Subject, WindowStatistic,
};
use forewarn::engine::telemetry::Telemetry;

const HOUR: f64 = 3_600.0;

/// Two pumps with a day of hourly rows each.
fn fleet() -> Telemetry {
    let mut fleet = Telemetry::new(["heat", "noise"]).unwrap();
    for hour in 0..24 {
        let time = HOUR * f64::from(hour);
        fleet.observe("pump 1", time, &[40.0 + f64::from(hour), 1.0]).unwrap();
        fleet.observe("pump 2", time, &[50.0, f64::from(hour % 3)]).unwrap();
    }
    fleet.event("pump 1", 5.0 * HOUR, "overload").unwrap();
    fleet.maintain("pump 2", 7.0 * HOUR, "bearing").unwrap();
    fleet.describe("pump 1", "model", "A").unwrap();
    fleet.describe("pump 2", "model", "B").unwrap();
    fleet.describe("pump 1", "power", 7.5).unwrap();
    fleet
}

fn plan() -> Features {
    FeatureParams::default().plan(&fleet()).unwrap()
}

fn value(features: &Features, row: &[f64], name: &str) -> f64 {
    row[features.column(name).unwrap()]
}

fn reason(error: Error) -> String {
    match error {
        Error::Incompatible { reason } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn settings_outside_their_range_are_refused_by_name() {
    let of = FeatureParams::default;
    for (params, wanted) in [
        (of().horizon(0.0), "horizon"),
        (of().horizon(f64::NAN), "horizon"),
        (of().horizon(f64::INFINITY), "horizon"),
        (of().windows(vec![1.0, 1.0]), "windows"),
        (of().windows(vec![2.0, 1.0]), "windows"),
        (of().windows(vec![-1.0]), "windows"),
        (of().windows((1..=17).map(f64::from).collect()), "windows"),
        (of().half_lives(vec![0.0]), "half_lives"),
        (of().half_lives(vec![f64::NAN]), "half_lives"),
        (of().event_windows(vec![1e13]), "event_windows"),
        (of().start_values(0), "start_values"),
        (of().most_rows(63), "most_rows"),
        (of().most_rows(1 << 21), "most_rows"),
    ] {
        match params.plan(&fleet()) {
            Err(Error::OutOfRange { name, .. }) => assert_eq!(name, wanted),
            other => panic!("{wanted}: {other:?}"),
        }
    }
    for (params, wanted) in [
        (of().statistics(vec![WindowStatistic::Mean; 2]), "Mean is named twice"),
        (of().of_metric(vec![MetricStatistic::Last; 2]), "Last is named twice"),
        (of().half_lives(vec![]), "FromLevel needs half_lives"),
        (of().clock(Clock::Counted(" ".into())), "the clock has an empty unit"),
    ] {
        let reason = reason(params.check().unwrap_err());
        assert!(reason.starts_with(wanted), "{reason}");
    }
    let many = Telemetry::new((0..10_000).map(|number| format!("metric {number}"))).unwrap();
    let error = of().plan(&many).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { name: "the number of features", .. }), "{error}");
}

#[test]
fn a_refused_row_is_named_and_changes_nothing() {
    let mut fleet = fleet();
    let before = fleet.clone();
    let error = fleet.observe("pump 3", 0.0, &[1.0, f64::INFINITY]).unwrap_err();
    assert_eq!(error, Error::Infinite { row: 48, column: 1, value: f64::INFINITY });
    let error = fleet.observe("pump 3", 0.0, &[1.0]).unwrap_err();
    assert_eq!(error, Error::Width { expected: 2, found: 1 });
    for time in [f64::NAN, f64::INFINITY, 1e13] {
        let error = fleet.observe("pump 3", time, &[1.0, 1.0]).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name: "time", .. }), "{error}");
        assert!(fleet.event("pump 3", time, "new").is_err());
        assert!(fleet.maintain("pump 3", time, "new").is_err());
        assert!(fleet.fail("pump 3", time).is_err());
        assert!(fleet.fail_of("pump 3", time, "new").is_err());
        assert!(fleet.watched_until("pump 3", time).is_err());
    }
    let error = fleet.observe("pump 3", 0.0, &[1e200, 1.0]).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { name: "value", .. }), "{error}");
    let error = fleet.measure("pump 3", 0.0, "smell", 1.0).unwrap_err();
    assert_eq!(reason(error), "metric \"smell\" is not known: the metrics are heat, noise");
    assert!(fleet.observe("", 0.0, &[1.0, 1.0]).is_err());
    assert!(fleet.event("", 0.0, "new").is_err());
    assert!(fleet.event("pump 3", 0.0, "").is_err());
    assert!(fleet.maintain("pump 3", 0.0, "").is_err());
    assert!(fleet.fail_of("pump 3", 0.0, "").is_err());
    assert!(fleet.describe("pump 3", "", 1.0).is_err());
    assert!(fleet.describe("", "new", 1.0).is_err());
    assert!(fleet.describe("pump 3", "new", f64::INFINITY).is_err());
    let error = fleet.describe("pump 1", "model", 3.0).unwrap_err();
    assert_eq!(reason(error), "attribute \"model\" is 3: it was a category before");
    assert!(fleet.describe("pump 1", "power", "strong").is_err());
    // No value here is NaN but the power of pump 2, which was never told.
    assert_eq!(fleet, before);

    let error = Telemetry::new(["heat", "heat"]).unwrap_err();
    assert_eq!(reason(error), "metric \"heat\" is named twice: names must be distinct");
    assert!(Telemetry::new([""]).is_err());
    let error = Telemetry::from_columns(&["a"], &[0.0], &[("x", &[1.0, 2.0])]).unwrap_err();
    assert_eq!(error, Error::Length { what: "metric", expected: 1, found: 2 });
    assert!(Telemetry::from_columns(&["a"], &[], &[("x", &[1.0])]).is_err());
}

#[test]
fn a_refused_observation_leaves_the_entity_as_it_was() {
    let features = plan();
    let mut pump = features.state();
    pump.observe(10.0, &[1.0, 2.0]).unwrap();
    let before = pump.row(20.0).unwrap();
    let error = pump.observe(11.0, &[f64::NEG_INFINITY, 1.0]).unwrap_err();
    assert_eq!(error, Error::Infinite { row: 1, column: 0, value: f64::NEG_INFINITY });
    let error = pump.observe(9.0, &[1.0, 1.0]).unwrap_err();
    assert_eq!(error, Error::TimeWentBack { time: 9.0, last: 10.0 });
    assert!(pump.observe(11.0, &[1.0]).is_err());
    assert!(pump.observe(f64::NAN, &[1.0, 1.0]).is_err());
    assert!(pump.event(9.0, "overload").is_err());
    assert!(pump.maintain(9.0, "bearing").is_err());
    assert!(pump.fail(9.0).is_err());
    assert!(pump.row(9.0).is_err());
    assert!(pump.row(f64::INFINITY).is_err());
    assert!(pump.write_row(20.0, &mut [0.0]).is_err());
    let error = pump.describe("colour", "red").unwrap_err();
    assert_eq!(reason(error), "attribute \"colour\" is not known: there are model, power");
    assert!(pump.describe("model", 2.0).is_err());
    let after = pump.row(20.0).unwrap();
    assert!(before.iter().zip(&after).all(|(a, b)| a.to_bits() == b.to_bits()));
    assert_eq!(pump.last_time(), Some(10.0));
    assert_eq!(features.state().last_time(), None);
}

#[test]
fn odd_telemetry_is_reported_and_used() {
    let mut fleet = fleet();
    fleet.observe("pump 1", 12.5 * HOUR, &[41.0, f64::NAN]).unwrap(); // late
    fleet.observe("pump 1", 3.0 * HOUR, &[99.0, 1.0]).unwrap(); // late, contradicts
    fleet.observe("single", 4.0 * HOUR, &[1.0, 2.0]).unwrap();
    fleet.fail("never seen", 5.0 * HOUR).unwrap();
    fleet.fail("pump 2", 12.0 * HOUR).unwrap();
    fleet.fail("pump 1", 30.0 * HOUR).unwrap();
    for hour in 24..48 {
        fleet.observe("pump 2", HOUR * f64::from(hour), &[50.0, f64::NAN]).unwrap();
    }
    let report = fleet.report();
    assert_eq!((report.entities, report.rows, report.failures), (4, 24 + 1 + 48 + 1, 3));
    assert_eq!((report.late_rows, report.repeated_rows, report.contradicted_values), (2, 1, 1));
    assert_eq!(report.single_rows, ["single"]);
    assert_eq!(report.failures_without_rows, ["never seen"]);
    assert_eq!(report.lives_after_failure, 1);
    assert_eq!(report.vanished.len(), 1);
    let vanished = &report.vanished[0];
    assert_eq!((vanished.entity.as_str(), vanished.metric.as_str()), ("pump 2", "noise"));
    assert_eq!(vanished.last, 23.0 * HOUR);
    let words = report.to_string();
    assert!(words.contains("2 rows came late"), "{words}");
    assert!(words.contains("noise of pump 2 has had no value since 82800"), "{words}");

    let features = FeatureParams::default().plan(&fleet).unwrap();
    let rows = features.rows(&fleet).unwrap();
    assert_eq!(rows.x.nrows(), report.rows);
    assert!(rows.x.iter().all(|value| !value.is_infinite()));
    // The life after the failure knows nothing of the one before.
    let at = |entity: &str, time: f64| {
        let entity = rows.entities.iter().position(|name| name == entity).unwrap();
        let row = (0..rows.time.len())
            .find(|&row| rows.entity[row] == entity && rows.time[row] == time)
            .unwrap();
        rows.x.row(row).to_vec()
    };
    let reborn = at("pump 2", 12.0 * HOUR);
    assert_eq!(value(&features, &reborn, "hours in this life"), 0.0);
    assert_eq!(value(&features, &reborn, "failures so far"), 1.0);
    assert_eq!(value(&features, &reborn, "heat: mean of 24 h"), 50.0);
    assert_eq!(value(&features, &reborn, "bearing: hours since maintenance"), 5.0);
    assert!(value(&features, &reborn, "heat: standard deviation of 24 h").is_nan());
    // The first value given for a time stands.
    assert_eq!(value(&features, &at("pump 1", 3.0 * HOUR), "heat: last value"), 43.0);
    assert_eq!(value(&features, &at("single", 4.0 * HOUR), "heat: mean of 6 h"), 1.0);
}

#[test]
fn a_metric_without_any_value_is_missing_everywhere() {
    let mut fleet = Telemetry::new(["dead", "alive"]).unwrap();
    for hour in 0..30 {
        fleet.observe("a", HOUR * f64::from(hour), &[f64::NAN, 1.0]).unwrap();
    }
    assert_eq!(fleet.report().empty_metrics, ["dead"]);
    let params = FeatureParams::default()
        .statistics(vec![
            WindowStatistic::Mean,
            WindowStatistic::Smallest,
            WindowStatistic::Largest,
            WindowStatistic::Deviation,
            WindowStatistic::Slope,
            WindowStatistic::Change,
        ])
        .of_metric(vec![
            MetricStatistic::Last,
            MetricStatistic::Silence,
            MetricStatistic::Smooth,
            MetricStatistic::FromLevel,
            MetricStatistic::FromStart,
        ]);
    let features = params.plan(&fleet).unwrap();
    let rows = features.rows(&fleet).unwrap();
    for (column, subject) in features.subjects().iter().enumerate() {
        match subject {
            Subject::Metric(0) => assert!(rows.x.column(column).iter().all(|v| v.is_nan())),
            // A constant is known in all ways from the third row on, but for what was before.
            Subject::Metric(1) if !features.names()[column].contains("before") => {
                assert!(rows.x.column(column).iter().skip(2).all(|v| !v.is_nan()));
            }
            _ => {}
        }
    }
}

#[test]
fn columns_are_matched_by_name() {
    let features = plan();
    let own = features.rows(&fleet()).unwrap();
    assert_eq!(own.unmatched.missing, Vec::<String>::new());
    assert_eq!(own.unmatched.unknown, Vec::<String>::new());

    // The same fleet with metrics in another order, one more of each, and categories in another
    // order.
    let mut other = Telemetry::new(["smell", "noise", "heat"]).unwrap();
    other.describe("pump 0", "model", "B").unwrap();
    other.describe("pump 1", "model", "A").unwrap();
    other.describe("pump 2", "model", "B").unwrap();
    other.describe("pump 0", "colour", "red").unwrap();
    other.describe("pump 1", "power", 7.5).unwrap();
    for hour in 0..24 {
        let time = HOUR * f64::from(hour);
        other.observe("pump 1", time, &[0.0, 1.0, 40.0 + f64::from(hour)]).unwrap();
        other.observe("pump 2", time, &[0.0, f64::from(hour % 3), 50.0]).unwrap();
    }
    other.event("pump 1", 5.5 * HOUR, "lightning").unwrap();
    other.event("pump 1", 5.0 * HOUR, "overload").unwrap();
    other.maintain("pump 2", 7.0 * HOUR, "bearing").unwrap();
    let rows = features.rows(&other).unwrap();
    assert_eq!(rows.unmatched.unknown, ["metric smell", "event lightning", "attribute colour"]);
    assert_eq!(rows.unmatched.missing, Vec::<String>::new());
    assert_eq!(rows.entities, ["pump 0", "pump 1", "pump 2"]);
    let same = own.x.iter().zip(&rows.x).all(|(a, b)| a.to_bits() == b.to_bits());
    assert!(same);

    let mut fewer = Telemetry::new(["heat"]).unwrap();
    fewer.observe("a", 0.0, &[1.0]).unwrap();
    fewer.describe("a", "model", "C").unwrap();
    let rows = features.rows(&fewer).unwrap();
    let missing = ["metric noise", "event overload", "part bearing", "attribute power"];
    assert_eq!(rows.unmatched.missing, missing);
    let row = rows.x.row(0).to_vec();
    assert!(value(&features, &row, "noise: last value").is_nan());
    assert!(value(&features, &row, "model").is_nan());
    assert_eq!(value(&features, &row, "heat: last value"), 1.0);

    let mut none = Telemetry::new(["smell"]).unwrap();
    none.observe("a", 0.0, &[1.0]).unwrap();
    let error = features.rows(&none).unwrap_err();
    assert_eq!(reason(error), "none of the plan's metrics is there: heat, noise");
    none.describe("a", "power", "strong").unwrap();
    assert!(features.rows(&none).is_err());
    let empty = Telemetry::new(["heat", "noise"]).unwrap();
    assert_eq!(features.rows(&empty).unwrap_err(), Error::Empty { what: "rows" });
    for step in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-9] {
        let error = features.rows_every(&fleet(), step).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name: "step", .. }), "{step}: {error}");
    }
}

#[test]
fn categories_are_codes_of_the_plan() {
    let features = plan();
    let column = features.column("model").unwrap();
    assert_eq!(features.categorical(), [column]);
    assert_eq!(features.categories(column), ["A", "B"]);
    assert_eq!(features.categories(0), Vec::<String>::new());
    assert_eq!(features.subjects()[column], Subject::Attribute(0));
    let mut pump = features.state();
    pump.observe(0.0, &[1.0, 1.0]).unwrap();
    assert!(pump.row(0.0).unwrap()[column].is_nan());
    for (model, code) in [("B", 1.0), ("A", 0.0)] {
        pump.describe("model", model).unwrap();
        assert_eq!(pump.row(0.0).unwrap()[column], code);
    }
    pump.describe("model", "never heard of").unwrap();
    assert!(pump.row(0.0).unwrap()[column].is_nan());
}

#[test]
fn readings_by_name_are_readings_in_order() {
    let features = plan();
    let (mut listed, mut named) = (features.state(), features.state());
    for hour in 0..10 {
        let (time, heat) = (HOUR * f64::from(hour), f64::from(hour * hour));
        listed.observe(time, &[heat, f64::NAN]).unwrap();
        assert_eq!(named.observe_named(time, [("smell", 1.0), ("heat", heat)]), Ok(1));
    }
    assert!(named.observe_named(11.0 * HOUR, [("noise", f64::INFINITY)]).is_err());
    let (listed, named) = (listed.row(20.0 * HOUR).unwrap(), named.row(20.0 * HOUR).unwrap());
    assert!(listed.iter().zip(&named).all(|(a, b)| a.to_bits() == b.to_bits()));
}

#[cfg(feature = "parallel")]
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let mut fleet = Telemetry::new(["x"]).unwrap();
    for index in 0..5_000_u32 {
        let value = f64::from(index.wrapping_mul(2_654_435_761) >> 7);
        let time = HOUR * f64::from(index / 40);
        fleet.observe(&format!("pump {}", index % 37), time, &[value]).unwrap();
    }
    let features = FeatureParams::default().plan(&fleet).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            assert_eq!(rayon::current_num_threads(), threads);
            features.rows(&fleet).unwrap().x.mapv(f64::to_bits)
        })
    };
    let expected = on(1);
    assert_eq!(expected.nrows(), 125 * 37);
    for threads in [2, 8] {
        assert!(on(threads) == expected, "{threads} threads");
    }
}

/// Only events and failures: rows at even times.
#[test]
fn events_alone_make_rows() {
    let mut fleet = Telemetry::new(Vec::<String>::new()).unwrap();
    fleet.event("disk", 0.0, "bad sector").unwrap();
    fleet.event("disk", 9.0 * HOUR, "bad sector").unwrap();
    fleet.fail("disk", 40.0 * HOUR).unwrap();
    let features = FeatureParams::default().plan(&fleet).unwrap();
    assert_eq!(features.rows(&fleet).unwrap_err(), Error::Empty { what: "rows" });
    let rows = features.rows_every(&fleet, 10.0 * HOUR).unwrap();
    assert_eq!(rows.time, [0.0, 10.0, 20.0, 30.0, 40.0].map(|hours| hours * HOUR));
    let count = features.column("bad sector: count in 24 h").unwrap();
    assert_eq!(rows.x.column(count).to_vec(), [1.0, 2.0, 2.0, 1.0, 0.0]);
    assert_eq!(rows.fails, [Some(false), Some(false), Some(true), Some(true), None]);
}

/// Values at the edge of what is allowed: features are numbers or missing, never infinite.
#[test]
fn the_largest_values_make_no_infinite_feature() {
    let mut telemetry = Telemetry::new(["x"]).unwrap();
    for index in 0..200 {
        let value = if index % 2 == 0 { 1e150 } else { -1e150 };
        telemetry.observe("a", f64::from(index) * 1e9, &[value]).unwrap();
        telemetry.observe("b", f64::from(index) * 1e-9, &[value]).unwrap();
    }
    let params = FeatureParams::default().windows(vec![1e-8, 1e10, 1e12]);
    let rows = params.plan(&telemetry).unwrap().rows(&telemetry).unwrap();
    assert!(rows.x.iter().all(|value| !value.is_infinite()));
    assert!(rows.x.iter().any(|value| *value == 1e150));
}

#[cfg(feature = "serde")]
#[test]
fn a_saved_plan_is_the_same_plan_and_an_impossible_one_is_refused() {
    let features = plan();
    assert_eq!(Features::from_bytes(&features.to_bytes().unwrap()).unwrap(), features);
    let json = serde_json::to_string(&features).unwrap();
    assert_eq!(serde_json::from_str::<Features>(&json).unwrap(), features);
    for (from, to) in [
        (r#""metrics":["heat","noise"]"#, r#""metrics":["heat","heat"]"#),
        (r#""horizon":86400.0"#, r#""horizon":-1.0"#),
        (r#""format":1"#, r#""format":2"#),
        (r#""model",["A","B"]"#, r#""model",["A","A"]"#),
        (r#""most_rows""#, r#""most_columns""#),
    ] {
        assert!(json.contains(from), "{from} is not in {json}");
        assert!(serde_json::from_str::<Features>(&json.replace(from, to)).is_err(), "{to}");
    }
    let mut bytes = features.to_bytes().unwrap();
    bytes[30] ^= 1;
    assert!(matches!(Features::from_bytes(&bytes), Err(Error::InvalidModel { .. })));
}

#[cfg(feature = "serde")]
#[test]
fn an_impossible_entity_is_refused() {
    use forewarn::engine::features::EntityState;
    let mut pump = plan().state();
    pump.observe(10.0, &[1.5, 2.5]).unwrap();
    pump.observe(11.0, &[1.75, f64::NAN]).unwrap();
    pump.event(11.0, "overload").unwrap();
    pump.describe("model", "B").unwrap();
    let json = serde_json::to_string(&pump).unwrap();
    assert!(serde_json::from_str::<EntityState>(&json).is_ok());
    for (from, to) in [
        (r#""times":[10.0,11.0]"#, r#""times":[11.0,10.0]"#),
        (r#""times":[10.0,11.0]"#, r#""times":[10.0,12.0]"#),
        (r#""times":[10.0,11.0]"#, r#""times":[11.0]"#),
        (r#""now":11.0"#, r#""now":null"#),
        (r#""now":11.0"#, r#""now":1e300"#),
        (r#""first":0"#, r#""first":18446744073709551615"#),
        (r#""values":[1.5,"#, r#""values":[1e200,"#),
        (r#""count":2"#, r#""count":18446744073709551615"#),
        (r#""squares":0.03125"#, r#""squares":-1.0"#),
        (r#""attributes":[1.0,null]"#, r#""attributes":[2.0,null]"#),
        (r#""attributes":[1.0,null]"#, r#""attributes":[0.5,null]"#),
        (r#""attributes":[1.0,null]"#, r#""attributes":[1.0]"#),
        (r#""times":[11.0]"#, r#""times":[12.0]"#),
    ] {
        assert!(json.contains(from), "{from} is not in {json}");
        assert!(serde_json::from_str::<EntityState>(&json.replace(from, to)).is_err(), "{to}");
    }
    let mut bytes = pump.to_bytes().unwrap();
    bytes.truncate(bytes.len() - 1);
    assert!(matches!(EntityState::from_bytes(&bytes), Err(Error::InvalidModel { .. })));
}
