//! Features against a version that looks at everything again for every row; the future cannot be seen
//! from the past; a stream, a batch and a saved state agree to the bit.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Lifetime;
use forewarn::engine::features::{
    Clock, EntityState, FeatureParams, Features, MetricStatistic, WindowStatistic,
};
use forewarn::engine::telemetry::Telemetry;
use proptest::collection::vec;
use proptest::prelude::*;

const METRICS: [&str; 2] = ["heat", "noise"];
const KINDS: [&str; 2] = ["overload", "restart"];

/// Something that happens to an entity, some time after what happened before.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Row([f64; 2]),
    Event(usize),
    Maintenance,
    Failure,
}

type Story = Vec<(f64, What)>;

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![5 => -10.0..10.0, 1 => Just(f64::NAN), 1 => Just(3.0)]
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        30 => [value(), value()].prop_map(What::Row),
        4 => (0..KINDS.len()).prop_map(What::Event),
        1 => Just(What::Maintenance),
        1 => Just(What::Failure),
    ]
}

/// Things in order of time, some at one time, some after a long silence. Times are sums without
/// rounding, so that a window ends where it ends.
fn story(most: usize) -> impl Strategy<Value = Story> {
    let gap = prop_oneof![1 => Just(0.0), 20 => Just(1.0), 4 => (1..200).prop_map(|n| f64::from(n) / 64.0), 1 => Just(40.0)];
    vec((gap, what()), 1..most).prop_map(|steps| {
        let mut time = 1_000.0;
        let happen = |(gap, what)| {
            time += gap;
            (time, what)
        };
        steps.into_iter().map(happen).collect()
    })
}

fn everything() -> FeatureParams {
    FeatureParams::default()
        .clock(Clock::Counted("cycles".into()))
        .horizon(12.0)
        .windows(vec![5.0, 20.0, 170.0])
        .statistics(vec![
            WindowStatistic::Mean,
            WindowStatistic::Smallest,
            WindowStatistic::Largest,
            WindowStatistic::Deviation,
            WindowStatistic::Slope,
            WindowStatistic::Change,
            WindowStatistic::Crossings,
            WindowStatistic::Missing,
        ])
        .of_metric(vec![
            MetricStatistic::Last,
            MetricStatistic::Silence,
            MetricStatistic::Smooth,
            MetricStatistic::FromLevel,
            MetricStatistic::FromStart,
        ])
        .half_lives(vec![2.0, 9.0])
        .start_values(4)
        .event_windows(vec![6.0, 30.0])
}

fn plan(params: &FeatureParams) -> Features {
    let mut names = Telemetry::new(METRICS).unwrap();
    for kind in KINDS {
        names.event("any", 0.0, kind).unwrap();
    }
    names.maintain("any", 0.0, "bearing").unwrap();
    params.plan(&names).unwrap()
}

fn push(state: &mut EntityState, &(time, what): &(f64, What)) {
    match what {
        What::Row(values) => state.observe(time, &values).unwrap(),
        What::Event(kind) => assert!(state.event(time, KINDS[kind]).unwrap()),
        What::Maintenance => assert!(state.maintain(time, "bearing").unwrap()),
        What::Failure => state.fail(time).unwrap(),
    }
}

fn tell(fleet: &mut Telemetry, entity: &str, &(time, what): &(f64, What)) {
    match what {
        What::Row(values) => fleet.observe(entity, time, &values).unwrap(),
        What::Event(kind) => fleet.event(entity, time, KINDS[kind]).unwrap(),
        What::Maintenance => fleet.maintain(entity, time, "bearing").unwrap(),
        What::Failure => fleet.fail(entity, time).unwrap(),
    }
}

/// The values of a metric, first given first, one a time.
fn values(rows: &[(f64, [f64; 2])], metric: usize) -> Vec<(f64, f64)> {
    let mut values: Vec<(f64, f64)> = Vec::new();
    for (time, row) in rows {
        let repeated = values.last().is_some_and(|last| last.0 == *time);
        if !row[metric].is_nan() && !repeated {
            values.push((*time, row[metric]));
        }
    }
    values
}

fn mean(values: &[(f64, f64)]) -> f64 {
    values.iter().map(|value| value.1).sum::<f64>() / values.len() as f64
}

fn deviation(values: &[(f64, f64)]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value.1 - mean).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

fn slope(values: &[(f64, f64)]) -> f64 {
    if values.len() < 3 {
        return f64::NAN;
    }
    let mean_time = values.iter().map(|value| value.0).sum::<f64>() / values.len() as f64;
    let mean = mean(values);
    let of = |f: &dyn Fn(f64, f64) -> f64| values.iter().map(|v| f(v.0, v.1)).sum::<f64>();
    let products = of(&|time, value| (time - mean_time) * (value - mean));
    products / of(&|time, _| (time - mean_time).powi(2))
}

/// All features at a time, by name, from everything up to then.
fn naive(params: &FeatureParams, story: &[(f64, What)], now: f64) -> Vec<(String, f64)> {
    let told: Vec<(f64, What)> = story.iter().copied().filter(|item| item.0 <= now).collect();
    let times = |wanted: &dyn Fn(What) -> bool| -> Vec<f64> {
        told.iter().filter(|item| wanted(item.1)).map(|item| item.0).collect()
    };
    let failures = times(&|what| what == What::Failure);
    let failed = failures.last().copied();
    let birth = match failed {
        Some(failed) if params.new_life => failed,
        _ => f64::NEG_INFINITY,
    };
    let rows: Vec<(f64, [f64; 2])> = told
        .iter()
        .filter_map(|&(time, what)| match what {
            What::Row(values) if time >= birth => Some((time, values)),
            _ => None,
        })
        .collect();
    let mut row_times: Vec<f64> = rows.iter().map(|row| row.0).collect();
    row_times.dedup();
    let mut all = Vec::new();
    for (metric, name) in METRICS.iter().enumerate() {
        let mut values = values(&rows, metric);
        // All from the first value, so that a high level costs no digits here.
        let first = values.first().map_or(f64::NAN, |value| value.1);
        for value in &mut values {
            value.1 -= first;
        }
        let last = values.last().copied().unwrap_or((f64::NAN, f64::NAN));
        all.push((format!("{name}: last value"), first + last.1));
        all.push((format!("{name}: cycles since the last value"), now - last.0));
        let smooth = |half_life: f64| {
            let weight = |time: f64| (-(last.0 - time) / half_life).exp2();
            let sum: f64 = values.iter().map(|v| weight(v.0) * v.1).sum();
            sum / values.iter().map(|v| weight(v.0)).sum::<f64>()
        };
        for half_life in &params.half_lives {
            let what = format!("{name}: smoothed, half-life {half_life} cycles");
            all.push((what, first + smooth(*half_life)));
        }
        let what = format!("{name}: smoothed, half-life 2 cycles");
        let from_level = match values.len() {
            0 | 1 => f64::NAN,
            _ if deviation(&values) == 0.0 => 0.0,
            _ => (smooth(2.0) - mean(&values)) / deviation(&values),
        };
        all.push((format!("{what}, from its level, in standard deviations"), from_level));
        let start = &values[..values.len().min(params.start_values as usize)];
        all.push((format!("{what}, less its start"), smooth(2.0) - mean(start)));
        let crossed = |index: usize| {
            let before = mean(&values[..index]);
            index > 0 && (values[index - 1].1 - before) * (values[index].1 - before) < 0.0
        };
        for length in &params.windows {
            let within = |from: f64, to: f64| -> Vec<(f64, f64)> {
                values.iter().copied().filter(|v| now - from < v.0 && v.0 <= now - to).collect()
            };
            let window = within(*length, 0.0);
            let sides = window.iter().map(|v| v.1);
            let smallest = sides.clone().reduce(f64::min).unwrap_or(f64::NAN);
            let largest = sides.reduce(f64::max).unwrap_or(f64::NAN);
            let crossings = (0..values.len())
                .filter(|&index| values[index].0 > now - length && crossed(index))
                .count();
            let total = row_times.iter().filter(|&&time| time > now - length).count() as f64;
            let change = mean(&window) - mean(&within(2.0 * length, *length));
            let missing = (total - window.len() as f64) / total;
            for (statistic, value) in [
                (format!("mean of {length} cycles"), first + mean(&window)),
                (format!("smallest of {length} cycles"), first + smallest),
                (format!("largest of {length} cycles"), first + largest),
                (format!("standard deviation of {length} cycles"), deviation(&window)),
                (format!("slope of {length} cycles, per cycle"), slope(&window)),
                (format!("mean of {length} cycles less that of {length} cycles before"), change),
                (format!("crossings of its level in {length} cycles"), crossings as f64),
                (format!("share missing in {length} cycles"), missing),
            ] {
                all.push((format!("{name}: {statistic}"), value));
            }
        }
    }
    for (kind, name) in KINDS.iter().enumerate() {
        let events: Vec<f64> = times(&|what| what == What::Event(kind));
        let events: Vec<f64> = events.into_iter().filter(|&time| time >= birth).collect();
        for length in &params.event_windows {
            let count = events.iter().filter(|&&time| time > now - length).count();
            all.push((format!("{name}: count in {length} cycles"), count as f64));
        }
        let since = events.last().map_or(f64::NAN, |last| now - last);
        all.push((format!("{name}: cycles since the last"), since));
    }
    let maintained = times(&|what| what == What::Maintenance);
    let since = maintained.last().map_or(f64::NAN, |last| now - last);
    all.push(("bearing: cycles since maintenance".into(), since));
    let born = if birth.is_finite() { birth } else { told.first().map_or(f64::NAN, |item| item.0) };
    all.push(("cycles in this life".into(), now - born));
    let since = failed.map_or(f64::NAN, |failed| now - failed);
    all.push(("cycles since the last failure".into(), since));
    all.push(("failures so far".into(), failures.len() as f64));
    all
}

/// Both missing, or as near as is asked of values of about 1, and as rounding allows of others.
fn near(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * (1.0 + b.abs().min(1e3)) + 1e-15 * b.abs()
}

fn assert_naive(features: &Features, row: &[f64], story: &[(f64, What)], now: f64) {
    let expected = naive(features.params(), story, now);
    assert_eq!(expected.len(), features.n_features());
    for (column, (name, expected)) in expected.iter().enumerate() {
        assert_eq!(name, &features.names()[column]);
        assert!(near(row[column], *expected), "{name} at {now}: {} is not {expected}", row[column]);
    }
}

fn bits(row: &[f64]) -> Vec<u64> {
    row.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_feature_is_the_naive_one(story in story(120), new_life: bool) {
        let features = plan(&everything().new_life(new_life));
        let mut state = features.state();
        for (index, item) in story.iter().enumerate() {
            push(&mut state, item);
            let next = story.get(index + 1).map_or(item.0 + 500.0, |next| next.0);
            for now in [item.0, 0.5 * (item.0 + next)] {
                assert_naive(&features, &state.row(now).unwrap(), &story[..=index], now);
            }
        }
    }

    #[test]
    fn a_batch_is_the_stream_to_the_bit(stories in vec(story(60), 1..4), seed: u64) {
        let features = plan(&everything());
        let mut fleet = Telemetry::new(METRICS).unwrap();
        let mut told: Vec<(usize, (f64, What))> = Vec::new();
        for (entity, story) in stories.iter().enumerate() {
            told.extend(story.iter().map(|item| (entity, *item)));
        }
        // In any order, but for what is given at one time, of which the first stands.
        let shuffled = |&(_, item): &(usize, (f64, What))| {
            (item.0.to_bits() ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        };
        told.sort_by_key(shuffled);
        for (entity, item) in &told {
            tell(&mut fleet, &format!("machine {entity}"), item);
        }
        let is_row = |what| matches!(what, What::Row(_));
        if !told.iter().any(|(_, item)| is_row(item.1)) {
            return Ok(());
        }
        let rows = features.rows(&fleet).unwrap();
        let grid = features.rows_every(&fleet, 7.0).unwrap();
        let mut expected = Vec::new();
        let mut expected_grid = Vec::new();
        for name in fleet.entities() {
            let story = &stories[name.strip_prefix("machine ").unwrap().parse::<usize>().unwrap()];
            let mut state = features.state();
            let mut moment = story[0].0;
            for (index, item) in story.iter().enumerate() {
                while moment < item.0 {
                    expected_grid.push(state.row(moment).unwrap());
                    moment += 7.0;
                }
                push(&mut state, item);
                let together = story[index..].iter().filter(|next| next.0 == item.0).count();
                let had_row = story[..=index].iter().any(|now| now.0 == item.0 && is_row(now.1));
                if together == 1 && had_row {
                    expected.push(state.row(item.0).unwrap());
                }
            }
            if moment == story.last().unwrap().0 {
                expected_grid.push(state.row(moment).unwrap());
            }
        }
        for (rows, expected) in [(rows, expected), (grid, expected_grid)] {
            prop_assert_eq!(rows.x.nrows(), expected.len());
            for (row, expected) in rows.x.rows().into_iter().zip(&expected) {
                prop_assert_eq!(bits(row.as_slice().unwrap()), bits(expected));
            }
        }
    }

    #[test]
    fn the_future_changes_no_row_of_the_past(
        past in story(60),
        futures in [story(40), story(40)],
        scale in prop_oneof![Just(1.0), Just(1e6)],
    ) {
        let features = plan(&everything());
        let now = past.last().unwrap().0;
        let known = |future: &Story| {
            let mut fleet = Telemetry::new(METRICS).unwrap();
            // Another entity's future as well.
            for entity in ["told", "other"] {
                for item in &past {
                    tell(&mut fleet, entity, item);
                }
                for &(time, what) in future {
                    let what = match what {
                        What::Row(values) => What::Row(values.map(|value| scale * value)),
                        other => other,
                    };
                    tell(&mut fleet, entity, &(now + time, what));
                }
            }
            if fleet.n_rows() == 0 {
                return Vec::new();
            }
            let rows = features.rows(&fleet).unwrap();
            let past = (0..rows.time.len()).filter(|&row| rows.time[row] <= now);
            past.map(|row| (rows.entity[row], bits(rows.x.row(row).as_slice().unwrap()))).collect()
        };
        prop_assert_eq!(known(&futures[0]), known(&futures[1]));
    }

    #[test]
    fn labels_say_what_became_of_an_entity_and_nothing_else(
        story in story(80),
        watched in prop_oneof![Just(0.0), (0..60).prop_map(|n| f64::from(n) / 2.0)],
    ) {
        let features = plan(&everything());
        let mut fleet = Telemetry::new(METRICS).unwrap();
        for item in &story {
            tell(&mut fleet, "a", item);
        }
        let until = story.last().unwrap().0 + watched;
        fleet.watched_until("a", until).unwrap();
        if fleet.n_rows() == 0 {
            return Ok(());
        }
        let rows = features.rows(&fleet).unwrap();
        for (row, &time) in rows.time.iter().enumerate() {
            let later = |item: &&(f64, What)| item.1 == What::Failure && item.0 > time;
            let next = story.iter().find(later).map(|item| item.0);
            let fails = match next {
                Some(failure) if failure - time <= 12.0 => Some(true),
                None if until - time < 12.0 => None,
                _ => Some(false),
            };
            prop_assert_eq!(rows.fails[row], fails, "at {}", time);
            let life = match next {
                Some(failure) => Some(Lifetime::Failed(failure - time)),
                None if until > time => Some(Lifetime::Alive(until - time)),
                None => None,
            };
            prop_assert_eq!(rows.life[row], life, "at {}", time);
        }
        let (labelled, fails) = rows.labelled();
        prop_assert!(labelled.iter().zip(&fails).all(|(&row, &f)| rows.fails[row] == Some(f)));
        prop_assert_eq!(labelled.len(), rows.fails.iter().flatten().count());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_saved_entity_goes_on_with_the_same_bits(story in story(150), at in 0.0..1.0_f64) {
        let features = plan(&everything().most_rows(64));
        let at = (at * story.len() as f64) as usize;
        let mut state = features.state();
        story[..at].iter().for_each(|item| push(&mut state, item));
        let json = serde_json::to_string(&state).unwrap();
        let mut copies = [
            EntityState::from_bytes(&state.to_bytes().unwrap()).unwrap(),
            serde_json::from_str(&json).unwrap(),
        ];
        for item in &story[at..] {
            push(&mut state, item);
            let expected = bits(&state.row(item.0 + 0.5).unwrap());
            for copy in &mut copies {
                push(copy, item);
                prop_assert_eq!(&bits(&copy.row(item.0 + 0.5).unwrap()), &expected);
            }
        }
    }
}

/// Long windows, so that sums of 64 rows, growth and what leaves the window all take part.
#[test]
fn long_histories_on_a_high_level_are_the_naive_ones() {
    let features = plan(&everything().windows(vec![5.0, 20.0, 700.0]));
    let noise = |index: u32, salt: u32| {
        f64::from((index * 2 + salt).wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 23) - 1.0
    };
    for level in [0.0, 1e9, -1e12] {
        let (mut state, mut story) = (features.state(), Story::new());
        for index in 0..3_000_u32 {
            // One wild value comes and goes.
            let wild = if index == 1_000 { 1e7 } else { 0.0 };
            let hot = level + wild + noise(index, 0);
            let drift = 0.01 * f64::from(index);
            let item = (f64::from(index), What::Row([hot, level + drift + noise(index, 1)]));
            push(&mut state, &item);
            story.push(item);
            if index % 97 == 0 || index % 64 == 63 && index > 2_500 {
                let row = state.row(item.0).unwrap();
                let expected = naive(features.params(), &story, item.0);
                for (value, (name, expected)) in row.iter().zip(expected) {
                    // What has a wild value in it is as exact as that allows; once it has left a
                    // window, nothing of it remains there.
                    let held = if name.contains("smoothed") { 3_000 } else { 1_000 + 2 * 700 };
                    let wild = name.starts_with("heat") && (1_000..held).contains(&index);
                    let scale = if wild { 1e7 } else { 1.0 };
                    let close = (value - expected).abs()
                        <= 1e-9 * scale * (1.0 + expected.abs().min(1e3)) + 1e-15 * expected.abs();
                    assert!(
                        close || (value.is_nan() && expected.is_nan()),
                        "{level} {index} {name}: {value} is not {expected}"
                    );
                }
            }
        }
    }
}

/// Windows that would hold more than they may hold the latest, and say so.
#[test]
fn full_windows_hold_the_latest_rows() {
    let params = everything().most_rows(100).windows(vec![5.0, 1_000.0]);
    let features = plan(&params);
    let mut state = features.state();
    let mut bytes = 0;
    for index in 0..2_000_u32 {
        let time = f64::from(index);
        state.observe(time, &[time, f64::NAN]).unwrap();
        state.event(time, "overload").unwrap();
        assert_eq!(state.is_cut(time), index >= 100, "{index}");
        if index == 300 {
            bytes = state.bytes();
        }
    }
    assert_eq!(state.bytes(), bytes);
    let row = state.row(1_999.0).unwrap();
    let of = |name: &str| row[features.column(name).unwrap()];
    assert_eq!(of("heat: mean of 1000 cycles"), 1_949.5);
    assert_eq!(of("heat: smallest of 1000 cycles"), 1_900.0);
    assert_eq!(of("heat: smallest of 5 cycles"), 1_995.0);
    assert_eq!(of("overload: count in 30 cycles"), 30.0);
}

/// Unix seconds or seconds since yesterday: all the same.
#[test]
fn the_origin_of_time_does_not_matter() {
    let features = plan(&everything());
    let (mut here, mut there) = (features.state(), features.state());
    for index in 0..500_u32 {
        let time = f64::from(index) * 1.5;
        let value = f64::from(index.wrapping_mul(2_654_435_761) >> 16);
        for (state, origin) in [(&mut here, 0.0), (&mut there, 1_767_225_600.0)] {
            state.observe(origin + time, &[value, -value]).unwrap();
        }
    }
    let there = there.row(1_767_225_600.0 + 750.0).unwrap();
    assert_eq!(bits(&here.row(750.0).unwrap()), bits(&there));
}
