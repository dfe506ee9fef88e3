//! Forecasts answer every metric, and refuse impossible input.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::trend::ForecastParams;

fn hours(count: usize) -> Vec<f64> {
    (0..count).map(|hour| 3600.0 * hour as f64).collect()
}

fn noise(step: usize) -> f64 {
    ((step * 7_919) % 1_009) as f64 / 1_009.0 - 0.5
}

#[test]
fn a_constant_stays_and_a_line_goes_on() {
    let params = ForecastParams::default();
    let constant = params.forecast(&hours(100), &[7.25; 100], 50).unwrap();
    for point in &constant.points {
        assert_eq!([point.lower, point.value, point.upper], [7.25; 3]);
    }
    let line: Vec<f64> = (0..300).map(|hour| 5.0 + 0.5 * f64::from(hour)).collect();
    let forecast = params.forecast(&hours(300), &line, 24).unwrap();
    for (index, point) in forecast.points.iter().enumerate() {
        let truth = 5.0 + 0.5 * (300 + index) as f64;
        assert!((point.value - truth).abs() < 0.1, "{truth}: {point:?}");
        assert_eq!(point.time, 3600.0 * (300 + index) as f64);
    }
    let sentence = forecast.to_string();
    assert!(sentence.starts_with("in 24 steps 16"), "{sentence}");
    assert!(sentence.contains(", 90 % interval 16"), "{sentence}");
}

#[test]
fn a_rhythm_is_known_after_two_periods() {
    let load = |hour: usize| if hour % 24 < 8 { 10.0 } else { 90.0 } + noise(hour);
    let values: Vec<f64> = (0..72).map(load).collect();
    let forecast = ForecastParams::default().forecast(&hours(72), &values, 48).unwrap();
    for (index, point) in forecast.points.iter().enumerate() {
        assert!((point.value - load(72 + index)).abs() < 2.0, "{index}: {point:?}");
    }
}

#[test]
fn wild_values_and_gaps_are_borne() {
    let load = |hour: usize| {
        50.0 + 20.0 * (hour as f64 / 24.0 * std::f64::consts::TAU).sin() + noise(hour)
    };
    let mut times = hours(500);
    let mut values: Vec<f64> = (0..500).map(load).collect();
    for hour in (7..500).step_by(61) {
        values[hour] = 1e6;
    }
    values[100..130].fill(f64::NAN);
    times.drain(200..260);
    values.drain(200..260);
    let forecast = ForecastParams::default().forecast(&times, &values, 24).unwrap();
    for (index, point) in forecast.points.iter().enumerate() {
        assert!((point.value - load(500 + index)).abs() < 4.0, "{index}: {point:?}");
    }
}

#[test]
fn days_and_weeks_are_told_apart() {
    // Offices: busy by day, closed on two days of seven.
    let load = |hour: usize| {
        let (day, hour) = (hour / 24 % 7, hour % 24);
        if day < 5 && (8..18).contains(&hour) { 100.0 } else { 10.0 }
    };
    let values: Vec<f64> = (0..24 * 7 * 5).map(|hour| load(hour) + noise(hour)).collect();
    let weekly = ForecastParams::default();
    let forecast = weekly.forecast(&hours(values.len()), &values, 168).unwrap();
    for (index, point) in forecast.points.iter().enumerate() {
        let truth = load(values.len() + index);
        assert!((point.value - truth).abs() < 5.0, "{index}: {point:?}");
    }
    // Without the week the days that are closed are not known.
    let daily = weekly.long_period(None).forecast(&hours(values.len()), &values, 168).unwrap();
    let most = daily.points.iter().map(|point| point.upper - point.lower).fold(0.0, f64::max);
    assert!(most > 50.0, "{most}");
}

#[test]
fn uneven_times_are_put_on_a_grid() {
    let load = |time: f64| 50.0 + 20.0 * (time / 86_400.0 * std::f64::consts::TAU).sin();
    // Every few minutes, up to six hours of silence, some at the same time.
    let (mut times, mut values, mut time) = (Vec::new(), Vec::new(), 0.0);
    for step in 0..4_000 {
        let silence = if step % 500 == 499 { 21_600.0 } else { 0.0 };
        time += (300.0 * (1.0 + noise(step)) + silence) * f64::from(u8::from(step % 7 > 0));
        times.push(time);
        values.push(load(time) + noise(step + 5));
    }
    let params = ForecastParams::default().step(Some(1800.0));
    let forecast = params.forecast(&times, &values, 48).unwrap();
    for point in &forecast.points {
        assert!((point.value - load(point.time)).abs() < 4.0, "{point:?}");
        assert!(point.lower < point.value && point.value < point.upper);
    }
    assert_eq!(forecast.points[0].time, time + 1800.0);
}

#[test]
fn short_histories_and_late_beginnings_are_answered() {
    for count in 16..60 {
        let values: Vec<f64> = (0..count).map(|step| 20.0 + noise(step)).collect();
        let forecast = ForecastParams::default().forecast(&hours(count), &values, 24).unwrap();
        for point in &forecast.points {
            assert!((point.value - 20.0).abs() < 1.0, "{count}: {point:?}");
            assert!(point.lower < point.upper, "{count}: {point:?}");
        }
    }
    // A cluster, and one value long after it: no question of the past has an answer.
    let mut times = hours(17);
    times[16] = 864_000.0;
    let values: Vec<f64> = (0..17).map(|step| 20.0 + noise(step)).collect();
    let forecast = ForecastParams::default().forecast(&times, &values, 24).unwrap();
    for point in &forecast.points {
        assert!((point.value - 20.0).abs() < 1.0 && point.upper - point.lower > 0.5, "{point:?}");
    }
    // One value, and ten days later the others.
    let mut times = hours(100);
    times[1..].iter_mut().for_each(|time| *time += 864_000.0);
    let values: Vec<f64> = (0..100).map(|step| 20.0 + noise(step)).collect();
    let forecast = ForecastParams::default().forecast(&times, &values, 24).unwrap();
    assert!(forecast.points.iter().all(|point| (point.value - 20.0).abs() < 1.0));
}

#[test]
fn numbers_at_the_limits_are_answered() {
    let values = |step: usize| if step.is_multiple_of(2) { 1e300 } else { -1e300 };
    let values: Vec<f64> = (0..100).map(values).collect();
    let forecast = ForecastParams::default().forecast(&hours(100), &values, 200).unwrap();
    assert!(forecast.points.iter().all(|point| point.value.abs() <= 2e300));
    let tiny: Vec<f64> = (0..100).map(|step| 1e-300 * noise(step)).collect();
    let forecast = ForecastParams::default().forecast(&hours(100), &tiny, 5).unwrap();
    assert!(forecast.points.iter().all(|point| point.value.abs() <= 1e-300));
    // Many values at each time, and times far apart.
    let times: Vec<f64> = (0..100).map(|step| 1e12 * f64::from(step / 5)).collect();
    let forecast = ForecastParams::default().forecast(&times, &tiny, 5).unwrap();
    assert_eq!(forecast.step, 1e12);
}

#[test]
fn impossible_input_is_refused() {
    let params = ForecastParams::default();
    let (times, values) = (hours(50), vec![1.0; 50]);
    let name = |params: ForecastParams, times: &[f64], values: &[f64], steps: usize| match params
        .forecast(times, values, steps)
    {
        Err(Error::OutOfRange { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(name(params.step(Some(0.0)), &times, &values, 1), "step");
    assert_eq!(name(params.period(Some(f64::NAN)), &times, &values, 1), "period");
    assert_eq!(name(params.long_period(Some(-1.0)), &times, &values, 1), "long_period");
    assert_eq!(name(params.interval(0.995), &times, &values, 1), "interval");
    assert_eq!(name(params, &times, &values, 0), "steps");
    assert_eq!(name(params, &times, &values, 100_001), "steps");
    assert_eq!(name(params, &[], &[], 1), "cells with values");
    assert_eq!(name(params, &[5.0; 50], &values, 1), "cells with values");
    assert_eq!(name(params, &times, &[f64::NAN; 50], 1), "cells with values");
    assert_eq!(name(params, &times[..15], &values[..15], 1), "cells with values");
    assert_eq!(name(params.step(Some(0.1)), &times, &values, 1), "cells");
    for bad in [f64::NAN, f64::INFINITY, -1e15] {
        let mut times = times.clone();
        times[49] = bad;
        assert_eq!(name(params, &times, &values, 1), "time");
    }
    for bad in [f64::INFINITY, -1e301] {
        let mut values = values.clone();
        values[3] = bad;
        assert_eq!(name(params, &times, &values, 1), "value");
    }
    let short = params.forecast(&times, &values[1..], 1);
    assert!(matches!(short, Err(Error::Length { what: "values", expected: 50, found: 49 })));
    let mut back = times.clone();
    back.swap(10, 11);
    assert!(matches!(params.forecast(&back, &values, 1), Err(Error::TimeWentBack { .. })));
}
