//! Change points and detectors against the most obvious version of each, and what they promise of
//! any series.

use crate::rows::Draw;
use forewarn::trend::{
    ChangeDetectorParams, ChangePointParams, DetectionMethod, Penalty, Segmentation, Shape,
};
use proptest::prelude::*;

/// Squares about the mean, or about the line that fits best, of one stretch.
fn cost(values: &[f64], line: bool) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let middle = (count - 1.0) / 2.0;
    let place = |i: usize| i as f64 - middle;
    let squares: f64 = (0..values.len()).map(|i| place(i).powi(2)).sum();
    let product: f64 = values.iter().enumerate().map(|(i, v)| place(i) * v).sum();
    let slope = if line && squares > 0.0 { product / squares } else { 0.0 };
    values.iter().enumerate().map(|(i, v)| (v - mean - slope * place(i)).powi(2)).sum()
}

fn price(values: &[f64], changes: &[usize], line: bool, penalty: f64) -> f64 {
    let starts = std::iter::once(0).chain(changes.iter().copied());
    let ends = changes.iter().copied().chain([values.len()]);
    let costs: f64 = starts.zip(ends).map(|(from, to)| cost(&values[from..to], line)).sum();
    costs + penalty * changes.len() as f64
}

/// The least price of all segmentations: every last start of every length is tried.
fn least(values: &[f64], line: bool, penalty: f64, min_length: usize) -> f64 {
    let mut least = vec![f64::INFINITY; values.len() + 1];
    least[0] = -penalty;
    for to in min_length..=values.len() {
        let starts = 0..=to - min_length;
        let prices = starts.map(|from| least[from] + penalty + cost(&values[from..to], line));
        least[to] = prices.fold(f64::INFINITY, f64::min);
    }
    least[values.len()]
}

fn stepped(seed: u64, count: usize) -> Vec<f64> {
    let mut draw = Draw::new(seed);
    let mut level = 0.0;
    (0..count)
        .map(|_| {
            if draw.unit() < 0.04 {
                level = 4.0 * draw.normal();
            }
            level + draw.normal()
        })
        .collect()
}

fn changes_at(found: &Segmentation) -> Vec<usize> {
    found.change_points()
}

proptest! {
    #[test]
    fn no_segmentation_is_cheaper(
        seed in 0_u64..1_000_000,
        count in 4_usize..90,
        min_length in 2_usize..9,
        penalty in 0.3_f64..40.0,
        line in any::<bool>(),
    ) {
        prop_assume!(count >= 2 * min_length);
        let values = stepped(seed, count);
        let params = ChangePointParams::default()
            .shape(if line { Shape::Trend } else { Shape::Level })
            .penalty(Penalty::Fixed(penalty))
            .min_length(min_length)
            .clip(None);
        let found = params.find(&values).unwrap();
        prop_assert!((found.penalty - penalty).abs() < 1e-9 * penalty);
        let paid = price(&values, &changes_at(&found), line, penalty);
        let best = least(&values, line, penalty, min_length);
        prop_assert!(paid <= best + 1e-9 * (1.0 + best), "{} paid, {} possible", paid, best);
        for segment in &found.segments {
            prop_assert!(segment.count >= min_length);
        }
    }

    #[test]
    fn unit_and_origin_do_not_matter(seed in 0_u64..100_000, shape in 0_usize..4) {
        let shape = [Shape::Automatic, Shape::Trend, Shape::LevelAndSpread, Shape::Ranks][shape];
        let values = stepped(seed, 150);
        let params = ChangePointParams::default().shape(shape);
        let plain = params.find(&values).unwrap();
        let scaled: Vec<f64> = values.iter().map(|value| value * 2.0_f64.powi(-20)).collect();
        let scaled = params.find(&scaled).unwrap();
        prop_assert_eq!(changes_at(&plain), changes_at(&scaled));
        for factor in [1e-6, 1e6, -3.0] {
            let moved: Vec<f64> = values.iter().map(|value| value * factor + 7.0 * factor).collect();
            let moved = params.find(&moved).unwrap();
            prop_assert_eq!(changes_at(&plain), changes_at(&moved));
            let ratio = moved.noise.spread / plain.noise.spread;
            let unit = if shape == Shape::Ranks { 1.0 } else { factor.abs() };
            prop_assert!((ratio / unit - 1.0).abs() < 1e-6, "{}", ratio);
        }
    }

    #[test]
    fn a_mirrored_series_has_mirrored_changes(seed in 0_u64..100_000, line in any::<bool>()) {
        let values = stepped(seed, 160);
        let shape = if line { Shape::Trend } else { Shape::Level };
        let params = ChangePointParams::default().shape(shape);
        let forth = params.find(&values).unwrap();
        let back: Vec<f64> = values.iter().rev().copied().collect();
        let back = params.find(&back).unwrap();
        let mut mirrored: Vec<usize> = changes_at(&back).iter().map(|at| values.len() - at).collect();
        mirrored.reverse();
        prop_assert_eq!(changes_at(&forth), mirrored);
    }

    #[test]
    fn missing_values_only_move_places(seed in 0_u64..100_000) {
        let values = stepped(seed, 120);
        let mut draw = Draw::new(seed + 1);
        let (mut gappy, mut places) = (Vec::new(), Vec::new());
        for &value in &values {
            while draw.unit() < 0.2 {
                gappy.push(f64::NAN);
            }
            places.push(gappy.len());
            gappy.push(value);
        }
        let params = ChangePointParams::default();
        let (whole, gappy) = (params.find(&values).unwrap(), params.find(&gappy).unwrap());
        let moved: Vec<usize> = changes_at(&whole).iter().map(|&at| places[at]).collect();
        prop_assert_eq!(changes_at(&gappy), moved);
        prop_assert_eq!(gappy.segments.iter().map(|it| it.count).sum::<usize>(), values.len());
    }

    #[test]
    fn a_detector_ignores_unit_origin_and_gaps(seed in 0_u64..100_000, method in 0_usize..3) {
        let method = METHODS[method];
        let mut draw = Draw::new(seed);
        let values: Vec<f64> = (0..700)
            .map(|i| draw.normal() + if i < 400 { 0.0 } else { 3.0 * draw.unit() })
            .collect();
        let run = |factor: f64, origin: f64, gap: usize| {
            let mut detector = ChangeDetectorParams::default().method(method).start().unwrap();
            let mut found = Vec::new();
            for (place, value) in values.iter().enumerate() {
                if gap > 0 && place % gap == 0 {
                    assert_eq!(detector.observe(f64::NAN).unwrap(), None);
                }
                let change = detector.observe(value * factor + origin * factor).unwrap();
                found.extend(change.map(|_| place));
            }
            found
        };
        let plain = run(1.0, 0.0, 0);
        prop_assert!(!plain.is_empty());
        prop_assert_eq!(&plain, &run(2.0_f64.powi(40), 0.0, 0));
        prop_assert_eq!(&plain, &run(1e-6, 0.0, 0));
        prop_assert_eq!(&plain, &run(1e6, 5.0, 0));
        prop_assert_eq!(&plain, &run(1.0, 0.0, 7));
    }

    #[test]
    fn many_at_once_are_as_many_one_by_one(
        seed in 0_u64..1_000_000,
        method in 0_usize..3,
        warm_up in 16_usize..200,
        gap in 0.0_f64..0.02,
        most in 1_usize..200,
        run_length in prop_oneof![Just(100.0), Just(2_000.0), Just(1e6)],
    ) {
        let mut draw = Draw::new(seed);
        let mut values = stepped(seed, 900);
        for _ in 0..6 {
            // Calm ends in a level or a few values far away.
            let level = [0.0, 1.0, 4.0, 1e6][(4.0 * draw.unit()) as usize];
            let count = [3.0, 40.0, 300.0, 900.0][(4.0 * draw.unit()) as usize] as usize;
            values.extend((0..count).map(|_| level + draw.normal()));
        }
        values.iter_mut().filter(|_| draw.unit() < gap).for_each(|value| *value = f64::NAN);
        let params = ChangeDetectorParams::default().method(METHODS[method]);
        let params = params.warm_up(warm_up).run_length(run_length);
        let (mut one, mut many) = (params.start().unwrap(), params.start().unwrap());
        let mut rest = &values[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(1 + (most as f64 * draw.unit()) as usize));
            let by_one: Vec<_> = now.iter().filter_map(|it| one.observe(*it).unwrap()).collect();
            prop_assert_eq!(by_one, many.observe_many(now).unwrap());
            prop_assert_eq!(&one, &many);
            rest = later;
        }
    }

    #[test]
    #[cfg(feature = "serde")]
    fn a_saved_detector_goes_on_with_the_same_bits(
        seed in 0_u64..100_000,
        method in 0_usize..3,
        at in 0_usize..900,
        warm_up in 16_usize..200,
    ) {
        use forewarn::trend::ChangeDetector;
        let values = stepped(seed, 900);
        let params = ChangeDetectorParams::default().method(METHODS[method]).warm_up(warm_up);
        let mut whole = params.start().unwrap();
        let mut resumed = params.start().unwrap();
        for (place, &value) in values.iter().enumerate() {
            if place == at {
                let bytes = resumed.to_bytes().unwrap();
                let json = serde_json::to_string(&resumed).unwrap();
                resumed = ChangeDetector::from_bytes(&bytes).unwrap();
                prop_assert_eq!(&resumed, &serde_json::from_str::<ChangeDetector>(&json).unwrap());
            }
            prop_assert_eq!(whole.observe(value).unwrap(), resumed.observe(value).unwrap());
        }
        prop_assert_eq!(whole, resumed);
    }
}

const METHODS: [DetectionMethod; 3] = [
    DetectionMethod::Focus,
    DetectionMethod::Cusum { shift: 1.0 },
    DetectionMethod::Bayesian { reach: 3.0 },
];

#[test]
fn ranks_survive_outliers_and_monotone_transformations() {
    let values = stepped(3, 200);
    let params = ChangePointParams::default().shape(Shape::Ranks).clip(None);
    let plain = params.find(&values).unwrap();
    let bent: Vec<f64> = values.iter().map(|value| value.exp()).collect();
    assert!(!plain.changes.is_empty());
    assert_eq!(changes_at(&plain), changes_at(&params.find(&bent).unwrap()));
}
