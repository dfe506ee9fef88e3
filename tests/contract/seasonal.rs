//! A seasonal band learns rhythms, follows clocks, and refuses impossible input.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::threshold::{Band, SeasonalBand, SeasonalBandParams};
use std::f64::consts::TAU;

const STEP: f64 = 300.0;
const DAY: u32 = 288;

fn noise(index: u32) -> f64 {
    f64::from((index.wrapping_mul(2_654_435_761) >> 16) & 0xFFFF) / 65_535.0 - 0.5
}

/// A day's rhythm of 50 up and down, half of it at weekends, and noise of 5 up and down.
fn load(index: u32, shift: f64) -> f64 {
    let hours = f64::from(index) * STEP / 3600.0 + shift;
    let weekend = (hours / 24.0).floor() % 7.0 >= 5.0;
    let size = if weekend { 25.0 } else { 50.0 };
    200.0 + size * (hours / 24.0 * TAU).sin() + 10.0 * noise(index)
}

fn band() -> SeasonalBand {
    SeasonalBandParams::default().build().unwrap()
}

/// The alarms of the days from `from` on.
fn alarms(band: &mut SeasonalBand, from: u32, days: u32, value: impl Fn(u32) -> f64) -> u32 {
    (from * DAY..(from + days) * DAY)
        .map(|index| band.update(f64::from(index) * STEP, value(index)).unwrap())
        .map(|judgement| u32::from(judgement.alarm.is_some()))
        .sum()
}

#[test]
fn the_rate_asked_for_is_kept_on_a_weekly_rhythm() {
    let mut band = SeasonalBandParams::default().rate(0.01).build().unwrap();
    alarms(&mut band, 0, 42, |index| load(index, 0.0));
    let raised = alarms(&mut band, 42, 56, |index| load(index, 0.0));
    let share = f64::from(raised) / f64::from(56 * DAY);
    println!("asked 0.01, attained {share:.4}");
    assert!((0.005..=0.02).contains(&share), "asked 0.01, attained {share}");
}

#[test]
fn what_is_normal_at_noon_is_not_at_night() {
    let mut band = band();
    alarms(&mut band, 0, 28, |index| load(index, 0.0));
    let morning = f64::from(28 * DAY) * STEP + 6.0 * 3600.0;
    let evening = morning + 12.0 * 3600.0;
    assert!(band.band_at(morning).lower > band.band_at(evening).upper);
    assert!((band.expected_at(morning).unwrap() - 250.0).abs() < 10.0);
}

#[test]
fn a_clock_set_forward_is_noticed_within_two_days() {
    let mut band = band();
    alarms(&mut band, 0, 28, |index| load(index, 0.0));
    assert_eq!(band.clock_offset(), 0.0);
    alarms(&mut band, 28, 2, |index| load(index, 1.0));
    assert_eq!(band.clock_offset(), 3600.0);
    let raised = alarms(&mut band, 30, 14, |index| load(index, 1.0));
    assert_eq!(band.clock_offset(), 3600.0);
    assert!(raised < 14 * DAY / 100, "{raised} alarms");
}

#[test]
fn a_new_level_is_followed() {
    let mut band = band();
    alarms(&mut band, 0, 28, |index| load(index, 0.0));
    let at_first = alarms(&mut band, 28, 1, |index| load(index, 0.0) + 300.0);
    assert!((20..=60).contains(&at_first), "{at_first} alarms on the first day");
    let raised = alarms(&mut band, 29, 14, |index| load(index, 0.0) + 300.0);
    assert!(raised < 14 * DAY / 100, "{raised} alarms");
}

#[test]
fn missing_and_irregular_observations_need_no_care() {
    let mut band = band();
    let mut raised = 0;
    for index in 0..42 * DAY {
        if index % 7 == 3 || (index / DAY) % 11 == 5 {
            continue;
        }
        let value = if index.is_multiple_of(13) { f64::NAN } else { load(index, 0.0) };
        let time = f64::from(index) * STEP + 100.0 * (noise(index + 7) + 0.5);
        raised += u32::from(band.update(time, value).unwrap().alarm.is_some());
    }
    assert!(band.missing() > 0);
    assert!(raised < 42 * DAY / 100, "{raised} alarms");
}

#[test]
fn impossible_input_is_refused_and_changes_nothing() {
    for rate in [0.0, 0.6, f64::NAN] {
        let error = SeasonalBandParams::default().rate(rate).build();
        assert!(matches!(error, Err(Error::OutOfRange { name: "rate", .. })));
    }
    for weight in [0.0, 1.5, f64::NAN] {
        let error = SeasonalBandParams::default().weight(weight).build();
        assert!(matches!(error, Err(Error::OutOfRange { name: "weight", .. })));
    }
    let error = SeasonalBandParams::default().warm_up_days(0).build();
    assert!(matches!(error, Err(Error::OutOfRange { name: "warm_up_days", .. })));
    let mut band = band();
    alarms(&mut band, 0, 5, |index| load(index, 0.0));
    let before = band.clone();
    let now = f64::from(5 * DAY) * STEP;
    assert!(band.update(now, f64::INFINITY).is_err());
    assert!(band.update(f64::NAN, 1.0).is_err());
    assert!(matches!(band.update(0.0, 1.0), Err(Error::TimeWentBack { .. })));
    assert_eq!(band, before);
}

#[test]
fn strange_metrics_are_survived() {
    let metrics: [&dyn Fn(u32) -> f64; 4] = [
        &|_| 5.0,
        &|index| if index % 2 == 0 { f64::MAX } else { f64::MIN },
        &|index| noise(index) * 1e-300,
        &|index| if index == 0 { 1e300 } else { noise(index) },
    ];
    for value in metrics {
        let mut band = band();
        assert_eq!(band.band_at(0.0), Band::ALL);
        for index in 0..10 * DAY {
            let judgement = band.update(f64::from(index) * STEP, value(index)).unwrap();
            assert!(judgement.score.is_finite() && judgement.score >= 0.0, "{judgement:?}");
            assert!(judgement.band.lower <= judgement.band.upper, "{judgement:?}");
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_saved_band_goes_on_as_if_it_had_never_stopped() {
    for days in [0, 1, 12] {
        let mut band = band();
        alarms(&mut band, 0, days, |index| load(index, 0.0));
        let bytes = band.to_bytes().unwrap();
        assert!(bytes.len() <= 4096, "{} bytes", bytes.len());
        let mut loaded = SeasonalBand::from_bytes(&bytes).unwrap();
        let text = serde_json::to_string(&band).unwrap();
        assert_eq!(serde_json::from_str::<SeasonalBand>(&text).unwrap(), band);
        alarms(&mut band, days, 2, |index| load(index, 0.0));
        alarms(&mut loaded, days, 2, |index| load(index, 0.0));
        assert_eq!(loaded, band);
        assert!(SeasonalBand::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }
}
