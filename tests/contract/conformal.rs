//! What quantile and conformal thresholds refuse, and what they live through.

use forewarn::Error;
use forewarn::threshold::{
    ConformalThresholdParams, Freeze, QuantileSketch, QuantileThresholdParams, Sides, Steps,
};

#[test]
fn settings_outside_their_range_are_refused() {
    let params = ConformalThresholdParams::default;
    let text = |params: ConformalThresholdParams| params.start().expect_err("refused").to_string();
    assert_eq!(text(params().rate(0.0)), "rate is 0: it must be from 1e-5 to 0.5");
    assert!(text(params().rate(f64::NAN)).starts_with("rate is NaN"));
    assert_eq!(text(params().window(19)), "window is 19: it must be from 20 to 65536");
    assert_eq!(text(params().warm_up(501)), "warm_up is 501: it must be from 10 to the window");
    assert_eq!(
        text(params().steps(Steps::Fixed { step: 0.0 })),
        "step is 0: it must be from 1e-6 to 1"
    );
    let pid = |gain, saturation| Steps::Pid { step: 0.1, gain, saturation };
    assert_eq!(text(params().steps(pid(-1.0, 1.0))), "gain is -1: it must be from 0 to 100");
    assert_eq!(text(params().steps(pid(1.0, 0.0))), "saturation is 0: it must be from 1e-6 to 1e6");
    let never = Freeze { after: 0, at_most: 5 };
    assert_eq!(text(params().freeze(never)), "freeze.after is 0: it must be at least 1");

    let params = QuantileThresholdParams::default;
    let text = |params: QuantileThresholdParams| params.start().expect_err("refused").to_string();
    assert_eq!(text(params().rate(1.0)), "rate is 1: it must be from 1e-9 to 0.25");
    assert_eq!(text(params().accuracy(0.0)), "accuracy is 0: it must be from 1e-4 to 0.3");
    assert_eq!(text(params().buckets(15)), "buckets is 15: it must be from 16 to 65536");
    assert_eq!(text(params().warm_up(0)), "warm_up is 0: it must be from 1 to 2^32");
    let mut sketch = QuantileSketch::new(0.01, 64).unwrap();
    assert_eq!(sketch.quantile(0.5), Ok(None));
    assert!(matches!(sketch.quantile(1.5), Err(Error::OutOfRange { name: "level", .. })));
    let other = QuantileSketch::new(0.02, 64).unwrap();
    let text = sketch.merge(&other).expect_err("refused").to_string();
    assert_eq!(
        text,
        "a sketch of accuracy 0.01 with 64 buckets cannot take in one of 0.02 with 64"
    );
    assert!(sketch.insert(f64::INFINITY).is_err());
    sketch.insert(f64::NAN).unwrap();
    assert_eq!(sketch.count(), 0);
}

#[test]
fn infinity_is_refused_and_gaps_are_counted() -> forewarn::Result<()> {
    let mut conformal = ConformalThresholdParams::default().start()?;
    let mut quantile = QuantileThresholdParams::default().warm_up(10).start()?;
    for i in 0..300_u32 {
        conformal.observe(f64::from(i % 37))?;
        quantile.observe(f64::from(i % 37))?;
    }
    let before = (conformal.clone(), quantile.clone());
    for value in [f64::INFINITY, f64::NEG_INFINITY] {
        let text = conformal.observe(value).expect_err("refused").to_string();
        assert_eq!(
            text,
            format!("value is {value}: it must be finite, or NaN where it is missing")
        );
        assert_eq!(quantile.observe(value).expect_err("refused").to_string(), text);
    }
    assert_eq!((&conformal, &quantile), (&before.0, &before.1));
    assert_eq!(conformal.observe(f64::NAN)?.alarm, None);
    assert_eq!(quantile.observe(f64::NAN)?.alarm, None);
    assert_eq!((conformal.missing(), quantile.missing(), quantile.count()), (1, 1, 300));
    Ok(())
}

#[test]
fn odd_streams_are_survived() -> forewarn::Result<()> {
    let streams: [&dyn Fn(i32) -> f64; 8] = [
        &|_| 5.0,
        &|_| 0.0,
        &|i| f64::from(i % 2),
        &|i| if i == 0 { f64::MAX } else { f64::from(i % 7) },
        &|i| if i % 2 == 0 { f64::MAX } else { f64::MIN },
        &|i| f64::from(i % 11) * 5e-324,
        &|i| 1.5_f64.powi(i - 500),
        &|i| -1e300 * f64::from(i % 5) - 0.0,
    ];
    for stream in streams {
        for steps in [
            Steps::Fixed { step: 0.05 },
            Steps::Aggregated,
            Steps::Pid { step: 1.0, gain: 100.0, saturation: 1e-6 },
        ] {
            let mut threshold =
                ConformalThresholdParams::default().warm_up(10).steps(steps).window(20).start()?;
            for i in 0..1_000 {
                let judgement = threshold.observe(stream(i))?;
                assert!(judgement.score.is_finite() && !judgement.band.upper.is_nan());
            }
        }
        for sides in [Sides::Upper, Sides::Lower, Sides::Both] {
            let mut threshold = QuantileThresholdParams::default()
                .rate(0.01)
                .warm_up(1)
                .buckets(16)
                .accuracy(1e-4)
                .sides(sides)
                .start()?;
            for i in 0..1_000 {
                let judgement = threshold.observe(stream(i))?;
                assert!(judgement.score.is_finite() && !judgement.band.upper.is_nan());
            }
            let sketch = threshold.sketch();
            assert_eq!(sketch.count(), 1_000);
            assert!(sketch.quantile(0.5)?.is_some_and(f64::is_finite));
            assert!(sketch.relative_error() <= 1.0);
        }
    }
    Ok(())
}
