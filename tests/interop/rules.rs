//! Rules say what a decision goes by, and describe every row once.

use forewarn::ndarray::{Array2, array};
use forewarn::rules::{Condition, Rule, RulesParams};
use forewarn::{Error, rules::Rules};
use proptest::prelude::*;

fn meets(condition: &Condition, value: f64) -> bool {
    if value.is_nan() {
        return condition.missing;
    }
    let bounded = condition.above.is_some() || condition.at_most.is_some();
    condition.above.is_none_or(|low| value > low)
        && condition.at_most.is_none_or(|high| value <= high)
        && (bounded || !condition.missing)
}

fn meeting<'a>(rules: &'a Rules, row: &[f64]) -> Vec<&'a Rule> {
    let all = |rule: &&Rule| rule.conditions.iter().all(|c| meets(c, row[c.column]));
    rules.rules.iter().filter(all).collect()
}

#[test]
fn a_box_is_found_again() {
    // Three columns that go round at different lengths, in millionths.
    let x = Array2::from_shape_fn((1000, 3), |(i, j)| (i * 37 % [61, 59, 53][j]) as f64 / 1e6);
    let decisions: Vec<bool> =
        x.rows().into_iter().map(|row| row[0] > 40.2e-6 && row[2] <= 30.2e-6).collect();
    let rules = RulesParams::default().max_depth(2).learn(x.view(), &decisions).expect("rules");
    assert_eq!(rules.fidelity, 1.0);
    let alarms: Vec<_> = rules.alarms().collect();
    assert_eq!(alarms.len(), 1);
    let wanted = decisions.iter().filter(|&&decision| decision).count();
    assert_eq!((alarms[0].rows, alarms[0].share), (wanted, 1.0));
    let words = alarms[0].named(&["load", "noise", "speed"]);
    let expected =
        format!("load > 0.0000405 and speed <= 0.0000305: {wanted} rows, 100 % of them alarms");
    assert_eq!(words, expected);
}

#[test]
fn missing_values_are_reasons() {
    let x = Array2::from_shape_fn((100, 2), |(i, j)| {
        if j == 0 && i % 4 == 0 { f64::NAN } else { (i % 7) as f64 }
    });
    let decisions: Vec<bool> = (0..100).map(|row| row % 4 == 0).collect();
    let rules = RulesParams::default().learn(x.view(), &decisions).expect("rules");
    let words: Vec<String> = rules.rules.iter().map(|rule| rule.named(&["pulse"])).collect();
    assert_eq!(
        words,
        [
            "pulse missing: 25 rows, 100 % of them alarms",
            "pulse not missing: 75 rows, 0 % of them alarms"
        ]
    );
}

#[test]
fn one_decision_makes_one_rule() {
    let x = array![[1.0], [2.0]];
    let rules = RulesParams::default().min_rows(1).learn(x.view(), &[true; 2]).expect("rules");
    assert_eq!(rules.rules.len(), 1);
    assert_eq!(rules.rules[0].to_string(), "all: 2 rows, 100 % of them alarms");
}

#[test]
fn bad_input_is_named() {
    let x = array![[1.0], [f64::INFINITY]];
    let params = RulesParams::default();
    let learn = |params: RulesParams, x: &Array2<f64>, n: usize| {
        params.learn(x.view(), &vec![true; n]).expect_err("refused")
    };
    assert_eq!(learn(params, &x, 2), Error::Infinite { row: 1, column: 0, value: f64::INFINITY });
    assert_eq!(learn(params, &x, 3), Error::Length { what: "decisions", expected: 2, found: 3 });
    assert_eq!(learn(params, &Array2::zeros((0, 2)), 0), Error::Empty { what: "rows" });
    assert_eq!(
        learn(params.max_depth(17), &x, 2).to_string(),
        "max_depth is 17: it must be from 1 to 16"
    );
    assert_eq!(
        learn(params.min_rows(0), &x, 2).to_string(),
        "min_rows is 0: it must be at least 1"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_row_meets_one_rule(
        values in prop::collection::vec(prop_oneof![4 => -3.0..3.0_f64, 1 => Just(f64::NAN), 2 => (-2..2_i32).prop_map(f64::from)], 60..240),
        depth in 1..6_usize,
        min_rows in 1..8_usize,
    ) {
        let rows = values.len() / 3;
        let x = Array2::from_shape_vec((rows, 3), values[..rows * 3].to_vec()).expect("a table");
        let decisions: Vec<bool> =
            x.rows().into_iter().map(|row| row[0] > 0.3 || row[1].is_nan()).collect();
        let params = RulesParams::default().max_depth(depth).min_rows(min_rows);
        let rules = params.learn(x.view(), &decisions).expect("rules");
        let mut counts = vec![0; rules.rules.len()];
        for row in x.rows() {
            let met = meeting(&rules, &row.to_vec());
            prop_assert_eq!(met.len(), 1, "{:?} of {:?}", row, rules);
            let at = rules.rules.iter().position(|rule| std::ptr::eq(rule, met[0]));
            counts[at.expect("one of them")] += 1;
        }
        for (rule, count) in rules.rules.iter().zip(counts) {
            prop_assert_eq!(rule.rows, count);
            prop_assert!(rule.rows >= min_rows);
            prop_assert!(rule.conditions.len() <= depth);
        }
    }
}
