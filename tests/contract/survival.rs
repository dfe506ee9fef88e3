//! What measures and models of lifetimes refuse, and what they promise.

use forewarn::Lifetime::{self, Alive, Between, Failed, FailedBy};
use forewarn::boost::{
    Aft, AftParams, ConformalBound, ConformalInterval, CoxParams, EarlyStopping, FailureTime,
    HazardParams,
};
use forewarn::error::Error;
use forewarn::metrics::survival::{
    KaplanMeier, brier_at, concordance, concordance_ipcw, integrated_brier,
};
use forewarn::ndarray::{Array2, array, s};
use forewarn::prelude::*;

type Measure = fn(&[Lifetime], &[f64]) -> Result<f64>;

fn uncensored() -> KaplanMeier {
    KaplanMeier::of_censoring(&[Failed(1.0)]).expect("one life will do")
}

fn measures() -> [(&'static str, Measure); 4] {
    [
        ("concordance", concordance),
        ("concordance_ipcw", |l, r| concordance_ipcw(l, r, &uncensored(), f64::INFINITY)),
        ("brier_at", |l, s| brier_at(1.5, l, s, &uncensored())),
        ("integrated_brier", |l, s| {
            let curves = Array2::from_shape_fn((s.len(), 2), |(row, _)| s[row]);
            integrated_brier(&[1.0, 2.0], l, curves.view(), &uncensored())
        }),
    ]
}

#[test]
fn measures_refuse_what_they_cannot_measure() {
    for (name, measure) in measures() {
        let lives = [Failed(1.0), Alive(2.0)];
        assert!(measure(&lives, &[0.5, 0.25]).is_ok(), "{name}");
        assert_eq!(measure(&[], &[]), Err(Error::Empty { what: "lifetimes" }), "{name}");
        let short = measure(&lives, &[0.5]);
        assert!(matches!(short, Err(Error::Length { expected: 2, found: 1, .. })), "{name}");
        assert!(measure(&lives, &[0.5, f64::NAN]).is_err(), "{name}");
        for bad in [Failed(0.0), Alive(f64::NAN), Failed(f64::INFINITY), FailedBy(1.0)] {
            let refused = measure(&[Failed(1.0), bad], &[0.5, 0.25]);
            assert!(matches!(refused, Err(Error::Lifetime { row: 1, .. })), "{name}: {bad:?}");
        }
    }
    assert!(matches!(concordance(&[Alive(1.0)], &[0.0]), Err(Error::Incompatible { .. })));
    assert!(matches!(
        brier_at(1.0, &[Failed(1.0)], &[1.5], &uncensored()),
        Err(Error::OutOfRange { value: 1.5, .. })
    ));
    // All are censored at 1: what happens later is known of nobody.
    let none = KaplanMeier::of_censoring(&[Alive(1.0)]).unwrap();
    let later = brier_at(2.0, &[Failed(1.5)], &[0.5], &none);
    assert!(matches!(later, Err(Error::Incompatible { .. })));
    for times in [&[1.0][..], &[2.0, 1.0], &[1.0, f64::NAN]] {
        let curves = Array2::zeros((1, times.len()));
        assert!(integrated_brier(times, &[Failed(1.0)], curves.view(), &uncensored()).is_err());
    }
}

fn fleet() -> (Array2<f64>, Vec<Lifetime>) {
    let x = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 37 + j * 11) % 100) as f64);
    let lives = (0..300)
        .map(|i| 100.0 / (1.0 + x[(i, 0)] / 25.0) * (0.5 + (i * i * 31 % 97) as f64 / 97.0))
        .map(|hours| Lifetime::observed(hours.min(60.0), hours <= 60.0))
        .collect();
    (x, lives)
}

type Training = fn(Batch<'_, [Lifetime]>) -> Result<FailureTime>;

fn trainings() -> [(&'static str, Training); 3] {
    [
        ("Cox", |batch| CoxParams::default().n_trees(20).train(batch)),
        ("Hazard", |batch| HazardParams::default().n_trees(20).train(batch)),
        ("Aft", |batch| AftParams::default().n_trees(20).train(batch)),
    ]
}

#[test]
fn training_refuses_what_it_cannot_learn_from() {
    let (x, lives) = fleet();
    for (name, train) in trainings() {
        let batch = Batch::new(x.view());
        let refused = train(batch.with_target(&lives[..299]));
        assert!(matches!(refused, Err(Error::Length { expected: 300, found: 299, .. })), "{name}");
        let alive = vec![Alive(1.0); 300];
        let refused = train(batch.with_target(&alive[..]));
        assert!(matches!(refused, Err(Error::Incompatible { .. })), "{name}");
        let mut bad = lives.clone();
        bad[7] = Failed(-1.0);
        let refused = train(batch.with_target(&bad[..]));
        assert!(matches!(refused, Err(Error::Lifetime { row: 7, .. })), "{name}");
        let mut infinite = x.clone();
        infinite[(3, 1)] = f64::INFINITY;
        let refused = train(Batch::new(infinite.view()).with_target(&lives[..]));
        assert!(matches!(refused, Err(Error::Infinite { row: 3, column: 1, .. })), "{name}");

        let mut inspected = lives.clone();
        inspected[0] = Between(1.0, 2.0);
        inspected[1] = FailedBy(30.0);
        let trained = train(batch.with_target(&inspected[..]));
        assert_eq!(trained.is_ok(), name != "Cox", "{name}");
    }
}

#[test]
fn forecasts_are_distributions() -> Result<()> {
    let (x, lives) = fleet();
    for (name, train) in trainings() {
        let model = train(Batch::new(x.view()).with_target(&lives[..]))?;
        let forecast = model.forecast(x.view())?;
        let times = [0.0, 5.0, 20.0, 40.0, 59.0];
        let survival = forecast.survival(&times)?;
        for (row, curve) in survival.rows().into_iter().enumerate() {
            assert_eq!(curve[0], 1.0, "{name} {row}");
            assert!(curve.iter().all(|share| (0.0..=1.0).contains(share)), "{name} {row}");
            assert!(curve.to_vec().is_sorted_by(|a, b| a >= b), "{name} {row}");
        }
        // P(T > 40 | T > 20) = S(40) / S(20).
        let later = forecast.clone().given_alive_for(&[20.0; 300])?.failure_within(20.0)?;
        for row in 0..300 {
            let expected = 1.0 - survival[(row, 3)] / survival[(row, 2)];
            assert!((later[row] - expected).abs() < 1e-9, "{name}: {} {expected}", later[row]);
        }
        // By the quantile a failure has at least that probability, and before it less.
        let quantile = forecast.quantile(0.3)?;
        for row in 0..300 {
            let time = quantile[row];
            if time.is_finite() {
                let by = |time| Ok::<_, Error>(forecast.failure_within(time)?[row]);
                assert!(by(time)? > 0.3 - 1e-9, "{name}");
                assert!(by(time * (1.0 - 1e-9))? < 0.3 + 1e-9, "{name}");
            }
        }
        // More load, shorter lives; and those who fail first rank first.
        assert!(concordance(&lives, &model.score(x.view())?.to_vec())? > 0.75, "{name}");
        assert!(forecast.quantile(1.0).is_err() && forecast.survival(&[-1.0]).is_err());
        assert!(forecast.clone().given_alive_for(&[1.0]).is_err());
        assert!(forecast.clone().given_alive_for(&[f64::NAN; 300]).is_err());
        assert_eq!(
            model.forecast(array![[1.0]].view()).err(),
            Some(Error::Width { expected: 2, found: 1 })
        );
    }
    Ok(())
}

/// Whatever the model, nine in ten outlive the bound: here one that knows nothing of half the rows.
#[test]
fn bounds_hold_on_lives_not_seen() -> Result<()> {
    let (x, lives) = fleet();
    for (name, train) in trainings() {
        let model = train(Batch::new(x.slice(s![..100, ..])).with_target(&lives[..100]))?;
        let part = |rows: std::ops::Range<usize>| {
            Ok::<_, Error>((model.forecast(x.slice(s![rows.clone(), ..]))?, &lives[rows]))
        };
        let (calibration, known) = part(100..200)?;
        let bound = ConformalBound::new(&calibration, known, 0.9)?;
        let (test, known) = part(200..300)?;
        let low = bound.of(&test);
        // Lives censored before their bound say nothing; here all are watched for 60 hours.
        let failed_before = known.iter().zip(&low).filter(|(life, low)| match life {
            Failed(time) => time < *low,
            _ => false,
        });
        let missed = failed_before.count();
        assert!((2..=20).contains(&missed), "{name}: {missed} of 100");
        assert!(ConformalBound::new(&test, known, 1.0).is_err());
        assert!(ConformalBound::new(&test, &known[1..], 0.5).is_err());
        // 100 lives cannot promise 99.9 %.
        let unknown = ConformalBound::new(&test, known, 0.999)?;
        assert!(unknown.of(&test).iter().all(|&bound| bound == 0.0), "{name}");
    }
    Ok(())
}

#[test]
fn intervals_refuse_what_they_cannot_learn_from() {
    assert!(matches!(ConformalInterval::around(&[], &[], 0.9), Err(Error::Empty { .. })));
    assert!(matches!(ConformalInterval::around(&[1.0], &[], 0.9), Err(Error::Empty { .. })));
    assert!(matches!(
        ConformalInterval::between(&[1.0], &[1.0, 2.0], &[1.0], 0.9),
        Err(Error::Length { what: "upper", expected: 1, found: 2 })
    ));
    assert!(matches!(
        ConformalInterval::around(&[1.0], &[f64::NAN], 0.9),
        Err(Error::NotANumber { what: "truth", index: 0 })
    ));
    for coverage in [0.0, 1.0, f64::NAN] {
        assert!(matches!(
            ConformalInterval::around(&[1.0], &[1.0], coverage),
            Err(Error::OutOfRange { name: "coverage", .. })
        ));
    }
}

#[cfg(feature = "serde")]
#[test]
fn saved_intervals_are_checked() {
    let interval = ConformalInterval::around(&[0.0; 9], &[1.0; 9], 0.9).unwrap();
    for interval in [interval, ConformalInterval::around(&[0.0], &[1.0], 0.9).unwrap()] {
        let text = serde_json::to_string(&interval).unwrap();
        assert_eq!(serde_json::from_str::<ConformalInterval>(&text).unwrap(), interval);
    }
    let refused = serde_json::from_str::<ConformalInterval>(r#"{"margin":1.0,"coverage":2.0}"#);
    assert!(refused.unwrap_err().to_string().contains("coverage is 2"));
    let refused = serde_json::from_str::<ConformalBound>(r#"{"quantile":-1.0,"coverage":0.5}"#);
    assert!(refused.unwrap_err().to_string().contains("quantile is -1"));
}

#[cfg(feature = "serde")]
#[test]
fn saved_models_forecast_the_same() -> Result<()> {
    let (x, lives) = fleet();
    for (name, train) in trainings() {
        let model = train(Batch::new(x.view()).with_target(&lives[..]))?;
        let bytes = model.to_bytes()?;
        let copy = FailureTime::from_bytes(&bytes)?;
        assert_eq!(copy, model, "{name}");
        let curves = |model: &FailureTime| model.forecast(x.view())?.survival(&[10.0, 30.0]);
        assert_eq!(curves(&copy)?, curves(&model)?, "{name}");

        let text = serde_json::to_value(&model).expect("a model is a value");
        for (path, wrong) in [
            ("/law/Cox/hazard/0", serde_json::json!(1e9)),
            ("/law/Cox/times/0", serde_json::json!(-1.0)),
            ("/law/Hazard/cuts/0", serde_json::json!(1e9)),
            ("/law/Aft/scale", serde_json::json!(0.0)),
            ("/format", serde_json::json!(2)),
        ] {
            let mut text = text.clone();
            if let Some(value) = text.pointer_mut(path) {
                *value = wrong;
                assert!(serde_json::from_value::<FailureTime>(text).is_err(), "{name} {path}");
            }
        }
    }
    Ok(())
}

/// Rows held out of each kind, of lives that ended and that did not, say when to stop; and training is
/// the same on any number of threads.
#[test]
fn training_stops_early_and_repeats() -> Result<()> {
    let (x, lives) = fleet();
    let batch = Batch::new(x.view()).with_target(&lives[..]);
    let early = Some(EarlyStopping::after(5));
    let cox = || CoxParams::default().n_trees(500).early_stopping(early).train(batch);
    let hazard = || HazardParams::default().n_trees(500).early_stopping(early).train(batch);
    let aft = || AftParams::default().n_trees(500).early_stopping(early).train(batch);
    for (first, second) in [(cox()?, cox()?), (hazard()?, hazard()?), (aft()?, aft()?)] {
        assert!(first.ensemble().n_trees() < 500);
        assert_eq!(first.report().rounds, first.ensemble().n_trees());
        assert_eq!(first, second);
    }
    Ok(())
}

/// An ensemble that was trained elsewhere gets the curves that it would have got here.
#[test]
fn ensembles_from_elsewhere_get_curves() -> Result<()> {
    let (x, lives) = fleet();
    let batch = Batch::new(x.view()).with_target(&lives[..]);
    let here = CoxParams::default().n_trees(20).train(batch)?;
    let there = FailureTime::from_cox(here.ensemble().clone(), batch)?;
    let curves = |model: &FailureTime| model.forecast(x.view())?.survival(&[10.0, 30.0, 50.0]);
    for (a, b) in curves(&here)?.iter().zip(&curves(&there)?) {
        assert!((a - b).abs() < 1e-12);
    }
    let here = AftParams::default().n_trees(20).train(batch)?;
    let there = FailureTime::from_aft(here.ensemble().clone(), Aft::default(), batch)?;
    for (a, b) in curves(&here)?.iter().zip(&curves(&there)?) {
        assert!((a - b).abs() < 1e-6);
    }
    assert!(
        FailureTime::from_cox(here.ensemble().clone(), Batch { y: &lives[1..], ..batch }).is_err()
    );
    Ok(())
}
