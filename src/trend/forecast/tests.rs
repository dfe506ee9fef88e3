//! Sums and ranks against their definitions.

use super::judge::quantile;
use super::profile::Profile;
use super::track::Line;
use crate::rng::Stream;

#[test]
fn a_line_is_that_of_least_squares_that_forget() {
    let mut stream = Stream::new(1, 0);
    let (length, count) = (30.0, 200);
    let mut line = Line::new(length);
    let mut seen: Vec<(f64, f64)> = Vec::new();
    for step in 0..count {
        line.step();
        if stream.unit() < 0.8 {
            let value = 3.0 - 0.2 * f64::from(step) + stream.normal();
            line.learn(value);
            seen.push((f64::from(step), value));
        }
        if seen.len() < 3 {
            continue;
        }
        let now = f64::from(step);
        let weight = |time: f64| (1.0 - 1.0 / length).powf(now - time);
        let total: f64 = seen.iter().map(|it| weight(it.0)).sum();
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| {
            seen.iter().map(|it| weight(it.0) * of(it)).sum::<f64>() / total
        };
        let (time, value) = (mean(&|it| it.0), mean(&|it| it.1));
        let slope = mean(&|it| (it.0 - time) * (it.1 - value)) / mean(&|it| (it.0 - time).powi(2));
        let level = value + slope * (now - time);
        let (found_level, found_slope) = line.fit();
        assert!((found_level - level).abs() < 1e-7, "{step}: {found_level}, {level}");
        assert!((found_slope - slope).abs() < 1e-7, "{step}: {found_slope}, {slope}");
    }
}

#[test]
fn quantiles_are_those_of_the_next_of_ten() {
    let errors: Vec<(f64, f64)> = (1..10).map(|error| (f64::from(error), 1.0)).collect();
    // Of ten, the next is below the first with probability 1/10, and so on.
    for tenths in 1..10 {
        let found = quantile(&errors, f64::from(tenths) / 10.0);
        assert!((found - f64::from(tenths)).abs() < 1e-12, "{tenths}: {found}");
    }
    assert_eq!((quantile(&errors, 0.01), quantile(&errors, 0.99)), (1.0, 9.0));
    // What weighs nothing counts nothing.
    let light = quantile(&[(1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (100.0, 1e-9)], 0.5);
    assert!((light - 2.0).abs() < 0.2, "{light}");
    assert_eq!(quantile(&[], 0.5), 0.0);
}

#[test]
fn a_profile_learns_each_phase() {
    for coarse in [None, Some(6)] {
        let mut profile = Profile::new(24.0, coarse).expect("more steps than bins");
        let truth = |time: f64| (time / 24.0 * std::f64::consts::TAU).sin();
        for step in 0..24 * 20 {
            let time = f64::from(step);
            profile.learn(time, truth(time) - profile.at(time), 0.0);
        }
        let allowed = if coarse.is_some() { 0.2 } else { 1e-3 };
        for step in 0..24 {
            let time = 1e6 * 24.0 + f64::from(step);
            assert!((profile.at(time) - truth(time)).abs() < allowed, "{coarse:?}, {step}");
        }
    }
    assert!(Profile::new(24.0, Some(24)).is_none() && Profile::new(1.2, None).is_none());
}
