//! Rows that belong together: whole machines are held out, so that what is known of a machine by heart
//! is not taken for knowledge of others.

use crate::rows::Draw;
use forewarn::Error;
use forewarn::boost::{
    ClassifierParams, EarlyStopping, FailureClassifier, FailureClassifierParams, HoldOut,
};
use forewarn::calibrate::Method;
use forewarn::metrics::log_loss;
use forewarn::ndarray::Array2;
use forewarn::prelude::{Batch, Score};

const MACHINES: usize = 60;
const EACH: usize = 20;

/// Rows of machines that fail or do not, which nothing foretells; the first column is the machine's own.
fn machines(seed: u64) -> (Array2<f64>, Vec<bool>, Vec<usize>) {
    let mut draw = Draw::new(seed);
    let own: Vec<(f64, bool)> = (0..MACHINES).map(|_| (draw.normal(), draw.unit() < 0.5)).collect();
    let of_row: Vec<usize> = (0..MACHINES * EACH).map(|row| row / EACH).collect();
    let x = Array2::from_shape_fn((of_row.len(), 2), |(row, column)| match column {
        0 => own[of_row[row]].0,
        _ => draw.normal(),
    });
    let failed = of_row.iter().map(|&machine| own[machine].1).collect();
    (x, failed, of_row)
}

fn trained(params: &FailureClassifierParams, by_machine: bool) -> FailureClassifier {
    let (x, failed, machine) = machines(1);
    let training = params.training(Batch::new(x.view()).with_target(&failed[..]));
    let training = if by_machine { training.groups(&machine) } else { training };
    training.run().expect("trains")
}

/// What it says of other machines.
fn loss(model: &FailureClassifier) -> f64 {
    let (x, failed, _) = machines(2);
    log_loss(&failed, &model.score(x.view()).expect("scores").to_vec()).expect("a loss")
}

#[test]
fn probabilities_are_those_of_other_machines() {
    for method in [Method::Automatic, Method::Platt, Method::Beta, Method::Isotonic] {
        let params = FailureClassifierParams::default().n_trees(60).calibration(Some(method));
        let (boasting, modest) = (loss(&trained(&params, false)), loss(&trained(&params, true)));
        // Whoever knows nothing loses ln 2 = 0.69.
        assert!(boasting > 1.2, "{method:?}: {boasting}");
        assert!(modest < 0.85, "{method:?}: {modest}");
    }
}

#[test]
fn training_stops_when_other_machines_are_not_foretold_better() {
    let early = EarlyStopping { patience: 5, hold_out: HoldOut::Random(0.3) };
    let params = FailureClassifierParams::default().n_trees(60).early_stopping(Some(early));
    assert_eq!(trained(&params, false).report().rounds, 60);
    assert!(trained(&params, true).report().rounds < 10);
}

/// Where nothing is held out, groups change nothing.
#[test]
fn groups_without_use_change_nothing() {
    let params = FailureClassifierParams::default().n_trees(5);
    assert_eq!(trained(&params, true), trained(&params, false));
}

#[test]
fn groups_that_cannot_be_are_refused() {
    let (x, failed, machine) = machines(1);
    let early = Some(EarlyStopping { patience: 5, hold_out: HoldOut::Random(0.3) });
    let plain = FailureClassifierParams::default().n_trees(3);
    let calibrated = plain.clone().calibration(Some(Method::Platt));
    let stopping = plain.clone().early_stopping(early);
    let refused = |params: &FailureClassifierParams, failed: &[bool], machine: &[usize]| {
        let batch = Batch::new(x.view()).with_target(failed);
        params.training(batch).groups(machine).run().expect_err("refused")
    };
    for params in [&plain, &calibrated, &stopping] {
        let (expected, found) = (machine.len(), 7);
        let error = refused(params, &failed, &machine[..7]);
        assert_eq!(error, Error::Length { what: "groups", expected, found });
    }
    let single = vec![3; machine.len()];
    for params in [&calibrated, &stopping] {
        let error = refused(params, &failed, &single).to_string();
        assert!(error.contains("groups is 1") && error.contains("at least 2"), "{error}");
    }
    // All failures are one machine's: without it there is nothing to learn.
    let one: Vec<bool> = machine.iter().map(|&machine| machine == 7).collect();
    let error = refused(&calibrated, &one, &machine).to_string();
    assert!(error.contains("rows of each class in several groups"), "{error}");
    // Early stopping keeps it to train on.
    let training = stopping.training(Batch::new(x.view()).with_target(&one[..]));
    assert!(training.groups(&machine).run().is_ok());
}

/// Classes that few machines have are known outside of every part, or training is refused.
#[test]
fn several_classes_are_calibrated_by_machine() {
    let (x, _, machine) = machines(1);
    let kinds: Vec<u32> = machine.iter().map(|&machine| (machine % 3) as u32).collect();
    let params = ClassifierParams::default().n_trees(20).calibrated(true);
    let of = |by_machine: bool| {
        let training = params.training(Batch::new(x.view()).with_target(&kinds[..]));
        let training = if by_machine { training.groups(&machine) } else { training };
        let model = training.run().expect("trains");
        let said = model.probabilities(machines(2).0.view()).expect("probabilities");
        said.rows().into_iter().map(|row| row.iter().copied().fold(0.0, f64::max)).sum::<f64>()
            / said.nrows() as f64
    };
    // A third is right to say of each.
    assert!(of(true) < 0.5 && of(false) > 0.7, "{} and {}", of(true), of(false));
    let few: Vec<u32> = machine.iter().map(|&machine| machine.saturating_sub(57) as u32).collect();
    let batch = Batch::new(x.view()).with_target(&few[..]);
    let refused = params.training(batch).groups(&machine).run().expect_err("refused");
    assert!(refused.to_string().contains("in several groups"), "{refused}");
}
