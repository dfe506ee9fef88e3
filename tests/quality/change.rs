//! How well changes are found in noise of every kind, and how often where there are none.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use crate::rows::Draw;
use forewarn::trend::{ChangeDetectorParams, ChangePointParams, DetectionMethod, Shape};
use forewarn_datasets::{Table, data_or_skip};

/// First-order autoregression of standard normal innovations, in its stationary state.
fn noise(draw: &mut Draw, correlation: f64, count: usize) -> Vec<f64> {
    let mut value = draw.normal() / (1.0 - correlation * correlation).sqrt();
    let mut next = || {
        value = correlation * value + draw.normal();
        value
    };
    (0..count).map(|_| next()).collect()
}

fn heavy(draw: &mut Draw, count: usize) -> Vec<f64> {
    // Student's law of three degrees of freedom.
    let mut square = || draw.normal().powi(2);
    let wide: Vec<f64> =
        (0..count).map(|_| ((square() + square() + square()) / 3.0).sqrt()).collect();
    wide.into_iter().map(|wide| draw.normal() / wide).collect()
}

#[test]
fn noise_has_no_changes() {
    for (correlation, count, most) in
        [(0.0, 200, 3), (0.0, 1_000, 3), (0.5, 300, 8), (0.8, 500, 5), (0.9, 1_000, 8)]
    {
        let found = |seed| {
            let series = noise(&mut Draw::new(seed), correlation, count);
            !ChangePointParams::default().find(&series).unwrap().changes.is_empty()
        };
        let wrong = (1_000..1_100).filter(|&seed| found(seed)).count();
        assert!(wrong <= most, "{wrong} of 100 with {correlation}, {count}");
    }
    let found = |seed| {
        let series = heavy(&mut Draw::new(seed), 500);
        !ChangePointParams::default().find(&series).unwrap().changes.is_empty()
    };
    let wrong = (1_000..1_100).filter(|&seed| found(seed)).count();
    assert!(wrong <= 4, "{wrong} of 100 with heavy tails");
}

/// Of 100 series of 300 values that go up by `shift` at 200, how many have just one change and that
/// within five of its place.
fn right(shape: Shape, shift: f64, make: impl Fn(&mut Draw) -> Vec<f64>) -> usize {
    let is_right = |seed: &u64| {
        let mut series = make(&mut Draw::new(*seed));
        series[200..].iter_mut().for_each(|value| *value += shift);
        let found = ChangePointParams::default().shape(shape).find(&series).unwrap();
        matches!(found.change_points()[..], [at] if at.abs_diff(200) <= 5)
    };
    (2_000..2_100).filter(is_right).count()
}

#[test]
fn shifts_are_found_where_they_are() {
    let independent = |draw: &mut Draw| noise(draw, 0.0, 300);
    assert!(right(Shape::Automatic, 2.0, independent) >= 92);
    assert!(right(Shape::Level, 1.5, independent) >= 85);
    assert!(right(Shape::Automatic, 6.0, |draw| noise(draw, 0.5, 300)) >= 90);
    assert!(right(Shape::Ranks, 3.0, |draw| heavy(draw, 300)) >= 92);
    let bends = |seed: &u64| {
        let mut draw = Draw::new(*seed);
        let bend = |i: usize| (i as f64 - 150.0).max(0.0) * 0.1;
        let series: Vec<f64> = (0..300).map(|i| bend(i) + draw.normal()).collect();
        let found = ChangePointParams::default().find(&series).unwrap();
        found.shape == Shape::Trend
            && matches!(found.change_points()[..], [at] if at.abs_diff(150) <= 25)
    };
    let found = (3_000..3_100).filter(bends).count();
    assert!(found >= 90, "{found} bends of 100");
    let spreads = |seed: &u64| {
        let mut draw = Draw::new(*seed);
        let series: Vec<f64> =
            (0..300).map(|i| draw.normal() * if i < 150 { 1.0 } else { 3.0 }).collect();
        let params = ChangePointParams::default().shape(Shape::LevelAndSpread).clip(None);
        let found = params.find(&series).unwrap();
        matches!(found.change_points()[..], [at] if at.abs_diff(150) <= 10)
    };
    let found = (4_000..4_100).filter(spreads).count();
    assert!(found >= 90, "{found} spreads of 100");
}

/// The measure of Turing Change Point Dataset (van den Burg & Williams, arXiv 2003.06222): F1 with a
/// margin of five against all annotators, and how well the segments cover each annotator's.
fn scores(annotators: &[Vec<usize>], found: &[usize], count: usize) -> (f64, f64) {
    let with_start = |changes: &[usize]| [&[0], changes].concat();
    let hits = |truth: &[usize], found: &[usize]| {
        let mut left = found.to_vec();
        let mut hits = 0.0;
        for &at in truth {
            let near = |&place: &usize| left[place].abs_diff(at) <= 5;
            let nearest = (0..left.len()).filter(near).min_by_key(|&it| left[it].abs_diff(at));
            if let Some(place) = nearest {
                left.remove(place);
                hits += 1.0;
            }
        }
        hits
    };
    let found_and_start = with_start(found);
    let mut all: Vec<usize> = annotators.iter().flat_map(|it| with_start(it)).collect();
    all.sort_unstable();
    all.dedup();
    let precision = hits(&all, &found_and_start) / found_and_start.len() as f64;
    let recalls = annotators.iter().map(|truth| {
        let truth = with_start(truth);
        hits(&truth, &found_and_start) / truth.len() as f64
    });
    let recall = recalls.sum::<f64>() / annotators.len() as f64;
    let segments = |changes: &[usize]| {
        let ends = changes.iter().copied().chain([count]);
        with_start(changes).into_iter().zip(ends).collect::<Vec<_>>()
    };
    let covers = annotators.iter().map(|truth| {
        let cover = |&(from, to): &(usize, usize)| {
            let share = |&(start, end): &(usize, usize)| {
                let common = to.min(end).saturating_sub(from.max(start));
                common as f64 / (to.max(end) - from.min(start)) as f64
            };
            let best = segments(found).iter().map(share).fold(0.0, f64::max);
            best * (to - from) as f64 / count as f64
        };
        segments(truth).iter().map(cover).sum::<f64>()
    });
    let cover = covers.sum::<f64>() / annotators.len() as f64;
    (2.0 * precision * recall / (precision + recall), cover)
}

/// Binary segmentation of ruptures 1.1.10 at its best penalty for these series, 3 ln n with a unit
/// variance, has 0.82 and 0.75.
#[test]
fn annotated_series_are_cut_as_people_do() {
    let folder = data_or_skip!("change_points");
    let text = std::fs::read_to_string(folder.join("annotations.json")).unwrap();
    let annotations: std::collections::BTreeMap<
        String,
        std::collections::BTreeMap<String, Vec<usize>>,
    > = serde_json::from_str(&text).unwrap();
    let mut sums = (0.0, 0.0);
    for (name, annotators) in &annotations {
        let table = Table::read(folder.join(format!("{name}.csv.gz"))).unwrap();
        let series = table.numbers("value").unwrap().to_vec();
        let found = ChangePointParams::default().find(&series).unwrap().change_points();
        let annotators: Vec<_> = annotators.values().cloned().collect();
        let (f1, cover) = scores(&annotators, &found, series.len());
        sums = (sums.0 + f1, sums.1 + cover);
    }
    let count = annotations.len() as f64;
    let (f1, cover) = (sums.0 / count, sums.1 / count);
    assert!(f1 >= 0.83 && cover >= 0.76, "F1 {f1}, cover {cover}");
}

/// False alarms in `streams` streams of 20,000 observations.
fn alarms(method: DetectionMethod, run_length: f64, correlation: f64, streams: u64) -> u64 {
    let params = ChangeDetectorParams::default().method(method).run_length(run_length);
    let run = |seed| {
        let mut detector = params.start().unwrap();
        for value in noise(&mut Draw::new(seed), correlation, 20_000) {
            detector.observe(value).unwrap();
        }
        detector.changes()
    };
    (5_000..5_000 + streams).map(run).sum()
}

#[test]
fn false_alarms_are_as_rare_as_asked_for() {
    let methods = [
        DetectionMethod::Focus,
        DetectionMethod::Cusum { shift: 1.0 },
        DetectionMethod::Bayesian { reach: 3.0 },
    ];
    for method in methods {
        for correlation in [0.0, 0.5, 0.9] {
            // 20 by right; three standard errors above are 34.
            let found = alarms(method, 10_000.0, correlation, 10);
            assert!(found <= 34, "{method:?}, {correlation}: {found} alarms");
        }
    }
    // Of 10,000 observations; with default settings a fifth by right.
    let found = alarms(DetectionMethod::Focus, 50_000.0, 0.9, 20);
    assert!(found <= 20, "{found} alarms in 40 times 10,000");
    let most = alarms(DetectionMethod::Focus, 100.0, 0.0, 2);
    assert!(most >= 20, "the rate does nothing: {most} alarms");
}

/// Median delay of shifts after 1,000 observations.
fn delay(method: DetectionMethod, shift: f64) -> u64 {
    let run = |seed| {
        let mut draw = Draw::new(seed);
        let mut detector = ChangeDetectorParams::default().method(method).start().unwrap();
        for i in 0..4_000_u64 {
            let level = if i < 1_000 { 0.0 } else { shift };
            let found = detector.observe(level + draw.normal()).unwrap();
            if found.is_some() && i >= 1_000 {
                return i - 999;
            }
        }
        u64::MAX
    };
    let mut delays: Vec<u64> = (6_000..6_101).map(run).collect();
    delays.sort_unstable();
    delays[50]
}

/// river 0.26's ADWIN: 119, 55, 23 and 23; its Page–Hinkley, at a false alarm in 1,700: 77, 40, 18, 7.
#[test]
fn shifts_are_noticed_soon() {
    let cases = [(0.5, 92), (1.0, 28), (2.0, 9), (5.0, 4), (50.0, 4)];
    for (shift, most) in cases {
        let found = delay(DetectionMethod::Focus, shift);
        assert!(found <= most, "{shift}: {found}");
        let found = delay(DetectionMethod::Bayesian { reach: 3.0 }, shift);
        assert!(found <= most, "Bayesian, {shift}: {found}");
        let found = delay(DetectionMethod::Cusum { shift: 1.0 }, shift);
        assert!(shift < 1.0 || found <= most + 2, "CUSUM, {shift}: {found}");
    }
}
