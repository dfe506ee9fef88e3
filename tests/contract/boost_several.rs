//! What classifiers of several classes promise of their probabilities.

use crate::rows::{Draw, normal_rows};
use forewarn::boost::{Classifier, ClassifierParams};
use forewarn::ndarray::{Array2, ArrayView2};
use forewarn::prelude::{Batch, Error, Train};

/// Of three classes, one in ten rows is of the last whatever its columns say; of the other rows the
/// first column says something.
fn noisy(seed: u64, rows: usize) -> (Array2<f64>, Vec<u32>) {
    let x = normal_rows(seed, rows, 4);
    let mut draw = Draw::new(seed + 1);
    let mut class = |row: usize| {
        if draw.unit() < 0.1 {
            return 2;
        }
        u32::from(draw.unit() < 1.0 / (1.0 + (-2.0 * x[(row, 0)]).exp()))
    };
    let classes = (0..rows).map(&mut class).collect();
    (x, classes)
}

/// Trees that learn their rows by heart.
fn eager() -> ClassifierParams {
    ClassifierParams::default().n_trees(60).learning_rate(0.3)
}

fn trained(params: &ClassifierParams, x: ArrayView2<'_, f64>, classes: &[u32]) -> Classifier {
    params.train(Batch::new(x).with_target(classes)).expect("trains")
}

fn likeliest(shares: &Array2<f64>) -> Vec<usize> {
    let of = |row: usize| {
        (0..shares.ncols()).max_by(|&a, &b| shares[(row, a)].total_cmp(&shares[(row, b)]))
    };
    (0..shares.nrows()).map(|row| of(row).expect("a class")).collect()
}

fn log_loss(shares: &Array2<f64>, classes: &[u32]) -> f64 {
    let of = |(row, &class): (usize, &u32)| -shares[(row, class as usize)].ln();
    classes.iter().enumerate().map(of).sum::<f64>() / classes.len() as f64
}

/// Mean of the largest probabilities, and how often that class was right.
fn sureness(shares: &Array2<f64>, classes: &[u32]) -> (f64, f64) {
    let likeliest = likeliest(shares);
    let said: f64 = likeliest.iter().enumerate().map(|(row, &class)| shares[(row, class)]).sum();
    let right = likeliest.iter().zip(classes).filter(|&(&said, &class)| said == class as usize);
    let rows = classes.len() as f64;
    (said / rows, right.count() as f64 / rows)
}

#[test]
fn calibrated_probabilities_of_classes_mean_what_they_say() {
    let (x, classes) = noisy(1, 1_500);
    let (test, truth) = noisy(2, 6_000);
    let plain = trained(&eager(), x.view(), &classes);
    let model = trained(&eager().calibrated(true), x.view(), &classes);
    let [before, after] =
        [&plain, &model].map(|model| model.probabilities(test.view()).expect("probabilities"));
    assert!(log_loss(&after, &truth) < log_loss(&before, &truth) - 0.1);
    for class in 0..3 {
        let frequency = truth.iter().filter(|&&of| of as usize == class).count() as f64 / 6_000.0;
        let off =
            |shares: &Array2<f64>| (shares.column(class).mean().expect("rows") - frequency).abs();
        // Of the rows that it was learned from, 0.01 is a standard error.
        assert!(off(&after) < 0.02, "{class}: {}", off(&after));
    }
    let gap = |shares| {
        let (said, right) = sureness(shares, &truth);
        said - right
    };
    assert!(gap(&before) > 0.12, "{}", gap(&before));
    // Six thousand rows: 0.006 is a standard error; and trees of all rows are better than those of
    // four fifths of them, by which temperature and biases were learned.
    assert!(gap(&after).abs() < 0.06, "{}", gap(&after));
    // By the very rows that are looked at: one temperature and a bias a class cannot do more.
    let held_out = Batch::new(test.view()).with_target(&truth[..]);
    let given = eager().calibrated(true);
    let given = given.training(Batch::new(x.view()).with_target(&classes[..])).held_out(held_out);
    let given = given.watch_only().run().expect("trains");
    let given = given.probabilities(test.view()).expect("probabilities");
    assert!(gap(&given).abs() < 0.03, "{}", gap(&given));
    assert!(log_loss(&given, &truth) <= log_loss(&after, &truth));
    // The same again.
    assert_eq!(trained(&eager().calibrated(true), x.view(), &classes), model);
}

#[test]
fn calibrated_scores_are_added_up_and_continued_as_any_others() {
    let (x, classes) = noisy(3, 800);
    let model = trained(&eager().n_trees(20).calibrated(true), x.view(), &classes);
    let raw = model.ensemble().raw(x.view()).expect("scores");
    let why = model.ensemble().contributions(x.view()).expect("contributions");
    for ((row, output), &raw) in raw.indexed_iter() {
        let sum: f64 = (0..5).map(|column| why[(row, output, column)]).sum();
        assert!((sum - raw).abs() < 1e-9, "{sum} and {raw}");
    }
    // A training that goes on, balanced as the first was, starts where that one ended.
    let params = eager().n_trees(20).calibrated(true).balanced(true);
    let first = trained(&params, x.view(), &classes);
    let (test, truth) = noisy(4, 800);
    let held_out = Batch::new(test.view()).with_target(&truth[..]);
    let batch = Batch::new(x.view()).with_target(&classes[..]);
    let more = params.clone().n_trees(1).learning_rate(1e-9);
    let more = more.training(batch).held_out(held_out).watch_only().continue_from(first.ensemble());
    let more = more.run().expect("goes on");
    // But for a factor, and a number for each class, that the held-out rows ask for.
    let [raw, raw_more] =
        [&first, &more].map(|model| model.ensemble().raw(test.view()).expect("scores"));
    let beyond = |raw: &Array2<f64>, row, class| raw[(row, class)] - raw[(0, class)];
    let far = (0..800).find(|&row| beyond(&raw, row, 0).abs() > 0.5).expect("scores that differ");
    let factor = beyond(&raw_more, far, 0) / beyond(&raw, far, 0);
    for (row, class) in (0..800).flat_map(|row| (0..3).map(move |class| (row, class))) {
        let [found, of] = [&raw_more, &raw].map(|raw| beyond(raw, row, class));
        assert!((found - factor * of).abs() < 1e-6, "{found}, {factor} times {of}");
    }
    let [shares, more] =
        [&first, &more].map(|model| model.probabilities(test.view()).expect("shares"));
    let last = |shares: &Array2<f64>| shares.column(2).mean().expect("rows");
    assert!((last(&more) - 0.1).abs() < 0.04 && (last(&shares) - 0.1).abs() < 0.04);
}

#[test]
fn calibration_needs_two_rows_of_each_class() {
    let x = normal_rows(5, 60, 2);
    let classes: Vec<u32> = (0..60).map(|row| if row == 7 { 2 } else { row % 2 }).collect();
    let refused = eager().calibrated(true).train(Batch::new(x.view()).with_target(&classes[..]));
    let Err(Error::Incompatible { reason }) = refused else { panic!("{refused:?}") };
    assert!(reason.contains("two rows of each class"), "{reason}");
}
