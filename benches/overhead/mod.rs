//! What one call costs on one thread and on two, in nanoseconds and as multiples of one uncontended
//! atomic addition, all measured in one run.
//!
//! Micro-bursts of 1,000 calls; two threads meet at a spinning barrier before each, and bursts whose
//! meeting took a yield are dropped; the cells take turns; the median over all bursts counts, less
//! that of an empty loop.

use forewarn::breaker::{Breaker, BreakerSettings, CallCosts, Clock, SlowCall, Trip};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CALLS: u32 = 1_000;
const ROUNDS: usize = 60;
const BURSTS: usize = 12;
/// On a busy machine threads seldom meet: then fewer rounds.
const LONGEST: Duration = Duration::from_secs(60);

/// A burst of calls of one thread, under the name of what is called.
pub(crate) type Cell = (String, Box<dyn Fn() + Sync>);

/// A burst of 1,000 of these calls.
pub(crate) fn cell(name: impl Into<String>, call: impl Fn() + Sync + 'static) -> Cell {
    (name.into(), Box::new(move || repeat(&call)))
}

#[inline(always)]
pub(crate) fn repeat(call: impl Fn()) {
    for _ in 0..CALLS {
        call();
    }
}

/// A kind of breaker by what it needs to know of a good call.
pub(crate) fn kinds() -> Vec<(&'static str, BreakerSettings)> {
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

/// One successful call through a breaker.
#[inline]
pub(crate) fn good(breaker: &Breaker<impl Clock>) {
    if let Ok(permit) = black_box(breaker).try_acquire() {
        permit.success();
    }
}

/// The unit, what the operating system's clock costs, and forewarn's breakers on it; with the feature
/// `quanta`, those that need a clock on the processor's too.
pub(crate) fn cells() -> Vec<Cell> {
    let word: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
    let mut cells = vec![
        cell("empty loop", || {
            black_box(());
        }),
        cell("fetch_add", move || {
            black_box(word).fetch_add(1, Ordering::Relaxed);
        }),
        cell("Instant::now twice", || {
            black_box((Instant::now(), Instant::now()));
        }),
    ];
    for (name, settings) in kinds() {
        let breaker = Breaker::new(settings).expect("the settings are in range");
        cells.push(cell(format!("forewarn {name}"), move || good(&breaker)));
    }
    #[cfg(feature = "quanta")]
    {
        use forewarn::breaker::{Clock as _, TscClock};
        let clock = TscClock::default();
        cells.push(cell("TscClock", move || {
            black_box(clock.nanos());
        }));
    }
    #[cfg(feature = "quanta")]
    for (name, settings) in kinds().into_iter().skip(2) {
        let clock = forewarn::breaker::TscClock::default();
        let breaker = Breaker::builder(settings).clock(clock).build();
        let breaker = breaker.expect("the settings are in range");
        cells.push(cell(format!("forewarn {name}, TSC"), move || good(&breaker)));
    }
    cells
}

/// Where threads meet; whether one of them had to yield.
struct Meeting {
    arrived: AtomicUsize,
    yielded: AtomicBool,
    over: AtomicBool,
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
fn measure(cells: &[Cell], threads: usize, pin: fn(usize)) -> Vec<Vec<f64>> {
    let (arrived, yielded) = (AtomicUsize::new(0), AtomicBool::new(false));
    let meeting = Meeting { arrived, yielded, over: AtomicBool::new(false) };
    let began = Instant::now();
    let run = |thread: usize| {
        pin(thread);
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
                    if thread == 0 && !meeting.yielded.swap(false, Ordering::AcqRel) {
                        times[cell].push(time);
                    }
                }
            }
            if thread == 0 && began.elapsed() > LONGEST {
                meeting.over.store(true, Ordering::Release);
            }
            met += 1;
            meeting.wait(threads, met);
            if meeting.over.load(Ordering::Acquire) {
                break;
            }
        }
        times
    };
    std::thread::scope(|scope| {
        let run = &run;
        for thread in 1..threads {
            scope.spawn(move || run(thread));
        }
        run(0)
    })
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Measures the cells, of which the first are an empty loop and the unit, and prints them. `pin` ties
/// the thread of a number to a core.
pub(crate) fn table(cells: &[Cell], pin: fn(usize)) {
    let [one, two] = [1, 2].map(|threads| {
        let mut times = measure(cells, threads, pin);
        let bursts = times.iter().map(Vec::len).min().unwrap_or(0);
        println!("{threads} threads: at least {bursts} bursts of each");
        times.iter_mut().map(|times| median(times)).collect::<Vec<_>>()
    });
    let unit = one[1] - one[0];
    println!("fetch_add alone: {unit:.2} ns");
    println!("{:34} {:>9} {:>9} {:>9} {:>9}", "", "1, ns", "1, times", "2, times", "2 / 1");
    for (cell, (name, _)) in cells.iter().enumerate().skip(1) {
        let [one, two] = [one[cell] - one[0], two[cell] - two[0]];
        let ratio = two / one;
        println!("{name:34} {one:9.2} {:9.2} {:9.2} {ratio:9.2}", one / unit, two / unit);
    }
}
