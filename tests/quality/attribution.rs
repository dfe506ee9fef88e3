//! Do explanations name what is at fault?
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::forest::IsolationForestParams;
use forewarn::ndarray::{Axis, s};
use forewarn::traits::{Batch, Score, Train};
use forewarn_datasets::fleet::SingleFaultParams;

/// Of the faulty rows above the threshold at a contamination of the true share of faults: how
/// many there are, and in how many the faulty sensor comes first.
fn named_first(params: &IsolationForestParams, faults: &SingleFaultParams) -> (usize, usize) {
    let data = faults.simulate().unwrap();
    let forest = params
        .clone()
        .seed(faults.seed)
        .contamination(Some(faults.fault_share))
        .train(Batch::new(data.features.view()))
        .unwrap();
    let scores = forest.score(data.features.view()).unwrap();
    let (mut detected, mut named) = (0, 0);
    for (row, &faulty) in data.faulty.iter().enumerate() {
        let Some(sensor) = faulty else { continue };
        if scores[row] > forest.threshold() {
            let why = forest.explain_one(&data.features.row(row).to_vec()).unwrap();
            detected += 1;
            named += usize::from(why.top(1)[0].0 == sensor);
        }
    }
    (detected, named)
}

/// At the simulator's own settings: 8 sensors, correlation 0.6, faults of 4 to 10 deviations. With
/// random splits only a seventh of the faults are detected there, for a row under a high common
/// load is more abnormal than most faults; those that are must be explained all the same.
fn assert_named_first(params: &IsolationForestParams, seeds: u64, least_detected: usize) {
    let (mut detected, mut named) = (0, 0);
    for seed in 1..=seeds {
        let faults = SingleFaultParams { seed, ..SingleFaultParams::default() };
        let (more, right) = named_first(params, &faults);
        detected += more;
        named += right;
    }
    println!("the faulty sensor is first in {named} of {detected} detected rows");
    assert!(detected >= least_detected, "only {detected} rows to judge by");
    assert!(named as f64 >= 0.95 * detected as f64, "{named} of {detected}");
}

#[test]
fn default_forest_names_the_faulty_sensor() {
    assert_named_first(&IsolationForestParams::default(), 20, 300);
}

#[test]
fn standard_forest_names_the_faulty_sensor() {
    assert_named_first(&IsolationForestParams::standard(), 20, 300);
}

#[test]
fn accurate_forest_names_the_faulty_sensor() {
    assert_named_first(&IsolationForestParams::accurate(), 3, 300);
}

/// Every sensor's fault on a machine on which another one has been 6 deviations too high for long:
/// in how many of `incidents` the explanation of the change names the fault first, and in how many
/// that of the worst row does.
fn named_first_after_drift(params: &IsolationForestParams, seed: u64) -> (usize, usize, usize) {
    let healthy = SingleFaultParams { seed, fault_share: 0.0, ..SingleFaultParams::default() };
    let data = healthy.simulate().unwrap().features;
    let forest = params.clone().seed(seed).train(Batch::new(data.view())).unwrap();
    let deviations = data.std_axis(Axis(0), 0.0);
    let (mut incidents, mut by_change, mut by_row) = (0, 0, 0);
    for faulty in 0..data.ncols() {
        let odd = (faulty + 3) % data.ncols();
        let mut rows = data.slice(s![faulty * 65..faulty * 65 + 65, ..]).to_owned();
        rows.column_mut(odd).mapv_inplace(|value| value + 6.0 * deviations[odd]);
        rows.slice_mut(s![60.., faulty]).mapv_inplace(|value| value + 6.0 * deviations[faulty]);
        let during = rows.slice(s![60.., ..]);
        let change = forest.explain_change(rows.slice(s![..60, ..]), during).unwrap();
        let scores = forest.score(during).unwrap();
        let worst = (0..5).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
        let why = forest.explain_one(&during.row(worst).to_vec()).unwrap();
        incidents += 1;
        by_change += usize::from(change.top(1)[0].0 == faulty);
        by_row += usize::from(why.top(1)[0].0 == faulty);
    }
    (incidents, by_change, by_row)
}

#[test]
fn changes_name_the_faulty_sensor_on_a_machine_that_was_odd_before() {
    let presets = [
        ("default", IsolationForestParams::default(), 20),
        ("standard", IsolationForestParams::standard(), 20),
        ("accurate", IsolationForestParams::accurate(), 5),
    ];
    for (name, params, seeds) in presets {
        let (mut incidents, mut by_change, mut by_row) = (0, 0, 0);
        for seed in 1..=seeds {
            let (more, change, row) = named_first_after_drift(&params, seed);
            incidents += more;
            by_change += change;
            by_row += row;
        }
        println!(
            "{name}: the faulty sensor is first in {by_change} of {incidents} changes; in {by_row} \
             of the worst rows"
        );
        assert!(by_change as f64 >= 0.95 * incidents as f64, "{name}: {by_change} of {incidents}");
        assert!(by_change > by_row, "{name}: {by_change} against {by_row} of {incidents}");
    }
}
