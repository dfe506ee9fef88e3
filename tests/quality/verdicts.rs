//! Verdicts on the rows that a forest ranks highest bring more true anomalies among the next.

use forewarn::forest::{IsolationForest, IsolationForestParams, Verdict};
use forewarn::ndarray::Axis;
use forewarn::prelude::*;
use forewarn_datasets::{Dataset, Table};

/// Rows that are judged, and rows that are then looked at.
const BUDGET: usize = 30;

const SEEDS: u64 = 3;

/// Sets with at least twice the budget of anomalies, small enough for a test.
const FILES: [&str; 12] = [
    "annthyroid",
    "breastw",
    "cardio",
    "fault",
    "Ionosphere",
    "letter",
    "mnist",
    "optdigits",
    "pendigits",
    "satellite",
    "thyroid",
    "Wilt",
];

/// The `count` highest scores, without the rows already judged; equal scores by position.
fn highest(forest: &IsolationForest, data: &Dataset, judged: &[usize], count: usize) -> Vec<usize> {
    let scores = forest.score(data.features.view()).expect("the training rows");
    let mut rows: Vec<usize> = (0..scores.len()).filter(|row| !judged.contains(row)).collect();
    rows.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    rows.truncate(count);
    rows
}

fn anomalies(data: &Dataset, rows: &[usize]) -> usize {
    rows.iter().filter(|&&row| data.labels[row]).count()
}

/// True anomalies among the 30 rows after the 30 judged ones: without verdicts, and with.
fn next_after_verdicts(
    data: &Dataset,
    params: &IsolationForestParams,
    rounds: usize,
) -> [usize; 2] {
    let mut forest = params.train(Batch::new(data.features.view())).expect("a clean table");
    let without = highest(&forest, data, &[], 2 * BUDGET).split_off(BUDGET);
    let mut judged = Vec::new();
    for _ in 0..rounds {
        let rows = highest(&forest, data, &judged, BUDGET / rounds);
        let verdict =
            |&row: &usize| if data.labels[row] { Verdict::Confirmed } else { Verdict::Rejected };
        let verdicts: Vec<Verdict> = rows.iter().map(verdict).collect();
        forest.learn(data.features.select(Axis(0), &rows).view(), &verdicts).expect("verdicts");
        judged.extend(rows);
    }
    assert_eq!(forest.n_verdicts(), BUDGET);
    let with = highest(&forest, data, &judged, BUDGET);
    [anomalies(data, &without), anomalies(data, &with)]
}

/// Sums over the seeds, for every file; `None` where the data is not there.
fn over_files(params: &IsolationForestParams, rounds: usize) -> Option<Vec<[usize; 2]>> {
    let mut counts = Vec::new();
    for file in FILES {
        let name = format!("adbench/{file}.csv.gz");
        let path = forewarn_datasets::data_file(&name, module_path!())?;
        let table = Table::read(path).expect("a readable table");
        let data = Dataset::from_table(&table, "anomaly", &[]).expect("labels");
        let sum = (0..SEEDS).fold([0, 0], |sum, seed| {
            let [without, with] = next_after_verdicts(&data, &params.clone().seed(seed), rounds);
            [sum[0] + without, sum[1] + with]
        });
        println!("{file}, {rounds} rounds: {} without, {} with", sum[0], sum[1]);
        counts.push(sum);
    }
    Some(counts)
}

fn gain(counts: &[[usize; 2]]) -> f64 {
    let sum = |of: usize| counts.iter().map(|count| count[of]).sum::<usize>() as f64;
    sum(1) / sum(0)
}

#[test]
fn thirty_verdicts_bring_a_quarter_more_anomalies_next() {
    for rounds in [1, 3] {
        let Some(counts) = over_files(&IsolationForestParams::standard(), rounds) else { return };
        assert!(gain(&counts) >= 1.35, "{rounds} rounds: {}", gain(&counts));
        for (file, [without, with]) in FILES.iter().zip(&counts) {
            assert!(with + 3 * SEEDS as usize >= *without, "{file}: {without} to {with}");
        }
    }
}

#[test]
fn a_ranking_that_is_good_already_is_not_spoilt() {
    let params = IsolationForestParams::accurate();
    let Some(counts) = over_files(&params, 1) else { return };
    assert!(gain(&counts) >= 1.1, "{}", gain(&counts));
    for (file, [without, with]) in FILES.iter().zip(&counts) {
        assert!(with + 2 * SEEDS as usize >= *without, "{file}: {without} to {with}");
    }
}
