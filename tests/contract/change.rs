//! What change points and detectors refuse, and what they live through.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::trend::{
    ChangeDetectorParams, ChangePointParams, DetectionMethod, Penalty, Segmentation, Shape,
};

const SHAPES: [Shape; 5] =
    [Shape::Automatic, Shape::Level, Shape::Trend, Shape::LevelAndSpread, Shape::Ranks];

const METHODS: [DetectionMethod; 3] = [
    DetectionMethod::Focus,
    DetectionMethod::Cusum { shift: 1.0 },
    DetectionMethod::Bayesian { reach: 3.0 },
];

#[test]
fn settings_outside_their_range_are_refused() {
    let params = ChangePointParams::default;
    let text = |params: ChangePointParams| params.find(&[1.0, 2.0]).unwrap_err().to_string();
    assert_eq!(
        text(params().penalty(Penalty::Automatic(0.0))),
        "penalty is 0: it must be from 0.1 to 100 times the criterion's"
    );
    for penalty in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
        assert!(text(params().penalty(Penalty::Fixed(penalty))).starts_with("penalty is"));
    }
    assert_eq!(
        text(params().min_length(1)),
        "min_length is 1: it must be from 2 to 10,000 observations"
    );
    assert!(params().shape(Shape::Level).min_length(1).find(&[1.0, 2.0]).is_ok());
    assert!(text(params().shape(Shape::Level).min_length(0)).starts_with("min_length is 0"));
    assert!(text(params().min_length(usize::MAX)).starts_with("min_length is"));
    for clip in [1.9, f64::NAN, f64::INFINITY] {
        assert!(text(params().clip(clip)).starts_with("clip is"));
    }

    let params = ChangeDetectorParams::default;
    let text = |params: ChangeDetectorParams| params.start().unwrap_err().to_string();
    assert_eq!(
        text(params().run_length(1.0)),
        "run_length is 1: it must be from 100 to 1e9 observations"
    );
    assert!(text(params().run_length(f64::NAN)).starts_with("run_length is NaN"));
    assert!(text(params().warm_up(15)).starts_with("warm_up is 15"));
    assert!(text(params().warm_up(usize::MAX)).starts_with("warm_up is"));
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let cusum = DetectionMethod::Cusum { shift: wrong };
        assert!(text(params().method(cusum)).starts_with("shift is"));
        let bayesian = DetectionMethod::Bayesian { reach: wrong };
        assert!(text(params().method(bayesian)).starts_with("reach is"));
    }
}

#[test]
fn infinity_and_nothing_at_all_are_refused() {
    let params = ChangePointParams::default();
    assert!(matches!(params.find(&[]), Err(Error::Empty { what: "series" })));
    assert!(matches!(params.find(&[f64::NAN; 9]), Err(Error::Empty { .. })));
    let text = params.find(&[1.0, f64::NEG_INFINITY]).unwrap_err().to_string();
    assert_eq!(text, "value is -inf: it must be finite, or NaN where it is missing");

    let mut detector = ChangeDetectorParams::default().start().unwrap();
    for i in 0..300_u32 {
        detector.observe(f64::from(i % 7)).unwrap();
    }
    let before = detector.clone();
    for value in [f64::INFINITY, f64::NEG_INFINITY] {
        assert!(detector.observe(value).is_err());
        assert!(detector.observe_many(&[1.0, f64::NAN, value, 2.0]).is_err());
    }
    assert_eq!(detector, before);
    detector.observe(f64::NAN).unwrap();
    assert_eq!((detector.missing(), detector.count(), detector.changes()), (1, 301, 0));
}

fn sane(found: &Segmentation, series: &[f64]) {
    assert_eq!(found.segments[0].start, 0);
    assert_eq!(found.segments.last().unwrap().end, series.len());
    assert!(found.segments.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert_eq!(found.changes.len() + 1, found.segments.len());
    let numbers = series.iter().filter(|value| !value.is_nan()).count();
    assert_eq!(found.segments.iter().map(|it| it.count).sum::<usize>(), numbers);
    for segment in &found.segments {
        assert!(segment.mean.is_finite() && segment.spread >= 0.0, "{segment:?}");
    }
    assert!(found.changes.iter().all(|change| !change.strength.is_nan()), "{found:?}");
    assert_ne!(found.shape, Shape::Automatic);
}

/// Series that break things, each with the changes that it may have at most.
fn odd_series() -> Vec<(&'static str, Vec<f64>, usize)> {
    let wave = |i: u32| f64::from(i * 7_919 % 1_009);
    vec![
        ("one", vec![3.0], 0),
        ("two points", vec![1.0, 2.0], 0),
        ("two points far apart", vec![f64::MIN, f64::MAX], 0),
        ("constant", vec![5.0; 500], 0),
        ("zeros", vec![0.0; 500], 0),
        ("large constant", vec![1e300; 500], 0),
        ("rising", (0..500).map(f64::from).collect(), 0),
        ("two values", (0..500).map(|i| f64::from(i % 2)).collect(), 0),
        ("one spike", (0..500).map(|i| if i == 250 { 1e6 } else { wave(i) }).collect(), 0),
        ("a spike on a constant", (0..500).map(|i| f64::from(u8::from(i == 250))).collect(), 2),
        ("both ends", (0..500).map(|i| if i % 2 == 0 { f64::MAX } else { f64::MIN }).collect(), 0),
        ("tiny", (0..500).map(|i| wave(i) * 1e-305).collect(), 0),
        ("subnormal", (0..500).map(|i| wave(i) * 5e-324).collect(), 0),
        ("vast", (0..500).map(|i| wave(i) * 1e305).collect(), 0),
        ("far off", (0..500).map(|i| wave(i) + 1e12).collect(), 0),
        ("a step", (0..500).map(|i| f64::from(u8::from(i >= 200))).collect(), 1),
        ("ties with a step", (0..500).map(|i| f64::from(i % 3 / 2 + i / 300)).collect(), 1),
        (
            "mostly missing",
            (0..500).map(|i| if i % 9 == 0 { wave(i) } else { f64::NAN }).collect(),
            0,
        ),
    ]
}

#[test]
fn odd_series_have_an_answer() {
    for (name, series, most) in odd_series() {
        for shape in SHAPES {
            for min_length in [2, 5, 10_000] {
                let params = ChangePointParams::default().shape(shape).min_length(min_length);
                let found = params.find(&series).unwrap();
                sane(&found, &series);
                let plain = matches!(shape, Shape::Automatic | Shape::Trend) && min_length == 5;
                assert!(!plain || found.changes.len() <= most, "{name}, {shape:?}: {found:?}");
                sane(&params.clip(None).find(&series).unwrap(), &series);
            }
        }
    }
    let step = &odd_series()[15].1;
    assert_eq!(ChangePointParams::default().find(step).unwrap().change_points(), [200]);
}

#[test]
fn odd_streams_are_survived() {
    for method in METHODS {
        for warm_up in [16, 100, 10_000] {
            for (name, series, most) in odd_series() {
                let params = ChangeDetectorParams::default().method(method).warm_up(warm_up);
                let mut detector = params.start().unwrap();
                for _ in 0..3 {
                    for &value in &series {
                        if let Some(change) = detector.observe(value).unwrap() {
                            assert!(change.index <= change.noticed, "{name}: {change:?}");
                            assert!(
                                change.after.is_finite() && change.before.is_finite(),
                                "{name}"
                            );
                        }
                    }
                }
                // Rising has no level; it and the steps start again three times.
                let calm = most == 0 && !name.contains("rising");
                assert!(!calm || detector.changes() == 0, "{name}, {params:?}: {detector:?}");
            }
        }
    }
}

#[test]
fn a_constant_that_becomes_another_has_changed() {
    for method in METHODS {
        for (from, to) in [(5.0, 6.0), (0.0, 1e-9), (1e300, 2e300), (-3.0, -3.000_001)] {
            let mut detector = ChangeDetectorParams::default().method(method).start().unwrap();
            let mut found = Vec::new();
            for i in 0..600 {
                let value = if i < 300 { from } else { to };
                found.extend(detector.observe(value).unwrap());
            }
            assert_eq!(found.len(), 1, "{method:?}, {from} to {to}: {found:?}");
            assert_eq!((found[0].index, found[0].before), (300, from), "{method:?}");
            assert!(found[0].noticed < 310 && found[0].after == to, "{:?}", found[0]);
        }
    }
}

/// A short dip restarts the detector on too few values to know their level by. Where no method can
/// tell, 24 values of one block of 32 beyond all bounds can: at the latest after 56.
#[test]
fn a_level_that_was_left_for_a_moment_is_found_again() {
    for method in METHODS {
        for (correlation, dip) in [(0.0, 6), (0.9, 6), (0.9, 12)] {
            let mut draw = crate::rows::Draw::new(5);
            let mut detector = ChangeDetectorParams::default().method(method).start().unwrap();
            let (mut noise, mut last) = (0.0, None);
            for i in 0..3_000 {
                noise = correlation * noise + draw.normal();
                let level = match i {
                    1_000.. if i < 1_000 + dip => -40.0,
                    2_000.. => 40.0,
                    _ => 0.0,
                };
                last = detector.observe(level + noise).unwrap().or(last);
            }
            let change = last.unwrap();
            let near = change.index.abs_diff(2_000) <= 16 && change.noticed < 2_056;
            assert!(near && (change.after - 40.0).abs() < 6.0, "{method:?}: {change:?}");
        }
    }
}

#[test]
#[cfg(feature = "serde")]
fn edited_files_are_refused() {
    use forewarn::trend::ChangeDetector;
    let mut detector = ChangeDetectorParams::default().start().unwrap();
    for i in 0..300_u32 {
        detector.observe(f64::from(i * 7_919 % 101)).unwrap();
    }
    let bytes = detector.to_bytes().unwrap();
    assert!(bytes.len() < 4_096, "{} bytes", bytes.len());
    assert_eq!(ChangeDetector::from_bytes(&bytes).unwrap(), detector);
    for cut in [0, 7, 20, bytes.len() - 1] {
        assert!(ChangeDetector::from_bytes(&bytes[..cut]).is_err());
    }
    let json = serde_json::to_value(&detector).unwrap();
    let edits: [(&str, serde_json::Value); 8] = [
        ("/format", 2.into()),
        ("/seen", 3.into()),
        ("/missing", 299.into()),
        ("/params/run_length", 1.into()),
        ("/params/warm_up", 0.into()),
        ("/latest", serde_json::json!([])),
        ("/state/whitener/unit", 0.into()),
        ("/state/method", serde_json::json!({"Bayesian": {"runs": []}})),
    ];
    for (place, value) in edits {
        let mut edited = json.clone();
        *edited.pointer_mut(place).unwrap() = value;
        assert!(serde_json::from_value::<ChangeDetector>(edited).is_err(), "{place}");
    }
}
