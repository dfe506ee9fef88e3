//! A metric monitor refuses impossible input and lives on after anything else.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::threshold::{AlarmRate, MetricMonitor, MetricMonitorParams, Reason, Side, Sides};

const MINUTE: f64 = 60.0;

/// A noise without a generator: whole numbers from 0 to 100.
fn noise(index: u32) -> f64 {
    f64::from(index.wrapping_mul(2_654_435_761) >> 16 & 0xFFFF) / 655.35
}

fn monitor() -> MetricMonitor {
    MetricMonitorParams::default().build().unwrap()
}

/// A monitor that has seen `count` minutes of `value`.
fn after(count: u32, value: impl Fn(u32) -> f64) -> MetricMonitor {
    let mut monitor = monitor();
    for index in 0..count {
        monitor.update(f64::from(index) * MINUTE, value(index)).unwrap();
    }
    monitor
}

#[test]
fn settings_outside_their_range_are_refused() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1001.0] {
        let error = MetricMonitorParams::default().rate(AlarmRate::PerWeek(rate)).build();
        assert!(matches!(error, Err(Error::OutOfRange { name: "rate", .. })), "{rate}");
    }
    for rate in [0.0, -1.0, f64::NAN, 0.2] {
        let error = MetricMonitorParams::default().rate(AlarmRate::PerObservation(rate)).build();
        assert!(matches!(error, Err(Error::OutOfRange { name: "rate", .. })), "{rate}");
    }
    for warm_up in [0, 31, 1_000_001] {
        let error = MetricMonitorParams::default().warm_up(warm_up).build();
        assert!(matches!(error, Err(Error::OutOfRange { name: "warm_up", .. })), "{warm_up}");
    }
}

#[test]
fn a_refused_observation_leaves_the_state_as_it_was() {
    let mut monitor = after(300, noise);
    let before = monitor.clone();
    for value in [f64::INFINITY, f64::NEG_INFINITY] {
        let error = monitor.update(300.0 * MINUTE, value).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name: "value", .. }), "{error}");
    }
    for time in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = monitor.update(time, 1.0).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name: "time", .. }), "{error}");
    }
    let error = monitor.update(298.0 * MINUTE, 1.0).unwrap_err();
    assert_eq!(error, Error::TimeWentBack { time: 298.0 * MINUTE, last: 299.0 * MINUTE });
    assert_eq!(monitor, before);
}

#[test]
fn a_missing_value_is_counted_and_raises_nothing() {
    let mut monitor = after(300, noise);
    let reading = monitor.update(300.0 * MINUTE, f64::NAN).unwrap();
    assert_eq!(reading.reason, Reason::Missing);
    assert_eq!((reading.judgement.alarm, monitor.missing()), (None, 1));
    assert_eq!(self::monitor().update(0.0, f64::NAN).unwrap().reason, Reason::Missing);
}

#[test]
fn times_may_repeat_and_long_silences_end() {
    let mut monitor = after(1000, noise);
    let now = 999.0 * MINUTE;
    monitor.update(now, 50.0).unwrap();
    let reading = monitor.update(now + 10.0 * 365.25 * 86_400.0, 5000.0).unwrap();
    assert_eq!((reading.reason, reading.judgement.alarm), (Reason::Gap, None));
    assert_eq!(monitor.step(), Some(MINUTE));
}

#[test]
fn strange_metrics_are_survived_with_finite_scores() {
    let huge = |index: u32| if index.is_multiple_of(3) { 1e300 } else { -1e300 };
    let tiny = |index: u32| noise(index) * 1e-300;
    let both = |index: u32| if index.is_multiple_of(2) { 1e-300 } else { 1e300 };
    let two = |index: u32| f64::from(index % 2);
    let first_huge = |index: u32| if index == 0 { 1e18 } else { noise(index) };
    let limits = |index: u32| if index.is_multiple_of(2) { f64::MAX } else { f64::MIN };
    let zero_then_one = |index: u32| f64::from(u8::from(index > 2000));
    let metrics: [&dyn Fn(u32) -> f64; 8] =
        [&huge, &tiny, &both, &two, &first_huge, &limits, &zero_then_one, &|_| 5.0];
    for (metric, value) in metrics.into_iter().enumerate() {
        let mut monitor = monitor();
        for index in 0..4000 {
            let reading = monitor.update(f64::from(index) * MINUTE, value(index)).unwrap();
            let score = reading.judgement.score;
            assert!(score.is_finite() && score >= 0.0, "metric {metric}: score {score}");
            let band = reading.judgement.band;
            assert!(band.lower <= band.upper, "metric {metric}: {band:?}");
        }
    }
}

#[test]
fn a_first_value_that_is_huge_hides_no_later_one() {
    let mut monitor = after(2000, |index| if index == 0 { 1e18 } else { noise(index) });
    let reading = monitor.update(2000.0 * MINUTE, 1000.0).unwrap();
    assert_eq!(reading.judgement.alarm, Some(Side::Upper));
}

#[test]
fn a_spike_alarms_on_the_side_that_is_watched() {
    for (sides, value, expected) in [
        (Sides::Both, 1000.0, Some(Side::Upper)),
        (Sides::Both, -1000.0, Some(Side::Lower)),
        (Sides::Upper, 1000.0, Some(Side::Upper)),
        (Sides::Upper, -1000.0, None),
        (Sides::Lower, -1000.0, Some(Side::Lower)),
    ] {
        let mut monitor = MetricMonitorParams::default().sides(sides).build().unwrap();
        for index in 0..2000 {
            monitor.update(f64::from(index) * MINUTE, noise(index)).unwrap();
        }
        let reading = monitor.update(2000.0 * MINUTE, value).unwrap();
        assert_eq!(reading.judgement.alarm, expected, "{sides:?} {value}");
    }
}

#[test]
fn a_new_level_is_followed_and_reported() {
    let mut monitor = after(2000, noise);
    let mut alarms = 0;
    let mut reported = false;
    for index in 2000..3000 {
        let reading = monitor.update(f64::from(index) * MINUTE, 1000.0 + noise(index)).unwrap();
        alarms += u32::from(reading.judgement.alarm.is_some());
        reported |= reading.reason == Reason::LevelShift;
    }
    assert!(reported);
    assert!((1..=12).contains(&alarms), "{alarms} alarms in 1,000 minutes at a new level");
}

#[test]
fn a_counter_is_watched_by_its_rate() {
    let mut monitor = monitor();
    let mut total = 0.0;
    for index in 0..3000 {
        total += 100.0 + noise(index);
        if index == 2000 {
            total = 0.0;
        }
        let reading = monitor.update(f64::from(index) * MINUTE, total).unwrap();
        if index == 2000 {
            assert_eq!(reading.reason, Reason::CounterReset);
        } else if index > 500 {
            assert_eq!(reading.judgement.alarm, None, "minute {index}: {reading:?}");
        }
    }
    let reading = monitor.update(3000.0 * MINUTE, total + 5000.0).unwrap();
    assert_eq!(reading.judgement.alarm, Some(Side::Upper));
    assert!(reading.judgement.band.lower > total && reading.judgement.band.upper < total + 5000.0);
}

#[test]
fn a_flat_line_is_reported() {
    let mut monitor = after(1000, noise);
    let mut flat = 0;
    for index in 1000..1100 {
        let reading = monitor.update(f64::from(index) * MINUTE, 50.0).unwrap();
        flat += u32::from(reading.reason == Reason::FlatLine);
    }
    assert!(flat >= 50, "{flat}");
}

#[test]
fn a_monitor_fits_into_two_kibibytes() {
    assert!(size_of::<MetricMonitor>() <= 2048, "{}", size_of::<MetricMonitor>());
}

#[cfg(feature = "serde")]
#[test]
fn a_saved_monitor_goes_on_as_if_it_had_never_stopped() {
    for count in [0, 1, 10, 50, 5000] {
        let mut monitor = after(count, noise);
        let bytes = monitor.to_bytes().unwrap();
        let mut loaded = MetricMonitor::from_bytes(&bytes).unwrap();
        assert_eq!(loaded, monitor);
        let text = serde_json::to_string(&monitor).unwrap();
        assert_eq!(serde_json::from_str::<MetricMonitor>(&text).unwrap(), monitor);
        for index in count..count + 500 {
            let time = f64::from(index) * MINUTE;
            let readings = (monitor.update(time, noise(index)), loaded.update(time, noise(index)));
            assert_eq!(readings.0, readings.1);
        }
        for cut in [0, 7, 20, bytes.len() - 1] {
            let error = MetricMonitor::from_bytes(&bytes[..cut]).unwrap_err();
            assert!(matches!(error, Error::InvalidModel { .. }), "{error}");
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn an_edited_monitor_is_refused() {
    let text = serde_json::to_string(&after(300, noise)).unwrap();
    for (name, wrong) in [("\"warm_up\":200", "\"warm_up\":0"), ("\"len\":1", "\"len\":17")] {
        assert!(text.contains(name), "{name} is not in the file");
        assert!(serde_json::from_str::<MetricMonitor>(&text.replacen(name, wrong, 1)).is_err());
    }
}
