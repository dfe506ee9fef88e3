//! Breakers: what a good call through a closed one costs.
//!
//! `cargo bench --bench breaker` times each kind of breaker on one thread. With `-- --table` it
//! prints the cost of a call on one and on two threads as multiples of one uncontended atomic
//! addition, measured in the same run: micro-bursts of 1,000 calls, two threads meeting at a spinning
//! barrier before each, bursts whose meeting took a yield dropped, the cells taking turns, the median
//! over all bursts, an empty loop subtracted.

use criterion::{Criterion, criterion_group};
use forewarn::breaker::{Breaker, BreakerSettings, CallCosts, Clock, SlowCall, Trip};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A kind of breaker by what it needs to know of a good call.
fn kinds() -> Vec<(&'static str, BreakerSettings)> {
    let settings = BreakerSettings::default;
    let second = Duration::from_secs(1);
    let (failure_rate, slow_rate) = (0.5, 0.5);
    let last = Trip::LastCalls { calls: 100, minimum_calls: 100, failure_rate, slow_rate };
    let window = Trip::Window {
        length: 10 * second,
        buckets: 10,
        minimum_calls: 20,
        failure_rate,
        slow_rate,
    };
    let utility = Trip::Utility { costs: CallCosts::default(), tolerance: 3.0 };
    let slow = |in_flight| Some(SlowCall { threshold: second, in_flight });
    vec![
        ("consecutive", settings().trip(Trip::Consecutive { failures: 5 })),
        ("last 100", settings().trip(last)),
        ("window", settings().trip(window)),
        ("utility", settings().trip(utility)),
        ("window, slow", settings().trip(window).slow_call(slow(false))),
        ("window, in flight", settings().trip(window).slow_call(slow(true))),
    ]
}

fn good(breaker: &Breaker<impl Clock>) {
    if let Ok(permit) = black_box(breaker).try_acquire() {
        permit.success();
    }
}

fn closed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("breaker/closed");
    for (name, settings) in kinds() {
        let breaker = Breaker::new(settings).expect("the settings are in range");
        group.bench_function(name, |bencher| bencher.iter(|| good(&breaker)));
    }
    group.finish();
}

criterion_group!(benches, closed);

const CALLS: u32 = 1_000;
const ROUNDS: usize = 60;
const BURSTS: usize = 12;

/// Calls in a burst of one thread.
type Cell = Box<dyn Fn() + Sync>;

#[inline(always)]
fn repeat(call: impl Fn()) {
    for _ in 0..CALLS {
        call();
    }
}

fn cells() -> Vec<(&'static str, Cell)> {
    let word: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
    let mut cells: Vec<(&'static str, Cell)> = vec![
        (
            "empty loop",
            Box::new(|| {
                repeat(|| {
                    black_box(());
                });
            }),
        ),
        (
            "fetch_add",
            Box::new(move || {
                repeat(|| {
                    black_box(word).fetch_add(1, Ordering::Relaxed);
                });
            }),
        ),
        (
            "Instant::now twice",
            Box::new(|| {
                repeat(|| {
                    black_box(Instant::now());
                    black_box(Instant::now());
                });
            }),
        ),
    ];
    for (name, settings) in kinds() {
        let breaker = Breaker::new(settings).expect("the settings are in range");
        cells.push((name, Box::new(move || repeat(|| good(&breaker)))));
    }
    #[cfg(feature = "quanta")]
    for (name, settings) in kinds().into_iter().skip(2) {
        let clock = forewarn::breaker::TscClock::default();
        let breaker = Breaker::builder(settings).clock(clock).build();
        let breaker = breaker.expect("the settings are in range");
        let name = Box::leak(format!("{name}, TSC").into_boxed_str());
        cells.push((name, Box::new(move || repeat(|| good(&breaker)))));
    }
    cells
}

/// Where threads meet; whether one of them had to yield.
struct Meeting {
    arrived: AtomicUsize,
    yielded: AtomicBool,
}

impl Meeting {
    fn wait(&self, threads: usize, meeting: usize) {
        self.arrived.fetch_add(1, Ordering::AcqRel);
        let mut spins = 0;
        while self.arrived.load(Ordering::Acquire) < threads * meeting {
            spins += 1;
            if spins % 20_000 == 0 {
                self.yielded.store(true, Ordering::Release);
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }
}

/// Nanoseconds a call in each burst of each cell.
fn measure(cells: &[(&str, Cell)], threads: usize) -> Vec<Vec<f64>> {
    let meeting = Meeting { arrived: AtomicUsize::new(0), yielded: AtomicBool::new(false) };
    let run = |leads: bool| {
        let mut times = vec![Vec::new(); cells.len()];
        let mut met = 0;
        for _ in 0..ROUNDS {
            for (cell, (_, burst)) in cells.iter().enumerate() {
                burst();
                for _ in 0..BURSTS {
                    met += 1;
                    meeting.wait(threads, met);
                    let start = Instant::now();
                    burst();
                    let time = start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS);
                    met += 1;
                    meeting.wait(threads, met);
                    if leads && !meeting.yielded.swap(false, Ordering::AcqRel) {
                        times[cell].push(time);
                    }
                }
            }
        }
        times
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| run(false));
        }
        run(true)
    })
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

fn table() {
    let cells = cells();
    let [one, two] = [1, 2].map(|threads| {
        let mut times = measure(&cells, threads);
        times.iter_mut().map(|times| median(times)).collect::<Vec<_>>()
    });
    let unit = one[1] - one[0];
    println!("fetch_add alone: {unit:.2} ns");
    println!("{:20} {:>9} {:>9} {:>9} {:>9}", "", "1, ns", "1, times", "2, times", "2 / 1");
    for (cell, (name, _)) in cells.iter().enumerate().skip(1) {
        let [one, two] = [one[cell] - one[0], two[cell] - two[0]];
        let ratio = two / one;
        println!("{name:20} {one:9.2} {:9.2} {:9.2} {ratio:9.2}", one / unit, two / unit);
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "--table") {
        return table();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
