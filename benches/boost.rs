//! Gradient boosting: training by kind of model, prediction of many rows and of one. Ids say rows x
//! columns x trees.
//!
//! Comparisons with other libraries, in one run and on the same input, are in `benches/peers`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use forewarn::Lifetime;
use forewarn::boost::{
    ClassifierParams, CoxParams, FailureClassifier, FailureClassifierParams, RegressorParams,
};
use forewarn::ndarray::{Array2, ArrayView1};
use forewarn::traits::{Batch, Score, Train};
use std::hint::black_box;

/// Bells, the same at every run; one value in twenty is missing.
fn rows(count: usize, columns: usize) -> Array2<f64> {
    let mut state = 1_u64;
    let mut unit = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    Array2::from_shape_fn((count, columns), |_| {
        let bell: f64 = (0..6).map(|_| unit()).sum::<f64>() - 3.0;
        if unit() < 0.05 { f64::NAN } else { bell }
    })
}

/// What the labels follow: sums, a product, and columns that count for nothing.
fn level(row: ArrayView1<'_, f64>) -> f64 {
    let value = |column: usize| if row[column].is_nan() { 0.0 } else { row[column] };
    value(0) + 0.5 * value(1) + value(2) * value(3) + 0.3 * value(4).abs()
}

fn levels(x: &Array2<f64>) -> Vec<f64> {
    x.rows().into_iter().map(level).collect()
}

fn failures(x: &Array2<f64>) -> FailureClassifier {
    let failed: Vec<bool> = levels(x).iter().map(|&level| level > 1.0).collect();
    let batch = Batch::new(x.view()).with_target(&failed[..]);
    let params = FailureClassifierParams::default().n_trees(100).max_leaves(31);
    params.train(batch).expect("valid rows")
}

fn train(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("boost/train");
    group.sample_size(10);
    let trees = 100;
    for (count, columns) in [(10_000, 10), (100_000, 28)] {
        let x = rows(count, columns);
        group.throughput(Throughput::Elements(count as u64));
        let id = format!("{count}x{columns}x{trees}");
        group.bench_function(BenchmarkId::new("failures", id), |bencher| {
            bencher.iter(|| failures(black_box(&x)));
        });
    }
    let (count, columns) = (10_000, 10);
    let x = rows(count, columns);
    group.throughput(Throughput::Elements(count as u64));
    let levels = levels(&x);
    let id = |trees: usize| format!("{count}x{columns}x{trees}");

    let class = |&level: &f64| u32::from(level > 0.0) + u32::from(level > 1.0);
    let classes: Vec<u32> = levels.iter().map(class).collect();
    let params = ClassifierParams::default().n_trees(trees);
    group.bench_function(BenchmarkId::new("classes", id(3 * trees)), |bencher| {
        let batch = Batch::new(x.view()).with_target(&classes[..]);
        bencher.iter(|| params.train(black_box(batch)).expect("valid rows"));
    });
    let params = RegressorParams::default().n_trees(trees);
    group.bench_function(BenchmarkId::new("quantities", id(trees)), |bencher| {
        let batch = Batch::new(x.view()).with_target(&levels[..]);
        bencher.iter(|| params.train(black_box(batch)).expect("valid rows"));
    });
    let life = |&level: &f64| Lifetime::observed((-level).exp().min(2.0), level > -0.7);
    let lives: Vec<Lifetime> = levels.iter().map(life).collect();
    let params = CoxParams::default().n_trees(trees);
    group.bench_function(BenchmarkId::new("times", id(trees)), |bencher| {
        let batch = Batch::new(x.view()).with_target(&lives[..]);
        bencher.iter(|| params.train(black_box(batch)).expect("valid rows"));
    });
    group.finish();
}

fn predict(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("boost/predict");
    for columns in [10, 28] {
        let x = rows(20_000, columns);
        let model = failures(&x);
        group.throughput(Throughput::Elements(x.nrows() as u64));
        let id = format!("{}x{columns}x{}", x.nrows(), model.ensemble().n_trees());
        group.bench_function(BenchmarkId::new("probability", &id), |bencher| {
            bencher.iter(|| model.score(black_box(x.view())).expect("valid rows"));
        });
    }
    group.finish();
}

fn predict_one(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("boost/predict_one");
    let x = rows(20_000, 28);
    let model = failures(&x);
    let mut next = x.rows().into_iter().cycle();
    let id = format!("1x{}x{}", x.ncols(), model.ensemble().n_trees());
    group.bench_function(BenchmarkId::new("probability", id), |bencher| {
        bencher.iter(|| {
            let row = next.next().expect("an endless cycle");
            model.score_one(black_box(row.to_slice().expect("row-major"))).expect("valid row")
        });
    });
    group.finish();
}

fn explain(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("boost/contributions");
    group.sample_size(10);
    let x = rows(2_000, 28);
    let model = failures(&x);
    group.throughput(Throughput::Elements(x.nrows() as u64));
    let id = format!("{}x{}x{}", x.nrows(), x.ncols(), model.ensemble().n_trees());
    group.bench_function(BenchmarkId::new("paths", id), |bencher| {
        bencher.iter(|| model.ensemble().contributions(black_box(x.view())).expect("valid rows"));
    });
    group.finish();
}

criterion_group!(benches, train, predict, predict_one, explain);
criterion_main!(benches);
