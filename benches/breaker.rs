//! Breakers: what a good call through a closed one costs, and what finding the breaker of a key does.
//!
//! `cargo bench --features quanta --bench breaker` times each kind of breaker on one thread, and
//! look-ups of known keys. With `-- --table` it prints the cost of a call and of a look-up on one and
//! on two threads as multiples of one uncontended atomic addition, measured in the same run as
//! `overhead/mod.rs` says. Beside other libraries: `peers/breaker_overhead`.

mod overhead;

use criterion::{Criterion, criterion_group};
use forewarn::breaker::{Breaker, BreakerRegistry, BreakerRegistryParams, BreakerSettings};
use overhead::{cell, cells, good, kinds, table};
use std::hint::black_box;

fn closed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("breaker/closed");
    for (name, settings) in kinds() {
        let breaker = Breaker::new(settings).expect("the settings are in range");
        group.bench_function(name, |bencher| bencher.iter(|| good(&breaker)));
    }
    group.finish();
}

/// A registry of a thousand hosts by name, and one of a thousand tenants by number.
fn registries() -> (BreakerRegistry<String>, BreakerRegistry<u64>, Vec<String>) {
    let params = || BreakerRegistryParams::new(BreakerSettings::default());
    let hosts: Vec<_> = (0..1_000).map(|host| format!("host-{host}.example")).collect();
    let names = params().build().expect("the settings are in range");
    let numbers = params().build().expect("the settings are in range");
    for (number, host) in (0_u64..).zip(&hosts) {
        drop((names.get(host.as_str()), numbers.get(&number)));
    }
    (names, numbers, hosts)
}

fn look_up(criterion: &mut Criterion) {
    let (names, numbers, hosts) = registries();
    let mut group = criterion.benchmark_group("breaker/registry");
    let host = hosts[617].as_str();
    group.bench_function("name", |bencher| bencher.iter(|| names.get(black_box(host))));
    group.bench_function("number", |bencher| bencher.iter(|| numbers.get(black_box(&617))));
    group.finish();
}

criterion_group!(benches, closed, look_up);

fn print() {
    let mut cells = cells();
    let (names, numbers, hosts) = registries();
    cells.push(cell("registry, name", move || drop(names.get(black_box(hosts[617].as_str())))));
    cells.push(cell("registry, number", move || drop(numbers.get(black_box(&617)))));
    table(&cells, |_| ());
}

fn main() {
    if std::env::args().any(|argument| argument == "--table") {
        return print();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
