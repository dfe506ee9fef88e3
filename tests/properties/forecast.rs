//! What forecasts promise on any series.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use crate::rows::Draw;
use forewarn::trend::{Forecast, ForecastParams};
use proptest::prelude::*;

const HOUR: f64 = 3600.0;

/// A rhythm, noise and wild values at hours that may be late; whole hundredths.
fn series(seed: u64, count: usize) -> (Vec<f64>, Vec<f64>) {
    let mut draw = Draw::new(seed);
    let (size, slope, late) = (10.0 * draw.unit(), draw.normal(), draw.below(2) as f64);
    let time =
        |hour: usize, draw: &mut Draw| HOUR * hour as f64 + late * 512.0 * draw.unit().round();
    let mut one = |hour: usize| {
        let wild = if draw.unit() < 0.02 { 50.0 * draw.normal() } else { 0.0 };
        let day = (hour as f64 / 24.0 * std::f64::consts::TAU).sin();
        let value = size * day + 0.01 * slope * hour as f64 + draw.normal() + wild;
        (time(hour, &mut draw), (value * 128.0).round() / 128.0)
    };
    (0..count).map(&mut one).unzip()
}

fn close(one: &Forecast, other: &Forecast, shift: f64, late: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(one.points.len(), other.points.len());
    for (one, other) in one.points.iter().zip(&other.points) {
        prop_assert!((other.time - late - one.time).abs() < 1e-3);
        let pairs = [(one.value, other.value), (one.lower, other.lower), (one.upper, other.upper)];
        for (one, other) in pairs {
            prop_assert!((other - shift - one).abs() < 1e-6, "{one}, {other} less {shift}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Powers of two are exact: not a bit may differ.
    #[test]
    fn other_units_give_the_same_answer(
        seed in 0_u64..1000, count in 20_usize..400, steps in 1_usize..60,
        value_power in -60..60, time_power in -6..6,
    ) {
        let (times, values) = series(seed, count);
        let plain = ForecastParams::default().forecast(&times, &values, steps).unwrap();
        let (unit, second) = (2f64.powi(value_power), 2f64.powi(time_power));
        let scaled = |all: &[f64], by: f64| all.iter().map(|one| one * by).collect::<Vec<_>>();
        let other = ForecastParams::default()
            .period(Some(24.0 * HOUR * second))
            .long_period(Some(168.0 * HOUR * second))
            .forecast(&scaled(&times, second), &scaled(&values, unit), steps)
            .unwrap();
        for (one, other) in plain.points.iter().zip(&other.points) {
            prop_assert_eq!(other.value, one.value * unit);
            prop_assert_eq!((other.lower, other.upper), (one.lower * unit, one.upper * unit));
            prop_assert_eq!(other.time, one.time * second);
        }
    }

    #[test]
    fn shifted_values_and_times_give_the_same_answer(
        seed in 0_u64..1000, count in 20_usize..400, shift in -1000..1000_i32,
        days in -1000..1000_i32,
    ) {
        let (times, values) = series(seed, count);
        let (shift, late) = (f64::from(shift), 86_400.0 * f64::from(days));
        let plain = ForecastParams::default().forecast(&times, &values, 30).unwrap();
        let moved_times: Vec<f64> = times.iter().map(|time| time + late).collect();
        let moved: Vec<f64> = values.iter().map(|value| value + shift).collect();
        let other = ForecastParams::default().forecast(&moved_times, &moved, 30).unwrap();
        close(&plain, &other, shift, late)?;
    }

    #[test]
    fn intervals_hold_the_value_and_each_other(
        seed in 0_u64..1000, count in 20_usize..400, less in 0.5..0.98, steps in 1_usize..500,
    ) {
        let (times, values) = series(seed, count);
        let ask = |interval| {
            ForecastParams::default().interval(interval).forecast(&times, &values, steps).unwrap()
        };
        let (narrow, wide) = (ask(less), ask(less + 0.01));
        prop_assert_eq!(narrow.points.len(), steps);
        for (narrow, wide) in narrow.points.iter().zip(&wide.points) {
            prop_assert!(narrow.lower <= narrow.value && narrow.value <= narrow.upper);
            prop_assert_eq!(narrow.value, wide.value);
            prop_assert!(wide.lower <= narrow.lower && narrow.upper <= wide.upper);
            prop_assert!([wide.lower, wide.upper].iter().all(|end| end.is_finite()));
        }
        // The same question has the same answer.
        prop_assert_eq!(ask(less), narrow);
    }

    #[test]
    fn missing_values_are_no_values(
        seed in 0_u64..1000, count in 40_usize..400, every in 2_usize..20,
    ) {
        let (times, mut values) = series(seed, count);
        for value in values.iter_mut().skip(1).step_by(every) {
            *value = f64::NAN;
        }
        let params = ForecastParams::default().step(Some(HOUR));
        let with = params.forecast(&times, &values, 30).unwrap();
        let there = times.iter().zip(&values).filter(|(_, value)| !value.is_nan());
        let (times, values): (Vec<f64>, Vec<f64>) = there.unzip();
        prop_assert_eq!(params.forecast(&times, &values, 30).unwrap(), with);
    }
}
