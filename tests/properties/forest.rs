//! Every way to score gives the same bits, whatever the data.

use crate::rows::{Draw, normal_rows};
use forewarn::forest::{
    DepthLimit, Gain, IsolationForest, IsolationForestParams, Missing, Scoring, Split, Subsample,
};
use forewarn::ndarray::Array2;
use forewarn::prelude::{Batch, Score, Train};
use proptest::prelude::*;

/// Values that are hard to compare: ties, zeros of both signs, neighbours, gaps, the ends of the
/// range.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (-3..4_i32).prop_map(f64::from),
        2 => Just(-0.0),
        2 => Just(f64::NAN),
        1 => Just(1.0_f64.next_up()),
        1 => Just(1.0_f64.next_down()),
        1 => Just(5e-324),
        1 => Just(-5e-324),
        1 => Just(1e-310),
        1 => Just(1e300),
        1 => Just(-1e300),
        1 => Just(f64::MAX),
        1 => Just(f64::MIN),
        2 => -1e9..1e9,
        2 => prop::num::f64::NORMAL,
    ]
}

/// Some rows of so many columns.
fn table(rows: std::ops::Range<usize>, columns: usize) -> impl Strategy<Value = Array2<f64>> {
    prop::collection::vec(prop::collection::vec(value(), columns), rows).prop_map(move |rows| {
        Array2::from_shape_fn((rows.len(), columns), |(row, column)| rows[row][column])
    })
}

/// Training rows, rows to score, of the same width.
fn tables() -> impl Strategy<Value = (Array2<f64>, Array2<f64>)> {
    (1..6_usize).prop_flat_map(|columns| (table(1..90, columns), table(1..90, columns)))
}

fn split() -> impl Strategy<Value = Split> {
    let gain = prop_oneof![Just(Gain::Averaged), Just(Gain::AveragedVariance), Just(Gain::Pooled)];
    prop_oneof![
        3 => Just(Split::Random),
        1 => (0..5_usize).prop_map(|level| Split::Extended { level }),
        2 => (gain, 1..6_usize, 1..3_usize)
            .prop_map(|(gain, columns, candidates)| Split::Guided { gain, columns, candidates }),
    ]
}

fn settings() -> impl Strategy<Value = IsolationForestParams> {
    let limit = prop_oneof![
        2 => Just(DepthLimit::Balanced),
        1 => Just(DepthLimit::Unlimited),
        1 => (1..4_u32).prop_map(DepthLimit::At),
    ];
    let subsample = prop_oneof![
        2 => Just(Subsample::Auto),
        1 => (1..20_usize).prop_map(Subsample::Rows),
        1 => (0.01..1.0).prop_map(Subsample::Share),
    ];
    let missing = prop_oneof![Just(Missing::Majority), Just(Missing::Spread)];
    let scoring = prop_oneof![3 => Just(Scoring::Depth), 1 => Just(Scoring::Density)];
    let splits = prop::collection::vec((0.1..2.0, split()), 1..3);
    (splits, limit, subsample, missing, scoring, any::<(bool, bool, u64)>(), 0.2..1.0).prop_map(
        |(splits, limit, subsample, missing, scoring, (penalty, replacement, seed), share)| {
            IsolationForestParams::standard()
                .n_trees(12)
                .splits(splits)
                .depth_limit(limit)
                .subsample(subsample)
                .missing(missing)
                .scoring(scoring)
                .range_penalty(penalty)
                .replacement(replacement)
                .feature_share(share)
                .seed(seed)
        },
    )
}

/// A batch takes the fastest way this processor has, a single row another, a row with a gap the
/// plain one.
fn assert_one_by_one(forest: &IsolationForest, rows: &Array2<f64>) -> Result<(), TestCaseError> {
    let batch = forest.score(rows.view())?;
    for (row, score) in rows.outer_iter().zip(&batch) {
        let one = forest.score_one(&row.to_vec())?;
        prop_assert_eq!(one.to_bits(), score.to_bits(), "{} and {} for {}", one, score, row);
        prop_assert!((0.0..=1.0).contains(score), "{} scores {}", row, score);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_batch_scores_as_its_rows((rows, probe) in tables(), params in settings()) {
        let forest = params.train(Batch::new(rows.view()))?;
        assert_one_by_one(&forest, &rows)?;
        assert_one_by_one(&forest, &probe)?;
    }

    #[cfg(feature = "serde")]
    #[test]
    fn any_forest_survives_saving((rows, probe) in tables(), params in settings()) {
        let forest = params.train(Batch::new(rows.view()))?;
        let copy = IsolationForest::from_bytes(&forest.to_bytes()?)?;
        prop_assert!(copy == forest);
        let text = serde_json::to_string(&forest).map_err(|error| {
            TestCaseError::fail(error.to_string())
        })?;
        let copy: IsolationForest = serde_json::from_str(&text).map_err(|error| {
            TestCaseError::fail(error.to_string())
        })?;
        prop_assert!(copy == forest);
        prop_assert_eq!(copy.score(probe.view())?, forest.score(probe.view())?);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn any_forest_of_path_lengths_scores_as_the_paper((rows, probe) in tables(), params in settings()) {
        let forest = params.scoring(Scoring::Depth).train(Batch::new(rows.view()))?;
        let oracle = crate::oracle::Oracle::of(&forest);
        for (row, score) in probe.outer_iter().zip(&forest.score(probe.view())?) {
            let expected = oracle.score(&row.to_vec());
            prop_assert!((score - expected).abs() <= 1e-12, "{score}, but {expected} literally");
        }
    }

    #[test]
    fn the_contaminated_share_lies_above_the_threshold(
        scores in prop::collection::vec(-10_000..10_000_i32, 2..200),
        share in 0.001..0.5_f64,
    ) {
        // One column: rows further out score higher; ties among rows tie the scores.
        let rows = Array2::from_shape_fn((scores.len(), 1), |(row, _)| f64::from(scores[row]));
        let params = IsolationForestParams::standard().n_trees(20).contamination(Some(share));
        let forest = params.train(Batch::new(rows.view()))?;
        let scores = forest.score(rows.view())?;
        let above = scores.iter().filter(|score| **score > forest.threshold()).count();
        let asked = (share * scores.len() as f64).round_ties_even() as usize;
        // Fewer only where the next row scores the same as one that would have to go with it.
        let mut sorted = scores.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let tied = asked > 0 && sorted[asked - 1] == sorted[asked];
        if tied {
            prop_assert!(above < asked);
            prop_assert_eq!(forest.threshold(), sorted[asked]);
        } else {
            prop_assert_eq!(above, asked);
        }
    }
}

#[test]
fn large_trees_and_thresholds_of_the_training_rows() -> Result<(), TestCaseError> {
    // More leaves than a byte counts; whole numbers, so that rows meet thresholds exactly.
    let rows = normal_rows(31, 2_000, 3).mapv(|value| (100.0 * value).round());
    for subsample in [256, 257, 300, 1_500] {
        for split in
            [Split::Random, Split::Guided { gain: Gain::Pooled, columns: 1, candidates: 1 }]
        {
            let params = IsolationForestParams::standard()
                .n_trees(20)
                .subsample(Subsample::Rows(subsample))
                .depth_limit(DepthLimit::Unlimited)
                .split(split);
            assert_one_by_one(&params.train(Batch::new(rows.view()))?, &rows)?;
        }
    }
    Ok(())
}

#[test]
fn columns_with_more_thresholds_than_ranks() -> Result<(), TestCaseError> {
    // 65,535 thresholds are too many for the ranks of the fast way; another must serve.
    let rows = normal_rows(31, 5_000, 1);
    let params = IsolationForestParams::standard().n_trees(300);
    for limit in [DepthLimit::Balanced, DepthLimit::Unlimited] {
        let forest = params.clone().depth_limit(limit).train(Batch::new(rows.view()))?;
        assert_one_by_one(&forest, &rows.slice(forewarn::ndarray::s![..1_000, ..]).to_owned())?;
    }
    Ok(())
}

/// Scores on forests for which this processor's best instructions are used, as one number.
fn hash_of_scores() -> u64 {
    let mut draw = Draw::new(41);
    let nasty = [-0.0, 0.0, 5e-324, 1e300, -1e300, 1.0, f64::NAN];
    let rows = Array2::from_shape_fn((1_500, 6), |(_, column)| {
        if draw.unit() < 0.2 {
            nasty[draw.below(nasty.len())]
        } else {
            draw.normal() + column as f64
        }
    });
    let standard = IsolationForestParams::standard();
    let guided = Split::Guided { gain: Gain::AveragedVariance, columns: 1, candidates: 3 };
    let settings = [
        standard.clone(),
        standard.clone().missing(Missing::Spread),
        standard.clone().split(guided).depth_limit(DepthLimit::Unlimited),
        IsolationForestParams::accurate().n_trees(20),
    ];
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for params in settings {
        let forest = params.train(Batch::new(rows.view())).expect("odd, but allowed");
        for score in forest.score(rows.view()).expect("odd, but allowed") {
            hash = (hash ^ score.to_bits()).wrapping_mul(0x0100_0000_01B3);
        }
    }
    hash
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    // The choice is made once a process: this test runs itself with each. Where the processor
    // lacks a set, the next lower one is taken.
    const CHILD: &str = "FOREWARN_TEST_CHILD";
    let here = hash_of_scores();
    if std::env::var_os(CHILD).is_some() {
        println!("hash {here:016x}.");
        return;
    }
    let program = std::env::current_exe().expect("a test knows its own program");
    for set in ["scalar", "avx2", "avx512"] {
        let output = std::process::Command::new(&program)
            .args(["--exact", "forest::every_instruction_set_gives_the_same_bits", "--nocapture"])
            .env("FOREWARN_SIMD", set)
            .env(CHILD, "1")
            .output()
            .expect("a program that runs can be run");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains(&format!("hash {here:016x}.")), "{set}: {printed}");
    }
}
