//! What extreme-value thresholds promise of any stream.

use crate::rows::Draw;
use forewarn::threshold::{
    ExtremeThreshold, ExtremeThresholdParams, GeneralizedPareto, Judgement, Sides,
};
use proptest::prelude::*;

fn law(name: &str, draw: &mut Draw) -> f64 {
    let uniform = 1.0 - draw.unit();
    match name {
        "exponential" => -uniform.ln(),
        "Gaussian" => draw.normal(),
        "Pareto(3)" => uniform.powf(-1.0 / 3.0),
        "uniform" => uniform,
        "Poisson(2)" => {
            let (mut count, mut product) = (0.0, uniform);
            while product > (-2.0_f64).exp() {
                count += 1.0;
                product *= draw.unit();
            }
            count
        }
        _ if uniform < 0.95 => 0.0,
        _ => -(1.0 - draw.unit()).ln(),
    }
}

const LAWS: [&str; 6] = ["exponential", "Gaussian", "Pareto(3)", "uniform", "Poisson(2)", "zeros"];

fn stream(name: &str, count: usize, seed: u64) -> Vec<f64> {
    let mut draw = Draw::new(seed);
    (0..count).map(|_| law(name, &mut draw)).collect()
}

fn run(params: ExtremeThresholdParams, values: &[f64]) -> (ExtremeThreshold, Vec<Judgement>) {
    let mut threshold = params.start().expect("valid");
    let judge = |&value: &f64| threshold.observe(value).expect("finite");
    let judgements = values.iter().map(judge).collect();
    (threshold, judgements)
}

/// The mean of ten streams, each of 20 alarms by right: four standard errors are 0.28.
#[test]
fn the_rate_asked_for_is_attained() {
    for name in LAWS {
        for (rate, count) in [(1e-3, 22_000), (1e-4, 202_000)] {
            for half_life in [None, Some(500.0)] {
                let params = ExtremeThresholdParams::default().rate(rate).half_life(half_life);
                let ratio: f64 = (0..10_u64)
                    .map(|seed| run(params, &stream(name, count, seed + 1)).0)
                    .map(|threshold| threshold.attained_rate() / rate / 10.0)
                    .sum();
                let most = if name == "uniform" && half_life.is_some() { 1.8 } else { 1.28 };
                assert!((0.72..most).contains(&ratio), "{name}, {rate}, {half_life:?}: {ratio}");
            }
        }
    }
}

#[test]
fn the_score_of_the_tail_is_its_probability() {
    for name in ["exponential", "Gaussian", "Pareto(3)", "uniform"] {
        let params = ExtremeThresholdParams::default();
        let judged: Vec<f64> = (0..10)
            .flat_map(|seed| run(params, &stream(name, 15_000, seed)).1.split_off(2_000))
            .map(|judgement| judgement.score)
            .collect();
        for score in [2.3, 2.6, 3.0, 3.5] {
            let share = judged.iter().filter(|found| **found >= score).count() as f64;
            let expected = judged.len() as f64 * 10.0_f64.powf(-score);
            let error = share / expected - 1.0;
            // Four standard errors of the count, and what the fit may be wrong by.
            let most = 4.0 / expected.sqrt() + 0.15;
            assert!(error.abs() < most, "{name}: {share} scores of {score} for {expected}");
        }
    }
}

#[test]
fn a_unit_changes_nothing() {
    for (name, half_life) in [("Gaussian", None), ("Pareto(3)", Some(200.0)), ("zeros", None)] {
        let params = ExtremeThresholdParams::default().warm_up(500).sides(Sides::Both);
        let params = params.half_life(half_life);
        let values = stream(name, 20_000, 8);
        let (_, plain) = run(params, &values);
        for power in [-900, -40, 40, 900] {
            let factor = 2.0_f64.powi(power);
            let scaled: Vec<f64> = values.iter().map(|value| value * factor).collect();
            for (found, expected) in run(params, &scaled).1.iter().zip(&plain) {
                assert_eq!((found.alarm, found.score), (expected.alarm, expected.score));
                assert_eq!(found.band.upper, expected.band.upper * factor);
            }
        }
        // Rounding may move a value across a threshold that it all but equals.
        let shift = |offset: f64| move |value: &f64| value + offset;
        let times = |factor: f64| move |value: &f64| value * factor;
        let mut others: Vec<Vec<f64>> = Vec::new();
        for exponent in [-12, -9, -6, 6, 9, 12] {
            others.push(values.iter().map(times(10.0_f64.powi(exponent))).collect());
        }
        for offset in [-1e6, 3.7, 1e4] {
            others.push(values.iter().map(shift(offset)).collect());
        }
        for other in others {
            let alarms = |judgements: &[Judgement]| -> Vec<_> {
                judgements.iter().map(|judgement| judgement.alarm).collect()
            };
            assert_eq!(alarms(&run(params, &other).1), alarms(&plain), "{name} as {}", other[0]);
        }
    }
}

#[test]
fn a_drift_is_followed() {
    let params = ExtremeThresholdParams::default().rate(1e-3).half_life(200.0);
    let ratio = |values: &dyn Fn(usize, f64) -> f64| -> f64 {
        let one = |seed: u64| {
            let noise = stream("Gaussian", 60_000, seed + 100);
            let values: Vec<f64> =
                noise.iter().enumerate().map(|(i, noise)| values(i, *noise)).collect();
            run(params, &values).0.attained_rate() / 1e-3 / 5.0
        };
        (0..5).map(one).sum()
    };
    let level = ratio(&|i, noise| noise + i as f64 / 2_000.0);
    let spread = ratio(&|i, noise| noise * (i as f64 / 10_000.0).exp());
    let wave = ratio(&|i, noise| noise + 5.0 * (i as f64 / 5_000.0).sin());
    for found in [level, spread, wave] {
        assert!((0.7..1.4).contains(&found), "level {level}, spread {spread}, wave {wave}");
    }
}

#[test]
fn a_level_shift_is_learned() {
    let params = ExtremeThresholdParams::default().half_life(100.0).warm_up(500);
    let mut values = stream("Gaussian", 20_000, 4);
    values[10_000..].iter_mut().for_each(|value| *value += 1e6);
    let (_, judgements) = run(params, &values);
    assert!(judgements[10_000].alarm.is_some());
    let late = judgements[15_000..].iter().filter(|judgement| judgement.alarm.is_some()).count();
    assert!(late < 20, "{late} alarms long after the shift");
}

#[test]
fn an_incident_is_noticed_though_an_outlier_came_first() {
    let mut values = stream("Gaussian", 3_000, 5);
    values[100] = 1e9;
    values[2_900] = 8.0;
    let (_, judgements) = run(ExtremeThresholdParams::default().rate(1e-4), &values);
    assert!(judgements[2_900].alarm.is_some(), "{:?}", judgements[2_900]);
}

proptest! {
    #[test]
    fn judging_is_observing_without_learning(
        values in prop::collection::vec(prop_oneof![-5.0..5.0_f64, (-3..3_i8).prop_map(f64::from)], 1..400),
        both in any::<bool>(),
    ) {
        let sides = if both { Sides::Both } else { Sides::Upper };
        let params = ExtremeThresholdParams::default().rate(0.02).warm_up(30).sides(sides);
        let (threshold, judgements) = run(params, &values);
        for (judgement, value) in judgements.iter().zip(&values) {
            prop_assert_eq!(judgement.alarm, judgement.band.left_by(*value));
        }
        let before = threshold.clone();
        let judged = threshold.judge(1e3).unwrap();
        prop_assert_eq!(&before, &threshold);
        prop_assert_eq!(judged.alarm, judged.band.left_by(1e3));
        #[cfg(feature = "serde")]
        {
            let mut threshold = threshold;
            let mut copy = ExtremeThreshold::from_bytes(&threshold.to_bytes().unwrap()).unwrap();
            prop_assert_eq!(&copy, &threshold);
            let json = serde_json::to_string(&threshold).unwrap();
            prop_assert_eq!(&serde_json::from_str::<ExtremeThreshold>(&json).unwrap(), &threshold);
            for value in &values {
                prop_assert_eq!(copy.observe(*value), threshold.observe(*value));
            }
        }
    }

    #[test]
    fn fits_are_free_of_units(
        excesses in prop::collection::vec(prop_oneof![0.001..10.0_f64, (1..6_u8).prop_map(f64::from)], 5..80),
        exponent in -12..=12_i32,
    ) {
        let factor = 10.0_f64.powi(exponent);
        let scaled: Vec<f64> = excesses.iter().map(|excess| excess * factor).collect();
        for fit in [
            GeneralizedPareto::fit_moments,
            GeneralizedPareto::fit_likelihood,
            GeneralizedPareto::fit_quasi_bayes,
        ] {
            let (plain, other) = (fit(&excesses).unwrap(), fit(&scaled).unwrap());
            prop_assert!((plain.shape() - other.shape()).abs() < 1e-5, "{plain:?} {other:?}");
            prop_assert!((plain.scale() * factor / other.scale() - 1.0).abs() < 1e-5);
            let doubled: Vec<f64> = excesses.iter().map(|excess| excess * 1024.0).collect();
            let double = fit(&doubled).unwrap();
            prop_assert_eq!((double.shape(), double.scale()), (plain.shape(), plain.scale() * 1024.0));
        }
    }

    /// Standard errors: (1 + ξ)/√n of the shape, √(2(1 + ξ)/n) of the scale.
    #[test]
    fn the_law_of_a_sample_is_found(shape in 0.0..0.45_f64, seed in 0..1_000_u64) {
        let law = GeneralizedPareto::new(2.0, shape).unwrap();
        let mut draw = Draw::new(seed);
        let excesses: Vec<f64> =
            (0..1_000).map(|_| law.quantile(1.0 - draw.unit()).unwrap()).collect();
        for (fit, errors) in [
            (GeneralizedPareto::fit_moments as fn(&[f64]) -> _, 8.0),
            (GeneralizedPareto::fit_likelihood, 5.0),
            (GeneralizedPareto::fit_quasi_bayes, 5.0),
        ] {
            let found: GeneralizedPareto = fit(&excesses).unwrap();
            prop_assert!((found.shape() - shape).abs() < errors * (1.0 + shape) / 1_000_f64.sqrt());
            let error = (2.0 * (1.0 + shape) / 1_000.0).sqrt();
            prop_assert!((found.scale() / 2.0 - 1.0).abs() < errors * error);
        }
    }
}
