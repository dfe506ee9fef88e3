//! A small fleet for engines: pumps that run hot before they fail.
#![allow(dead_code)] // Not every test uses all of it.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::boost::{CoxParams, FailureClassifierParams, RegressorParams};
use forewarn::engine::features::{FeatureParams, WindowStatistic};
use forewarn::engine::telemetry::Telemetry;
use forewarn::engine::{EngineParams, LifetimeParams};

pub(crate) const HOUR: f64 = 3_600.0;

/// Noise from a counter, in `[0, 1)`.
pub(crate) fn noise(index: usize) -> f64 {
    let mixed = (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
    (mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Temperature and vibration of a pump some hours before it fails.
pub(crate) fn readings(left: usize, index: usize) -> [f64; 2] {
    let wear = 40_usize.saturating_sub(left) as f64;
    [60.0 + 0.5 * wear + 8.0 * noise(index), 1.0 + 0.02 * wear + 0.5 * noise(index + 7_777)]
}

/// Pumps with a reading an hour, whose lives end after 60 to 140 hours.
pub(crate) fn pumps(count: usize, hours: usize, seed: usize) -> Telemetry {
    let mut fleet = Telemetry::new(["temperature", "vibration"]).unwrap();
    for pump in 0..count {
        let name = format!("pump {pump}");
        let mut life = 0;
        let mut left = 20 + (100.0 * noise(seed + 31 * pump)) as usize;
        for hour in 0..hours {
            let time = HOUR * hour as f64;
            let index = seed + 1_000_003 * pump + hour;
            fleet.observe(&name, time, &readings(left, index)).unwrap();
            if left == 1 {
                fleet.fail(&name, time + 0.5 * HOUR).unwrap();
                life += 1;
                left = 60 + (80.0 * noise(seed + 97 * pump + 13 * life)) as usize;
            } else {
                left -= 1;
            }
        }
    }
    fleet
}

/// Settings that are quick to train.
pub(crate) fn quick() -> EngineParams {
    let features = FeatureParams::default()
        .windows(vec![12.0 * HOUR])
        .statistics(vec![WindowStatistic::Mean, WindowStatistic::Slope]);
    let lifetimes = LifetimeParams::default()
        .survival(CoxParams::default().n_trees(20))
        .remaining(RegressorParams::default().n_trees(20).min_rows(20))
        .seeds(1);
    EngineParams::default()
        .features(features)
        .classifier(FailureClassifierParams::default().n_trees(20).learning_rate(0.2))
        .lifetimes(Some(lifetimes))
}
