//! The tuner refuses what cannot be, names it, and stays as it was.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::threshold::{
    AlarmCosts, AlarmVerdict, Opinion, ScoredPoint, ThresholdTuner, ThresholdTunerParams,
};
use forewarn::traits::Tune;

fn point(group: u64, time: f64, score: f64) -> ScoredPoint {
    ScoredPoint { group, time, score }
}

#[test]
fn settings_out_of_range_are_named() {
    let base = ThresholdTunerParams::default;
    let costs = |false_alarm, miss, delay_per_minute| {
        base().costs(AlarmCosts { false_alarm, miss, delay_per_minute })
    };
    let cases: Vec<(&str, ThresholdTunerParams)> = vec![
        ("costs.false_alarm", costs(0.0, 1.0, 0.0)),
        ("costs.false_alarm", costs(f64::NAN, 1.0, 0.0)),
        ("costs.miss", costs(1.0, -1.0, 0.0)),
        ("costs.miss", costs(1.0, f64::INFINITY, 0.0)),
        ("costs.delay_per_minute", costs(1.0, 1.0, -1.0)),
        ("costs.delay_per_minute", costs(1.0, 1.0, f64::NAN)),
        ("rate", base().rate(0.0)),
        ("rate", base().rate(1.0)),
        ("rate", base().rate(f64::NAN)),
        ("spread", base().spread(-1.0)),
        ("group_spread", base().group_spread(f64::NAN)),
        ("slope", base().slope(0.0)),
        ("persistence", base().persistence(-1.0)),
        ("max_step", base().max_step(0.0)),
        ("max_fall", base().max_fall(-1.0)),
        ("max_rise", base().max_rise(f64::INFINITY)),
        ("gap", base().gap(-1.0)),
        ("gap", base().gap(f64::NAN)),
        ("max_groups", base().max_groups(0)),
        ("max_incidents", base().max_incidents(0)),
        ("max_verdicts", base().max_verdicts(0)),
        ("max_groups", base().max_groups(usize::MAX)),
    ];
    for (expected, params) in cases {
        let history = [point(0, 0.0, 1.0)];
        for error in [params.start().unwrap_err(), params.optimize(&history, &[]).unwrap_err()] {
            let Error::OutOfRange { name, allowed, .. } = error else { panic!("{error}") };
            assert_eq!(name, expected);
            assert!(!allowed.is_empty());
        }
    }
}

#[test]
fn scores_and_times_that_cannot_be_leave_the_state_as_it_was() {
    let mut tuner = ThresholdTunerParams::default().start().unwrap();
    tuner.judge(point(0, 100.0, 6.0)).unwrap();
    let before = tuner.clone();
    for bad in [
        point(0, f64::NAN, 1.0),
        point(0, f64::INFINITY, 1.0),
        point(0, 99.0, 1.0),
        point(0, 200.0, f64::INFINITY),
        point(0, 200.0, f64::NEG_INFINITY),
        point(0, 200.0, -0.1),
        point(0, 200.0, 1e7),
        point(9, 200.0, -1.0),
    ] {
        assert!(tuner.judge(bad).is_err(), "{bad:?}");
        assert_eq!(tuner, before);
    }
    let error = tuner.judge(point(0, 99.0, 1.0)).unwrap_err();
    assert_eq!(error, Error::TimeWentBack { time: 99.0, last: 100.0 });
    // A time that repeats, another group's clock and ten years of silence are all fine.
    assert!(!tuner.judge(point(0, 100.0, 6.0)).unwrap().raise);
    assert!(tuner.judge(point(1, 5.0, 6.0)).unwrap().raise);
    assert!(tuner.judge(point(0, 3.2e8, 6.0)).unwrap().raise);
}

#[test]
fn verdicts_without_a_time_are_refused() {
    let mut tuner = ThresholdTunerParams::default().start().unwrap();
    tuner.judge(point(0, 100.0, 6.0)).unwrap();
    let before = tuner.clone();
    for time in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e6] {
        for opinion in [Opinion::FalseAlarm, Opinion::Real, Opinion::Missed] {
            assert!(tuner.observe(AlarmVerdict { group: 0, time, opinion }).is_err());
            assert_eq!(tuner, before);
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_million_groups_take_no_more_memory_than_the_settings_say() {
    let params = ThresholdTunerParams::default().max_groups(8).max_incidents(50).max_verdicts(30);
    let mut tuner = params.start().unwrap();
    let mut largest = 0;
    for group in 0..100_000 {
        let time = group as f64;
        assert!(tuner.judge(point(group, time, 20.0)).unwrap().raise);
        if group % 100 == 0 {
            let opinion = Opinion::FalseAlarm;
            tuner.observe(AlarmVerdict { group, time, opinion }).unwrap();
            largest = largest.max(tuner.to_bytes().unwrap().len());
        }
    }
    assert_eq!(tuner.incidents().count(), 50);
    assert_eq!(tuner.verdicts().count(), 30);
    assert_eq!(tuner.open_incidents().count(), 8);
    assert!(largest < 20_000, "{largest} bytes");
    // What was forgotten is unknown, not guessed.
    let old = AlarmVerdict { group: 1, time: 1.0, opinion: Opinion::Real };
    assert!(tuner.observe(old).is_err());
}

#[test]
fn histories_that_say_nothing_are_answered_all_the_same() {
    let costs = AlarmCosts::default();
    let error = ThresholdTuner::optimize(&[], &[], costs).unwrap_err();
    assert_eq!(error, Error::Empty { what: "history" });
    let one = ThresholdTuner::optimize(&[point(3, 0.0, 9.0)], &[], costs).unwrap();
    assert_eq!((one.threshold, one.weeks), (4.0, 0.0));
    assert!(one.alarms_per_week.low <= one.alarms_per_week.mean);
    assert!(one.alarms_per_week.high.is_finite());
    let nothing: Vec<_> = (0..50).map(|i| point(0, f64::from(i) * 3600.0, f64::NAN)).collect();
    let nothing = ThresholdTuner::optimize(&nothing, &[], costs).unwrap();
    assert_eq!((nothing.alarms_per_week.mean, nothing.tuner.missing()), (0.0, 50));
    let unknown = AlarmVerdict { group: 3, time: 1e9, opinion: Opinion::Real };
    assert!(ThresholdTuner::optimize(&[point(3, 0.0, 9.0)], &[unknown], costs).is_err());
    let back = [point(0, 5.0, 1.0), point(0, 4.0, 1.0)];
    assert!(matches!(
        ThresholdTuner::optimize(&back, &[], costs).unwrap_err(),
        Error::TimeWentBack { .. }
    ));
}

#[cfg(feature = "serde")]
#[test]
fn edited_states_are_refused() {
    let mut tuner = ThresholdTunerParams::default().start().unwrap();
    tuner.judge(point(0, 100.0, 6.0)).unwrap();
    let opinion = Opinion::FalseAlarm;
    tuner.observe(AlarmVerdict { group: 0, time: 100.0, opinion }).unwrap();
    let bytes = tuner.to_bytes().unwrap();
    for length in 0..bytes.len() {
        assert!(ThresholdTuner::from_bytes(&bytes[..length]).is_err());
    }
    for at in 0..bytes.len() {
        let mut edited = bytes.clone();
        edited[at] ^= 0x10;
        assert!(ThresholdTuner::from_bytes(&edited).is_err(), "byte {at}");
    }
    let text = serde_json::to_string(&tuner).unwrap();
    assert_eq!(serde_json::from_str::<ThresholdTuner>(&text).unwrap(), tuner);
    for (from, to) in [
        ("\"rate\":0.0001", "\"rate\":2.0"),
        ("\"start\":100.0", "\"start\":200.0"),
        ("\"first\":100.0", "\"first\":101.0"),
        ("\"peak\":6.0", "\"peak\":-5.0"),
        ("\"max_groups\":1024", "\"max_groups\":0"),
        ("\"format\":1", "\"format\":2"),
        ("\"missing\":0", "\"missed\":0"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        let edited = text.replacen(from, to, 1);
        assert!(serde_json::from_str::<ThresholdTuner>(&edited).is_err(), "{to}");
    }
}
