//! Change points: the time of an observation; with `--segments` and `--stream` what is found in
//! series that another program gives.
//!
//! `cargo bench --bench change -- --segments REPEATS` reads one series a line, numbers between spaces,
//! and prints for each `index index … | nanoseconds`, of the quickest repeat. `--stream LENGTH
//! RUN_LENGTH` reads streams of LENGTH little-endian doubles, watches them value by value and prints
//! for each where changes were noticed, and the nanoseconds an observation; `--array` gives each stream
//! as a whole. `benches/peers/change_points.py` runs all beside ruptures and river.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use forewarn::trend::{
    ChangeDetectorParams, ChangePointParams, DetectionMethod, DriftParams, Shape,
};
use std::hint::black_box;
use std::io::{self, BufRead, Read};
use std::time::Instant;

/// Normal noise, the same at every run, on a level that rises by 2 halfway.
fn series(count: usize, rise: f64) -> Vec<f64> {
    let mut state = 1_u64;
    let mut unit = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let mut normal = || (0..12).map(|_| unit()).sum::<f64>() - 6.0;
    (0..count).map(|i| normal() + if i < count / 2 { 0.0 } else { rise }).collect()
}

fn segments(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("change/segments");
    group.sample_size(10);
    for shape in [Shape::Automatic, Shape::Level, Shape::Ranks] {
        for count in [500, 5_000, 50_000] {
            let values = series(count, 2.0);
            group.throughput(Throughput::Elements(count as u64));
            let params = ChangePointParams::default().shape(shape);
            group.bench_function(BenchmarkId::new(format!("{shape:?}"), count), |bencher| {
                bencher.iter(|| params.find(black_box(&values)).expect("finite"));
            });
        }
    }
    group.finish();
}

fn streams(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("change/stream");
    let values = series(100_000, 0.0);
    group.throughput(Throughput::Elements(values.len() as u64));
    for (name, method) in [
        ("focus", DetectionMethod::Focus),
        ("cusum", DetectionMethod::Cusum { shift: 1.0 }),
        ("bayesian", DetectionMethod::Bayesian { reach: 3.0 }),
    ] {
        group.bench_function(name, |bencher| {
            let params = ChangeDetectorParams::default().method(method);
            bencher.iter(|| {
                let (mut detector, mut noticed) = (params.start().expect("valid settings"), 0);
                for value in &values {
                    if let Some(change) = detector.observe(*value).expect("finite") {
                        noticed += change.noticed;
                    }
                }
                noticed
            });
        });
        group.bench_function(format!("{name}, arrays"), |bencher| {
            let params = ChangeDetectorParams::default().method(method);
            bencher.iter(|| {
                let mut detector = params.start().expect("valid settings");
                detector.observe_many(black_box(&values)).expect("finite")
            });
        });
    }
    group.finish();
}

fn drift(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("change/drift");
    group.sample_size(20);
    for count in [1_000, 10_000, 100_000] {
        let (before, after) = (series(count, 0.0), series(count, 0.3));
        group.throughput(Throughput::Elements(2 * count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            let params = DriftParams::default();
            bencher.iter(|| params.numeric("feature", black_box(&before), &after).expect("finite"));
        });
    }
    group.finish();
}

fn print_segments(repeats: usize) -> Result<(), Box<dyn std::error::Error>> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let values: Vec<f64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let (mut found, mut least) = (Vec::new(), f64::INFINITY);
        for _ in 0..repeats.max(1) {
            let start = Instant::now();
            found = ChangePointParams::default().find(black_box(&values))?.change_points();
            least = least.min(start.elapsed().as_nanos() as f64);
        }
        let found: Vec<String> = found.iter().map(usize::to_string).collect();
        println!("{} | {least}", found.join(" "));
    }
    Ok(())
}

fn print_changes(
    length: usize,
    run_length: f64,
    array: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut bytes = vec![0; 8 * length];
    while io::stdin().lock().read_exact(&mut bytes).is_ok() {
        let (values, _) = bytes.as_chunks::<8>();
        let values: Vec<f64> = values.iter().map(|value| f64::from_le_bytes(*value)).collect();
        let mut detector = ChangeDetectorParams::default().run_length(run_length).start()?;
        let mut noticed = Vec::new();
        let start = Instant::now();
        if array {
            noticed.extend(detector.observe_many(&values)?);
        } else {
            for value in &values {
                if let Some(change) = detector.observe(*value)? {
                    noticed.push(change);
                }
            }
        }
        let nanoseconds = start.elapsed().as_nanos() as f64 / length as f64;
        let noticed: Vec<String> = noticed.iter().map(|it| it.noticed.to_string()).collect();
        println!("{} | {nanoseconds:.2}", noticed.join(" "));
    }
    Ok(())
}

criterion_group!(benches, segments, streams, drift);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    match given.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--segments", repeats] => return print_segments(repeats.parse()?),
        [how @ ("--stream" | "--array"), length, run_length] => {
            return print_changes(length.parse()?, run_length.parse()?, how == "--array");
        }
        _ => {}
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
    Ok(())
}
