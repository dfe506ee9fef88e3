//! Thresholds: the time of an observation, and with `--attained` the rate that streams attain.
//!
//! `cargo bench --bench threshold -- --attained RATE WARM_UP LEVEL EXCESSES LENGTH` reads streams of
//! LENGTH little-endian doubles from standard input and prints, for each, the alarms after the warm-up
//! and the nanoseconds an observation; `benches/peers/thresholds.py` runs it beside libspot.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use forewarn::threshold::{
    ConformalThresholdParams, ExtremeThresholdParams, MetricMonitorParams, QuantileThresholdParams,
    Sides, Steps,
};
use std::hint::black_box;
use std::io::{self, Read};
use std::time::Instant;

const LENGTH: usize = 100_000;

/// An exponential stream, the same at every run.
fn stream() -> Vec<f64> {
    let mut state = 1_u64;
    let mut unit = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    (0..LENGTH).map(|_| -unit().ln()).collect()
}

fn extreme(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("threshold/extreme");
    group.throughput(Throughput::Elements(LENGTH as u64));
    let values = stream();
    let params = ExtremeThresholdParams::default();
    for (name, params) in [
        ("1e-3", params),
        ("1e-4", params.rate(1e-4)),
        ("both sides", params.sides(Sides::Both)),
        ("drift", params.half_life(500.0)),
    ] {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                let mut threshold = params.start().expect("valid settings");
                for value in &values {
                    black_box(threshold.observe(*value).expect("finite"));
                }
            });
        });
    }
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("threshold");
    group.throughput(Throughput::Elements(LENGTH as u64));
    let values = stream();
    group.bench_function("quantile", |bencher| {
        bencher.iter(|| {
            let mut threshold = QuantileThresholdParams::default().start().expect("valid settings");
            for value in &values {
                black_box(threshold.observe(*value).expect("finite"));
            }
        });
    });
    group.bench_function("monitor", |bencher| {
        bencher.iter(|| {
            let mut monitor = MetricMonitorParams::default().build().expect("valid settings");
            for (minute, value) in values.iter().enumerate() {
                black_box(monitor.update(minute as f64 * 60.0, *value).expect("finite"));
            }
        });
    });
    let pid = Steps::Pid { step: 0.1, gain: 0.0, saturation: 1.0 };
    for (name, steps) in
        [("fixed", Steps::Fixed { step: 0.005 }), ("aggregated", Steps::Aggregated), ("pid", pid)]
    {
        group.bench_function(BenchmarkId::new("conformal", name), |bencher| {
            bencher.iter(|| {
                let params = ConformalThresholdParams::default().steps(steps);
                let mut threshold = params.start().expect("valid settings");
                for value in &values {
                    black_box(threshold.observe(*value).expect("finite"));
                }
            });
        });
    }
    group.finish();
}

/// One line a stream of standard input: alarms and nanoseconds an observation.
fn attained(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [rate, warm_up, level, excesses, length] = arguments else {
        return Err("give RATE WARM_UP LEVEL EXCESSES LENGTH".into());
    };
    let params = ExtremeThresholdParams::default()
        .rate(rate.parse()?)
        .warm_up(warm_up.parse()?)
        .level(level.parse()?)
        .excesses(excesses.parse()?);
    let mut bytes = vec![0; 8 * length.parse::<usize>()?];
    while io::stdin().lock().read_exact(&mut bytes).is_ok() {
        let (values, _) = bytes.as_chunks::<8>();
        let values: Vec<f64> = values.iter().map(|value| f64::from_le_bytes(*value)).collect();
        let mut threshold = params.start()?;
        let start = Instant::now();
        for value in &values {
            black_box(threshold.observe(*value)?);
        }
        let nanoseconds = start.elapsed().as_nanos() as f64 / values.len() as f64;
        println!("{} {nanoseconds:.2}", threshold.alarms());
    }
    Ok(())
}

criterion_group!(benches, extreme, others);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--attained") {
        let given = arguments[place + 1..].iter().filter(|argument| *argument != "--bench");
        return attained(&given.cloned().collect::<Vec<_>>());
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
    Ok(())
}
