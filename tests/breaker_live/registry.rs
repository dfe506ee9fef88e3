//! Breakers of many keys: bounded, listened to and changed together.

use super::counting::counted;
use super::{SECOND, alone, settings};
use forewarn::Error;
use forewarn::breaker::{
    Breaker, BreakerRegistry, BreakerRegistryParams, BreakerSettings, ManualClock, Outcome, State,
    Trip, open_metrics,
};
use std::sync::{Arc, Mutex};

fn registry(params: BreakerRegistryParams) -> (BreakerRegistry<String, ManualClock>, ManualClock) {
    let clock = ManualClock::default();
    (params.build_with(clock.clone()).expect("in range"), clock)
}

#[test]
fn registries_are_bounded_and_keep_what_matters() {
    let _alone = alone();
    let clock = ManualClock::default();
    let params = BreakerRegistryParams::new(settings(1, 1)).max_keys(160);
    let registry = params.build_with::<u64, _>(clock).unwrap();
    assert!(registry.is_empty());
    // Few enough not to fill any of the parts.
    registry.get(&1_000_000).try_acquire().unwrap().failure();
    let held = registry.get(&2_000_000);
    held.try_acquire().unwrap().success();
    for key in 0..10_000_u64 {
        registry.get(&key).try_acquire().unwrap().success();
        assert!(registry.len() <= 160);
    }
    assert!(registry.len() > 120);
    assert_eq!(registry.get(&1_000_000).state(), State::Open);
    assert_eq!(registry.get(&2_000_000).metrics().successes, 1);
    // Open ones go as well before the memory does.
    for key in 0..1_000_u64 {
        let breaker = registry.get(&key);
        let permit = breaker.try_acquire();
        if let Ok(permit) = permit {
            permit.failure();
        }
        assert!(registry.len() <= 160);
    }
    let report = registry.report();
    assert_eq!(report.len(), registry.len());
    let named = report.into_iter().map(|(key, state, metrics)| (key.to_string(), state, metrics));
    let text = open_metrics(named);
    // All but the one that is held.
    let open = text.lines().filter(|line| line.ends_with("\"open\"} 1")).count();
    assert_eq!(open, registry.len() - 1);
    assert_eq!(held.metrics().successes, 1);
}

#[test]
fn a_breaker_takes_less_than_a_kibibyte() {
    let _alone = alone();
    let params = BreakerRegistryParams::new(BreakerSettings::default()).max_keys(100_000);
    let registry = params.build::<u64>().unwrap();
    let ((), _, bytes) = counted(|| {
        for key in 0..10_000_u64 {
            registry.get(&key).try_acquire().unwrap().success();
        }
    });
    assert_eq!(registry.len(), 10_000);
    println!("{} bytes a key", bytes / 10_000);
    assert!(bytes / 10_000 <= 1_024, "{} bytes a key", bytes / 10_000);
    let (_breaker, _, bytes) =
        counted(|| Breaker::builder(BreakerSettings::default()).shards(2).build().unwrap());
    println!("{bytes} bytes with two shards");
    assert!(bytes <= 1_024, "{bytes} bytes");
}

/// Listeners hear of every key, whether it came before them or after, once and by its name.
#[test]
fn transitions_of_all_keys_are_told() {
    let _alone = alone();
    let (registry, clock) = registry(BreakerRegistryParams::new(settings(1, 1)));
    let told: Arc<Mutex<Vec<(String, State)>>> = Arc::default();
    let fail = |key: &str| registry.get(key).try_acquire().expect("closed").failure();
    fail("unheard");
    drop(registry.get("before"));
    let heard = told.clone();
    registry.listen(move |key, transition| {
        heard.lock().unwrap().push((key.clone(), transition.to));
    });
    fail("before");
    fail("after");
    let heard = told.clone();
    registry.listen(move |key, transition| {
        heard.lock().unwrap().push((format!("second: {key}"), transition.to));
    });
    clock.advance(SECOND);
    registry.get("after").try_acquire().expect("a probe").success();
    let expected = [
        ("before", State::Open),
        ("after", State::Open),
        ("after", State::HalfOpen),
        ("second: after", State::HalfOpen),
        ("after", State::Closed),
        ("second: after", State::Closed),
    ];
    assert_eq!(*told.lock().unwrap(), expected.map(|(key, state)| (key.to_owned(), state)));
}

/// New settings hold for keys that are known, which keep their state, and for those to come.
#[test]
fn settings_of_all_keys_change() {
    let _alone = alone();
    let (registry, _clock) = registry(BreakerRegistryParams::new(settings(3, 1)));
    let fail = |key: &str| {
        registry.get(key).try_acquire().expect("closed").failure();
        registry.get(key).state()
    };
    for _ in 0..3 {
        fail("open");
    }
    assert_eq!(fail("known"), State::Closed);
    let refused = registry.set_settings(settings(0, 1)).expect_err("out of range");
    assert!(matches!(refused, Error::OutOfRange { name: "failures", .. }), "{refused}");
    assert_eq!(registry.settings(), settings(3, 1));
    registry.set_settings(settings(2, 1)).expect("in range");
    assert_eq!(registry.settings(), settings(2, 1));
    assert_eq!(registry.get("open").state(), State::Open);
    assert_eq!(fail("known"), State::Open, "the second failure, of which one was before");
    assert_eq!(fail("new"), State::Closed);
    assert_eq!(fail("new"), State::Open);
    // One key alone.
    registry.get("other").set_settings(settings(1, 1)).expect("in range");
    assert_eq!(fail("other"), State::Open);
    assert_eq!(fail("newer"), State::Closed);
}

#[test]
fn dropped_permits_count_as_configured() {
    let _alone = alone();
    for (dropped, state) in [(None, State::Closed), (Some(Outcome::Failure), State::Open)] {
        let (registry, _clock) =
            registry(BreakerRegistryParams::new(settings(1, 1)).dropped(dropped));
        drop(registry.get("key").try_acquire().expect("closed"));
        assert_eq!(registry.get("key").state(), state);
        assert_eq!(registry.get("key").metrics().cancelled, u64::from(dropped.is_none()));
    }
}

/// Registries of one seed keep the same keys, whatever else the program does; `Debug` says how many.
#[test]
fn what_is_forgotten_follows_from_the_seed() {
    let _alone = alone();
    let kept = |seed| {
        let params = BreakerRegistryParams::new(settings(1, 1)).max_keys(64).seed(seed);
        let (registry, _clock) = registry(params);
        (0..500).for_each(|key| drop(registry.get(format!("key {key}").as_str())));
        assert_eq!(
            format!("{registry:?}"),
            format!("BreakerRegistry {{ keys: {}, .. }}", registry.len())
        );
        let mut keys: Vec<_> = registry.report().into_iter().map(|(key, ..)| key).collect();
        keys.sort();
        keys
    };
    assert_eq!(kept(7), kept(7));
    assert_ne!(kept(7), kept(8));
}

/// Threads that ask for keys, old and new, while settings change and listeners come, get one breaker
/// a key.
#[test]
fn threads_share_the_breakers_of_keys() {
    let _alone = alone();
    let (registry, _clock) = registry(BreakerRegistryParams::new(settings(1_000, 1)));
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let registry = &registry;
            scope.spawn(move || {
                for call in 0..500_u32 {
                    let key = (call * 7 + thread) % 50;
                    registry.get(key.to_string().as_str()).try_acquire().unwrap().success();
                    if call % 100 == 0 {
                        let trip = Trip::Consecutive { failures: 900 + call };
                        registry.set_settings(settings(1, 1).trip(trip)).unwrap();
                        registry.listen(|key, _| assert!(key.is_empty(), "nothing happens"));
                    }
                }
            });
        }
    });
    let report = registry.report();
    assert_eq!(report.len(), 50);
    assert_eq!(report.iter().map(|(_, _, metrics)| metrics.successes).sum::<u64>(), 2_000);
}
