//! What a successful call through a closed breaker costs: forewarn's beside failsafe, recloser and
//! tower-resilience, all in one run.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/breaker_overhead/Cargo.toml
//! ```
//!
//! prints nanoseconds a call, and multiples of one uncontended atomic addition, on one thread and on
//! two that are pinned to two cores. How it measures: `benches/overhead/mod.rs`. What `2 / 1` says: by
//! how much a call becomes dearer when another thread calls at the same time. tower-resilience is
//! asynchronous: each thread has a runtime of tokio of its own, and a burst is one task on it.

#[path = "../../../overhead/mod.rs"]
mod overhead;

use core_affinity::CoreId;
use failsafe::{CircuitBreaker as _, backoff, failure_policy};
use overhead::{Cell, cell, cells, table};
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::Runtime;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};
use tower_resilience_circuitbreaker::{CircuitBreakerLayer, SlidingWindowType};

const SECOND: Duration = Duration::from_secs(1);

fn main() {
    let mut cells = cells();
    cells.extend(failsafe());
    cells.push(recloser());
    cells.extend(tower_resilience());
    table(&cells, pin);
}

/// Ties this thread to the core of its number, where there is one.
fn pin(thread: usize) {
    // Read once: a thread that is tied to a core starts others there, which see that core alone.
    static CORES: OnceLock<Vec<CoreId>> = OnceLock::new();
    let cores = CORES.get_or_init(|| core_affinity::get_core_ids().unwrap_or_default());
    let core = cores.get(thread).copied();
    if !core.is_some_and(core_affinity::set_for_current) {
        eprintln!("thread {thread} is not pinned");
    }
}

fn nothing() -> Result<(), ()> {
    black_box(Ok(()))
}

fn failsafe() -> [Cell; 2] {
    let policy = failure_policy::consecutive_failures(5, backoff::constant(SECOND));
    let consecutive = failsafe::Config::new().failure_policy(policy).build();
    let default = failsafe::Config::new().build();
    [
        cell("failsafe consecutive", move || {
            let _ = black_box(&consecutive).call(nothing);
        }),
        cell("failsafe default", move || {
            let _ = black_box(&default).call(nothing);
        }),
    ]
}

fn recloser() -> Cell {
    let recloser = recloser::Recloser::custom().build();
    cell("recloser default", move || {
        let _ = black_box(&recloser).call(nothing);
    })
}

thread_local! {
    static RUNTIME: Runtime =
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
}

fn tower_resilience() -> [Cell; 2] {
    let count = CircuitBreakerLayer::builder().sliding_window_size(100);
    // It looks at every call in its window at each call: a longer one would take for ever.
    let time = CircuitBreakerLayer::builder()
        .sliding_window_type(SlidingWindowType::TimeBased)
        .sliding_window_duration(Duration::from_millis(5));
    [("tower-resilience count", count), ("tower-resilience window of 5 ms", time)].map(
        |(name, builder)| {
            let layer = builder.build().expect("the settings are in range");
            let service =
                layer.layer(service_fn(|()| async { black_box(Ok::<(), Infallible>(())) }));
            let burst = move || {
                // A share of the same circuit.
                let mut service = service.clone();
                RUNTIME.with(|runtime| {
                    runtime.block_on(async {
                        for _ in 0..1_000 {
                            if let Ok(ready) = service.ready().await {
                                let _ = ready.call(()).await;
                            }
                        }
                    });
                });
            };
            (name.to_owned(), Box::new(burst) as Box<dyn Fn() + Sync>)
        },
    )
}
