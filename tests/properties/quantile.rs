//! The quantile sketch against sorting, and its mergers against one pass.

use forewarn::threshold::{QuantileSketch, QuantileThreshold, QuantileThresholdParams, Sides};
use proptest::prelude::*;

/// Values of both signs, ties, zeros, and sizes from one to all decades.
fn values() -> impl Strategy<Value = Vec<f64>> {
    let ordinary = (-100.0..100.0_f64).boxed();
    let whole = (-5..5_i8).prop_map(f64::from).boxed();
    let any = (-300.0..300.0_f64, any::<bool>())
        .prop_map(|(exponent, sign)| 10.0_f64.powf(exponent) * if sign { 1.0 } else { -1.0 })
        .boxed();
    let positive = (0.0..9.0_f64).prop_map(f64::exp).boxed();
    prop_oneof![
        prop::collection::vec(positive.clone(), 1..300),
        prop::collection::vec(prop_oneof![ordinary.clone(), whole.clone()], 1..300),
        prop::collection::vec(prop_oneof![ordinary, whole, positive, any], 1..300),
    ]
}

fn sketch(accuracy: f64, buckets: usize, values: &[f64]) -> QuantileSketch {
    let mut sketch = QuantileSketch::new(accuracy, buckets).expect("valid");
    for &value in values {
        sketch.insert(value).expect("finite");
    }
    sketch
}

proptest! {
    #[test]
    fn quantiles_are_within_the_error(
        values in values(),
        accuracy in prop_oneof![Just(0.01), Just(0.001), Just(0.2)],
        buckets in prop_oneof![Just(16_usize), Just(64), Just(2_048)],
        levels in prop::collection::vec(0.0..=1.0_f64, 5),
    ) {
        let sketch = sketch(accuracy, buckets, &values);
        let error = sketch.relative_error();
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        prop_assert_eq!(sketch.count(), values.len() as u64);
        for level in levels.into_iter().chain([0.0, 0.5, 1.0]) {
            let exact = sorted[(level * (sorted.len() - 1) as f64) as usize];
            let found = sketch.quantile(level).unwrap().unwrap();
            // Logarithms of sizes near 1e±300 round to 14 digits.
            prop_assert!((found - exact).abs() <= (error + 1e-10) * exact.abs(), "{found} {exact}");
        }
        let sizes = || values.iter().filter(|value| **value != 0.0).map(|value| value.abs());
        let ratio = sizes().fold(0.0, f64::max) / sizes().fold(f64::INFINITY, f64::min);
        let reach = ((1.0 + accuracy) / (1.0 - accuracy)).powf(buckets as f64 - 2.0);
        if ratio < reach {
            prop_assert!((error / accuracy - 1.0).abs() < 1e-12, "no collapse was needed");
        }
    }

    #[test]
    fn a_merger_is_one_pass_over_all(
        first in values(),
        second in values(),
        third in values(),
        buckets in prop_oneof![Just(16_usize), Just(100), Just(512)],
    ) {
        let of = |values: &[f64]| sketch(0.02, buckets, values);
        let mut shuffled: Vec<f64> = [&third[..], &first, &second].concat();
        shuffled.reverse();
        let one_pass = of(&shuffled);
        let mut left = of(&first);
        left.merge(&of(&second)).unwrap();
        left.merge(&of(&third)).unwrap();
        let mut right = of(&second);
        right.merge(&of(&third)).unwrap();
        let mut outer = of(&first);
        outer.merge(&right).unwrap();
        for merged in [left, outer] {
            prop_assert_eq!(merged.relative_error(), one_pass.relative_error());
            prop_assert_eq!(merged.count(), one_pass.count());
            for level in 0..=50 {
                let level = f64::from(level) / 50.0;
                prop_assert_eq!(merged.quantile(level), one_pass.quantile(level));
            }
            prop_assert_eq!(&merged, &one_pass);
        }
    }

    #[test]
    fn a_threshold_goes_on_as_it_was_saved(values in values(), both in any::<bool>()) {
        let sides = if both { Sides::Both } else { Sides::Lower };
        let params = QuantileThresholdParams::default().rate(0.05).warm_up(20).sides(sides);
        let mut threshold = params.start().unwrap();
        for &value in &values {
            let judgement = threshold.observe(value).unwrap();
            prop_assert_eq!(judgement.alarm, judgement.band.left_by(value));
            prop_assert!(judgement.score >= 0.0 && judgement.score.is_finite());
        }
        #[cfg(feature = "serde")]
        {
            let bytes = threshold.to_bytes().unwrap();
            let mut copy = QuantileThreshold::from_bytes(&bytes).unwrap();
            prop_assert_eq!(&copy, &threshold);
            for &value in &values {
                prop_assert_eq!(copy.observe(value), threshold.observe(value));
            }
        }
        let other = threshold.clone();
        threshold.merge(&other).unwrap();
        prop_assert_eq!(threshold.count(), 2 * other.count());
    }
}

#[test]
fn the_rate_is_at_most_the_one_asked_for_and_near_it() -> forewarn::Result<()> {
    let mut draw = crate::rows::Draw::new(6);
    for rate in [1e-2, 1e-3] {
        // A heavy tail: a percent of a value is little of its rarity.
        let mut threshold: QuantileThreshold =
            QuantileThresholdParams::default().rate(rate).accuracy(0.005).buckets(2_048).start()?;
        let mut alarms = 0;
        for _ in 0..102_000 {
            let value = (1.0 - draw.unit()).powf(-0.5);
            alarms += u32::from(threshold.observe(value)?.alarm.is_some());
        }
        let ratio = f64::from(alarms) / 1e5 / rate;
        assert!((0.8..1.15).contains(&ratio), "{rate}: {ratio}");
    }
    Ok(())
}
