//! Isolation forests: training, scoring by preset, one row. Ids say rows x columns x trees.
//!
//! Comparisons with other libraries, in one run and on the same input, are in `benches/peers`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use forewarn::forest::IsolationForestParams;
use forewarn::ndarray::Array2;
use forewarn::traits::{Batch, Score, Train};
use std::hint::black_box;

/// Four clusters and a few far rows, the same at every run.
fn rows(count: usize, columns: usize) -> Array2<f64> {
    let mut state = 1_u64;
    let mut unit = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    Array2::from_shape_fn((count, columns), |(row, column)| {
        let spread = if row % 500 == 0 { 8.0 } else { 1.0 };
        let bell: f64 = (0..6).map(|_| unit()).sum::<f64>() - 3.0;
        ((row + column) % 4) as f64 * 3.0 + spread * bell
    })
}

fn presets() -> [(&'static str, IsolationForestParams); 3] {
    [
        ("standard", IsolationForestParams::standard()),
        ("default", IsolationForestParams::default()),
        ("accurate", IsolationForestParams::accurate()),
    ]
}

fn train(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forest/train");
    let x = rows(100_000, 29);
    for (name, params) in presets() {
        let id = format!("{}x{}x{}", x.nrows(), x.ncols(), params.n_trees);
        group.bench_function(BenchmarkId::new(name, id), |bencher| {
            bencher.iter(|| params.train(Batch::new(black_box(x.view()))).expect("valid rows"));
        });
    }
    group.finish();
}

fn score(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forest/score");
    for (count, columns) in [(20_000, 29), (20_000, 10)] {
        let x = rows(count, columns);
        group.throughput(Throughput::Elements(count as u64));
        for (name, params) in presets() {
            let forest = params.train(Batch::new(x.view())).expect("valid rows");
            let id = format!("{count}x{columns}x{}", forest.n_trees());
            group.bench_function(BenchmarkId::new(name, id), |bencher| {
                bencher.iter(|| forest.score(black_box(x.view())).expect("valid rows"));
            });
        }
    }
    group.finish();
}

fn score_one(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forest/score_one");
    let x = rows(20_000, 29);
    for (name, params) in presets() {
        let forest = params.train(Batch::new(x.view())).expect("valid rows");
        let mut next = x.rows().into_iter().cycle();
        let id = format!("1x{}x{}", x.ncols(), forest.n_trees());
        group.bench_function(BenchmarkId::new(name, id), |bencher| {
            bencher.iter(|| {
                let row = next.next().expect("an endless cycle");
                forest.score_one(black_box(row.to_slice().expect("row-major"))).expect("valid row")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, train, score, score_one);
criterion_main!(benches);
