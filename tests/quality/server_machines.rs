//! Do explanations name what experts blamed, on two real servers?
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::forest::{IsolationForest, IsolationForestParams};
use forewarn::ndarray::{Array1, Array2, ArrayView2, Axis, s};
use forewarn::traits::{Batch, Score, Train};
use forewarn_datasets::{Dataset, Table, data_or_skip};
use std::ops::Range;
use std::path::Path;

/// Rows ahead of a segment that it is compared with: an hour.
const BEFORE: usize = 60;

/// Quantiles of the training scores above which a row is abnormal.
const LEVELS: [f64; 3] = [0.98, 0.99, 0.995];

/// Which rows stand for a segment that has abnormal rows.
const PROTOCOLS: [&str; 3] = ["the worst row", "the abnormal rows", "all rows"];

/// Floors under the divisor of the robust deviations: next to none, and a thousandth of the range.
const FLOORS: [f64; 2] = [1e-9, 1e-3];

/// A labelled anomaly: its rows, and the metrics that made it.
struct Segment {
    rows: Range<usize>,
    causes: Vec<usize>,
}

impl Segment {
    /// The hour ahead of it.
    fn before(&self) -> Range<usize> {
        self.rows.start.saturating_sub(BEFORE)..self.rows.start
    }
}

/// Lines `from-to:metric,metric,…`, metrics counted from 1, both ends included.
fn segments(file: &Path, rows: usize) -> Vec<Segment> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| {
            let (range, causes) = line.split_once(':').unwrap();
            let (from, to) = range.split_once('-').unwrap();
            let causes = causes.split(',').map(|cause| cause.parse::<usize>().unwrap() - 1);
            let end = (to.parse::<usize>().unwrap() + 1).min(rows);
            Segment { rows: from.parse().unwrap()..end, causes: causes.collect() }
        })
        .collect()
}

/// Whether one of the three largest is a true cause.
fn hits(strengths: &Array1<f64>, causes: &[usize]) -> bool {
    let mut ranked: Vec<usize> = (0..strengths.len()).collect();
    ranked.sort_by(|&a, &b| strengths[b].total_cmp(&strengths[a]));
    ranked[..3].iter().any(|metric| causes.contains(metric))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}

/// Median and `1.4826 · MAD` of every metric.
fn robust(x: ArrayView2<'_, f64>) -> Vec<(f64, f64)> {
    let of_one = |values: Vec<f64>| {
        let middle = median(values.clone());
        let deviation = median(values.iter().map(|value| (value - middle).abs()).collect());
        (middle, 1.4826 * deviation)
    };
    x.columns().into_iter().map(|column| of_one(column.to_vec())).collect()
}

/// One server: what is normal, what was seen later, and what was wrong then.
struct Machine {
    train: Array2<f64>,
    test: Array2<f64>,
    segments: Vec<Segment>,
    /// For each of the [`FLOORS`], `|x − median| / max(1.4826 · MAD, floor)` of every later value.
    deviations: [Array2<f64>; 2],
}

impl Machine {
    fn read(train: &Path, test: &Path, causes: &Path) -> Self {
        let (_, train, _) = Table::read(train).unwrap().features(&[]).unwrap();
        let test = Dataset::from_table(&Table::read(test).unwrap(), "anomaly", &[]).unwrap();
        let test = test.features;
        let robust = robust(train.view());
        let deviations = FLOORS.map(|floor| {
            Array2::from_shape_fn(test.dim(), |(row, metric)| {
                let (middle, scale) = robust[metric];
                (test[[row, metric]] - middle).abs() / scale.max(floor)
            })
        });
        let segments = segments(causes, test.nrows());
        Self { train, test, segments, deviations }
    }
}

/// In how many segments one of the first three is a true cause, by what is so ranked: the means over
/// the rows of the segment, and their change from the hour before.
#[derive(Default, Clone, Copy)]
struct Hits {
    rows: usize,
    change: usize,
}

impl Hits {
    fn judge(&mut self, strengths: &Array2<f64>, segment: &Segment, rows: &[usize]) {
        let mean = |rows: &[usize]| strengths.select(Axis(0), rows).mean_axis(Axis(0)).unwrap();
        let (now, usual) = (mean(rows), mean(&segment.before().collect::<Vec<_>>()));
        self.rows += usize::from(hits(&now, &segment.causes));
        self.change += usize::from(hits(&(now - usual), &segment.causes));
    }
}

#[derive(Default, Clone, Copy)]
struct Tally {
    detected: usize,
    contributions: Hits,
    /// Deviations, for each of the [`FLOORS`].
    deviations: [Hits; 2],
}

/// By level and protocol.
type Tallies = [[Tally; PROTOCOLS.len()]; LEVELS.len()];

fn judge(machine: &Machine, forest: &IsolationForest, tallies: &mut Tallies) {
    let mut normal = forest.score(machine.train.view()).unwrap().to_vec();
    normal.sort_by(f64::total_cmp);
    let scores = forest.score(machine.test.view()).unwrap();
    // Every row once. `explain_change` is the difference of these means.
    let mut contributions = Array2::zeros(machine.test.dim());
    for segment in &machine.segments {
        let rows = s![segment.before().start..segment.rows.end, ..];
        contributions.slice_mut(rows).assign(&forest.explain(machine.test.slice(rows)).unwrap());
    }
    for segment in &machine.segments {
        let rows: Vec<usize> = segment.rows.clone().collect();
        let worst = *rows.iter().max_by(|&&a, &&b| scores[a].total_cmp(&scores[b])).unwrap();
        for (level, tallies) in LEVELS.iter().zip(tallies.iter_mut()) {
            let threshold = normal[(normal.len() as f64 * level) as usize];
            let abnormal: Vec<usize> =
                rows.iter().copied().filter(|&row| scores[row] > threshold).collect();
            if abnormal.is_empty() {
                continue;
            }
            for (tally, rows) in tallies.iter_mut().zip([&[worst][..], &abnormal, &rows]) {
                tally.detected += 1;
                tally.contributions.judge(&contributions, segment, rows);
                for (hits, deviations) in tally.deviations.iter_mut().zip(&machine.deviations) {
                    hits.judge(deviations, segment, rows);
                }
            }
        }
    }
}

/// Two servers with 38 metrics each, and the metrics that experts blamed for each anomaly. Both
/// drifted after training: in most of the later hours, normal or not, some metrics lie where they
/// never lay before.
///
/// What changed since the hour before names a true cause in more segments than robust deviations do,
/// whichever rows stand for a segment and wherever the threshold lies. It does so, too, where the
/// deviations of the hour before are taken off theirs; but with the worst row alone and random splits
/// that turns into a draw over twice as many seeds, and is not asserted to be more.
///
/// Read this with care. The deviations divide by next to nothing where most training values are
/// alike. With a floor of a thousandth of the metric's range under the divisor they miss no segment
/// but where its worst row alone stands for it. No forest can exceed that; the accurate one comes
/// within one segment in forty, the others stay behind: a metric that hardly ever moved in training
/// is seldom asked for. But a floor that suits must be known, and these metrics have all been scaled
/// to a range of 1. The figures with it are printed beside the others.
#[test]
fn changes_hit_a_true_cause_more_often_than_robust_deviations() {
    let machines = [
        Machine::read(
            &data_or_skip!("smd/machine-1-6_train.csv.gz"),
            &data_or_skip!("smd/machine-1-6_test.csv.gz"),
            &data_or_skip!("smd/machine-1-6_causes.txt"),
        ),
        Machine::read(
            &data_or_skip!("smd/machine-1-7_train.csv.gz"),
            &data_or_skip!("smd/machine-1-7_test.csv.gz"),
            &data_or_skip!("smd/machine-1-7_causes.txt"),
        ),
    ];
    let presets = [
        ("default", IsolationForestParams::default(), 10),
        ("standard", IsolationForestParams::standard(), 10),
        ("accurate", IsolationForestParams::accurate(), 3),
    ];
    for (name, params, seeds) in presets {
        let mut tallies = Tallies::default();
        for (seed, machine) in (0..seeds).flat_map(|seed| machines.iter().map(move |m| (seed, m))) {
            let params = params.clone().seed(seed);
            let forest = params.train(Batch::new(machine.train.view())).unwrap();
            judge(machine, &forest, &mut tallies);
        }
        for (level, tallies) in LEVELS.iter().zip(&tallies) {
            for (protocol, tally) in PROTOCOLS.iter().zip(tallies) {
                let Tally { detected, contributions, deviations: [plain, floored] } = tally;
                println!(
                    "{name}, {protocol} at {level}: a true cause in {} of {detected} detected \
                     segments by change, {} by rows; by deviations {} and {}, with a floor {} and {}",
                    contributions.change,
                    contributions.rows,
                    plain.change,
                    plain.rows,
                    floored.change,
                    floored.rows
                );
                let case = format!("{name}, {protocol} at {level}");
                assert!(*detected >= 30 * seeds as usize, "{case}: {detected} to judge by");
                assert!(contributions.change > plain.rows, "{case}");
                assert!(contributions.change >= plain.change, "{case}");
                // Averaged over more rows, what was odd all along drowns what is new.
                let one = *protocol == "the worst row";
                assert!(!one || contributions.rows > plain.rows, "{case}");
            }
        }
    }
}
