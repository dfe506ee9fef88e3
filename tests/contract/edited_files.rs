//! Saved forests edited as text: what training cannot have made is refused in words.

use crate::files::forest;
use crate::rows::normal_rows;
use forewarn::forest::{IsolationForest, IsolationForestParams, Missing, Scoring};
use forewarn::ndarray::Array2;
use forewarn::prelude::{Batch, Score, Train};
use serde_json::{Value, json};

/// Why the JSON form of a forest is refused after an edit, without `serde_json`'s own addition of
/// line and column.
fn edited(edit: impl FnOnce(&mut Value)) -> String {
    let mut saved = serde_json::to_value(forest()).expect("a forest can be written");
    edit(&mut saved);
    let refused = serde_json::from_value::<IsolationForest>(saved);
    refused.expect_err("an edited forest").to_string()
}

/// Edits the first node of this kind.
fn edit_node(kind: &str, edit: impl FnOnce(&mut Value)) -> String {
    edited(|saved| {
        let trees = saved["trees"].as_array_mut().expect("a list");
        let nodes = trees.iter_mut().flat_map(|tree| tree.as_array_mut().expect("a list"));
        let node = nodes.into_iter().find_map(|node| node.get_mut(kind));
        edit(node.expect("a node of every kind"));
    })
}

#[test]
fn versions_never_written_are_refused() {
    assert_eq!(
        edited(|saved| saved["format"] = json!(2)),
        "the model has format version 2; versions up to 1 can be read"
    );
    assert_eq!(
        edited(|saved| saved["format"] = json!(0)),
        "not a valid model: format version 0 never was"
    );
}

#[test]
fn what_training_cannot_make_is_refused() {
    let invalid = |words: String| {
        words.strip_prefix("not a valid model: ").map_or_else(|| panic!("{words}"), str::to_owned)
    };
    let leaf = |value: Value| invalid(edit_node("Leaf", |leaf| *leaf = value));
    assert_eq!(leaf(json!(-1.0)), "a leaf value of -1");
    assert_eq!(leaf(json!(0.5)), "a leaf value of 0.5");
    assert!(leaf(json!(1e300)).starts_with("a leaf value of 1000000"));

    let axis = |name: &str, value: Value| invalid(edit_node("Axis", |axis| axis[name] = value));
    assert_eq!(axis("column", json!(3)), "column 3 of 3");
    assert_eq!(axis("column", json!(2)), "a split of the wrong kind on column 2");
    assert_eq!(axis("left_share", json!(1.5)), "a left share of 1.5");
    assert_eq!(axis("left_share", json!(-0.5)), "a left share of -0.5");
    assert_eq!(axis("margin", json!(-1.0)), "a margin of -1");

    let plane = |edit: &dyn Fn(&mut Value)| invalid(edit_node("Plane", |plane| edit(plane)));
    assert_eq!(plane(&|plane| plane["terms"] = json!([])), "a plane without columns");
    assert_eq!(plane(&|plane| plane["terms"][0]["column"] = json!(9)), "column 9 of 3");
    assert_eq!(
        plane(&|plane| plane["terms"][0]["column"] = json!(2)),
        "a split of the wrong kind on column 2"
    );

    let category =
        |edit: &dyn Fn(&mut Value)| invalid(edit_node("Category", |category| edit(category)));
    let codes = "a category set that is not ascending codes";
    assert_eq!(category(&|category| category["set"]["codes"] = json!([2, 1])), codes);
    assert_eq!(category(&|category| category["set"]["codes"] = json!([1, 1])), codes);
    assert_eq!(category(&|category| category["set"]["codes"] = json!([65_536])), codes);
    assert_eq!(
        category(&|category| category["column"] = json!(0)),
        "a split of the wrong kind on column 0"
    );

    let tree = |edit: &dyn Fn(&mut Vec<Value>)| {
        invalid(edited(|saved| edit(saved["trees"][0].as_array_mut().expect("a list"))))
    };
    assert_eq!(tree(&|nodes| nodes.clear()), "a tree lacks 1 nodes");
    assert_eq!(tree(&|nodes| drop(nodes.pop())), "a tree lacks 1 nodes");
    assert_eq!(tree(&|nodes| nodes.push(json!({"Leaf": 1.0}))), "nodes beyond a tree's last leaf");

    let field = |name: &str, value: Value| invalid(edited(|saved| saved[name] = value));
    assert_eq!(field("trees", json!([])), "3 columns and 0 trees");
    assert_eq!(field("columns", json!(0)), "0 columns and 3 trees");
    let scale = "a sample size, average path length or threshold out of range";
    assert_eq!(field("sample_size", json!(0)), scale);
    assert_eq!(field("average_path", json!(-1.0)), scale);
    assert_eq!(field("threshold", json!(-1.0)), scale);
    assert_eq!(field("threshold", json!(1.5)), scale);
    assert_eq!(field("average_path", json!(1e300)), scale);
    assert_eq!(field("average_path", json!(0.0)), "an average path length of 0 with splits");
    let quantiles = "calibration of 256 quantiles, 256 ascending scores expected";
    let edit = |saved: &mut Value| saved["calibration"]["quantiles"][255] = json!(1e300);
    assert_eq!(invalid(edited(edit)), quantiles);
    assert_eq!(
        invalid(edited(|saved| saved["calibration"]["quantiles"] = json!([0.5]))),
        "calibration of 1 quantiles, 256 ascending scores expected"
    );
    assert_eq!(
        edited(|saved| saved["params"]["contamination"] = json!(0.7)),
        "contamination is 0.7: it must be greater than 0 and at most 0.5"
    );
    assert_eq!(
        edited(|saved| saved["params"]["categorical"] = json!([7])),
        "categorical column is 7: it must be less than the number of columns"
    );
}

#[test]
fn fields_unknown_missing_or_of_another_type_are_refused() {
    let words = edited(|saved| saved["colour"] = json!("red"));
    assert!(words.starts_with("unknown field `colour`"), "{words}");
    let words = edited(|saved| saved["params"]["colour"] = json!("red"));
    assert!(words.starts_with("unknown field `colour`"), "{words}");
    let words = edit_node("Axis", |axis| axis["colour"] = json!("red"));
    assert!(words.starts_with("unknown field `colour`"), "{words}");
    let words = edited(|saved| drop(saved.as_object_mut().map(|fields| fields.remove("trees"))));
    assert_eq!(words, "missing field `trees`");
    let words = edited(|saved| saved["trees"][0][0] = json!({"Knot": 1}));
    assert!(words.starts_with("unknown variant `Knot`"), "{words}");
    let words = edited(|saved| saved["columns"] = json!(-3));
    assert!(words.starts_with("invalid value: integer `-3`"), "{words}");
}

#[test]
fn numbers_that_are_none_are_refused() {
    // JSON has no NaN; what writers put in its place is no number either.
    let text = serde_json::to_string(&forest()).expect("a forest can be written");
    for nothing in ["NaN", "Infinity", "null", "\"NaN\"", "1e999"] {
        for name in ["\"threshold\":", "\"left_share\":", "\"Leaf\":", "\"coefficient\":"] {
            let start = text.find(name).expect("every name occurs") + name.len();
            let end = start + text[start..].find([',', '}']).expect("a value ends");
            let edited = format!("{}{nothing}{}", &text[..start], &text[end..]);
            assert!(serde_json::from_str::<IsolationForest>(&edited).is_err(), "{name}{nothing}");
        }
    }
}

#[test]
fn endless_depth_is_refused_or_read_without_recursion() {
    for deep in ["[".repeat(1_000_000), "{\"trees\":".repeat(200_000)] {
        assert!(serde_json::from_str::<IsolationForest>(&deep).is_err());
    }
    // A path of 200,000 nodes is odd, but a tree.
    let axis = json!({"Axis": {"column": 0, "threshold": 0.0, "left_share": 0.5, "margin": null}});
    let mut saved = serde_json::to_value(forest()).expect("a forest can be written");
    let mut nodes = vec![axis; 200_000];
    nodes.push(json!({"Leaf": 200_000.0}));
    nodes.extend((1..=200_000).rev().map(|depth| json!({"Leaf": f64::from(depth)})));
    saved["trees"][0] = Value::Array(nodes);
    let forest: IsolationForest = serde_json::from_value(saved).expect("a deep tree");
    assert!(forest.score_one(&[-1.0, 0.0, 0.0]).is_ok());
    assert!(forest.score(Array2::zeros((70, 3)).view()).is_ok());
    let bytes = forest.to_bytes().expect("a deep tree");
    assert!(IsolationForest::from_bytes(&bytes).is_ok_and(|copy| copy == forest));
}

#[test]
fn settings_can_be_saved_too() {
    let params = IsolationForestParams::accurate()
        .missing(Missing::Spread)
        .scoring(Scoring::Density)
        .categorical(vec![3])
        .contamination(Some(0.01))
        .seed(u64::MAX);
    let text = serde_json::to_string(&params).expect("settings can be written");
    let copy: IsolationForestParams = serde_json::from_str(&text).expect("what was written");
    assert_eq!(copy, params);
    // What is left out is as by default; what is misspelt is not left out.
    let few: IsolationForestParams = serde_json::from_str(r#"{"n_trees": 7}"#).expect("in range");
    assert_eq!(few, IsolationForestParams::default().n_trees(7));
    let misspelt = serde_json::from_str::<IsolationForestParams>(r#"{"n_tree": 7}"#);
    assert!(misspelt.is_err_and(|error| error.to_string().starts_with("unknown field `n_tree`")));
    // Out of range they are refused where they are used.
    let none: IsolationForestParams = serde_json::from_str(r#"{"n_trees": 0}"#).expect("settings");
    assert!(none.train(Batch::new(normal_rows(1, 9, 2).view())).is_err());
}
