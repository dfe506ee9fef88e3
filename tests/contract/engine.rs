//! The engine refuses what cannot be in clear words, and lives on after anything else.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use crate::pumps::{HOUR, pumps, quick, readings};
use forewarn::Error;
use forewarn::engine::action::{Action, ActionPolicy, ActionRecord};
use forewarn::engine::features::FeatureParams;
use forewarn::engine::telemetry::Telemetry;
use forewarn::engine::{Engine, EngineParams, HoldOutBy, LifetimeParams, Mode, Verdict};
use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};

static ENGINE: LazyLock<Arc<Engine>> =
    LazyLock::new(|| Arc::new(quick().train(&pumps(12, 400, 1)).unwrap()));

fn reason(error: Error) -> String {
    match error {
        Error::Incompatible { reason } | Error::InvalidModel { reason } => reason,
        other => panic!("{other}"),
    }
}

/// All that is said, with all digits: values that are missing make no two alike.
#[cfg(any(feature = "serde", feature = "parallel"))]
fn text(assessments: &impl std::fmt::Debug) -> String {
    format!("{assessments:?}")
}

fn warned(engine: &Engine, words: &str) {
    let warnings = &engine.evaluation().warnings;
    assert!(warnings.iter().any(|warning| warning.contains(words)), "{words}: {warnings:?}");
}

#[test]
fn settings_outside_their_range_are_refused_by_name() {
    let of = EngineParams::default;
    let lifetimes = |lifetimes: LifetimeParams| of().lifetimes(Some(lifetimes));
    let life = LifetimeParams::default;
    for (params, wanted) in vec![
        (of().hold_out(0.04), "hold_out"),
        (of().hold_out(0.6), "hold_out"),
        (of().hold_out(f64::NAN), "hold_out"),
        (of().folds(1), "folds"),
        (of().folds(21), "folds"),
        (of().least_failures(1), "least_failures"),
        (of().most_rows(999), "most_rows"),
        (of().most_entities(0), "most_entities"),
        (of().features(FeatureParams::default().horizon(-1.0)), "horizon"),
        (of().policy(ActionPolicy::default().least_confidence(2.0)), "least_confidence"),
        (lifetimes(life().cap(Some(3_600.0))), "cap"),
        (lifetimes(life().cap(Some(f64::NAN))), "cap"),
        (lifetimes(life().seeds(0)), "seeds"),
        (lifetimes(life().coverage(1.0)), "coverage"),
    ] {
        let error = params.train(&pumps(2, 30, 1)).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name, .. } if name == wanted), "{error}");
    }
}

#[test]
fn nothing_to_learn_from_is_an_error() {
    let empty = Telemetry::new(["heat"]).unwrap();
    assert_eq!(quick().train(&empty).unwrap_err(), Error::Empty { what: "rows" });
    let mut only_failures = Telemetry::new(["heat"]).unwrap();
    only_failures.fail("pump", 10.0).unwrap();
    assert_eq!(quick().train(&only_failures).unwrap_err(), Error::Empty { what: "rows" });
}

#[test]
fn without_failures_it_only_detects_and_says_so() {
    let mut healthy = Telemetry::new(["temperature", "vibration"]).unwrap();
    for pump in 0..4 {
        for hour in 0..100 {
            let values = readings(100, 100 * pump + hour);
            healthy.observe(&format!("pump {pump}"), HOUR * hour as f64, &values).unwrap();
        }
    }
    let engine = Arc::new(quick().train(&healthy).unwrap());
    assert_eq!((engine.mode(), engine.threshold()), (Mode::DetectOnly, 1.0));
    assert_eq!(engine.evaluation().mode, Mode::DetectOnly);
    assert!(engine.weights().is_empty() && engine.evaluation().ensemble.is_none());
    warned(&engine, "only detects");
    assert!(engine.card().to_string().contains("only detects"));

    healthy.observe("pump 0", 100.0 * HOUR, &[200.0, 9.0]).unwrap();
    let assessments = engine.assess(&healthy, None).unwrap();
    let (hot, calm) = (&assessments[0], &assessments[1]);
    assert_eq!((hot.failure_probability, hot.time_to_failure, hot.alert), (None, None, false));
    assert!(hot.abnormal && hot.action == Action::Watch, "{hot}");
    assert!(!hot.reasons.is_empty() && hot.novelty > calm.novelty, "{hot}");
    assert!(!calm.abnormal && calm.action == Action::None, "{calm}");

    let mut fleet = engine.fleet();
    fleet.observe("pump 0", 0.0, &[60.0, 1.0]).unwrap();
    fleet.assess_all(0.0).unwrap();
    let refused = fleet.verdict("pump 0", 0.0, Verdict::FalseAlarm).unwrap_err();
    assert!(reason(refused).contains("only detect"));
}

#[test]
fn few_failures_of_many_entities_are_not_enough() {
    let mut fleet = Telemetry::new(["heat"]).unwrap();
    for entity in 0..10_000 {
        for hour in 0..2 {
            let value = f64::from((entity * 7 + hour) % 13);
            fleet.observe(&entity.to_string(), 90_000.0 * f64::from(hour), &[value]).unwrap();
        }
    }
    fleet.fail("77", 95_000.0).unwrap();
    let engine = quick().train(&fleet).unwrap();
    assert_eq!(engine.mode(), Mode::DetectOnly);
    warned(&engine, "1 failures are fewer than the 5");
    assert_eq!(engine.assess(&fleet, None).unwrap().len(), 10_000);
}

/// All failures in the last days: no part of the history can be judged by another.
#[test]
fn failures_of_one_time_only_are_told() {
    let mut fleet = Telemetry::new(["heat"]).unwrap();
    for pump in 0..8 {
        let name = format!("pump {pump}");
        for hour in 0..300 {
            fleet
                .observe(&name, HOUR * f64::from(hour), &[f64::from((hour * 7 + pump) % 11)])
                .unwrap();
        }
        fleet.fail(&name, 299.5 * HOUR).unwrap();
    }
    let engine = quick().train(&fleet).unwrap();
    assert_eq!(engine.mode(), Mode::DetectOnly);
    warned(&engine, "could be judged by another");
    // By entities they can be.
    let engine = quick().hold_out_by(HoldOutBy::Entities).train(&fleet).unwrap();
    assert_eq!(engine.mode(), Mode::Predict);
}

#[test]
fn odd_telemetry_is_learned_from_and_told() {
    let clean = pumps(12, 400, 1);
    let mut odd = Telemetry::new(["temperature", "vibration", "broken"]).unwrap();
    for pump in 0..12 {
        let name = format!("pump {pump}");
        let failures = clean.failures(&name);
        let mut left: Vec<f64> = failures.iter().map(|failure| failure.0).collect();
        left.push(1e9);
        // Backwards, and each row twice.
        for hour in (0..400_usize).rev() {
            let time = HOUR * hour as f64;
            let next = left[left.partition_point(|&failure| failure <= time)];
            let hours = ((next - time) / HOUR).min(1e6) as usize;
            let [heat, shake] = readings(hours, 1 + 1_000_003 * pump + hour);
            let shake = if hour > 300 && pump == 3 { f64::NAN } else { shake };
            odd.observe(&name, time, &[heat, shake, f64::NAN]).unwrap();
            odd.observe(&name, time, &[heat + 1.0, shake, f64::NAN]).unwrap();
        }
        for (time, _) in failures {
            odd.fail(&name, time).unwrap();
        }
    }
    odd.observe("lonely", 0.0, &[60.0, 1.0, f64::NAN]).unwrap();
    odd.fail("unseen", 5_000.0).unwrap();
    let engine = quick().train(&odd).unwrap();
    assert_eq!(engine.mode(), Mode::Predict);
    for words in [
        "with one row only: lonely",
        "failed without any row, from which nothing is learned: unseen",
        "never had a value: broken",
        "vibration of pump 3",
        "contradict an earlier one",
    ] {
        warned(&engine, words);
    }
    let assessments = engine.assess(&odd, None).unwrap();
    assert_eq!(assessments.len(), 14);
    for assessment in &assessments {
        let p = assessment.failure_probability.unwrap();
        assert!(p > 0.0 && p < 1.0 && (0.0..=1.0).contains(&assessment.confidence));
        assert!((0.0..=1.0).contains(&assessment.anomaly_score), "{assessment}");
    }
}

#[test]
fn what_is_missing_or_unknown_lowers_the_confidence() {
    let engine = &ENGINE;
    let mut known = Telemetry::new(["temperature", "vibration"]).unwrap();
    let mut other = Telemetry::new(["temperature", "pressure"]).unwrap();
    for hour in 0..48 {
        let [heat, shake] = readings(100, hour);
        known.observe("pump", HOUR * hour as f64, &[heat, shake]).unwrap();
        other.observe("pump", HOUR * hour as f64, &[heat, 5.0]).unwrap();
    }
    let unmatched = engine.features().unmatched(&other).unwrap();
    assert_eq!(unmatched.missing, ["metric vibration"]);
    assert_eq!(unmatched.unknown, ["metric pressure"]);
    let (sure, unsure) =
        (&engine.assess(&known, None).unwrap()[0], &engine.assess(&other, None).unwrap()[0]);
    assert!(unsure.confidence < sure.confidence - 0.2, "{sure}\n{unsure}");
    assert!(unsure.novelty > 0.5 && sure.novelty < 0.2);
    let text = &unsure.reasons.last().unwrap().text;
    assert!(
        text.contains("without values that were always there in training: vibration"),
        "{text}"
    );

    let strange = Telemetry::from_columns(&["pump"], &[0.0], &[("speed", &[1.0])]).unwrap();
    assert!(
        reason(engine.assess(&strange, None).unwrap_err()).contains("none of the plan's metrics")
    );
    // Before anything is known there is nobody to assess.
    assert_eq!(engine.assess(&known, Some(-1.0)).unwrap(), []);
    assert!(engine.assess(&known, Some(f64::NAN)).is_err());
}

#[test]
fn a_training_can_be_watched_and_stopped() {
    let telemetry = pumps(12, 400, 1);
    let mut seen = Vec::new();
    let watched = quick().train_observed(&telemetry, &mut |stage| {
        seen.push((stage.done, stage.total));
        ControlFlow::Continue(())
    });
    assert_eq!(watched.unwrap(), **ENGINE);
    assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 == pair[1].1));
    let (done, total) = *seen.last().unwrap();
    assert_eq!(done, total);
    let stopped = quick().train_observed(&telemetry, &mut |stage| match stage.done {
        3 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(stopped.unwrap_err(), Error::Cancelled { done: 3, total });
}

#[test]
fn a_fleet_refuses_without_a_change() {
    let engine = quick().most_entities(2).train(&pumps(12, 400, 1)).unwrap();
    let mut fleet = Arc::new(engine).fleet();
    fleet.observe("a", 0.0, &[60.0, 1.0]).unwrap();
    assert!(fleet.observe("b", 0.0, &[60.0]).is_err());
    assert!(fleet.observe("", 0.0, &[60.0, 1.0]).is_err());
    assert_eq!(fleet.entities(), ["a"]);
    assert_eq!(fleet.observe_named("b", 0.0, [("temperature", 60.0), ("speed", 1.0)]), Ok(1));
    let full = reason(fleet.observe("c", 0.0, &[60.0, 1.0]).unwrap_err());
    assert_eq!(full, "entity \"c\" is one more than the 2 of most_entities");
    assert!(fleet.assess("c", 0.0).is_err());
    assert!(matches!(fleet.observe("a", -1.0, &[60.0, 1.0]), Err(Error::TimeWentBack { .. })));
    assert!(matches!(fleet.assess("a", -1.0), Err(Error::TimeWentBack { .. })));
    assert!(fleet.assess_all(f64::NAN).is_err());
    assert_eq!(fleet.event("a", 1.0, "overload"), Ok(false));

    let early = reason(fleet.verdict("a", 5.0, Verdict::Real).unwrap_err());
    assert!(early.contains("no assessment is known"));
    fleet.assess_all(10.0).unwrap();
    let before = fleet.threshold();
    fleet.verdict("a", 10.0, Verdict::Missed).unwrap();
    assert!(fleet.threshold() < before);

    let mut hand = |_: &ActionRecord| -> Result<(), String> { Ok(()) };
    fleet.observe("a", 20.0, &[95.0, 2.5]).unwrap();
    fleet.act(20.0, &mut hand).unwrap();
    let back = fleet.act(19.0, &mut hand).is_err();
    assert_eq!(back, fleet.gate().last_time().is_some());
    assert!(fleet.forget("a") && !fleet.forget("a"));
    fleet.observe("c", 30.0, &[60.0, 1.0]).unwrap();
    assert_eq!(fleet.entities(), ["b", "c"]);
}

#[cfg(feature = "parallel")]
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let telemetry = pumps(12, 400, 1);
    for threads in [1, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let engine = quick().train(&telemetry).unwrap();
            assert_eq!(engine, **ENGINE, "{threads} threads");
            let found = engine.assess(&telemetry, None).unwrap();
            assert_eq!(text(&found), text(&ENGINE.assess(&telemetry, None).unwrap()));
        });
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_saved_engine_is_the_same_and_a_hostile_one_is_refused() {
    let engine = &**ENGINE;
    let bytes = engine.to_bytes().unwrap();
    let read = Engine::from_bytes(&bytes).unwrap();
    assert_eq!(read, *engine);
    let telemetry = pumps(3, 100, 5);
    let said = text(&engine.assess(&telemetry, None).unwrap());
    assert_eq!(text(&read.assess(&telemetry, None).unwrap()), said);
    let json = serde_json::to_string(engine).unwrap();
    let read: Engine = serde_json::from_str(&json).unwrap();
    assert_eq!(text(&read.assess(&telemetry, None).unwrap()), said);
    for assessment in engine.assess(&telemetry, None).unwrap() {
        let json = serde_json::to_string(&assessment).unwrap();
        let read: forewarn::engine::Assessment = serde_json::from_str(&json).unwrap();
        assert_eq!(read.to_string(), assessment.to_string());
    }
    for at in (0..bytes.len()).step_by(bytes.len() / 25) {
        let mut altered = bytes.clone();
        altered[at] ^= 0x10;
        assert!(Engine::from_bytes(&altered).is_err(), "byte {at}");
        assert!(Engine::from_bytes(&bytes[..at]).is_err(), "{at} bytes");
    }
}

/// Altered bytes with a checksum that is right again: what they say is checked, too.
#[cfg(feature = "serde")]
#[test]
fn edited_engines_are_refused() {
    let json = serde_json::to_value(&**ENGINE).unwrap();
    let refused = |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut edited = json.clone();
        edit(&mut edited);
        serde_json::from_value::<Engine>(edited).unwrap_err().to_string()
    };
    let said = refused(&|engine| engine["predictor"]["foresight"]["threshold"] = 2.0.into());
    assert!(said.contains("an alert threshold of 2"), "{said}");
    let said = refused(&|engine| engine["predictor"]["foresight"] = serde_json::Value::Null);
    assert!(said.contains("a card of another engine"), "{said}");
    let said = refused(&|engine| engine["predictor"]["members"]["horizon"] = 5.0.into());
    assert!(said.contains("do not go together"), "{said}");
    let said = refused(&|engine| engine["params"]["features"]["start_values"] = 7.into());
    assert!(said.contains("other settings"), "{said}");
    let said =
        refused(&|engine| engine["predictor"]["foresight"]["stack"]["weights"][0] = (-1.0).into());
    assert!(said.contains("weights"), "{said}");
    let said = refused(&|engine| engine["params"]["hold_out"] = 0.9.into());
    assert!(said.contains("hold_out"), "{said}");
    let said = refused(&|engine| {
        engine["predictor"]["foresight"]["time_left"]["bins"][0]["low"] = (-5.0).into();
    });
    assert!(said.contains("times left"), "{said}");
}

#[cfg(feature = "serde")]
#[test]
fn a_saved_fleet_goes_on_and_a_hostile_one_is_refused() {
    use forewarn::engine::Fleet;
    let engine = Arc::clone(&ENGINE);
    let mut fleet = engine.fleet();
    for hour in 0..30 {
        fleet.observe("a", HOUR * hour as f64, &readings(60 - hour, hour)).unwrap();
        fleet.observe("b", HOUR * hour as f64, &readings(30 - hour, hour)).unwrap();
    }
    fleet.assess_all(30.0 * HOUR).unwrap();
    fleet.verdict("b", 30.0 * HOUR, Verdict::Real).unwrap();
    let bytes = fleet.to_bytes().unwrap();
    let mut read = Fleet::from_bytes(&engine, &bytes).unwrap();
    assert_eq!(read.threshold(), fleet.threshold());
    let now = 31.0 * HOUR;
    assert_eq!(text(&read.assess_all(now).unwrap()), text(&fleet.assess_all(now).unwrap()));
    let again = Fleet::from_bytes(&engine, &fleet.to_bytes().unwrap()).unwrap();
    assert_eq!(again.to_bytes(), fleet.to_bytes());
    for at in (0..bytes.len()).step_by(bytes.len() / 25) {
        let mut altered = bytes.clone();
        altered[at] ^= 0x10;
        assert!(Fleet::from_bytes(&engine, &altered).is_err(), "byte {at}");
    }
    let other = quick().features(FeatureParams::default()).train(&pumps(12, 400, 1)).unwrap();
    assert!(Fleet::from_bytes(&Arc::new(other), &bytes).is_err());
}
