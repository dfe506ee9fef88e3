//! From training to a threshold: probabilities of boosted trees on rows that are new to them.

use forewarn::boost::{FailureClassifier, FailureClassifierParams};
use forewarn::calibrate::{CalibrationParams, Method};
use forewarn::decide::{Costs, DecisionParams};
use forewarn::metrics::{Bins, expected_calibration_error, log_loss};
use forewarn::ndarray::{Array2, Axis};
use forewarn::prelude::*;
use forewarn::validate::{Split, cross_score, group_holdout, group_k_fold, holdout, time_split};
use forewarn_datasets::{Table, data_or_skip};

fn select<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| values[row].clone()).collect()
}

/// Without calibration and with it, on rows that neither model nor calibration has seen.
struct Measured {
    error: [f64; 2],
    loss: [f64; 2],
}

/// Trains on the first rows, calibrates on the second and measures on the third.
fn measure(x: &Array2<f64>, labels: &[bool], parts: [&[usize]; 3]) -> Result<Measured> {
    let [train, calibrate, test] = parts;
    let rows = |rows: &[usize]| x.select(Axis(0), rows);
    let model: FailureClassifier = FailureClassifierParams::default()
        .train(Batch::new(rows(train).view()).with_target(&select(labels, train)[..]))?;
    let scores =
        |part: &[usize]| -> Result<Vec<f64>> { Ok(model.score(rows(part).view())?.to_vec()) };
    let calibrator = CalibrationParams::default().train(
        &select(labels, calibrate),
        &scores(calibrate)?,
        None,
    )?;
    let before: Vec<f64> = scores(test)?;
    let after = calibrator.probabilities(&before)?;
    let labels = select(labels, test);
    let error = |p: &[f64]| expected_calibration_error(&labels, p, Bins::EqualMass(15));
    let measured = Measured {
        error: [error(&before)?, error(&after)?],
        loss: [log_loss(&labels, &before)?, log_loss(&labels, &after)?],
    };
    println!(
        "{:?}: calibration error {:.5} to {:.5}, log loss {:.5} to {:.5}",
        calibrator.method(),
        measured.error[0],
        measured.error[1],
        measured.loss[0],
        measured.loss[1],
    );
    Ok(measured)
}

#[test]
fn milling_machines_are_calibrated() {
    let path = data_or_skip!("ai4i2020.csv.gz");
    let table = Table::read(path).expect("a table");
    let labels = table.labels("Machine failure").expect("labels");
    let others = ["Machine failure", "TWF", "HDF", "PWF", "OSF", "RNF", "UDI", "Product ID"];
    let others: Vec<&str> =
        others.into_iter().filter(|name| table.names().contains(name)).collect();
    let (_, x, _) = table.features(&others).expect("features");
    let mut mean = [0.0; 2];
    for seed in 0..5 {
        let Split { train, test: rest } = holdout(&labels, 0.5, seed).unwrap();
        let halves = holdout(&select(&labels, &rest), 0.5, seed).unwrap();
        let (calibrate, test) = (select(&rest, &halves.train), select(&rest, &halves.test));
        let measured = measure(&x, &labels, [&train, &calibrate, &test]).unwrap();
        assert!(measured.error[1] <= measured.error[0] + 0.002);
        assert!(measured.loss[1] <= measured.loss[0]);
        (0..2).for_each(|at| mean[at] += measured.error[at] / 5.0);
    }
    assert!(mean[1] <= 0.01, "{mean:?}");
}

#[test]
fn machines_with_error_codes_are_calibrated_for_the_months_to_come() {
    let path = data_or_skip!("azure_pdm_events_3h.csv.gz");
    let table = Table::read(path).expect("a table");
    let labels = table.labels("y").expect("labels");
    let times = table.numbers("t").expect("times");
    let (_, x, _) = table.features(&["y", "ttf_h", "machineID", "t"]).expect("features");
    // Labels look a day ahead.
    let day = 86_400.0;
    let [first, last] =
        times.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], &t| [a.min(t), b.max(t)]);
    let at = |share: f64| first + share * (last - first);
    let Split { train, test: rest } = time_split(times, at(0.5), day).unwrap();
    let later = time_split(&select(times, &rest), at(0.75), day).unwrap();
    let (calibrate, test) = (select(&rest, &later.train), select(&rest, &later.test));
    let measured = measure(&x, &labels, [&train, &calibrate, &test]).unwrap();
    assert!(measured.error[1] <= 0.01 && measured.error[1] <= measured.error[0] + 0.002);
    // Nothing much was off, and the months to come are others than those it was learned on: a curve
    // that was better then may be a little worse now.
    assert!(measured.loss[1] <= 1.1 * measured.loss[0]);
}

/// Calibrated while training, and judged on other engines: not told which rows are of one engine, a
/// calibration would be learned from rows that trees know too well, and make the error larger.
#[test]
fn engines_are_calibrated_by_engine() {
    let path = data_or_skip!("cmapss/train_FD001.csv.gz");
    let table = Table::read(path).expect("a table");
    let units = table.numbers("unit").expect("units").to_vec();
    let cycles = table.numbers("cycle").expect("cycles").to_vec();
    let last = units.iter().zip(&cycles).fold([0.0_f64; 101], |mut last, (&unit, &cycle)| {
        last[unit as usize] = last[unit as usize].max(cycle);
        last
    });
    let fails = |(&unit, &cycle): (&f64, &f64)| last[unit as usize] - cycle <= 30.0;
    let labels: Vec<bool> = units.iter().zip(&cycles).map(fails).collect();
    let (_, x, _) = table.features(&["unit"]).expect("features");
    let engines: Vec<u64> = units.iter().map(|&unit| unit as u64).collect();
    let mut mean = [0.0; 2];
    for seed in 0..3 {
        let Split { train, test } = group_holdout(&labels, &engines, 0.3, seed).unwrap();
        let (known, truth) = (select(&labels, &train), select(&labels, &test));
        let rows = x.select(Axis(0), &train);
        for (mean, calibration) in mean.iter_mut().zip([None, Some(Method::Automatic)]) {
            let params = FailureClassifierParams::default().calibration(calibration).seed(seed);
            let training = params.training(Batch::new(rows.view()).with_target(&known[..]));
            let model = training.groups(&select(&engines, &train)).run().unwrap();
            let said = model.score(x.select(Axis(0), &test).view()).unwrap().to_vec();
            *mean += expected_calibration_error(&truth, &said, Bins::EqualMass(15)).unwrap() / 3.0;
        }
    }
    println!("calibration error {:.5} to {:.5}", mean[0], mean[1]);
    assert!(mean[1] <= mean[0] + 0.002, "{mean:?}");
}

/// Forty machines of fifty rows: the nearer a failure, the higher the first column; a second column
/// is the machine's own and would be learned by heart if its rows were on both sides.
#[test]
fn scores_held_out_by_machine_lead_to_a_threshold_that_saves() -> Result<()> {
    let mut draw = crate::rows::Draw::new(1);
    let machine: Vec<usize> = (0..2_000).map(|row| row / 50).collect();
    let fails: Vec<bool> = (0..40).map(|_| draw.unit() < 0.5).collect();
    let labels: Vec<bool> = (0..2_000).map(|row| fails[machine[row]] && row % 50 >= 40).collect();
    let x = Array2::from_shape_fn((2_000, 2), |(row, column)| match column {
        0 => draw.normal() + if labels[row] { 2.0 } else { 0.0 },
        _ => machine[row] as f64,
    });
    let params = FailureClassifierParams::default();
    let splits = group_k_fold(&labels, &machine, 5, 0)?;
    let held_out = cross_score(&params, Batch::new(x.view()).with_target(&labels[..]), splits)?;
    let (truth, said) = (held_out.select(&labels), held_out.scores());
    let units = held_out.select(&machine);

    let calibration = CalibrationParams::default();
    let calibrator = calibration.train_grouped(&truth, &said, None, Some(&units))?;
    let p = calibrator.probabilities(&said)?;
    assert!(log_loss(&truth, &p)? <= log_loss(&truth, &said)?);

    let costs = Costs { miss: 10.0, false_alarm: 1.0 };
    let decision = DecisionParams::new(costs).resamples(200).choose_grouped(&truth, &p, &units)?;
    assert!(decision.chosen.cost < 0.6 * decision.nothing.cost.min(decision.everything.cost));
    // Calibrated probabilities make the theoretical threshold nearly as good.
    assert!(decision.theoretical.cost < 1.1 * decision.chosen.cost, "{decision:?}");
    Ok(())
}
