use super::*;
use crate::forest::{IsolationForestParams, Missing, Scoring, Split};
use crate::traits::{Batch, Score, Train};
use ndarray::{Array2, Axis, array, s};

const BOTH: [Verdict; 2] = [Verdict::Confirmed, Verdict::Rejected];

/// A cloud with two small groups apart from it: rows 0 to 9 and 10 to 19.
pub(super) fn rows() -> Array2<f64> {
    Array2::from_shape_fn((400, 3), |(row, column)| {
        let noise = ((row * 7_919 + column * 104_729) % 1_009) as f64 / 1_009.0;
        match (row, column) {
            (0..10, 0) | (10..20, 1) => 4.0 + noise,
            _ => noise,
        }
    })
}

pub(super) fn kinds() -> Vec<IsolationForestParams> {
    let standard = IsolationForestParams::standard();
    vec![
        standard.clone(),
        IsolationForestParams::accurate().n_trees(50),
        standard.clone().scoring(Scoring::Density),
        standard.clone().split(Split::Extended { level: 2 }),
        standard.missing(Missing::Spread),
    ]
}

fn bits(forest: &IsolationForest, x: &Array2<f64>) -> Vec<u64> {
    forest.score(x.view()).unwrap().iter().map(|score| score.to_bits()).collect()
}

#[test]
fn confirmed_kinds_rise_and_rejected_kinds_sink() {
    let x = rows();
    for params in kinds() {
        let mut forest = params.train(Batch::new(x.view())).unwrap();
        let before = forest.score(x.view()).unwrap();
        forest.learn(x.slice(s![9..11, ..]), &[Verdict::Rejected, Verdict::Confirmed]).unwrap();
        let after = forest.score(x.view()).unwrap();
        assert!((0..10).all(|row| after[row] < before[row]), "{params:?}");
        assert!((10..20).all(|row| after[row] > before[row]), "{params:?}");
        let (highest_rejected, lowest_confirmed) = (
            (0..10).map(|row| after[row]).fold(0.0, f64::max),
            (10..20).map(|row| after[row]).fold(1.0, f64::min),
        );
        assert!(highest_rejected < lowest_confirmed, "{params:?}");
    }
}

#[test]
fn order_batches_and_threads_do_not_matter() {
    let mut x = rows();
    x[[3, 0]] = f64::NAN;
    x[[25, 2]] = f64::NAN;
    let judged = [3, 12, 25, 11, 7, 300, 12, 0];
    let verdicts = [1, 0, 1, 0, 1, 1, 1, 1].map(|index: usize| BOTH[index]);
    for params in kinds() {
        let trained = params.train(Batch::new(x.view())).unwrap();
        let mut at_once = trained.clone();
        at_once.learn(x.select(Axis(0), &judged).view(), &verdicts).unwrap();
        let mut one_by_one = trained.clone();
        for (&row, &verdict) in judged.iter().zip(&verdicts).rev() {
            one_by_one.learn(x.slice(s![row..=row, ..]), &[verdict]).unwrap();
        }
        assert_eq!(bits(&at_once, &x), bits(&one_by_one, &x));
        assert!(at_once == one_by_one);
        assert_eq!(at_once.n_verdicts(), 8);
        #[cfg(feature = "parallel")]
        for threads in [1, 2, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut alone = trained.clone();
            pool.install(|| alone.learn(x.select(Axis(0), &judged).view(), &verdicts)).unwrap();
            assert!(alone == at_once, "{threads} threads");
        }
    }
}

#[test]
fn forgetting_restores_every_bit() {
    let x = rows();
    for params in kinds() {
        let trained = params.train(Batch::new(x.view())).unwrap();
        let mut forest = trained.clone();
        forest.learn(x.slice(s![0..2, ..]), &BOTH).unwrap();
        assert!(forest != trained);
        forest.learn(x.slice(s![5..7, ..]), &BOTH).unwrap();
        forest.forget_verdicts();
        assert!(forest == trained);
        assert_eq!(bits(&forest, &x), bits(&trained, &x));
        assert_eq!(forest.n_verdicts(), 0);
    }
}

#[test]
fn scores_stay_within_bounds_under_any_verdicts() {
    let x = rows();
    for params in kinds() {
        for strength in [1e-6, 10.0, 1e6] {
            for flip in [0, 1] {
                let mut forest = params.train(Batch::new(x.view())).unwrap();
                // The anomalies are rejected, the crowd confirmed, then the other way round;
                // and each third row is judged both ways.
                let once = (0..400).map(|row| BOTH[(usize::from(row < 20) + flip) % 2]);
                let verdicts: Vec<Verdict> = once.collect();
                let settings = LearnParams::default().strength(strength);
                forest.learn_with(x.view(), &verdicts, &settings).unwrap();
                let third = x.slice(s![..;3, ..]);
                let against: Vec<Verdict> =
                    verdicts.iter().step_by(3).map(|&v| BOTH[1 - v as usize]).collect();
                forest.learn_with(third, &against, &settings).unwrap();
                let far = array![[1e9, -1e9, 1e9], [f64::NAN, f64::NAN, f64::NAN]];
                for rows in [&x, &far] {
                    let scores = forest.score(rows.view()).unwrap();
                    assert!(scores.iter().all(|&s| s > 0.0 && s < 1.0), "{strength} {params:?}");
                }
            }
        }
    }
}

#[test]
fn bounds_keep_the_order_and_the_scores_strictly_inside() {
    let mut last = 1.0;
    for step in -2_000..2_000 {
        let mean = within_bounds(f64::from(step) * 5.0, 10.0, Scoring::Depth);
        let score = (-mean / 10.0).exp2();
        assert!(score < last || mean == 10_000.0, "{step}");
        assert!(score > 0.0);
        last = score;
    }
    for mean in [-1e12, -51.0, 0.0, 1e12] {
        let score = 1.0 / (1.0 + within_bounds(mean, 10.0, Scoring::Density).exp2());
        assert!(score > 0.0 && score < 1.0, "{mean}");
    }
}

#[test]
fn opposite_verdicts_leave_a_row_near_the_alarm_level() {
    let x = rows();
    let trained = IsolationForestParams::standard().train(Batch::new(x.view())).unwrap();
    let mut one = trained.clone();
    one.learn(x.slice(s![0..1, ..]), &[Verdict::Rejected]).unwrap();
    let mut both = one.clone();
    both.learn(x.slice(s![0..1, ..]), &[Verdict::Confirmed]).unwrap();
    let score = |forest: &IsolationForest| forest.score_one(x.row(0).as_slice().unwrap()).unwrap();
    assert!(score(&both) > score(&one));
    let calibration = trained.calibration.as_ref().unwrap();
    let (level, _) = trained.alarm_level(calibration, LearnParams::default().alarm_share);
    let from_level =
        |forest: &IsolationForest| (score(forest) - trained.score_of_mean(level)).abs();
    assert!(from_level(&both) < from_level(&one));
    assert!(from_level(&both) < from_level(&trained));
}

#[test]
fn more_trees_learn_the_verdicts_too() {
    let x = rows();
    let (few, many) = (IsolationForestParams::standard().n_trees(60), 100);
    let mut grown = few.clone().n_trees(many).train(Batch::new(x.view())).unwrap();
    let mut extended = few.train(Batch::new(x.view())).unwrap();
    for forest in [&mut grown, &mut extended] {
        forest.learn(x.slice(s![9..11, ..]), &BOTH).unwrap();
    }
    extended.extend(Batch::new(x.view()), 40).unwrap();
    assert!(grown == extended);
    extended.forget_verdicts();
    grown.forget_verdicts();
    assert!(grown == extended);
}

#[test]
fn merged_forests_learn_both_their_verdicts_once_calibrated() {
    let x = rows();
    let mut parts: Vec<IsolationForest> = [1, 2]
        .map(|seed| IsolationForestParams::standard().seed(seed))
        .map(|params| params.n_trees(40).train(Batch::new(x.view())).unwrap())
        .into();
    let mut expected = IsolationForest::merge(parts.clone()).unwrap();
    parts[0].learn(x.slice(s![9..11, ..]), &[Verdict::Rejected, Verdict::Confirmed]).unwrap();
    parts[1].learn(x.slice(s![3..5, ..]), &[Verdict::Rejected; 2]).unwrap();
    let mut merged = IsolationForest::merge(parts).unwrap();
    assert_eq!(merged.n_verdicts(), 4);
    assert_eq!(bits(&merged, &x), bits(&expected, &x));
    for forest in [&mut merged, &mut expected] {
        forest.calibrate(x.view(), None).unwrap();
    }
    let three = [Verdict::Rejected, Verdict::Confirmed, Verdict::Rejected];
    expected.learn(x.select(Axis(0), &[9, 10, 4]).view(), &three).unwrap();
    expected.learn(x.slice(s![3..4, ..]), &[Verdict::Rejected]).unwrap();
    assert!(merged == expected);
}

#[test]
fn attribution_adds_up_to_the_learned_score() {
    let x = rows();
    for params in kinds() {
        let mut forest = params.train(Batch::new(x.view())).unwrap();
        forest.learn(x.slice(s![9..11, ..]), &BOTH).unwrap();
        let scores = forest.score(x.view()).unwrap();
        for row in [0, 10, 11, 399] {
            let values = x.row(row).to_vec();
            assert_eq!(forest.score_one(&values).unwrap(), scores[row]);
            let explanation = forest.explain_one(&values).unwrap();
            let sum: f64 = explanation.contributions.iter().sum();
            assert!((explanation.expectation + sum - scores[row]).abs() < 1e-9, "{params:?}");
        }
    }
}

#[test]
fn expectations_follow_the_leaves() {
    let x = rows();
    let mut forest = IsolationForestParams::standard().train(Batch::new(x.view())).unwrap();
    forest.learn(x.slice(s![9..11, ..]), &BOTH).unwrap();
    for tree in &forest.trees {
        let mut same = tree.clone();
        same.update_expectations();
        assert_eq!(&same, tree);
    }
}

#[test]
fn errors_name_the_value_and_change_nothing() {
    let x = rows();
    let trained = IsolationForestParams::standard().train(Batch::new(x.view())).unwrap();
    let mut forest = trained.clone();
    let two = x.slice(s![0..2, ..]);
    let default = LearnParams::default();
    let error = forest.learn(two, &[Verdict::Confirmed]).unwrap_err();
    assert_eq!(error, Error::Length { what: "verdicts", expected: 2, found: 1 });
    let error = forest.learn(x.slice(s![0..2, 0..2]), &BOTH).unwrap_err();
    assert_eq!(error, Error::Width { expected: 3, found: 2 });
    let infinite = array![[0.0, 0.0, 0.0], [0.0, f64::NEG_INFINITY, 0.0]];
    let error = forest.learn(infinite.view(), &BOTH).unwrap_err();
    assert_eq!(error, Error::Infinite { row: 1, column: 1, value: f64::NEG_INFINITY });
    for strength in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e7] {
        let settings = default.clone().strength(strength);
        let error = forest.learn_with(two, &BOTH, &settings).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name: "strength", .. }));
    }
    for alarm_share in [0.0, 0.5, -0.1, f64::NAN] {
        let settings = default.clone().alarm_share(alarm_share);
        let error = forest.learn_with(two, &BOTH, &settings).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name: "alarm_share", .. }));
    }
    assert!(forest == trained);
    forest.calibration = None;
    assert!(matches!(forest.learn(two, &BOTH), Err(Error::Incompatible { .. })));
    let mut single = IsolationForestParams::standard().train(Batch::new(two)).unwrap();
    single.average_path = 0.0;
    assert!(matches!(single.learn(two, &BOTH), Err(Error::Incompatible { .. })));
}

#[test]
fn rows_all_alike_teach_nothing_and_break_nothing() {
    let x = Array2::from_elem((50, 2), 3.0);
    let mut forest = IsolationForestParams::standard().train(Batch::new(x.view())).unwrap();
    let before = bits(&forest, &x);
    forest.learn(x.slice(s![0..2, ..]), &BOTH).unwrap();
    assert_eq!(bits(&forest, &x), before);
}

#[cfg(feature = "serde")]
#[test]
fn hostile_files_are_refused() {
    let mut x = rows();
    x[[9, 0]] = f64::NAN;
    let mut forest = IsolationForestParams::standard().train(Batch::new(x.view())).unwrap();
    forest.learn(x.slice(s![9..11, ..]), &BOTH).unwrap();
    let json = serde_json::to_value(&forest.learned).unwrap();
    let possible = |depth: u32| f64::from(depth)..=1e12;
    let read = |json: &serde_json::Value| {
        let learned: Learned = serde_json::from_value(json.clone()).unwrap();
        learned.check(&[false; 3], &forest.trees, possible).map(|()| learned)
    };
    assert!(read(&json).unwrap() == forest.learned);
    let learned: Learned = serde_json::from_value(json.clone()).unwrap();
    assert!(learned.check(&[false; 2], &forest.trees, possible).is_err());
    assert!(learned.check(&[false; 3], &forest.trees[1..], possible).is_err());
    let edits: [(&str, serde_json::Value); 5] = [
        ("/params/strength", (-1.0).into()),
        ("/judged/0/row", vec![1.0].into()),
        ("/judged", Vec::<f64>::new().into()),
        ("/before/leaves/0", vec![1.0].into()),
        ("/before/calibration/quantiles/3", 7.0.into()),
    ];
    for (place, value) in edits {
        let mut edited = json.clone();
        *edited.pointer_mut(place).unwrap() = value;
        assert!(matches!(read(&edited), Err(Error::InvalidModel { .. })), "{place}");
    }
    let mut swapped = json.clone();
    swapped["judged"].as_array_mut().unwrap().reverse();
    assert!(matches!(read(&swapped), Err(Error::InvalidModel { .. })));
}
