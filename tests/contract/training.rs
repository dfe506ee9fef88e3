//! Training as a process: threads, seeds, progress, cancellation, more trees later.

use crate::rows::normal_rows;
use forewarn::forest::{
    DepthLimit, Gain, IsolationForest, IsolationForestParams, Missing, Scoring, Split,
};
use forewarn::prelude::{Batch, Score, Train};
use forewarn::{Error, Result};
use std::ops::ControlFlow;

fn params() -> IsolationForestParams {
    IsolationForestParams::standard().n_trees(50)
}

fn kinds() -> Vec<IsolationForestParams> {
    let guided = Split::Guided { gain: Gain::Averaged, columns: 2, candidates: 2 };
    vec![
        params(),
        params().split(guided).depth_limit(DepthLimit::Unlimited).range_penalty(true),
        params().split(Split::Extended { level: 2 }).missing(Missing::Spread),
        params().contamination(Some(0.02)).scoring(Scoring::Density).replacement(true),
    ]
}

#[cfg(feature = "parallel")]
#[test]
fn any_number_of_threads_gives_the_same_bits() -> Result<()> {
    // More rows than one task takes, so that scoring is shared out as well.
    let rows = normal_rows(21, 5_000, 4);
    let on = |threads: usize, params: &IsolationForestParams| -> Result<_> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads").install(|| {
            assert_eq!(rayon::current_num_threads(), threads);
            let forest = params.train(Batch::new(rows.view()))?;
            let scores = forest.score(rows.view())?.mapv(f64::to_bits);
            Ok((forest, scores))
        })
    };
    for params in kinds() {
        let expected = on(1, &params)?;
        for threads in [2, 8] {
            assert!(on(threads, &params)? == expected, "{threads} threads, {params:?}");
        }
    }
    Ok(())
}

#[test]
fn the_same_seed_gives_the_same_forest() -> Result<()> {
    let rows = normal_rows(21, 600, 4);
    for params in kinds() {
        let forest = params.train(Batch::new(rows.view()))?;
        assert!(forest == params.train(Batch::new(rows.view()))?);
        assert!(forest != params.seed(1).train(Batch::new(rows.view()))?);
    }
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn neighbouring_seeds_share_no_tree() -> Result<()> {
    // Where tree t of seed s is seeded by s + t, forests of neighbouring seeds are nearly the same.
    let rows = normal_rows(21, 600, 4);
    let mut seen = std::collections::HashSet::new();
    for seed in [0, 1, 2, 3, u64::MAX] {
        let forest = params().seed(seed).train(Batch::new(rows.view()))?;
        let saved = serde_json::to_value(&forest).expect("a forest can be written");
        for tree in saved["trees"].as_array().expect("a list") {
            assert!(seen.insert(tree.to_string()), "a tree of seed {seed} was seen before");
        }
    }
    assert_eq!(seen.len(), 5 * 50);
    Ok(())
}

#[test]
fn progress_counts_every_tree_once() -> Result<()> {
    let rows = normal_rows(21, 300, 4);
    let mut told = Vec::new();
    let mut note = |done: usize, total: usize| {
        told.push((done, total));
        ControlFlow::Continue(())
    };
    let mut forest = params().train_observed(Batch::new(rows.view()), &mut note)?;
    assert!(told.iter().all(|&(_, total)| total == 50), "{told:?}");
    assert!(told.is_sorted_by(|a, b| a.0 < b.0), "{told:?}");
    assert_eq!(told.last(), Some(&(50, 50)));

    told.clear();
    let mut note = |done: usize, total: usize| {
        told.push((done, total));
        ControlFlow::Continue(())
    };
    forest.extend_observed(Batch::new(rows.view()), 20, &mut note)?;
    assert_eq!(told.last(), Some(&(20, 20)));
    assert_eq!(forest.n_trees(), 70);
    Ok(())
}

#[test]
fn cancelled_training_leaves_nothing_behind() -> Result<()> {
    let rows = normal_rows(21, 300, 4);
    let many = params().n_trees(100_000);
    let mut asked = 0;
    let cancelled = many.train_observed(Batch::new(rows.view()), &mut |_: usize, _: usize| {
        asked += 1;
        if asked == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(asked, 2, "it is not asked again");
    let Err(Error::Cancelled { done, total: 100_000 }) = cancelled else {
        panic!("{cancelled:?}");
    };
    assert!(done > 0 && done < 100_000);
    assert_eq!(Error::Cancelled { done: 3, total: 9 }.to_string(), "cancelled after 3 of 9 steps");

    let mut forest = params().train(Batch::new(rows.view()))?;
    let (before, scores) = (forest.clone(), forest.score(rows.view())?);
    let stop = &mut |_: usize, _: usize| ControlFlow::Break(());
    let cancelled = forest.extend_observed(Batch::new(rows.view()), 10, stop);
    assert!(matches!(cancelled, Err(Error::Cancelled { total: 10, .. })));
    assert!(forest == before);
    assert_eq!(forest.score(rows.view())?, scores);
    Ok(())
}

#[test]
fn sixty_trees_and_forty_more_are_a_hundred() -> Result<()> {
    for size in [300, 3_000] {
        let rows = normal_rows(21, size, 4);
        for params in kinds() {
            let batch = Batch::new(rows.view());
            let mut grown = params.clone().n_trees(60).train(batch)?;
            // What was made to score 60 trees must not be used for 100.
            grown.score(rows.view())?;
            grown.extend(batch, 40)?;
            let hundred = params.n_trees(100).train(batch)?;
            assert!(grown == hundred);
            assert_eq!(grown.score(rows.view())?, hundred.score(rows.view())?);
            assert_eq!(grown.threshold(), hundred.threshold());
            let none = grown.clone();
            grown.extend(batch, 0)?;
            assert!(grown == none);
        }
    }
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn a_forest_grown_from_a_saved_one_is_the_same() -> Result<()> {
    let rows = normal_rows(21, 300, 4);
    let batch = Batch::new(rows.view());
    let mut kept = params().train(batch)?;
    let mut read = IsolationForest::from_bytes(&kept.to_bytes()?)?;
    kept.extend(batch, 10)?;
    read.extend(batch, 10)?;
    assert!(kept == read);
    Ok(())
}

#[test]
fn a_forest_merged_with_itself_scores_as_before() -> Result<()> {
    let rows = normal_rows(21, 300, 4);
    for params in kinds() {
        let forest = params.train(Batch::new(rows.view()))?;
        let merged = IsolationForest::merge(vec![forest.clone(), forest.clone(), forest.clone()])?;
        assert_eq!(merged.n_trees(), 150);
        let pairs = forest.score(rows.view())?.into_iter().zip(merged.score(rows.view())?);
        for (alone, merged) in pairs {
            assert!((alone - merged).abs() < 1e-12, "{alone}, {merged}");
        }
    }
    Ok(())
}

#[test]
fn contamination_puts_its_share_above_the_threshold() -> Result<()> {
    let rows = normal_rows(21, 1_000, 4);
    for params in kinds() {
        for (share, expected) in [(0.001, 1), (0.01, 10), (0.1234, 123), (0.5, 500)] {
            let forest =
                params.clone().contamination(Some(share)).train(Batch::new(rows.view()))?;
            let scores = forest.score(rows.view())?;
            let above = scores.iter().filter(|score| **score > forest.threshold()).count();
            assert_eq!(above, expected, "share {share}, {params:?}");
            let anomalies = forest.anomalies(rows.view())?;
            assert_eq!(anomalies.iter().filter(|found| **found).count(), expected);
        }
        let forest = params.contamination(None).train(Batch::new(rows.view()))?;
        assert_eq!(forest.threshold(), 0.5);
    }
    Ok(())
}

#[test]
fn ranks_are_shares_of_the_training_rows() -> Result<()> {
    let rows = normal_rows(21, 4_000, 4);
    let forest = params().contamination(Some(0.01)).train(Batch::new(rows.view()))?;
    let scores = forest.score(rows.view())?;
    for score in scores.iter().step_by(37) {
        let below = scores.iter().filter(|other| *other < score).count() as f64 / 4_000.0;
        let rank = forest.rank(*score)?;
        assert!((rank - below).abs() <= 0.025 * (1.0 - below) + 0.001, "{rank}, {below}");
    }
    assert_eq!(forest.rank(0.0), Ok(0.0));
    assert_eq!(forest.rank(1.0), Ok(1.0));
    // Without a contamination a sample of the rows serves: its shares are off by chance.
    let sampled = params().train(Batch::new(rows.view()))?;
    let median = {
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[2_000]
    };
    assert!((sampled.rank(median)? - 0.5).abs() < 0.15);
    Ok(())
}
