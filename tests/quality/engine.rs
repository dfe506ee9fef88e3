//! The engine on simulated fleets of other seeds than it was made with, and on real data where that
//! is: no worse than its parts, calibrated, honest about its confidence and its intervals.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use crate::fleets::{azure, cmapss, remaining_cycles, simulated};
use crate::pumps::{HOUR, pumps, quick};
use forewarn::engine::telemetry::Telemetry;
use forewarn::engine::{Engine, EngineParams};
use forewarn::metrics::phm08_score;

/// The usual settings with fewer trees.
fn fewer(params: EngineParams) -> EngineParams {
    let lifetimes = params.lifetimes.clone().map(|lifetimes| {
        let remaining = lifetimes.remaining.clone().n_trees(60).learning_rate(0.15);
        let survival = lifetimes.survival.clone().n_trees(40);
        lifetimes.survival(survival).remaining(remaining).seeds(1)
    });
    let classifier = params.classifier.clone().n_trees(60).learning_rate(0.1);
    params.classifier(classifier).lifetimes(lifetimes).folds(2)
}

/// Average precision of the ensemble, and of its best part.
fn precision(engine: &Engine) -> (f64, f64) {
    let evaluation = engine.evaluation();
    let parts = evaluation.parts.iter().map(|part| part.average_precision);
    (evaluation.ensemble.unwrap().average_precision, parts.fold(0.0, f64::max))
}

/// Of assessments with a confidence of 0.9 or more, the share whose statement held.
fn held_when_sure(engine: &Engine) -> f64 {
    let sure = engine.evaluation().confidence.iter().filter(|bin| bin.from >= 0.9);
    let (count, held) = sure.fold((0.0, 0.0), |(count, held), bin| {
        (count + bin.count as f64, held + bin.count as f64 * bin.held)
    });
    assert!(count > 100.0);
    held / count
}

#[test]
fn pumps_that_run_hot_are_foretold() {
    let engine = quick().train(&pumps(20, 500, 3)).unwrap();
    let evaluation = engine.evaluation();
    let (all, best) = precision(&engine);
    assert!(all > 0.9 && all >= best - 0.005, "{evaluation}");
    let figures = evaluation.ensemble.unwrap();
    assert!(figures.expected_calibration_error < 0.03, "{evaluation}");
    assert!(held_when_sure(&engine) >= 0.88, "{:?}", evaluation.confidence);
    let lifetimes = evaluation.lifetimes.unwrap();
    assert!((0.84..=0.97).contains(&lifetimes.coverage), "{evaluation}");
    assert!(lifetimes.median_error < 12.0 * HOUR, "{evaluation}");
    let alerts = evaluation.at_threshold.unwrap();
    assert!(alerts.recall_of_failures > 0.95, "{evaluation}");
    // Cheaper than to act never, or always.
    let cost = |threshold: f64| {
        let point = evaluation.costs.iter().find(|point| point.threshold >= threshold);
        point.map_or(evaluation.cost_of_never, |point| point.cost)
    };
    let least = evaluation.cost_of_never.min(evaluation.cost_of_always);
    assert!(cost(evaluation.threshold) < 0.7 * least, "{evaluation}");
}

#[test]
fn a_simulated_fleet_is_foretold() {
    let fleet = simulated(16, 24 * 30, 5);
    let engine = fewer(EngineParams::default()).train(&fleet).unwrap();
    let evaluation = engine.evaluation();
    let (all, best) = precision(&engine);
    let figures = evaluation.ensemble.unwrap();
    // Weights are learned of some thirty failures: no promise for each seed.
    assert!(figures.roc_auc > 0.9 && all > best - 0.05, "{evaluation}");
    assert!(all > 5.0 * evaluation.base_rate, "{evaluation}");
    assert!(held_when_sure(&engine) >= 0.88, "{:?}", evaluation.confidence);
    // The reasons of what is about to fail speak for it.
    let assessments = engine.assess(&fleet, None).unwrap();
    let risk = |it: &forewarn::engine::Assessment| it.failure_probability.unwrap_or(0.0);
    let most = assessments.iter().max_by(|a, b| risk(a).total_cmp(&risk(b))).unwrap();
    assert!(!most.reasons.is_empty(), "{most}");
    let sum: f64 = most.reasons.iter().map(|reason| reason.weight.abs()).sum();
    assert!(sum <= 1.0 + 1e-9 && sum > 0.3, "{most}");
}

/// A third of the engines of FD001.
#[test]
fn turbofans_are_foretold() {
    let Some(train) = cmapss("train_FD001", 36) else { return };
    let engine = fewer(EngineParams::cycles()).train(&train).unwrap();
    let evaluation = engine.evaluation();
    let (all, best) = precision(&engine);
    // Of nine failures: on all of the data it is behind by a tenth of this at most.
    assert!(all > 0.95 && all >= best - 0.01, "{evaluation}");
    assert!(evaluation.ensemble.unwrap().expected_calibration_error < 0.02, "{evaluation}");
    assert!(held_when_sure(&engine) >= 0.88, "{:?}", evaluation.confidence);
}

/// A sixth of the machines.
#[test]
fn the_azure_machines_are_foretold() {
    let Some((fleet, params)) = azure(6) else { return };
    let engine = fewer(params).most_rows(20_000).train(&fleet).unwrap();
    let evaluation = engine.evaluation();
    let (all, best) = precision(&engine);
    assert!(all > 0.9 && all >= best - 0.01, "{evaluation}");
    assert!(evaluation.ensemble.unwrap().expected_calibration_error <= 0.01, "{evaluation}");
    assert!(held_when_sure(&engine) >= 0.88, "{:?}", evaluation.confidence);
}

/// Simulated fleets of seeds that nothing was chosen by. All figures:
/// `cargo test --release --test quality engine::figures -- --ignored --nocapture`.
#[test]
#[ignore = "prints figures; takes a minute"]
fn figures_of_simulated_fleets() {
    for seed in 31..=36 {
        let fleet = simulated(30, 24 * 40, seed);
        show(&format!("simulated fleet, seed {seed}"), &fleet, &EngineParams::default());
    }
}

/// NASA's turbofans by the customs of the benchmark: what is said at the last cycle of each engine of
/// the test file, and the truth, both up to 125 cycles.
#[test]
#[ignore = "prints figures of whole data sets; takes a minute"]
fn figures_of_turbofans() {
    for name in ["FD001", "FD003"] {
        let Some(train) = cmapss(&format!("train_{name}"), 100) else { return };
        let engine = show(name, &train, &turbofans());
        let test = cmapss(&format!("test_{name}"), 100).unwrap();
        let truth = remaining_cycles(&format!("rul_{name}")).unwrap();
        let said: Vec<_> = engine.assess(&test, None).unwrap();
        let said: Vec<_> = said.iter().map(|said| said.time_to_failure.unwrap()).collect();
        // The failure is counted as the cycle after the last one.
        let expected: Vec<f64> =
            said.iter().map(|said| (said.expected - 1.0).clamp(0.0, 125.0)).collect();
        let squares = expected.iter().zip(&truth).map(|(said, left)| (said - left).powi(2));
        let planned: Vec<f64> = said
            .iter()
            .map(|said| (said.least_costly(10.0, 13.0).unwrap() - 1.0).clamp(0.0, 125.0))
            .collect();
        let squares_planned = planned.iter().zip(&truth).map(|(said, left)| (said - left).powi(2));
        let inside = |(said, left): &(&forewarn::engine::TimeToFailure, &f64)| {
            (said.earliest..=said.latest).contains(&(**left + 1.0))
        };
        println!(
            "{name}, last cycles of the test: RMSE {:.2}, PHM08 {:.0}; of the least costly times RMSE \
             {:.2}, PHM08 {:.0}; intervals hold {:.2}",
            (squares.sum::<f64>() / truth.len() as f64).sqrt(),
            phm08_score(&truth, &expected).unwrap(),
            (squares_planned.sum::<f64>() / truth.len() as f64).sqrt(),
            phm08_score(&truth, &planned).unwrap(),
            said.iter().zip(&truth).filter(inside).count() as f64 / truth.len() as f64
        );
    }
}

#[test]
#[ignore = "prints figures of a whole data set; takes a minute"]
fn figures_of_azure() {
    let Some((fleet, params)) = azure(1) else { return };
    show("Azure", &fleet, &params);
}

/// Times left of up to 125 cycles until the last one, which is one before the failure, by five models.
fn turbofans() -> EngineParams {
    let params = EngineParams::cycles();
    let lifetimes = params.lifetimes.clone().map(|lifetimes| lifetimes.cap(Some(126.0)).seeds(5));
    params.lifetimes(lifetimes)
}

fn show(name: &str, telemetry: &Telemetry, params: &EngineParams) -> Engine {
    let start = std::time::Instant::now();
    let engine = params.train(telemetry).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let (all, best) = precision(&engine);
    println!("\n## {name}, {seconds:.1} s\n{}\n{}", engine.card(), engine.evaluation());
    println!(
        "average precision less that of the best part {:+.4}; of those with a confidence of 0.9 or \
         more, {:.4} held",
        all - best,
        held_when_sure(&engine)
    );
    engine
}
