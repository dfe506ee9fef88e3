//! What extreme-value thresholds refuse, and what they live through.

use forewarn::Error;
use forewarn::threshold::{ExtremeThresholdParams, GeneralizedPareto, Judgement, Sides};

#[test]
fn settings_outside_their_range_are_refused() {
    let params = ExtremeThresholdParams::default;
    let text = |params: ExtremeThresholdParams| params.start().expect_err("refused").to_string();
    assert_eq!(text(params().rate(0.0)), "rate is 0: it must be from 1e-9 to 0.25");
    for rate in [-1.0, 0.3, 1.0, f64::NAN, f64::INFINITY] {
        assert!(text(params().rate(rate)).contains("rate is"));
    }
    assert_eq!(text(params().level(1.0)), "level is 1: it must be from 0.5 to 0.999");
    assert_eq!(text(params().warm_up(0)), "warm_up is 0: it must be from 1 to 2^32");
    assert_eq!(text(params().excesses(31)), "excesses is 31: it must be from 32 to 512");
    assert_eq!(text(params().excesses(513)), "excesses is 513: it must be from 32 to 512");
    assert_eq!(text(params().half_life(1.0)), "half_life is 1: it must be from 10 to 1e9");
    assert_eq!(text(params().memory(99)), "memory is 99: it must be from 100 to 2^53");
}

#[test]
fn excesses_that_are_none_are_refused() {
    for fit in [
        GeneralizedPareto::fit_moments,
        GeneralizedPareto::fit_likelihood,
        GeneralizedPareto::fit_quasi_bayes,
    ] {
        assert!(matches!(fit(&[1.0]), Err(Error::Empty { .. })));
        assert!(matches!(fit(&[1.0, f64::NAN]), Err(Error::NotANumber { index: 1, .. })));
        assert!(matches!(fit(&[1.0, -1.0]), Err(Error::OutOfRange { name: "excess", .. })));
        assert!(matches!(fit(&[f64::INFINITY, 1.0]), Err(Error::OutOfRange { .. })));
        assert!(matches!(fit(&[0.0, 0.0]), Err(Error::OutOfRange { name: "mean excess", .. })));
        // All else has an answer.
        for odd in
            [&[1.0, 1.0][..], &[0.0, 5e-300], &[1e308; 9], &[1e-300, 1e300], &[0.0, 0.0, 1.0]]
        {
            let law = fit(odd).unwrap();
            assert!(law.scale() > 0.0 && law.shape().is_finite(), "{odd:?}: {law:?}");
        }
    }
    assert!(GeneralizedPareto::new(0.0, 0.1).is_err());
    assert!(GeneralizedPareto::new(1.0, f64::NAN).is_err());
    let law = GeneralizedPareto::new(1.0, 0.1).unwrap();
    assert!(law.quantile(0.0).is_err() && law.quantile(1.1).is_err());
    assert!(law.tail_probability(f64::NAN).is_nan());
}

fn sane(judgement: &Judgement, value: f64) {
    let Judgement { band, alarm, score } = judgement;
    assert!(score.is_finite() && *score >= 0.0, "{judgement:?} of {value}");
    assert!(!band.lower.is_nan() && !band.upper.is_nan(), "{judgement:?} of {value}");
    assert_eq!(*alarm, band.left_by(value), "{judgement:?} of {value}");
}

#[test]
fn infinity_is_refused_and_gaps_are_counted() -> forewarn::Result<()> {
    let mut threshold = ExtremeThresholdParams::default().sides(Sides::Both).warm_up(50).start()?;
    (0..500_u32).try_for_each(|i| threshold.observe(f64::from(i % 37)).map(drop))?;
    let before = threshold.clone();
    for value in [f64::INFINITY, f64::NEG_INFINITY] {
        let text = threshold.observe(value).expect_err("refused").to_string();
        assert_eq!(
            text,
            format!("value is {value}: it must be finite, or NaN where it is missing")
        );
        assert!(threshold.judge(value).is_err());
    }
    assert_eq!(threshold, before);
    let gap = threshold.observe(f64::NAN)?;
    assert_eq!((gap.alarm, gap.score, gap.band), (None, 0.0, before.band()));
    assert_eq!((threshold.missing(), threshold.count()), (1, before.count()));
    Ok(())
}

/// Streams that break thresholds, each with the number of alarms that it may have at most.
fn odd_streams() -> Vec<(&'static str, Vec<f64>, u64)> {
    let wave = |i: u32| f64::from(i * 7_919 % 1_009);
    let with_first = |first: f64| [first].into_iter().chain((1..3_000).map(wave)).collect();
    vec![
        ("constant", vec![5.0; 3_000], 0),
        ("zeros", vec![0.0; 3_000], 0),
        ("two values", (0..3_000).map(|i| f64::from(i % 2)).collect(), 0),
        ("rare ones", (0..3_000).map(|i| f64::from(u8::from(i % 200 == 199))).collect(), 9),
        ("first huge", with_first(1e300), 60),
        ("first largest", with_first(f64::MAX), 60),
        ("first lowest", with_first(f64::MIN), 60),
        ("tiny", (0..3_000).map(|i| wave(i) * 1e-303).collect(), 60),
        ("subnormal", (0..3_000).map(|i| wave(i) * 5e-324).collect(), 60),
        ("vast", (0..3_000).map(|i| wave(i) * 1e300).collect(), 60),
        (
            "both ends",
            (0..3_000).map(|i| if i % 2 == 0 { f64::MAX } else { f64::MIN }).collect(),
            0,
        ),
        ("rising", (0..3_000).map(f64::from).collect(), 3_000),
        ("falling", (0..3_000).map(|i| -f64::from(i)).collect(), 3_000),
        ("doubling", (0..1_000).map(|i| 2.0_f64.powi(i)).collect(), 1_000),
        ("one", vec![3.0], 0),
    ]
}

#[test]
fn odd_streams_are_survived() -> forewarn::Result<()> {
    for sides in [Sides::Upper, Sides::Lower, Sides::Both] {
        for half_life in [None, Some(10.0), Some(300.0)] {
            for (rate, warm_up) in [(1e-9, 1), (1e-4, 1), (1e-3, 20), (0.25, 2), (2e-3, 500)] {
                let params = ExtremeThresholdParams::default().sides(sides).half_life(half_life);
                for (name, values, most) in odd_streams() {
                    let mut threshold = params.rate(rate).warm_up(warm_up).start()?;
                    for value in values {
                        sane(&threshold.judge(value)?, value);
                        sane(&threshold.observe(value)?, value);
                    }
                    let plain = half_life.is_none() && rate < 0.01;
                    let alarms = threshold.alarms();
                    assert!(!plain || alarms <= most, "{name}, {params:?}: {alarms} alarms");
                }
            }
        }
    }
    Ok(())
}

/// Saved as text, edited, read again: what no stream can lead to is refused in words.
#[cfg(feature = "serde")]
#[test]
fn edited_files_are_refused() -> forewarn::Result<()> {
    use forewarn::threshold::ExtremeThreshold;
    use serde_json::{Value, json};

    let mut threshold =
        ExtremeThresholdParams::default().half_life(300.0).warm_up(50).excesses(32).start()?;
    (0..2_000_u32).try_for_each(|i| threshold.observe(f64::from(i * 7_919 % 1_009)).map(drop))?;
    let saved = serde_json::to_value(&threshold).expect("a threshold can be written");
    let read = |saved: Value| serde_json::from_value::<ExtremeThreshold>(saved);
    assert_eq!(read(saved.clone()).expect("as it was written"), threshold);
    let edits: [(&str, Value, &str); 13] = [
        ("/format", json!(9), "format version 9"),
        ("/params/rate", json!(2.0), "rate is 2"),
        ("/params/sides", json!("Lower"), "other sides"),
        ("/params/excesses", json!(40_000), "excesses is 40000"),
        ("/alarms", json!(5_000), "more alarms than judgements"),
        ("/centre", Value::Null, "a level that the settings do not have"),
        ("/centre/spread", json!(-1.0), "an impossible one"),
        ("/upper/values", json!([]), "a floor without values"),
        ("/upper/values/0", json!(-1e9), "do not descend"),
        ("/upper/weight", json!(1), "at their floor"),
        ("/upper/median", Value::Null, "nothing is known below"),
        ("/upper/slope", json!(-0.5), "slope -0.5"),
        ("/upper/fit/count", json!(1e9), "a law of 1000000000 excesses"),
    ];
    for (place, value, words) in edits {
        let mut edited = saved.clone();
        *edited.pointer_mut(place).unwrap_or_else(|| panic!("{place}: {saved}")) = value;
        let error = read(edited).expect_err(place).to_string();
        assert!(error.contains(words), "{place}: {error}");
    }
    Ok(())
}
