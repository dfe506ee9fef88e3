//! Does a forest that learns as it goes find the incidents of two real servers?
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::forest::{IsolationForestParams, StreamingForestParams};
use forewarn::ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};
use forewarn::traits::{Batch, Score, Train};
use forewarn_datasets::{Dataset, Table, data_or_skip};
use std::ops::Range;

/// Minutes that are looked at together.
const SHINGLE: usize = 4;

/// Each row with its predecessors; the first ones with themselves.
fn windows(x: ArrayView2<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn((x.nrows(), x.ncols() * SHINGLE), |(row, column)| {
        let back = SHINGLE - 1 - column / x.ncols();
        x[[row.saturating_sub(back), column % x.ncols()]]
    })
}

fn runs(flags: impl Iterator<Item = bool>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (row, _) in flags.enumerate().filter(|(_, flag)| *flag) {
        match runs.last_mut() {
            Some(run) if run.end == row => run.end += 1,
            _ => runs.push(row..row + 1),
        }
    }
    runs
}

/// The F1 of incidents at the best threshold: hit ones are right, runs of alarms that touch none
/// are wrong.
fn best_event_f1(events: &[Range<usize>], scores: &Array1<f64>) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let shares = (0..60).map(|step| 1e-4 * 2000_f64.powf(f64::from(step) / 59.0));
    shares
        .map(|share| {
            let threshold = sorted[(share * sorted.len() as f64) as usize];
            let alarms = runs(scores.iter().map(|&score| score > threshold));
            let touches = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
            let hit = events.iter().filter(|event| alarms.iter().any(|a| touches(a, event)));
            let hit = hit.count() as f64;
            let wrong = alarms.iter().filter(|a| !events.iter().any(|event| touches(a, event)));
            2.0 * hit / (hit + wrong.count() as f64 + events.len() as f64)
        })
        .fold(0.0, f64::max)
}

/// Measured: 0.78 and 0.57 for the streaming forest, which never saw a threshold
/// or a label. An isolation forest on the same windows, trained on the quiet half, is printed
/// beside it.
#[test]
fn incidents_of_servers_stand_out() {
    for (machine, floor) in [("machine-1-6", 0.70), ("machine-1-7", 0.50)] {
        let train = data_or_skip!(&format!("smd/{machine}_train.csv.gz"));
        let test = data_or_skip!(&format!("smd/{machine}_test.csv.gz"));
        let (_, train, _) = Table::read(&train).unwrap().features(&[]).unwrap();
        let train = train.slice(s![-6_000.., ..]);
        let test = Dataset::from_table(&Table::read(&test).unwrap(), "anomaly", &[]).unwrap();
        let events = runs(test.labels.iter().copied());
        let all = concatenate(Axis(0), &[train.view(), test.features.view()]).unwrap();
        let settings = StreamingForestParams::default().n_trees(25).shingle(SHINGLE);
        let mut forest = settings.build(all.ncols()).unwrap();
        let scores = forest.observe_many(all.view()).unwrap();
        let streaming = best_event_f1(&events, &scores.slice(s![train.nrows()..]).to_owned());
        let learned = windows(train.view());
        let fixed = IsolationForestParams::default().train(Batch::new(learned.view())).unwrap();
        let fixed =
            best_event_f1(&events, &fixed.score(windows(test.features.view()).view()).unwrap());
        println!(
            "{machine}: F1 of {} incidents {streaming:.3} streaming, \
             {fixed:.3} isolation forest",
            events.len()
        );
        assert!(streaming >= floor, "{machine}: {streaming}");
    }
}
