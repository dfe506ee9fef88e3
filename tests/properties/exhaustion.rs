//! What time to exhaustion promises on any series.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::trend::{ExhaustionForecast, ExhaustionParams, Outlook, repeated_medians, theil_sen};
use forewarn_datasets::exhaustion::ExhaustionSeriesParams;
use proptest::prelude::*;

const DAY: f64 = 86_400.0;

/// Series of all kinds, cut at a share of their length; times from 0, values whole hundredths.
fn series(seed: u64, kind: usize, share: f64) -> (Vec<f64>, Vec<f64>) {
    let params = ExhaustionSeriesParams { count: 10, seed, step_minutes: 10, ..Default::default() };
    let series = params.simulate().unwrap().swap_remove(kind);
    let count = ((series.times.len() as f64 * share) as usize).max(20);
    let times = series.times.iter().take(count).map(|time| time - series.times[0]).collect();
    let values = series.values.iter().take(count).map(|value| (value * 128.0).round() / 128.0);
    (times, values.collect())
}

fn quantiles(forecast: &ExhaustionForecast) -> [f64; 3] {
    [forecast.earliest, forecast.left, forecast.latest]
}

/// Every bit of a forecast, for what is not known is NaN and no NaN equals another.
fn written(forecast: &ExhaustionForecast) -> String {
    format!("{forecast:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Powers of two are exact: not a bit may differ.
    #[test]
    fn other_units_give_the_same_answer(
        seed in 0_u64..1000, kind in 0_usize..10, share in 0.1..1.0,
        value_power in -60..60, time_power in -6..6,
    ) {
        let (times, values) = series(seed, kind, share);
        let params = ExhaustionParams::new(100.0).horizon(DAY);
        let plain = params.forecast(&times, &values).unwrap();
        let (unit, second) = (2f64.powi(value_power), 2f64.powi(time_power));
        let scaled = |all: &[f64], by: f64| all.iter().map(|one| one * by).collect::<Vec<_>>();
        let other = ExhaustionParams::new(100.0 * unit)
            .horizon(DAY * second)
            .period(Some(DAY * second))
            .history(7.0 * DAY * second)
            .forecast(&scaled(&times, second), &scaled(&values, unit))
            .unwrap();
        if plain.outlook == Outlook::Unknown {
            prop_assert_eq!(other.outlook, Outlook::Unknown);
            return Ok(());
        }
        prop_assert_eq!(other.probability, plain.probability);
        prop_assert_eq!(quantiles(&other), quantiles(&plain).map(|time| time * second));
        prop_assert_eq!(other.room, plain.room * unit);
        prop_assert_eq!(other.rate, plain.rate * unit / second);
    }

    #[test]
    fn shifted_values_and_times_give_the_same_answer(
        seed in 0_u64..1000, kind in 0_usize..10, share in 0.1..1.0,
        shift in -1000..1000_i32, days in -1000..1000_i32,
    ) {
        let (times, values) = series(seed, kind, share);
        let (shift, late) = (f64::from(shift), DAY * f64::from(days));
        let plain = ExhaustionParams::new(100.0).forecast(&times, &values).unwrap();
        let moved_times: Vec<f64> = times.iter().map(|time| time + late).collect();
        let moved: Vec<f64> = values.iter().map(|value| value + shift).collect();
        let other = ExhaustionParams::new(100.0 + shift).forecast(&moved_times, &moved).unwrap();
        if plain.outlook == Outlook::Unknown {
            prop_assert_eq!(other.outlook, Outlook::Unknown);
            return Ok(());
        }
        prop_assert!((other.probability - plain.probability).abs() < 1e-5);
        for (other, plain) in quantiles(&other).into_iter().zip(quantiles(&plain)) {
            prop_assert!(other == plain || (other / plain - 1.0).abs() < 3e-3, "{other}, {plain}");
        }
    }

    #[test]
    fn more_capacity_never_brings_exhaustion_nearer(
        seed in 0_u64..1000, kind in 0_usize..10, share in 0.1..1.0, capacity in 10.0..120.0,
        more in 0.0..30.0,
    ) {
        let (times, values) = series(seed, kind, share);
        let less = ExhaustionParams::new(capacity).forecast(&times, &values).unwrap();
        let more = ExhaustionParams::new(capacity + more).forecast(&times, &values).unwrap();
        prop_assume!(less.outlook != Outlook::Unknown && more.outlook != Outlook::Unknown);
        prop_assert!(more.probability <= less.probability + 1e-9, "{less:?}\n{more:?}");
        for (more, less) in quantiles(&more).into_iter().zip(quantiles(&less)) {
            // Quantiles are looked for to a thousandth.
            prop_assert!(more >= less * (1.0 - 2e-3), "{less}, {more}");
        }
    }

    #[test]
    fn a_stream_gives_what_the_whole_gives(
        seed in 0_u64..1000, kind in 0_usize..10, share in 0.1..1.0, asked in 1_usize..200,
    ) {
        let (times, values) = series(seed, kind, share);
        let params = ExhaustionParams::new(100.0);
        let mut watch = params.build().unwrap();
        for (index, (&time, &value)) in times.iter().zip(&values).enumerate() {
            watch.update(time, value).unwrap();
            // Questions change nothing.
            if index % asked == asked - 1 && index + 400 > times.len() {
                let so_far = params.forecast(&times[..=index], &values[..=index]).unwrap();
                prop_assert_eq!(written(&watch.decide(time).unwrap().forecast), written(&so_far));
            }
        }
        let whole = params.forecast(&times, &values).unwrap();
        let streamed = watch.forecast(*times.last().unwrap()).unwrap();
        prop_assert_eq!(written(&streamed), written(&whole));
        prop_assert!(
            whole.outlook == Outlook::Unknown
                || (whole.earliest <= whole.left && whole.left <= whole.latest)
        );
        prop_assert!((0.0..=1.0).contains(&whole.probability));
    }

    #[test]
    fn robust_lines_move_with_their_points(
        points in prop::collection::vec((-1000..1000_i32, -1000..1000_i32), 3..400),
        tilt in -8..8_i32, lift in -1000..1000_i32,
    ) {
        let times: Vec<f64> = points.iter().map(|point| f64::from(point.0)).collect();
        let values: Vec<f64> = points.iter().map(|point| f64::from(point.1)).collect();
        prop_assume!(times.iter().any(|time| *time != times[0]));
        let (tilt, lift) = (f64::from(tilt), f64::from(lift));
        let moved: Vec<f64> =
            times.iter().zip(&values).map(|(time, value)| value + tilt * time + lift).collect();
        for (plain, other) in [
            (theil_sen(&times, &values, 0.9).unwrap(), theil_sen(&times, &moved, 0.9).unwrap()),
            (repeated_medians(&times, &values).unwrap(), repeated_medians(&times, &moved).unwrap()),
        ] {
            prop_assert!((other.slope - plain.slope - tilt).abs() < 1e-9);
            prop_assert!(!(plain.lower > plain.slope || plain.upper < plain.slope));
        }
    }
}
