//! What tests of drift refuse, and what they live through.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::trend::{
    ConfigDriftParams, DriftParams, DriftSeverity, FeatureColumn, PValue, StabilityBins,
    chi_squared_test, g_test, kolmogorov_smirnov,
};
use std::collections::BTreeMap;

const EMPTY: &[f64] = &[];
const MISSING: &[f64] = &[f64::NAN, f64::NAN];

#[test]
fn settings_outside_their_range_are_refused() {
    let text = |params: DriftParams| params.numeric("a", &[1.0], &[1.0]).unwrap_err().to_string();
    let params = DriftParams::default;
    assert_eq!(text(params().alpha(0.0)), "alpha is 0: it must be between 0 and 1");
    for alpha in [1.0, -0.1, f64::NAN] {
        assert!(text(params().alpha(alpha)).starts_with("alpha is"));
        let bins = StabilityBins::new(&[1.0, 2.0], 2).unwrap();
        assert!(bins.index(&[1.0], alpha).is_err());
    }
    assert_eq!(text(params().floor(1.1)), "floor is 1.1: it must be from 0 to 1");
    assert!(text(params().floor(f64::NAN)).starts_with("floor is NaN"));
    assert_eq!(text(params().bins(1)), "bins is 1: it must be from 2 to 1,000");
    assert!(StabilityBins::new(&[1.0], 1_001).is_err());
}

#[test]
fn empty_and_infinite_samples_are_refused() {
    let one = &[1.0][..];
    for (first, second) in [(EMPTY, one), (one, EMPTY), (MISSING, one), (one, MISSING)] {
        let error = kolmogorov_smirnov(first, second, PValue::Automatic).unwrap_err();
        assert!(matches!(error, Error::Empty { .. }), "{error}");
    }
    let error = kolmogorov_smirnov(one, &[f64::INFINITY], PValue::Automatic).unwrap_err();
    assert_eq!(error.to_string(), "value is inf: it must be finite, or NaN where it is missing");
    assert!(StabilityBins::new(MISSING, 10).is_err());
    assert!(StabilityBins::new(one, 10).unwrap().index(EMPTY, 0.01).is_err());
    assert!(StabilityBins::new(one, 10).unwrap().index(&[f64::NEG_INFINITY], 0.01).is_err());
    let params = DriftParams::default();
    for (before, after) in [(EMPTY, one), (one, EMPTY), (MISSING, one)] {
        assert!(matches!(params.numeric("a", before, after), Err(Error::Empty { .. })));
    }
    let no: [&str; 0] = [];
    assert!(params.categorical("a", &no, &["x"]).is_err());
    assert!(params.categorical("a", &["x"], &no).is_err());
    assert!(params.categorical("a", &[""], &["x"]).is_err());
    assert!(matches!(params.table(&[]), Err(Error::Empty { what: "features" })));
    let mixed = [("a", FeatureColumn::Numeric(one), FeatureColumn::Categorical(&["x"]))];
    assert!(matches!(params.table(&mixed), Err(Error::Incompatible { .. })));
    assert!(matches!(chi_squared_test(&[1], &[1, 2]), Err(Error::Length { .. })));
    assert!(matches!(g_test(&[0, 0], &[1, 2]), Err(Error::Empty { .. })));
    assert!(matches!(g_test(&[], &[]), Err(Error::Empty { .. })));
}

#[test]
fn odd_samples_have_an_answer() {
    let wave = |count: u32| (0..count).map(|i| f64::from(i * 7_919 % 1_009)).collect::<Vec<_>>();
    let samples = [
        vec![1.0],
        vec![5.0; 40],
        vec![f64::MAX, f64::MIN, 0.0, -0.0],
        wave(500),
        vec![5e-324; 3],
        [wave(50), vec![f64::NAN; 50]].concat(),
    ];
    for before in &samples {
        for after in &samples {
            for method in [PValue::Automatic, PValue::Exact, PValue::Asymptotic] {
                let test = kolmogorov_smirnov(before, after, method).unwrap();
                assert!((0.0..=1.0).contains(&test.statistic), "{test:?}");
                assert!((0.0..=1.0).contains(&test.p_value), "{test:?}");
                assert!(test.location.is_finite(), "{test:?}");
            }
            let drift = DriftParams::default().numeric("a", before, after).unwrap();
            assert!((0.0..=1.0).contains(&drift.p_value) && (0.0..=1.0).contains(&drift.effect));
            assert!(drift.stability.index >= 0.0 && drift.stability.critical >= 0.0);
            if before == after {
                assert_eq!((drift.severity, drift.effect), (DriftSeverity::None, 0.0));
            }
        }
        // All is missing now: a drift of the missing share where there is enough to tell.
        let drift = DriftParams::default().numeric("a", before, &[f64::NAN; 40]).unwrap();
        assert_eq!(drift.missing[1], 1.0);
        assert_eq!(drift.severity == DriftSeverity::Severe, drift.p_value <= 0.01, "{drift:?}");
    }
}

#[test]
fn sizes_beyond_any_product_are_survived() {
    // Their product is beyond 2⁶⁴.
    let large = 6_000_000_000_000_000_000_u64;
    let test = chi_squared_test(&[large, large, 5], &[large, large, 4]).unwrap();
    assert!(test.p_value > 0.9 && test.statistic.is_finite());
    let test = g_test(&[large, 0], &[0, large]).unwrap();
    assert_eq!((test.moved, test.p_value), (1.0, 0.0));
    let many: Vec<f64> = (0..70_000).map(f64::from).collect();
    let more: Vec<f64> = (0..80_000).map(f64::from).collect();
    assert!(kolmogorov_smirnov(&many, &more, PValue::Automatic).unwrap().p_value < 1e-9);
    let text = kolmogorov_smirnov(&many, &more, PValue::Exact).unwrap_err().to_string();
    assert!(text.starts_with("exact p-value is 5600000000: it must be at most 4e9"), "{text}");
}

#[test]
fn configurations_of_any_kind_are_compared() {
    use DriftSeverity::{Moderate, None, Severe, Slight};
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    };
    let before = map(&[
        ("gone", "1"),
        ("same", "x"),
        ("spaces", " 3 "),
        ("bytes", "1GiB"),
        ("switch", "yes"),
        ("switch back", "on"),
        ("zero", "0"),
        ("sign", "-1"),
        ("small", "10"),
        ("large", "1ms"),
        ("text", "blue"),
        ("unit", "3 cpu"),
        ("huge", "1e999"),
    ]);
    let after = map(&[
        ("new", ""),
        ("same", "x"),
        ("spaces", "3"),
        ("bytes", "1024Mi"),
        ("switch", "FALSE"),
        ("switch back", "true"),
        ("zero", "1"),
        ("sign", "1"),
        ("small", "15"),
        ("large", "5s"),
        ("text", "green"),
        ("unit", "3 disks"),
        ("huge", "1e998"),
    ]);
    let changes = ConfigDriftParams::default().compare(&before, &after).unwrap();
    let found: Vec<(&str, DriftSeverity)> =
        changes.iter().map(|it| (it.key.as_str(), it.severity)).collect();
    assert_eq!(
        found,
        [
            ("gone", Severe),
            ("large", Severe),
            ("sign", Severe),
            ("switch", Severe),
            ("zero", Severe),
            ("new", Moderate),
            ("huge", Slight),
            ("small", Slight),
            ("text", Slight),
            ("unit", Slight),
            ("bytes", None),
            ("spaces", None),
            ("switch back", None),
        ]
    );
    let factor = |key: &str| changes.iter().find(|it| it.key == key).unwrap().factor;
    assert!((factor("large") - 5_000.0).abs() < 1e-9 && factor("text").is_nan());
    assert!(ConfigDriftParams::default().compare(&before, &before).unwrap().is_empty());
    let rules = ConfigDriftParams::default().rule("s*", None).rule("*", Moderate);
    let ruled = rules.compare(&before, &after).unwrap();
    assert!(ruled.iter().all(|it| (it.severity == None) == it.key.starts_with('s')));
    assert!(rules.rule("", None).compare(&before, &after).is_err());
}

#[test]
#[cfg(feature = "serde")]
fn bins_that_cannot_be_are_refused() {
    let bins = StabilityBins::new(&[1.0, 2.0, 3.0, 4.0, f64::NAN], 2).unwrap();
    let json = serde_json::to_string(&bins).unwrap();
    assert_eq!(serde_json::from_str::<StabilityBins>(&json).unwrap(), bins);
    for wrong in [
        r#"{"edges":[2.0,1.0],"counts":[1,1,1],"missing":0}"#,
        r#"{"edges":[2.0],"counts":[1],"missing":0}"#,
        r#"{"edges":[2.0],"counts":[0,0],"missing":3}"#,
    ] {
        assert!(serde_json::from_str::<StabilityBins>(wrong).is_err(), "{wrong}");
    }
}
