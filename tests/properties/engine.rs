//! What holds for every history that an engine is shown.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use crate::pumps::{HOUR, noise, pumps, quick, readings};
use forewarn::engine::action::{ActionPolicy, ActionRecord};
use forewarn::engine::telemetry::Telemetry;
use forewarn::engine::{Assessment, Engine, Verdict};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

static ENGINE: LazyLock<Arc<Engine>> =
    LazyLock::new(|| Arc::new(quick().train(&pumps(12, 400, 1)).unwrap()));

/// With all digits: values that are missing make no two alike.
fn text(of: &impl std::fmt::Debug) -> String {
    format!("{of:?}")
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 || a == b
}

fn alike(a: &Assessment, b: &Assessment) -> bool {
    let left = |of: &Assessment| of.time_to_failure.map(|left| (left.median, left.earliest));
    let pairs = left(a).zip(left(b));
    a.entity == b.entity
        && close(a.time, b.time)
        && close(a.failure_probability.unwrap(), b.failure_probability.unwrap())
        && close(a.confidence, b.confidence)
        && close(a.anomaly_score, b.anomaly_score)
        && close(a.novelty, b.novelty)
        && pairs.is_some_and(|(a, b)| close(a.0, b.0) && close(a.1, b.1))
        && a.action == b.action
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Streams are batches, a fleet is its entities one by one, and nothing later plays a part.
    #[test]
    fn streams_and_batches_agree(
        seed in 0_usize..1_000_000,
        hours in 1_usize..120,
        gaps in 0.0..0.5_f64,
    ) {
        let engine = &*ENGINE;
        let mut fleet = engine.fleet();
        let mut history = Telemetry::new(["temperature", "vibration"]).unwrap();
        let mut longer = Telemetry::new(["temperature", "vibration"]).unwrap();
        for pump in 0..3 {
            let name = format!("pump {pump}");
            for hour in 0..hours + 20 {
                let index = seed + 1_000 * pump + hour;
                let time = HOUR * (hour as f64 + 0.3 * noise(index + 5));
                let [mut heat, shake] = readings(100_usize.saturating_sub(hour), index);
                if noise(index + 9) < gaps {
                    heat = f64::NAN;
                }
                longer.observe(&name, time, &[heat, shake]).unwrap();
                if hour >= hours {
                    continue;
                }
                history.observe(&name, time, &[heat, shake]).unwrap();
                fleet.observe(&name, time, &[heat, shake]).unwrap();
                if noise(index + 11) < 0.01 {
                    for telemetry in [&mut history, &mut longer] {
                        telemetry.fail(&name, time + 60.0).unwrap();
                    }
                    fleet.fail(&name, time + 60.0).unwrap();
                }
            }
        }
        let now = HOUR * (hours as f64 - 0.5);
        let now = now.max(fleet.entities().iter().fold(0.0, |last: f64, name| {
            last.max(fleet.state(name).unwrap().last_time().unwrap())
        }));
        let batch = engine.assess(&history, Some(now)).unwrap();
        let all = fleet.assess_all(now).unwrap();
        prop_assert_eq!(batch.len(), 3);
        for (index, (batch, all)) in batch.iter().zip(&all).enumerate() {
            prop_assert!(alike(batch, all), "{batch}\n{all}");
            let one = fleet.assess(&format!("pump {index}"), now).unwrap();
            prop_assert!(alike(batch, &one), "{batch}\n{one}");
            prop_assert_eq!(text(&batch.reasons), text(&one.reasons));
            prop_assert_eq!(text(&batch.trends), text(&one.trends));
        }
        let known_then = engine.assess(&longer, Some(now)).unwrap();
        let first = HOUR * hours as f64;
        if now < first {
            prop_assert_eq!(text(&known_then), text(&batch));
        }
    }

    /// Whatever is assessed: no more than the budget, and a record of each.
    #[test]
    fn a_fleet_never_acts_beyond_its_budget(seed in 0_usize..1_000_000, budget in 0_u32..3) {
        let mut params = quick();
        params.policy = ActionPolicy::default().budget(budget, 20.0 * HOUR).cool_down(5.0 * HOUR);
        let engine = tuned(budget, &params);
        let mut fleet = engine.fleet();
        let mut done: Vec<(String, f64)> = Vec::new();
        let mut decisions = 0;
        for hour in 0..40 {
            let time = HOUR * hour as f64;
            for pump in 0..5 {
                let left = (40.0 * noise(seed + hour + pump)) as usize;
                fleet.observe(&format!("pump {pump}"), time, &readings(left, seed + hour)).unwrap();
            }
            let mut hand = |record: &ActionRecord| -> Result<(), String> {
                done.push((record.entity.clone(), record.time));
                Ok(())
            };
            let records = fleet.act(time, &mut hand).unwrap();
            decisions += records.len();
            let last = fleet.gate().records().last().map_or(0, |record| record.number);
            prop_assert_eq!(last as usize, decisions);
        }
        for (index, (name, time)) in done.iter().enumerate() {
            let window = done.iter().filter(|(_, at)| *at > time - 20.0 * HOUR && at <= time);
            prop_assert!(window.count() <= budget as usize);
            let again = done[..index].iter().filter(|(other, _)| other == name);
            prop_assert!(again.into_iter().all(|(_, at)| time - at >= 5.0 * HOUR));
        }
    }

    /// Verdicts move all probabilities one way, by no more than allowed, and replay to the same bits.
    #[test]
    fn verdicts_replay(given in proptest::collection::vec(0_u8..3, 0..40)) {
        let run = || {
            let mut fleet = ENGINE.fleet();
            for hour in 0..24 {
                fleet.observe("pump", HOUR * hour as f64, &readings(40 - hour, hour)).unwrap();
            }
            fleet.assess_all(24.0 * HOUR).unwrap();
            for &verdict in &given {
                let verdict = [Verdict::FalseAlarm, Verdict::Real, Verdict::Missed][verdict as usize];
                fleet.verdict("pump", 24.0 * HOUR, verdict).unwrap();
            }
            (fleet.threshold(), fleet.assess_all(24.0 * HOUR).unwrap())
        };
        let (threshold, assessments) = run();
        prop_assert_eq!(text(&run()), text(&(threshold, &assessments)));
        let odds = |p: f64| (p / (1.0 - p)).ln();
        let moved = odds(ENGINE.threshold()) - odds(threshold);
        prop_assert!(moved.abs() <= 3.0 + 1e-9);
        let mut fresh = ENGINE.fleet();
        for hour in 0..24 {
            fresh.observe("pump", HOUR * hour as f64, &readings(40 - hour, hour)).unwrap();
        }
        let own = fresh.assess_all(24.0 * HOUR).unwrap()[0].failure_probability.unwrap();
        let now = assessments[0].failure_probability.unwrap();
        prop_assert!((odds(now) - odds(own) - moved).abs() < 1e-9);
    }
}

/// Engines that differ by their budget, each trained once.
fn tuned(budget: u32, params: &forewarn::engine::EngineParams) -> Arc<Engine> {
    use std::collections::HashMap;
    use std::sync::Mutex;
    static TRAINED: LazyLock<Mutex<HashMap<u32, Arc<Engine>>>> = LazyLock::new(Mutex::default);
    let mut trained = TRAINED.lock().unwrap();
    let train = || Arc::new(params.train(&pumps(12, 300, 1)).unwrap());
    Arc::clone(trained.entry(budget).or_insert_with(train))
}
