//! The theorems of conformal thresholds, on data that tries to break them.

use crate::rows::Draw;
use forewarn::threshold::{ConformalThreshold, ConformalThresholdParams, Freeze, Steps};
use proptest::prelude::*;

/// Streams in [0, 1]: steady, moving, jumping, flat, and ones that go where the threshold is not.
#[derive(Debug, Clone, Copy)]
enum Stream {
    Uniform,
    Rising,
    Jumping,
    Flat,
    /// Just above the threshold, whatever it is.
    Above,
    /// Always below it.
    Below,
}

fn streams() -> impl Strategy<Value = Stream> {
    prop_oneof![
        Just(Stream::Uniform),
        Just(Stream::Rising),
        Just(Stream::Jumping),
        Just(Stream::Flat),
        Just(Stream::Above),
        Just(Stream::Below),
    ]
}

fn next(stream: Stream, place: f64, threshold: f64, draw: &mut Draw) -> f64 {
    match stream {
        Stream::Uniform => draw.unit(),
        Stream::Rising => place * 0.9 + 0.1 * draw.unit(),
        Stream::Jumping => ((place * 7.0).floor() % 2.0) * 0.9 + 0.1 * draw.unit(),
        Stream::Flat => 0.5,
        Stream::Above => (threshold + 1e-6).clamp(0.0, 1.0),
        Stream::Below => (threshold - 1e-6).clamp(0.0, 1.0),
    }
}

fn step_of(threshold: &ConformalThreshold) -> f64 {
    threshold.step().expect("steps of one size")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Gibbs & Candès 2021, proposition 4.1.
    #[test]
    fn adaptive_inference_keeps_its_bound(
        stream in streams(),
        rate in prop_oneof![Just(0.001), Just(0.01), 0.05..0.5_f64],
        step in prop_oneof![Just(0.005), 0.001..0.2_f64],
        length in 200..3_000_usize,
        seed in 0..1_000_u64,
    ) {
        let params = ConformalThresholdParams::default().rate(rate).window(60).warm_up(30);
        let mut threshold = params.steps(Steps::Fixed { step }).start().unwrap();
        let mut draw = Draw::new(seed);
        for i in 0..length {
            let place = i as f64 / length as f64;
            let score = next(stream, place, threshold.threshold(), &mut draw);
            threshold.observe(score).unwrap();
            if threshold.judged() > 0 {
                let error = (threshold.attained_rate() - rate).abs();
                let bound = (rate.max(1.0 - rate) + step) / (step * threshold.judged() as f64);
                prop_assert!(error <= bound + 1e-12, "{error} > {bound} after {i}");
            }
        }
    }

    /// Angelopoulos, Candès & Tibshirani 2023, proposition 1, in the form of Angelopoulos, Barber &
    /// Bates 2024, theorem 1, for steps that change: |mean error| ≤ (b + max η)·Σ|Δ(1/η)| / n.
    #[test]
    fn tracking_a_quantile_keeps_its_bound(
        stream in streams(),
        rate in 0.01..0.5_f64,
        step in 0.01..0.5_f64,
        length in 200..3_000_usize,
        seed in 0..1_000_u64,
    ) {
        let steps = Steps::Pid { step, gain: 0.0, saturation: 1.0 };
        let params = ConformalThresholdParams::default().rate(rate).window(100).warm_up(30);
        let mut threshold = params.steps(steps).start().unwrap();
        let mut draw = Draw::new(seed);
        let (mut largest, mut changes, mut last) = (0.0_f64, 0.0, 0.0);
        for i in 0..length {
            // The warm-up shows a range.
            let at = if i < 30 { Stream::Uniform } else { stream };
            let score = next(at, i as f64 / length as f64, threshold.threshold(), &mut draw);
            if i >= 30 {
                let step = step_of(&threshold);
                largest = largest.max(step);
                changes += (1.0 / step - last).abs();
                last = 1.0 / step;
            }
            threshold.observe(score).unwrap();
            if threshold.judged() > 0 {
                let error = (threshold.attained_rate() - rate).abs();
                let bound = (1.0 + largest) * changes / threshold.judged() as f64;
                prop_assert!(error <= bound + 1e-9, "{error} > {bound} after {i}");
            }
        }
    }

    #[test]
    fn it_goes_on_as_it_was_saved(
        scores in prop::collection::vec(prop_oneof![-1.0..1.0_f64, (-2..2_i8).prop_map(f64::from)], 1..200),
        kind in 0..3_u8,
        freeze in prop_oneof![Just(None), Just(Some(Freeze { after: 2, at_most: 10 }))],
    ) {
        let steps = match kind {
            0 => Steps::Fixed { step: 0.02 },
            1 => Steps::Aggregated,
            _ => Steps::Pid { step: 0.05, gain: 0.5, saturation: 0.2 },
        };
        let params = ConformalThresholdParams::default().rate(0.1).window(40).warm_up(12);
        let mut threshold = params.steps(steps).freeze(freeze).start().unwrap();
        for &score in &scores {
            let before = threshold.judge(score).unwrap();
            let judgement = threshold.observe(score).unwrap();
            prop_assert_eq!(before, judgement);
            prop_assert_eq!(judgement.alarm, judgement.band.left_by(score));
            prop_assert!(judgement.score >= 0.0 && judgement.score.is_finite());
        }
        #[cfg(feature = "serde")]
        {
            let mut copy = ConformalThreshold::from_bytes(&threshold.to_bytes().unwrap()).unwrap();
            prop_assert_eq!(&copy, &threshold);
            for &score in &scores {
                prop_assert_eq!(copy.observe(score), threshold.observe(score));
            }
        }
    }
}

#[test]
fn coverage_holds_while_the_variance_changes() -> forewarn::Result<()> {
    for steps in [
        Steps::Fixed { step: 0.005 },
        Steps::Aggregated,
        Steps::Pid { step: 0.1, gain: 0.0, saturation: 1.0 },
        Steps::Pid { step: 0.1, gain: 0.1, saturation: 0.5 },
    ] {
        for rate in [0.01, 0.05, 0.1] {
            let mut threshold =
                ConformalThresholdParams::default().rate(rate).steps(steps).start()?;
            let mut draw = Draw::new(12);
            for i in 0..40_000 {
                let place = f64::from(i) / 40_000.0;
                // Swings by a factor of 20, and jumps.
                let spread =
                    (1.5 * (place * 40.0).sin()).exp() * if i > 25_000 { 4.0 } else { 1.0 };
                threshold.observe((draw.normal() * spread).abs())?;
            }
            let error = (threshold.attained_rate() - rate).abs();
            assert!(error < 0.005, "{steps:?}, {rate}: {}", threshold.attained_rate());
        }
    }
    Ok(())
}

#[test]
fn an_incident_is_not_learned_while_frozen() -> forewarn::Result<()> {
    let run = |freeze: Option<Freeze>, length: usize| -> forewarn::Result<usize> {
        let params = ConformalThresholdParams::default().rate(0.05).window(200).freeze(freeze);
        let mut threshold = params.start()?;
        let mut draw = Draw::new(2);
        (0..2_000).try_for_each(|_| threshold.observe(draw.normal().abs()).map(drop))?;
        let mut alarms = 0;
        for _ in 0..length {
            alarms += usize::from(threshold.observe(draw.normal().abs() + 20.0)?.alarm.is_some());
        }
        Ok(alarms)
    };
    let freeze = Some(Freeze { after: 3, at_most: 1_000 });
    assert_eq!(run(freeze, 500)?, 500, "alarms throughout");
    assert!(run(None, 500)? < 50, "swallowed without");
    let alarms = run(freeze, 4_000)?;
    assert!(alarms < 1_003 + 4_000 / 10, "what lasts is the new normal, yet {alarms} alarms");
    Ok(())
}
