//! The predictive-maintenance engine: the time of an assessment from a state, of a whole fleet, and of a
//! reading. How good it is, the ignored test of `tests/quality/engine.rs` measures.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use forewarn::engine::features::EntityState;
use forewarn::engine::telemetry::Telemetry;
use forewarn::engine::{Engine, Fleet};
use forewarn_datasets::fleet::{Fleet as Simulated, FleetParams, MODELS, SENSORS};
use std::hint::black_box;
use std::sync::{Arc, LazyLock};

/// Machines watched for 25 days, one row an hour, 74 features a row.
static SIMULATED: LazyLock<Simulated> = LazyLock::new(|| {
    let params = FleetParams { machines: 12, hours: 600, seed: 3, ..FleetParams::default() };
    params.simulate().expect("a fleet")
});

static ENGINE: LazyLock<Arc<Engine>> = LazyLock::new(|| {
    let mut telemetry = Telemetry::new(SENSORS.iter().map(|sensor| sensor.name)).expect("names");
    let mut ages = [0; 12];
    for row in &SIMULATED.rows {
        let name = format!("m{}", row.machine);
        if row.age_hours < ages[row.machine] {
            telemetry.fail(&name, row.time as f64 - 1.0).expect("a time");
        }
        ages[row.machine] = row.age_hours;
        telemetry.observe(&name, row.time as f64, &row.sensors).expect("a row");
        telemetry.describe(&name, "model", MODELS[row.model]).expect("a model");
    }
    Arc::new(Engine::builder().train(&telemetry).expect("an engine"))
});

/// The last 30 hours of some machines, under new names, into a fleet, and the time of the last.
fn live(entities: usize) -> (Fleet, f64) {
    let mut fleet = ENGINE.fleet();
    let last = SIMULATED.rows.iter().map(|row| row.time).max().expect("rows");
    let recent: Vec<_> = SIMULATED.rows.iter().filter(|row| row.time > last - 30 * 3_600).collect();
    for entity in 0..entities {
        let name = format!("entity {entity}");
        for row in recent.iter().filter(|row| row.machine == entity % 12) {
            let mut sensors = row.sensors;
            sensors[0] += (entity / 12 % 17) as f64 * 0.1;
            fleet.observe(&name, row.time as f64, &sensors).expect("a row");
        }
    }
    (fleet, last as f64)
}

fn one(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    let (mut fleet, now) = live(12);
    let states: Vec<EntityState> =
        (0..12).map(|i| fleet.state(&format!("entity {i}")).expect("known").clone()).collect();
    let mut next = 0;
    group.bench_function("assess_state/with reasons and trends", |bencher| {
        bencher.iter(|| {
            next = (next + 1) % states.len();
            ENGINE.assess_state("entity", black_box(&states[next]), now).expect("a state")
        });
    });
    let mut row = vec![0.0; ENGINE.features().n_features()];
    group.bench_function("row", |bencher| {
        bencher.iter(|| {
            next = (next + 1) % states.len();
            states[next].write_row(now, black_box(&mut row)).expect("a row");
        });
    });
    let readings = SIMULATED.rows[0].sensors;
    let mut time = now;
    group.bench_function("observe", |bencher| {
        bencher.iter(|| {
            time += 3_600.0;
            fleet.observe("entity 0", time, black_box(&readings)).expect("a row");
        });
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine/assess_all");
    group.sample_size(10);
    for entities in [1_000, 10_000] {
        let (mut fleet, now) = live(entities);
        group.throughput(Throughput::Elements(entities as u64));
        group.bench_function(BenchmarkId::from_parameter(entities), |bencher| {
            bencher.iter(|| fleet.assess_all(now).expect("a fleet"));
        });
    }
    group.finish();
}

criterion_group!(benches, one, all);
criterion_main!(benches);
