//! Forecasts: the time of one, of a metric ahead, of when a resource is exhausted (500 points of
//! simulated series of ten kinds) and of a trend that is kept up to date; with `--ahead` what is
//! forecast for series that another program gives.
//!
//! `cargo bench --bench forecast -- --ahead STEP STEPS` reads one series a line, numbers between spaces
//! with STEP seconds between them and NaN for what is missing, and prints for each `lower value upper`
//! for each of STEPS steps ahead, then `| nanoseconds`. `benches/peers/forecasts.py` runs it beside
//! statsmodels and augurs.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use forewarn::trend::{ExhaustionParams, ForecastParams, RollingTrendParams};
use forewarn_datasets::exhaustion::ExhaustionSeriesParams;
use std::fmt::Write;
use std::hint::black_box;
use std::io::{self, BufRead};
use std::time::Instant;

const HOUR: f64 = 3600.0;

fn times(count: usize, step: f64) -> Vec<f64> {
    (0..count).map(|place| place as f64 * step).collect()
}

fn forecasts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forecast/day");
    group.sample_size(10);
    for count in [500, 5_000, 50_000] {
        let value =
            |place: usize| (place as f64 * 0.26).sin() + (place * 7_919 % 1_009) as f64 / 1e3;
        let values: Vec<f64> = (0..count).map(value).collect();
        let times = times(count, HOUR);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            let params = ForecastParams::default();
            bencher.iter(|| params.forecast(&times, black_box(&values), 24).expect("finite"));
        });
    }
    group.finish();
}

/// Fifty series, five of each kind: what is counted are forecasts.
fn exhaustion(criterion: &mut Criterion) {
    const POINTS: usize = 500;
    let mut group = criterion.benchmark_group("forecast/exhaustion");
    let given = ExhaustionSeriesParams { count: 50, seed: 77, ..Default::default() };
    let series = given.simulate().expect("valid settings");
    group.sample_size(10).throughput(Throughput::Elements(series.len() as u64));
    group.bench_function(BenchmarkId::from_parameter(POINTS), |bencher| {
        let params = ExhaustionParams::new(100.0);
        bencher.iter(|| {
            for each in &series {
                let count = each.times.len().min(POINTS); // Few are full before.
                let (times, values) = (&each.times[..count], &each.values[..count]);
                black_box(params.forecast(black_box(times), values).expect("finite"));
            }
        });
    });
    group.finish();
}

fn trend(criterion: &mut Criterion) {
    const OBSERVATIONS: u32 = 20_000;
    let mut group = criterion.benchmark_group("forecast/rolling_trend");
    group.sample_size(20).throughput(Throughput::Elements(u64::from(OBSERVATIONS)));
    for window in [288, 4_096] {
        group.bench_function(BenchmarkId::from_parameter(window), |bencher| {
            let params = RollingTrendParams::default().window(window);
            bencher.iter(|| {
                let mut trend = params.build().expect("valid settings");
                for step in 0..OBSERVATIONS {
                    let noise = f64::from(step.wrapping_mul(2_654_435_761) >> 8);
                    trend.update(f64::from(step), black_box(noise)).expect("finite");
                    black_box(trend.slope());
                }
                trend
            });
        });
    }
    group.finish();
}

fn print_ahead(step: f64, steps: usize) -> Result<(), Box<dyn std::error::Error>> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let values: Vec<f64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let times = times(values.len(), step);
        let start = Instant::now();
        let forecast =
            ForecastParams::default().step(Some(step)).forecast(&times, &values, steps)?;
        let nanoseconds = start.elapsed().as_nanos();
        let mut answer = String::new();
        for point in &forecast.points {
            write!(answer, "{} {} {} ", point.lower, point.value, point.upper)?;
        }
        println!("{answer}| {nanoseconds}");
    }
    Ok(())
}

criterion_group!(benches, forecasts, exhaustion, trend);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if let ["--ahead", step, steps] = given.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return print_ahead(step.parse()?, steps.parse()?);
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
    Ok(())
}
