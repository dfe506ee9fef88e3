//! Thresholds: the time of an observation, and with `--attained` the rate that streams attain.
//!
//! `cargo bench --bench threshold -- --attained RATE WARM_UP LEVEL EXCESSES LENGTH` reads streams of
//! LENGTH little-endian doubles from standard input and prints, for each, the alarms after the warm-up
//! and the nanoseconds an observation. `--moving RATE WARM_UP STEP LENGTH` takes them for metrics
//! that move, STEP seconds apart, and prints the alarms of an extreme threshold that follows the
//! level, a seasonal band and a monitor. `benches/peers/thresholds.py` runs both. `--round MONITORS`
//! times one observation of each of so many monitors.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use forewarn::threshold::{
    AlarmRate, ConformalThresholdParams, ExtremeThresholdParams, MetricMonitor,
    MetricMonitorParams, QuantileThresholdParams, SeasonalBandParams, Sides, Steps,
};
use std::hint::black_box;
use std::io::{self, Read};
use std::time::Instant;

const LENGTH: usize = 100_000;

/// What runs in the place of the timings, with the arguments that follow its name.
type Program = fn(&[String]) -> Result<(), Box<dyn std::error::Error>>;

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

/// The streams of standard input, one after the other.
fn streams(length: &str) -> Result<impl FnMut() -> Option<Vec<f64>>, std::num::ParseIntError> {
    let mut bytes = vec![0; 8 * length.parse::<usize>()?];
    Ok(move || {
        io::stdin().lock().read_exact(&mut bytes).ok()?;
        let (values, _) = bytes.as_chunks::<8>();
        Some(values.iter().map(|value| f64::from_le_bytes(*value)).collect())
    })
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
    let mut streams = streams(length)?;
    while let Some(values) = streams() {
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

/// One line a stream of standard input: the alarms of three methods for metrics that move.
fn moving(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [rate, warm_up, step, length] = arguments else {
        return Err("give RATE WARM_UP STEP LENGTH".into());
    };
    let (rate, warm_up, step) = (rate.parse()?, warm_up.parse::<u32>()?, step.parse::<f64>()?);
    let following = ExtremeThresholdParams::default().rate(rate).sides(Sides::Both).half_life(50.0);
    let monitor = MetricMonitorParams::default().rate(AlarmRate::PerObservation(rate));
    let mut streams = streams(length)?;
    while let Some(values) = streams() {
        let mut following = following.warm_up(warm_up.into()).start()?;
        let mut band = SeasonalBandParams::default().rate(rate).build()?;
        let mut monitor = monitor.warm_up(warm_up).build()?;
        let mut alarms = [0; 3];
        for (index, value) in values.into_iter().enumerate() {
            let time = index as f64 * step;
            let raised = [
                following.observe(value)?.alarm,
                band.update(time, value)?.alarm,
                monitor.update(time, value)?.judgement.alarm,
            ];
            if index >= warm_up as usize {
                for (count, alarm) in alarms.iter_mut().zip(raised) {
                    *count += u32::from(alarm.is_some());
                }
            }
        }
        println!("{} {} {}", alarms[0], alarms[1], alarms[2]);
    }
    Ok(())
}

/// Seconds that one observation of each of many monitors takes, on two threads.
fn round(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [monitors] = arguments else { return Err("give MONITORS".into()) };
    let mut warm = MetricMonitorParams::default().build()?;
    let values = stream();
    for (minute, value) in values[..2_000].iter().enumerate() {
        warm.update(minute as f64 * 60.0, *value)?;
    }
    let mut monitors = vec![warm; monitors.parse()?];
    let half = monitors.len() / 2;
    for minute in 2_000..2_010 {
        let start = Instant::now();
        let (left, right) = monitors.split_at_mut(half);
        let observe = |part: &mut [MetricMonitor]| {
            part.iter_mut().zip(values.iter().cycle().skip(minute)).all(|(monitor, value)| {
                black_box(monitor.update(minute as f64 * 60.0, *value)).is_ok()
            })
        };
        let fine = std::thread::scope(|scope| {
            let other = scope.spawn(|| observe(left));
            observe(right) & other.join().unwrap_or(false)
        });
        println!("{:.3} s", start.elapsed().as_secs_f64());
        assert!(fine, "every observation is finite and in order");
    }
    Ok(())
}

criterion_group!(benches, extreme, others);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let programs: [(&str, Program); 3] =
        [("--attained", attained), ("--moving", moving), ("--round", round)];
    for (name, program) in programs {
        if let Some(place) = arguments.iter().position(|argument| argument == name) {
            let given = arguments[place + 1..].iter().filter(|argument| *argument != "--bench");
            return program(&given.cloned().collect::<Vec<_>>());
        }
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
    Ok(())
}
