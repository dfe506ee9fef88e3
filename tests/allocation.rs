//! What scoring and reading allocate, counted by an allocator that counts.
#![cfg(feature = "full")]

#[path = "support/counting.rs"]
mod counting;
#[cfg(feature = "serde")]
#[path = "support/envelope.rs"]
mod envelope;
#[path = "support/pumps.rs"]
mod pumps;

use counting::counted;
use forewarn::boost::FailureClassifierParams;
use forewarn::engine::features::FeatureParams;
use forewarn::engine::telemetry::Telemetry;
use forewarn::forest::{DepthLimit, Gain, IsolationForestParams, Missing, Split, Subsample};
use forewarn::ndarray::Array2;
use forewarn::prelude::{Batch, Score, Train};
use forewarn::threshold::{
    ConformalThresholdParams, ExtremeThresholdParams, MetricMonitorParams, QuantileThresholdParams,
    SeasonalBandParams, Sides, Steps,
};
use std::sync::Mutex;

/// Tests that look at the counters of all threads run one at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn rows(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(row, column)| {
        ((row * 7_919 + column * 104_729) % 10_007) as f64 / 10_007.0
    })
}

#[test]
fn a_single_row_is_scored_without_allocation() -> forewarn::Result<()> {
    let _alone = ALONE.lock();
    let rows = rows(1_000, 6);
    let guided = |columns| Split::Guided { gain: Gain::AveragedVariance, columns, candidates: 2 };
    let standard = || IsolationForestParams::standard().n_trees(30);
    for params in [
        IsolationForestParams::default(),
        IsolationForestParams::fast(),
        IsolationForestParams::accurate(),
        standard(),
        standard().depth_limit(DepthLimit::Unlimited).subsample(Subsample::Rows(1_000)),
        standard().split(guided(2)),
        standard().split(guided(6)).range_penalty(true),
        standard().split(Split::Extended { level: 5 }),
        standard().categorical(vec![]).missing(Missing::Spread),
    ] {
        let forest = params.train(Batch::new(rows.view()))?;
        let mut gap = rows.row(7).to_vec();
        gap[2] = f64::NAN;
        // The first call may make ready what all others use.
        forest.score_one(&gap)?;
        forest.score_one(&rows.row(7).to_vec())?;
        let slices: Vec<&[f64]> =
            rows.rows().into_iter().filter_map(|row| row.to_slice()).collect();
        assert_eq!(slices.len(), 1_000);
        let (sum, allocations, _) = counted(|| {
            slices.iter().map(|row| forest.score_one(row)).sum::<forewarn::Result<f64>>()
        });
        assert!(sum? > 0.0);
        assert_eq!(allocations, 0, "{params:?}");
        if params.missing == Missing::Majority {
            assert_eq!(counted(|| forest.score_one(&gap)).1, 0, "with a gap, {params:?}");
        }
        // An error carries its values without a heap.
        gap[3] = f64::INFINITY;
        let (refused, allocations, _) = counted(|| forest.score_one(&gap).is_err());
        assert!(refused);
        assert_eq!(allocations, 0);
    }
    Ok(())
}

#[test]
fn a_single_row_is_predicted_without_allocation() -> forewarn::Result<()> {
    let _alone = ALONE.lock();
    let rows = rows(1_000, 6);
    let failed: Vec<bool> = rows.outer_iter().map(|row| row[0] + row[3] > 1.2).collect();
    // Few trees have their leaves sieved, many are walked.
    for n_trees in [20, 1_500] {
        let params = FailureClassifierParams::default().n_trees(n_trees).learning_rate(0.01);
        let model = params.train(Batch::new(rows.view()).with_target(&failed[..]))?;
        let ensemble = model.ensemble();
        let mut gap = rows.row(7).to_vec();
        gap[2] = f64::NAN;
        ensemble.raw_value(&gap)?;
        let mut score = [0.0];
        for row in [rows.row(9).to_vec(), gap] {
            let (result, allocations, _) = counted(|| ensemble.raw_one(&row, &mut score));
            result?;
            assert_eq!(allocations, 0, "{n_trees} trees");
        }
        assert_eq!(ensemble.raw(rows.view())?[(9, 0)], ensemble.raw_value(&rows.row(9).to_vec())?);
    }
    Ok(())
}

#[test]
fn an_entity_allocates_nothing_once_its_windows_are_full() -> forewarn::Result<()> {
    let _alone = ALONE.lock();
    let mut names = Telemetry::new(["heat", "noise"])?;
    names.event("any", 0.0, "overload")?;
    let features = FeatureParams::default().plan(&names)?;
    let mut state = features.state();
    let mut row = vec![0.0; features.n_features()];
    let mut live = |from: u32, to: u32| -> forewarn::Result<usize> {
        let (result, allocations, _) = counted(|| {
            (from..to).try_for_each(|step| {
                let time = 600.0 * f64::from(step);
                state.observe(time, &[f64::from(step % 7), f64::NAN])?;
                state.event(time, "overload")?;
                state.write_row(time + 1.0, &mut row)
            })
        });
        result.map(|()| allocations)
    };
    assert!(live(0, 2_000)? > 0);
    assert_eq!(live(2_000, 10_000)?, 0);
    Ok(())
}

#[test]
fn a_fleet_does_not_grow_by_being_judged() -> forewarn::Result<()> {
    let _alone = ALONE.lock();
    let engine = std::sync::Arc::new(pumps::quick().train(&pumps::pumps(12, 300, 1))?);
    let mut fleet = engine.fleet();
    let mut live = |from: usize, to: usize| -> forewarn::Result<usize> {
        let (result, _, most) = counted(|| {
            (from..to).try_for_each(|hour| {
                let time = pumps::HOUR * hour as f64;
                for pump in ["1", "2", "3"] {
                    let left = 100 - hour % 100;
                    fleet.observe(pump, time, &pumps::readings(left, hour))?;
                }
                fleet.assess("1", time)?;
                fleet.assess_all(time).map(drop)
            })
        });
        result.map(|()| most)
    };
    // Everything happens again every hundred hours.
    live(0, 300)?;
    let once = live(300, 500)?;
    let often = live(500, 3_500)?;
    assert!(once > 0 && often < once + 10_000, "{once} bytes at first, {often} later");
    Ok(())
}

#[test]
fn a_batch_takes_little_beside_its_result() -> forewarn::Result<()> {
    let _alone = ALONE.lock();
    let x = rows(200_000, 20);
    for params in [IsolationForestParams::default(), IsolationForestParams::accurate().n_trees(5)] {
        let forest = params.train(Batch::new(rows(1_000, 20).view()))?;
        let (scores, _, most) = counted(|| forest.score(x.view()));
        assert_eq!(scores?.len(), 200_000);
        let beside = most.saturating_sub(200_000 * 8);
        assert!(beside < 16 << 20, "{beside} bytes");
        // A megabyte or two: it must not grow with the rows, of which there are 32 MB.
        assert!(most > 200_000 * 8, "the result itself was counted");
    }
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn a_hostile_file_gets_no_memory_for_nothing() -> forewarn::Result<()> {
    let _alone = ALONE.lock();
    let params = IsolationForestParams::standard().n_trees(2).subsample(Subsample::Rows(4));
    let file = params.train(Batch::new(rows(20, 2).view()))?.to_bytes()?;
    let payload = envelope::payload(&file);
    let (honest, _, honestly) = counted(|| read(&file));
    assert!(honest && honestly < 100_000, "{honestly} bytes");
    // The largest numbers of 32 and 63 bits in the place of every byte, among them the numbers of
    // columns and of rows and the length of every list.
    let huge: [&[u8]; 2] =
        [&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]];
    for position in 0..payload.len() {
        for huge in huge {
            let hostile = [&payload[..position], huge, &payload[position + 1..]].concat();
            let edited = envelope::sealed(*b"forewarn", &hostile);
            let (_, _, most) = counted(|| read(&edited));
            assert!(most < 4 << 20, "{most} bytes at {position}");
        }
    }
    Ok(())
}

#[cfg(feature = "serde")]
fn read(file: &[u8]) -> bool {
    forewarn::forest::IsolationForest::from_bytes(file).is_ok()
}

#[test]
fn thresholds_allocate_nothing_after_the_start() -> forewarn::Result<()> {
    let _alone = ALONE.lock();
    let value = |i: u32| f64::from(i.wrapping_mul(2_654_435_769) >> 20) - 500.0;
    let extreme = ExtremeThresholdParams::default().warm_up(100).sides(Sides::Both).rate(0.02);
    for params in [extreme, extreme.half_life(50.0), extreme.rate(1e-4)] {
        let mut threshold = params.start()?;
        let (found, allocations, _) =
            counted(|| (0..20_000).try_for_each(|i| threshold.observe(value(i)).map(drop)));
        found?;
        assert_eq!(allocations, 0, "{params:?}");
    }
    let mut quantile = QuantileThresholdParams::default().buckets(64).start()?;
    let (found, allocations, _) =
        counted(|| (0..20_000).try_for_each(|i| quantile.observe(value(i)).map(drop)));
    found?;
    assert_eq!(allocations, 0);
    let pid = Steps::Pid { step: 0.1, gain: 0.1, saturation: 1.0 };
    for steps in [Steps::Fixed { step: 0.005 }, Steps::Aggregated, pid] {
        let mut conformal = ConformalThresholdParams::default().steps(steps).start()?;
        let (found, allocations, _) =
            counted(|| (0..5_000).try_for_each(|i| conformal.observe(value(i)).map(drop)));
        found?;
        assert_eq!(allocations, 0, "{steps:?}");
    }
    let mut monitor = MetricMonitorParams::default().build()?;
    let mut band = SeasonalBandParams::default().build()?;
    let (found, allocations, _) = counted(|| {
        (0..20_000).try_for_each(|i| {
            let time = f64::from(i) * 300.0;
            band.update(time, value(i))?;
            monitor.update(time, value(i)).map(drop)
        })
    });
    found?;
    assert_eq!(allocations, 0);
    Ok(())
}
