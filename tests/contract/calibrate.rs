//! What calibration, thresholds and their files refuse.

use forewarn::Error;
use forewarn::calibrate::{CalibrationParams, Calibrator, Method, PriorShift, Scale};
use forewarn::decide::{Capacity, Costs, DecisionParams};

const LABELS: [bool; 4] = [true, false, true, false];
const SAID: [f64; 4] = [0.9, 0.2, 0.6, 0.7];
const METHODS: [Method; 5] =
    [Method::Identity, Method::Platt, Method::Beta, Method::Isotonic, Method::Automatic];

fn refusal<T: std::fmt::Debug>(found: forewarn::Result<T>) -> String {
    found.expect_err("refused").to_string()
}

#[test]
fn calibration_refuses_rows_that_cannot_teach() {
    for method in METHODS {
        let params = CalibrationParams::default().method(method);
        let train = |labels: &[bool], scores: &[f64]| params.train(labels, scores, None);
        assert_eq!(train(&[], &[]), Err(Error::Empty { what: "labels" }));
        let length = Error::Length { what: "scores", expected: 4, found: 1 };
        assert_eq!(train(&LABELS, &[0.5]), Err(length));
        let one = Error::SingleClass { class: true, count: 2 };
        assert_eq!(train(&[true; 2], &[0.5; 2]), Err(one));
        let nan = Error::NotANumber { what: "score", index: 1 };
        assert_eq!(train(&LABELS, &[0.5, f64::NAN, 0.5, 0.5]), Err(nan));
        let text = refusal(train(&LABELS, &[0.5, 0.5, 1.5, 0.5]));
        assert_eq!(text, "probability is 1.5: it must be from 0 to 1");

        let params = params.scale(Scale::LogOdds);
        let text = refusal(params.train(&LABELS, &[0.5, 0.5, f64::INFINITY, 0.5], None));
        assert_eq!(text, "score is inf: it must be from -1e100 to 1e100");
        for weights in [[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]] {
            let refused = params.train(&LABELS, &SAID, Some(&weights));
            assert!(matches!(refused, Err(Error::SingleClass { count: 4, .. })));
        }
        let text = refusal(params.train(&LABELS, &SAID, Some(&[1e308; 4])));
        assert_eq!(text, "the sum of the weights is inf: it must be finite");
        let text = refusal(params.train(&LABELS, &SAID, Some(&[1.0, -1.0, 1.0, 1.0])));
        assert_eq!(text, "weight is -1: it must be at least 0 and finite");
        for folds in [0, 1, 101] {
            let refused = params.clone().folds(folds).train(&LABELS, &SAID, None);
            assert!(matches!(refused, Err(Error::OutOfRange { name: "folds", .. })));
        }
    }
    let automatic = CalibrationParams::default();
    let refused = automatic.train_grouped(&LABELS, &SAID, None, Some(&[1, 2]));
    assert_eq!(refused, Err(Error::Length { what: "groups", expected: 4, found: 2 }));
}

#[test]
fn two_rows_of_extreme_scores_and_weights_calibrate() {
    for method in METHODS {
        for scores in [[0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [5e-324, 1e-300]] {
            for weights in [[1.0, 1.0], [1e-300, 1e-300], [1e300, 1e-300]] {
                let params = CalibrationParams::default().method(method);
                let calibrator = params.train(&[false, true], &scores, Some(&weights)).unwrap();
                let p = calibrator.probabilities(&[0.0, 0.3, 1.0]).unwrap();
                assert!(
                    p.is_sorted() && p.iter().all(|p| *p > 0.0 && *p < 1.0),
                    "{method:?} {p:?}"
                );
            }
        }
        for scores in [[-1e100, 1e100], [1e100, -1e100], [0.0, 5e-324], [1e100, 1e100]] {
            let params = CalibrationParams::default().method(method).scale(Scale::LogOdds);
            let calibrator = params.train(&[false, true], &scores, None).unwrap();
            let p = calibrator.probabilities(&[-1e100, 0.0, 3.0, 1e100]).unwrap();
            assert!(p.is_sorted() && p.iter().all(|p| *p > 0.0 && *p < 1.0), "{method:?} {p:?}");
        }
    }
}

#[test]
fn a_calibrator_refuses_what_is_not_of_its_scale() {
    let calibrator = Calibrator::identity(Scale::Probability);
    assert_eq!(calibrator.probability(0.25), Ok(0.25));
    assert_eq!(calibrator.probability(0.0), Ok(f64::EPSILON));
    assert_eq!(
        refusal(calibrator.probability(-0.1)),
        "probability is -0.1: it must be from 0 to 1"
    );
    let nan = Error::NotANumber { what: "probability", index: 1 };
    assert_eq!(calibrator.probabilities(&[0.5, f64::NAN]), Err(nan));
    let raw = Calibrator::identity(Scale::LogOdds);
    assert_eq!(raw.probability(0.0), Ok(0.5));
    assert!(raw.probability(f64::NEG_INFINITY).is_err());
}

#[test]
fn base_rates_are_between_0_and_1() {
    for bad in [0.0, 1.0, -0.1, f64::NAN] {
        assert!(matches!(
            PriorShift::new(bad, 0.5),
            Err(Error::OutOfRange { name: "trained", .. })
        ));
        assert!(matches!(PriorShift::new(0.5, bad), Err(Error::OutOfRange { name: "now", .. })));
        assert!(PriorShift::estimate(bad, &[0.5]).is_err());
    }
    assert_eq!(PriorShift::estimate(0.5, &[]), Err(Error::Empty { what: "probabilities" }));
    assert!(PriorShift::estimate(0.5, &[0.5, 2.0]).is_err());
    // All alike: the likelihood has its maximum at an end.
    assert!(PriorShift::estimate(0.5, &[1.0; 9]).unwrap().now() > 0.999_999);
    assert!(PriorShift::estimate(0.5, &[0.0; 9]).unwrap().now() < 1e-9);
    assert!(PriorShift::new(0.5, 0.1).unwrap().correct(1.1).is_err());
}

#[test]
fn decisions_refuse_settings_and_rows_out_of_range() {
    let costs = Costs { miss: 5.0, false_alarm: 1.0 };
    let params = DecisionParams::new(costs).resamples(100);
    assert!(params.choose(&LABELS, &SAID).is_ok());
    let bad = [
        ("miss", params.clone().costs(Costs { miss: 0.0, ..costs })),
        ("false_alarm", params.clone().costs(Costs { false_alarm: f64::NAN, ..costs })),
        ("resamples", params.clone().resamples(99)),
        ("confidence", params.clone().confidence(1.0)),
        ("capacity alerts", params.clone().capacity(Some(Capacity { alerts: -1.0, rows: 1.0 }))),
        ("capacity rows", params.clone().capacity(Some(Capacity { alerts: 1.0, rows: 0.0 }))),
    ];
    for (setting, params) in bad {
        let refused = params.choose(&LABELS, &SAID);
        assert!(
            matches!(refused, Err(Error::OutOfRange { name, .. }) if name == setting),
            "{setting}: {refused:?}"
        );
    }
    assert_eq!(params.choose(&[], &[]), Err(Error::Empty { what: "labels" }));
    let single = Error::SingleClass { class: false, count: 2 };
    assert_eq!(params.choose(&[false; 2], &[0.1, 0.2]), Err(single));
    assert!(params.choose(&LABELS, &[0.1, 0.2, 0.3, 1.1]).is_err());
    let length = Error::Length { what: "groups", expected: 4, found: 1 };
    assert_eq!(params.choose_grouped(&LABELS, &SAID, &["a"]), Err(length));
    // No capacity at all leaves one choice.
    let idle = params.capacity(Some(Capacity { alerts: 0.0, rows: 1.0 }));
    let decision = idle.choose(&LABELS, &SAID).unwrap();
    assert_eq!(decision.chosen, decision.nothing);
}

#[cfg(feature = "serde")]
mod files {
    use super::*;
    use serde_json::{Value, from_str, from_value, to_string, to_value};

    fn calibrators() -> Vec<Calibrator> {
        METHODS
            .map(|method| {
                CalibrationParams::default()
                    .method(method)
                    .train(&LABELS, &SAID, None)
                    .expect("both classes")
            })
            .to_vec()
    }

    #[test]
    fn a_saved_calibrator_is_the_same() {
        for calibrator in calibrators() {
            let text = to_string(&calibrator).unwrap();
            assert_eq!(from_str::<Calibrator>(&text).unwrap(), calibrator);
            let bytes = postcard::to_allocvec(&calibrator).unwrap();
            assert_eq!(postcard::from_bytes::<Calibrator>(&bytes).unwrap(), calibrator);
        }
        let shift = PriorShift::new(0.5, 0.01).unwrap();
        assert_eq!(from_str::<PriorShift>(&to_string(&shift).unwrap()).unwrap(), shift);
        let params = CalibrationParams::default().method(Method::Beta).seed(3);
        assert_eq!(from_str::<CalibrationParams>(&to_string(&params).unwrap()).unwrap(), params);
    }

    #[test]
    fn no_edit_of_a_number_makes_a_calibrator_that_falls_or_panics() {
        fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
            match value {
                Value::Object(map) => map
                    .iter()
                    .for_each(|(key, value)| leaves(value, &format!("{path}/{key}"), found)),
                Value::Array(list) => list
                    .iter()
                    .enumerate()
                    .for_each(|(at, value)| leaves(value, &format!("{path}/{at}"), found)),
                Value::Number(_) => found.push(path.to_string()),
                _ => {}
            }
        }
        let edits = [-1.0, 0.0, 1e308, -1e308, 0.5, 2.0].map(Value::from).to_vec();
        let edits = edits.into_iter().chain([Value::Null, Value::from("x"), Value::Array(vec![])]);
        for calibrator in calibrators() {
            let whole = to_value(&calibrator).unwrap();
            let mut places = Vec::new();
            leaves(&whole, "", &mut places);
            for (place, edit) in places.iter().flat_map(|p| edits.clone().map(move |e| (p, e))) {
                let mut edited = whole.clone();
                *edited.pointer_mut(place).unwrap() = edit;
                let Ok(found) = from_value::<Calibrator>(edited) else { continue };
                let grid: Vec<f64> = (0..=20).map(|p| f64::from(p) / 20.0).collect();
                let p = found.probabilities(&grid).unwrap();
                assert!(p.is_sorted() && p.iter().all(|p| *p > 0.0 && *p < 1.0), "{place} {p:?}");
            }
        }
    }

    #[test]
    fn files_that_no_training_makes_are_refused() {
        let file = |curve: &str| {
            let text = format!(r#"{{"format":1,"scale":"Probability","curve":{curve}}}"#);
            from_str::<Calibrator>(&text).map_err(|error| error.to_string())
        };
        assert!(file(r#"{"Platt":{"slope":1.0,"intercept":0.0}}"#).is_ok());
        for (curve, reason) in [
            (r#"{"Platt":{"slope":-1.0,"intercept":0.0}}"#, "slope -1 and intercept 0"),
            (r#"{"Beta":{"a":1.0,"b":-1.0,"c":0.0}}"#, "a = 1, b = -1, c = 0"),
            (r#"{"Isotonic":{"centres":[],"log_odds":[]}}"#, "0 centres and 0 log odds"),
            (r#"{"Isotonic":{"centres":[1.0,0.0],"log_odds":[0.0,1.0]}}"#, "do not ascend"),
            (r#"{"Isotonic":{"centres":[0.0,1.0],"log_odds":[1.0,0.0]}}"#, "do not ascend"),
            (r#"{"Isotonic":{"centres":[0.0],"log_odds":[1.0,2.0]}}"#, "1 centres and 2 log odds"),
        ] {
            let error = file(curve).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        let newer = r#"{"format":2,"scale":"Probability","curve":"Identity"}"#;
        let error = from_str::<Calibrator>(newer).unwrap_err().to_string();
        assert!(error.contains("format version 2; versions up to 1"), "{error}");
        assert!(from_str::<PriorShift>(r#"{"trained":0.0,"now":0.5}"#).is_err());
    }
}
