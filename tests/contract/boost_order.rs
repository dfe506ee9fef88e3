//! Rows of large tables are put in an order of their own while trees grow: nobody outside sees it.

use forewarn::Result;
use forewarn::boost::{
    BoostingParams, Derivatives, Ensemble, Fitted, Link, Loss, Objective, RowSampling,
};
use forewarn::ndarray::Array2;
use forewarn::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Squared loss, told of every set of labels that it is asked for.
#[derive(Default)]
struct Watched {
    takes_any_order: bool,
    asked: AtomicUsize,
}

struct Squares {
    targets: Vec<f64>,
    weights: Vec<f64>,
}

impl Loss for Squares {
    fn rows(&self) -> usize {
        self.targets.len()
    }

    fn start(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn derivatives(&self, scores: &[f64], derivatives: &mut [Derivatives]) {
        let known = self.targets.iter().zip(&self.weights);
        for (to, (score, (target, weight))) in derivatives.iter_mut().zip(scores.iter().zip(known))
        {
            *to = [(weight * (score - target)) as f32, *weight as f32];
        }
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    fn value(&self, scores: &[f64]) -> f64 {
        let known = self.targets.iter().zip(&self.weights);
        let squares = scores
            .iter()
            .zip(known)
            .map(|(score, (target, weight))| weight * (score - target).powi(2));
        squares.sum::<f64>() / self.weights.iter().sum::<f64>()
    }
}

/// The trees, the raw scores they gave while they grew, and how often a loss was asked for.
type Found = (Ensemble, Vec<f64>, usize);

impl Objective for Watched {
    type Label = f64;
    type Model = Found;

    fn loss<'a>(
        &'a self,
        labels: &'a [f64],
        weight: Option<&'a [f64]>,
    ) -> Result<Box<dyn Loss + 'a>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let weights = weight.map_or_else(|| vec![1.0; labels.len()], <[f64]>::to_vec);
        Ok(Box::new(Squares { targets: labels.to_vec(), weights }))
    }

    fn takes_any_order(&self) -> bool {
        self.takes_any_order
    }

    fn finish(&self, fitted: Fitted<'_, f64>) -> Result<Found> {
        let asked = self.asked.load(Ordering::Relaxed);
        Ok((fitted.ensemble, fitted.training.raw.to_vec(), asked))
    }
}

const ROWS: usize = 12_000;
const COLUMNS: usize = 90;

/// A byte a value: just over the size from which on the order matters.
fn table() -> (Array2<f64>, Vec<f64>, Vec<f64>) {
    let value = |row: usize, column: usize| {
        let mixed = (row as u64 * 2_654_435_761) ^ (column as u64 * 40_503_001);
        (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64 / (1_u64 << 24) as f64
    };
    let x = Array2::from_shape_fn((ROWS, COLUMNS), |(row, column)| value(row, column));
    let target = |row: usize| (6.0 * x[(row, 0)]).sin() + x[(row, 1)] * x[(row, 2)];
    let targets = (0..ROWS).map(|row| target(row) + 0.1 * value(row, 1_000)).collect();
    let weights = (0..ROWS).map(|row| 0.5 + value(row, 2_000)).collect();
    (x, targets, weights)
}

fn train(takes_any_order: bool, rows: RowSampling, n_trees: usize) -> Found {
    let (x, targets, weights) = table();
    let mut params = BoostingParams::<Watched>::default();
    params.objective.takes_any_order = takes_any_order;
    let params = params.n_trees(n_trees).max_leaves(15).learning_rate(0.5).rows(rows);
    let batch = Batch::new(x.view()).with_target(&targets[..]).with_weight((&weights[..]).into());
    params.train(batch).expect("trains")
}

const SAMPLINGS: [RowSampling; 3] =
    [RowSampling::All, RowSampling::Share(0.6), RowSampling::Goss { top: 0.2, rest: 0.2 }];

#[test]
fn raw_scores_come_back_in_the_order_of_the_rows() {
    let (x, targets, weights) = table();
    for rows in SAMPLINGS {
        let (ensemble, raw, asked) = train(true, rows, 6);
        assert_eq!(asked, 2, "once, and once in another order");
        let walked = ensemble.predict(x.view()).expect("scores");
        let off = raw.iter().zip(&walked).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off < 1e-9, "{off} with {rows:?}");
        // Nor do labels and weights part from their rows.
        let (kept, kept_raw, asked) = train(false, rows, 6);
        assert_eq!(asked, 1, "an objective that knows more of its rows is not asked again");
        let loss = Squares { targets: targets.clone(), weights: weights.clone() };
        let [moved, still] = [&raw, &kept_raw].map(|raw| loss.value(raw));
        assert!(
            moved < 1.05 * still && still < 0.2 * loss.value(&vec![0.0; ROWS]),
            "{moved} {still}"
        );
        // The first tree is that of the rows as they came.
        let [moved, still] = [&ensemble, &kept].map(|all| all.leaves(x.view()).expect("leaves"));
        assert_eq!(moved.column(0), still.column(0));
    }
}

#[cfg(feature = "parallel")]
#[test]
fn the_order_does_not_depend_on_the_number_of_threads() {
    for rows in SAMPLINGS {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(|| train(true, rows, 4))
        };
        let expected = on(1);
        for threads in [2, 3, 8] {
            assert!(on(threads) == expected, "{threads} threads, {rows:?}");
        }
    }
}
